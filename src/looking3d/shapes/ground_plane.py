"""The floor that a scanner took along: a flat sheet with an open rim that all else stands on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull, KDTree, QhullError

from looking3d.shapes.surface import Surface, face_areas, points_on
from looking3d.shapes.topology import edges

_THICKNESS = 0.01  # of the diagonal: how far a floor strays from its plane
_LEAST_SHARE = 0.08  # of the area; less is no floor worth removing
_MOST_BELOW = 0.01  # of the area
_ROUGH = 6.0  # times the median distance from the plane holds all of a floor
_ALIKE = np.cos(np.radians(25))
_UPRIGHT = np.cos(np.radians(30))
_CELLS = 48
_MOST_LAYERS = 1.6
_RIM_REACH = 0.04  # of the diagonal: how far the rim may be from the outline
_LEAST_RIM = 0.6
_DIRECTIONS = 400
_TRIES = 12


@dataclass(frozen=True, eq=False)
class GroundPlane:
    """A floor in a scan.

    Attributes:
        up: (3,) float64 unit normal, from the floor to what stands on it.
        faces: (m,) bool, the faces that are the floor.
        share: Of the area that is floor.
    """

    up: np.ndarray
    faces: np.ndarray
    share: float


def find_ground(vertices: np.ndarray, faces: np.ndarray, up: np.ndarray | None = None) -> GroundPlane | None:
    """The floor of a scan, or None.

    A plane is the floor if hardly anything lies beyond it, if it is one sheet (a board has two sides), and
    if it ends in an open border all around, where the scan ended.

    Args:
        vertices: (n, 3).
        faces: (m, 3).
        up: (3,) which way is up, if that is known; a floor that is not below is none.
    """
    a, b, c = vertices[faces].transpose(1, 0, 2)
    normal = np.cross(b - a, c - a)
    area = np.linalg.norm(normal, axis=1)
    normal /= np.maximum(area, 1e-300)[:, None]
    middle, size = (a + b + c) / 3, float(np.linalg.norm(np.ptp(vertices, axis=0)))
    border = vertices[np.unique(edges(faces).ends[edges(faces).open])]
    if len(border) == 0:
        return None
    for guess in _directions(normal, area):
        for n in (guess, -guess):
            if up is not None and n @ up < _UPRIGHT:
                continue
            found = _sheet_below(middle, normal, area, n, size)
            if found is not None and _is_floor(vertices, faces, *found, border, size):
                n, flat = found
                off_plane = np.abs((vertices - middle[flat].mean(0)) @ n)
                # As thick as the floor is rough, and no thicker: feet stand in it.
                rough = float(np.median(off_plane[faces[flat]])) * _ROUGH
                floor = off_plane[faces].max(1) < np.clip(rough, 0.1 * _THICKNESS * size, _THICKNESS * size)
                return GroundPlane(n, floor, float(area[floor].sum() / area.sum()))
    return None


def _directions(normal: np.ndarray, area: np.ndarray) -> np.ndarray:
    """(k, 3) the directions that most area faces, either way."""
    index = np.arange(_DIRECTIONS) + 0.5
    y, azimuth = 1 - index / _DIRECTIONS, index * np.pi * (1 + 5**0.5)  # half a Fibonacci sphere
    radius = np.sqrt(1 - y**2)
    grid = np.stack([radius * np.cos(azimuth), y, radius * np.sin(azimuth)], 1)
    _, at = KDTree(np.concatenate([grid, -grid])).query(normal)
    weight = np.bincount(at % _DIRECTIONS, area, minlength=_DIRECTIONS)
    # Noise spreads a plane over cells around it.
    near = grid @ grid.T
    weight = np.where(np.abs(near) > np.cos(np.radians(12)), 1.0, 0.0) @ weight
    return grid[np.argsort(-weight, kind="stable")[:_TRIES]]


def _sheet_below(
    middle: np.ndarray, normal: np.ndarray, area: np.ndarray, n: np.ndarray, size: float
) -> tuple[np.ndarray, np.ndarray] | None:
    """The plane that bounds everything towards -n: its normal, fitted, and (m,) bool of its faces."""
    for tolerance in (4, 2, 1):
        height = middle @ n
        lowest = np.sort(height)[int(_MOST_BELOW * len(height))]
        alike = np.abs(normal @ n) > _ALIKE
        low = alike & (height < lowest + 6 * _THICKNESS * size)
        if area[low].sum() < _LEAST_SHARE * area.sum():
            return None
        # Most of the sheet lies in one thin band.
        level = _weighted_median(height[low], area[low])
        flat = alike & (np.abs(height - level) < tolerance * _THICKNESS * size)
        center = np.average(middle[flat], axis=0, weights=area[flat])
        offset = (middle[flat] - center) * np.sqrt(area[flat])[:, None]
        fitted = np.linalg.svd(offset.T @ offset)[0][:, 2]
        n = fitted if fitted @ n > 0 else -fitted
    flat = (np.abs((middle - center) @ n) < _THICKNESS * size) & (np.abs(normal @ n) > _ALIKE)
    below = area[(middle - center) @ n < -2 * _THICKNESS * size].sum()
    enough = area[flat].sum() >= _LEAST_SHARE * area.sum()
    return (n, flat) if enough and below <= _MOST_BELOW * area.sum() else None


def _is_floor(
    vertices: np.ndarray, faces: np.ndarray, n: np.ndarray, flat: np.ndarray, border: np.ndarray, size: float
) -> bool:
    """Whether a sheet is one layer, with the end of the scan all around it."""
    side = np.linalg.svd(n[None])[2][1:]
    points, _ = points_on(Surface("", vertices, faces[flat]))
    on_plane = points @ side.T
    low, high = on_plane.min(0), on_plane.max(0)
    cell = (high - low).max() / _CELLS
    filled = len(np.unique(((on_plane - low) / cell).astype(int), axis=0)) * cell**2
    area = face_areas(vertices, faces[flat]).sum()
    if area > _MOST_LAYERS * filled:
        return False
    try:
        hull = on_plane[ConvexHull(on_plane).vertices]
    except QhullError:
        return False
    steps = np.linspace(0, 1, 32, endpoint=False)[:, None, None]
    outline = (hull + steps * (np.roll(hull, -1, axis=0) - hull)).reshape(-1, 2)
    length = np.tile(np.linalg.norm(np.roll(hull, -1, axis=0) - hull, axis=1), 32)
    level = points.mean(0) @ n
    near = border[np.abs(border @ n - level) < 4 * _THICKNESS * size] @ side.T
    if len(near) == 0:
        return False
    distance, _ = KDTree(near).query(outline)
    return bool(length[distance < _RIM_REACH * size].sum() >= _LEAST_RIM * length.sum())


def _weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])
