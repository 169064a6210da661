"""Smooth curves, and flat sheets that are bent along them: what shapes backs, seats and shells."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from looking3d.shapes.procedural.assembly import lerp

Place = Callable[[np.ndarray], np.ndarray]
"""Takes (n, 3) points of a flat sheet (u to the left, v up, w to the front) into the world."""


def reclined(y: float, z: float, angle_rad: float) -> Place:
    """The sheet that stands on the line at (y, z) and leans back by an angle."""
    sin, cos = math.sin(angle_rad), math.cos(angle_rad)

    def place(p: np.ndarray) -> np.ndarray:
        u, v, w = np.asarray(p, float).T
        return np.stack([u, y + v * cos + w * sin, z - v * sin + w * cos], 1)

    return place


def upright_side(x: float) -> Place:
    """The sheet of an arm on the left: its outline in (z, y), its thickness along x from `x` outwards."""

    def place(p: np.ndarray) -> np.ndarray:
        return np.stack([p[:, 2] + x, p[:, 1], p[:, 0]], 1)

    return place


def draped(curve: np.ndarray) -> Place:
    """The sheet that follows a side view: v along it in metres, w square to it, towards a sitter.

    Args:
        curve: (n, 2) z and y, smooth, from the front of a seat backwards and up.
    """
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    tangent = np.gradient(curve, along, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)

    def place(p: np.ndarray) -> np.ndarray:
        u, v, w = np.asarray(p, float).T
        z, y, tz, ty = (np.interp(v, along, axis) for axis in (*curve.T, *tangent.T))
        # What lies past the ends goes straight on
        past = v - np.clip(v, 0, along[-1])
        return np.stack([u, y + w * -tz + past * ty, z + w * ty + past * tz], 1)

    return place


def square_to(curve: np.ndarray, v: float) -> np.ndarray:
    """(3,) the direction square to a side view at v, towards a sitter."""
    ends = draped(curve)(np.array([[0.0, v, 0.0], [0.0, v, 1.0]]))
    return ends[1] - ends[0]


def curve_length(curve: np.ndarray) -> float:
    """Length of a polyline."""
    return float(np.linalg.norm(np.diff(curve, axis=0), axis=1).sum())


def resampled(path: np.ndarray, count: int, closed: bool = False) -> np.ndarray:
    """Points in equal steps along a polyline; (n, 3) -> (count, 3). A loop's last point is not its first."""
    if closed:
        path = np.concatenate([path, path[:1]])
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    at = np.linspace(0, along[-1], count + closed)[:count]
    return np.stack([np.interp(at, along, axis) for axis in path.T], 1)


def smooth(points: np.ndarray, count: int, between: tuple[int, int] = (0, -1)) -> np.ndarray:
    """A smooth curve through points, (n, d) -> (count, d): Catmull and Rom's, with chords as knots.

    Args:
        points: What it goes through.
        count: How many points of it to return.
        between: Of which points to begin and to end at; those outside only shape the curve.
    """
    points = np.asarray(points, float)
    knots = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    slope = np.gradient(points, knots, axis=0)
    at = np.linspace(knots[between[0]], knots[between[1]], count)
    i = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, len(points) - 2)
    span = (knots[i + 1] - knots[i])[:, None]
    t = (at - knots[i])[:, None] / span
    h = [2 * t**3 - 3 * t**2 + 1, t**3 - 2 * t**2 + t, 3 * t**2 - 2 * t**3, t**3 - t**2]
    return h[0] * points[i] + h[1] * span * slope[i] + h[2] * points[i + 1] + h[3] * span * slope[i + 1]


def closed_curve(points: np.ndarray, count: int) -> np.ndarray:
    """A smooth loop through points of the plane, (n, 2) counter-clockwise -> (count, 2) in equal steps."""
    n = len(points)
    around = smooth(np.concatenate([points[-2:], points, points[:3]]), 20 * n, (2, n + 2))
    return resampled(around[:-1], count, closed=True)


def panel_rows(
    low: float,
    high: float,
    halves: tuple[float, float],
    corners: tuple[float, float],
    count: int = 10,
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of a symmetric trapezoid with rounded corners.

    Args:
        low, high: Heights of its lower and upper edge.
        halves: Half widths there.
        corners: Radii of the lower and the upper corners.
        count: Rows, besides those of the corners.

    Returns:
        (m,) half widths and (m,) heights.
    """
    most = min(0.45 * (high - low), 0.8 * min(halves))
    lower, upper = (min(r, most) for r in corners)
    turn = np.linspace(0, math.pi / 2, 10 if max(corners) > 0.1 else 6)
    rise, drawn_in = 1 - np.cos(turn), 1 - np.sin(turn)
    between = np.linspace(low + lower, high - upper, count + 1)[1:-1]
    v = np.concatenate([low + lower * rise, between, (high - upper * rise)[::-1]])
    half = lerp(*halves, (v - low) / (high - low))
    return half - np.concatenate([lower * drawn_in, 0 * between, (upper * drawn_in)[::-1]]), v
