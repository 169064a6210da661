"""Edges of a triangle mesh, and what they tell: duplicates, components, winding, open borders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components


@dataclass(frozen=True, eq=False)
class Edges:
    """The edges of a mesh, seen from its half-edges: half-edge 3 i + j leaves corner j of face i.

    Attributes:
        of_half_edge: (3 m,) int64, the edge of each half-edge.
        ends: (e, 2) int64 vertices, the smaller index first.
        faces_at: (e,) int64, how many faces meet at an edge.
    """

    of_half_edge: np.ndarray
    ends: np.ndarray
    faces_at: np.ndarray

    @property
    def open(self) -> np.ndarray:
        """(e,) bool, edges with a face on one side only."""
        return self.faces_at == 1


def half_edges(faces: np.ndarray) -> np.ndarray:
    """(3 m, 2) int64, start and end of each half-edge, face by face."""
    return faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)


def edges(faces: np.ndarray) -> Edges:
    """The edges of (m, 3) faces."""
    ends = np.sort(half_edges(faces), axis=1)
    width = int(faces.max()) + 1
    keys, of_half_edge, count = np.unique(
        ends[:, 0] * width + ends[:, 1], return_inverse=True, return_counts=True
    )
    return Edges(of_half_edge.ravel(), np.stack([keys // width, keys % width], 1), count)


def neighbours(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of faces that share an edge with no third one.

    Returns:
        (p, 2) int64 half-edges that lie on each other, and (p,) bool, whether the two faces agree on which
        side is out: the half-edges run against each other.
    """
    found = edges(faces)
    order = np.argsort(found.of_half_edge, kind="stable")
    paired = np.flatnonzero(found.faces_at[found.of_half_edge[order]] == 2)
    pairs = order[paired].reshape(-1, 2)
    start = half_edges(faces)[:, 0]
    return pairs, start[pairs[:, 0]] != start[pairs[:, 1]]


def without_duplicates(faces: np.ndarray) -> np.ndarray:
    """The first of all faces that have the same three corners, whichever way they turn."""
    low, middle, high = np.sort(faces, axis=1).T
    order = np.lexsort((np.arange(len(faces)), high, middle, low))
    same = (np.diff(low[order]) == 0) & (np.diff(middle[order]) == 0) & (np.diff(high[order]) == 0)
    keep = np.ones(len(faces), bool)
    keep[order[1:][same]] = False
    return faces[keep]


def components(faces: np.ndarray) -> np.ndarray:
    """(m,) int64: for each face the number of its component; faces that share an edge are in one."""
    ends = np.sort(half_edges(faces), axis=1)
    key = ends[:, 0] * (int(faces.max()) + 1) + ends[:, 1]
    order = np.argsort(key, kind="stable")
    same = np.diff(key[order]) == 0
    face = order // 3
    pairs = (np.ones(same.sum(), bool), (face[:-1][same], face[1:][same]))
    return connected_components(coo_matrix(pairs, shape=(len(faces),) * 2), directed=False)[1]


def consistent(faces: np.ndarray) -> tuple[np.ndarray, int]:
    """Faces turned so that neighbours agree on which side is out, wherever that can be.

    Returns:
        (m, 3) faces in the same order, and how many were turned.
    """
    pairs, agree = neighbours(faces)
    left, right = pairs[:, 0] // 3, pairs[:, 1] // 3
    # Two nodes a face, one for each way round; faces that agree link equal ways. A one-sided surface
    # (Moebius) links a face to its own other way; it stays as it is.
    count = len(faces)
    ones = np.ones(2 * len(left), bool)
    rows = np.concatenate([left, left + count])
    columns = np.concatenate([right + count * ~agree, right + count * agree])
    labels = connected_components(
        coo_matrix((ones, (rows, columns)), shape=(2 * count,) * 2), directed=False
    )[1]
    kept, turned = labels[:count], labels[count:]
    # Of the two ways round of a component, the one that turns fewer faces.
    way = np.bincount(np.minimum(kept, turned), np.where(kept < turned, 1, -1), minlength=2 * count)
    first = way[np.minimum(kept, turned)] >= 0
    flip = (kept != turned) & ((kept < turned) != first)
    faces = faces.copy()
    faces[flip] = faces[flip][:, ::-1]
    return faces, int(flip.sum())


def outward(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, int]:
    """Components that enclose a negative volume, turned inside out.

    Args:
        vertices: (n, 3).
        faces: (m, 3), consistent.

    Returns:
        The faces, and how many components were turned. An open one is judged as seen from its middle.
    """
    of_face = components(faces)
    a, b, c = vertices[faces].transpose(1, 0, 2)
    normal = np.cross(b - a, c - a)
    middle, area = (a + b + c) / 3, np.linalg.norm(normal, axis=1)
    total = np.maximum(np.bincount(of_face, area), 1e-300)
    center = np.stack([np.bincount(of_face, area * middle[:, i]) for i in range(3)], 1) / total[:, None]
    volume = np.bincount(of_face, ((middle - center[of_face]) * normal).sum(1))
    inside_out = volume < 0
    faces = faces.copy()
    flip = inside_out[of_face]
    faces[flip] = faces[flip][:, ::-1]
    return faces, int(inside_out.sum())


def dihedral_rad(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(p,) float64, the angle between neighbouring faces, 0 where they lie in one plane."""
    pairs, agree = neighbours(faces)
    a, b, c = vertices[faces].transpose(1, 0, 2)
    normal = np.cross(b - a, c - a)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-300)
    cosine = (normal[pairs[:, 0] // 3] * normal[pairs[:, 1] // 3]).sum(1) * np.where(agree, 1, -1)
    return np.arccos(np.clip(cosine, -1, 1))
