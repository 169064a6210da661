"""What every detector is: it enrols a reference once, then judges photos against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import cv2
import numpy as np

from looking3d.geometry.camera import Camera
from looking3d.model.query import Query, Window
from looking3d.render.raycast import Raycaster

ALIGNED_FROM = 0.5
"""Alignment (see `Detection`) below which a photo counts as not aligned and gets no verdict.

Low, because overlap is harsh on thin legs: one photo in ten of those that are aligned within 2 px of 128
has less than 0.64. It catches other objects and views that are far off, not small errors.
"""


@dataclass(frozen=True, eq=False)
class Detection:
    """What a detector says of one photo.

    Attributes:
        probability: That the photo shows an anomaly, 0 to 1.
        heat_map: (rows, columns) float32, probability of each patch of the window to be anomalous.
        window: The square of the photo that was looked at, in pixels of the photo.
        camera: The estimated camera, in pixels of the photo.
        alignment: How well the reference, drawn from `camera`, covers the object: intersection over
            union of the silhouettes, 0 to 1. Below about 0.5 the verdict means little.
        lacking, surplus: As `heat_map`, that a part of the reference should be seen in a patch and is not,
            and that something is seen there which the reference has not; None where a detector cannot say.
        kinds: The probability of each kind of anomaly, if there is one; None where a detector cannot say.
        boxes: (4, rows, columns) float32, left, top, right and bottom edge, in widths of the window, of the
            box around the anomaly that each patch would belong to; None where a detector cannot say.
    """

    probability: float
    heat_map: np.ndarray
    window: Window
    camera: Camera
    alignment: float
    lacking: np.ndarray | None = None
    surplus: np.ndarray | None = None
    kinds: dict[str, float] | None = None
    boxes: np.ndarray | None = None

    def heat_map_at(self, width: int, height: int) -> np.ndarray:
        """The heat map over the whole photo, resampled to an image of this size.

        Args:
            width, height: Size of the image, of the photo's aspect ratio.

        Returns:
            (height, width) float32; 0 outside the window.
        """
        return resampled(self.heat_map, self.window, width, height, width / self.camera.width)


def resampled(values: np.ndarray, window: Window, width: int, height: int, scale: float = 1.0) -> np.ndarray:
    """A map of a window over the whole photo.

    Args:
        values: (rows, columns) float32, a value for each cell of the window.
        window: In pixels of the photo.
        width, height: Size of the result.
        scale: Width of the result over that of the photo.

    Returns:
        (height, width) float32; 0 outside the window.
    """
    rows, columns = values.shape
    # Pixel centres lie at +0.5, OpenCV's at 0.
    cell_x, cell_y = window.side * scale / columns, window.side * scale / rows
    T_image_map = np.array(
        [
            [cell_x, 0.0, window.x * scale + cell_x / 2 - 0.5],
            [0.0, cell_y, window.y * scale + cell_y / 2 - 0.5],
        ]
    )
    return cv2.warpAffine(values, T_image_map, (width, height), flags=cv2.INTER_LINEAR)


class Detector(Protocol):
    """Two verbs. What `enrol` returns depends on the reference alone, and can be kept."""

    def enrol(self, raycaster: Raycaster) -> Any:
        """Everything about a reference that does not depend on a photo.

        Args:
            raycaster: The reference's mesh, normalised (`PartShape.normalized`).
        """
        ...

    def detect(self, photos: Sequence[Query], enrolled: Any) -> list[Detection]:
        """Judge each photo against one reference."""
        ...


@runtime_checkable
class FindsForeground(Protocol):
    """What a detector is besides, if it can tell by itself where the object is."""

    def foreground(self, photo: Query) -> np.ndarray:
        """(height, width) float32, the probability of each pixel to show the object.

        Raises:
            PhotoError: No object is found.
        """
        ...


@runtime_checkable
class CacheableDetector(Detector, Protocol):
    """A detector whose enrolled references can be kept as arrays."""

    name: str

    def enrolment_key(self) -> str:
        """Letters and digits that change when anything but the mesh would change what `enrol` answers:
        settings of the drawings, weights, the layout of the arrays."""
        ...

    def pack(self, enrolled: Any) -> dict[str, np.ndarray]:
        """What `enrol` answered, as arrays of numbers, without loss."""
        ...

    def unpack(self, arrays: dict[str, np.ndarray], raycaster: Raycaster) -> Any:
        """What `pack` was given.

        Args:
            arrays: What `pack` made.
            raycaster: The same reference's.

        Raises:
            ValueError: The arrays are not what `pack` makes.
        """
        ...
