"""Templates: the reference drawn from all around, framed as photos are framed before they are judged."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from looking3d.model.align.outline import Outlines, outlines_of
from looking3d.model.align.pose import (
    AZIMUTH,
    ELEVATION,
    LOG_FOCAL,
    LOG_SCALE,
    POSE_SIZE,
    ROLL,
    SHIFT_X,
    SHIFT_Y,
    camera_of,
)
from looking3d.model.query import FILL
from looking3d.render.raycast import Raycaster

AZIMUTH_STEP_DEG = 15.0
ELEVATIONS_DEG = (-1.0, 17.0, 35.0, 53.0, 71.0)
ROLLS_DEG = (-13.0, 0.0, 13.0)

OUTLINE_POINTS = 64
"""Points on the outline of each."""

TEMPLATES_LAYOUT = (
    f"templates-3 points {OUTLINE_POINTS} step {AZIMUTH_STEP_DEG} elevations {ELEVATIONS_DEG} "
    f"rolls {ROLLS_DEG} fill {FILL}"
)
"""Names how templates are drawn and packed; raise its number when either changes."""


@dataclass(frozen=True, eq=False)
class Templates:
    """Drawings of a reference from a grid of directions.

    Attributes:
        poses: (n, 7) float64.
        masks: (n, size * size) float32, their silhouettes.
        outlines: Theirs.
    """

    poses: np.ndarray
    masks: np.ndarray
    outlines: Outlines


def draw_templates(raycaster: Raycaster, size_px: int) -> Templates:
    """Every 15 degrees of azimuth, from a little below to nearly above, held level and turned either way."""
    outline, poses = _hull_points(raycaster.vertices), []
    azimuths = np.arange(0, 360, AZIMUTH_STEP_DEG)
    for roll, elevation, azimuth in np.radians(list(itertools.product(ROLLS_DEG, ELEVATIONS_DEG, azimuths))):
        pose = np.zeros(POSE_SIZE)
        pose[[AZIMUTH, ELEVATION, ROLL]] = azimuth, elevation, roll
        poses.append(framed(pose, outline))
    cameras = [camera_of(pose, size_px) for pose in poses]
    depths = np.stack([raycaster.depth(camera) for camera in cameras])
    masks = (depths > 0).reshape(len(depths), -1).astype(np.float32)
    return Templates(np.stack(poses), masks, outlines_of(cameras, depths, OUTLINE_POINTS))


def pack_templates(templates: Templates) -> dict[str, np.ndarray]:
    """Templates as arrays, without loss; `unpack_templates` is the inverse."""
    size_px = math.isqrt(templates.masks.shape[1])
    return {
        "poses": templates.poses,
        "masks": (templates.masks > 0).reshape(-1, size_px, size_px),
        "outline_points": templates.outlines.points,
        "outline_normals": templates.outlines.normals,
    }


def unpack_templates(arrays: dict[str, np.ndarray], size_px: int) -> Templates:
    """Templates of the arrays that `pack_templates` made.

    Raises:
        ValueError: An array is missing, or of another shape or type.
    """
    count = len(arrays.get("poses", ()))
    for name, shape, dtype in (
        ("poses", (count, POSE_SIZE), np.float64),
        ("masks", (count, size_px, size_px), np.bool_),
        ("outline_points", (count, OUTLINE_POINTS, 3), np.float32),
        ("outline_normals", (count, OUTLINE_POINTS, 2), np.float32),
    ):
        if count == 0 or name not in arrays or arrays[name].shape != shape or arrays[name].dtype != dtype:
            raise ValueError(f"no templates: {name}")
    masks = arrays["masks"].reshape(count, -1).astype(np.float32)
    return Templates(arrays["poses"], masks, Outlines(arrays["outline_points"], arrays["outline_normals"]))


def framed(pose: np.ndarray, vertices: np.ndarray) -> np.ndarray:
    """The pose with scale and shift such that the object is framed as `query.window_around` frames it.

    Args:
        pose: (7,); its angles and focal length are kept.
        vertices: (n, 3) world points of the reference.
    """
    pose = pose.copy()
    pose[[SHIFT_X, SHIFT_Y]] = 0.0
    pose[LOG_SCALE] = min(pose[LOG_FOCAL], 0.0)
    for _ in range(3):
        image, _ = camera_of(pose, 1).project(vertices)
        low, high = np.nanmin(image, 0), np.nanmax(image, 0)
        pose[LOG_SCALE] += np.log(FILL / (high - low).max())
        pose[[SHIFT_X, SHIFT_Y]] += 0.5 - (low + high) / 2
    return pose


def _hull_points(vertices: np.ndarray) -> np.ndarray:
    """(h, 3) the vertices of the convex hull: what bounds a projection is among them."""
    try:
        return vertices[ConvexHull(vertices).vertices]
    except QhullError:  # all in one plane
        return vertices
