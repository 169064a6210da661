"""Procedural solid textures: what is at a point of a part, for any renderer.

A texture lives in the texture frame of a part (`texture_frames`): x runs along the part's longest side,
so that wood grain follows legs and rails.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable

import numpy as np

from looking3d.shapes.part_shape import PartShape


def texture_frames(shape: PartShape) -> tuple[np.ndarray, np.ndarray]:
    """The frame in which each part's texture lives: `R @ p_world + t`.

    The frame depends on a part's id and the order of its box's sides only, so a moved or a broken part
    keeps its texture.

    Returns:
        (parts, 3, 3) float32 permutations that bring the longest side to x, and (parts, 3) float32
        offsets that make parts look cut from different places.
    """
    R = np.zeros((len(shape.parts), 3, 3), np.float32)
    t = np.zeros((len(shape.parts), 3), np.float32)
    for i, part in enumerate(shape.parts):
        # A side must be clearly longer to win, so that a small change does not turn the grain
        sides = np.log(np.maximum(np.ptp(part.bounds, axis=0), 1e-6))
        order = np.argsort(-np.round(sides / 0.25), kind="stable")
        R[i, np.arange(3), order] = 1
        t[i] = np.random.default_rng(zlib.crc32(part.id.encode())).uniform(0, 7, 3)
    return R, t


@functools.cache
def _lattice() -> np.ndarray:
    """(64 * 64 * 64,) float32 values in [-1, 1] at the corners of the grid of `noise`."""
    return np.random.default_rng(0).uniform(-1, 1, 64**3).astype(np.float32)


def noise(*axes: np.ndarray) -> np.ndarray:
    """(n,) smooth noise in [-1, 1] with features of size 1, at (n,) coordinates along two or three axes."""
    values = _lattice()
    corners, weights = [], []
    for axis, stride in zip(axes, (64 * 64, 64, 1)):
        floor = np.floor(axis)
        fraction = axis - floor
        low = floor.astype(np.int32) & 63
        corners.append((low * stride, ((low + 1) & 63) * stride))
        weights.append(fraction * fraction * (3 - 2 * fraction))

    def blend(level: int, index: np.ndarray | int) -> np.ndarray:
        if level == len(corners):
            return values.take(index)
        low, high = (blend(level + 1, index + corner) for corner in corners[level])
        return low + (high - low) * weights[level]

    return blend(0, 0)


def in_surface(p: np.ndarray, n: np.ndarray, turn_rad: float) -> tuple[np.ndarray, np.ndarray]:
    """Two (n,) coordinates along the surface: the plane of the axes that the normal leans to least."""
    axis = np.abs(n).argmax(1)
    rows = np.arange(len(p))
    u, v = p[rows, np.array([1, 0, 0])[axis]], p[rows, np.array([2, 2, 1])[axis]]
    c, s = np.float32(np.cos(turn_rad)), np.float32(np.sin(turn_rad))
    return c * u - s * v, s * u + c * v


def surface_axes(n: np.ndarray, turn_rad: float) -> tuple[np.ndarray, np.ndarray]:
    """(n, 3) float32 directions in which the two coordinates of `in_surface` grow, for (n, 3) normals."""
    axis = np.abs(n).argmax(1)
    unit = np.eye(3, dtype=np.float32)
    a, b = unit[[1, 0, 0]], unit[[2, 2, 1]]
    c, s = np.float32(np.cos(turn_rad)), np.float32(np.sin(turn_rad))
    return (c * a - s * b)[axis], (s * a + c * b)[axis]


def _plain(p: np.ndarray, n: np.ndarray, scale: float, turn_rad: float) -> np.ndarray:
    x, y, z = p.T / np.float32(scale * 4)
    return 0.5 + 0.5 * noise(x, y, z)


def _grain(p: np.ndarray, n: np.ndarray, scale: float, turn_rad: float) -> np.ndarray:
    x, y, z = p.T
    f = np.float32(1 / scale)
    # Rings around an axis along x, bent by slow noise; fibres are noise stretched along x
    bend = noise(x * (0.12 * f), y * (0.45 * f), z * (0.45 * f))
    ring = np.hypot(y - 2, z - 3) * f + 1.3 * bend
    ring = ring - np.floor(ring)
    ring = np.where(ring < 0.8, ring / 0.8, (1 - ring) / 0.2)
    fibre = noise(x * (0.3 * f), y * (6 * f), z * (6 * f))
    return 0.6 * ring * ring + 0.2 + 0.22 * fibre + 0.25 * bend


def _weave(p: np.ndarray, n: np.ndarray, scale: float, turn_rad: float) -> np.ndarray:
    u, v = in_surface(p, n, turn_rad)
    f = np.float32(1 / scale)
    warp, weft = noise(u * f, v * (0.2 * f)), noise(u * (0.2 * f) + 31, v * f)
    return 0.5 + 0.35 * (warp + weft) + 0.1 * noise(u * 9, v * 9)


def _stripes(p: np.ndarray, n: np.ndarray, scale: float, turn_rad: float) -> np.ndarray:
    u, v = in_surface(p, n, turn_rad)
    wave = np.sin(u * np.float32(2 * np.pi / scale))
    return 0.5 + 0.5 * np.clip(wave * 3, -1, 1) + 0.08 * noise(u * 80, v * 80)


def _check(p: np.ndarray, n: np.ndarray, scale: float, turn_rad: float) -> np.ndarray:
    u, v = in_surface(p, n, turn_rad)
    f = np.float32(2 * np.pi / scale)
    bands = np.clip(3 * np.sin(u * f), -1, 1) + np.clip(3 * np.sin(v * f), -1, 1)
    return 0.5 + 0.25 * bands + 0.06 * noise(u * 80, v * 80)


def _mottle(p: np.ndarray, n: np.ndarray, scale: float, turn_rad: float) -> np.ndarray:
    x, y, z = p.T / np.float32(scale)
    return 0.5 + 0.35 * noise(x, y, z) + 0.3 * noise(x * 4.1, y * 4.1, z * 4.1)


def _speckle(p: np.ndarray, n: np.ndarray, scale: float, turn_rad: float) -> np.ndarray:
    x, y, z = p.T / np.float32(scale)
    return np.clip(4 * (np.abs(noise(x, y, z)) - 0.5), 0, 1)


def _brushed(p: np.ndarray, n: np.ndarray, scale: float, turn_rad: float) -> np.ndarray:
    x, y, z = p.T / np.float32(scale)
    return 0.5 + 0.5 * noise(x * 0.08, y, z)


PATTERNS: dict[str, Callable[[np.ndarray, np.ndarray, float, float], np.ndarray]] = {
    "plain": _plain,
    "grain": _grain,
    "weave": _weave,
    "stripes": _stripes,
    "check": _check,
    "mottle": _mottle,
    "speckle": _speckle,
    "brushed": _brushed,
}
"""How much of the second colour is at each point, about 0 to 1: (points, normals, scale, turn) -> (n,)."""


def mix(
    pattern: str, points: np.ndarray, normals: np.ndarray, scale: float, direction_rad: float, seed: int
) -> np.ndarray:
    """How much of a texture's second colour is at points.

    Args:
        pattern: A name of `PATTERNS`.
        points: (n, 3) float32 in the part's texture frame.
        normals: (n, 3) float32 unit normals in the same frame.
        scale: Period of the pattern in world units.
        direction_rad: Turn of flat patterns (weave, stripes) in the surface.
        seed: Place in the noise the pattern is cut from.

    Returns:
        (n,) float32, about 0 to 1.
    """
    shift = np.random.default_rng(seed).uniform(0, 60, 3).astype(np.float32)
    # Rings must stay near their axis, which flat patterns do not have
    points = points + (shift * np.float32(0.02 if pattern == "grain" else 1))
    return PATTERNS[pattern](points, normals, scale, direction_rad).astype(np.float32)
