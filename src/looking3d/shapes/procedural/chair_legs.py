"""Legs of chairs, straight, bowed or turned, and what joins them: stretchers, feet, runners, rockers."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, lerp, pick
from looking3d.shapes.procedural.chair_seat import SeatPlan

LEG = "chair_base/regular_leg_base/leg"
STRETCHER = "chair_base/regular_leg_base/bar_stretcher"
RUNNER = "chair_base/regular_leg_base/runner"
ROCKER = "chair_base/regular_leg_base/rocker"
FOOT = "chair_base/regular_leg_base/foot"


@dataclass(frozen=True)
class _LegLine:
    """The centre line of a left leg, from its foot to its top, (3,) each, bent to the front by `bow`."""

    foot: np.ndarray
    top: np.ndarray
    bow: float = 0.0

    def at(self, y: float | np.ndarray) -> np.ndarray:
        """(..., 3) points at heights y."""
        t = (np.asarray(y, float) - self.foot[1]) / (self.top[1] - self.foot[1])
        points = lerp(self.foot, self.top, t[..., None])
        points[..., 2] += 4 * self.bow * t * (1 - t)
        return points

    def lifted(self, height: float) -> _LegLine:
        """The line with its foot that much higher."""
        return dataclasses.replace(self, foot=self.foot + np.array([0.0, height, 0.0]))


@dataclass(frozen=True)
class _LegStyle:
    """What a leg looks like.

    Attributes:
        kind: `square`, `round` or `turned`.
        taper: Width of the foot over that of the top.
        aspect: Depth over width of a square leg.
        edge: Radius of its edges over half of its width.
        profile: Heights in 0..1 and radius factors of a turned leg, (n,) each.
    """

    kind: str
    taper: float
    aspect: float
    edge: float
    profile: tuple[np.ndarray, np.ndarray]

    @classmethod
    def drawn(cls, rng: np.random.Generator, kinds: dict[str, float]) -> _LegStyle:
        """A style at random, its kind by weights."""
        return cls(
            kind=pick(rng, kinds),
            taper=rng.uniform(0.5, 1.0) if chance(rng, 0.6) else 1.0,
            aspect=rng.uniform(0.7, 1.0),
            edge=rng.uniform(0.12, 0.6),
            profile=_turned_profile(rng),
        )

    def mesh(self, line: _LegLine, radius: float) -> prim.Mesh:
        """The leg along a line."""
        if self.kind == "turned":
            t, scale = self.profile
        elif line.bow:
            t = np.linspace(0, 1, 12)
            scale = lerp(self.taper, 1.0, t)
        else:
            # The edge of the foot is broken.
            t = np.array([0.0, 0.012, 1.0])
            scale = np.array([0.85, 1.0, 1.0]) * lerp(self.taper, 1.0, t)
        section = outlines.circle(radius, count=14)
        if self.kind == "square":
            section = outlines.rectangle(2 * radius, 2 * radius * self.aspect, self.edge * radius)
        return prim.post(line.at(lerp(line.foot[1], line.top[1], t)), section, scale)


def _turned_profile(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Heights in 0..1 and radius factors of a turned leg: a taper, with beads and a vase."""
    t = np.linspace(0, 1, 26)
    scale = lerp(rng.uniform(0.55, 0.8), 1.0, t)
    for _ in range(rng.integers(1, 4)):
        center, width = rng.uniform(0.1, 0.9), rng.uniform(0.03, 0.14)
        scale = scale * (1 + rng.uniform(-0.45, 0.4) * np.exp(-(((t - center) / width) ** 2)))
    return t, np.clip(scale, 0.4, 1.3)


def add_legs(
    assembly: Assembly,
    rng: np.random.Generator,
    seat: SeatPlan,
    feet: str = "none",
    middle: bool = False,
) -> None:
    """Add four legs (six for a long bench) and perhaps stretchers.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        seat: What the legs carry.
        feet: `none`, `pad` (a foot under each leg), `runner` or `rocker` (a bar under each side).
        middle: Add a middle pair of legs.
    """
    radius = rng.uniform(0.011, 0.027) * (1.15 if seat.width > 0.8 else 1.0)
    if seat.kind == "slats":
        radius = min(radius, 0.022)
    round_legs = chance(rng, 0.5)
    front = _LegStyle.drawn(rng, {"round": 2, "turned": 2} if round_legs else {"square": 1})
    back = _LegStyle.drawn(rng, {"round": 1, "square": 0.5}) if chance(rng, 0.25) else front
    splay = rng.uniform(0.0, 0.16) if chance(rng, 0.5) else 0.0
    splay_x = splay * rng.uniform(0.3, 1.0)
    splay_back = max(splay, rng.uniform(0, 0.15)) if chance(rng, 0.5) else splay
    bow = rng.uniform(0.01, 0.04) if feet == "none" and chance(rng, 0.2) else 0.0
    bow_front = bow * rng.choice([0.0, -1.0])
    height = seat.board_bottom + 0.005
    inset = radius * 1.05 if seat.kind == "slats" else radius * 1.3 + rng.uniform(0.0, 0.035)
    lines = {}
    for name, sign, reach, bent in (("front", 1, splay, bow_front), ("back", -1, splay_back, bow)):
        x, z = seat.spot(sign, inset)
        foot = np.array([x + splay_x * height, 0.0, z + sign * reach * height])
        lines[name] = _LegLine(foot, np.array([x, height, z]), bent)
    if feet == "pad":
        lines = _add_pads(assembly, rng, lines, radius)
    elif feet != "none":
        lines = _add_runners(assembly, rng, lines, radius, feet == "rocker", round_legs)
    for name, style in (("front", front), ("back", back)):
        line = lines[name]
        assembly.add_pair(f"leg_{name}", LEG, style.mesh(line, radius))
        if middle:
            center = _LegLine(line.foot * [0, 1, 1], line.top * [0, 1, 1], line.bow)
            assembly.add(f"leg_{name}_middle", LEG, style.mesh(center, radius))
    if chance(rng, 0.55):
        _add_stretchers(assembly, rng, lines, radius, round_legs)


