"""Shades of lamps, and what is in them: bulbs, sockets, wire fitters, finials, pull chains."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, lerp, pick
from looking3d.shapes.procedural.primitives import Mesh, Vector
from looking3d.shapes.procedural.turning import disc, revolved, shell, united

LAMP = "table_or_floor_lamp"
SHADE = f"{LAMP}/lamp_unit/lamp_head/lamp_cover/lamp_shade"
GLASS = f"{LAMP}/lamp_unit/lamp_head/lamp_cover/lamp_cover_glass"
REFLECTOR = f"{LAMP}/lamp_unit/lamp_head/lamp_cover/lamp_reflector"
BULB = f"{LAMP}/lamp_unit/lamp_head/light_bulb"
FINIAL = f"{LAMP}/lamp_unit/lamp_head/lamp_finial"
FITTER = f"{LAMP}/lamp_unit/lamp_head/lamp_wireframe_fitter"
CONNECTOR = f"{LAMP}/lamp_unit/connector"
SWITCH = f"{LAMP}/lamp_unit/switch"
CHAIN = f"{LAMP}/lamp_unit/chain"

SOCKET_HIGH = 0.052


@dataclass(frozen=True)
class ShadeStyle:
    """A shade around an upright axis, open above and below.

    Attributes:
        profile: (n, 2) radius and height of the outside, rising from height 0.
        section: (k, 2) of about unit radius, in x and z.
        wall: Thickness, metres.
        ribs: Spokes that hold it.
    """

    profile: np.ndarray
    section: np.ndarray
    wall: float
    ribs: int

    @classmethod
    def drawn(
        cls, rng: np.random.Generator, radius: float, kinds: dict[str, float] | None = None
    ) -> ShadeStyle:
        """A style at random, about as wide as `radius` at its wider end."""
        kinds = kinds or {"drum": 3, "empire": 3, "coolie": 1.3, "bell": 1.5, "barrel": 0.7, "dome": 0.8}
        profile = _outside(rng, pick(rng, kinds), radius)
        section, ribs = _section(rng)
        if chance(rng, 0.35):
            profile = _banded(profile, rng.uniform(0.008, 0.016))
        return cls(profile, section, rng.uniform(0.0025, 0.004), ribs)

    @property
    def height(self) -> float:
        """From rim to rim."""
        return float(self.profile[-1, 1])

    def mesh(self) -> Mesh:
        """The shade, its lower rim at y = 0."""
        return shell(self.profile, self.wall, section=self.section)

    def wall_points(self, y: float) -> np.ndarray:
        """(ribs, 3) points within the wall at height y, where spokes end."""
        radius = float(np.interp(y, self.profile[:, 1], self.profile[:, 0])) - 0.55 * self.wall
        at = (len(self.section) * (np.arange(self.ribs) + 0.5) / self.ribs).astype(int)
        return np.insert(radius * self.section[at], 1, y, axis=1)


def _outside(rng: np.random.Generator, kind: str, radius: float) -> np.ndarray:
    """(n, 2) radius and height of a kind of shade."""
    s = np.linspace(0, 1, 9)
    if kind == "drum":
        low, high, tall = 1.0, rng.uniform(0.86, 1.0), rng.uniform(0.85, 1.6)
        s = s[::8]
    elif kind == "empire":
        low, high, tall = 1.0, rng.uniform(0.45, 0.75), rng.uniform(1.1, 1.6)
        s = s[::8]
    elif kind == "coolie":
        low, high, tall = 1.0, rng.uniform(0.2, 0.32), rng.uniform(0.75, 1.0)
        s = s[::8]
    else:
        low, high, tall = 1.0, rng.uniform(0.34, 0.55), rng.uniform(0.95, 1.35)
    shape = lerp(low, high, s)
    if kind == "bell":
        shape = high + (low - high) * (1 - s) ** rng.uniform(1.6, 2.4)
    elif kind == "barrel":
        shape = lerp(0.72, 0.62, s) + 0.34 * np.sin(math.pi * s)
    elif kind == "dome":
        # It stops where it is still steep, so that its wall is not thin there
        shape, tall = np.sqrt(1 - (rng.uniform(0.86, 0.93) * s) ** 2.4), rng.uniform(0.55, 0.8)
    return np.stack([radius * shape, radius * tall * s], 1)


def _section(rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """A section of about unit radius, and how many spokes go with it."""
    kind = pick(
        rng,
        {
            "round": 6,
            "square": 0.8,
            "oblong": 0.5,
            "hexagon": 0.5,
            "octagon": 0.5,
            "pleats": 1.5,
            "oval": 0.5,
        },
    )
    if kind == "square":
        return outlines.rectangle(1.7, 1.7, 0.06), 4
    if kind == "oblong":
        return outlines.rectangle(1.9, 1.15, 0.06), 4
    if kind in ("hexagon", "octagon"):
        sides = 6 if kind == "hexagon" else 8
        return outlines.circle(1.0, count=sides), sides // 2
    if kind == "oval":
        return outlines.circle(1.0, rng.uniform(0.62, 0.75), count=36), 4
    if kind == "pleats":
        folds = int(rng.integers(24, 37))
        angle = 2 * math.pi * np.arange(3 * folds) / (3 * folds)
        fold = 1 - rng.uniform(0.015, 0.04) * (np.arange(3 * folds) % 3 == 1)
        return fold[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1), 3
    return outlines.circle(1.0, count=36), 3


def _banded(profile: np.ndarray, band: float) -> np.ndarray:
    """The profile with a thicker band along each rim."""
    top, out = profile[-1, 1], 0.0022
    edges = np.array([0.0, band, band + 0.0012, top - band - 0.0012, top - band, top])
    heights = np.union1d(edges, profile[1:-1, 1][np.abs(profile[1:-1, 1] / top - 0.5) < 0.4])
    radius = np.interp(heights, *profile.T[::-1])
    return np.stack([radius + out * ((heights <= band) | (heights >= top - band)), heights], 1)


def bulb(rng: np.random.Generator, length: float) -> Mesh:
    """A bulb on y = 0, its glass above: round, pear-shaped or like a candle's flame."""
    kind = pick(rng, {"pear": 3, "globe": 1.5, "candle": 1})
    neck = min(0.013, 0.16 * length)
    radius = length * {"pear": 0.29, "globe": 0.38, "candle": 0.2}[kind]
    if kind == "candle":
        s = np.linspace(0, 1, 9)
        flame = neck + (radius - neck) * np.sin(math.pi * s**0.7) - neck * s**3
        rows = np.stack([np.maximum(flame, 0.002), length * (0.15 + 0.85 * s)], 1)
    else:
        turn = np.linspace(-0.95, math.pi / 2, 9)
        rows = np.stack([radius * np.cos(turn), length - radius + radius * np.sin(turn)], 1)
    return revolved(np.concatenate([[[neck, 0.0], [neck, 0.12 * length]], rows]), 18)


