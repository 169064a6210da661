"""Four legs of tables and what ties them: turned, tapered, curved, hairpin, U frames, stretchers."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, lerp, pick
from looking3d.shapes.procedural.fittings import CasterStyle, add_casters, corners
from looking3d.shapes.procedural.primitives import Mesh
from looking3d.shapes.procedural.table_top import TopPlan
from looking3d.shapes.procedural.turning import turned_profile

BASE = "regular_table/table_base/regular_leg_base"
LEG, FOOT, RUNNER = f"{BASE}/leg", f"{BASE}/foot", f"{BASE}/runner"
STRETCHER, CONNECTOR = f"{BASE}/bar_stretcher", f"{BASE}/tabletop_connector"


@dataclass(frozen=True)
class LegStyle:
    """What the legs of one table look like.

    Attributes:
        kind: `square`, `round`, `turned`, `block` (turned below a square head), `cabriole` or `tapered`
            (square, its inner sides cut away).
        radius: Half of its width at the top, metres.
        taper: Width of the foot over that of the top.
        splay: How far a foot stands out, over the height, in x and z.
        profile: (n, 2) radius factors and heights of turned legs.
        edge: Radius of a square leg's edges over half of its width.
    """

    kind: str
    radius: float
    taper: float
    splay: tuple[float, float]
    profile: np.ndarray
    edge: float

    @classmethod
    def drawn(
        cls, rng: np.random.Generator, radius: float, kinds: dict[str, float] | None = None
    ) -> LegStyle:
        """A style at random."""
        kinds = kinds or {
            "square": 2.5,
            "tapered": 1.6,
            "round": 1.8,
            "turned": 1.3,
            "block": 1.3,
            "cabriole": 0.8,
        }
        kind = pick(rng, kinds)
        splay = rng.uniform(0.02, 0.2) if kind in ("round", "square") and chance(rng, 0.5) else 0.0
        return cls(
            kind=kind,
            radius=radius * (1.2 if kind in ("turned", "block", "cabriole") else 1.0),
            taper=rng.uniform(0.45, 0.8) if kind == "tapered" or chance(rng, 0.5) else 1.0,
            splay=(splay, splay * rng.uniform(0.4, 1.0)),
            profile=turned_profile(rng, int(rng.integers(2, 6)), rng.uniform(0.45, 0.7)),
            edge=rng.uniform(0.06, 0.5),
        )

    def mesh(self, x: float, z: float, height: float, low: float = 0.0) -> Mesh:
        """The leg under (x, z), which lies on the left in front, from `low` to `height`."""
        r, span = self.radius, height - low
        foot = np.array([x + self.splay[0] * span, low, z + self.splay[1] * span])
        top = np.array([x, height, z])
        if self.kind in ("turned", "block"):
            return self._turned(x, z, low, height)
        if self.kind == "cabriole":
            s = np.linspace(0, 1, 22)
            sway = 1.1 * r * np.sin(math.pi * np.clip(s, 0, 1) ** 0.75 * 1.9 + 0.35) * (1 - s) ** 0.35
            width = np.interp(
                s, [0, 0.035, 0.07, 0.18, 0.72, 0.86, 1], [0.62, 0.75, 0.6, 0.4, 0.95, 1.05, 1.0]
            )
            path = np.stack([x - sway * 0.7, low + s * span, z - sway * 0.7], 1)
            return prim.post(path, outlines.circle(r, count=18, power=2.6), width)
        t = np.array([0.0, 0.01, 0.86, 1.0])
        scale = np.array([0.88 * self.taper, self.taper, lerp(self.taper, 1, 0.86), 1.0])
        if self.kind == "tapered":
            scale = np.array([0.9 * self.taper, self.taper, 1.0, 1.0])
            path = lerp(foot, top, t[:, None])
            # The outer sides stay plumb
            path[:, [0, 2]] += (r * (1 - scale))[:, None]
        else:
            path = lerp(foot, top, t[:, None])
        round_leg = self.kind == "round"
        section = (
            outlines.circle(r, count=18) if round_leg else outlines.rectangle(2 * r, 2 * r, self.edge * r)
        )
        return prim.post(path, section, scale)

    def _turned(self, x: float, z: float, low: float, height: float) -> Mesh:
        """A loft whose sections are round where it is turned and square at the head of a block leg."""
        factor, t = self.profile.T
        power = np.full(len(t), 2.0)
        if self.kind == "block":
            head = 0.8
            factor = np.concatenate([factor[:-1], [1.0, 1.0, 1.0]])
            t = np.concatenate([t[:-1] * head, [head + 0.004, head + 0.012, 1.0]])
            power = np.concatenate([power[:-1], [3.0, 14.0, 14.0]])
        count = 24
        rings = np.stack(
            [outlines.circle(self.radius * f, count=count, power=p) for f, p in zip(factor, power)]
        )
        y = low + t * (height - low)
        placed = np.insert(rings, 1, np.broadcast_to(y[:, None], rings.shape[:2]), axis=-1)
        return prim.loft(placed + [x, 0.0, z])

    def at(self, x: float, z: float, y: float, height: float) -> np.ndarray:
        """(3,) the middle of the leg under (x, z) at height y."""
        sway = (height - y) * np.asarray(self.splay)
        shift = 0.0
        if self.kind == "tapered":
            shift = self.radius * (1 - self.taper) * max(0.0, 1 - y / (0.86 * height))
        return np.array([x + sway[0] + shift, y, z + sway[1] + shift])

    def half(self, y: float, height: float) -> float:
        """About half of the leg's width at height y, at least."""
        if self.kind in ("turned", "block"):
            t = y / height / (0.8 if self.kind == "block" else 1.0)
            return self.radius * float(np.interp(t, self.profile[:, 1], self.profile[:, 0]))
        return (
            self.radius * float(lerp(self.taper, 1.0, y / height)) * (0.4 if self.kind == "cabriole" else 1.0)
        )


