"""Where a reference's patches fall in a photo whose camera is known or estimated, and which are seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from looking3d.geometry.camera import Camera
from looking3d.model.cmt.candidates import Projected

MARGIN = 0.12
"""How far, in world units, a point may lie behind the nearest one of its cell and still be seen."""

NEAREST = 0.05
"""Points are in front of a camera from this depth on, in world units."""


class Cameras(NamedTuple):
    """Cameras of a batch of photos.

    Attributes:
        T_camera_world: (batch, 4, 4) float32.
        focal: (batch,) float32, focal length over the photo's width.
        center: (batch, 2) float32, principal point (x, y) as fractions of the photo.
    """

    T_camera_world: Float[Tensor, "batch 4 4"]
    focal: Float[Tensor, " batch"]
    center: Float[Tensor, "batch 2"]

    @classmethod
    def of(cls, cameras: Sequence[Camera]) -> Cameras:
        """Those of square photos."""
        assert all(camera.width == camera.height for camera in cameras), "expected square photos"
        return cls(
            torch.stack([torch.from_numpy(camera.T_camera_world).float() for camera in cameras]),
            torch.tensor([camera.focal_px / camera.width for camera in cameras]),
            torch.stack([torch.from_numpy(camera.center_px / camera.width).float() for camera in cameras]),
        )


def project_reference(
    points: Float[Tensor, "batch views patches 3"],
    valid: Bool[Tensor, "batch views patches"],
    cameras: Cameras,
    grid: int,
) -> Projected:
    """Project the points of the reference's patches.

    Points hide one another: the photo is cut into cells, and of the points in a cell those count as seen
    that lie near the nearest. All views together are dense enough for that.

    Args:
        points: World points.
        valid: Whether there is one.
        cameras: Of the photos.
        grid: Cells along a side of the photo.
    """
    batch = len(points)
    flat, there = points.flatten(1, 2), valid.flatten(1)
    p_camera = flat @ cameras.T_camera_world[:, :3, :3].transpose(1, 2)
    x, y, z = (p_camera + cameras.T_camera_world[:, None, :3, 3]).unbind(-1)
    there = there & (z > NEAREST)
    xy = torch.stack([x, y], -1) / z.clamp(min=NEAREST)[..., None]
    position = xy * cameras.focal[:, None, None] + cameras.center[:, None]
    there = there & ((position >= 0) & (position < 1)).all(-1)
    column, row = (position.nan_to_num().clamp(0, 1) * grid).long().clamp(max=grid - 1).unbind(-1)
    cell = row * grid + column
    depth = torch.where(there, z, torch.inf)
    nearest = torch.full((batch, grid**2), torch.inf, dtype=z.dtype, device=z.device)
    nearest.scatter_reduce_(1, cell, depth, "amin")
    seen = there & (depth <= nearest.gather(1, cell) + MARGIN)
    return Projected(position.unflatten(1, points.shape[1:3]), seen.unflatten(1, points.shape[1:3]))
