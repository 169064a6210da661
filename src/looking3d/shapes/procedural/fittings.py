"""What is screwed on to furniture: handles, knobs, hinges, casters, wheels, feet."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.primitives import Mesh
from looking3d.shapes.procedural.turning import facing, revolved, united

_SUNK = 0.0015  # how far fittings reach into what they are screwed to


@dataclass(frozen=True)
class HandleStyle:
    """One pattern of handle, of which a piece of furniture has many.

    Attributes:
        kind: `knob`, `bow`, `bar`, `cup`, `strip` or `ring`.
        length: Of what is longer than wide, metres.
        reach: How far it stands off.
        thick: Radius of its bar.
        round: The bar is round.
    """

    kind: str
    length: float
    reach: float
    thick: float
    round: bool

    @classmethod
    def drawn(cls, rng: np.random.Generator, kinds: dict[str, float] | None = None) -> HandleStyle:
        """A style at random, its kind by weights."""
        kinds = kinds or {"knob": 3, "bow": 2.5, "bar": 2.5, "cup": 1, "strip": 1, "ring": 0.7}
        return cls(
            kind=pick(rng, kinds),
            length=rng.uniform(0.09, 0.2),
            reach=rng.uniform(0.022, 0.036),
            thick=rng.uniform(0.004, 0.0075),
            round=chance(rng, 0.6),
        )

    def mesh(self, room: float, upright: bool = False) -> Mesh:
        """The handle on the plane z = 0, about the origin, to the front.

        Args:
            room: Length that there is for it, along x, or along y if `upright`.
            upright: Its length runs along y.
        """
        length = min(self.length, 0.75 * room)
        made = {
            "knob": self._knob,
            "bow": self._bow,
            "bar": self._bar,
            "cup": self._cup,
            "strip": self._strip,
            "ring": self._ring,
        }[self.kind](length)
        if upright and self.kind not in ("knob", "ring"):
            made = made.mapped(lambda p: p[:, [1, 0, 2]])
        return made

    @property
    def section(self) -> np.ndarray:
        """(k, 2) section of the bar."""
        t = self.thick
        return outlines.circle(t, count=10) if self.round else outlines.rectangle(2 * t, 1.6 * t, 0.3 * t)

    def _knob(self, length: float) -> Mesh:
        r = 1.1 * self.thick + 0.4 * self.reach
        z, k = self.reach, 0.55
        if self.round:
            turn = np.linspace(-0.9, math.pi / 2, 8)
            head = np.stack([r * np.cos(turn), z - 0.7 * r + 0.7 * r * np.sin(turn)], 1)
        else:
            head = np.array([[r * 0.92, z - 0.75 * r], [r, z - 0.6 * r], [r, z - 0.15 * r], [0.86 * r, z]])
        stem = np.array([[0.75 * r, -_SUNK], [0.7 * r, 0.002], [k * r, 0.005], [k * r, 0.3 * z]])
        return facing(revolved(np.concatenate([stem, head]), 16), "z")

    def _bow(self, length: float) -> Mesh:
        half, z = length / 2, self.reach - self.thick
        inner = 0.12 * length if self.round else 0.0
        points = np.array(
            [(-half, 0, -_SUNK), (-half + inner, 0, z), (half - inner, 0, z), (half, 0, -_SUNK)]
        )
        path = prim.filleted(points, 0.7 * self.reach if self.round else 1.3 * self.thick, 5)
        return prim.sweep(path, self.section, (0.0, 1.0, 0.0))

    def _bar(self, length: float) -> Mesh:
        half, z = length / 2, self.reach - self.thick
        rail = prim.bar((-half, 0, z), (half, 0, z), self.section, bevel=0.001)
        foot = outlines.circle(0.75 * self.thick, count=8)
        feet = [prim.bar((x, 0, -_SUNK), (x, 0, z), foot) for x in (-0.72 * half, 0.72 * half)]
        return united([rail, *feet])

    def _cup(self, length: float) -> Mesh:
        half, high = 0.4 * length, 0.028
        x = np.linspace(-1, 1, 13)
        scale = np.sqrt(np.clip(1 - np.abs(x) ** 2.6, 0.02, 1))
        turn = np.linspace(0, math.pi / 2, 6)
        arc = np.stack([0.9 * self.reach * np.cos(turn), high * np.sin(turn)], 1)
        section = np.concatenate([[[-_SUNK, 0.0]], arc, [[-_SUNK, high]]]) - [0, 0.4 * high]
        rings = np.stack(
            [np.broadcast_to(half * x[:, None], (13, 8)), *(section.T[[1, 0], None] * scale[:, None])], -1
        )
        return prim.loft(rings)

    def _strip(self, length: float) -> Mesh:
        half = 0.5 * length
        return prim.box((-half, -0.007, -_SUNK), (half, 0.007, 0.75 * self.reach), 0.002)

    def _ring(self, length: float) -> Mesh:
        r = 0.018
        plate = np.array([[r * 0.7, -_SUNK], [r * 0.7, 0.002], [0.4 * r, 0.007], [0.2 * r, 0.009]])
        hoop = prim.ring((0, 0, 0), r, outlines.circle(0.0032, count=8), 24)
        return united([facing(revolved(plate, 16), "z"), facing(hoop, "z").moved([0, -r, 0.0062])])


def caster_wheel(radius: float, width: float, hub: float = 0.45) -> Mesh:
    """A wheel with a tread and a hub, standing about the origin; its axle is along x.

    Args:
        radius: Of the tread.
        width: Of the tread.
        hub: Radius of the hub over that of the wheel.
    """
    w, r = width / 2, radius
    side = [
        (0.12, 1.12),
        (0.9 * hub, 1.12),
        (hub, 0.7),
        (0.72, 0.66),
        (0.78, 0.85),
        (0.92, 0.95),
        (1.0, 0.55),
    ]
    left = np.array([(a * r, -b * w) for a, b in side])
    right = left[::-1] * [1, -1]
    return facing(revolved(np.concatenate([left, right]), 28), "x")


def spoked_wheel(radius: float, width: float, spokes: int) -> Mesh:
    """A wheel of a rim, a hub and spokes, standing about the origin; its axle is along x."""
    tyre = 0.09 * radius
    rim = prim.ring((0, 0, 0), radius - tyre, outlines.circle(tyre, 0.5 * width, 12), 36)
    hub = prim.bar(
        (0, -0.6 * width, 0), (0, 0.6 * width, 0), outlines.circle(0.16 * radius, count=14), (1, 0, 0)
    )
    section = outlines.circle(0.055 * radius, 0.3 * width, 8)
    angles = math.pi * np.arange(spokes) / spokes
    reach = radius - tyre
    ends = reach * np.stack([np.cos(angles), 0 * angles, np.sin(angles)], 1)
    bars = [prim.bar(-end, end, section, (0.0, 1.0, 0.0)) for end in ends]
    return facing(united([rim, hub, *bars]), "x")


@dataclass(frozen=True)
class CasterStyle:
    """One pattern of caster.

    Attributes:
        radius: Of the wheel, metres.
        width: Of the wheel.
        height: From the floor to what it carries.
        swivels: It turns as it likes, and its wheel trails its stem.
    """

    radius: float
    width: float
    height: float
    swivels: bool = True

    @classmethod
    def drawn(cls, rng: np.random.Generator, radius: float) -> CasterStyle:
        """A style at random for wheels of about a radius."""
        radius = radius * rng.uniform(0.85, 1.15)
        return cls(radius, radius * rng.uniform(0.5, 0.75), 2 * radius + rng.uniform(0.012, 0.03))

    def add(
        self, assembly: Assembly, label: str, number: int, spot: tuple[float, float], yaw_rad: float
    ) -> None:
        """Add a fork with its stem, and a wheel.

        Args:
            assembly: Where the parts go.
            label: Path of the caster below the root.
            number: Of this caster.
            spot: x and z of the stem.
            yaw_rad: Direction in which it rolls; 0 is along z.
        """
        r, w, trail = self.radius, 0.5 * self.width, 0.35 * self.radius if self.swivels else 0.0
        side, crown = 1.12 * w + 0.0015, 2 * r + 0.006
        points = np.array([(-side, 0.85 * r, 0), (-side, crown, 0), (side, crown, 0), (side, 0.85 * r, 0)])
        path = prim.filleted(points, 0.3 * r, 3) + [0, 0, -trail]
        section = outlines.rectangle(0.004, 0.7 * r, 0.001)
        fork = prim.sweep(path, section, (0.0, 0.0, 1.0))
        stem = prim.post(
            np.array([(0, crown - 0.001, -0.4 * trail), (0, self.height + 0.003, 0)]),
            outlines.circle(0.32 * r, count=12),
        )
        wheel = caster_wheel(r, self.width).moved([0, r, -trail])
        cos, sin = math.cos(yaw_rad), math.sin(yaw_rad)
        turn = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])

        def place(p: np.ndarray) -> np.ndarray:
            return p @ turn.T + [spot[0], 0.0, spot[1]]

        assembly.add(f"caster_stem_{number}", f"{label}/caster_stem", united([fork, stem]).mapped(place))
        assembly.add(f"wheel_{number}", f"{label}/wheel", wheel.mapped(place))


def add_casters(
    assembly: Assembly,
    rng: np.random.Generator,
    label: str,
    style: CasterStyle,
    spots: list[tuple[float, float]],
) -> None:
    """Add a caster at each spot; they stand as the last push left them."""
    yaw = rng.uniform(0, 2 * math.pi)
    for number, spot in enumerate(spots, 1):
        style.add(assembly, label, number, spot, yaw + rng.normal(0, 0.25))


def corners(x: float, z: float) -> list[tuple[float, float]]:
    """The four corners of a rectangle about the origin, as spots for casters or feet."""
    return [(x, z), (-x, z), (x, -z), (-x, -z)]
