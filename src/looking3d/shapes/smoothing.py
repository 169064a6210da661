"""Smoothing a mesh: Laplacian, as the paper does for reconstructions, and Taubin, which does not shrink."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix, diags

from looking3d.shapes.topology import edges

_STEP = 0.5
_BACK_STEP = -0.53  # Taubin (1995): a step back, a little longer, undoes the shrinking

SMOOTHERS = ("taubin", "laplacian", "none")


def smooth(vertices: np.ndarray, faces: np.ndarray, method: str, iterations: int) -> np.ndarray:
    """Vertices moved towards the mean of their neighbours, again and again.

    Vertices of an open border follow their neighbours along it, so that borders do not creep inwards.

    Args:
        vertices: (n, 3).
        faces: (m, 3).
        method: One of SMOOTHERS. `taubin` takes a step back after each step.
        iterations: How often.

    Returns:
        (n, 3) float64.
    """
    if method == "none" or iterations == 0:
        return vertices
    mean = _mean_of_neighbours(faces, len(vertices))
    moved = vertices
    for _ in range(iterations):
        moved = moved + _STEP * (mean @ moved - moved)
        if method == "taubin":
            moved = moved + _BACK_STEP * (mean @ moved - moved)
    return moved


def _mean_of_neighbours(faces: np.ndarray, count: int) -> csr_matrix:
    """(n, n), takes vertices to the mean of their neighbours; those without any to themselves."""
    found = edges(faces)
    border = np.zeros(count, bool)
    border[found.ends[found.open]] = True
    # A vertex of the border hears its border alone.
    start = np.concatenate([found.ends[:, 0], found.ends[:, 1]])
    end = np.concatenate([found.ends[:, 1], found.ends[:, 0]])
    heard = ~border[start] | np.concatenate([found.open, found.open])
    start, end = start[heard], end[heard]
    alone = np.setdiff1d(np.arange(count), start)
    start, end = np.concatenate([start, alone]), np.concatenate([end, alone])
    links = coo_matrix((np.ones(len(start)), (start, end)), shape=(count, count)).tocsr()
    return csr_matrix(diags(1 / np.asarray(links.sum(1)).ravel()) @ links)
