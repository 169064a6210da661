"""Oriented boxes: the tightest box around points, however it is turned."""

from __future__ import annotations

import itertools
import weakref
from dataclasses import dataclass

import numpy as np

from looking3d.shapes.part_shape import Part

_FLAT = 1e-3
"""Sides shorter than this share of the longest count as this long, so that flat boxes have volumes."""

_TIGHTER = 0.93
"""A turned box is taken only if its volume is below this share of the straighter one's."""

_ENOUGH_POINTS = 200
_DIRECTIONS = 100


@dataclass(frozen=True, eq=False)
class OrientedBox:
    """A box in any pose.

    Attributes:
        center: (3,) float64.
        axes: (3, 3) float64, a rotation whose rows are the directions of the sides; row i is the one
            that leans least to world axis i.
        extent: (3,) float64 lengths of the sides; 0 where the points are flat.
    """

    center: np.ndarray
    axes: np.ndarray
    extent: np.ndarray


def _box_rotations() -> np.ndarray:
    """(24, 3, 3) float64: the rotations that take a cube to itself, the identity first."""
    found = []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            R = np.diag(signs) @ np.eye(3)[list(order)]
            if np.linalg.det(R) > 0:
                found.append(R)
    return np.array(found)


BOX_ROTATIONS = _box_rotations()
"""(24, 3, 3) float64: the rotations that take a cube to itself."""

_known: weakref.WeakKeyDictionary[Part, OrientedBox] = weakref.WeakKeyDictionary()


def box_of(part: Part) -> OrientedBox:
    """The oriented box of a part; found once for each part object."""
    box = _known.get(part)
    if box is None:
        box = _known[part] = oriented_box(part.vertices)
    return box


def oriented_box(points: np.ndarray) -> OrientedBox:
    """About the smallest box around points; always the same for the same points.

    The search starts from the world's axes and from the principal ones, and turns the box about one of
    its axes after the other while that makes it smaller. Where a turned box is hardly smaller, the
    straighter one is taken, and next the one along the principal axis, so round, square and tapered parts
    get the box that a person would draw.

    Args:
        points: (n, 3) float64, at least one.
    """
    points = np.asarray(points)
    few = _extreme(points)
    best = np.eye(3)
    # The last of them is the longest
    principal = np.linalg.eigh(np.cov(few.T) if len(few) > 1 else np.eye(3))[1].T
    for axes in (_turned(few, principal, (2,)), _turned(few, best), _turned(few, principal)):
        if _volume(few, axes) < _TIGHTER * _volume(few, best):
            best = axes
    if np.linalg.det(best) < 0:
        best = -best
    best = max((R @ best for R in BOX_ROTATIONS), key=lambda axes: round(float(np.trace(axes)), 9))
    along = points @ best.T
    low, high = along.min(0), along.max(0)
    return OrientedBox((low + high) / 2 @ best, best, high - low)


def _extreme(points: np.ndarray) -> np.ndarray:
    """(k, 3): all points, or of many those farthest out in a hundred directions."""
    if len(points) <= _ENOUGH_POINTS:
        return points
    # A Fibonacci spiral over half the sphere
    index = np.arange(_DIRECTIONS)
    z = (index + 0.5) / _DIRECTIONS
    turn = index * np.pi * (3 - np.sqrt(5))
    ring = np.sqrt(1 - z**2)
    directions = np.concatenate([np.stack([ring * np.cos(turn), ring * np.sin(turn), z], 1), np.eye(3)])
    found = set()
    for direction in directions:
        along = points @ direction
        found |= {int(along.argmin()), int(along.argmax())}
    return points[sorted(found)]


def _turned(points: np.ndarray, axes: np.ndarray, about: tuple[int, ...] = (0, 1, 2)) -> np.ndarray:
    """(3, 3): the axes, turned about some of them in turn while the box gets smaller."""
    coarse, fine = np.deg2rad(np.arange(0, 90, 3.0)), np.deg2rad(np.arange(-3, 3.05, 0.1))
    for _ in range(4):
        before = _volume(points, axes)
        for axis in about:
            for angles in (coarse, fine):
                axes = _best_turn(points, axes, axis, angles)
        if _volume(points, axes) > 0.999 * before:
            break
    return axes


def _best_turn(points: np.ndarray, axes: np.ndarray, axis: int, angles: np.ndarray) -> np.ndarray:
    """(3, 3): the axes, turned about one of them by that of the angles which makes the box smallest."""
    first, second = axes[(axis + 1) % 3], axes[(axis + 2) % 3]
    u, v = points @ first, points @ second
    c, s = np.cos(angles)[:, None], np.sin(angles)[:, None]
    floor = _FLAT * np.ptp(points @ axes.T, axis=0).max()
    areas = np.maximum(np.ptp(c * u + s * v, axis=1), floor) * np.maximum(
        np.ptp(c * v - s * u, axis=1), floor
    )
    angle = angles[areas.argmin()]
    turned = axes.copy()
    turned[(axis + 1) % 3] = np.cos(angle) * first + np.sin(angle) * second
    turned[(axis + 2) % 3] = np.cos(angle) * second - np.sin(angle) * first
    return turned if _volume(points, turned) < _volume(points, axes) else axes


def _volume(points: np.ndarray, axes: np.ndarray) -> float:
    extent = np.ptp(points @ axes.T, axis=0)
    return float(np.maximum(extent, _FLAT * extent.max()).prod())
