"""Closed outlines in the plane, (k, 2) and counter-clockwise: what slabs are cut to, and sections of bars."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def circle(radius_x: float, radius_y: float | None = None, count: int = 14, power: float = 2.0) -> np.ndarray:
    """A circle, an ellipse, or with `power` above 2 a superellipse; (count, 2)."""
    angle = 2 * math.pi * (np.arange(count) + 0.5) / count
    unit = np.stack([np.cos(angle), np.sin(angle)], 1)
    unit = np.sign(unit) * np.abs(unit) ** (2 / power)
    return unit * [radius_x, radius_x if radius_y is None else radius_y]


def rounded(corners: np.ndarray, radii: float | Sequence[float], steps: int = 3) -> np.ndarray:
    """A polygon with its corners rounded; those that point inwards become fillets, straight ones go.

    Args:
        corners: (m, 2), counter-clockwise.
        radii: Of all corners, or of each; cut down where two would meet on an edge.
        steps: Segments of each round corner.

    Returns:
        (m * (steps + 1), 2).
    """
    corners = np.asarray(corners, float)
    bent = ~_straight(corners)
    radius_of = np.broadcast_to(radii, len(corners))
    if not bent.all():
        corners, radius_of = corners[bent], radius_of[bent]
    to_next = np.roll(corners, -1, 0) - corners
    length = np.linalg.norm(to_next, axis=1)
    ahead = to_next / length[:, None]
    behind = -np.roll(ahead, 1, 0)
    half_angle = np.arccos(np.clip(np.einsum("ij,ij->i", ahead, behind), -1, 1)) / 2
    room = 0.48 * np.minimum(length, np.roll(length, 1))
    setback = np.minimum(np.maximum(radius_of, 1e-3) / np.tan(half_angle), room)
    radius = setback * np.tan(half_angle)
    bisector = ahead + behind
    bisector /= np.linalg.norm(bisector, axis=1, keepdims=True)
    center = corners + bisector * (radius / np.sin(half_angle))[:, None]
    start = corners + behind * setback[:, None] - center
    inwards = behind[:, 0] * ahead[:, 1] - behind[:, 1] * ahead[:, 0] > 0
    turn = (np.where(inwards, -1.0, 1.0) * (math.pi - 2 * half_angle))[:, None] * np.linspace(0, 1, steps + 1)
    cos, sin = np.cos(turn), np.sin(turn)
    x = center[:, :1] + cos * start[:, :1] - sin * start[:, 1:]
    y = center[:, 1:] + sin * start[:, :1] + cos * start[:, 1:]
    return np.stack([x, y], -1).reshape(-1, 2)


def _straight(corners: np.ndarray) -> np.ndarray:
    """(m,) bool: the outline does not turn there."""
    ahead = np.roll(corners, -1, 0) - corners
    ahead = ahead / np.linalg.norm(ahead, axis=1, keepdims=True)
    behind = np.roll(ahead, 1, 0)
    return np.abs(ahead - behind).max(1) < 1e-9


def rectangle(width: float, height: float, radius: float = 0.0, steps: int = 2) -> np.ndarray:
    """A rectangle about the origin with rounded corners."""
    return trapezoid(width, width, -height / 2, height / 2, radius, steps)


def trapezoid(
    low_width: float,
    high_width: float,
    low: float,
    high: float,
    radii: float | Sequence[float] = 0.0,
    steps: int = 3,
) -> np.ndarray:
    """A symmetric trapezoid between y = low and y = high.

    Radii are of all corners, or of the low left, low right, high right and high left one.
    """
    a, b = low_width / 2, high_width / 2
    return rounded(np.array([[-a, low], [a, low], [b, high], [-b, high]]), radii, steps)


def densified(outline: np.ndarray, step: float) -> np.ndarray:
    """The outline with points added so that no edge is longer than `step`; what is to be bent needs them."""
    out = []
    for a, b in zip(outline, np.roll(outline, -1, 0), strict=True):
        pieces = max(1, math.ceil(float(np.hypot(*(b - a))) / step))
        out.append(a + (b - a) * (np.arange(pieces) / pieces)[:, None])
    return np.concatenate(out)


def inset(outline: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """The outline shrunk by each distance; (len(distances), k, 2)."""
    edge = np.roll(outline, -1, 0) - outline
    edge /= np.linalg.norm(edge, axis=1, keepdims=True)
    normal = np.stack([-edge[:, 1], edge[:, 0]], 1)
    miter = normal + np.roll(normal, 1, 0)
    miter /= np.maximum(np.einsum("ij,ij->i", miter, miter), 0.5)[:, None] / 2
    return outline + np.asarray(distances)[:, None, None] * miter
