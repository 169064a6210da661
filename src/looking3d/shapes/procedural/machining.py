"""What a machine shop makes: turned and extruded pieces in any direction, bores, slots, trimmed plates."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from manifold3d import triangulate

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.primitives import Mesh, Vector
from looking3d.shapes.procedural.turning import common, revolved

UP, RIGHT, FRONT = np.eye(3)[[1, 0, 2]]
"""Unit vectors along y, x and z."""

SUNK = 2e-4
"""How far pieces that rest on one another overlap, in metres; coplanar faces would flicker."""


def placed(mesh: Mesh, at: Vector, axis: Vector = UP, spin_rad: float = 0.0) -> Mesh:
    """A mesh made about the y axis, turned so that its y axis points along `axis`, and moved to `at`.

    Args:
        mesh: What to place.
        at: (3,) where its origin comes to lie.
        axis: (3,) of any length.
        spin_rad: Turn about its own axis beforehand.
    """
    frame = _frame(axis)
    if spin_rad:
        cos, sin = math.cos(spin_rad), math.sin(spin_rad)
        frame = np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]]) @ frame
    return Mesh(mesh.vertices @ frame + np.asarray(at, float), mesh.faces)


def placed_points(points: np.ndarray, at: Vector, axis: Vector) -> np.ndarray:
    """(n, 3) points given about the y axis, placed as a mesh is."""
    return points @ _frame(axis) + np.asarray(at, float)


def _frame(axis: Vector) -> np.ndarray:
    """(3, 3) rotation whose rows are where the x, y and z axis of a placed mesh point."""
    y = np.asarray(axis, float) / np.linalg.norm(axis)
    # What lies level stays level: the mesh's x axis is kept in the ground plane
    x = RIGHT if abs(y[1]) > 0.999 else np.array([y[2], 0.0, -y[0]])
    x = x - y * (x @ y)
    x = x / np.linalg.norm(x)
    z = [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]]
    return np.array([x, y, z])


def turned(
    profile: Sequence[tuple[float, float]] | np.ndarray,
    at: Vector = (0.0, 0.0, 0.0),
    axis: Vector = UP,
    count: int = 32,
) -> Mesh:
    """A solid of revolution of (radius, height along the axis) rows."""
    return placed(revolved(np.asarray(profile, float), count), at, axis)


def rod(a: Vector, b: Vector, radius: float, chamfer: float = 0.0, count: int = 28) -> Mesh:
    """A round bar from one point to another, its ends chamfered."""
    axis = np.asarray(b, float) - np.asarray(a, float)
    length = float(np.linalg.norm(axis))
    rows = [(radius, 0.0), (radius, length)]
    if chamfer > 0:
        rows = [
            (radius - chamfer, 0.0),
            (radius, chamfer),
            (radius, length - chamfer),
            (radius - chamfer, length),
        ]
    return turned(rows, a, axis, count)


def tube(a: Vector, b: Vector, outer: float, inner: float, count: int = 32) -> Mesh:
    """A round tube from one point to another."""
    axis = np.asarray(b, float) - np.asarray(a, float)
    length = float(np.linalg.norm(axis))
    loop = np.array([(outer, 0.0), (outer, length), (inner, length), (inner, 0.0)])
    return placed(revolved(loop, count, closed=True), a, axis)


def hole(at: Vector, axis: Vector, radius: float, reach: float, count: int = 20) -> Mesh:
    """What a drill takes away: a rod that reaches as far to both sides of a point."""
    step = np.asarray(axis, float) / np.linalg.norm(axis) * reach
    return rod(np.asarray(at, float) - step, np.asarray(at, float) + step, radius, count=count)


def slot(at: Vector, axis: Vector, along: Vector, radius: float, length: float, reach: float) -> Mesh:
    """What a mill takes away: a hole that is stretched by `length` along a direction."""
    half = outlines.circle(radius, count=16)
    stadium = half + np.where(half[:, :1] > 0, 0.5, -0.5) * [length, 0.0]
    z = np.asarray(axis, float) / np.linalg.norm(axis)
    x = np.asarray(along, float) / np.linalg.norm(along)
    frame = np.stack([x, np.cross(z, x), z])
    return extruded(stadium, -reach, reach).mapped(lambda p: p @ frame + np.asarray(at, float))


def extruded(
    outline: np.ndarray, low: float, high: float, across: str = "z", holes: Sequence[np.ndarray] = ()
) -> Mesh:
    """A prism of any outline, which may have corners that point inwards.

    Args:
        outline: (k, 2), counter-clockwise: x and y; across `y`, x and z; across `x`, z and y.
        low, high: Where it begins and ends on the axis that it is extruded along.
        across: That axis.
        holes: (h, 2) outlines within it, counter-clockwise, that are left out.
    """
    loops = [np.asarray(outline, float), *(hole[::-1] for hole in holes)]
    caps = np.asarray(triangulate(loops, allow_convex=False), np.int64)
    count = sum(map(len, loops))
    starts = np.cumsum([0, *map(len, loops)])
    a = np.arange(count)
    b = np.concatenate([np.roll(a[i:j], -1) for i, j in itertools.pairwise(starts)])
    walls = np.concatenate([np.stack([a, b, b + count], 1), np.stack([a, b + count, a + count], 1)])
    flat = np.concatenate(loops)
    rows = np.concatenate([np.insert(flat, 2, level, axis=1) for level in (low, high)])
    faces = np.concatenate([caps[:, ::-1], caps + count, walls])
    # Two axes exchanged mirror the mesh
    order = {"x": [2, 1, 0], "y": [0, 2, 1], "z": [0, 1, 2]}[across]
    return Mesh(rows[:, order], faces if (across == "z") == (high > low) else faces[:, ::-1])


def trimmed(mesh: Mesh, plan: np.ndarray | None = None, front: np.ndarray | None = None) -> Mesh:
    """A mesh less what sticks out of an outline seen from above (x, z), or from the front (x, y)."""
    far = 2 * float(np.abs(mesh.vertices).max())
    prisms = [extruded(o, -far, far, a) for o, a in ((plan, "y"), (front, "z")) if o is not None]
    return common([mesh, *prisms]) if prisms else mesh


def floor_plate(
    width: float, depth: float, thickness: float, corner: float, at: tuple[float, float] = (0.0, 0.0)
) -> Mesh:
    """A level plate on the ground with chamfered edges, about (x, z)."""
    edge = min(0.12 * thickness, 0.3 * corner)
    outline = outlines.rectangle(width, depth, corner, 4)
    return prim.flat(prim.slab(outline, thickness, edge), 0.0).moved([at[0], 0.0, at[1]])


def around(count: int, radius: float, at: Vector, axis: Vector, phase: float = 0.5) -> np.ndarray:
    """(count, 3) points evenly on a circle about an axis; at phase 0.5 two straddle the top."""
    angle = 2 * math.pi * (np.arange(count) + phase) / count
    points = radius * np.stack([np.sin(angle), np.zeros(count), np.cos(angle)], 1)
    return placed_points(points, at, axis)


def disc_outlines(points: np.ndarray, radius: float, count: int = 14) -> list[np.ndarray]:
    """(count, 2) circles about the x and z of points: holes of a plate that is extruded across `y`."""
    return [point[[0, 2]] + outlines.circle(radius, count=count) for point in points]


def grid(xs: Sequence[float], ys: Sequence[float]) -> list[tuple[float, float]]:
    """Every pair of one of `xs` and one of `ys`."""
    return [(x, y) for x in xs for y in ys]
