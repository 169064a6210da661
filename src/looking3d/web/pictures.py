"""Pictures of inspections on disk, each under the hash of its bytes: written once, whole or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from looking3d.files import whole_by_one_of_many
from looking3d.inspection.heat import heat_layer
from looking3d.inspection.result import Inspection

PHOTO_PX = 1600
"""Longer side of the photos that are kept; smaller ones keep their size."""

PICTURE_PX = 800
"""Longer side of the other pictures; for smaller photos, that of the photo."""

_JPEG_QUALITY = 88
_LOCK = ".lock"
_FILE = re.compile(r"[0-9a-f]{64}\.(png|jpg)")


class PictureStore:
    """A folder of pictures."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextlib.contextmanager
    def filled(self) -> Iterator[None]:
        """While pictures are put and the inspection that shows them is noted; many may do so at once."""
        with self._locked(fcntl.LOCK_SH):
            yield

    @contextlib.contextmanager
    def emptied(self) -> Iterator[None]:
        """While pictures are removed that no inspection shows; no process notes one meanwhile."""
        with self._locked(fcntl.LOCK_EX):
            yield

    def put(self, data: bytes, suffix: str) -> str:
        """Keep a picture; returns its name, which is the same for the same bytes."""
        name = f"{hashlib.sha256(data).hexdigest()}.{suffix}"
        path = self._path(name)
        if not path.exists():
            with whole_by_one_of_many(path) as file:
                file.write(data)
        return name

    def get(self, name: str) -> bytes | None:
        """The bytes of a picture; None if it is gone."""
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            return None

    def remove(self, name: str) -> None:
        """Remove a picture, if it is there."""
        self._path(name).unlink(missing_ok=True)

    @contextlib.contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / _LOCK).open("w") as file:
            fcntl.flock(file, how)
            yield

    def _path(self, name: str) -> Path:
        assert _FILE.fullmatch(name), name
        return self.folder / name[:2] / name


def encoded(inspection: Inspection) -> dict[str, tuple[bytes, str]]:
    """All pictures of an inspection: the bytes and the suffix of each, by name.

    `photo`, and in one size `overlay`, `drawing` and `heat`, which is to be laid over the photo; `view` is
    the reference from the closest of its views.
    """
    longest = max(inspection.size)
    size = min(longest, PICTURE_PX)
    overlay = inspection.overlay(size)
    height, width = overlay.shape[:2]
    heat = heat_layer(inspection.detection.heat_map_at(width, height))
    return {
        "photo": (_bytes(inspection.picture(min(longest, PHOTO_PX)), "jpg"), "jpg"),
        "overlay": (_bytes(overlay, "png"), "png"),
        "drawing": (_bytes(inspection.drawing(size), "png"), "png"),
        "heat": (_bytes(heat, "png"), "png"),
        "view": (_bytes(inspection.reference.view(inspection.closest_view), "png"), "png"),
    }


def _bytes(image: np.ndarray, suffix: str) -> bytes:
    buffer = BytesIO()
    if suffix == "jpg":
        Image.fromarray(image).save(buffer, "jpeg", quality=_JPEG_QUALITY)
    else:
        Image.fromarray(image).save(buffer, "png")
    return buffer.getvalue()
