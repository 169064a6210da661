"""Where rays for light go: evenly spread over neighbouring samples, whose light a filter then gathers."""

from __future__ import annotations

import numpy as np

from looking3d.geometry.camera import Camera

SAMPLES = 2
"""Camera rays along each side of a pixel."""

TILE = 4
"""Samples in a square of this side share one even set of directions, which a filter gathers."""

OFFSET = 2e-3
"""How far from a surface the rays that leave it start, in world units."""

REACH = 0.6
"""How far away a surface may be and still hide some of the sky from another, in world units."""


def pixel_size(camera: Camera) -> float:
    """Width of a pixel at the middle of the object, in world units."""
    return float(np.linalg.norm(camera.origin)) / camera.focal_px


def spread(generator: np.random.Generator, rows: np.ndarray, columns: np.ndarray, side: int) -> np.ndarray:
    """(n, 2) float32 points of the unit square, spread evenly over each square of side x side samples.

    Every square uses the same points, so that a mean over a square has no noise.

    Args:
        generator: Shifts all points alike.
        rows: (n,) row of each sample.
        columns: (n,) column of each sample.
        side: Side of a square, a power of two.
    """
    # Neighbours in a Bayer matrix are far apart in the sequence (Roberts, 2018) of the points
    order = np.zeros((1, 1), np.int64)
    while len(order) < side:
        order = np.block([[4 * order, 4 * order + 2], [4 * order + 3, 4 * order + 1]])
    index = np.arange(side * side)[:, None]
    points = (index * [0.7548776662466927, 0.5698402909980532] + generator.random(2)) % 1
    return points.astype(np.float32)[order[rows % side, columns % side]]


def over_disc(u: np.ndarray) -> np.ndarray:
    """(n, 2) points spread over the unit disc, from (n, 2) points of the unit square."""
    radius, angle = np.sqrt(u[:, 0]), np.float32(2 * np.pi) * u[:, 1]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)


def over_hemisphere(n: np.ndarray, u: np.ndarray) -> np.ndarray:
    """(n, 3) unit directions around unit normals, as dense as their cosine, from points of the unit square.

    Args:
        n: (n, 3) float32 unit normals.
        u: (n, 2) float32 points of the unit square.
    """
    # Duff et al., Building an Orthonormal Basis, Revisited, 2017
    sign = np.where(n[:, 2] >= 0, np.float32(1), np.float32(-1))
    a = -1 / (sign + n[:, 2])
    b = n[:, 0] * n[:, 1] * a
    s = np.stack([1 + sign * n[:, 0] ** 2 * a, sign * b, -sign * n[:, 0]], 1)
    t = np.stack([b, sign + n[:, 1] ** 2 * a, -n[:, 1]], 1)
    d = over_disc(u)
    up = np.sqrt(np.maximum(1 - (d**2).sum(1), 0))
    return s * d[:, :1] + t * d[:, 1:] + n * up[:, None]


def gather(light: np.ndarray, guide: np.ndarray, low: int, high: int) -> np.ndarray:
    """Mean over the square around each sample, of those on the same surface: by columns, then by rows.

    Args:
        light: (h, w, c) float32.
        guide: (h, w, 4) float32 normal and distance from the origin of each sample's plane; 0 where
            there is no surface.
        low: First row and column of the square, relative to the sample.
        high: Last row and column.

    Returns:
        (h, w, c) float32.
    """
    for axis in (0, 1):
        total, weight = light.copy(), np.ones(light.shape[:2], np.float32)
        for shift in (s for s in range(low, high + 1) if s):
            here = [slice(None), slice(None)]
            there = [slice(None), slice(None)]
            here[axis] = slice(max(-shift, 0), light.shape[axis] - max(shift, 0))
            there[axis] = slice(max(shift, 0), light.shape[axis] + min(shift, 0))
            a, b = guide[tuple(here)], guide[tuple(there)]
            same = np.einsum("ijk,ijk->ij", a[..., :3], b[..., :3]) > 0.9
            same &= np.abs(a[..., 3] - b[..., 3]) < 0.02
            total[tuple(here)] += light[tuple(there)] * same[..., None]
            weight[tuple(here)] += same
        light = total / weight[..., None]
    return light
