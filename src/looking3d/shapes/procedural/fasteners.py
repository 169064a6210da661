"""What holds machines together: bolts, screws, studs, nuts, washers and pins."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.machining import SUNK, UP, placed
from looking3d.shapes.procedural.primitives import Mesh, Vector

_COUNT = 18  # points around; a multiple of six, so that hexagons keep their corners

HEADS = {"hex": 4.0, "socket": 2.0, "button": 1.0, "flanged": 1.0}
"""Kinds of heads and how often each is drawn."""


@dataclass(frozen=True)
class Fastener:
    """One pattern of bolt, of which an assembly has many.

    Attributes:
        diameter: Of the shank, metres.
        head: A name in `HEADS`, or `stud` for a threaded rod with a nut in place of a head.
        washer: There is one under the head.
        acorn: Its nuts are domed.
        spin_rad: How its hexagons are turned.
    """

    diameter: float
    head: str = "hex"
    washer: bool = False
    acorn: bool = False
    spin_rad: float = 0.0

    @classmethod
    def drawn(
        cls,
        rng: np.random.Generator,
        diameter: float,
        heads: dict[str, float] | None = None,
        washers: float = 0.35,
    ) -> Fastener:
        """A pattern at random for shanks of a diameter."""
        return cls(
            diameter,
            pick(rng, heads or HEADS),
            chance(rng, washers),
            chance(rng, 0.12),
            float(rng.uniform(0, math.pi / 3)),
        )

    @property
    def reach(self) -> float:
        """Radius of the room that its head and washer need."""
        return (1.1 if self.washer or self.head == "flanged" else 0.95) * self.diameter

    @property
    def clearance(self) -> float:
        """Radius of the holes for it."""
        return 0.55 * self.diameter

    def add(
        self,
        assembly: Assembly,
        label: str,
        name: str,
        seats: Iterable[Vector],
        axis: Vector = UP,
        grip: float = 0.0,
        nut: bool = False,
    ) -> None:
        """Add a bolt at each seat, with its washer, and with its nut.

        Args:
            assembly: Where the parts go.
            label: Path below the root of what the bolts belong to.
            name: What the ids begin with.
            seats: (3,) points of the surface that the heads press on.
            axis: (3,) unit vector, from the seat to the head.
            grip: How deep the shank reaches; with a nut, from the seat to the face that the nut presses on.
            nut: There is one at the far end.
        """
        axis = np.asarray(axis, float)
        d = self.diameter
        lift = 0.2 * d - SUNK if self.washer else 0.0
        made = self.mesh(grip + lift + (1.25 * d if nut else 0.0))
        word = "screw" if self.head in ("socket", "button") else "stud" if self.head == "stud" else "bolt"
        for i, seat in enumerate(seats, 1):
            seat = np.asarray(seat, float)
            at = seat + axis * (lift - SUNK)
            assembly.add(f"{name}_{word}_{i}", f"{label}/{word}", placed(made, at, axis, self.spin_rad))
            if self.head == "stud":
                top = placed(nut_mesh(d, self.acorn), at, axis, self.spin_rad)
                assembly.add(f"{name}_top_nut_{i}", f"{label}/nut", top)
            if self.washer:
                ring = placed(washer_mesh(d), seat - axis * SUNK, axis)
                assembly.add(f"{name}_washer_{i}", f"{label}/washer", ring)
            if nut:
                foot = placed(nut_mesh(d, self.acorn), seat - axis * (grip - SUNK), -axis, self.spin_rad)
                assembly.add(f"{name}_nut_{i}", f"{label}/nut", foot)

    def mesh(self, depth: float) -> Mesh:
        """The bolt about y, its head on the plane y = 0, its shank down to `-depth`."""
        d, r = self.diameter, 0.5 * self.diameter
        rows = [(0.8 * r, -depth, False), (r, min(-depth + 0.2 * r, -0.1 * r), False), (r, 0.0, False)]
        if self.head == "stud":
            above = 1.1 * d if not self.acorn else 0.7 * d
            rows = [*rows[:2], (r, above, False), (0.8 * r, above + 0.2 * r, False)]
        elif self.head == "hex":
            rows += [(0.8 * d, 0.0, True), (0.8 * d, 0.55 * d, True), (0.68 * d, 0.66 * d, True)]
        elif self.head == "flanged":
            rows += [(1.1 * d, 0.0, False), (1.1 * d, 0.1 * d, False), (0.8 * d, 0.25 * d, True)]
            rows += [(0.8 * d, 0.7 * d, True), (0.7 * d, 0.78 * d, True)]
        elif self.head == "socket":
            rows += [(0.78 * d, 0.0, False), (0.78 * d, 0.85 * d, False), (0.7 * d, 0.95 * d, False)]
            rows += [(0.4 * d, 0.95 * d, True), (0.4 * d, 0.4 * d, True)]
        else:
            rows += [(0.92 * d, 0.0, False), (0.88 * d, 0.2 * d, False), (0.68 * d, 0.42 * d, False)]
            rows += [(0.36 * d, 0.5 * d, True), (0.36 * d, 0.22 * d, True)]
        return _lofted(rows)


def nut_mesh(diameter: float, acorn: bool = False) -> Mesh:
    """A hexagonal nut about y, standing on y = 0; its thread is a little narrow, so that it bites."""
    d, r = diameter, 0.47 * diameter
    rows = [(0.72 * d, 0.0, True), (0.8 * d, 0.08 * d, True), (0.8 * d, 0.72 * d, True)]
    if acorn:
        rows += [(0.68 * d, 0.76 * d, False), (0.62 * d, 1.1 * d, False), (0.34 * d, 1.4 * d, False)]
        return _lofted([(r, 0.5 * d, False), (r, 0.0, False), *rows])
    rows += [(0.72 * d, 0.8 * d, True), (r, 0.8 * d, False), (r, 0.0, False)]
    return _lofted(rows, closed=True)


def washer_mesh(diameter: float) -> Mesh:
    """A flat washer about y, standing on y = 0."""
    d = diameter
    rows = [(1.1 * d, 0.0), (1.1 * d, 0.2 * d), (0.49 * d, 0.2 * d), (0.49 * d, 0.0)]
    return _lofted([(r, y, False) for r, y in rows], closed=True)


def pin_mesh(diameter: float, length: float, head: bool) -> Mesh:
    """A chamfered pin about y from y = 0 down to `-length`, with a flat head above or none."""
    r = 0.5 * diameter
    rows = [(0.75 * r, -length), (r, -length + 0.3 * r), (r, 0.0)]
    rows += [(1.5 * r, 0.0), (1.5 * r, 0.45 * r), (1.3 * r, 0.6 * r)] if head else [(0.75 * r, 0.3 * r)]
    return _lofted([(radius, y, False) for radius, y in rows])


def smaller(fastener: Fastener, factor: float) -> Fastener:
    """The same pattern in another size."""
    return dataclasses.replace(fastener, diameter=factor * fastener.diameter)


def _lofted(rows: list[tuple[float, float, bool]], closed: bool = False) -> Mesh:
    """Join rings about y of (radius, height, hexagonal); of a hexagon the radius is to its flats."""
    angle = 2 * math.pi * (np.arange(_COUNT) + 0.5) / _COUNT
    to_corner = 1 / np.cos((angle + math.pi / 6) % (math.pi / 3) - math.pi / 6)
    circle = np.stack([np.cos(angle), np.zeros(_COUNT), np.sin(angle)], 1)
    rings = [
        circle * [radius, 0, radius] * (to_corner[:, None] if hexagonal else 1.0) + [0, height, 0]
        for radius, height, hexagonal in rows
    ]
    return prim.loft(np.stack(rings), closed)
