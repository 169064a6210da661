"""Boxes around what differs, from the heat map and the reference as it is drawn over the photo."""

from __future__ import annotations

import cv2
import numpy as np
from scipy import ndimage

from looking3d.model.concerned_part import heat_and_parts, part_scores
from looking3d.model.detector import ALIGNED_FROM, Detection
from looking3d.model.heat_regions import HEAT_FROM, Box, Region, heat_regions, inside_photo, pixel_box
from looking3d.render.raycast import Raycaster

_CORES = (0.6, 0.75)  # of a region's strongest heat: what is fainter is the blur around a change
_REACH_PX = 6  # of PART_PX: a part is cut off this far from the core
_FAINTEST = 0.1  # of a region's strongest heat: what is fainter is none
_SAME = 0.3  # overlap (intersection over union) from which on a cell's box is that of an anomaly
_TOO_MUCH = 0.5  # what a box holds besides heat counts as much, where heat that it leaves out counts 1


def anomaly_boxes(detection: Detection, raycaster: Raycaster, parts: int) -> list[Region]:
    """The places of a heat map that stand out, each with the box of the anomaly that it shows.

    Where the detector says which box each cell belongs to, a place is of cells that say nearly the same one,
    and gets the mean of these.

    Elsewhere places are `heat_regions`, each with the box that heat and drawing together make likeliest:
    that of a region's core, of the part that the region concerns, of the pieces of it that the region
    touches, of what of it lies near the core, or around core and part. It is the one of the largest overlap
    with the region's heat (an index of Tversky, 1977). Where a photo is not aligned, boxes are those of
    `heat_regions`.

    Args:
        detection: Of a photo.
        raycaster: Of the reference.
        parts: How many the reference has.
    """
    if detection.boxes is not None:
        return _said(detection, detection.boxes)
    regions = heat_regions(detection)
    if not regions or detection.alignment < ALIGNED_FROM:
        return regions
    window, camera = detection.window, detection.camera
    heat, drawn = heat_and_parts(detection, raycaster)
    owners = _owners(regions, len(heat))
    found = []
    for number, region in enumerate(regions):
        own = np.where(owners == number, heat, 0)
        own = np.where(own >= _FAINTEST * own.max(), own, 0) / own.max()
        area = max(_areas(own, drawn, parts), key=lambda area: _overlap(own, area))
        found.append(region._replace(box=pixel_box(area, window, camera.width, camera.height)))
    return found


def _said(detection: Detection, boxes: np.ndarray) -> list[Region]:
    """Regions of cells that stand out and say nearly the same box, which need not touch.

    The hottest cell that is left begins a region; those that agree with it join, and once more those that
    agree with the mean of these.
    """
    left = (detection.heat_map >= HEAT_FROM) & inside_photo(detection)
    found: list[Region] = []
    while left.any():
        heat = np.where(left, detection.heat_map, 0)
        row, column = np.unravel_index(int(heat.argmax()), heat.shape)
        cells = np.zeros_like(left)
        cells[row, column] = True
        for _ in range(2):
            agreeing = left & (_agreement(_mean_box(cells, detection, boxes), boxes) >= _SAME)
            cells = agreeing if agreeing.any() else cells
        box = _photo_box(_mean_box(cells, detection, boxes), detection)
        found.append(Region(box, float(heat[cells].sum()), float(heat[cells].max()), cells))
        # Where the seed itself does not agree with the rest, it is dropped with them.
        left &= ~cells
        left[row, column] = False
    return sorted(found, key=lambda region: -region.total)


def _agreement(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """(rows, columns) intersection over union of one box (4,) with those (4, rows, columns) of cells."""
    left, top, right, bottom = boxes
    width = np.minimum(right, box[2]) - np.maximum(left, box[0])
    height = np.minimum(bottom, box[3]) - np.maximum(top, box[1])
    both = np.maximum(width, 0) * np.maximum(height, 0)
    either = (right - left) * (bottom - top) + (box[2] - box[0]) * (box[3] - box[1]) - both
    return both / np.maximum(either, 1e-9)


def _mean_box(cells: np.ndarray, detection: Detection, boxes: np.ndarray) -> np.ndarray:
    """(4,) edges, the mean of what cells say, by their squared heat."""
    weight = detection.heat_map[cells].astype(np.float64) ** 2
    return (boxes[:, cells] * weight).sum(1) / weight.sum()


def _photo_box(edges: np.ndarray, detection: Detection) -> Box:
    """The box of (4,) edges in widths of the window, inside the photo; at least a pixel."""
    window, camera = detection.window, detection.camera
    most = np.array([camera.width, camera.height] * 2)
    left, top, right, bottom = np.clip([window.x, window.y] * 2 + edges * window.side, 0, most)
    x, y = min(round(left), camera.width - 1), min(round(top), camera.height - 1)
    return x, y, max(round(right) - x, 1), max(round(bottom) - y, 1)


def _owners(regions: list[Region], size_px: int) -> np.ndarray:
    """(size_px, size_px) int, the region that is nearest to each pixel: the blur around it is its own."""
    numbers = np.full(regions[0].cells.shape, -1)
    for number, region in enumerate(regions):
        numbers[region.cells] = number
    numbers = cv2.resize(numbers.astype(np.int16), (size_px, size_px), interpolation=cv2.INTER_NEAREST)
    _, nearest = ndimage.distance_transform_edt(  # pyright: ignore[reportGeneralTypeIssues]
        numbers < 0, return_indices=True
    )
    return numbers[tuple(nearest)]


def _areas(heat: np.ndarray, drawn: np.ndarray, parts: int) -> list[np.ndarray]:
    """(PART_PX, PART_PX) bool each, what a box may be drawn around; the first is never empty.

    Args:
        heat: (PART_PX, PART_PX) float32, of one region, over its strongest.
        drawn: (PART_PX, PART_PX) int32, the part at each pixel, -1 for none.
        parts: How many there are.
    """
    cores = [_strongest_piece(heat, share) for share in _CORES]
    core = cores[0]
    scores = part_scores(heat, drawn, parts)
    if not scores.max(initial=0) > 0:
        return cores
    part = drawn == int(np.argmax(scores))
    pieces, _ = ndimage.label(part, np.ones((3, 3)))  # pyright: ignore[reportGeneralTypeIssues]
    touched = np.isin(pieces, np.setdiff1d(pieces[core], [0]))
    near = part & ndimage.binary_dilation(core, iterations=_REACH_PX)
    return [*cores, *(area for area in (part, touched, near, core | part) if area.any())]


def _strongest_piece(heat: np.ndarray, share: float) -> np.ndarray:
    """Of what is hotter than a share of the hottest, the piece with the most heat."""
    pieces, count = ndimage.label(  # pyright: ignore[reportGeneralTypeIssues]
        heat >= share * heat.max(), np.ones((3, 3))
    )
    sums = ndimage.sum_labels(heat, pieces, np.arange(1, count + 1))
    return pieces == 1 + int(np.argmax(sums))


def _overlap(heat: np.ndarray, area: np.ndarray) -> float:
    """How well the box around an area holds the heat, and little else."""
    rows, columns = np.flatnonzero(area.any(1)), np.flatnonzero(area.any(0))
    inside = heat[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return float(inside.sum() / (heat.sum() + _TOO_MUCH * (inside.size - inside.sum())))