def add_four_legs(
    assembly: Assembly,
    rng: np.random.Generator,
    top: TopPlan,
    style: LegStyle,
    x: float,
    z: float,
    stretchers: float = 0.3,
    casters: float = 0.0,
) -> None:
    """Add a leg at each of (+-x, +-z), perhaps tied, perhaps on casters.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        top: What they carry.
        style: What they look like.
        x, z: Where they meet the top, on the left in front.
        stretchers: Probability of bars between them.
        casters: Probability of casters.
    """
    low, height = 0.0, top.below + 0.003
    if chance(rng, casters):
        wheels = CasterStyle.drawn(rng, rng.uniform(0.018, 0.03))
        low = wheels.height
        style = dataclasses.replace(
            style, splay=(0.0, 0.0), kind="square" if style.kind == "cabriole" else style.kind
        )
        if style.kind == "tapered":
            style = dataclasses.replace(style, taper=1.0)
        add_casters(assembly, rng, f"{BASE}/caster", wheels, corners(x, z))
    leg = style.mesh(x, z, height, low)
    assembly.add_pair("leg_front", LEG, leg)
    assembly.add_pair("leg_back", LEG, leg.mapped(lambda p: p * [1, 1, -1]))
    if style.kind != "cabriole" and not low and chance(rng, stretchers):
        _add_stretchers(assembly, rng, style, x, z, height)


def _add_stretchers(
    assembly: Assembly, rng: np.random.Generator, style: LegStyle, x: float, z: float, height: float
) -> None:
    """Bars between legs: round a box, an H, an X, or between the ends."""
    pattern = pick(rng, {"box": 1.2, "h": 2, "x": 1, "ends": 0.8})
    y = height * rng.uniform(0.12, 0.35)
    thick = min(0.75 * style.half(y, height), 0.02)
    round_bar = style.kind in ("round", "turned") and chance(rng, 0.8)
    section = (
        outlines.circle(thick, count=12) if round_bar else outlines.rectangle(1.3 * thick, 2.2 * thick, 0.003)
    )
    front = style.at(x, z, y, height)
    back, mirror = front * [1, 1, -1], np.array([-1.0, 1.0, 1.0])
    if pattern in ("box", "h", "ends"):
        assembly.add_pair("stretcher_side", STRETCHER, prim.bar(front, back, section))
    if pattern == "box":
        for name, end in (("front", front), ("back", back)):
            assembly.add(f"stretcher_{name}", STRETCHER, prim.bar(end, end * mirror, section))
    elif pattern == "h":
        end = front * [1, 1, 0]
        assembly.add("stretcher_middle", STRETCHER, prim.bar(end, end * mirror, section))
    elif pattern == "x":
        assembly.add("stretcher_diagonal_a", STRETCHER, prim.bar(front, back * mirror, section))
        assembly.add("stretcher_diagonal_b", STRETCHER, prim.bar(front * mirror, back, section))


