"""Cameras off as the estimator leaves them: what training and evaluation disturb true cameras by."""

from __future__ import annotations

import math

import numpy as np

from looking3d.model.align.pose import (
    AZIMUTH,
    ELEVATION,
    LOG_FOCAL,
    LOG_SCALE,
    ROLL,
    SHIFT_X,
    SHIFT_Y,
    camera_of,
)
from looking3d.render.raycast import Raycaster

# Standard deviations of what the camera is off after the rounds at 64 px: azimuth, elevation, roll
# (radians), log focal, and what scale (log) and shift (image widths) are off besides what makes up
# for the others.
RESIDUAL_SIGMA = (0.035, 0.035, 0.015, 0.04)
RESIDUAL_SCALE, RESIDUAL_SHIFT = 0.008, 0.004


def disturbed(
    pose: np.ndarray, raycaster: Raycaster, strength: float, generator: np.random.Generator
) -> np.ndarray:
    """A camera off as the estimator leaves it: scale and shift make up for most of the other errors.

    Args:
        pose: (7,) the true one.
        raycaster: Of the reference.
        strength: Multiplies the standard deviations of all errors.
        generator: What the errors are drawn from.

    Returns:
        (7,) the pose that is off.
    """
    guess = pose.copy()
    guess[[AZIMUTH, ELEVATION, ROLL, LOG_FOCAL]] += strength * generator.normal(0, RESIDUAL_SIGMA)
    vertices = raycaster.vertices[:: max(1, len(raycaster.vertices) // 300)]
    wanted, got = (camera_of(p, 1).project(vertices)[0] for p in (pose, guess))
    wanted_center, got_center = wanted.mean(0), got.mean(0)
    spread = np.square(got - got_center).sum()
    scale = ((wanted - wanted_center) * (got - got_center)).sum() / max(spread, 1e-9)
    guess[LOG_SCALE] += math.log(np.clip(scale, 0.5, 2)) + strength * generator.normal(0, RESIDUAL_SCALE)
    got_center = camera_of(guess, 1).project(vertices)[0].mean(0)
    guess[[SHIFT_X, SHIFT_Y]] += wanted_center - got_center
    guess[[SHIFT_X, SHIFT_Y]] += strength * generator.normal(0, RESIDUAL_SHIFT, 2)
    return guess
