"""The mirror image of a training pair: of photo and reference together, as of one world.

A mirrored photo shows a mirrored object, so it has to be judged by mirrored views. World points have their
x negated; a camera at azimuth a goes to -a, and what it sees is flipped left to right.
"""

from __future__ import annotations

import math

import numpy as np

from looking3d.geometry.camera import by_angle

Pair = dict[str, np.ndarray]

_FLIP_WORLD = np.diag([-1.0, 1.0, 1.0, 1.0]).astype(np.float32)
_FLIP_IMAGE = np.array([[-1, 0, 1], [0, 1, 0], [0, 0, 1]], np.float32)  # x of fractions goes to 1 - x
_PICTURES = {"photo": 1, "views": 2, "depth": 1}  # the axis that runs from left to right
_CAMERAS = {"camera", "estimated_camera", "view_cameras"}
_OF_PATCHES = ("changed", "shown", "valid", "points", "photo_matches")
_PATCH_NUMBERS = ("query_patches", "match_patches", "photo_matches")
_VIEW_NUMBERS = ("query_views", "match_views")
_OF_VIEWS = ("views", "points", "valid", "view_cameras", "view_angles", "photo_matches")


def mirrored(pair: Pair) -> Pair:
    """The pair of the mirrored world; see `pairs.PhotoPairs` for what it holds.

    The views are in the order of their azimuths again, so the first one mostly becomes another.
    """
    flipped = dict(pair)
    for name in _PICTURES.keys() & pair.keys():
        flipped[name] = np.flip(pair[name], _PICTURES[name])
    patches = pair["valid"].shape[1]
    flip = _flipped_patches(patches)
    for name in _OF_PATCHES:
        if name in pair:
            # The patches of one picture are the last axis, before that of coordinates
            flipped[name] = pair[name][..., flip, :] if name == "points" else pair[name][..., flip]
    for name in _PATCH_NUMBERS:
        if name in pair:
            flipped[name] = np.append(flip, -1)[flipped[name]]
    flipped["points"] = flipped["points"] * np.array([-1, 1, 1], np.float32)
    if pair["box"][2:].any():
        flipped["box"] = np.array([1 - pair["box"][0], *pair["box"][1:]], np.float32)
    for name in _CAMERAS & pair.keys():
        flipped[name] = _FLIP_IMAGE @ pair[name] @ _FLIP_WORLD
    azimuth, elevation = pair["view_angles"].T
    flipped["view_angles"] = np.stack([-azimuth % (2 * math.pi), elevation], -1)
    return {name: np.array(value, order="C") for name, value in _reordered(flipped).items()}


def _reordered(pair: Pair) -> Pair:
    """The same pair with its views by azimuth."""
    order = by_angle(pair["view_angles"])
    place = np.append(np.argsort(order), -1)  # where each view goes; none stays none
    moved = {name: pair[name][order] for name in _OF_VIEWS if name in pair}
    return {**pair, **moved, **{name: place[pair[name]] for name in _VIEW_NUMBERS}}


def _flipped_patches(count: int) -> np.ndarray:
    """(count,) int64, the patch that each one of a square picture lies on after flipping."""
    cells = math.isqrt(count)
    return np.arange(count).reshape(cells, cells)[:, ::-1].ravel()
