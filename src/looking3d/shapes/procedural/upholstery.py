"""Upholstery: cushions with piping and seams, pillows, panels with buttons or channels, nail-head trim."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import lerp, pick
from looking3d.shapes.procedural.primitives import Mesh
from looking3d.shapes.procedural.sheets import resampled
from looking3d.shapes.procedural.turning import facing, revolved, united

_BUTTON = np.array([(0.006, -0.005), (0.011, 0.0), (0.009, 0.0055), (0.003, 0.0085)])

_MOST_FACES = 9000  # of a quilted panel

_INNER = np.array([0.94, 0.84, 0.7, 0.53, 0.34, 0.14])  # rings of a cushion's face, over its outline


def cushion(outline: np.ndarray, thickness: float, crown: float = 0.02, seam: str = "piped") -> Mesh:
    """A cushion between two crowned faces.

    Args:
        outline: (k, 2), star-shaped about its mean, its corners rounder than about a third of the thickness.
        thickness: Between the seams of the two faces, along the third axis from 0 up.
        crown: How far the middle of the upper face bulges; the lower face stays flat, to lie on.
        seam: `piped` (cords along both edges), `knife` (one ridge around the middle) or `soft` (none).

    Returns:
        Vertices (outline's first axis, outline's second axis, height).
    """
    inset, rise = _border(thickness, seam)
    rings = outlines.inset(outline, inset)
    face, center = rings[-1], rings[-1].mean(0)
    inner = center + (face - center) * _INNER[:, None, None]
    flat = np.concatenate([rings, inner])
    height = np.concatenate([rise, np.full(len(inner), rise[-1])])
    across = (flat - center) / np.abs(face - center).max(0)
    # The root makes it plump near the edge, not only in the middle
    bulge = np.prod(np.clip(1 - across**2, 0, None), axis=-1) ** 0.7
    bulge[: len(rings)] = 0.0
    upper = np.concatenate([flat, (height[:, None] + crown * bulge)[..., None]], -1)
    lower = np.concatenate([flat, np.broadcast_to(-height[:, None, None], (*bulge.shape, 1))], -1)
    first = 1 if rise[0] == 0 else 0
    return prim.loft(np.concatenate([lower[:0:-1] if first else lower[::-1], upper])).moved(
        [0, 0, thickness / 2]
    )


def _border(thickness: float, seam: str) -> tuple[np.ndarray, np.ndarray]:
    """Insets and heights above the middle, from the middle of the border to the face."""
    half = thickness / 2
    if seam == "piped":
        cord = min(0.0055, 0.1 * thickness)
        turn = np.radians([-80, -30, 20, 70, 110, 150])
        inset = np.concatenate([[0.6 * cord, 0.9 * cord], 1.1 * cord - cord * np.cos(turn), [2.6 * cord]])
        rise = np.concatenate(
            [[0.0, half - 2.4 * cord], half - cord + cord * np.sin(turn), [half - 0.7 * cord]]
        )
        return inset, rise
    turn = np.linspace(0, math.pi / 2, 6)
    edge = min(0.42 * thickness, 0.07)
    inset = edge * (1 - np.cos(turn))
    rise = half - edge + edge * np.sin(turn)
    if seam == "soft":
        return np.concatenate([[0.0], inset]), np.concatenate([[0.0], rise])
    ridge = min(0.006, 0.08 * thickness)
    return np.concatenate([[0.0, 0.3 * ridge, ridge], ridge + inset[1:]]), np.concatenate(
        [[0.0, 0.5 * ridge, 0.8 * ridge], np.maximum(rise[1:], 1.5 * ridge)]
    )


def pillow(width: float, height: float, thickness: float) -> Mesh:
    """A loose pillow with pointed corners and a seam around it; (u, v, w) about the origin."""
    t = np.linspace(-1, 1, 9)[:-1]
    sides = [np.stack([t, np.full(8, -1.0)], 1)]
    for _ in range(3):
        sides.append(sides[-1] @ np.array([[0.0, 1.0], [-1.0, 0.0]]))
    square = np.concatenate(sides)
    # The sides draw in between the corners
    square *= 1 - 0.09 * (1 - np.abs(square).min(1) ** 2)[:, None]
    scale = np.array([1.0, 0.985, 0.94, 0.84, 0.68, 0.45, 0.2])
    swell = np.array([0.0, 0.1, 0.24, 0.48, 0.75, 0.94, 1.0])
    corner = 1 - 0.45 * (np.abs(square).min(1) ** 3)
    flat = square * scale[:, None, None] * [width / 2, height / 2]
    depth = thickness / 2 * swell[:, None] * lerp(1.0, corner, scale[:, None] ** 2)
    front = np.concatenate([flat, depth[..., None]], -1)
    return prim.loft(np.concatenate([front[:0:-1] * [1, 1, -1], front]))


@dataclass(frozen=True)
class Quilting:
    """What is sewn into a padded face.

    Attributes:
        kind: `plain`, `channels` (upright flutes), `ribs` (level ones), `diamond` or `biscuit` (buttons).
        across, up: Cells along u and v.
        depth: Of the seams, metres.
    """

    kind: str = "plain"
    across: int = 1
    up: int = 1
    depth: float = 0.0

    @classmethod
    def drawn(
        cls, rng: np.random.Generator, width: float, height: float, kinds: dict[str, float] | None = None
    ) -> Quilting:
        """A quilting at random for a face of a size."""
        kinds = kinds or {"plain": 3, "channels": 2, "ribs": 0.8, "diamond": 2, "biscuit": 0.8}
        kind, cell = pick(rng, kinds), rng.uniform(0.055, 0.13)
        depth = rng.uniform(0.014, 0.024)
        if kind == "channels":
            return cls(kind, int(np.clip(round(width / cell), 4, 12)), 1, depth)
        if kind == "ribs":
            return cls(kind, 1, int(np.clip(round(height / cell), 3, 8)), depth)
        if kind == "plain":
            return cls()
        cell = max(cell, 0.085) * (1.0 if kind == "diamond" else 1.25)
        across, up = int(np.clip(round(width / cell), 3, 16)), int(np.clip(round(height / cell), 3, 7))
        # An even number of half cells puts buttons symmetrically
        made = cls(kind, across + across % 2, up, 1.3 * depth)
        while made.faces > _MOST_FACES:
            fewer = (0, 1) if made.up > 3 else (2, 0)
            made = cls(kind, made.across - fewer[0], made.up - fewer[1], made.depth)
        return made

    @property
    def faces(self) -> int:
        """About how many faces a panel with it has, its edges and round corners included."""
        columns, rows = self.grid
        rows += 12
        return 4 * columns * rows + 28 * (columns + rows) + 70 * len(self.buttons())

    @property
    def grid(self) -> tuple[int, int]:
        """Vertices that a face needs along u and v."""
        fine = {"plain": (1, 1), "channels": (5, 1), "ribs": (1, 6), "diamond": (5, 5), "biscuit": (5, 5)}
        columns, rows = (n * f for n, f in zip((self.across, self.up), fine[self.kind]))
        return max(columns, 14) + 1, max(rows, 9) + 1

    def relief(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """How much lower than the plain face it is at u in -1..1 and v in 0..1; at most 0."""
        a, b = (u + 1) / 2 * self.across, v * self.up
        if self.kind == "plain":
            return 0.0 * u * v
        if self.kind in ("channels", "ribs"):
            along = (a if self.kind == "channels" else b) + 0.0 * u * v
            return self.depth * (np.sqrt(np.clip(1 - (2 * (along % 1) - 1) ** 2, 0, 1)) - 1)
        p, q = ((a + b) / 2, (a - b) / 2) if self.kind == "diamond" else (a, b)
        pleats = np.sqrt(np.abs(np.sin(math.pi * p) * np.sin(math.pi * q)))
        to_button = (p - np.round(p)) ** 2 + (q - np.round(q)) ** 2
        low = 0.5 * (1 - pleats) + 0.5 * np.exp(-to_button / 0.03)
        # Nothing is sewn at the edge itself
        fade = np.clip(6 * np.minimum((1 - np.abs(u)), 2 * np.minimum(v, 1 - v)), 0, 1)
        return -self.depth * low * fade

    def buttons(self) -> list[tuple[float, float]]:
        """(u, v) of the buttons, clear of the edge."""
        if self.kind not in ("diamond", "biscuit"):
            return []
        spots = [(i, j) for i in range(1, self.across) for j in range(1, self.up)]
        if self.kind == "diamond":
            spots = [(i, j) for i, j in spots if (i + j) % 2 == 0]
        return [(2 * i / self.across - 1, j / self.up) for i, j in spots]


def padded(
    rows: tuple[np.ndarray, np.ndarray],
    thickness: float,
    quilting: Quilting,
    crown: float = 0.0,
    edge: float = 0.03,
    columns: int = 0,
) -> Mesh:
    """A padded panel with a quilted front, flat until it is mapped.

    Args:
        rows: Half widths and heights of the rows, as of `panel_rows`.
        thickness: Along w, from 0 up.
        quilting: What is sewn into its front.
        crown: How far the middle of its front bulges.
        edge: Radius of its edges.
        columns: Vertices along u, where more are wanted than the quilting needs, for what is bent.
    """
    half, v = rows
    columns = max(columns, quilting.grid[0])
    plate = prim.plate(half, v, thickness, edge, 3, crown, columns).moved([0, 0, thickness / 2])
    face = plate.vertices[: len(v) * columns].reshape(len(v), columns, 3)
    across = np.linspace(-1, 1, columns)[None]
    up = ((face[:, 0, 1] - face[0, 0, 1]) / (face[-1, 0, 1] - face[0, 0, 1]))[:, None]
    face[..., 2] += quilting.relief(across, up)
    spots = quilting.buttons()
    if not spots:
        return plate
    return united([plate, *(_button(face, across[0], up[:, 0], spot) for spot in spots)])


def _button(face: np.ndarray, across: np.ndarray, up: np.ndarray, spot: tuple[float, float]) -> Mesh:
    """A button on the nearest vertex of an (m, n, 3) face."""
    at = face[np.abs(up - spot[1]).argmin(), np.abs(across - spot[0]).argmin()]
    return facing(revolved(_BUTTON, 8), "z").moved(at)


def nail_trim(path: np.ndarray, normal: prim.Vector, radius: float = 0.006) -> Mesh:
    """A row of nail heads on a cord along a path, half sunk in what it trims.

    Args:
        path: (n, 3) on the surface.
        normal: (3,) of the plane that the path lies in; nowhere along it.
        radius: Of the heads.
    """
    length = float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum())
    heads = max(3, round(length / (2.3 * radius)))
    swell = np.tile([0.3, 0.8, 1.0, 0.8], heads)
    return prim.sweep(
        resampled(path, 4 * heads), outlines.circle(radius, count=6), normal, np.append(swell[1:], 0.3)
    )
