"""GrabCut: an object's outline drawn where the photo's colours change, from a rough idea of where it is."""

from __future__ import annotations

import cv2
import numpy as np

from looking3d.errors import PhotoError
from looking3d.model.query import main_pieces, resized_mask

WORKING_PX = 384
"""Longer side of the picture that is cut."""

Box = tuple[float, float, float, float]
"""x, y, width, height in pixels of a photo."""

_ROUNDS = 4
_REACH_PX = 12  # the outline may move outwards by this much; further away is ground
_CORE = 0.9  # what is at least so likely, and not at the rim of it, is object
_AROUND = 0.35  # of a box's longer side: the ground that is looked at around the box
_SEED = 0  # of OpenCV's generator, which GrabCut starts its colour clusters from


def refine(image: np.ndarray, likely: np.ndarray) -> np.ndarray:
    """A mask that follows the colours, from one that does not quite.

    Args:
        image: (height, width, 3) uint8 RGB.
        likely: (height, width) float32 in [0, 1], how likely each pixel shows the object.

    Returns:
        (height, width) bool; where `likely` is over a half if there is too little of one class to learn.
    """
    small, guess = _at_working_size(image), _at_working_size(likely)
    rough = (guess > 0.5).astype(np.uint8)
    side = 2 * _REACH_PX + 1
    labels = np.full(guess.shape, cv2.GC_BGD, np.uint8)
    labels[cv2.dilate(rough, np.ones((side, side), np.uint8)) > 0] = cv2.GC_PR_BGD
    labels[rough > 0] = cv2.GC_PR_FGD
    core = cv2.erode((guess > _CORE).astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=1)
    labels[core > 0] = cv2.GC_FGD
    cut = _cut(small, labels)
    return likely > 0.5 if cut is None else resized_mask(cut, *image.shape[1::-1])


def cut_out_of_box(image: np.ndarray, box: Box, name: str = "photo") -> np.ndarray:
    """The object in a box: what has other colours than the ground around the box.

    Args:
        image: (height, width, 3) uint8 RGB.
        box: Around the object.
        name: For messages.

    Returns:
        (height, width) bool.

    Raises:
        PhotoError: The box leaves no ground to learn from.
    """
    left, top, right, bottom = inside(box, image, name)
    reach = round(_AROUND * max(right - left, bottom - top))
    rows = slice(max(top - reach, 0), bottom + reach)
    columns = slice(max(left - reach, 0), right + reach)
    region = image[rows, columns]
    labels = np.full(region.shape[:2], cv2.GC_BGD, np.uint8)
    labels[top - rows.start : bottom - rows.start, left - columns.start : right - columns.start] = (
        cv2.GC_PR_FGD
    )
    scale = min(1.0, WORKING_PX / max(region.shape[:2]))
    labels = cv2.resize(labels, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST)
    cut = _cut(_resized_image(region, labels.shape), labels)
    if cut is None:
        raise PhotoError(f"{name}: the box is as large as the photo; draw it close around the object")
    mask = np.zeros(image.shape[:2], bool)
    mask[rows, columns] = resized_mask(cut, *region.shape[1::-1])
    return mask


def inside(box: Box, image: np.ndarray, name: str) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of a box, rounded and cut at the photo's edges.

    Raises:
        PhotoError: Nothing of it is inside.
    """
    x, y, width, height = box
    left, top = max(round(x), 0), max(round(y), 0)
    right, bottom = min(round(x + width), image.shape[1]), min(round(y + height), image.shape[0])
    if right <= left or bottom <= top:
        raise PhotoError(
            f"{name}: the box x {x:g}, y {y:g}, {width:g} x {height:g} px lies outside the photo of "
            f"{image.shape[1]} x {image.shape[0]} px"
        )
    return left, top, right, bottom


def _cut(image: np.ndarray, labels: np.ndarray) -> np.ndarray | None:
    """(height, width) bool by GrabCut; None if one of the two classes is missing or nothing is left."""
    ground = np.isin(labels, (cv2.GC_BGD, cv2.GC_PR_BGD))
    if ground.all() or not ground.any():
        return None
    cv2.setRNGSeed(_SEED)
    clusters = np.zeros((1, 65)), np.zeros((1, 65))
    pixels = np.ascontiguousarray(image[..., ::-1])
    labels, _, _ = cv2.grabCut(pixels, labels.copy(), (0, 0, 0, 0), *clusters, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    mask = main_pieces(np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)))
    return mask if mask.any() else None


def _at_working_size(image: np.ndarray) -> np.ndarray:
    scale = min(1.0, WORKING_PX / max(image.shape[:2]))
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def _resized_image(image: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    return cv2.resize(image, (size[1], size[0]), interpolation=cv2.INTER_AREA)
