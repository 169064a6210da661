"""`Surface`: a named triangle mesh as a file holds it; cleaning it, and splitting it into components."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from looking3d.errors import ShapeError
from looking3d.shapes.topology import components

SMALLEST_COMPONENT = 0.002
"""A component with less than this share of the whole area is joined to its nearest neighbour. Below it
a part covers less than an 8 x 8 px patch at 256 px."""

_MERGE_CELLS = 2**21 - 1
"""Vertices in one cell of a grid of this many cells along the longest side are one vertex. 5e-7 of the
size, a few roundings of float32; three such numbers fill one int64 key."""

_LARGEST = 1e30
_NO_AREA = 1e-14
_SAMPLES = 20_000


@dataclass(frozen=True, eq=False)
class Surface:
    """A triangle mesh with a name, not yet a part.

    Attributes:
        name: What the file calls it; may be empty, may occur twice.
        vertices: (n, 3) float64.
        faces: (m, 3) int64.
        label: Semantic path where the file states one, else empty.
        as_is: We wrote it ourselves: it is neither cleaned nor split.
    """

    name: str
    vertices: np.ndarray
    faces: np.ndarray
    label: str = ""
    as_is: bool = False


def concatenated(name: str, surfaces: Sequence[Surface]) -> Surface:
    """Several surfaces as one."""
    offsets = np.cumsum([0] + [len(s.vertices) for s in surfaces[:-1]])
    vertices = np.concatenate([s.vertices for s in surfaces])
    faces = np.concatenate([s.faces + offset for s, offset in zip(surfaces, offsets, strict=True)])
    return Surface(name, vertices, faces)


def check_indices(faces: np.ndarray, count: int, where: str) -> None:
    """Raise a ShapeError if a face names a vertex outside of 0 .. count - 1."""
    if faces.size and (faces.min() < 0 or faces.max() >= count):
        bad = int(faces.min()) if faces.min() < 0 else int(faces.max())
        raise ShapeError(
            f"{where}: a face names vertex {bad}, counted from 0, but there are {count}; "
            "the file is damaged, export it again"
        )


def cleaned(surface: Surface, where: str) -> Surface | None:
    """The surface without what cannot be seen.

    Vertices at one position are merged (files split them along seams of normals and texture), faces
    without area and vertices without faces are dropped. The order of faces and vertices stays.

    Args:
        surface: What a file holds.
        where: Its file's name, for errors.

    Returns:
        The clean surface, or None if no face has an area.

    Raises:
        ShapeError: A face names a vertex that is not there, or a vertex is not finite.
    """
    check_indices(surface.faces, len(surface.vertices), where)
    vertices, faces = _referenced(surface.vertices, surface.faces)
    usable = (np.abs(vertices) < _LARGEST).all(1)
    if not usable.all():
        raise ShapeError(
            f"{where}: {int((~usable).sum())} of {len(vertices)} vertices are NaN or infinite; "
            "repair the mesh and export it again"
        )
    if len(faces) == 0 or surface.as_is:
        return surface if len(faces) else None
    faces = _merged_by_position(vertices)[faces]
    size = np.ptp(vertices, axis=0).max()
    repeated = (faces == np.roll(faces, 1, axis=1)).any(1)
    keep = ~repeated & (face_areas(vertices, faces) > _NO_AREA * size**2)
    if not keep.any():
        return None
    vertices, faces = _referenced(vertices, faces[keep])
    return dataclasses.replace(surface, vertices=vertices, faces=faces)


def split(surface: Surface) -> list[Surface]:
    """The connected components of a clean surface, in the order of their first faces.

    Faces are connected where they share an edge; boards that touch in a corner are two components.
    A component smaller than SMALLEST_COMPONENT of the area goes to the component whose surface is
    nearest. They are named `component_00`, `component_01`, ...; a surface in one piece stays as it is.
    """
    vertices, faces = surface.vertices, surface.faces
    of_face = components(faces)
    areas = np.bincount(of_face, face_areas(vertices, faces))
    # An object of nothing but crumbs keeps its largest.
    large = areas >= min(SMALLEST_COMPONENT * areas.sum(), areas.max())
    of_face = _owner_of_small(vertices, faces, of_face, large)[of_face]
    _, first = np.unique(of_face, return_index=True)
    owners = of_face[np.sort(first)]
    if len(owners) == 1:
        return [surface]
    return [
        Surface(f"component_{i:02d}", *_referenced(vertices, faces[of_face == owner]))
        for i, owner in enumerate(owners)
    ]


def points_on(surface: Surface) -> tuple[np.ndarray, float]:
    """Points spread evenly over a clean surface, always the same.

    Returns:
        (s, 3) float64 points, and about how far apart they are.
    """
    points, _ = spread_points(surface.vertices, surface.faces, _SAMPLES)
    return points, float(np.sqrt(face_areas(surface.vertices, surface.faces).sum() / _SAMPLES))


def spread_points(vertices: np.ndarray, faces: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Points spread evenly over triangles, always the same.

    Args:
        vertices: (n, 3) float64.
        faces: (m, 3) int64, at least one.
        count: How many points.

    Returns:
        (count, 3) float64 points, and (count,) the face of each.
    """
    total = np.cumsum(face_areas(vertices, faces))
    index = np.arange(count)
    face = np.searchsorted(total, (index + 0.5) / count * total[-1])
    # Rounding may lead past the last face, and so does an area of 0
    face = np.minimum(face, len(faces) - 1)
    # The R2 sequence (Roberts 2018), folded into the triangle.
    u, v = (index * 0.7548776662466927) % 1, (index * 0.5698402909980532) % 1
    fold = u + v > 1
    u, v = np.where(fold, 1 - u, u), np.where(fold, 1 - v, v)
    a, b, c = vertices[faces[face]].transpose(1, 0, 2)
    return a + u[:, None] * (b - a) + v[:, None] * (c - a), face


