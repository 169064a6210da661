"""Boxes around what differs, from the heat map and the reference as it is drawn over the photo."""

from __future__ import annotations

import cv2
import numpy as np
from scipy import ndimage

from looking3d.model.concerned_part import part_scores
from looking3d.model.detector import Detection
from looking3d.model.heat_regions import Region, heat_regions, inside_photo, pixel_box
from looking3d.render.raycast import Raycaster

_PX = 128  # of the window's side, in which heat and parts are compared
_CORES = (0.6, 0.75)  # of a region's strongest heat: what is fainter is the blur around a change
_REACH_PX = 6  # a part is cut off this far from the core
_FAINTEST = 0.1  # of a region's strongest heat: what is fainter is none
_TOO_MUCH = 0.5  # what a box holds besides heat counts as much, where heat that it leaves out counts 1


def anomaly_boxes(detection: Detection, raycaster: Raycaster, parts: int) -> list[Region]:
    """The regions of `heat_regions`, each with the box that heat and drawing together make likeliest.

    A box may be that of a region's core, of the part that the region concerns, of the pieces of it that the
    region touches, of what of it lies near the core, or around core and part. It is the one of the largest
    overlap with the region's heat (an index of Tversky, 1977).

    Args:
        detection: Of an aligned photo.
        raycaster: Of the reference.
        parts: How many the reference has.
    """
    regions = heat_regions(detection)
    if not regions:
        return []
    window, camera = detection.window, detection.camera
    heat = np.where(inside_photo(detection), detection.heat_map, 0).astype(np.float32)
    heat = cv2.resize(heat, (_PX, _PX), interpolation=cv2.INTER_LINEAR)
    drawn = raycaster.draw(window.camera(camera, _PX)).part
    owners = _owners(regions)
    found = []
    for number, region in enumerate(regions):
        own = np.where(owners == number, heat, 0)
        own = np.where(own >= _FAINTEST * own.max(), own, 0) / own.max()
        box = max(_areas(own, drawn, parts), key=lambda area: _overlap(own, area))
        found.append(region._replace(box=pixel_box(box, window, camera.width, camera.height)))
    return found


def _owners(regions: list[Region]) -> np.ndarray:
    """(_PX, _PX) int, the region that is nearest to each pixel: the blur around it is its own."""
    numbers = np.full(regions[0].cells.shape, -1)
    for number, region in enumerate(regions):
        numbers[region.cells] = number
    numbers = cv2.resize(numbers.astype(np.int16), (_PX, _PX), interpolation=cv2.INTER_NEAREST)
    _, nearest = ndimage.distance_transform_edt(  # pyright: ignore[reportGeneralTypeIssues]
        numbers < 0, return_indices=True
    )
    return numbers[tuple(nearest)]


def _areas(heat: np.ndarray, drawn: np.ndarray, parts: int) -> list[np.ndarray]:
    """(_PX, _PX) bool each, what a box may be drawn around; the first is never empty.

    Args:
        heat: (_PX, _PX) float32, of one region, over its strongest.
        drawn: (_PX, _PX) int32, the part at each pixel, -1 for none.
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
