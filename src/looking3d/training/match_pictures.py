"""Pictures of what a network takes for the same point: photos beside the view nearest to each."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float
from torch import Tensor

from looking3d.files import write_whole
from looking3d.model.cmt.match_lines import match_strip
from looking3d.training.numbered_batches import Batch

PICTURES = "pictures"
"""Folder of a run's pictures."""


def write_matches(
    path: Path,
    batch: Batch,
    query: Float[Tensor, "photos patches channels"],
    views: Float[Tensor, "photos views patches channels"],
    rows: int = 4,
) -> None:
    """Write a sheet, a row a photo; see `match_strip`.

    Args:
        path: A .jpg file; its folder is made.
        batch: Of `pairs.PhotoPairs`, a reference for each photo (`pair_batches.expanded`).
        query, views: Projected features of unit length.
        rows: Photos that are shown, at most.
    """
    strips = [
        match_strip(
            batch["photo"][i].numpy(),
            batch["views"][i].numpy(),
            query[i],
            views[i],
            batch["shown"][i],
            batch["valid"][i],
        ).image
        for i in range(min(rows, len(query)))
    ]
    encoded = cv2.imencode(".jpg", cv2.cvtColor(np.concatenate(strips), cv2.COLOR_RGB2BGR))[1]
    write_whole(path, encoded.tobytes())
