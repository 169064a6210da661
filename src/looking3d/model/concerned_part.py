"""The part that an anomaly concerns, from the heat map and the reference as it is drawn over the photo."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage

from looking3d.model.detector import Detection
from looking3d.model.heat_regions import heat_regions, inside_photo
from looking3d.render.raycast import Raycaster
from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.source_file import printable

PART_PX = 128
"""Pixels of the window's side, in which heat and parts are compared."""

_NEAR_PX = 4.0  # heat this far outside the drawing belongs to the nearest part: moved parts stick out
_HEAT_WEIGHT, _SIZE_WEIGHT = 0.3, 0.7
_LETTER = re.compile("[A-Za-z]")
_SIDES = ("front", "back", "rear", "left", "right", "upper", "lower", "top", "bottom", "middle", "center")


@dataclass(frozen=True)
class ConcernedPart:
    """A part of a reference.

    Attributes:
        id: Its id in the reference.
        label: Its label path.
        shared: How many words at the start of its id all parts have, so that they tell nothing.
    """

    id: str
    label: str
    shared: int = 0

    @property
    def name(self) -> str:
        """What people call it: `front left leg` for `leg_front_left`, `leg 12` for the bare number 12, `door
        2` for `cabinet_door_2` among other parts of that cabinet."""
        last = self.label.rsplit("/", 1)[-1]
        words = _words(self.id)[self.shared :] if _LETTER.search(self.id) else _words(f"{last} {self.id}")
        # Sorting is stable: sides go first, all else stays in order.
        return " ".join(sorted(words, key=lambda word: word.lower() not in _SIDES))

    def to_json(self) -> dict[str, str]:
        """A dict of plain values."""
        return {"id": self.id, "label": self.label, "name": self.name}


def concerned_part(detection: Detection, shape: PartShape, raycaster: Raycaster) -> ConcernedPart | None:
    """The part that is most likely the anomalous one.

    Args:
        detection: Of an aligned photo.
        shape: The reference.
        raycaster: Of that shape.

    Returns:
        The part; None if no cell of the heat map stands out, none of the parts is hot, or there is only one.
    """
    index = concerned_index(detection, raycaster, len(shape.parts))
    if index is None:
        return None
    shared = shared_words([part.id for part in shape.parts])
    return ConcernedPart(shape.parts[index].id, shape.parts[index].label, shared)


def shared_words(ids: Sequence[str]) -> int:
    """How many words all ids of parts begin with, as where a file's nodes are all called after the file.

    Of each id something with a letter is left.
    """
    words = [_words(id) for id in ids]
    alike = itertools.takewhile(lambda places: len(set(places)) == 1, zip(*words, strict=False))
    shared = len(list(alike))
    while shared and not all(_LETTER.search("".join(of_one[shared:])) for of_one in words):
        shared -= 1
    return shared


def _words(text: str) -> list[str]:
    return re.sub(r"[\W_]+", " ", printable(text)).split()


def concerned_index(detection: Detection, raycaster: Raycaster, count: int) -> int | None:
    """The number of the part that `concerned_part` names.

    It is the one of the largest overlap of heat and part, over a mix of all heat and the part's size (an
    index of Tversky, 1977). The heat is squared, so that what is faint does not add up over large parts.
    It names the right one in six to seven of ten photos of shapes that it was not chosen by, chairs and
    tables (`benchmarks/parts.py`).

    Args:
        detection: Of an aligned photo.
        raycaster: Of the reference.
        count: Parts of the reference.
    """
    if count < 2 or not heat_regions(detection):
        return None
    scores = part_scores(*heat_and_parts(detection, raycaster), count)
    best = int(np.argmax(scores))
    return best if scores[best] > 0 else None


def heat_and_parts(detection: Detection, raycaster: Raycaster) -> tuple[np.ndarray, np.ndarray]:
    """Heat map and drawn parts over the window, at one size, as `part_scores` takes them.

    Args:
        detection: Of an aligned photo; heat outside the photo does not count.
        raycaster: Of the reference.
    """
    heat = np.where(inside_photo(detection), detection.heat_map, 0).astype(np.float32)
    drawn = raycaster.draw(detection.window.camera(detection.camera, PART_PX)).part
    return cv2.resize(heat, drawn.shape[::-1], interpolation=cv2.INTER_LINEAR), drawn


def part_scores(heat: np.ndarray, part: np.ndarray, count: int) -> np.ndarray:
    """(count,) how well the heat is explained by each part.

    Args:
        heat: (height, width) float32, probabilities.
        part: (height, width) int32, the part that is drawn at each pixel, -1 for none.
        count: Parts of the reference.
    """
    if not (part >= 0).any():
        return np.zeros(count)
    squared = heat.astype(np.float64) ** 2
    distance, nearest = ndimage.distance_transform_edt(  # pyright: ignore[reportGeneralTypeIssues]
        part < 0, return_indices=True
    )
    owner = np.where(distance <= _NEAR_PX, part[tuple(nearest)], -1)
    both = np.bincount(owner[owner >= 0], squared[owner >= 0], minlength=count)
    size = np.bincount(part[part >= 0], minlength=count)
    rest = _HEAT_WEIGHT * (squared.sum() - both) + _SIZE_WEIGHT * np.maximum(size - both, 0)
    return both / np.maximum(both + rest, 1e-9)