def aimed(mesh: Mesh, origin: Vector, axis: Vector) -> Mesh:
    """A mesh made about the y axis, its y axis turned to `axis`, its origin put at `origin`."""
    y = np.asarray(axis, float) / np.linalg.norm(axis)
    x = np.cross(y, (0.0, 0.0, 1.0) if abs(y[2]) < 0.9 else (1.0, 0.0, 0.0))
    x /= np.linalg.norm(x)
    turn = np.stack([x, y, np.cross(x, y)])
    return mesh.mapped(lambda p: p @ turn + np.asarray(origin, float))


def add_upright_head(
    assembly: Assembly,
    rng: np.random.Generator,
    shade: ShadeStyle,
    at: Vector,
    name: str = "",
    harp: float = 0.6,
) -> None:
    """Add a socket, a bulb, and a shade on a harp, or on spokes around the socket.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        shade: What shade.
        at: (3,) top of what carries the socket.
        name: Ending of the ids.
        harp: Probability of a harp, where there is room for one.
    """
    spot = np.asarray(at, float)
    grip = rng.uniform(0.013, 0.018)
    rows = [
        (0.75 * grip, -0.002),
        (grip, 0.008),
        (grip, 0.036),
        (0.92 * grip, 0.04),
        (0.92 * grip, SOCKET_HIGH),
    ]
    assembly.add(f"socket{name}", CONNECTOR, revolved(np.array(rows), 18).moved(spot))
    tall = shade.height
    if tall > 0.17 and shade.profile[:, 0].min() > 0.055 and chance(rng, harp):
        low = rng.uniform(-0.03, 0.02)
        hub = low + tall - rng.uniform(0.004, 0.022)
        wire = _harp(rng, hub).moved(spot)
        assembly.add(f"harp{name}", FITTER, wire)
        room = hub - SOCKET_HIGH - 0.025
        _add_finial(assembly, rng, spot + [0, hub, 0], name)
        rim = low + tall - 0.009
    else:
        low = 0.046 - rng.uniform(0.12, 0.4) * tall
        hub, room = 0.046, 0.85 * (low + tall - SOCKET_HIGH)
        rim = min(hub + rng.uniform(-0.004, 0.03), low + 0.8 * tall)
    assembly.add(f"fitter{name}", FITTER, _spider(shade, low, hub, rim, 1.35 * grip).moved(spot))
    lamp = bulb(rng, float(np.clip(room, 0.03, 0.105))).moved(spot + [0, SOCKET_HIGH - 0.002, 0])
    assembly.add(f"bulb{name}", BULB, lamp)
    assembly.add(f"shade{name}", SHADE, shade.mesh().moved(spot + [0, low, 0]))
    _add_switch(assembly, rng, spot, grip, low, name)


