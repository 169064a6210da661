"""Flanges: one pattern an assembly, bored and bolted to pipes, blind covers and gauges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.fasteners import Fastener
from looking3d.shapes.procedural.machining import (
    FRONT,
    SUNK,
    UP,
    around,
    disc_outlines,
    extruded,
    placed,
    rod,
    tube,
    turned,
)
from looking3d.shapes.procedural.primitives import Mesh, Vector
from looking3d.shapes.procedural.turning import revolved, united


@dataclass(frozen=True)
class Flange:
    """One pattern of flange.

    Attributes:
        pipe: Outer radius of the pipe, metres.
        radius: Of the flange.
        thickness: Of the flange.
        count: How many bolts it has.
        bolt: The pattern of the bolts.
        square: It is a square with round corners.
        full_face: The gasket reaches out to the rim.
    """

    pipe: float
    radius: float
    thickness: float
    count: int
    bolt: Fastener
    square: bool
    full_face: bool

    @classmethod
    def drawn(cls, rng: np.random.Generator, pipe: float, most: int = 8) -> Flange:
        """A pattern at random for pipes of an outer radius, with up to `most` bolts."""
        square = chance(rng, 0.12)
        count = 4 if square else min(most, int(rng.choice([4, 6, 8], p=[0.5, 0.2, 0.3])))
        size = rng.uniform(0.43, 0.5) * pipe * {4: 1.08, 6: 1.0, 8: 0.92}[count]
        # A stud counts as three parts
        heads = {"hex": 5.0, "socket": 1.0, "stud": 2.0 if count == 4 else 0.0}
        bolt = Fastener.drawn(rng, size, heads, 0.0)
        return cls(
            pipe,
            pipe * rng.uniform(2.4, 2.65),
            pipe * rng.uniform(0.35, 0.55),
            count,
            bolt,
            square,
            chance(rng, 0.5),
        )

    @property
    def bore(self) -> float:
        """Inner radius of the pipe."""
        return 0.8 * self.pipe

    @property
    def gasket(self) -> float:
        """Thickness of the gasket."""
        return 0.16 * self.pipe

    def seats(self, at: Vector, axis: Vector) -> np.ndarray:
        """(count, 3) where the bolts go through a plane."""
        circle = self.radius - 1.35 * self.bolt.diameter
        return around(self.count, circle * (1.12 if self.square else 1.0), at, axis)

    def disc(self, at: Vector, axis: Vector, bored: bool = True) -> Mesh:
        """The flange with the holes of its bolts, from the face at `at` back against `axis`."""
        seats = self.seats((0, 0, 0), UP)
        holes = disc_outlines(seats, self.bolt.clearance)
        if bored:
            holes.append(outlines.circle(self.pipe - SUNK, count=40))
        return placed(extruded(self.outline(), -self.thickness, 0.0, "y", holes), at, axis)

    def outline(self, scale: float = 1.0) -> np.ndarray:
        """(k, 2) of the rim."""
        r = scale * self.radius
        return (
            outlines.rectangle(1.9 * r, 1.9 * r, 0.5 * r, 5) if self.square else outlines.circle(r, count=48)
        )

    def add_mate(
        self,
        assembly: Assembly,
        rng: np.random.Generator,
        name: str,
        at: Vector,
        axis: Vector,
        kind: str,
        behind: float | None = None,
    ) -> float:
        """Bolt something to a flange; returns how far it reaches.

        Args:
            assembly: Where the parts go.
            rng: Where chance comes from.
            name: What the ids begin with.
            at: (3,) middle of the face of the flange that is there.
            axis: (3,) unit vector, away from it.
            kind: `pipe`, `blind`, `gauge` (blind, with a gauge) or `open` for nothing.
            behind: From that face to where the nuts press; by default the flange's thickness.
        """
        if kind == "open":
            return 0.0
        at, axis = np.asarray(at, float), np.asarray(axis, float)
        g, t = self.gasket, self.thickness
        self.add_gasket(assembly, name, at, axis)
        face = at + axis * g
        back = face + axis * t
        reach = g + t
        if kind == "pipe":
            long = self.pipe * rng.uniform(0.9, 1.9)
            assembly.add(f"{name}_flange", "flange/pipe_flange", self.disc(face, -axis))
            pipe = tube(face, back + axis * long, self.pipe, self.bore, 40)
            assembly.add(f"{name}_pipe", "pipe/pipe", pipe)
            reach += long
        else:
            raised = turned([(1.0 * self.pipe, -SUNK), (0.9 * self.pipe, 0.12 * self.pipe)], back, axis)
            blind = united([self.disc(face, -axis, bored=False), raised])
            assembly.add(f"{name}_blind", "flange/blind_flange", blind)
        if kind == "gauge":
            reach += add_gauge(assembly, rng, name, back + axis * 0.1 * self.pipe, axis, self.pipe)
        grip = t + g + (t if behind is None else behind)
        self.bolt.add(assembly, "flange", name, self.seats(back, axis), axis, grip, nut=True)
        return reach

    def add_gasket(self, assembly: Assembly, name: str, at: np.ndarray, axis: np.ndarray) -> None:
        """Add the ring between this flange's face at `at` and what comes along `axis`."""
        g = self.gasket + SUNK
        holes = [outlines.circle(0.9 * self.pipe, count=40)]
        if self.full_face:
            holes += disc_outlines(self.seats((0, 0, 0), UP), 0.95 * self.bolt.clearance)
            ring = extruded(self.outline(0.97), -SUNK, g, "y", holes)
        else:
            ring = extruded(
                outlines.circle(self.radius - 2.1 * self.bolt.diameter, count=40), -SUNK, g, "y", holes
            )
        ring = placed(ring, at, axis)
        assembly.add(f"{name}_gasket", "flange/gasket", ring)


