"""True cameras and estimated ones: how far they are apart, and true ones disturbed."""

from __future__ import annotations

import math

import numpy as np

from looking3d.geometry.camera import (
    FOCAL_PER_WIDTH,
    Camera,
    angle_between,
    azimuth_apart,
    orbit_angles,
    orbit_roll,
)
from looking3d.geometry.correspondence import unproject
from looking3d.model.align.network import CameraNet
from looking3d.model.align.pose import camera_of, pose_of
from looking3d.model.align.residual import disturbed
from looking3d.model.query import mask_iou, window_around
from looking3d.render.raycast import Raycaster

ERRORS_PX = 128
"""Lengths in the image are given in pixels of a photo of this width."""


def camera_errors(raycaster: Raycaster, truth: Camera, estimate: Camera) -> dict[str, float]:
    """How far an estimated camera is from the true one; every error is 0 or more.

    Returns:
        rotation_error_deg, the angle of the rotation between the two; azimuth_error_deg of the directions
        that they stand in; shift_error_px between the images of the object's centre; scale_error_log, the
        logarithm of the ratio of the sizes that the object appears in (focal length over distance);
        reprojection_error_px, the mean distance between the two images of the points that the true camera
        sees; silhouette_iou of the reference drawn from both. Pixels are those of a photo 128 px wide.
    """
    turn = angle_between(estimate.T_camera_world[:3, :3], truth.T_camera_world[:3, :3])
    shift = estimate.project(np.zeros(3))[0] - truth.project(np.zeros(3))[0]
    scale = math.log(_apparent_size(estimate) / _apparent_size(truth))
    seen, found = raycaster.draw(truth), raycaster.draw(estimate)
    points = unproject(truth, seen.depth)[seen.mask]
    distance = np.linalg.norm(estimate.project(points)[0] - truth.project(points)[0], axis=1)
    px = ERRORS_PX / truth.width
    return {
        "rotation_error_deg": math.degrees(turn),
        "azimuth_error_deg": azimuth_apart(estimate, truth),
        "shift_error_px": float(np.linalg.norm(shift)) * px,
        "scale_error_log": abs(scale),
        "reprojection_error_px": float(np.nanmean(distance)) * px,
        "silhouette_iou": mask_iou(seen.mask, found.mask),
    }


def view_of(camera: Camera) -> dict[str, float]:
    """What kind of view a true camera has.

    Returns:
        azimuth_deg, elevation_deg and roll_deg as `orbit` takes them; focal_length in units of the paper's,
        as recipes give it.
    """
    azimuth, elevation = orbit_angles(camera)
    return {
        "azimuth_deg": math.degrees(azimuth) % 360.0,
        "elevation_deg": math.degrees(elevation),
        "roll_deg": math.degrees(orbit_roll(camera)),
        "focal_length": camera.focal_px / (FOCAL_PER_WIDTH * camera.width),
    }


def disturbed_camera(
    truth: Camera, mask: np.ndarray, raycaster: Raycaster, generator: np.random.Generator
) -> Camera:
    """The true camera, off as the estimator leaves it (see `residual.disturbed`).

    Args:
        truth: Its optical axis meets the object's centre.
        mask: (height, width) bool, where the object is in the photo; errors are relative to its size.
        raycaster: Of the reference.
        generator: What the errors are drawn from.
    """
    window = window_around(mask)
    size = CameraNet.large_px
    pose = disturbed(pose_of(window.camera(truth, size)), raycaster, 1.0, generator)
    return window.photo_camera(camera_of(pose, size), truth.width, truth.height)


def _apparent_size(camera: Camera) -> float:
    """Pixels that a unit of length at the object's centre takes up."""
    return camera.focal_px / camera.T_camera_world[2, 3]
