"""Photos as they come from people: files of many kinds, read into a `Query` or refused in one line."""

from __future__ import annotations

import dataclasses
import stat
import warnings
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from looking3d.errors import PhotoError, ShapeError
from looking3d.model.query import Query
from looking3d.photos.focal_length import focal_length_px
from looking3d.photos.signature import HEIC, seems_to_be
from looking3d.shapes.read import folder_entries
from looking3d.shapes.source_file import shown

PHOTO_SUFFIXES = (
    *(".avif", ".bmp", ".gif", ".heic", ".heif", ".jp2", ".jpeg", ".jpg"),
    *(".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"),
)
"""What is looked for in a folder. HEIC needs an extra; without it, it is reported and not skipped."""

LARGEST_PX = 4096
"""Photos whose longer side is longer are reduced to this; a network sees 128 px of the object."""

SMALLEST_PX = 32
"""Photos of which one side is shorter are refused."""

# Pillow's other readers are left out: EPS, for one, runs Ghostscript on the file.
_FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")
_READABLE = "JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF, JPEG 2000 or PPM"
_HEAD_BYTES = 1024
_OPAQUE = 255
_SENSOR_BITS = (8, 10, 12, 14, 16)
_BRIGHTEST_RADIANCE = 16.0  # floats above are counts of a sensor, floats below are radiance with 1 = white


def find_photos(paths: Sequence[Path]) -> list[Path]:
    """The photos among files and folders.

    Args:
        paths: Files, kept as given whatever their suffix; and folders, whose photos are those directly in
            them with a suffix of PHOTO_SUFFIXES and not hidden, by name, numbers in names by value.

    Returns:
        Each file once, in the order of `paths`.

    Raises:
        PhotoError: A path is missing, or there is no photo in a folder.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        for photo in _photos_in(path) if path.is_dir() else [path]:
            if not photo.exists():
                raise PhotoError(f"{shown(photo)}: no such file or folder; check the path")
            found.setdefault(photo.resolve(), photo)
    return list(found.values())


def load_photo(path: Path | str) -> Query:
    """Read a photo.

    Turned as its EXIF orientation says, its colours taken to sRGB if it says which they are, the first
    frame if it moves. Alpha becomes the mask (where at least half opaque) and the photo is laid on white;
    alpha that is opaque everywhere is none. More than 8 bits of grey become 8 by the number of bits that
    the brightest pixel needs. A photo larger than LARGEST_PX is reduced by area averaging, and the mask
    with it. The focal length is EXIF's, if it tells one that can be (see `focal_length_px`).

    Args:
        path: A file.

    Returns:
        The photo, its name the file's.

    Raises:
        PhotoError: There is no such file, or it is not a photo that can be judged.
    """
    path = Path(path)
    try:
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            raise PhotoError(f"{shown(path)}: is a folder; name a photo in it")
        # Reading from a pipe or a device may never end.
        if not stat.S_ISREG(kind):
            raise PhotoError(f"{shown(path)}: is not a regular file; expected a photo")
        with path.open("rb") as file:
            photo = _decode(file, shown(path))
    except FileNotFoundError as error:
        raise PhotoError(f"{shown(path)}: no such file; check the path") from error
    except OSError as error:
        raise PhotoError(f"{shown(path)}: cannot be read ({error.strerror or error})") from error
    return dataclasses.replace(photo, name=shown(Path(path.name)))


def decode_photo(data: bytes, name: str = "photo", most_px: int | None = None) -> Query:
    """Read a photo from the bytes of a file, as `load_photo` does.

    Args:
        data: The file.
        name: What to call it.
        most_px: A photo of more pixels is refused before it is decoded; by default at Pillow's limit.

    Raises:
        PhotoError: It is not a photo that can be judged.
    """
    return _decode(BytesIO(data), name, most_px)


def _photos_in(folder: Path) -> list[Path]:
    """The photos directly in a folder."""
    try:
        entries = folder_entries(folder)
    except ShapeError as error:
        raise PhotoError(str(error)) from error
    photos = [entry for entry in entries if entry.suffix.lower() in PHOTO_SUFFIXES and entry.is_file()]
    if not photos:
        what = f"{len(entries)} other entries" if entries else "it is empty"
        raise PhotoError(
            f"{shown(folder)}: no photos in the folder; looked for {', '.join(PHOTO_SUFFIXES)}; found {what}"
        )
    return photos


def _decode(file: BinaryIO, name: str, most_px: int | None = None) -> Query:
    # Pillow warns of odd metadata, which nobody can mend here, and of what it then raises anyway.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stored = _stored_pixels(file, name, most_px)
        # Before it is turned, which takes the EXIF of some kinds of files away.
        focal_px = focal_length_px(stored)
        image = _upright(stored)
        width, height = image.size
        if min(width, height) < SMALLEST_PX:
            raise PhotoError(
                f"{name}: is {width} x {height} px; expected at least {SMALLEST_PX} px on each side; "
                "photograph the object larger"
            )
        image, alpha = _split_alpha(_as_8_bits(image))
        image, alpha = _reduced(image), None if alpha is None else _reduced(alpha)
        pixels = np.asarray(_to_srgb(image), np.uint8)
    if focal_px is not None:
        focal_px *= max(image.size) / max(width, height)
    if alpha is None:
        return Query(pixels, None, name, focal_px)
    opacity = np.asarray(alpha)
    mask = opacity >= (_OPAQUE + 1) // 2
    if not mask.any():
        raise PhotoError(f"{name}: is transparent everywhere; expected an object, cut out or on a ground")
    return Query(_on_white(pixels, opacity), None if mask.all() else mask, name, focal_px)


def _stored_pixels(file: BinaryIO, name: str, most_px: int | None) -> Image.Image:
    """The first frame, decoded, in the mode of the file."""
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    if not head:
        raise PhotoError(f"{name}: is empty (0 bytes); copy or export it again")
    Image.init()
    readers = [name for name in _FORMATS if name in Image.OPEN]  # AVIF came with Pillow 11.3
    if seems_to_be(head) == HEIC:
        readers = [_heif_reader(name)]
    try:
        image = Image.open(file, formats=readers)
        if most_px is not None and image.width * image.height > most_px:
            raise Image.DecompressionBombError
        image.load()
        return image
    except Image.DecompressionBombError as error:
        limit = (most_px or 2 * (Image.MAX_IMAGE_PIXELS or 0)) // 10**6
        raise PhotoError(
            f"{name}: has too many pixels; expected at most {limit} million; reduce it"
        ) from error
    except UnidentifiedImageError as error:
        kind = seems_to_be(head)
        raise PhotoError(
            f"{name}: not a photo that can be read (it seems to be {kind}); export it as JPEG or PNG"
            if kind
            else f"{name}: not a photo that can be read; expected {_READABLE}"
        ) from error
    except Exception as error:  # decoders raise anything, SyntaxError and struct.error too, on broken bytes
        reason = " ".join(str(error).split()) or type(error).__name__
        raise PhotoError(f"{name}: damaged or cut short ({reason}); copy or export it again") from error


def _upright(image: Image.Image) -> Image.Image:
    """The image turned as its EXIF says."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # broken EXIF raises anything, too; the pixels are good
        return image


