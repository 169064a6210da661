"""Bodies of valves between flanges, their bonnets, and what carries them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance
from looking3d.shapes.procedural.fasteners import Fastener
from looking3d.shapes.procedural.machining import (
    RIGHT,
    SUNK,
    UP,
    around,
    disc_outlines,
    extruded,
    grid,
    hole,
    placed,
    placed_points,
    rod,
    turned,
)
from looking3d.shapes.procedural.primitives import Mesh, Vector
from looking3d.shapes.procedural.turning import ball, carved, cut, united
from looking3d.shapes.procedural.valve_flanges import Flange, end_kinds
from looking3d.shapes.procedural.valve_support import add_support

BOLTED = "bonnet"


@dataclass(frozen=True)
class Line:
    """A run along x between two flanges, at a height.

    Attributes:
        flange: Of both ends.
        half: From the middle to the face of either.
        height: Of its axis.
    """

    flange: Flange
    half: float
    height: float

    @classmethod
    def drawn(cls, rng: np.random.Generator, half: tuple[float, float] = (2.6, 3.3), most: int = 8) -> Line:
        """A run at random; `half` bounds its half length in radii of the pipe."""
        flange = Flange.drawn(rng, math.exp(rng.uniform(math.log(0.012), math.log(0.06))), most)
        u = flange.pipe
        return cls(flange, u * rng.uniform(*half), flange.radius + u * rng.uniform(0.8, 1.8))

    @property
    def center(self) -> np.ndarray:
        """(3,) the middle of the axis."""
        return np.array([0.0, self.height, 0.0])

    def ends(self) -> list[tuple[str, np.ndarray, np.ndarray]]:
        """Name, face and direction of the right and of the left end."""
        return [
            (name, self.center + axis * self.half, axis)
            for name, axis in (("right", RIGHT), ("left", -RIGHT))
        ]

    def body(self, solids: Sequence[Mesh], tools: Sequence[Mesh] = (), open_to: float = 0.5) -> Mesh:
        """One casting of two flanges and what is between them, bored from both ends.

        Args:
            solids: About the middle of the run.
            tools: What is cut away besides, about the middle of the run.
            open_to: How much of the way from the end to the middle the bore reaches.
        """
        discs, taken = [], list(tools)
        for axis in (RIGHT, -RIGHT):
            face = axis * self.half
            discs.append(self.flange.disc(face, axis, bored=False))
            taken.append(hole(face, axis, self.flange.bore, open_to * self.half, 36))
        return carved([*discs, *solids], taken).moved(self.center)

    def add_ends(self, assembly: Assembly, rng: np.random.Generator, behind: float | None = None) -> None:
        """Bolt pipes or blind flanges to the ends, or nothing."""
        for kind, (name, face, axis) in zip(end_kinds(rng), self.ends(), strict=True):
            self.flange.add_mate(assembly, rng, name, face, axis, kind, behind)

    def add_support(self, assembly: Assembly, rng: np.random.Generator) -> None:
        """Stand it on cradles, posts or rails, under its two flanges."""
        add_support(assembly, rng, self.flange, self.half - self.flange.thickness / 2, self.height)


@dataclass(frozen=True)
class Bonnet:
    """The bolted joint on top of a body.

    Attributes:
        half: Half width and half depth of its flange; equal for round ones.
        round: It is round.
        thickness: Of the flange, of the body's and of the cover's.
        bolt: The pattern of its bolts.
        count: How many there are, if it is round.
        nuts: The bolts have them.
    """

    half: tuple[float, float]
    round: bool
    thickness: float
    bolt: Fastener
    count: int
    nuts: bool

    @classmethod
    def drawn(cls, rng: np.random.Generator, flange: Flange, neck: float, round_odds: float = 0.6) -> Bonnet:
        """At random, wide enough for bolts outside a neck of a radius."""
        bolt = Fastener.drawn(
            rng, flange.bolt.diameter * rng.uniform(0.8, 0.95), {"hex": 4, "socket": 1.5}, 0.0
        )
        half = neck + 2.5 * bolt.reach
        is_round = chance(rng, round_odds)
        deep = half if is_round else half * rng.uniform(1.0, 1.25)
        # Of many bolts on the flanges few are left for the bonnet
        few = flange.count == 8
        count = 4 if few else int(rng.choice([4, 6, 6]))
        thickness = flange.pipe * rng.uniform(0.3, 0.45)
        return cls((half, deep), is_round, thickness, bolt, count, not few and chance(rng, 0.7))

    def outline(self, scale: float = 1.0) -> np.ndarray:
        """(k, 2) in x and z."""
        a, b = np.array(self.half) * scale
        return outlines.circle(a, count=40) if self.round else outlines.rectangle(2 * a, 2 * b, 0.45 * a, 5)

    def seats(self, y: float) -> np.ndarray:
        """(n, 3) of the bolts at a height."""
        a, b = np.array(self.half) - 1.25 * self.bolt.reach
        if self.round:
            return around(self.count, a, (0, y, 0), UP)
        corners = [(sx * 0.97 * a, y, sz * 0.97 * b) for sx, sz in grid((1, -1), (1, -1))]
        return np.array([*corners, (a, y, 0.0), (-a, y, 0.0)] if b > 3.2 * self.bolt.reach else corners)

    def flange(self, y: float) -> Mesh:
        """One half, with the holes of its bolts, whose upper face is at a height."""
        holes = disc_outlines(self.seats(0.0), self.bolt.clearance)
        return extruded(self.outline(), y - self.thickness, y, "y", holes)

    def add(
        self,
        assembly: Assembly,
        rng: np.random.Generator,
        at: np.ndarray,
        profile: Sequence[tuple[float, float]],
        axis: Vector = UP,
    ) -> np.ndarray:
        """Add gasket, cover and bolts; returns the (3,) middle of the top of the cover.

        Args:
            assembly: Where the parts go.
            rng: Where chance comes from.
            at: (3,) middle of the face of the body's half.
            profile: (radius, height above the cover's plate) rows of what stands on it, rising.
            axis: (3,) unit vector, out of the body.
        """
        axis = np.asarray(axis, float)
        g, t = 0.12 * self.bolt.diameter + 0.1 * self.thickness, self.thickness
        gasket = extruded(self.outline(0.97), -SUNK, g + SUNK, "y")
        assembly.add("bonnet_gasket", f"{BOLTED}/gasket", placed(gasket, at, axis))
        plate = self.flange(g + t)
        cover = united([plate, turned([(profile[0][0], -0.5 * t), *profile], (0, g + t, 0))])
        assembly.add("bonnet_cover", f"{BOLTED}/cover", placed(cover, at, axis))
        seats = placed_points(self.seats(g + t), at, axis)
        self.bolt.add(assembly, BOLTED, "bonnet", seats, axis, 2 * t + g, nut=self.nuts)
        return at + axis * (g + t + profile[-1][1])


def gate_solids(rng: np.random.Generator, u: float, half: float, high: float, neck: float) -> list[Mesh]:
    """A gate valve's chest: narrow along the pipe, round below, with ribs at times."""
    chest = outlines.rectangle(1.7 * neck, 2 * neck, 0.6 * neck, 5)
    solids = [
        rod(-RIGHT * half, RIGHT * half, 1.22 * u, count=36),
        extruded(chest, -0.6 * u, high, "y"),
        ball(neck, (0, 0, 0), 32, 1.0).mapped(lambda p: p * [0.85, 1.15, 1.0] - [0, 0.5 * u, 0]),
    ]
    if chance(rng, 0.5):
        y = 0.6 * high
        solids.append(
            extruded(outlines.rectangle(1.85 * neck, 2.15 * neck, 0.6 * neck, 5), y, y + 0.2 * u, "y")
        )
    return solids


def globe_solids(rng: np.random.Generator, u: float, half: float, high: float, neck: float) -> list[Mesh]:
    """A globe valve's belly, and the neck above it."""
    belly = u * rng.uniform(1.75, 2.0)
    stretch = np.array([rng.uniform(1.0, 1.2), 0.95, 0.92])
    return [
        rod(-RIGHT * half, RIGHT * half, 1.22 * u, count=36),
        ball(belly, (0, 0, 0), 36).mapped(lambda p: p * stretch),
        rod((0, 0, 0), (0, high, 0), neck, count=36),
    ]


def add_yoke(
    assembly: Assembly, rng: np.random.Generator, at: np.ndarray, width: float, stem: float
) -> np.ndarray:
    """Add a gland with two bolts and a yoke over it; returns the (3,) top of the yoke."""
    high, t = width * rng.uniform(1.3, 2.0), 0.2 * width
    gland = turned(
        [(0.3 * width, -0.1 * width), (0.3 * width, 0.12 * width), (0.22 * width, 0.3 * width)], at
    )
    ear = prim.flat(
        prim.slab(outlines.rectangle(0.46 * width, 1.24 * width, 0.2 * width, 4), 0.14 * width, 0.02 * width),
        0.0,
    )
    assembly.add("gland", f"{BOLTED}/gland", united([gland, ear.moved(at + UP * 0.02 * width)]))
    bolt = Fastener(0.22 * width)
    seats = [at + [0, 0.16 * width, s * 0.43 * width] for s in (1, -1)]
    bolt.add(assembly, BOLTED, "gland", seats, UP, 0.2 * width)
    foot, head = 0.5 * width, rng.uniform(0.3, 0.5) * width
    outer = np.array([(foot + t, 0), (head + 0.6 * t, high), (-head - 0.6 * t, high), (-foot - t, 0)])
    inner = np.array(
        [
            (foot, -0.1 * high),
            (foot, 0.05 * high),
            (head - 0.5 * t, 0.86 * high),
            (0.5 * t - head, 0.86 * high),
            (-foot, 0.05 * high),
            (-foot, -0.1 * high),
        ]
    )
    frame = extruded(outlines.rounded(outer, [0.001, 0.4 * t, 0.4 * t, 0.001], 4), -0.5 * t, 0.5 * t)
    frame = cut(frame, [extruded(outlines.rounded(inner, 0.3 * t, 3), -t, t)])
    hub = rod((0, 0.84 * high, 0), (0, 1.06 * high, 0), 0.34 * width, 0.03 * width)
    yoke = united([frame, hub])
    assembly.add("yoke", f"{BOLTED}/yoke", yoke.moved(at - UP * SUNK))
    return at + UP * 1.06 * high
