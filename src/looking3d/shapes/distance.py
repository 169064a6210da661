"""How far points are from a surface."""

from __future__ import annotations

import numpy as np
from scipy.spatial import KDTree
from trimesh.triangles import closest_point

from looking3d.shapes.surface import spread_points

_CANDIDATES = 3


class SurfaceDistance:
    """Distances to a triangle mesh: exact to the triangles of the nearest of many points on it.

    Args:
        vertices: (n, 3) float64.
        faces: (m, 3) int64.
        count: Points spread over the mesh. Small triangles between them can be missed.
    """

    def __init__(self, vertices: np.ndarray, faces: np.ndarray, count: int = 3000) -> None:
        points, self._face_of = spread_points(vertices, faces, count)
        self._tree = KDTree(points)
        self._vertices, self._faces = vertices, faces

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """(k,) float64 distances of (k, 3) points."""
        near, index = self._tree.query(points, _CANDIDATES)
        triangles = self._vertices[self._faces[self._face_of[index].ravel()]]
        repeated = np.repeat(points, _CANDIDATES, axis=0)
        # Slivers have no plane; the nearest point on them is near enough
        with np.errstate(invalid="ignore", divide="ignore"):
            exact = np.linalg.norm(closest_point(triangles, repeated) - repeated, axis=1)
        exact = np.nan_to_num(exact, nan=np.inf).reshape(-1, _CANDIDATES)
        return np.minimum(exact.min(1), near[:, 0])
