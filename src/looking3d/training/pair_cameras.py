"""What stands in training for the camera that an estimator finds for a photo."""

from __future__ import annotations

import math

import numpy as np
from scipy.spatial.transform import Rotation

from looking3d.geometry.camera import Camera
from looking3d.model.query import Window, whole_window
from looking3d.training.references import SURFACE_PX, ReferenceArrays

TURN_SIGMA = math.radians(1.0)
"""Standard deviation of how far the reference is turned about each of its axes, in radians."""

ROLL_SIGMA = math.radians(0.7)
"""Of the photo about its middle."""

SCALE_SIGMA, SHIFT_SIGMA = 0.008, 0.004
"""Of the logarithm of its size, and of where it lies, as a fraction of the photo."""


def off_camera(projection: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """(3, 4) float32, a camera off by about what the estimator leaves: 1 px of 128 in the middle.

    Args:
        projection: The true one, see `Camera.projection`.
        generator: What the error is drawn from.
    """
    turned = np.eye(4)
    turned[:3, :3] = Rotation.from_rotvec(generator.normal(0, TURN_SIGMA, 3)).as_matrix()
    angle, log_scale = generator.normal(0, [ROLL_SIGMA, SCALE_SIGMA])
    cos, sin = np.exp(log_scale) * np.array([np.cos(angle), np.sin(angle)])
    moved = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    middle = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    moved = middle @ moved @ np.linalg.inv(middle)
    moved[:2, 2] += generator.normal(0, SHIFT_SIGMA, 2)
    return (moved @ projection @ turned).astype(np.float32)


def reference_depth(references: ReferenceArrays, photo: int, camera: Camera, window: Window) -> np.ndarray:
    """(64, 64) float32, depth of the reference as a window of a photo sees it, 0 where there is none.

    Args:
        references: With `surface`.
        photo: The photo's number.
        camera: Of the whole photo.
        window: What is shown of it.
    """
    assert references.surface is not None
    whole = whole_window(camera.width, camera.height)
    cells = (np.arange(SURFACE_PX) + 0.5) / SURFACE_PX * window.side

    def pixels(start: float, whole_start: float) -> np.ndarray:
        return ((start - whole_start + cells) / whole.side * SURFACE_PX).astype(int).clip(0, SURFACE_PX - 1)

    rows, columns = pixels(window.y, whole.y), pixels(window.x, whole.x)
    return references.surface[photo][np.ix_(rows, columns)].astype(np.float32)
