"""The views of a reference as a network of photo and views is given them, and how it is told to use them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from looking3d.geometry.correspondence import grid_points, unproject
from looking3d.model.query import normalized, resized
from looking3d.render.raycast import Raycaster
from looking3d.render.reference import reference_views

DRAWN_PX = 256
"""Views are drawn at this size, which is that of datasets, and then made smaller for smaller networks."""


@dataclass(frozen=True, eq=False)
class PairViews:
    """Views of one reference.

    Attributes:
        images: (n, size, size) uint8 grey.
        points: (n, patches, 3) float32, the world point of each patch, row by row; 0 where there is none.
        valid: (n, patches) bool, whether a patch shows the object.
    """

    images: np.ndarray
    points: np.ndarray
    valid: np.ndarray

    def tensors(self, device: torch.device) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Views (1, n, 3, size, size) in [-1, 1], points and valid, for a batch of one reference."""
        grey = torch.from_numpy(self.images).to(device)
        views = normalized(grey[..., None].expand(-1, -1, -1, 3)).contiguous()
        points, valid = (torch.from_numpy(array).to(device) for array in (self.points, self.valid))
        return views[None], points[None], valid[None]


def pair_views(images: np.ndarray, points: np.ndarray, valid: np.ndarray, size_px: int) -> PairViews:
    """Views of any size, brought to a network's.

    Args:
        images: (n, side, side) uint8 grey.
        points: (n, rows, columns, 3), on the network's grid of patches.
        valid: (n, rows, columns) bool.
        size_px: Side of the network's images.
    """
    small = np.stack([resized(image, size_px) for image in images])
    count = len(images)
    return PairViews(small, points.reshape(count, -1, 3).astype(np.float32), valid.reshape(count, -1))


def drawn_views(raycaster: Raycaster, count: int, size_px: int, grid: int) -> PairViews:
    """Views of a reference on the ring that datasets have theirs on, drawn as they are.

    Args:
        raycaster: The reference's mesh, normalised.
        count: How many.
        size_px: Side of the network's images.
        grid: Patches along it.
    """
    drawn = reference_views(raycaster, count, max(DRAWN_PX, size_px))
    surfaces = (unproject(camera, depth) for camera, depth in zip(drawn.cameras, drawn.depth, strict=True))
    points, valid = zip(*(grid_points(surface, grid, grid) for surface in surfaces), strict=True)
    return pair_views(drawn.images, np.stack(points), np.stack(valid), size_px)


def spread(count: int, chosen: int) -> np.ndarray:
    """(chosen,) int64: so many of `count` numbers, at least one, spread as evenly as may be from 0 on."""
    return np.arange(chosen) * count // chosen
