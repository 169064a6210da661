"""Tops of tables: boards of many outlines with moulded edges, planks, and the frames under them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.primitives import Mesh
from looking3d.shapes.procedural.turning import profiled

BOARD = "regular_table/tabletop/tabletop_surface/board"
PLANK = "regular_table/tabletop/tabletop_surface/bar"
FRAME = "regular_table/tabletop/tabletop_frame/bar"


@dataclass(frozen=True)
class TopPlan:
    """A top, before it is made.

    Attributes:
        outline: `rect`, `rounded`, `round`, `oval`, `boat` or `octagon`.
        width, depth: Along x and z, metres.
        height: Of the upper face above the floor.
        thickness: Of the board.
        edge: `eased`, `bullnose`, `knife` (chamfered below), `ogee` or `bevel`.
        corner: Radius of the corners of `rounded`.
    """

    outline: str
    width: float
    depth: float
    height: float
    thickness: float
    edge: str
    corner: float

    @classmethod
    def drawn(
        cls,
        rng: np.random.Generator,
        outlines_odds: Mapping[str, float],
        width: float,
        depth: float,
        height: float,
    ) -> TopPlan:
        """A plan at random, its outline by weights."""
        outline = pick(rng, outlines_odds)
        if outline == "round":
            width = depth = (width + depth) / 2
        return cls(
            outline=outline,
            width=width,
            depth=depth,
            height=height,
            thickness=rng.uniform(0.016, 0.045) if chance(rng, 0.8) else rng.uniform(0.045, 0.07),
            edge=pick(rng, {"eased": 3, "bullnose": 1.5, "knife": 1, "ogee": 0.8, "bevel": 1}),
            corner=min(width, depth) * rng.uniform(0.06, 0.3),
        )

    def square_edged(self) -> TopPlan:
        """The plan for a base that reaches under the edges, where a chamfer below would leave a gap."""
        return dataclasses.replace(self, edge="bevel") if self.edge == "knife" else self

    @property
    def below(self) -> float:
        """Height of the underside."""
        return self.height - self.thickness

    @property
    def straight(self) -> bool:
        """The sides run along x and z to the corners."""
        return self.outline in ("rect", "rounded", "boat")

    def plane(self) -> np.ndarray:
        """(k, 2) the outline in x and z."""
        w, d = self.width, self.depth
        if self.outline == "rect":
            return np.array([[-w, -d], [w, -d], [w, d], [-w, d]]) / 2
        if self.outline == "rounded":
            return outlines.rectangle(w, d, self.corner, steps=6)
        if self.outline == "octagon":
            return outlines.circle(w / 2 / math.cos(math.pi / 8), d / 2 / math.cos(math.pi / 8), 8)
        if self.outline == "boat":
            s = np.linspace(-1, 1, 11)
            bulge = 0.42 * d + 0.08 * d * (1 - s**2)
            low = np.stack([s * w / 2, -bulge], 1)
            return np.concatenate([low, -low])
        return outlines.circle(w / 2, d / 2, 48, power=2.0 if self.outline == "round" else 2.3)

    def spot(self, inset: float) -> tuple[float, float]:
        """x and z of a leg in the front left corner.

        Args:
            inset: From the edges, where these are straight; round tops have legs on about 0.6 of the radius.
        """
        if self.outline == "rect":
            return self.width / 2 - inset, self.depth / 2 - inset
        if self.outline == "rounded":
            more = inset + 0.3 * self.corner
            return self.width / 2 - more, self.depth / 2 - more
        if self.outline == "boat":
            return self.width / 2 - inset, 0.42 * self.depth - inset
        share = 0.36 if self.outline == "oval" else 0.33
        return share * self.width - 0.6 * inset, 0.33 * self.depth - 0.6 * inset

    def board(self, plane: np.ndarray | None = None) -> Mesh:
        """The board, or another one of the same thickness and edge."""
        t = self.thickness
        e = min(0.45 * t, 0.018)
        low = {
            "eased": [(0.0015, 0), (0, 0.0015)],
            "bullnose": _quarter(0.48 * t, below=True),
            "knife": [(min(1.6 * t, 0.05), 0), (0, 0.75 * t)],
            "ogee": [(e, 0), (0.95 * e, 0.25 * t), (0.4 * e, 0.45 * t), (0.15 * e, 0.5 * t)],
            "bevel": [(0.002, 0), (0, 0.002)],
        }[self.edge]
        high = {
            "bullnose": _quarter(0.48 * t, below=False),
            "ogee": [(0, 0.62 * t), (0, 0.9 * t), (0.1 * t, t)],
            "bevel": [(0, t - 0.5 * e), (0.9 * e, t)],
        }.get(self.edge, [(0, t - 0.0015), (0.0015, t)])
        rows = [*low, *((inset, t + y if y < 0 else y) for inset, y in high)]
        return profiled(self.plane() if plane is None else plane, rows).moved([0, self.below, 0])


def _quarter(radius: float, below: bool) -> list[tuple[float, float]]:
    """Insets and heights of a quarter round; heights above the middle are from the upper face down."""
    turn = np.linspace(0, math.pi / 2, 4)
    rows = [(radius * (1 - math.sin(a)), radius * (1 - math.cos(a))) for a in turn]
    return rows if below else [(inset, -max(y, 1e-9)) for inset, y in reversed(rows)]


def add_top(
    assembly: Assembly, rng: np.random.Generator, top: TopPlan, planks: bool = False, battens: bool = True
) -> None:
    """Add the top in one board, or in planks along x, perhaps with battens under them."""
    if not planks:
        assembly.add("top", BOARD, top.board())
        return
    count = max(3, round(top.depth / rng.uniform(0.09, 0.17)))
    gap = rng.uniform(0.0015, 0.009)
    pitch = top.depth / count
    ragged = rng.uniform(0.0, 0.01)
    for i in range(count):
        z = -top.depth / 2 + pitch * i
        half = top.width / 2 - rng.uniform(0, ragged)
        plank = prim.box(
            (-half, top.below, z + gap / 2),
            (half, top.height, z + pitch - gap / 2),
            min(0.004, 0.2 * top.thickness),
        )
        assembly.add(f"plank_{i + 1}", PLANK, plank)
    if not battens:
        return
    x, z = 0.36 * top.width, top.depth / 2 - 0.03
    batten = prim.box((x - 0.03, top.below - 0.022, -z), (x + 0.03, top.below + 0.001, z))
    assembly.add_pair("batten", FRAME, batten)
    if top.width > 1.6:
        middle = prim.box((-0.03, top.below - 0.022, -z), (0.03, top.below + 0.001, z))
        assembly.add("batten_middle", FRAME, middle)


def add_apron(
    assembly: Assembly, top: TopPlan, x: float, z: float, half: float, height: float, arch: float = 0.0
) -> None:
    """Add four rails under the top, between legs at (+-x, +-z).

    Args:
        assembly: Where the parts go.
        top: The top.
        x, z: Where the legs are, on the left in front.
        half: Half of the legs' width there.
        height: Of the rails.
        arch: How much lower the rails are at their ends than in the middle.
    """
    y, t = top.below + 0.001, 0.02
    for length, at, swap in ((x, z, False), (z, x, True)):
        reach = length - half + 0.004
        s = np.linspace(-1, 1, 13 if arch else 2)
        low = np.stack([s * reach, -height + arch * (1 - s**2)], 1)
        outline = np.concatenate([low, [[reach, 0.0], [-reach, 0.0]]])
        rail = prim.slab(outline, t, 0.0015)
        out = at + half - 0.006 - t

        def place(p: np.ndarray, out: float = out, swap: bool = swap) -> np.ndarray:
            along, across = p[:, 0], p[:, 2] + out
            return np.stack([across, p[:, 1] + y, along] if swap else [along, p[:, 1] + y, across], 1)

        mesh = rail.mapped(place)
        if swap:
            assembly.add_pair("apron_side", FRAME, mesh)
        else:
            assembly.add("apron_front", FRAME, mesh)
            assembly.add("apron_back", FRAME, mesh.mapped(lambda p: p * [1, 1, -1]))
