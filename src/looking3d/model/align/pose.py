"""The camera as seven numbers, and the projection with its derivatives.

A pose is (azimuth, elevation, roll, log scale, shift x, shift y, log focal): angles in radians about
the object's centre, apparent size and focal length relative to the paper's camera, and the
principal point's offset from the middle in image widths. Apparent size and focal length are
independent: distance = 2.5 exp(log focal - log scale).
"""

from __future__ import annotations

import math

import numpy as np
import torch
from jaxtyping import Float

from looking3d.geometry.camera import FOCAL_PER_WIDTH, REFERENCE_DISTANCE, Camera, orbit

POSE_SIZE = 7
AZIMUTH, ELEVATION, ROLL, LOG_SCALE, SHIFT_X, SHIFT_Y, LOG_FOCAL = range(POSE_SIZE)


def camera_of(pose: np.ndarray, size_px: int) -> Camera:
    """The square camera of a (7,) pose."""
    azimuth, elevation, roll, log_scale, shift_x, shift_y, log_focal = (float(v) for v in pose)
    base = orbit(
        azimuth,
        elevation,
        size_px,
        REFERENCE_DISTANCE * math.exp(log_focal - log_scale),
        roll,
        FOCAL_PER_WIDTH * size_px * math.exp(log_focal),
    )
    center_px = (np.array([shift_x, shift_y]) + 0.5) * size_px
    return Camera(base.T_camera_world, base.focal_px, center_px, size_px, size_px)


def pose_of(camera: Camera) -> np.ndarray:
    """(7,) float64 pose of a square camera whose optical axis meets the object's centre."""
    R, t = camera.T_camera_world[:3, :3], camera.T_camera_world[:3, 3]
    if np.abs(t[:2]).max() > 1e-6 or camera.width != camera.height:
        raise ValueError("expected a square camera whose optical axis meets the origin")
    x, y, z = camera.origin / np.linalg.norm(camera.origin)
    azimuth, elevation = math.atan2(x, z), math.asin(np.clip(y, -1, 1))
    turn = R @ orbit(azimuth, elevation).T_camera_world[:3, :3].T
    roll = math.atan2(turn[1, 0], turn[0, 0])
    log_focal = math.log(camera.focal_px / (FOCAL_PER_WIDTH * camera.width))
    log_scale = log_focal - math.log(t[2] / REFERENCE_DISTANCE)
    shift = camera.center_px / camera.width - 0.5
    return np.array([azimuth, elevation, roll, log_scale, shift[0], shift[1], log_focal])


def project(
    pose: Float[torch.Tensor, "batch 7"], points: Float[torch.Tensor, "batch n 3"]
) -> tuple[Float[torch.Tensor, "batch n 2"], Float[torch.Tensor, "batch n 2 7"]]:
    """Project world points and differentiate.

    Returns:
        Image points in image widths, (0, 0) the upper left corner; and their derivatives by the pose.
    """
    azimuth, elevation, roll, log_scale, shift_x, shift_y, log_focal = pose[:, None, :].unbind(-1)
    ca, sa, ce, se = azimuth.cos(), azimuth.sin(), elevation.cos(), elevation.sin()
    cr, sr = roll.cos(), roll.sin()
    x, y, z = points.unbind(-1)
    # World -> azimuth -> elevation, with the axes flipped to OpenCV's -> roll.
    xa, za = ca * x - sa * z, sa * x + ca * z
    ye, ze = -(ce * y - se * za), -(se * y + ce * za)
    xc, yc = cr * xa - sr * ye, sr * xa + cr * ye
    distance = REFERENCE_DISTANCE * (log_focal - log_scale).exp()
    focal = FOCAL_PER_WIDTH * log_focal.exp()
    depth = (ze + distance).clamp(min=0.05)
    u, v = xc / depth, yc / depth
    image = torch.stack([focal * u + shift_x + 0.5, focal * v + shift_y + 0.5], -1)

    # Derivatives of (xa, ye, ze) by azimuth and elevation.
    xa_azimuth, za_azimuth = -za, xa
    ye_azimuth, ze_azimuth = se * za_azimuth, -ce * za_azimuth
    ye_elevation, ze_elevation = -ze, ye
    zero, one = torch.zeros_like(u), torch.ones_like(u)
    moved = distance.expand_as(u)
    d_x = [cr * xa_azimuth - sr * ye_azimuth, -sr * ye_elevation, -yc, zero, zero]
    d_y = [sr * xa_azimuth + cr * ye_azimuth, cr * ye_elevation, xc, zero, zero]
    d_z = [ze_azimuth, ze_elevation, zero, -moved, moved]
    scale = focal / depth
    d_u = [scale * (dx - u * dz) for dx, dz in zip(d_x, d_z, strict=True)]
    d_v = [scale * (dy - v * dz) for dy, dz in zip(d_y, d_z, strict=True)]
    columns_u = [*d_u[:4], one, zero, d_u[4] + focal * u]
    columns_v = [*d_v[:4], zero, one, d_v[4] + focal * v]
    return image, torch.stack([torch.stack(columns_u, -1), torch.stack(columns_v, -1)], -2)
