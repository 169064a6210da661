"""Grey, texture-less pictures of a reference: the N views of the paper, and shading of a drawing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from looking3d.geometry.camera import Camera, ring
from looking3d.geometry.correspondence import patch_points
from looking3d.render.raycast import Drawing, Raycaster

VIEW_ELEVATION_RAD = math.radians(20)
PATCH_PX = 8

_LIGHT_CAMERA = np.array([-0.35, -0.75, -0.56], np.float32)  # from the upper left, behind the camera


@dataclass(frozen=True, eq=False)
class ReferenceViews:
    """The N grey views of a reference (paper 3.2).

    Attributes:
        images: (n, height, width) uint8.
        depth: (n, height, width) float32, 0 where there is nothing.
        cameras: n cameras.
        points: (n, rows, columns, 3) float32, the world point of each 8 x 8 px patch.
        valid: (n, rows, columns) bool, whether a patch shows the object.
    """

    images: np.ndarray
    depth: np.ndarray
    cameras: tuple[Camera, ...]
    points: np.ndarray
    valid: np.ndarray


def shade(drawing: Drawing) -> np.ndarray:
    """(height, width) float32 in [0, 1]: grey shading by a light that moves with the camera, 1 = ground."""
    facing = -drawing.normal[..., 2]
    lit = np.clip(drawing.normal @ _LIGHT_CAMERA, 0, 1)
    grey = 0.12 + 0.33 * facing + 0.45 * lit
    return np.where(drawing.mask, grey, np.float32(1)).astype(np.float32)


def grey_image(raycaster: Raycaster, camera: Camera) -> np.ndarray:
    """(height, width) uint8, the shaded drawing, anti-aliased by 2 x 2 rays a pixel."""
    fine = shade(raycaster.draw(camera.resized(camera.width * 2, camera.height * 2)))
    height, width = camera.height, camera.width
    return np.round(fine.reshape(height, 2, width, 2).mean((1, 3)) * 255).astype(np.uint8)


def reference_views(raycaster: Raycaster, count: int = 20, size_px: int = 256) -> ReferenceViews:
    """`count` views on a ring at 20 degrees elevation."""
    cameras = ring(count, VIEW_ELEVATION_RAD, size_px)
    depth = np.stack([raycaster.draw(camera).depth for camera in cameras])
    patches = [patch_points(camera, d, PATCH_PX) for camera, d in zip(cameras, depth, strict=True)]
    return ReferenceViews(
        images=np.stack([grey_image(raycaster, camera) for camera in cameras]),
        depth=depth,
        cameras=tuple(cameras),
        points=np.stack([points for points, _ in patches]).astype(np.float32),
        valid=np.stack([valid for _, valid in patches]),
    )
