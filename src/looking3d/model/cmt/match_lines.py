"""A photo beside the view nearest to it, with lines between patches that look alike to a network."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from looking3d.model.cmt.closest_view import view_distances

SIDE_PX = 256
"""Of the photo and of the view."""

LINES = 24
"""Matches that are drawn, at most."""


class MatchStrip(NamedTuple):
    """A picture of matches.

    Attributes:
        image: (256, 512, 3) uint8 RGB, the photo left, the view right.
        view: The number of the view.
    """

    image: np.ndarray
    view: int


def match_strip(
    photo: np.ndarray,
    views: np.ndarray,
    query: Float[Tensor, "patches channels"],
    of_views: Float[Tensor, "views patches channels"],
    shown: Bool[Tensor, " patches"],
    valid: Bool[Tensor, "views patches"],
) -> MatchStrip:
    """Draw lines from a photo's patches to the most similar ones of the nearest view.

    Patches that show the object are drawn, the surest first; lines are green where the network is sure.

    Args:
        photo: (height, width, 3) uint8 RGB, square.
        views: (views, height, width) uint8 grey, square.
        query, of_views: Projected features of unit length.
        shown: Whether a patch of the photo shows the object.
        valid: Whether a patch of a view does.
    """
    distance = view_distances(query[None], of_views[None], valid[None], shown[None].float())[0]
    nearest = int(distance.argmin())
    view = _enlarged(views[nearest][..., None].repeat(3, -1))
    strip = np.ascontiguousarray(np.concatenate([_enlarged(photo), view], 1))
    _draw_lines(strip, query, of_views[nearest], shown, valid[nearest])
    return MatchStrip(strip, nearest)


def _draw_lines(
    strip: np.ndarray,
    query: Float[Tensor, "patches channels"],
    view: Float[Tensor, "patches channels"],
    shown: Bool[Tensor, " patches"],
    valid: Bool[Tensor, " patches"],
) -> None:
    """Draw the matches of a photo and a view over their strip."""
    if not bool(shown.any()) or not bool(valid.any()):
        return
    patches = torch.nonzero(shown)[:, 0]
    alike = (query[patches] @ view.T).masked_fill(~valid, -torch.inf)
    best, match = alike.max(1)
    # From all over the object: the surest of each so many patches in a row
    groups = torch.arange(len(patches)).tensor_split(min(LINES, len(patches)))
    for group in groups:
        at = group[best[group].argmax()]
        start, end = _middle(int(patches[at]), query, 0), _middle(int(match[at]), view, SIDE_PX)
        sure = float(best[at].clamp(0, 1))
        color = (int(255 * (1 - sure)), int(200 * sure), 60)
        cv2.line(strip, start, end, color, 1, cv2.LINE_AA)
        cv2.circle(strip, start, 3, color, -1, cv2.LINE_AA)
        cv2.circle(strip, end, 3, color, -1, cv2.LINE_AA)


def _middle(patch: int, features: Tensor, left: int) -> tuple[int, int]:
    """Where the middle of a patch lies in a picture that begins at `left`."""
    cells = math.isqrt(len(features))
    row, column = divmod(patch, cells)
    return left + int((column + 0.5) * SIDE_PX / cells), int((row + 0.5) * SIDE_PX / cells)


def _enlarged(image: np.ndarray) -> np.ndarray:
    return cv2.resize(image, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_LINEAR)
