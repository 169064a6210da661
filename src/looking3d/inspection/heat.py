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


def heat_boxes(detection: Detection) -> list[tuple[int, int, int, int]]:
    """The boxes of all regions of a heat map that stand out, the strongest first.

    A region is a patch of cells of at least HEAT_FROM that touch, corners too; the strongest has the
    largest sum of heat. Cells that lie outside the photo do not count.

    Returns:
        x, y, width, height in pixels of the photo, all of it inside, for each.
    """
    camera = detection.camera
    x, y = _edges(detection)
    hot = (detection.heat_map >= HEAT_FROM) & inside_photo(detection)
    labels, count = ndimage.label(hot, np.ones((3, 3)))  # pyright: ignore[reportGeneralTypeIssues]
    sums = ndimage.sum_labels(detection.heat_map, labels, np.arange(1, count + 1))
    regions = ndimage.find_objects(labels)
    boxes = []
    for index in np.argsort(-sums, kind="stable"):
        row, column = regions[index]
        # At least one pixel, however small the cells are.
        left, top = (max(math.floor(edge), 0) for edge in (x[column.start], y[row.start]))
        right, bottom = math.ceil(x[column.stop]), math.ceil(y[row.stop])
        right, bottom = min(right, camera.width), min(bottom, camera.height)
        boxes.append((left, top, right - left, bottom - top))
    return boxes


def inside_photo(detection: Detection) -> np.ndarray:
    """(rows, columns) bool: which cells of the heat map lie inside the photo, if only in part."""
    x, y = _edges(detection)
    inside_x = (x[1:] > 0) & (x[:-1] < detection.camera.width)
    inside_y = (y[1:] > 0) & (y[:-1] < detection.camera.height)
    return inside_y[:, None] & inside_x


def _edges(detection: Detection) -> tuple[np.ndarray, np.ndarray]:
    """(columns + 1,) and (rows + 1,) edges of the cells, in pixels of the photo."""
    window = detection.window
    rows, columns = detection.heat_map.shape
    x = window.x + np.arange(columns + 1) * (window.side / columns)
    y = window.y + np.arange(rows + 1) * (window.side / rows)
    return x, y


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
