"""What can be wrong with a file of a dataset, and checks that both layouts share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from looking3d.geometry.camera import Camera

REMOVE = "remove it"


@dataclass(frozen=True)
class Problem:
    """Something wrong with a file or folder.

    Attributes:
        path: Which one.
        what: What is wrong.
        advice: What to do.
    """

    path: Path
    what: str
    advice: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}; {self.advice}"


def check_picture(path: Path, size: tuple[int, int], advice: str) -> Iterator[Problem]:
    """Whether a picture is whole, checksums included, and of a (width, height)."""
    try:
        with Image.open(path) as image:
            image.verify()
        with Image.open(path) as image:
            image.load()
            found = image.size
    except FileNotFoundError:
        yield Problem(path, "is missing", advice)
    except (OSError, ValueError, SyntaxError) as error:
        yield Problem(path, f"not a readable picture ({error})", advice)
    else:
        if found != size:
            yield Problem(path, f"is {found[0]} x {found[1]} px, expected {size[0]} x {size[1]}", advice)


def points_in_patches(camera: Camera, points: np.ndarray, valid: np.ndarray) -> float:
    """The share of (rows, columns, 3) patch points that project into their own patches; 1 if there are none.

    Half a pixel of slack is given, since renderers differ in where a pixel's centre lies.
    """
    if not valid.any():
        return 1.0
    patch = np.array([camera.width / valid.shape[1], camera.height / valid.shape[0]])
    xy, _ = camera.project(points[valid].astype(np.float64))
    rows, columns = np.nonzero(valid)
    low = np.stack([columns, rows], -1) * patch
    return float(((xy >= low - 0.5) & (xy <= low + patch + 0.5)).all(-1).mean())
