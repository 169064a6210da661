"""Reading pictures: from files, and between their pixels, at many points at once."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from looking3d.errors import MapError
from looking3d.render.mitsuba_variant import mitsuba

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".exr")
"""Endings of the files that maps are read from."""

_ROW = 1024


def read_picture(path: Path | str, what: str) -> np.ndarray:
    """(h, w, 3) float32 of a picture: 0 to 1, or as bright as it is if it is EXR or RGBE; RGB.

    Args:
        path: The file.
        what: What it should be, for the message.

    Raises:
        MapError: It cannot be read whole.
    """
    path = Path(path)
    try:
        if path.suffix.lower() in (".exr", ".hdr"):
            return _read_float(path)
        with Image.open(path) as image:
            # A cut-off file raises here, where OpenCV would give a grey rest
            image.load()
            if image.mode[0] in "IF":
                grey = np.asarray(image, np.float32)
                return np.repeat(grey[..., None] / (1 if image.mode[0] == "F" else 65535), 3, 2)
            return np.asarray(image.convert("RGB"), np.float32) / 255
    except (OSError, ValueError, SyntaxError, cv2.error, Image.DecompressionBombError) as error:
        raise MapError(
            f"{path}: not a readable picture ({error}), expected {what}; export or copy it again"
        ) from error


def _read_float(path: Path) -> np.ndarray:
    if path.suffix.lower() == ".exr":
        # OpenCV's wheels are at times built without EXR
        try:
            picture = np.array(mitsuba().Bitmap(str(path)), np.float32)
        except RuntimeError as error:
            raise ValueError(str(error)) from error
        picture = picture.reshape(*picture.shape[:2], -1)
    else:
        data = np.frombuffer(path.read_bytes(), np.uint8)
        read = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if len(data) else None
        if read is None or read.dtype != np.float32:
            raise ValueError("damaged, or not RGBE")
        picture = read[..., ::-1]
    if picture.shape[2] < 3:
        picture = picture[..., :1].repeat(3, 2)
    # Suns may be infinite where half floats end
    return np.clip(np.nan_to_num(picture[..., :3], posinf=65504.0), 0, None)


def wrapped(picture: np.ndarray, rows_too: bool = True) -> np.ndarray:
    """A picture with a margin of one pixel: of its other side, or above and below of the nearest row."""
    picture = np.concatenate([picture[:, -1:], picture, picture[:, :1]], 1)
    above, below = (picture[-1:], picture[:1]) if rows_too else (picture[:1], picture[-1:])
    return np.ascontiguousarray(np.concatenate([above, picture, below], 0))


def bilinear(picture: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(n, c) values of a picture between its pixels, whose centres are at whole coordinates.

    Args:
        picture: (h, w, c) uint8 or float32, at most 4 channels.
        x: (n,) float32 columns.
        y: (n,) float32 rows.
    """
    count = len(x)
    if count == 0:
        return np.empty((0, picture.shape[2]), picture.dtype)
    # OpenCV takes no side beyond 32767
    rows = -(-count // _ROW)
    places = np.zeros((2, rows * _ROW), np.float32)
    places[0, :count], places[1, :count] = x, y
    places = places.reshape(2, rows, _ROW)
    found = cv2.remap(picture, places[0], places[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return found.reshape(rows * _ROW, -1)[:count]
