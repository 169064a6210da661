"""Solids of revolution, profiled boards and united solids: turned legs, shades, table tops, racks of wire."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from manifold3d import Manifold, Mesh64, OpType

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import pick
from looking3d.shapes.procedural.primitives import Mesh

_TIP = 5e-4  # radius of what comes to a point, in metres; a loft's rings must not shrink to nothing


def revolved(
    profile: np.ndarray, count: int = 28, closed: bool = False, section: np.ndarray | None = None
) -> Mesh:
    """A solid of revolution about the y axis.

    Args:
        profile: (n, 2) radius and height along the outline; a radius of 0 becomes a small one.
        count: Vertices around.
        closed: The outline is a loop, as of a tube or a shade; otherwise both ends are capped.
        section: (k, 2) of about unit radius in x and z, in place of a circle.
    """
    if section is None:
        section = outlines.circle(1.0, count=count)
    profile = np.asarray(profile, float)
    rings = np.repeat(profile[:, None, [0, 1, 0]], len(section), 1)
    rings[..., [0, 2]] = np.maximum(rings[..., [0, 2]], _TIP) * section
    return prim.loft(rings, closed)


def shell(profile: np.ndarray, thickness: float, count: int = 28, section: np.ndarray | None = None) -> Mesh:
    """A thin wall of revolution, open above and below, such as a lampshade.

    Args:
        profile: (n, 2) radius and height of the outside, rising.
        thickness: Of the wall, measured level.
        count: Vertices around.
        section: As of `revolved`.
    """
    inside = profile[::-1] - [thickness, 0.0]
    return revolved(np.concatenate([profile, inside]), count, closed=True, section=section)


def bowl(profile: np.ndarray, thickness: float, count: int = 28) -> Mesh:
    """A thin wall of revolution that is closed at one end, such as a dome of metal.

    Args:
        profile: (n, 2) radius and height of the outside, from the rim to the closed end on the axis.
        thickness: Of the wall.
        count: Vertices around.
    """
    rise = math.copysign(thickness, profile[-1, 1] - profile[0, 1])
    inside = profile.copy()
    inside[:, 0] = np.maximum(inside[:, 0] - thickness, 0.3 * inside[:, 0])
    inside[1:, 1] -= rise * np.linspace(0, 1, len(profile))[1:]
    return revolved(np.concatenate([profile[::-1], inside]), count)


def ball(
    radius: float, center: Sequence[float] = (0.0, 0.0, 0.0), count: int = 20, squash: float = 1.0
) -> Mesh:
    """A sphere, or an ellipsoid whose height is `squash` times its width."""
    angle = np.linspace(-math.pi / 2, math.pi / 2, max(8, count // 2))
    profile = np.stack([radius * np.cos(angle), squash * radius * np.sin(angle)], 1)
    return revolved(profile, count).moved(center)


def disc(radius: float, low: float, high: float, edge: float, count: int = 36) -> Mesh:
    """A round plate between two heights, its upper edge rounded."""
    turn = np.linspace(0, math.pi / 2, 4)
    edge = min(edge, 0.95 * (high - low), 0.5 * radius)
    rim = np.stack([radius - edge + edge * np.cos(turn), high - edge + edge * np.sin(turn)], 1)
    return revolved(np.concatenate([[[radius - 0.15 * edge, low], [radius, low + 0.15 * edge]], rim]), count)


def facing(mesh: Mesh, axis: str) -> Mesh:
    """A mesh made about the y axis, turned to lie about `x` or `z`."""
    order = {"x": [1, 0, 2], "z": [0, 2, 1]}[axis]
    return mesh.mapped(lambda p: p[:, order])


def turned_profile(rng: np.random.Generator, elements: int, foot: float = 0.7) -> np.ndarray:
    """What a turner makes of a square of wood: beads, vases, coves and tapers above one another.

    Args:
        rng: Where chance comes from.
        elements: How many.
        foot: Radius at the foot; it is 1 at the top, which is the widest.

    Returns:
        (n, 2) radius factors and heights, which rise from 0 to 1.
    """
    lengths = rng.uniform(0.5, 1.6, elements)
    kinds = [pick(rng, {"vase": 2, "taper": 2, "bead": 1.5, "cove": 1.2}) for _ in range(elements)]
    lengths *= [{"vase": 2.2, "taper": 2.6, "bead": 0.4, "cove": 0.9}[kind] for kind in kinds]
    edges = np.concatenate([[0.0], np.cumsum(lengths)]) / lengths.sum()
    rows = [[foot, 0.0]]
    for kind, low, high in zip(kinds, edges[:-1], edges[1:]):
        s = np.linspace(0, 1, 8)
        neck, belly = rng.uniform(0.42, 0.65), rng.uniform(0.8, 1.0)
        if kind == "vase":
            peak = rng.uniform(0.35, 0.75)
            shape = neck + (belly - neck) * np.sin(math.pi * s ** (math.log(0.5) / math.log(peak))) ** 1.4
        elif kind == "taper":
            shape = neck + (belly - neck) * s ** rng.uniform(0.7, 1.4)
        elif kind == "bead":
            shape = neck + (belly - neck) * np.sqrt(np.clip(1 - (2 * s - 1) ** 2, 0, 1))
        else:
            shape = belly - (belly - neck) * np.sqrt(np.clip(1 - (2 * s - 1) ** 2, 0, 1))
        rows += np.stack([shape, low + (high - low) * (0.06 + 0.88 * s)], 1).tolist()
    return np.array([*rows, [1.0, 1.0]])


def profiled(outline: np.ndarray, profile: Sequence[tuple[float, float]]) -> Mesh:
    """A level board with a moulded edge.

    Args:
        outline: (k, 2) in x and z, star-shaped; its corners are sharp or rounder than any inset.
        profile: (inset, height) from the underside up.
    """
    inset, height = np.array(profile, float).T
    rings = outlines.inset(outline, inset)
    return prim.loft(np.insert(rings, 1, np.broadcast_to(height[:, None], rings.shape[:2]), axis=-1))


def panelled(
    width: float, height: float, thickness: float, rail: float, depth: float, raised: bool = False
) -> Mesh:
    """A frame around a sunk panel: a door, a drawer's front; laid flat, a tray.

    Args:
        width, height: Along x and y, about 0.
        thickness: Along z, from 0 to the front.
        rail: Width of the frame.
        depth: How deep the panel lies below the frame's front.
        raised: The middle of the panel comes forward again.
    """
    bevel = min(0.002, 0.2 * thickness)
    low = thickness - depth
    rows = [(0, 0), (0, thickness - bevel), (bevel, thickness), (rail, thickness), (rail + 0.15 * depth, low)]
    if raised:
        rows += [(1.35 * rail, low), (1.8 * rail, thickness - 0.25 * depth)]
    # A sharp corner has one point, so that it can be inset as far as the rail is wide
    corners = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    return profiled(corners, rows).mapped(lambda p: p[:, [0, 2, 1]])


def united(meshes: Sequence[Mesh]) -> Mesh:
    """One closed mesh of the union of closed meshes, which overlap."""
    return _of_manifold(Manifold.batch_boolean([_to_manifold(mesh) for mesh in meshes], OpType.Add))


def cut(mesh: Mesh, tools: Sequence[Mesh]) -> Mesh:
    """A closed mesh less others."""
    return _of_manifold(
        Manifold.batch_boolean([_to_manifold(mesh), *(_to_manifold(tool) for tool in tools)], OpType.Subtract)
    )


def carved(meshes: Sequence[Mesh], tools: Sequence[Mesh]) -> Mesh:
    """One closed mesh of the union of closed meshes, less others."""
    whole = Manifold.batch_boolean([_to_manifold(mesh) for mesh in meshes], OpType.Add)
    return _of_manifold(
        Manifold.batch_boolean([whole, *(_to_manifold(tool) for tool in tools)], OpType.Subtract)
    )


def common(meshes: Sequence[Mesh]) -> Mesh:
    """One closed mesh of what closed meshes have in common."""
    return _of_manifold(Manifold.batch_boolean([_to_manifold(mesh) for mesh in meshes], OpType.Intersect))


def _to_manifold(mesh: Mesh) -> Manifold:
    solid = Manifold(Mesh64(mesh.vertices, mesh.faces.astype(np.uint64)))
    assert not solid.is_empty(), "not a closed mesh"
    return solid


def _of_manifold(solid: Manifold) -> Mesh:
    mesh = solid.to_mesh64()
    return Mesh(np.array(mesh.vert_properties[:, :3], float), np.array(mesh.tri_verts, np.int64))
