"""Heat maps on photos: how they are painted."""

from __future__ import annotations

import cv2
import numpy as np

_PALE = 0.65  # share of white in the photo under the heat, so that red is told from a red chair
_RED = np.array([214, 26, 26], np.float32)
_FAINTEST, _STRONGEST = 0.15, 0.8  # heat below the first is not painted; opacity of a heat of 1
_LINE_SHARE = 1 / 160  # width of a box's line over the longer side of the picture


def blended(image: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """The photo, grey and pale, with the heat in red over it.

    Args:
        image: (height, width, 3) uint8 RGB.
        heat: (height, width) float32, probabilities.

    Returns:
        (height, width, 3) uint8 RGB.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)[..., None]
    pale = grey * (1 - _PALE) + 255 * _PALE
    opacity = _painted(heat)[..., None] * _STRONGEST
    return np.round(pale * (1 - opacity) + _RED * opacity).astype(np.uint8)


def heat_layer(heat: np.ndarray) -> np.ndarray:
    """The heat alone, to be laid over the photo.

    Args:
        heat: (height, width) float32, probabilities.

    Returns:
        (height, width, 4) uint8 RGBA: red, opaque where it is strongest.
    """
    layer = np.empty((*heat.shape, 4), np.uint8)
    layer[..., :3] = _RED
    layer[..., 3] = np.round(_painted(heat) * 255)
    return layer


def _painted(heat: np.ndarray) -> np.ndarray:
    """(height, width), the heat from the faintest that is painted, 0 to 1."""
    return np.clip((heat - _FAINTEST) / (1 - _FAINTEST), 0, 1)


def draw_box(image: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    """A copy of an RGB image with a box around x, y, width, height in its pixels."""
    line = max(2, round(max(image.shape[:2]) * _LINE_SHARE))
    x, y, width, height = box
    corners = (round(x), round(y)), (round(x + width) - 1, round(y + height) - 1)
    drawn = image.copy()
    for color, thickness in (((255, 255, 255), line + 2), ((140, 0, 0), line)):
        cv2.rectangle(drawn, *corners, color, thickness)
    return drawn
