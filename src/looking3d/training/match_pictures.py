"""Pictures of what a network takes for the same point: photos beside the view nearest to each."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from looking3d.files import write_whole
from looking3d.model.cmt.closest_view import view_distances
from looking3d.training.numbered_batches import Batch

PICTURES = "pictures"
"""Folder of a run's pictures."""

_SIDE_PX = 256
_LINES = 24


def write_matches(
    path: Path,
    batch: Batch,
    query: Float[Tensor, "photos patches channels"],
    views: Float[Tensor, "photos views patches channels"],
    rows: int = 4,
) -> None:
    """Write a sheet: a row a photo, lines from its patches to the most similar ones of the nearest view.

    Patches that show the object are drawn, the surest first; lines are green where the network is sure.

    Args:
        path: A .jpg file; its folder is made.
        batch: Of `pairs.PhotoPairs`, a reference for each photo (`pair_batches.expanded`).
        query, views: Projected features of unit length.
        rows: Photos that are shown, at most.
    """
    strips = []
    for i in range(min(rows, len(query))):
        shown, valid = batch["shown"][i], batch["valid"][i]
        distance = view_distances(query[i : i + 1], views[i : i + 1], valid[None], shown[None].float())[0]
        nearest = int(distance.argmin())
        photo = _enlarged(batch["photo"][i].numpy())
        view = _enlarged(batch["views"][i, nearest].numpy()[..., None].repeat(3, -1))
        strip = np.concatenate([photo, view], 1)
        strips.append(_lines(strip, query[i], views[i, nearest], shown, valid[nearest]))
    encoded = cv2.imencode(".jpg", cv2.cvtColor(np.concatenate(strips), cv2.COLOR_RGB2BGR))[1]
    write_whole(path, encoded.tobytes())


def _lines(
    strip: np.ndarray,
    query: Float[Tensor, "patches channels"],
    view: Float[Tensor, "patches channels"],
    shown: Bool[Tensor, " patches"],
    valid: Bool[Tensor, " patches"],
) -> np.ndarray:
    """The strip with the matches of a photo and a view drawn over it."""
    if not bool(shown.any()) or not bool(valid.any()):
        return strip
    patches = torch.nonzero(shown)[:, 0]
    alike = (query[patches] @ view.T).masked_fill(~valid, -torch.inf)
    best, match = alike.max(1)
    strip = np.ascontiguousarray(strip)
    # From all over the object: the surest of each so many patches in a row
    groups = torch.arange(len(patches)).tensor_split(min(_LINES, len(patches)))
    for group in groups:
        at = group[best[group].argmax()]
        start, end = _middle(int(patches[at]), query, 0), _middle(int(match[at]), view, _SIDE_PX)
        sure = float(best[at].clamp(0, 1))
        color = (int(255 * (1 - sure)), int(200 * sure), 60)
        cv2.line(strip, start, end, color, 1, cv2.LINE_AA)
        cv2.circle(strip, start, 3, color, -1, cv2.LINE_AA)
        cv2.circle(strip, end, 3, color, -1, cv2.LINE_AA)
    return strip


def _middle(patch: int, features: Tensor, left: int) -> tuple[int, int]:
    """Where the middle of a patch lies in a picture that begins at `left`."""
    cells = math.isqrt(len(features))
    row, column = divmod(patch, cells)
    return left + int((column + 0.5) * _SIDE_PX / cells), int((row + 0.5) * _SIDE_PX / cells)


def _enlarged(image: np.ndarray) -> np.ndarray:
    return cv2.resize(image, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_LINEAR)
