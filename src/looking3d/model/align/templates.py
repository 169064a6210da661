"""Templates: the reference drawn from all around, framed as photos are framed before they are judged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from looking3d.model.align.drawing import PoseDrawing, draw_pose
from looking3d.model.align.pose import LOG_FOCAL, LOG_SCALE, POSE_SIZE, SHIFT_X, SHIFT_Y, camera_of
from looking3d.model.query import FILL
from looking3d.render.raycast import Raycaster

AZIMUTH_STEP_DEG = 15.0
ELEVATIONS_DEG = (12.0, 30.0, 48.0)


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
    """Every 15 degrees of azimuth at three elevations."""
    poses = []
    for elevation in np.radians(ELEVATIONS_DEG):
        for azimuth in np.radians(np.arange(0, 360, AZIMUTH_STEP_DEG)):
            pose = np.zeros(POSE_SIZE)
            pose[:2] = azimuth, elevation
            poses.append(framed(pose, raycaster.vertices))
    drawings = tuple(draw_pose(raycaster, pose, size_px) for pose in poses)
    masks = np.stack([drawing.mask.ravel() for drawing in drawings]).astype(np.float32)
    return Templates(np.stack(poses), drawings, masks)


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
