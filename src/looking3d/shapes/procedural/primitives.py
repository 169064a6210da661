"""Closed meshes that furniture is made of: slabs, cushions, posts, bars, wheels.

All of them are lofts: a stack of rings of equally many points, joined by quads. Every mesh returned
here is closed, has no coincident vertices and is wound outwards.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from looking3d.shapes.procedural.outlines import inset, rectangle

Vector = Sequence[float] | np.ndarray


class Mesh(NamedTuple):
    """A closed triangle mesh: (n, 3) float64 vertices and (m, 3) int64 faces, wound outwards."""

    vertices: np.ndarray
    faces: np.ndarray

    def mapped(self, deform: Callable[[np.ndarray], np.ndarray]) -> Mesh:
        """The mesh with its vertices taken through `deform`, (n, 3) -> (n, 3), which may mirror them."""
        return _outwards(deform(self.vertices), self.faces)

    def moved(self, offset: Vector) -> Mesh:
        """The mesh shifted by a (3,) offset."""
        return Mesh(self.vertices + np.asarray(offset), self.faces)

    def mirrored(self) -> Mesh:
        """The mesh with left and right exchanged (x negated)."""
        return Mesh(self.vertices * np.array([-1.0, 1.0, 1.0]), self.faces[:, ::-1])


def signed_volume(vertices: np.ndarray, faces: np.ndarray) -> float:
    """Volume of a closed mesh; negative where its faces are wound inwards."""
    a, b, c = (vertices - vertices[0])[faces].transpose(1, 0, 2)
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


def _outwards(vertices: np.ndarray, faces: np.ndarray) -> Mesh:
    return Mesh(vertices, faces if signed_volume(vertices, faces) > 0 else faces[:, ::-1])


def loft(rings: np.ndarray, closed: bool = False) -> Mesh:
    """Join a stack of rings.

    Args:
        rings: (r, k, 3); point j of a ring is joined to point j of the next.
        closed: Join the last ring to the first, as in a torus; otherwise both ends are capped by a
            fan around the ring's mean.
    """
    r, k, _ = rings.shape
    index = np.arange(r * k).reshape(r, k)
    lower, upper = (index, np.roll(index, -1, 0)) if closed else (index[:-1], index[1:])
    a, b = lower, np.roll(lower, -1, 1)
    c, d = np.roll(upper, -1, 1), upper
    faces = [np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)]
    vertices = rings.reshape(-1, 3)
    if not closed:
        first, last = index[0], index[-1]
        faces.append(np.stack([np.roll(first, -1), first, np.full(k, r * k)], -1))
        faces.append(np.stack([last, np.roll(last, -1), np.full(k, r * k + 1)], -1))
        vertices = np.concatenate([vertices, rings[:1].mean(1), rings[-1:].mean(1)])
    return _outwards(vertices, np.concatenate(faces))


def slab(
    outline: np.ndarray,
    thickness: float,
    bevel: float = 0.003,
    bevel_steps: int = 1,
    crown: float = 0.0,
    crown_below: float = 0.0,
    inner_rings: int = 0,
) -> Mesh:
    """A plate with rounded edges; with a crown, a cushion.

    Args:
        outline: (k, 2), star-shaped about its mean.
        thickness: Along the third axis, from 0 up.
        bevel: Radius of the edges; at most half of the thickness, and less than the outline's corners.
        bevel_steps: Segments of an edge; 1 is a chamfer.
        crown, crown_below: How far the middle of the upper and lower face bulges.
        inner_rings: Rings inside the two faces, for slabs that are bent afterwards or have a crown.

    Returns:
        Vertices (outline's first axis, outline's second axis, height).
    """
    bevel = min(bevel, 0.499 * thickness)
    turn = np.linspace(0, math.pi / 2, bevel_steps + 1)
    edge_inset = bevel * (1 - np.cos(turn))
    edge_height = thickness - bevel + bevel * np.sin(turn)
    rings = _lifted(inset(outline, edge_inset), edge_height)
    face = rings[-1]
    center = face[:, :2].mean(0)
    scale = 1 - np.arange(1, inner_rings + 1) / (inner_rings + 1)
    inner = center + (face[:, :2] - center) * scale[:, None, None]
    upper = np.concatenate([rings, _lifted(inner, np.full(inner_rings, thickness))])
    lower = upper * [1, 1, -1] + [0, 0, thickness]
    mesh = loft(np.concatenate([lower[::-1], upper]))
    # A bulge by the distance from the rim would crease along the diagonals; a product of parabolas does not.
    across = (mesh.vertices[:, :2] - center) / np.abs(face[:, :2] - center).max(0)
    bulge = np.prod(np.clip(1 - across**2, 0, None), axis=1)
    height = mesh.vertices[:, 2]
    height += np.where(height > thickness - 1e-9, crown, np.where(height < 1e-9, -crown_below, 0.0)) * bulge
    return mesh


def _lifted(outlines: np.ndarray, heights: np.ndarray) -> np.ndarray:
    heights = np.broadcast_to(heights[:, None, None], (*outlines.shape[:2], 1))
    return np.concatenate([outlines, heights], -1)


def plate(
    half: np.ndarray,
    height: np.ndarray,
    thickness: float,
    edge: float,
    edge_steps: int = 1,
    crown: float = 0.0,
    columns: int = 13,
) -> Mesh:
    """A symmetric upright plate of rows and columns, which bends more evenly than a `slab`.

    Args:
        half: (m,) half widths of the rows.
        height: (m,) heights of the rows, rising.
        thickness: Along the third axis, about 0.
        edge: Radius of the edges; at most half of the thickness, and less than the outline's corners.
        edge_steps: Segments of an edge; 1 is a chamfer.
        crown: How far the middle of the front (the third axis' positive side) bulges.
        columns: Vertices along a row.

    Returns:
        Vertices (width, height, thickness).
    """
    edge = min(edge, 0.499 * thickness)
    turn = np.linspace(0, math.pi / 2, edge_steps + 1)
    distance, depth = edge * (1 - np.sin(turn)), 0.5 * thickness - edge * (1 - np.cos(turn))
    distance, depth = np.append(distance, distance[::-1]), np.append(depth, -depth[::-1])
    outline = np.concatenate([np.stack([half, height], 1), np.stack([-half, height], 1)[::-1]])
    loops = inset(outline, distance)
    right, left = loops[:, : len(half), None], loops[:, : len(half) - 1 : -1, None]
    layers = lerp_rows(left, right, columns)
    layers = np.concatenate([layers, np.broadcast_to(depth[:, None, None, None], (*layers.shape[:3], 1))], -1)
    face = layers[0, ..., :2]
    low, high = face.min((0, 1)), face.max((0, 1))
    across = (2 * face - low - high) / (high - low)
    layers[0, ..., 2] += crown * np.prod(1 - across**2, axis=-1)
    return _joined_layers(layers)


def lerp_rows(left: np.ndarray, right: np.ndarray, columns: int) -> np.ndarray:
    """Points in equal steps from `left` to `right`, (..., 1, d) each; (..., columns, d)."""
    return left + (right - left) * np.linspace(0, 1, columns)[:, None]


def _joined_layers(layers: np.ndarray) -> Mesh:
    """Close (k, m, n, 3) layers: the faces of the first and the last, and the rims of all."""
    k, m, n, _ = layers.shape
    index = np.arange(m * n).reshape(m, n)
    rim = np.concatenate([index[0, :-1], index[:-1, -1], index[-1, :0:-1], index[:0:-1, 0]])
    cells = np.stack([index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]], -1).reshape(-1, 4)
    # Layers between the first and the last keep their rims only.
    rims = [rim, *(2 * m * n + i * len(rim) + np.arange(len(rim)) for i in range(k - 2)), rim + m * n]
    quads = [cells, cells[:, ::-1] + m * n]
    for a, b in itertools.pairwise(rims):
        quads.append(np.stack([np.roll(a, -1), a, b, np.roll(b, -1)], -1))
    quads = np.concatenate(quads)
    faces = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    flat_layers = layers.reshape(k, -1, 3)
    vertices = np.concatenate([flat_layers[0], flat_layers[-1], flat_layers[1:-1, rim].reshape(-1, 3)])
    return _outwards(vertices, faces)


def flat(mesh: Mesh, y: float) -> Mesh:
    """A slab laid down: its outline in x and z, its underside at height `y`."""
    return mesh.mapped(lambda p: np.stack([p[:, 0], p[:, 2] + y, p[:, 1]], 1))


def box(low: Vector, high: Vector, bevel: float = 0.003) -> Mesh:
    """An axis-aligned box between two corners, its edges bevelled."""
    low, high = np.asarray(low, float), np.asarray(high, float)
    width, height, depth = high - low
    plate = slab(rectangle(width, depth, bevel, steps=1), height, bevel)
    return flat(plate, 0.0).moved([(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2])


def post(path: np.ndarray, section: np.ndarray, scale: np.ndarray | float = 1.0) -> Mesh:
    """A rather upright bar with level sections, so that it stands flat on the floor.

    Args:
        path: (n, 3), rising.
        section: (k, 2) in x and z.
        scale: (n,) factors of the section along the path; a turned leg is a round section and many of them.
    """
    path = np.asarray(path, float)
    scales = np.broadcast_to(scale, len(path))
    rings = np.repeat(path[:, None], len(section), 1)
    rings[..., [0, 2]] += section * scales[:, None, None]
    return loft(rings)


def sweep(
    path: np.ndarray,
    section: np.ndarray,
    normal: Vector,
    scale: np.ndarray | float = 1.0,
    closed: bool = False,
    bevel: float = 0.0,
) -> Mesh:
    """A bar along a curve, its sections square to it.

    Args:
        path: (n, 3), without sharp corners (see `filleted`).
        section: (k, 2); its first axis lies in the curve's plane, its second along `normal`.
        normal: (3,) normal of the plane that the curve roughly lies in; nowhere along the curve.
        scale: (n,) factors of the section along the path.
        closed: The curve is a loop.
        bevel: Chamfer of the two ends.
    """
    path = np.asarray(path, float)
    scales = np.broadcast_to(scale, len(path)).astype(float)
    if bevel > 0 and not closed:
        path, scales = _bevelled_ends(path, scales, bevel, float(np.abs(section).max()))
    if closed:
        tangent = np.roll(path, -1, 0) - np.roll(path, 1, 0)
    else:
        tangent = np.concatenate([path[1:2] - path[:1], path[2:] - path[:-2], path[-1:] - path[-2:-1]])
    side = np.cross(np.asarray(normal, float), tangent)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    up = np.cross(tangent, side)
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    offset = section[None, :, :1] * side[:, None] + section[None, :, 1:] * up[:, None]
    return loft(path[:, None] + offset * scales[:, None, None], closed)


def _bevelled_ends(
    path: np.ndarray, scale: np.ndarray, bevel: float, radius: float
) -> tuple[np.ndarray, np.ndarray]:
    """The path and its scales with a point added near each end, and the ends themselves made smaller."""
    ahead = (path[1] - path[0]) / np.linalg.norm(path[1] - path[0])
    behind = (path[-2] - path[-1]) / np.linalg.norm(path[-2] - path[-1])
    ends = path[0] + ahead * bevel, path[-1] + behind * bevel
    small = max(0.3, 1 - bevel / radius)
    path = np.concatenate([path[:1], ends[0][None], path[1:-1], ends[1][None], path[-1:]])
    scale = np.concatenate([[scale[0] * small], scale[:1], scale[1:-1], scale[-1:], [scale[-1] * small]])
    return path, scale


def bar(a: Vector, b: Vector, section: np.ndarray, up: Vector = (0.0, 1.0, 0.0), bevel: float = 0.0) -> Mesh:
    """A straight bar; the second axis of its section points along `up`, which it does not run along."""
    return sweep(np.array([a, b], float), section, up, bevel=bevel)


def filleted(points: np.ndarray, radius: float, steps: int = 6) -> np.ndarray:
    """A polyline with its inner corners turned into arcs; (n, 3) -> (n', 3)."""
    points = np.asarray(points, float)
    out = [points[:1]]
    for before, corner, after in zip(points[:-2], points[1:-1], points[2:], strict=True):
        to_before, to_after = before - corner, after - corner
        lengths = np.linalg.norm(to_before), np.linalg.norm(to_after)
        to_before, to_after = to_before / lengths[0], to_after / lengths[1]
        half_angle = math.acos(float(np.clip(to_before @ to_after, -1, 1))) / 2
        if half_angle > 0.498 * math.pi:
            out.append(corner[None])
            continue
        setback = min(radius / math.tan(half_angle), 0.45 * min(lengths))
        center = corner + (to_before + to_after) * setback / (2 * math.cos(half_angle) ** 2)
        turn = math.pi - 2 * half_angle
        t = np.linspace(0, 1, steps + 1)[:, None]
        start, end = corner + to_before * setback - center, corner + to_after * setback - center
        out.append(center + (np.sin((1 - t) * turn) * start + np.sin(t * turn) * end) / math.sin(turn))
    return np.concatenate([*out, points[-1:]])


def ring(center: Vector, radius: float, section: np.ndarray, count: int = 32) -> Mesh:
    """A level ring, such as a stool's foot ring."""
    angle = 2 * math.pi * np.arange(count) / count
    path = np.stack([radius * np.cos(angle), np.zeros(count), radius * np.sin(angle)], 1)
    return sweep(path + np.asarray(center, float), section, (0.0, 1.0, 0.0), closed=True)


def wheel(center: Vector, radius: float, width: float, yaw_rad: float, count: int = 18) -> Mesh:
    """A wheel with a rounded tread, standing upright; at yaw 0 its axle is along x."""
    x = np.array([-0.5, -0.42, -0.2, 0.2, 0.42, 0.5]) * width
    scale = np.array([0.72, 0.92, 1.0, 1.0, 0.92, 0.72])
    angle = 2 * math.pi * np.arange(count) / count
    around = np.stack([np.zeros(count), np.cos(angle), np.sin(angle)], 1) * radius
    rings = around * scale[:, None, None]
    rings[..., 0] = x[:, None]
    cos, sin = math.cos(yaw_rad), math.sin(yaw_rad)
    turn = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
    return loft(rings @ turn.T + np.asarray(center, float))
