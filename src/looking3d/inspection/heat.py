"""Heat maps on photos: where the strongest region is, and how it is painted."""

from __future__ import annotations

import math

import cv2
import numpy as np
from scipy import ndimage

from looking3d.model.detector import Detection

HEAT_FROM = 0.5
"""A cell of the heat map stands out from this probability on; boxes are drawn around such cells."""

_PALE = 0.65  # share of white in the photo under the heat, so that red is told from a red chair
_RED = np.array([214, 26, 26], np.float32)
_FAINTEST, _STRONGEST = 0.15, 0.8  # heat below the first is not painted; opacity of a heat of 1
_LINE_SHARE = 1 / 160  # width of a box's line over the longer side of the picture


def heat_box(detection: Detection) -> tuple[int, int, int, int] | None:
    """The box of the strongest region of a heat map.

    A region is a patch of cells of at least HEAT_FROM that touch, corners too; the strongest has the
    largest sum of heat. Cells that lie outside the photo do not count.

    Returns:
        x, y, width, height in pixels of the photo, all of it inside; None if no cell stands out.
    """
    camera, window = detection.camera, detection.window
    heat = detection.heat_map
    rows, columns = heat.shape
    cell_x, cell_y = window.side / columns, window.side / rows
    x = window.x + np.arange(columns + 1) * cell_x
    y = window.y + np.arange(rows + 1) * cell_y
    inside_x = (x[1:] > 0) & (x[:-1] < camera.width)
    inside_y = (y[1:] > 0) & (y[:-1] < camera.height)
    inside = inside_y[:, None] & inside_x
    hot = (heat >= HEAT_FROM) & inside
    labels, count = ndimage.label(hot, np.ones((3, 3)))  # pyright: ignore[reportGeneralTypeIssues]
    if count == 0:
        return None
    sums = ndimage.sum_labels(heat, labels, np.arange(1, count + 1))
    row, column = ndimage.find_objects(labels)[int(np.argmax(sums))]
    # At least one pixel, however small the cells are.
    left, top = (max(math.floor(edge), 0) for edge in (x[column.start], y[row.start]))
    right, bottom = math.ceil(x[column.stop]), math.ceil(y[row.stop])
    right, bottom = min(right, camera.width), min(bottom, camera.height)
    return left, top, right - left, bottom - top


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
    opacity = np.clip((heat - _FAINTEST) / (1 - _FAINTEST), 0, 1)[..., None] * _STRONGEST
    return np.round(pale * (1 - opacity) + _RED * opacity).astype(np.uint8)


def draw_box(image: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    """A copy of an RGB image with a box around x, y, width, height in its pixels."""
    line = max(2, round(max(image.shape[:2]) * _LINE_SHARE))
    x, y, width, height = box
    corners = (round(x), round(y)), (round(x + width) - 1, round(y + height) - 1)
    drawn = image.copy()
    for color, thickness in (((255, 255, 255), line + 2), ((140, 0, 0), line)):
        cv2.rectangle(drawn, *corners, color, thickness)
    return drawn
