import contextlib
import os
import struct
import sys
import warnings
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from looking3d.errors import PhotoError
from looking3d.photos.photo import LARGEST_PX, decode_photo, find_photos, load_photo
from looking3d.photos.signature import seems_to_be

WIDTH, HEIGHT = 60, 40
ORIENTATION = 0x0112


@pytest.fixture
def pixels() -> np.ndarray:
    """Smooth, and different in every corner and channel, so that JPEG keeps it."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return np.stack([x * 4, y * 6, 255 - x * 2 - y], -1).astype(np.uint8)


def saved(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)
    return path


# Finding


def test_folders_are_searched_and_files_are_kept(tmp_path: Path, pixels: np.ndarray) -> None:
    (tmp_path / "inner").mkdir()
    for name in ("photo10.jpg", "photo2.JPG", "a.png", ".hidden.png", "inner/deep.png"):
        Image.fromarray(pixels).save(tmp_path / name, "png")
    (tmp_path / "notes.txt").write_text("x")
    odd = saved(tmp_path / "odd.dat", Image.fromarray(pixels), format="png")
    found = find_photos([tmp_path / "photo2.JPG", tmp_path, odd, tmp_path / "inner" / ".." / "a.png"])
    assert [path.name for path in found] == ["photo2.JPG", "a.png", "photo10.jpg", "odd.dat"]


def test_an_iphone_photo_is_found_so_that_it_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "IMG_1.HEIC").write_bytes(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic")
    (found,) = find_photos([tmp_path])
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(PhotoError, match=r"IMG_1.HEIC: is a HEIC photo, .* 'looking3d\[heic\]', or export"):
        load_photo(found)


def test_an_iphone_photo_is_read_with_the_extra(tmp_path: Path, pixels: np.ndarray) -> None:
    heif = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()
    path = saved(tmp_path / "IMG_2.HEIC", Image.fromarray(pixels), format="HEIF", quality=95)
    image = load_photo(path).image
    assert image.shape == pixels.shape
    assert np.abs(image.astype(int) - pixels).mean() < 5


def test_folders_without_photos_and_missing_paths(tmp_path: Path) -> None:
    looked_for = r"no photos in the folder; looked for .avif, .bmp, .* .webp; found"
    with pytest.raises(PhotoError, match=rf"{tmp_path}: {looked_for} it is empty"):
        find_photos([tmp_path])
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(PhotoError, match=rf"{looked_for} 1 other"):
        find_photos([tmp_path])
    with pytest.raises(PhotoError, match=r"gone.jpg: no such file or folder; check the path"):
        find_photos([tmp_path / "gone.jpg"])


# Refusing

BAD = {
    "svg": (b'<?xml version="1.0"?>\n<!-- a -->\n<svg xmlns="x"></svg>', "seems to be an SVG drawing"),
    "text": (b"not a photo, caf\xc3\xa9\n", "seems to be text"),
    "html": (b"<!DOCTYPE html><html></html>", "seems to be a web page"),
    "pdf": (b"%PDF-1.7\n\x00\xff", "seems to be a PDF document"),
    "video": (b"\x00\x00\x00\x18ftypisom\x00\x00", "seems to be a video"),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 60 60\n", "seems to be a PostScript drawing"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\n", "run 'git lfs pull'"),
    "noise": (bytes(range(128, 256)) * 9, "expected JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF, JPEG 2000 or PPM"),
    "empty": (b"", r"photo.jpg: is empty \(0 bytes\); copy or export it again"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_photo_is_refused_in_one_line(tmp_path: Path, kind: str) -> None:
    data, message = BAD[kind]
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    with pytest.raises(PhotoError, match=message) as caught:
        load_photo(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["jpeg", "png", "tiff", "webp", "gif", "bmp"])
def test_photos_that_were_cut_short(tmp_path: Path, kind: str, pixels: np.ndarray) -> None:
    path = saved(tmp_path / "photo.img", Image.fromarray(pixels).resize((300, 200)), format=kind)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(PhotoError, match=r"photo.img: (damaged or cut short \(.+\); copy or|not a photo)"):
        load_photo(path)


@pytest.mark.parametrize("kind", ["jpeg", "png", "tiff", "webp", "gif", "bmp", "ppm", "jpeg2000"])
def test_damaged_bytes_raise_nothing_but_photo_errors(kind: str, pixels: np.ndarray, tmp_path: Path) -> None:
    whole = saved(tmp_path / "photo", Image.fromarray(pixels), format=kind).read_bytes()
    generator = np.random.default_rng(0)
    for _ in range(40):
        data = np.frombuffer(whole, np.uint8).copy()
        data[generator.integers(0, len(data), 12)] = generator.integers(0, 256, 12)
        with contextlib.suppress(PhotoError):
            assert decode_photo(data.tobytes()).image.dtype == np.uint8


def test_folders_pipes_missing_and_locked_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PhotoError, match="is a folder; name a photo in it"):
        load_photo(tmp_path)
    with pytest.raises(PhotoError, match=r"gone.jpg: no such file; check the path"):
        load_photo(tmp_path / "gone.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(PhotoError, match=r"pipe.jpg: is not a regular file; expected a photo"):
        load_photo(tmp_path / "pipe.jpg")
    locked = tmp_path / "locked.jpg"
    locked.write_bytes(b"x")

    def deny(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", deny)
    with pytest.raises(PhotoError, match=r"locked.jpg: cannot be read \(Permission denied\)"):
        load_photo(locked)


def test_a_bomb_is_refused_and_a_large_photo_warns_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pixels: np.ndarray
) -> None:
    path = saved(tmp_path / "photo.png", Image.fromarray(pixels))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", pixels[..., 0].size - 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_photo(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", pixels[..., 0].size // 3)
    with pytest.raises(
        PhotoError, match=r"photo.png: has too many pixels; expected at most 0 million; reduce"
    ):
        load_photo(path)


def test_tiny_and_transparent_photos(tmp_path: Path) -> None:
    path = saved(tmp_path / "icon.png", Image.new("RGB", (90, 31)))
    with pytest.raises(PhotoError, match=r"icon.png: is 90 x 31 px; expected at least 32 px on each side"):
        load_photo(path)
    path = saved(tmp_path / "glass.png", Image.new("RGBA", (90, 50), (9, 9, 9, 100)))
    with pytest.raises(PhotoError, match=r"glass.png: is transparent everywhere"):
        load_photo(path)


# Reading


def test_a_plain_photo(tmp_path: Path, pixels: np.ndarray) -> None:
    photo = load_photo(str(saved(tmp_path / "plain.png", Image.fromarray(pixels))))
    np.testing.assert_array_equal(photo.image, pixels)
    assert photo.mask is None
    assert photo.name == "plain.png"


def test_a_name_that_is_not_utf8(tmp_path: Path, pixels: np.ndarray) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png"))
    assert load_photo(saved(path, Image.fromarray(pixels))).name == "caf\ufffd.png"


TURNS = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a, 1),
}


@pytest.mark.parametrize("kind", ["png", "jpeg", "tiff", "webp"])
@pytest.mark.parametrize("orientation", TURNS)
def test_photos_are_turned_upright(tmp_path: Path, pixels: np.ndarray, orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    options = {} if kind in ("png", "tiff") else {"quality": 98}
    path = saved(tmp_path / "photo", Image.fromarray(pixels), format=kind, exif=exif, **options)
    image = load_photo(path).image
    upright = TURNS[orientation](pixels)
    assert image.shape == upright.shape
    assert np.abs(image.astype(int) - upright).mean() < 4


def test_broken_exif_is_ignored(tmp_path: Path, pixels: np.ndarray) -> None:
    path = saved(tmp_path / "a.jpg", Image.fromarray(pixels), exif=b"Exif\x00\x00MM\x00\x2a\xff\xff\xff")
    assert load_photo(path).image.shape == pixels.shape


def test_alpha_becomes_the_mask_on_white(tmp_path: Path, pixels: np.ndarray) -> None:
    alpha = np.zeros((HEIGHT, WIDTH), np.uint8)
    alpha[10:30, 5:25] = 255
    alpha[10:30, 25] = 127
    alpha[10:30, 26] = 128
    photo = load_photo(saved(tmp_path / "a.png", Image.fromarray(np.dstack([pixels, alpha]))))
    assert photo.mask is not None
    np.testing.assert_array_equal(photo.mask, alpha >= 128)
    np.testing.assert_array_equal(photo.image[alpha == 255], pixels[alpha == 255])
    assert (photo.image[alpha == 0] == 255).all()
    half = photo.image[15, 26].astype(int)
    assert np.abs(half - (pixels[15, 26].astype(int) + 255) / 2).max() <= 1


def test_opaque_alpha_is_none(tmp_path: Path, pixels: np.ndarray) -> None:
    opaque = np.full((HEIGHT, WIDTH), 255, np.uint8)
    photo = load_photo(saved(tmp_path / "a.png", Image.fromarray(np.dstack([pixels, opaque]))))
    assert photo.mask is None
    np.testing.assert_array_equal(photo.image, pixels)


def test_the_mask_turns_with_the_photo(tmp_path: Path, pixels: np.ndarray) -> None:
    alpha = np.zeros((HEIGHT, WIDTH), np.uint8)
    alpha[:10, :20] = 255
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    photo = load_photo(saved(tmp_path / "a.png", Image.fromarray(np.dstack([pixels, alpha])), exif=exif))
    np.testing.assert_array_equal(photo.mask, np.rot90(alpha > 0, -1))


def test_palettes_with_and_without_a_transparent_color(tmp_path: Path, pixels: np.ndarray) -> None:
    image = Image.fromarray(pixels).quantize(64)
    photo = load_photo(saved(tmp_path / "plain.png", image))
    assert photo.mask is None
    np.testing.assert_array_equal(photo.image, np.asarray(image.convert("RGB")))
    index = int(np.asarray(image)[0, 0])
    photo = load_photo(saved(tmp_path / "cut.png", image, transparency=index))
    np.testing.assert_array_equal(photo.mask, np.asarray(image) != index)
    assert (photo.image[~photo.mask] == 255).all()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "CMYK", "YCbCr", "LAB"])
def test_other_colour_modes(tmp_path: Path, pixels: np.ndarray, mode: str) -> None:
    colours = Image.fromarray(pixels)
    if mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        image = ImageCms.profileToProfile(colours, ImageCms.createProfile("sRGB"), lab, outputMode="LAB")
    elif mode == "LA":
        image = colours.convert("L").convert("LA")
    else:
        image = colours.convert(mode)
    assert image.mode == mode
    photo = load_photo(saved(tmp_path / "photo.tif", image))
    expected = colours.convert(mode if mode in ("1", "L") else "L" if mode == "LA" else "RGB")
    error = np.abs(photo.image.astype(int) - np.asarray(expected.convert("RGB"))).mean()
    assert photo.mask is None
    assert error < 3


def test_a_cmyk_jpeg(tmp_path: Path, pixels: np.ndarray) -> None:
    path = saved(tmp_path / "print.jpg", Image.fromarray(pixels).convert("CMYK"), quality=98)
    assert np.abs(load_photo(path).image.astype(int) - pixels).mean() < 4


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_grey_of_more_bits_than_eight(tmp_path: Path, bits: int, suffix: str) -> None:
    ramp = np.tile(np.linspace(0, 2**bits - 1, WIDTH), (HEIGHT, 1))
    image = Image.fromarray(ramp.astype(np.uint16))
    photo = load_photo(saved(tmp_path / f"sensor.{suffix}", image))
    expected = np.linspace(0, 255, WIDTH)
    assert np.abs(photo.image[3].astype(float) - expected[:, None]).max() <= 1
    assert photo.image.shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize(
    ("brightest", "expected"), [(1.0, 255), (0.5, 128), (3.0, 255), (255.0, 255), (4095.0, 255), (1e6, 255)]
)
def test_floats_are_radiance_or_counts(tmp_path: Path, brightest: float, expected: int) -> None:
    values = np.zeros((HEIGHT, WIDTH), np.float32)
    values[:, 30:] = brightest
    values[0, 0], values[1, 0] = np.nan, np.inf
    photo = load_photo(saved(tmp_path / "float.tif", Image.fromarray(values)))
    assert photo.image[5, 40].tolist() == [expected] * 3
    assert photo.image[5, 5].tolist() == [0] * 3


def test_32_bit_integers(tmp_path: Path) -> None:
    values = np.tile(np.linspace(-100, 100_000, WIDTH).astype(np.int32), (HEIGHT, 1))
    image = load_photo(saved(tmp_path / "int.tif", Image.fromarray(values))).image
    assert image[0, 0, 0] == 0
    assert image[0, -1, 0] == 255


def test_an_embedded_profile_is_applied_and_a_broken_one_is_not(tmp_path: Path, pixels: np.ndarray) -> None:
    image = Image.fromarray(pixels)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    same = load_photo(saved(tmp_path / "srgb.png", image, icc_profile=srgb)).image
    assert np.abs(same.astype(int) - pixels).max() <= 2
    swapped = load_photo(saved(tmp_path / "swapped.png", image, icc_profile=_swap_red_and_green(srgb))).image
    assert np.abs(swapped.astype(int) - pixels).mean() > 20
    broken = load_photo(saved(tmp_path / "broken.png", image, icc_profile=b"\x00" * 200)).image
    np.testing.assert_array_equal(broken, pixels)
    # A profile of another colour space than the photo's.
    grey = load_photo(saved(tmp_path / "grey.png", image.convert("L"), icc_profile=srgb)).image
    np.testing.assert_array_equal(grey[..., 0], np.asarray(image.convert("L")))


def test_alpha_and_a_profile_together(tmp_path: Path, pixels: np.ndarray) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    alpha = np.zeros((HEIGHT, WIDTH), np.uint8)
    alpha[5:20, 5:30] = 255
    image = Image.fromarray(np.dstack([pixels, alpha]))
    photo = load_photo(saved(tmp_path / "a.png", image, icc_profile=_swap_red_and_green(srgb)))
    np.testing.assert_array_equal(photo.mask, alpha > 0)
    assert np.abs(photo.image[photo.mask].astype(int) - pixels[photo.mask]).mean() > 20


def _swap_red_and_green(profile: bytes) -> bytes:
    """The profile with the names of two of its colorants exchanged."""
    return profile.replace(b"rXYZ", b"tXYZ").replace(b"gXYZ", b"rXYZ").replace(b"tXYZ", b"gXYZ")


def test_the_first_frame_of_an_animation(tmp_path: Path, pixels: np.ndarray) -> None:
    frames = [Image.fromarray(pixels).quantize(32), Image.new("RGB", (WIDTH, HEIGHT), "red").quantize(2)]
    path = saved(tmp_path / "a.gif", frames[0], save_all=True, append_images=frames[1:])
    assert np.abs(load_photo(path).image.astype(int) - pixels).mean() < 20


def test_a_phone_s_multi_picture_jpeg(tmp_path: Path, pixels: np.ndarray) -> None:
    path = tmp_path / "phone.jpg"
    second = Image.new("RGB", (WIDTH, HEIGHT), "red")
    Image.fromarray(pixels).save(path, "MPO", save_all=True, append_images=[second], quality=98)
    assert np.abs(load_photo(path).image.astype(int) - pixels).mean() < 4


def test_large_photos_are_reduced_by_area(tmp_path: Path) -> None:
    stripes = np.zeros((100, 2 * LARGEST_PX, 4), np.uint8)
    stripes[:, ::2, :3] = 200
    stripes[:, LARGEST_PX:, 3] = 255
    photo = load_photo(saved(tmp_path / "wide.png", Image.fromarray(stripes)))
    assert photo.image.shape == (50, LARGEST_PX, 3)
    assert photo.mask is not None
    np.testing.assert_array_equal(photo.mask[7], np.arange(LARGEST_PX) >= LARGEST_PX // 2)
    assert (photo.image[:, LARGEST_PX // 2 :] == 100).all()


def test_decoding_bytes_names_them(pixels: np.ndarray) -> None:
    with pytest.raises(PhotoError, match=r"^upload: not a photo"):
        decode_photo(struct.pack("<8Q", *range(8)), "upload")


def test_a_limit_of_pixels_is_kept_before_decoding() -> None:
    data = BytesIO()
    Image.fromarray(np.zeros((1500, 2000, 3), np.uint8)).save(data, "png")
    assert decode_photo(data.getvalue(), most_px=3_000_000).image.shape == (1500, 2000, 3)
    with pytest.raises(PhotoError, match=r"big\.png: has too many pixels; expected at most 2 million"):
        decode_photo(data.getvalue(), "big.png", most_px=2_999_999)


def test_text_is_told_at_half_a_character() -> None:
    assert seems_to_be(("x" * 10 + "é").encode()[:-1]) == "text"
    assert seems_to_be(b"\xff\xfe\x00\x01" * 9) is None
