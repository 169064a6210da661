"""The regions of a heat map that stand out, as boxes in the photo."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from looking3d.model.detector import Detection
from looking3d.model.query import Window

HEAT_FROM = 0.5
"""A cell of the heat map stands out from this probability on; boxes are drawn around such cells."""

Box = tuple[int, int, int, int]
"""x, y, width, height in pixels of the photo."""


class Region(NamedTuple):
    """A patch of cells of at least HEAT_FROM that touch, corners too.

    Attributes:
        box: Around it, all inside the photo.
        total: The sum of its heat.
        peak: Its strongest cell, HEAT_FROM to 1.
        cells: (rows, columns) bool, those of the heat map that it is made of.
    """

    box: Box
    total: float
    peak: float
    cells: np.ndarray


def heat_regions(detection: Detection) -> list[Region]:
    """All regions of a heat map that stand out, the one of the largest sum of heat first."""
    camera = detection.camera
    return regions_of(detection.heat_map, detection.window, camera.width, camera.height)


def regions_of(heat: np.ndarray, window: Window, width: int, height: int) -> list[Region]:
    """As `heat_regions`. Cells that lie outside the photo do not count.

    Args:
        heat: (rows, columns) float32 over the window.
        window: In pixels of the photo.
        width, height: Of the photo.
    """
    x, y = _edges(heat, window)
    hot = (heat >= HEAT_FROM) & _inside(x, y, width, height)
    labels, count = ndimage.label(hot, np.ones((3, 3)))  # pyright: ignore[reportGeneralTypeIssues]
    numbers = np.arange(1, count + 1)
    sums, peaks = ndimage.sum_labels(heat, labels, numbers), ndimage.maximum(heat, labels, numbers)
    regions = []
    for index in np.argsort(-sums, kind="stable"):
        cells = labels == numbers[index]
        box = pixel_box(cells, window, width, height)
        regions.append(Region(box, float(sums[index]), float(peaks[index]), cells))
    return regions


def pixel_box(cells: np.ndarray, window: Window, width: int, height: int) -> Box:
    """The box around cells, inside the photo; at least a pixel, however small the cells are.

    Args:
        cells: (rows, columns) bool over the window; one that lies in the photo, at least.
        window: In pixels of the photo.
        width, height: Of the photo.
    """
    x, y = _edges(cells, window)
    columns, rows = np.flatnonzero(cells.any(0)), np.flatnonzero(cells.any(1))
    left, top = (
        min(max(math.floor(edge), 0), most - 1)
        for edge, most in ((x[columns[0]], width), (y[rows[0]], height))
    )
    right, bottom = min(math.ceil(x[columns[-1] + 1]), width), min(math.ceil(y[rows[-1] + 1]), height)
    return left, top, max(right - left, 1), max(bottom - top, 1)


def inside_photo(detection: Detection) -> np.ndarray:
    """(rows, columns) bool: which cells of the heat map lie inside the photo, if only in part."""
    camera = detection.camera
    return _inside(*_edges(detection.heat_map, detection.window), camera.width, camera.height)


def _inside(x: np.ndarray, y: np.ndarray, width: int, height: int) -> np.ndarray:
    inside_x = (x[1:] > 0) & (x[:-1] < width)
    inside_y = (y[1:] > 0) & (y[:-1] < height)
    return inside_y[:, None] & inside_x


def _edges(heat: np.ndarray, window: Window) -> tuple[np.ndarray, np.ndarray]:
    """(columns + 1,) and (rows + 1,) edges of the cells, in pixels of the photo."""
    rows, columns = heat.shape
    x = window.x + np.arange(columns + 1) * (window.side / columns)
    y = window.y + np.arange(rows + 1) * (window.side / rows)
    return x, y
