"""The part of a picture that can show what is in a box."""

from __future__ import annotations

import dataclasses

import numpy as np

from looking3d.geometry.camera import Camera


def window(bounds: np.ndarray, camera: Camera) -> tuple[slice, slice, Camera] | None:
    """Rows, columns and camera of the part of an image that can show a box; None if none can.

    Args:
        bounds: (2, 3) lower and upper corner of the box in the world.
        camera: The whole image's.
    """
    corners = np.stack(np.meshgrid(*bounds.T.astype(float), indexing="ij"), -1).reshape(-1, 3)
    p, depth = camera.project(corners)
    size = np.array([camera.width, camera.height])
    low, high = np.zeros(2, int), size
    # A box that reaches behind the camera has no outline
    if (depth > 0).all():
        low = np.clip(np.floor(p.min(0)) - 1, 0, size).astype(int)
        high = np.clip(np.ceil(p.max(0)) + 1, 0, size).astype(int)
    width, height = (high - low).tolist()
    if width <= 0 or height <= 0:
        return None
    seen = dataclasses.replace(camera, center_px=camera.center_px - low, width=width, height=height)
    return slice(low[1], high[1]), slice(low[0], high[0]), seen