def add_hairpin_legs(assembly: Assembly, rng: np.random.Generator, top: TopPlan, x: float, z: float) -> None:
    """Add four legs, each of a rod bent to a V on a small plate."""
    r, spread, splay = rng.uniform(0.005, 0.0075), rng.uniform(0.045, 0.075), rng.uniform(0.02, 0.12)
    height = top.below - 0.003
    for name, sign in (("front", 1.0), ("back", -1.0)):
        foot = np.array([x + splay * height, r, sign * (z + splay * height)])
        a, b = np.array([x - spread, height, sign * z]), np.array([x, height, sign * (z - spread)])
        path = prim.filleted(np.array([a, foot, b]), 0.014, 5)
        rod = prim.sweep(path, outlines.circle(r, count=10), np.cross(a - foot, b - foot))
        assembly.add_pair(f"leg_{name}", LEG, rod)
        half = spread / 2 + 0.022
        middle = (a + b) / 2
        plate = prim.box(
            (middle[0] - half, height - 0.001, middle[2] - half),
            (middle[0] + half, top.below + 0.001, middle[2] + half),
            0.001,
        )
        assembly.add_pair(f"plate_{name}", CONNECTOR, plate)


def add_frames(assembly: Assembly, rng: np.random.Generator, top: TopPlan, x: float, z: float) -> None:
    """Add a welded frame under each end: a U, a closed rectangle, a trapezoid or an X."""
    kind = pick(rng, {"loop": 2, "u": 1.5, "trapezoid": 1.5, "x": 1.5})
    wide, thin = rng.uniform(0.018, 0.04), rng.uniform(0.008, 0.02)
    section = outlines.rectangle(2 * thin, 2 * wide, 0.003)
    high, floor = top.below - thin + 0.002, thin
    at = x - wide
    lean = {"trapezoid": rng.uniform(0.04, 0.12), "x": 0.0}.get(kind, 0.0) * (1 if chance(rng, 0.6) else -1)
    if kind in ("loop", "trapezoid"):
        ends = (z - max(lean, 0.0), z + min(lean, 0.0))
        points = [(at, high, 0), (at, high, ends[0]), (at, floor, ends[1]), (at, floor, -ends[1])]
        points += [(at, high, -ends[0]), (at, high, -0.002)]
        path = prim.filleted(np.array(points), 1.1 * thin, 3)
        assembly.add_pair("leg", LEG, prim.sweep(path, section, (1.0, 0.0, 0.0)))
    elif kind == "u":
        points = np.array(
            [(at, top.below + 0.002, z), (at, floor, z), (at, floor, -z), (at, top.below + 0.002, -z)]
        )
        assembly.add_pair(
            "leg", LEG, prim.sweep(prim.filleted(points, 1.1 * thin, 3), section, (1.0, 0.0, 0.0))
        )
    else:
        for name, sign, shift in (("a", 1.0, 0.5), ("b", -1.0, -0.5)):
            # The two flats of an X are halved into one another; they lie side by side by half a width
            line = np.array(
                [(at + shift * wide * 0.9, 0, sign * z), (at + shift * wide * 0.9, high, -sign * z)]
            )
            flat = prim.post(line, outlines.rectangle(wide, 2.4 * thin, 0.002))
            assembly.add_pair(f"leg_{name}", LEG, flat)
        plate = prim.box(
            (at - wide, high - 0.003, -z - 0.02), (at + wide, top.below + 0.001, z + 0.02), 0.001
        )
        assembly.add_pair("plate", CONNECTOR, plate)
    if chance(rng, 0.45):
        y = {"x": 0.5 * high, "u": floor}.get(kind, high - 0.01)
        r = 0.75 * thin
        tie = prim.bar((-at, y, 0), (at, y, 0), outlines.rectangle(2 * r, 2 * r, 0.002))
        assembly.add("stretcher_middle", STRETCHER, tie)
