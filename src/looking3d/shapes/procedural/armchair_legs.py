"""What upholstered seats stand on: turned, reeded and bun feet, cabriole and tapered legs, plinths, sleds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, lerp, pick
from looking3d.shapes.procedural.chair_legs import LEG, RUNNER
from looking3d.shapes.procedural.chair_sofa import FOOT
from looking3d.shapes.procedural.primitives import Mesh, signed_volume
from looking3d.shapes.procedural.table_legs import LegStyle
from looking3d.shapes.procedural.turning import revolved

# Radius factors and heights of a foot like a flattened ball, between a pad and a neck
_BUN = np.array(
    [(0.55, 0.0), (0.62, 0.03), (0.62, 0.09), (0.5, 0.14), (0.78, 0.2), (0.94, 0.3), (1.0, 0.45)]
    + [(0.94, 0.62), (0.76, 0.75), (0.52, 0.82), (0.5, 0.86), (0.66, 0.89), (0.7, 0.94), (0.7, 1.0)]
)


@dataclass(frozen=True)
class FootStyle:
    """The legs of one seat.

    Attributes:
        kind: `bun`, `reeded`, `sabre`, or a kind of `LegStyle`.
        radius: Half of its width at the widest, metres.
        leg: Draws what is not ours.
        reeds: Flutes around a reeded leg.
    """

    kind: str
    radius: float
    leg: LegStyle
    reeds: int

    @classmethod
    def drawn(
        cls, rng: np.random.Generator, height: float, kinds: dict[str, float] | None = None
    ) -> FootStyle:
        """A style at random for a height, which decides what looks right."""
        if kinds is None:
            kinds = {
                "turned": 1.5,
                "reeded": 1.2,
                "tapered": 1.2,
                "round": 1.5,
                "cabriole": 1.0,
                "square": 0.8,
            }
            kinds = {"bun": 3, "square": 1.0, "round": 0.6} if height < 0.085 else kinds
        kind = pick(rng, kinds)
        wide = {"bun": 0.6 * height, "cabriole": 0.034, "turned": 0.03, "reeded": 0.029}.get(kind, 0.024)
        radius = float(np.clip(wide * rng.uniform(0.9, 1.2), 0.018, 0.05))
        leg = LegStyle.drawn(rng, radius / (1.2 if kind in ("turned", "cabriole") else 1.0), {kind: 1.0})
        return cls(kind, radius, leg, int(rng.integers(9, 14)))

    @property
    def label(self) -> str:
        """Buns are feet, the others legs."""
        return FOOT if self.kind == "bun" else LEG

    def mesh(self, height: float) -> Mesh:
        """The leg from the floor to a height under the origin; it leans and bows to +x and +z."""
        if self.kind == "bun":
            return revolved(_BUN * [self.radius, height], 22)
        if self.kind == "reeded":
            return self._reeded(height)
        if self.kind == "sabre":
            t = np.linspace(0, 1, 9)
            path = np.stack([0 * t, t * height, 0.34 * height * (1 - t) ** 2], 1)
            section = outlines.rectangle(1.8 * self.radius, 1.8 * self.radius, 0.25 * self.radius)
            return prim.post(path, section, lerp(0.72, 1.0, t))
        return self.leg.mesh(0.0, 0.0, height)

    def _reeded(self, height: float) -> Mesh:
        """Turned: a toe, a tapering shaft with flutes, a ring and a block; the flutes fade at both ends."""
        t = np.array(
            [0, 0.01, 0.05, 0.075, 0.09, 0.12, 0.2, 0.45, 0.7, 0.76, 0.78, 0.8, 0.83, 0.85, 0.87, 1.0]
        )
        r = np.array([0.5, 0.6, 0.62, 0.5, 0.46, 0.52, 0.58, 0.7, 0.85, 0.86, 0.7, 0.92, 0.92, 0.7, 1.0, 1.0])
        groove = 0.13 * np.array([0, 0, 0, 0, 0, 0.3, 1, 1, 1, 0.2, 0, 0, 0, 0, 0, 0])
        angle = 2 * math.pi * np.arange(4 * self.reeds) / (4 * self.reeds)
        cut = 1 - np.abs(np.sin(0.5 * self.reeds * angle))
        radius = self.radius * r[:, None] * (1 - groove[:, None] * cut)
        y = np.broadcast_to(height * t[:, None], radius.shape)
        return prim.loft(np.stack([radius * np.cos(angle), y, radius * np.sin(angle)], -1))


def standing(mesh: Mesh, x: float, z: float, outwards: tuple[float, float]) -> Mesh:
    """A leg made under the origin, put under (x, z); it leans the way that `outwards` says in signs."""
    signs = np.where(np.asarray(outwards) < 0, -1.0, 1.0)
    return mesh.mapped(lambda p: p * [signs[0], 1.0, signs[1]] + [x, 0.0, z])


def add_feet(
    assembly: Assembly,
    style: FootStyle,
    height: float,
    x: float,
    z: tuple[float, float],
    rear: FootStyle | None = None,
) -> None:
    """Add four legs, and two more in the middle of what is long.

    Args:
        assembly: Where the parts go.
        style: Of the legs in front, and of those behind unless `rear` is given.
        height: Of what they carry, which they enter.
        x: Half of the distance between left and right.
        z: Of the front and the rear.
        rear: Of the legs behind.
    """
    for name, at, one in (("front", z[0], style), ("back", z[1], rear or style)):
        out = 1.0 if name == "front" else -1.0
        mesh = one.mesh(height)
        word = "foot" if one.label == FOOT else "leg"
        assembly.add_pair(f"{word}_{name}", one.label, standing(mesh, x, at, (1.0, out)))
        if x > 0.72:
            straight = (
                mesh
                if one.kind in ("bun", "turned", "reeded")
                else FootStyle("bun", one.radius, one.leg, one.reeds).mesh(height)
            )
            assembly.add(f"{word}_{name}_middle", one.label, straight.moved([0, 0, at]))


def add_plinth(assembly: Assembly, height: float, x: float, z: tuple[float, float]) -> None:
    """Add a closed base that stands back from the edges."""
    box = prim.box((-x, 0, z[1]), (x, height, z[0]), min(0.004, 0.2 * height))
    assembly.add("plinth", FOOT, box)


def add_sleds(
    assembly: Assembly, rng: np.random.Generator, height: float, x: float, z: tuple[float, float]
) -> None:
    """Add a closed loop of flat bar or of tube under each side, standing on the floor."""
    half = rng.uniform(0.006, 0.01)
    section = (
        outlines.circle(half, count=10)
        if chance(rng, 0.4)
        else outlines.rectangle(2 * half, 4.5 * half, 0.4 * half)
    )
    points = np.array([(x, height, z[0]), (x, half, z[0] + 0.02), (x, half, z[1] - 0.02), (x, height, z[1])])
    path = prim.filleted(points, rng.uniform(0.012, 0.4 * height), 5)
    assembly.add_pair("runner", RUNNER, prim.sweep(path, section, (1.0, 0.0, 0.0)))


def add_base(
    assembly: Assembly, rng: np.random.Generator, height: float, x: float, z: tuple[float, float]
) -> None:
    """Add legs, feet, sleds or a plinth under a body whose underside is at a height."""
    kind = pick(
        rng, {"legs": 5, "plinth": 1.0 if height < 0.1 else 0.1, "sleds": 1.0 if height > 0.09 else 0.0}
    )
    if kind == "plinth":
        add_plinth(assembly, height + 0.004, x, z)
    elif kind == "sleds":
        add_sleds(assembly, rng, height + 0.008, x - 0.01, (z[0] - 0.02, z[1] + 0.02))
    else:
        style = FootStyle.drawn(rng, height)
        inset = style.radius * 0.6
        rear = None
        if style.kind in ("turned", "reeded", "cabriole") and chance(rng, 0.6):
            rear = FootStyle("sabre", style.radius, style.leg, style.reeds)
        add_feet(assembly, style, height + 0.006, x - inset, (z[0] - inset, z[1] + inset), rear)


def center_z(assembly: Assembly) -> float:
    """z of the centre of mass so far, all parts of one density."""
    moment = mass = 0.0
    for part in assembly.parts:
        volume = signed_volume(part.vertices, part.faces)
        mass, moment = mass + volume, moment + volume * float(part.vertices[:, 2].mean())
    return moment / mass
