"""Templates: the reference drawn from all around, framed as photos are framed before they are judged."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from looking3d.model.align.drawing import PoseDrawing, draw_pose
from looking3d.model.align.network import CELL_PX
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

TEMPLATES_LAYOUT = (
    f"templates-2 step {AZIMUTH_STEP_DEG} elevations {ELEVATIONS_DEG} rolls {ROLLS_DEG} fill {FILL}"
)
"""Names how templates are drawn and packed; raise its number when either changes."""


@dataclass(frozen=True, eq=False)
class Templates:
    """Drawings of a reference from a grid of directions.

    Attributes:
        poses: (n, 7) float64.
        drawings: n drawings.
        masks: (n, size * size) float32, their silhouettes.
    """

    poses: np.ndarray
    drawings: tuple[PoseDrawing, ...]
    masks: np.ndarray


def draw_templates(raycaster: Raycaster, size_px: int) -> Templates:
    """Every 15 degrees of azimuth, from a little below to nearly above, held level and turned either way."""
    outline, poses = _hull_points(raycaster.vertices), []
    azimuths = np.arange(0, 360, AZIMUTH_STEP_DEG)
    for roll, elevation, azimuth in np.radians(list(itertools.product(ROLLS_DEG, ELEVATIONS_DEG, azimuths))):
        pose = np.zeros(POSE_SIZE)
        pose[[AZIMUTH, ELEVATION, ROLL]] = azimuth, elevation, roll
        poses.append(framed(pose, outline))
    drawings = tuple(draw_pose(raycaster, pose, size_px) for pose in poses)
    masks = np.stack([drawing.mask.ravel() for drawing in drawings]).astype(np.float32)
    return Templates(np.stack(poses), drawings, masks)


def pack_templates(templates: Templates) -> dict[str, np.ndarray]:
    """Templates as arrays, without loss; `unpack_templates` is the inverse.

    Grey, normals and nearness are stored where the object is; the ground is known.
    """
    drawings = templates.drawings
    masks = np.stack([drawing.mask for drawing in drawings])
    channels = np.stack([drawing.channels for drawing in drawings])
    return {
        "poses": templates.poses,
        "masks": masks,
        "object": channels.transpose(0, 2, 3, 1)[masks],
        "points": np.stack([drawing.points for drawing in drawings]),
        "valid": np.stack([drawing.valid for drawing in drawings]),
    }


def unpack_templates(arrays: dict[str, np.ndarray], size_px: int) -> Templates:
    """Templates of the arrays that `pack_templates` made.

    Raises:
        ValueError: An array is missing, or of another shape or type.
    """
    count, cells = len(arrays.get("poses", ())), (size_px // CELL_PX) ** 2
    masks = arrays.get("masks", np.zeros(0, bool))
    for name, shape, dtype in (
        ("poses", (count, POSE_SIZE), np.float64),
        ("masks", (count, size_px, size_px), np.bool_),
        ("object", (int(np.count_nonzero(masks)), 5), np.float32),
        ("points", (count, cells, 3), np.float32),
        ("valid", (count, cells), np.bool_),
    ):
        if count == 0 or name not in arrays or arrays[name].shape != shape or arrays[name].dtype != dtype:
            raise ValueError(f"no templates: {name}")
    channels = np.zeros((count, size_px, size_px, 5), np.float32)
    channels[..., 0] = 1
    channels[masks] = arrays["object"]
    channels = np.ascontiguousarray(channels.transpose(0, 3, 1, 2))
    drawings = tuple(
        PoseDrawing(*parts) for parts in zip(channels, masks, arrays["points"], arrays["valid"], strict=True)
    )
    return Templates(arrays["poses"], drawings, masks.reshape(count, -1).astype(np.float32))


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
