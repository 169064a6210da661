"""What a machine shop makes: turned and extruded pieces in any direction, bores, slots, trimmed plates."""

from __future__ import annotations

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
    y = np.asarray(axis, float) / np.linalg.norm(axis)
    # What lies level stays level: the mesh's x axis is kept in the ground plane
    x = RIGHT if abs(y[1]) > 0.999 else np.cross(UP, y)
    x = x / np.linalg.norm(x)
    x = x - y * (x @ y)
    frame = np.stack([x, y, np.cross(x, y)])
    cos, sin = math.cos(spin_rad), math.sin(spin_rad)
    spin = np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])
    return mesh.mapped(lambda p: p @ spin @ frame + np.asarray(at, float))


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


def extruded(outline: np.ndarray, low: float, high: float, across: str = "z") -> Mesh:
    """A prism of any outline, which may have corners that point inwards.

    Args:
        outline: (k, 2), counter-clockwise: x and y; across `y`, x and z; across `x`, z and y.
        low, high: Where it begins and ends on the axis that it is extruded along.
        across: That axis.
    """
    outline = np.asarray(outline, float)
    k = len(outline)
    caps = np.asarray(triangulate([outline], allow_convex=False), np.int64)
    a = np.arange(k)
    b = np.roll(a, -1)
    walls = np.concatenate([np.stack([a, b, b + k], 1), np.stack([a, b + k, a + k], 1)])
    rows = [np.insert(outline, 2, level, axis=1) for level in (low, high)]
    mesh = Mesh(np.concatenate(rows), np.concatenate([caps[:, ::-1], caps + k, walls]))
    order = {"x": [2, 1, 0], "y": [0, 2, 1], "z": [0, 1, 2]}[across]
    return mesh.mapped(lambda p: p[:, order])


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
    return placed(Mesh(points, np.zeros((0, 3), np.int64)), at, axis).vertices


def grid(xs: Sequence[float], ys: Sequence[float]) -> list[tuple[float, float]]:
    """Every pair of one of `xs` and one of `ys`."""
    return [(x, y) for x in xs for y in ys]
