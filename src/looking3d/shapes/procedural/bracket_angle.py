"""Angle brackets: bent or cast, with gussets or none, on a base plate, against a wall."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.bracket_plates import BASE, FASTENER, WALL, gusset_outline, spread
from looking3d.shapes.procedural.fasteners import Fastener
from looking3d.shapes.procedural.machining import (
    FRONT,
    SUNK,
    UP,
    extruded,
    floor_plate,
    grid,
    hole,
    slot,
    trimmed,
)
from looking3d.shapes.procedural.turning import cut


@dataclass(frozen=True)
class _Leg:
    """One leg of an angle: how far it reaches, how its end is cut, and where its bolts sit.

    Attributes:
        length: From the outer corner.
        end: `square`, `rounded`, `round` or `taper`.
        tip: Width at the end.
    """

    length: float
    end: str
    tip: float

    @classmethod
    def drawn(cls, rng: np.random.Generator, length: float, width: float) -> _Leg:
        end = pick(rng, {"square": 2, "rounded": 2, "round": 1 if length > 0.7 * width else 0, "taper": 1})
        return cls(length, end, width * (rng.uniform(0.6, 0.8) if end == "taper" else 1.0))

    def outline(self, width: float) -> np.ndarray:
        """(k, 2) across and along, from beyond the corner to the end."""
        radius = {"square": 0.02, "rounded": 0.2, "round": 0.499, "taper": 0.08}[self.end] * self.tip
        low, high = 0.4 * self.length, self.length
        points = [(-width / 2, -low), (width / 2, -low), (width / 2, 0.35 * low)]
        points += [(self.tip / 2, high), (-self.tip / 2, high), (-width / 2, 0.35 * low)]
        return outlines.rounded(np.array(points), [0.001, 0.001, 0.001, radius, radius, 0.001], 6)

    def seats(
        self, rng: np.random.Generator, width: float, start: float, reach: float, split: bool
    ) -> list[tuple[float, float]]:
        """(across, along) of the bolts; with `split` none in the middle, where a gusset is."""
        end = self.length - (1.5 if self.end != "round" else 2.2) * reach
        first = start + 1.2 * reach
        half = (0.9 if self.end == "round" else 1.0) * self.tip / 2
        xs = spread(rng, half, reach)
        if split and len(xs) % 2:
            xs = [-(half - 1.3 * reach), half - 1.3 * reach]
        if end - first > 3.5 * reach and chance(rng, 0.5):
            return grid(xs, (first, end))
        return grid(xs, (first + (end - first) * rng.uniform(0.45, 0.8),))


def add_angle(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add an angle bracket: bent or cast, with gussets or none, on a base plate, against a wall."""
    scale = rng.uniform(0.1, 0.5)
    width, t = scale * rng.uniform(0.45, 1.3), scale * rng.uniform(0.05, 0.09)
    lying = _Leg.drawn(rng, scale * rng.uniform(0.6, 1.1), width)
    standing = _Leg.drawn(rng, scale * rng.uniform(0.6, 1.2), width)
    diagonal = math.hypot(width, lying.length, standing.length)
    bolt = Fastener.drawn(rng, min(rng.uniform(0.032, 0.045) * diagonal, 0.16 * width))
    bend = t * rng.uniform(0.4, 1.6)
    gussets = int(rng.choice([0, 1, 2], p=[0.3, 0.35, 0.35])) if width > 7.5 * bolt.reach else 0
    with_base, with_wall = chance(rng, 0.75), chance(rng, 0.45)
    a, b = lying.length, standing.length
    bent = chance(rng, 0.6)
    profile = outlines.rounded(
        np.array([(0, 0), (a, 0), (a, t), (t, t), (t, b), (0, b)]),
        [bend + t if bent else 0.2 * t, 0.2 * t, 0.2 * t, bend, 0.2 * t, 0.2 * t],
        5,
    )
    body = extruded(profile, -width / 2, width / 2, "x")
    body = trimmed(body, lying.outline(width), standing.outline(width))
    # Bolts between the gussets at the sides, or to both sides of the one in the middle
    between = width - (4.0 * t if gussets == 2 else 0.0)
    down = lying.seats(rng, between, t + bend, bolt.reach, gussets == 1)
    back = standing.seats(rng, between, t + bend, bolt.reach, gussets == 1)
    if gussets == 2:
        down, back = ([(x * between / width, y) for x, y in seats] for seats in (down, back))
    tools = [hole((x, y, 0), FRONT, bolt.clearance, 2 * t) for x, y in back]
    slotted = chance(rng, 0.3)
    for x, z in down:
        at = (x, 0, z)
        tools.append(
            slot(at, UP, FRONT, bolt.clearance, 0.9 * bolt.diameter, 2 * t)
            if slotted
            else hole(at, UP, bolt.clearance, 2 * t)
        )
    if gussets != 1 and chance(rng, 0.3):
        low = t + bend + (0.25 * b if len(back) < 3 else 0.1 * b)
        free = min((abs(y - low) for _, y in back), default=low) - bolt.reach
        if free > 0.08 * scale:
            tools.append(hole((0, low, 0), FRONT, min(0.16 * width, 0.8 * free), 2 * t, 28))
    floor = rng.uniform(1.0, 2.2) * t if with_base else 0.0
    assembly.add("angle", "angle/body", cut(body, tools).moved([0, floor, 0]))
    _add_gussets(assembly, rng, gussets, (width, t, floor), (a, b), max(lying.tip, standing.tip))
    if with_base:
        margin = rng.uniform(0.05, 0.3) * scale
        deep = a + 2 * margin + (2 * t if with_wall else 0.0)
        plate = floor_plate(
            width + 2 * margin, deep, floor + SUNK, rng.uniform(0.1, 1.0) * margin, (0.0, 0.5 * a)
        )
        assembly.add("base_plate", BASE, plate)
        seats = [(x, floor + t, z) for x, z in down]
        bolt.add(assembly, FASTENER, "base", seats, UP, t + 0.7 * floor)
    seats = [(x, floor + y, t) for x, y in back]
    if with_wall:
        margin, thick = rng.uniform(0.04, 0.2) * scale, rng.uniform(1.0, 2.0) * t
        wall = prim.box(
            (-width / 2 - margin, floor if with_base else 0.0, -thick),
            (width / 2 + margin, floor + b + margin, SUNK),
            0.1 * t,
        )
        assembly.add("wall_plate", WALL, wall)
        bolt.add(assembly, FASTENER, "wall", seats, FRONT, t + 0.6 * thick)
    else:
        bolt.add(assembly, FASTENER, "wall", seats, FRONT, t, nut=True)


def _add_gussets(
    assembly: Assembly,
    rng: np.random.Generator,
    count: int,
    sizes: tuple[float, float, float],
    reach: tuple[float, float],
    tip: float,
) -> None:
    (width, t, floor), (a, b) = sizes, reach
    style = pick(rng, {"straight": 2, "arc": 1, "step": 1})
    deep, high = (rng.uniform(0.55, 0.85) * (length - t) for length in (a, b))
    outline = gusset_outline(rng, (t, t), deep, high, style)
    half = 0.5 * t * rng.uniform(0.7, 1.1)
    side = 0.5 * min(width, tip) - half - 0.15 * t
    for i, x in enumerate({0: [], 1: [0.0], 2: [side, -side]}[count], 1):
        web = extruded(outline, x - half, x + half, "x").moved([0, floor, 0])
        assembly.add(f"gusset_{i}", "angle/gusset", web)
