"""A piece of a part is broken off (paper 3.1, kind 3)."""

from collections.abc import Sequence

import numpy as np
import trimesh
from manifold3d import Error, Manifold, Mesh
from scipy.spatial.transform import Rotation

from looking3d.anomalies.base import AnomalousShape, AnomalyImpossible, diagonal, replace_part
from looking3d.shapes.part_shape import Part, PartShape
from looking3d.shapes.surface import face_areas

TOOL_SIZE = (0.3, 0.8)
"""Bounds of the diameter of the subtracted sphere or box, in diagonals of the part."""

REMOVED = (0.05, 0.8)
"""Bounds of the share of the part that breaks off, by volume (by area where it is no solid)."""

_ATTEMPTS = 8
_MOST_FACES = 200_000
_TOOL_LIMITS = (0.05, 0.35)  # diameter of the tool in diagonals of the shape


def broken(
    shape: PartShape, part: Part, donors: Sequence[PartShape], generator: np.random.Generator
) -> AnomalousShape:
    """Subtract a random sphere or box from one part.

    Solids are cut by an exact Boolean operation and stay closed; the faces of the cut are marked as
    `Part.raw`. A part that is no solid (open or self-touching meshes, common in the wild) loses the
    triangles inside the sphere or box instead, and shows no new faces. Severity: the share that broke
    off.

    Raises:
        AnomalyImpossible: No cut of several removed a share within `REMOVED`.
    """
    solid = _to_manifold(part)
    size_limits = np.array(_TOOL_LIMITS) * diagonal(shape)
    corners = part.vertices[part.faces]
    areas = face_areas(part.vertices, part.faces)
    for _ in range(_ATTEMPTS):
        size = np.clip(generator.uniform(*TOOL_SIZE) * diagonal(part), *size_limits)
        tool = _draw_tool(corners, areas, size, generator)
        after, removed = _cut_surface(part, tool) if solid is None else _cut_solid(part, solid, tool)
        if after is not None and REMOVED[0] <= removed <= REMOVED[1]:
            return AnomalousShape("broken", replace_part(shape, part, after), part, after, removed)
    raise AnomalyImpossible("no cut removed a fitting share")


def _draw_tool(
    corners: np.ndarray, areas: np.ndarray, size: float, generator: np.random.Generator
) -> Manifold:
    """A sphere or a box of that diameter, centred on the surface, turned at random."""
    face = np.searchsorted(np.cumsum(areas), generator.uniform(0, areas.sum()))
    center = generator.dirichlet(np.ones(3)) @ corners[min(face, len(corners) - 1)]
    if generator.random() < 0.5:
        tool = Manifold.sphere(size / 2, 24)
    else:
        tool = Manifold.cube(tuple(size * generator.uniform(0.5, 1.0, 3)), True)
    pose = np.column_stack([Rotation.from_quat(generator.standard_normal(4)).as_matrix(), center])
    # An original, so that the faces it leaves are known by its id
    return tool.transform(pose).as_original()


def _to_manifold(part: Part) -> Manifold | None:
    """The part as a solid, or None if its mesh bounds none."""
    mesh = trimesh.Trimesh(part.vertices, part.faces, process=True)
    solid = Manifold(Mesh(mesh.vertices.astype(np.float32), mesh.faces.astype(np.uint32)))
    return solid if solid.status() == Error.NoError and solid.volume() > 0 else None


def _cut_solid(part: Part, solid: Manifold, tool: Manifold) -> tuple[Part | None, float]:
    rest = solid - tool
    removed = 1 - rest.volume() / solid.volume()
    if rest.is_empty():
        return None, 1.0
    mesh = rest.to_mesh()
    # Each run of faces knows the body that it comes from
    counts = np.diff(np.asarray(mesh.run_index)) // 3
    raw = np.repeat(np.asarray(mesh.run_original_id) == tool.original_id(), counts)
    return Part(part.id, part.label, mesh.vert_properties[:, :3], mesh.tri_verts, raw), removed


def _cut_surface(part: Part, tool: Manifold) -> tuple[Part | None, float]:
    """Without the triangles whose middle lies in the tool's convex body, after refining them."""
    edge = max((tool.volume() ** (1 / 3)) / 10, diagonal(part) / 150)
    vertices, faces = _refined(part, edge)
    mesh = tool.to_mesh()
    triangles = mesh.vert_properties[:, :3][mesh.tri_verts].astype(np.float64)
    normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    offsets = np.einsum("ij,ij->i", normals, triangles[:, 0])
    inside = ((vertices[faces].mean(1) @ normals.T) <= offsets).all(1)
    areas = face_areas(vertices, faces)
    removed = float(areas[inside].sum() / areas.sum())
    if inside.all():
        return None, 1.0
    used, kept = np.unique(faces[~inside], return_inverse=True)
    return Part(part.id, part.label, vertices[used], kept.reshape(-1, 3)), removed


def _refined(part: Part, edge: float) -> tuple[np.ndarray, np.ndarray]:
    """The part's mesh with its long triangles split until edges are that short, or it has many faces."""
    corners = part.vertices[part.faces]
    longest = np.linalg.norm(np.roll(corners, 1, axis=1) - corners, axis=2).max(1)
    # Each halving of a triangle's edges makes four of it; needles would make millions
    while edge < longest.max():
        halvings = np.ceil(np.log2(np.maximum(longest / edge, 1)))
        if (4.0**halvings).sum() <= _MOST_FACES:
            break
        edge *= 1.5
    return trimesh.remesh.subdivide_to_size(part.vertices, part.faces, edge, max_iter=16)[:2]
