"""What people have beside their photos: masks in files, boxes in a table."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from looking3d.errors import ConfigError, PhotoError
from looking3d.model.query import resized_mask
from looking3d.photos.grabcut import Box
from looking3d.photos.photo import PHOTO_SUFFIXES, load_photo
from looking3d.shapes.source_file import shown

_ASPECT_SLACK = 0.02  # masks are often saved smaller, rounded to whole pixels
_COLUMNS = ("name", "x", "y", "width", "height")


def load_mask(masks: Path, photo: str, width: int, height: int) -> np.ndarray:
    """The mask of a photo: white (or opaque) where the object is.

    Args:
        masks: A folder with an image of the photo's stem (`chair.png` for `chair.jpg`), or one image.
        photo: The photo's file name.
        width, height: The photo's size; a mask of the same shape is scaled to it.

    Returns:
        (height, width) bool.

    Raises:
        PhotoError: There is no mask, it cannot be read, is empty, or has another shape than the photo.
    """
    path = _find(masks, photo)
    loaded = load_photo(path)
    mask = loaded.image.mean(-1) >= 128 if loaded.mask is None else loaded.mask
    rows, columns = mask.shape
    if abs(columns * height / (rows * width) - 1) > _ASPECT_SLACK:
        raise PhotoError(
            f"{shown(path)}: is {columns} x {rows} px, the photo {photo} is {width} x {height} px; expected "
            "a mask of the same size, or of the same shape"
        )
    fitted = resized_mask(mask, width, height)
    if not fitted.any():
        raise PhotoError(f"{shown(path)}: is black everywhere; expected white where {photo} shows the object")
    return fitted


def read_boxes(path: Path) -> Mapping[str, Box]:
    """The boxes of photos by their file names.

    Args:
        path: JSON, `{"chair.jpg": [x, y, width, height]}`; or CSV, with a head line `name,x,y,width,height`.

    Raises:
        ConfigError: The file is missing or says something else.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{shown(path)}: cannot be read ({error}); expected JSON or CSV") from error
    if path.suffix.lower() == ".json":
        try:
            rows = json.loads(text)
        except json.JSONDecodeError as error:
            raise ConfigError(f"{shown(path)}: not JSON ({error})") from error
        if not isinstance(rows, dict):
            raise ConfigError(f'{shown(path)}: expected {{"photo.jpg": [x, y, width, height], ...}}')
        return {name: _box(values, f"{shown(path)}: {name}") for name, values in rows.items()}
    table = csv.DictReader(text.splitlines())
    missing = [column for column in _COLUMNS if column not in (table.fieldnames or ())]
    if missing:
        raise ConfigError(
            f"{shown(path)}: no column {', '.join(missing)}; expected a head line {','.join(_COLUMNS)}"
        )
    return {
        row["name"]: _box([row[column] for column in _COLUMNS[1:]], f"{shown(path)}: {row['name']}")
        for row in table
    }


def _box(values: object, what: str) -> Box:
    try:
        x, y, width, height = (float(value) for value in values)  # pyright: ignore[reportGeneralTypeIssues]
    except (TypeError, ValueError):
        x = y = width = height = float("nan")
    if not (np.isfinite([x, y, width, height]).all() and width > 0 and height > 0):
        raise ConfigError(f"{what}: expected x, y, width, height in pixels, got {values}")
    return x, y, width, height


def _find(masks: Path, photo: str) -> Path:
    """The file that holds a photo's mask."""
    if masks.is_file():
        return masks
    if not masks.is_dir():
        raise PhotoError(f"{shown(masks)}: no such file or folder; expected masks of the photos")
    stem = Path(photo).stem
    found = [
        path
        for path in sorted(masks.iterdir())
        if path.stem == stem and path.suffix.lower() in PHOTO_SUFFIXES
    ]
    # A folder may hold both photos and masks: a mask does not have the photo's own name.
    others = [path for path in found if path.name != photo]
    if not found:
        raise PhotoError(f"{shown(masks)}: no mask of {photo}; expected {stem}.png or another image {stem}.*")
    return (others or found)[0]
