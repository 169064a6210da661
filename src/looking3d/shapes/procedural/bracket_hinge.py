"""Heavy hinges between two boards."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.bracket_plates import BASE, FASTENER, WALL
from looking3d.shapes.procedural.fasteners import Fastener, pin_mesh
from looking3d.shapes.procedural.machining import (
    RIGHT,
    SUNK,
    UP,
    extruded,
    hole,
    placed,
    rod,
)
from looking3d.shapes.procedural.primitives import Mesh
from looking3d.shapes.procedural.turning import carved, cut


@dataclass(frozen=True)
class _Hinge:
    """Sizes of a hinge, its pin along x through the origin.

    Attributes:
        width: Along the pin.
        leaf: From the pin to the end of a leaf.
        thickness: Of a leaf.
        barrel: Radius of the knuckles.
        knuckles: Of both leaves together.
        screw: The pattern of the screws.
        end: How the leaves are cut: `square`, `rounded` or `strap`.
    """

    width: float
    leaf: float
    thickness: float
    barrel: float
    knuckles: int
    screw: Fastener
    end: str

    @property
    def tip(self) -> float:
        """Width of the end of a leaf."""
        return self.width * (0.45 if self.end == "strap" else 1.0)

    def seats(self) -> list[np.ndarray]:
        """(3,) where the screws sit on the upper face of a leaf that lies to the front."""
        reach, leaf = self.screw.reach, self.leaf
        rows = 2 if leaf > 7 * reach else 1
        seats = []
        for z in np.linspace(self.barrel + 1.3 * reach, leaf - 1.6 * reach, rows):
            room = (self.tip if z > 0.6 * leaf or self.end == "strap" else self.width) / 2 - 1.5 * reach
            count = 1 if room < 1.5 * reach else 3 if room > 4.5 * reach and rows == 1 else 2
            spots = np.linspace(-room, room, count) if count > 1 else [0.0]
            seats += [np.array([x, self.thickness / 2, z]) for x in spots]
        return seats

    def outline(self) -> np.ndarray:
        """(k, 2) of a leaf, in x and z."""
        corner = (0.02 if self.end == "square" else 0.25) * min(self.tip, self.leaf)
        right = [(self.width / 2, -self.barrel), (self.width / 2, 0.3 * self.leaf), (self.tip / 2, self.leaf)]
        plan = np.array([(-right[0][0], right[0][1]), *right, *[(-x, z) for x, z in right[:0:-1]]])
        return outlines.rounded(plan, [0.001, 0.001, 0.001, corner, corner, 0.001], 5)

    def mesh(self, parity: int) -> Mesh:
        """The leaf with the even or the odd knuckles, lying to the front."""
        t, r, gap = self.thickness, self.barrel, 3e-4
        edges = np.linspace(-self.width / 2, self.width / 2, self.knuckles + 1)
        spans = list(itertools.pairwise(edges))
        barrels = [rod((a + gap, 0, 0), (b - gap, 0, 0), r, 0.05 * r) for a, b in spans[parity::2]]
        others = [
            prim.box((a - gap, -2 * r, -2 * r), (b + gap, 2 * r, 1.15 * r), 1e-4)
            for a, b in spans[1 - parity :: 2]
        ]
        drills = [hole(p, UP, self.screw.clearance, 2 * t) for p in self.seats()]
        leaf = cut(extruded(self.outline(), -t / 2, t / 2, "y"), others)
        return carved([leaf, *barrels], [hole((0, 0, 0), RIGHT, 0.5 * r, self.width), *drills])


def add_hinge(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a hinge: two leaves with knuckles, a pin with finials, screws; open, between two boards."""
    width = rng.uniform(0.1, 0.4)
    leaf, t = width * rng.uniform(0.4, 0.8), width * rng.uniform(0.042, 0.065)
    knuckles = int(rng.choice([3, 5, 5, 7]))
    r = t * rng.uniform(1.3, 1.8)
    angle = math.radians(rng.choice([90.0, 90.0, 60.0, 75.0, 100.0]))
    screw = Fastener.drawn(rng, width * rng.uniform(0.05, 0.07), {"button": 3, "hex": 1, "socket": 1}, 0.15)
    end = pick(rng, {"square": 1, "rounded": 2, "strap": 1})
    hinge = _Hinge(width, leaf, t, r, knuckles, screw, end)
    board = rng.uniform(1.5, 3.0) * t
    floor = max(board + t / 2, r + SUNK)
    facing = np.array([1.0, 1.0, -1.0 if chance(rng, 0.5) else 1.0])
    cos, sin = math.cos(angle), math.sin(angle)
    # The upright leaf's upper face looks to the front
    swing = np.array([[1, 0, 0], [0, cos, sin], [0, -sin, cos]]) @ np.diag([1.0, -1.0, 1.0])
    for parity, turn in enumerate((np.eye(3), swing)):
        _add_leaf(assembly, hinge, parity, board, (turn * facing[:, None], np.array([0.0, floor, 0.0])))
    axis = np.array([0.0, floor, 0.0])
    half = 0.52 * width
    assembly.add("pin", "hinge/pin", rod(axis - RIGHT * half, axis + RIGHT * half, 0.5 * r + SUNK))
    for name, s in (("left", 1.0), ("right", -1.0)):
        at = axis + RIGHT * s * (half - 0.05 * r)
        assembly.add(
            f"finial_{name}", "hinge/finial", placed(pin_mesh(1.5 * r, 0.25 * r, True), at, RIGHT * s)
        )


def _add_leaf(
    assembly: Assembly, hinge: _Hinge, parity: int, board: float, pose: tuple[np.ndarray, np.ndarray]
) -> None:
    """Add a leaf, the board behind it and its screws: of the leaf that lies, or of the upright one."""
    turn, origin = pose
    name, label = (("lower", BASE), ("upper", WALL))[parity]

    def place(p: np.ndarray) -> np.ndarray:
        return p @ turn.T + origin

    t, half = hinge.thickness, 0.55 * hinge.width
    assembly.add(f"leaf_{name}", "hinge/leaf", hinge.mesh(parity).mapped(place))
    # The board that lies is the longer one, so that an open hinge does not tip over
    deep = hinge.leaf + (0.07 if parity else 0.2) * hinge.width
    wood = prim.box((-half, -t / 2 - board, 1.3 * hinge.barrel), (half, SUNK - t / 2, deep), 0.1 * t)
    assembly.add(f"board_{name}", label, wood.mapped(place))
    # Through the board that is upright, into the one that lies
    grip = t + (1.0 if parity else 0.6) * board
    seats = place(np.array(hinge.seats()))
    hinge.screw.add(assembly, FASTENER, f"{name}_leaf", seats, turn @ UP, grip, nut=bool(parity))
