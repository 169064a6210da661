"""Focal lengths from EXIF, and the many ways in which EXIF does not tell them."""

from __future__ import annotations

import math
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import IFD, Base
from PIL.TiffImagePlugin import IFDRational

from looking3d.photos import photo as photo_module
from looking3d.photos.photo import decode_photo

WIDTH, HEIGHT = 80, 60
DIAGONAL_PX, DIAGONAL_MM = 100.0, math.hypot(36, 24)
WIDE = 26 / DIAGONAL_MM * DIAGONAL_PX
EQUIVALENT, LENGTH = Base.FocalLengthIn35mmFilm, Base.FocalLength
PER_UNIT, UNIT = Base.FocalPlaneXResolution, Base.FocalPlaneResolutionUnit
LONG, HIGH, ZOOM = Base.ExifImageWidth, Base.ExifImageHeight, Base.DigitalZoomRatio


def focal_px(
    tags: dict[int, object],
    size: tuple[int, int] = (WIDTH, HEIGHT),
    maker: str = "",
    orientation: int = 1,
    kind: str = "jpeg",
) -> float | None:
    """What is read of a file with these tags."""
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    if maker:
        exif[Base.Make] = maker
    exif[IFD.Exif] = tags
    stored = Image.Exif()  # Pillow's TIFF writer wants one that was read
    stored.load(exif.tobytes())
    buffer = BytesIO()
    Image.new("RGB", size, "teal").save(buffer, kind, exif=stored)
    return decode_photo(buffer.getvalue()).focal_px


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "tiff"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_an_equivalent_is_by_the_diagonal(kind: str, orientation: int) -> None:
    recorded = {EQUIVALENT: 26, LONG: WIDTH, HIGH: HEIGHT}
    assert focal_px(recorded, kind=kind, orientation=orientation) == pytest.approx(WIDE)


def test_a_full_frame_camera_tells_its_own_length() -> None:
    # 36 mm wide at 120 px: what a pinhole camera with f = 50 mm has by definition.
    assert focal_px({EQUIVALENT: 50}, (120, 80)) == pytest.approx(50 / 36 * 120)


@pytest.mark.parametrize(
    ("unit", "mm"), [(2, 25.4), (3, 10.0), (4, 1.0), (None, 25.4)], ids=["inch", "cm", "mm", "left out"]
)
def test_the_sensor_s_pixels(unit: int | None, mm: float) -> None:
    # A sensor of 23.2 x 17.4 mm with 80 pixels on its longer side.
    tags = {LENGTH: IFDRational(35), PER_UNIT: IFDRational(round(1000 * 80 / 23.2 * mm), 1000)}
    tags |= {} if unit is None else {UNIT: unit}
    assert focal_px(tags) == pytest.approx(35 / 23.2 * 80, rel=1e-3)


def test_a_reduced_photo_has_fewer_pixels() -> None:
    whole = {LONG: 4000, HIGH: 3000}
    assert focal_px({EQUIVALENT: 26, **whole}) == pytest.approx(WIDE)
    sensor = {LENGTH: IFDRational(35), PER_UNIT: IFDRational(4000 * 10, 232), UNIT: 4}
    assert focal_px({**sensor, **whole}) == pytest.approx(35 / 23.2 * 80)
    # Programs that turn the pixels leave the size as it was.
    assert focal_px({EQUIVALENT: 26, **whole}, (HEIGHT, WIDTH)) == pytest.approx(WIDE)


def test_reducing_here_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_module, "LARGEST_PX", 40)
    assert focal_px({EQUIVALENT: 26}) == pytest.approx(WIDE / 2)


def test_what_was_cropped_is_not_known() -> None:
    whole = {LONG: 4000, HIGH: 3000}
    for size in ((60, 60), (80, 45), (70, 60), (120, 80)):
        assert focal_px({EQUIVALENT: 26, **whole}, size) is None, size
    assert focal_px({EQUIVALENT: 26, LONG: 161, HIGH: 120}) is not None  # rounding is no crop


def test_two_ways_have_to_agree() -> None:
    sensor = {LENGTH: IFDRational(35), PER_UNIT: IFDRational(8000, 2320), UNIT: 4}
    true = 35 / 23.2 * 80
    equivalent = round(true / DIAGONAL_PX * DIAGONAL_MM)
    assert focal_px({**sensor, EQUIVALENT: equivalent}) == pytest.approx(true)
    # Six tenths of the frame, saved with its own size: the equivalent is that of the whole.
    assert focal_px({**sensor, EQUIVALENT: equivalent}, (48, 36)) is None


def test_digital_zoom() -> None:
    zoomed = {EQUIVALENT: 55, LENGTH: IFDRational(399, 100), ZOOM: IFDRational(1951, 1000)}
    assert focal_px(zoomed, maker="Apple") == pytest.approx(55 / DIAGONAL_MM * DIAGONAL_PX)
    assert focal_px(zoomed, maker="Another") is None
    assert focal_px({EQUIVALENT: 26, ZOOM: IFDRational(0)}) == pytest.approx(WIDE)
    assert focal_px({EQUIVALENT: 26, ZOOM: IFDRational(1)}) == pytest.approx(WIDE)
    sensor = {LENGTH: IFDRational(35), PER_UNIT: IFDRational(8000, 2320), UNIT: 4}
    assert focal_px({**sensor, ZOOM: IFDRational(2)}) is None


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {EQUIVALENT: 0},
        {EQUIVALENT: 4},
        {EQUIVALENT: 2000},
        {LENGTH: IFDRational(5)},
        {EQUIVALENT: 177, LENGTH: IFDRational(399, 100)},  # what an app wrote of an iPhone's sensor
        {LENGTH: IFDRational(35), PER_UNIT: IFDRational(8000, 2320), UNIT: 1},
        {LENGTH: IFDRational(35), PER_UNIT: IFDRational(1, 0), UNIT: 4},
        {LENGTH: IFDRational(0, 0), EQUIVALENT: 0},
        {EQUIVALENT: "twenty-six"},
    ],
    ids=str,
)
def test_nothing_and_nonsense_are_not_known(tags: dict[int, object]) -> None:
    assert focal_px(tags) is None


def test_panoramas_have_none() -> None:
    assert focal_px({EQUIVALENT: 26}, (250, 100)) is None
    assert focal_px({EQUIVALENT: 26}, (160, 90)) is not None


def test_photos_without_exif_and_with_broken_exif() -> None:
    for exif in (
        b"",
        b"Exif\x00\x00MM\x00\x2a\xff\xff\xff",
        b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00i\x87",
    ):
        buffer = BytesIO()
        Image.new("RGB", (WIDTH, HEIGHT)).save(buffer, "jpeg", exif=exif)
        assert decode_photo(buffer.getvalue()).focal_px is None


def test_a_photo_that_is_cut_out_keeps_it() -> None:
    image = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    image[10:50, 20:70] = 255
    exif = Image.Exif()
    exif[IFD.Exif] = {EQUIVALENT: 26}
    buffer = BytesIO()
    Image.fromarray(image).save(buffer, "png", exif=exif)
    query = decode_photo(buffer.getvalue())
    assert query.mask is not None
    assert query.focal_px == pytest.approx(WIDE)
