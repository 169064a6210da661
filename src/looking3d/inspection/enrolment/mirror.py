"""How alike a surface is to its own mirror image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial import KDTree

_POINTS = 1500


class Mirror:
    """Points of a surface, made ready to be mirrored."""

    def __init__(self, points: np.ndarray) -> None:
        """Take (n, 3) points that are spread evenly over the surface."""
        self._tree = KDTree(points)
        self._few = points[:: max(1, len(points) // _POINTS)]
        self._center = (points.min(0) + points.max(0)) / 2
        self._size = float(np.linalg.norm(np.ptp(points, axis=0)))
        # Points of the same surface are apart too: what is nearer than this is at its place.
        self._spacing = float(np.median(self._tree.query(self._few, 2)[0][:, 1]))

    def residual(self, normal: np.ndarray) -> float:
        """How far mirrored points lie from the surface on average, over its size; 0 for a perfect mirror.

        Args:
            normal: (3,) unit normal of the mirror. Where it stands is found: the middle of what it mirrors.
        """
        along = self._few @ normal
        low, high = along.min(), along.max()
        best = np.inf
        for offset in (0.0, 0.01, -0.01):
            level = (low + high) / 2 + offset * self._size
            mirrored = self._few - 2 * (along - level)[:, None] * normal
            distance = np.maximum(self._tree.query(mirrored)[0] - 1.5 * self._spacing, 0)
            best = min(best, float(np.minimum(distance, 0.1 * self._size).mean() / self._size))
        return best


def best_mirror(mirror: Mirror, normals: Sequence[np.ndarray]) -> tuple[np.ndarray, float]:
    """The normal of the best mirror among some, and its residual."""
    residuals = [mirror.residual(normal) for normal in normals]
    best = int(np.argmin(residuals))
    return normals[best], residuals[best]