def _heif_reader(name: str) -> str:
    """Pillow's name of the reader of HEIC, which comes from an extra and is registered when it is needed."""
    try:
        import pillow_heif  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        # Not a MissingExtraError: the other photos of a folder go on.
        raise PhotoError(
            f"{name}: is a HEIC photo, which needs what is not installed; run: pip install "
            "'looking3d[heic]', or export it as JPEG"
        ) from error
    pillow_heif.register_heif_opener()
    return "HEIF"


def _as_8_bits(image: Image.Image) -> Image.Image:
    """Grey of more than 8 bits, or of floats, as 8 bits; other images as they are."""
    if not (image.mode == "F" or image.mode.startswith("I")):
        return image
    values = np.nan_to_num(np.asarray(image, np.float64), posinf=0.0, neginf=0.0)
    white = _white(values.max(), image.mode == "F")
    return Image.fromarray(np.round(np.clip(values / white, 0, 1) * 255).astype(np.uint8))


def _white(brightest: float, is_float: bool) -> float:
    """The value that is white. Cameras of 10 or 12 bits store files of 16, which would come out black."""
    if is_float and brightest < _BRIGHTEST_RADIANCE:
        return 1.0
    return next((float(2**bits - 1) for bits in _SENSOR_BITS if brightest < 2**bits), float(brightest))


def _split_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """The colours, in a mode that `_to_srgb` knows, and the alpha channel if anything is transparent."""
    profile = image.info.get("icc_profile")
    alpha = None
    if image.has_transparency_data:
        image = image.convert("LA" if image.mode in ("1", "L", "LA", "La") else "RGBA")
        alpha = image.getchannel("A")
        image = image.convert("L" if image.mode == "LA" else "RGB")
        alpha = None if alpha.getextrema() == (_OPAQUE, _OPAQUE) else alpha
    if image.mode not in ("L", "RGB", "CMYK", "LAB"):
        image = image.convert("L" if image.mode in ("1", "LA", "La") else "RGB")
    image.info["icc_profile"] = profile
    return image, alpha


def _reduced(image: Image.Image) -> Image.Image:
    """The image with its longer side at most LARGEST_PX."""
    longest = max(image.size)
    if longest <= LARGEST_PX:
        return image
    width, height = (max(1, round(side * LARGEST_PX / longest)) for side in image.size)
    return image.resize((width, height), Image.Resampling.BOX)


def _to_srgb(image: Image.Image) -> Image.Image:
    """The image as sRGB, by its profile if it has one that works."""
    profile = image.info.get("icc_profile")
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(
                image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            if converted is not None:
                return converted
        except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
            pass  # a broken profile, or one of another colour space: most photos are sRGB
    return image.convert("RGB")


def _on_white(pixels: np.ndarray, opacity: np.ndarray) -> np.ndarray:
    """(height, width, 3) uint8, the pixels laid on white by their opacity in 0..255."""
    share = opacity[..., None].astype(np.float32) / _OPAQUE
    return np.round(pixels * share + 255 * (1 - share)).astype(np.uint8)
