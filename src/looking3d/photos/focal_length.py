"""The focal length of a photo in pixels, by what its camera wrote into EXIF; None rather than a wrong one."""

from __future__ import annotations

import math

from PIL import Image
from PIL.ExifTags import IFD, Base

DIAGONAL_35MM = math.hypot(36.0, 24.0)
"""Of a frame of 35 mm film; equivalent focal lengths compare diagonals (CIPA DCG-001)."""

_FIELD_35MM = (10.0, 600.0)  # wider are fisheyes, which no pinhole camera describes; longer, misread units
_SENSOR_DIAGONAL_MM = (2.0, 80.0)  # of the smallest phones' to medium format
_WIDEST = 2.3  # longer side over shorter; wider are panoramas, which are no single pinhole camera's
_SAME_SHAPE = 1.02  # rounding when reducing; any crop that is larger shows in the aspect
_SAME_LENGTH = 1.15  # two ways of telling one length: equivalents are whole numbers, some by width
_ZOOMED = 1.05
_UNITS_MM = {2: 25.4, 3: 10.0, 4: 1.0, 5: 1e-3}  # of FocalPlaneResolutionUnit
_INCLUDE_ZOOM = ("apple",)  # makers whose equivalents contain the digital zoom, which EXIF leaves open


def focal_length_px(image: Image.Image) -> float | None:
    """The focal length of a photo.

    EXIF tells it in two ways: as the equivalent at 35 mm film, by the diagonal of the whole picture; and as
    millimetres with the pixels of the sensor in one, which survives cropping but not reducing. Where both
    are there, they have to agree. A picture whose sides are not in the ratio that EXIF has for them was
    cropped, nobody knows how, and has none; nor have panoramas.

    Args:
        image: The photo, as stored or upright, not reduced yet.

    Returns:
        In its pixels; good to 5 % or so. None if it is not known, or cannot be.
    """
    size = image.size
    try:
        exif = image.getexif()
        tags = exif.get_ifd(IFD.Exif)
    except Exception:  # broken EXIF raises anything
        return None
    recorded = (_number(tags, Base.ExifImageWidth), _number(tags, Base.ExifImageHeight))
    scale = _reduction(recorded, size)
    if scale is None or max(size) > _WIDEST * min(size):
        return None
    diagonal_px = math.hypot(*size)
    equivalent = _by_equivalent(tags, str(exif.get(Base.Make, "")), diagonal_px)
    sensor = _by_sensor(tags, scale)
    if equivalent is not None and sensor is not None:
        # They part where a photo was cropped or reduced and its EXIF is in part that of before.
        if not 1 / _SAME_LENGTH <= equivalent / sensor <= _SAME_LENGTH:
            return None
        found = sensor
    else:
        found = sensor if equivalent is None else equivalent
    low, high = (diagonal_px / DIAGONAL_35MM * value for value in _FIELD_35MM)
    return found if found is not None and low <= found <= high else None


def _by_equivalent(tags: dict, maker: str, diagonal_px: float) -> float | None:
    """By the equivalent at 35 mm film, in pixels."""
    equivalent = _number(tags, Base.FocalLengthIn35mmFilm)
    zoom = max(_number(tags, Base.DigitalZoomRatio), 1.0)  # 0 is for none
    if equivalent == 0:
        return None
    if zoom > _ZOOMED and not maker.strip().lower().startswith(_INCLUDE_ZOOM):
        return None
    focal_mm = _number(tags, Base.FocalLength)
    # Some apps write nonsense where they take less than the whole sensor.
    sensor_mm = focal_mm * zoom * DIAGONAL_35MM / equivalent
    if focal_mm and not _SENSOR_DIAGONAL_MM[0] <= sensor_mm <= _SENSOR_DIAGONAL_MM[1]:
        return None
    return equivalent / DIAGONAL_35MM * diagonal_px


def _by_sensor(tags: dict, scale: float) -> float | None:
    """By millimetres and the sensor's pixels in one, in pixels of the photo."""
    unit_mm = _UNITS_MM.get(int(_number(tags, Base.FocalPlaneResolutionUnit)) or 2)
    if unit_mm is None or _number(tags, Base.DigitalZoomRatio) > _ZOOMED:
        return None
    found = _number(tags, Base.FocalLength) * _number(tags, Base.FocalPlaneXResolution) / unit_mm * scale
    return found or None


def _reduction(recorded: tuple[float, float], size: tuple[int, int]) -> float | None:
    """The photo's pixels over those that EXIF has for it; None if their shapes differ."""
    if not all(recorded):
        return 1.0
    # By length, because programs that turn a photo leave its EXIF as it was.
    long, short = (max(size) / max(recorded), min(size) / min(recorded))
    if not 1 / _SAME_SHAPE <= long / short <= _SAME_SHAPE:
        return None
    return math.sqrt(long * short)


def _number(tags: dict, tag: int) -> float:
    """A positive value; 0 if there is none."""
    try:
        value = float(tags.get(tag, 0))
    except (TypeError, ValueError, ZeroDivisionError):
        return 0.0
    return value if math.isfinite(value) and value > 0 else 0.0
