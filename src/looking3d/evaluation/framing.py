"""The photos that a detector is tested on, as they are or framed otherwise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from looking3d.dataset.load import Dataset
from looking3d.dataset.quality import box_around
from looking3d.dataset.schema import Sample
from looking3d.geometry.camera import Camera
from looking3d.model.query import Window, crop, crop_mask

MARGIN_PX = 1.0
"""How far from the edge of a photo the object stays when it is framed otherwise."""


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo with the truth about it.

    Attributes:
        image: (height, width, 3) uint8 RGB.
        camera: Which took it.
        object: (height, width) bool, the object as photographed.
        changed: (height, width) bool, where its surface differs from the reference's.
    """

    image: np.ndarray
    camera: Camera
    object: np.ndarray
    changed: np.ndarray


def load_photo(dataset: Dataset, sample: Sample) -> Photo:
    """The photo as the dataset has it."""
    masks = dataset.masks(sample)
    return Photo(dataset.photo(sample), sample.camera, masks.object, masks.changed)


def reframed(photo: Photo, amount: float, generator: np.random.Generator) -> Photo:
    """The photo cropped or padded to a square; what is added goes on as its border does.

    All of the object stays in it.

    Args:
        photo: The photo.
        amount: Size and place of the frame are off by up to this share of the photo's longer side.
        generator: What they are drawn from.
    """
    height, width = photo.object.shape
    size = max(height, width)
    side = size * generator.uniform(1 - amount, 1 + amount)
    shift = size * generator.uniform(-amount, amount, 2)
    x, y = (np.array([width, height]) - side) / 2 + shift
    window = _holding(Window(float(x), float(y), float(side)), box_around(photo.object))

    def cut(mask: np.ndarray) -> np.ndarray:
        return crop_mask(mask, window, size) >= 0.5

    image = crop(photo.image, window, size)
    return Photo(image, window.camera(photo.camera, size), cut(photo.object), cut(photo.changed))


def _holding(window: Window, box: tuple[int, int, int, int]) -> Window:
    """The window, made larger and moved as far as it must be to hold a box with a margin."""
    x, y, width, height = box
    side = max(window.side, max(width, height) + 2 * MARGIN_PX)

    def held(start: float, low: float, length: float) -> float:
        return min(max(start, low + length + MARGIN_PX - side), low - MARGIN_PX)

    return Window(held(window.x, x, width), held(window.y, y, height), side)