def _owner_of_small(
    vertices: np.ndarray, faces: np.ndarray, of_face: np.ndarray, large: np.ndarray
) -> np.ndarray:
    """(components,) int64: for each component the large one it belongs to; large ones own themselves."""
    owner = np.arange(len(large))
    if large.all():
        return owner
    # Points on the surface, not its vertices alone: a screw in the middle of a flat panel is far from
    # every corner of the panel.
    of_large = np.flatnonzero(large[of_face])
    points, face = spread_points(vertices, faces[of_large], _SAMPLES)
    corners = faces[of_large].ravel()
    tree = KDTree(np.concatenate([points, vertices[corners]]))
    point_owner = np.concatenate([of_face[of_large[face]], np.repeat(of_face[of_large], 3)])
    of_small = np.flatnonzero(~large[of_face])
    distance, at = tree.query(vertices[faces[of_small].ravel()])
    component = np.repeat(of_face[of_small], 3)
    order = np.lexsort((distance, component))
    small, first = np.unique(component[order], return_index=True)
    owner[small] = point_owner[at][order][first]
    return owner


def face_areas(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(m,) float64 areas of the triangles of (n, 3) vertices and (m, 3) faces."""
    a, b, c = vertices[faces].transpose(1, 0, 2)
    return 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1)


def _merged_by_position(vertices: np.ndarray) -> np.ndarray:
    """(n,) int64: for each vertex the first one at its position."""
    lower, size = vertices.min(0), np.ptp(vertices, axis=0).max()
    if size < 1 / _LARGEST:
        return np.zeros(len(vertices), np.int64)
    x, y, z = np.rint((vertices - lower) / size * _MERGE_CELLS).astype(np.int64).T
    key = (x << 42) | (y << 21) | z
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    return first[inverse]


def _referenced(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The vertices that faces name, and the faces with their new indices."""
    used = np.zeros(len(vertices), bool)
    used[faces] = True
    return vertices[used], (np.cumsum(used) - 1)[faces]
