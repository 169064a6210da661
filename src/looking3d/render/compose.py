"""The whole of a photo: an object, however it is painted, over the ground and its shadow."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from looking3d.geometry.camera import Camera
from looking3d.render.ground import ground_light
from looking3d.render.photo import PhotoScene
from looking3d.render.prepared import PreparedShape


def over_ground(
    prepared: PreparedShape,
    scene: PhotoScene,
    camera: Camera,
    generator: np.random.Generator,
    paint: Callable[[Camera], tuple[np.ndarray, np.ndarray]],
) -> np.ndarray:
    """The photo of an object on its ground.

    Args:
        prepared: The object.
        scene: Its light and ground.
        camera: Who looks.
        generator: For the shadow on the ground; drawn from before `paint` is called.
        paint: Takes the camera of the window that shows the object; returns its (h, w, 3) float32 sRGB
            times its coverage, and the (h, w) float32 coverage: how much of a pixel the object fills.

    Returns:
        (height, width, 3) uint8 sRGB.
    """
    ground = ground_light(prepared.raycaster, prepared.bounds, scene.lighting, camera, generator)
    picture = np.zeros((camera.height, camera.width, 3), np.float32)
    coverage = np.zeros((camera.height, camera.width), np.float32)
    if window := prepared.window(camera):
        rows, columns, seen = window
        picture[rows, columns], coverage[rows, columns] = paint(seen)
    dimmed = 1 + (ground - 1) * np.float32(0.9 * scene.background.shadow)
    dome, gamma = scene.background.dome, 1 / 2.4
    if dome is not None:
        # Walls hide the low part of the sky, which reaches farthest under an object
        gamma *= 1.5
        sheet = dome.image(scene.lighting, camera, float(prepared.bounds[0, 1]))
    else:
        sheet = scene.background.image(camera.height, camera.width)
    image = picture + (1 - coverage[..., None]) * (sheet * dimmed ** np.float32(gamma))
    return np.clip(image * 255 + 0.5, 0, 255).astype(np.uint8)
