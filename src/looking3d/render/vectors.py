"""Scalar products of many vectors, not by BLAS: it rounds differently with another number of threads."""

from __future__ import annotations

import numpy as np


def dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(n,) scalar products of (n, 3) vectors, row by row."""
    return np.einsum("ij,ij->i", a, b)


def along(vectors: np.ndarray, direction: tuple[float, float, float]) -> np.ndarray:
    """(n,) scalar products of (n, 3) float32 vectors with one direction."""
    return np.einsum("ij,j->i", vectors, np.array(direction, np.float32))
