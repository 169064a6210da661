"""The fine structure of procedural materials: what makes cloth woven, leather grained and metal brushed.

It leans the surface, darkens what lies deep, and changes the gloss from place to place. Where it is finer
than a pixel it fades away instead of flickering.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from looking3d.render.textures import in_surface, noise, surface_axes


@dataclass(frozen=True, eq=False)
class ReliefSample:
    """Fine structure at points.

    Attributes:
        slope: (n, 2) float32 by which a unit normal leans along the two coordinates of the surface.
        shade: (n,) float32 factor on the colour.
        gloss: (n,) float32 factor on roughness.
    """

    slope: np.ndarray
    shade: np.ndarray
    gloss: np.ndarray


def relief(
    kind: str,
    points: np.ndarray,
    normals: np.ndarray,
    turn_rad: float,
    size: float,
    depth: float,
    texel: float,
) -> ReliefSample:
    """The fine structure of a kind of material.

    Args:
        kind: fabric, leather, wood, metal; any other is smooth but for the waves of paint.
        points: (n, 3) float32 in the part's texture frame.
        normals: (n, 3) float32 unit normals in the same frame.
        turn_rad: Turn in the surface.
        size: Of a thread, a grain, a pore, in world units.
        depth: How far it leans at most, as the sine of an angle.
        texel: What is narrower than this is not seen, in world units.
    """
    u, v = (axis / np.float32(size) for axis in in_surface(points, normals, turn_rad))
    depth *= (
        float(np.clip(size / texel - 1, 0, 1)) if kind == "fabric" else float(np.clip(size / texel, 0, 1))
    )
    shade = np.ones_like(u)
    x, y, z = points.T / np.float32(0.12)
    gloss = 1 + np.float32(0.25) * noise(x, y, z)
    if kind == "fabric":
        slope, shade = _woven(u, v)
        shade = 1 - np.float32(0.45 * min(2.5 * depth, 1)) * shade
        gloss = np.ones_like(u)
    elif kind == "leather":
        slope, shade = _grained(u, v)
        shade = 1 - np.float32(0.3 * min(4 * depth, 1)) * shade
    elif kind in ("wood", "metal"):
        # Fibres and brush marks: long along the grain, so that they lean across it alone
        across = noise(np.float32(0.04) * u, v, np.zeros_like(u))
        slope = np.stack([np.zeros_like(u), across], 1)
    else:
        slope = np.stack([noise(u, v), noise(u + 17, v + 5)], 1)
    return ReliefSample(np.float32(depth) * slope, shade, gloss)


def _woven(u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Plain weave: (n, 2) slope, at most about 1, and (n,) how deep, 0 to 1; threads are 1 apart."""
    # Yarn is never quite even
    u = u + np.float32(0.35) * noise(u * np.float32(0.11), v * np.float32(0.02))
    v = v + np.float32(0.35) * noise(u * np.float32(0.02) + 9, v * np.float32(0.11))
    column, row = np.floor(u), np.floor(v)
    a, b = u - column - np.float32(0.5), v - row - np.float32(0.5)
    over = (column + row) % 2 == 0
    # A thread on top is round across and bends down at its ends
    across, along = np.where(over, a, b), np.where(over, b, a)
    lean_across, lean_along = 2 * across, np.float32(1.2) * along * np.abs(along) * 2
    slope = np.where(
        over[:, None], np.stack([lean_across, lean_along], 1), np.stack([lean_along, lean_across], 1)
    )
    return slope, np.clip(3 * across * across + 2 * along * along, 0, 1)


def _grained(u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Leather: (n, 2) slope, at most about 1, and (n,) how deep, 0 to 1; pebbles are about 1 wide."""

    def height(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        # Creases run where either of two noises crosses zero
        return np.minimum(np.abs(noise(u, v)), np.abs(noise(u + 31, v + 7))) ** np.float32(0.6)

    step = np.float32(0.12)
    here = height(u, v)
    slope = np.stack([here - height(u + step, v), here - height(u, v + step)], 1) / step
    return np.clip(slope * np.float32(0.6), -1, 1), np.clip(1 - 2.5 * here, 0, 1)


def axes_lean(slope: np.ndarray, normals: np.ndarray, turn_rad: float) -> np.ndarray:
    """(n, 3) float32 by which unit normals lean in the texture frame, from (n, 2) along the surface."""
    along_u, along_v = surface_axes(normals, turn_rad)
    return slope[:, :1] * along_u + slope[:, 1:] * along_v