def _harp(rng: np.random.Generator, hub: float) -> Mesh:
    """A loop of wire from the socket to the hub of the spokes above the bulb."""
    half, foot = rng.uniform(0.042, 0.05), 0.02
    left = [(-0.01, foot), (-half, foot + 0.03), (-0.95 * half, hub - 0.045), (-0.009, hub)]
    points = np.array([(x, y, 0.0) for x, y in left + [(-x, y) for x, y in left[::-1]]])
    path = prim.filleted(points, 0.035, 5)
    return prim.sweep(path, outlines.circle(0.0019, count=7), (0.0, 0.0, 1.0))


def _spider(shade: ShadeStyle, low: float, hub: float, rim: float, radius: float) -> Mesh:
    """Spokes from a hub to the shade's wall, all heights above the socket's foot."""
    wire = outlines.circle(0.0018, count=7)
    ends = shade.wall_points(rim - low) + [0, low, 0]
    spokes = [prim.bar((0, hub, 0), end, wire) for end in ends]
    return united([disc(radius, hub - 0.0025, hub + 0.0025, 0.001, 18), *spokes])


def _add_finial(assembly: Assembly, rng: np.random.Generator, at: np.ndarray, name: str) -> None:
    """A turned knob that screws the shade on to its harp."""
    r, kind = rng.uniform(0.007, 0.012), pick(rng, {"ball": 2, "urn": 1.5, "button": 1, "spire": 1})
    turn = np.linspace(-1.0, math.pi / 2, 7)
    heads = {
        "ball": np.stack([r * np.cos(turn), 0.012 + r + r * np.sin(turn)], 1),
        "urn": np.array([(0.6 * r, 0.012), (r, 0.022), (0.9 * r, 0.03), (0.4 * r, 0.034), (0.5 * r, 0.038)]),
        "button": np.array([(1.4 * r, 0.009), (1.5 * r, 0.011), (1.3 * r, 0.014)]),
        "spire": np.array([(r, 0.012), (1.05 * r, 0.016), (0.6 * r, 0.025), (0.15 * r, 0.045)]),
    }
    stem = np.array([(0.8 * r, 0.0), (0.8 * r, 0.004), (0.4 * r, 0.006)])
    assembly.add(f"finial{name}", FINIAL, revolved(np.concatenate([stem, heads[kind]]), 16).moved(at))


def _add_switch(
    assembly: Assembly, rng: np.random.Generator, at: np.ndarray, grip: float, low: float, name: str
) -> None:
    """A key or a pull chain at the socket's side, or neither."""
    kind = pick(rng, {"none": 1.2, "key": 1, "chain": 1})
    if kind == "key":
        bar = prim.bar((0.5 * grip, 0.024, 0), (grip + 0.016, 0.024, 0), outlines.circle(0.003, count=8))
        end = grip + 0.014
        paddle = prim.box((end, 0.018, -0.006), (end + 0.012, 0.03, 0.006), 0.002)
        assembly.add(f"switch{name}", SWITCH, united([bar, paddle]).moved(at))
    elif kind == "chain":
        # Long enough to show below the shade
        length = float(np.clip(0.024 - low + rng.uniform(0.02, 0.06), 0.07, 0.2))
        arm = prim.bar((0.5 * grip, 0.026, 0), (grip + 0.014, 0.026, 0), outlines.circle(0.0025, count=8))
        assembly.add(
            f"chain{name}", CHAIN, united([arm, _beads(length).moved([grip + 0.012, 0.027, 0])]).moved(at)
        )


def _beads(length: float) -> Mesh:
    """A chain of beads with a bob, hanging down from the origin."""
    count = max(4, round(length / 0.007))
    y = -np.linspace(0, length, 2 * count + 1)
    radius = np.where(np.arange(2 * count + 1) % 2, 0.0023, 0.0011)
    bob = np.array([(0.004, -0.003), (0.0055, -0.009), (0.006, -0.016), (0.003, -0.02)]) - [0, length]
    return revolved(np.concatenate([np.stack([radius, y], 1), bob]), 8)