def add_gauge(
    assembly: Assembly, rng: np.random.Generator, name: str, at: Vector, axis: Vector, size: float
) -> float:
    """Screw a pressure gauge in at a point; its dial looks to the front. Returns how far it reaches.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        name: What the ids begin with.
        at: (3,) of the thread.
        axis: (3,) unit vector, from there to the gauge.
        size: About the radius of its case.
    """
    at, axis = np.asarray(at, float), np.asarray(axis, float)
    r, deep = size * rng.uniform(0.95, 1.35), size * rng.uniform(0.5, 0.7)
    neck = size * rng.uniform(0.5, 0.9)
    hexagon = outlines.circle(0.34 * size, count=6)
    stem = united(
        [
            rod(at - axis * 0.1 * size, at + axis * (neck + 0.1 * size), 0.17 * size),
            placed(prim.post(np.array([(0, 0.25 * neck, 0), (0, 0.75 * neck, 0)]), hexagon), at, axis),
        ]
    )
    assembly.add(f"{name}_gauge_stem", "gauge/stem", stem)
    # The dial looks to the front; of a gauge whose stem does, upwards
    looks = UP if abs(axis[2]) > 0.7 else FRONT
    center = at + axis * (neck + r)
    case = [
        (0.9 * r, -0.5 * deep),
        (r, -0.4 * deep),
        (r, 0.4 * deep),
        (0.93 * r, 0.4 * deep),
        (0.93 * r, 0.3 * deep),
    ]
    assembly.add(f"{name}_gauge_case", "gauge/case", turned(case, center, looks, 40))
    bezel = np.array(
        [(1.06 * r, 0.3 * deep), (1.06 * r, 0.55 * deep), (0.92 * r, 0.55 * deep), (0.92 * r, 0.3 * deep)]
    )
    assembly.add(
        f"{name}_gauge_bezel", "gauge/bezel", placed(revolved(bezel, 40, closed=True), center, looks)
    )
    face = center + looks * (0.3 * deep - SUNK)
    assembly.add(
        f"{name}_gauge_dial", "gauge/dial", rod(face, face + looks * 0.05 * deep, 0.925 * r, count=40)
    )
    turn = rng.uniform(-2.2, 2.2)
    right, up = (np.cross(axis, looks), axis)
    ahead = np.cos(turn) * up + np.sin(turn) * right
    level = face + looks * 0.1 * deep
    pointer = prim.bar(
        level - ahead * 0.25 * r, level + ahead * 0.78 * r, outlines.rectangle(0.1 * r, 0.05 * r), looks
    )
    pivot = rod(level - looks * 0.08 * deep, level + looks * 0.07 * deep, 0.11 * r, count=16)
    assembly.add(f"{name}_gauge_needle", "gauge/needle", united([pointer, pivot]))
    return neck + 2.1 * r


def end_kinds(rng: np.random.Generator) -> tuple[str, str]:
    """What is bolted to the right and to the left end."""
    odds = {"pipe": 3.0, "open": 1.5, "blind": 0.6}
    return pick(rng, odds), pick(rng, odds)
