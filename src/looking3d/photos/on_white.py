"""Objects that are cut out and laid on white, as in the photos that detectors learn from."""

from __future__ import annotations

import cv2
import numpy as np

from looking3d.model.query import window_around

_SOFT_PX = 0.7  # of the cut; a hard one would leave stairs
_FLOOR = 0.2  # added to colours before their ratio is taken, so that noise of a dark ground stays noise
_SHADOW = 0.35  # how dark the shadow is where it is darkest, in brightness of the picture
_FLATNESS = 0.25  # height of the shadow over that of the object that throws it
_SPREAD = 0.03  # blur of the shadow over the side of the window around the object


def on_white(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The object on white; a photo that is on white already is returned as it is.

    Args:
        image: (height, width, 3) uint8 RGB.
        mask: (height, width) bool.

    Returns:
        (height, width, 3) uint8.
    """
    rim = cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    if (image[~rim] == 255).all():
        return image
    cover = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), _SOFT_PX)[..., None]
    return np.round(image * cover + 255 * (1 - cover)).astype(np.uint8)


def whitened(image: np.ndarray, mask: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """The object on its own even ground, made white: what looks like the ground becomes white.

    Shadows stay, as in the photos that detectors learn from, and so does what the mask has cut off: where it
    has another colour than the ground, it is seen still, and nobody takes it for missing.

    Args:
        image: (height, width, 3) uint8 RGB.
        mask: (height, width) bool; within it the picture stays as it is.
        ground: (height, width, 3) float32, the ground's colour, sRGB in [0, 1].

    Returns:
        (height, width, 3) uint8.
    """
    ratio = (image.astype(np.float32) / 255 + _FLOOR) / (ground + _FLOOR)
    # What is lighter than the ground must not be lost in white.
    white = 255 * np.minimum(ratio, 1 / ratio)
    cover = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), _SOFT_PX)[..., None]
    return np.round(image * cover + white * (1 - cover)).astype(np.uint8)


def with_shadow(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The photo with a soft contact shadow on its ground, which is thought level and lit from above.

    The shadow is the silhouette laid flat where the object stands, blurred, darkest at the contact.

    Args:
        image: (height, width, 3) uint8 RGB, the object on white.
        mask: (height, width) bool, not empty.

    Returns:
        (height, width, 3) uint8.
    """
    window = window_around(mask)
    bottom = float(np.flatnonzero(mask.any(1))[-1] + 1)
    # Rows are pressed together towards a line that lies a little above the lowest point.
    line = bottom - 0.5 * _FLATNESS * window.side * 0.5
    T_shadow_image = np.array([[1.0, 0.0, 0.0], [0.0, _FLATNESS, line - _FLATNESS * (bottom + line) / 2]])
    height, width = mask.shape
    flat = cv2.warpAffine(mask.astype(np.float32), T_shadow_image, (width, height))
    shade = cv2.GaussianBlur(flat, (0, 0), max(_SPREAD * window.side, 0.5))
    cover = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), _SOFT_PX)
    darkened = 1 - _SHADOW * shade * (1 - cover)
    return np.round(image * darkened[..., None]).astype(np.uint8)