def _add_pads(
    assembly: Assembly, rng: np.random.Generator, lines: dict[str, _LegLine], radius: float
) -> dict[str, _LegLine]:
    """Add a foot under each leg; returns the legs' lines, shortened."""
    height = rng.uniform(0.012, 0.04)
    section = outlines.circle(radius * rng.uniform(1.0, 1.5), count=14)
    for name, line in lines.items():
        path = line.foot + np.array([[0, 0, 0], [0, height, 0]])
        assembly.add_pair(f"foot_{name}", FOOT, prim.post(path, section, np.array([1.0, 0.85])))
    return {name: line.lifted(height - 0.004) for name, line in lines.items()}


def _add_runners(
    assembly: Assembly,
    rng: np.random.Generator,
    lines: dict[str, _LegLine],
    radius: float,
    rocking: bool,
    round_bars: bool,
) -> dict[str, _LegLine]:
    """Add a bar on the floor, straight or a rocker, under each side; returns the legs' lines, shortened."""
    front, back = lines["front"].foot, lines["back"].foot
    thick = rng.uniform(0.9, 1.3) * radius
    section = outlines.circle(thick) if round_bars else outlines.rectangle(2 * thick, 2 * thick, 0.2 * thick)
    past = rng.uniform(0.1, 0.25) if rocking else rng.uniform(0.03, 0.08)
    curvature = 1 / rng.uniform(0.7, 1.1) if rocking else 0.0
    middle = (front + back) / 2

    def lift(p: np.ndarray) -> np.ndarray:
        return thick + 0.5 * curvature * np.sum((p - middle) ** 2, axis=-1)

    t = np.linspace(-past, 1 + past * rng.uniform(0.4, 1.0), 24 if rocking else 2)
    path = lerp(back, front, t[:, None])
    path[:, 1] = lift(path)
    name, label = ("rocker", ROCKER) if rocking else ("runner", RUNNER)
    assembly.add_pair(name, label, prim.sweep(path, section, (1.0, 0.0, 0.0), bevel=0.004))
    return {name: line.lifted(float(lift(line.foot))) for name, line in lines.items()}


def _add_stretchers(
    assembly: Assembly, rng: np.random.Generator, lines: dict[str, _LegLine], radius: float, round_bars: bool
) -> None:
    """Bars between the legs: round a box, an H, an X, or the sides only."""
    pattern = pick(rng, {"box": 2, "h": 2, "sides": 1.5, "x": 0.7, "double": 0.8, "ends": 0.8})
    thick = radius * rng.uniform(0.45, 0.75)
    section = (
        outlines.circle(thick, count=12)
        if round_bars
        else outlines.rectangle(1.3 * thick, 2.4 * thick, 0.002)
    )
    top = lines["front"].top[1]
    y = top * rng.uniform(0.25, 0.65)
    y_ends = y + (0.0 if chance(rng, 0.5) else top * rng.uniform(0.06, 0.15))
    front, back = lines["front"], lines["back"]
    mirror = np.array([-1.0, 1.0, 1.0])
    if pattern in ("box", "h", "sides", "double"):
        assembly.add_pair("stretcher_side", STRETCHER, prim.bar(front.at(y), back.at(y), section))
    if pattern == "double":
        low = y * 0.6
        assembly.add_pair("stretcher_side_low", STRETCHER, prim.bar(front.at(low), back.at(low), section))
    if pattern in ("box", "double", "ends"):
        assembly.add(
            "stretcher_front", STRETCHER, prim.bar(front.at(y_ends), front.at(y_ends) * mirror, section)
        )
        assembly.add(
            "stretcher_back", STRETCHER, prim.bar(back.at(y_ends), back.at(y_ends) * mirror, section)
        )
    if pattern == "h":
        center = lerp(back.at(y), front.at(y), rng.uniform(0.4, 0.7))
        assembly.add("stretcher_middle", STRETCHER, prim.bar(center, center * mirror, section))
    if pattern == "x":
        for name, sign in (("a", 1.0), ("b", -1.0)):
            ends = front.at(y) * [sign, 1, 1], back.at(y) * [-sign, 1, 1]
            assembly.add(f"stretcher_diagonal_{name}", STRETCHER, prim.bar(*ends, section))


def add_tripod(assembly: Assembly, rng: np.random.Generator, seat: SeatPlan) -> None:
    """Add three splayed legs under a round seat, perhaps with a ring around them."""
    radius, height = rng.uniform(0.012, 0.022), seat.board_bottom + 0.005
    reach, splay = 0.36 * seat.width, rng.uniform(0.03, 0.25)
    style = _LegStyle.drawn(rng, {"round": 2, "turned": 1})
    for i in range(3):
        angle = 2 * np.pi * i / 3
        ahead = np.array([np.sin(angle), 0.0, np.cos(angle)])
        top = ahead * reach + [0, height, 0]
        line = _LegLine(ahead * (reach + splay * height), top)
        assembly.add(f"leg_{i + 1}", LEG, style.mesh(line, radius))
    if chance(rng, 0.7):
        t = rng.uniform(0.25, 0.6)
        tube = outlines.circle(rng.uniform(0.006, 0.009), count=10)
        at = reach + splay * height * (1 - t)
        assembly.add("stretcher_ring", STRETCHER, prim.ring((0.0, t * height, 0.0), at, tube))
