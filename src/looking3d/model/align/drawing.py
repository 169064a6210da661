"""A drawing as a network sees it, and the 3D point that each of its cells shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from looking3d.geometry.camera import REFERENCE_RADIUS, Camera
from looking3d.geometry.correspondence import patch_pixels
from looking3d.model.align.network import CELL_PX
from looking3d.model.align.pose import camera_of
from looking3d.render.raycast import Raycaster
from looking3d.render.reference import shade


@dataclass(frozen=True, eq=False)
class PoseDrawing:
    """The reference drawn at a pose.

    Attributes:
        channels: (5, size, size) float32: grey in [-1, 1] with the ground 1; unit normals in camera
            axes, 0 on the ground; nearness, (distance - depth) / 0.8, 0 on the ground.
        mask: (size, size) bool, where the object is.
        points: (cells, 3) float32, the world point of each 4 x 4 px cell, row by row.
        valid: (cells,) bool, whether the cell shows the object.
    """

    channels: np.ndarray
    mask: np.ndarray
    points: np.ndarray
    valid: np.ndarray


def draw_pose(raycaster: Raycaster, pose: np.ndarray, size_px: int) -> PoseDrawing:
    """Draw the reference at a (7,) pose."""
    camera = camera_of(pose, size_px)
    drawing = raycaster.draw(camera)
    nearness = (camera.T_camera_world[2, 3] - drawing.depth) / REFERENCE_RADIUS
    channels = np.empty((5, size_px, size_px), np.float32)
    channels[0] = shade(drawing) * 2 - 1
    channels[1:4] = drawing.normal.transpose(2, 0, 1)
    channels[4] = np.where(drawing.mask, nearness, 0)
    pixels, valid = patch_pixels(drawing.mask, CELL_PX)
    points = points_at(camera, drawing.depth, pixels.reshape(-1, 2)).astype(np.float32)
    return PoseDrawing(channels, drawing.mask, points, valid.ravel())


def depth_of(drawing: PoseDrawing, pose: np.ndarray) -> np.ndarray:
    """(size, size) float64 depth of a drawing at its (7,) pose; 0 on the ground."""
    distance = camera_of(pose, len(drawing.mask)).T_camera_world[2, 3]
    return np.where(drawing.mask, distance - REFERENCE_RADIUS * drawing.channels[4].astype(np.float64), 0)


def points_at(camera: Camera, depth: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """(n, 3) float64 world points of (n, 2) pixels (y, x); the camera's centre where depth is 0."""
    d = depth[pixels[:, 0], pixels[:, 1]].astype(np.float64)
    p_camera = np.empty((len(pixels), 3))
    p_camera[:, :2] = (pixels[:, ::-1] + 0.5 - camera.center_px) / camera.focal_px * d[:, None]
    p_camera[:, 2] = d
    R, t = camera.T_camera_world[:3, :3], camera.T_camera_world[:3, 3]
    return (p_camera - t) @ R
