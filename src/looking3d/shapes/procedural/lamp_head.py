"""Heads of lamps that are aimed or made of glass: domes of metal, spots, tulips, globes, bowls, bars."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, lerp, pick
from looking3d.shapes.procedural.lamp_shade import BULB, CONNECTOR, GLASS, REFLECTOR, SWITCH, aimed, bulb
from looking3d.shapes.procedural.primitives import Mesh, Vector
from looking3d.shapes.procedural.turning import bowl, cut, disc, revolved, shell, united


@dataclass(frozen=True)
class SpotStyle:
    """A reflector of metal that is closed behind and open in front.

    Attributes:
        kind: `dome`, `cone`, `can`, `bell`, `deep` or `pan`.
        radius: Of the rim.
        depth: From the rim to the closed end.
        collar: Radius and length of the socket behind it.
        vented: It has a second, smaller disc behind it, to cool.
    """

    kind: str
    radius: float
    depth: float
    collar: tuple[float, float]
    vented: bool

    @classmethod
    def drawn(
        cls, rng: np.random.Generator, radius: float, kinds: dict[str, float] | None = None
    ) -> SpotStyle:
        """A style at random of about a radius."""
        kind = pick(rng, kinds or {"dome": 2, "cone": 2, "can": 1.2, "bell": 1.3, "deep": 1.2, "pan": 0.7})
        deep = {"dome": 0.95, "cone": 1.35, "can": 1.9, "bell": 1.4, "deep": 1.8, "pan": 0.55}[kind]
        radius *= 0.66 if kind == "can" else 1.35 if kind == "pan" else 1.0
        collar = float(np.clip(0.28 * radius, 0.012, 0.03)) * rng.uniform(0.9, 1.15)
        return cls(
            kind,
            radius,
            radius * deep * rng.uniform(0.85, 1.15),
            (collar, collar * rng.uniform(1.6, 2.6)),
            chance(rng, 0.2),
        )

    def shade(self) -> Mesh:
        """The reflector about the y axis: its closed end at y = 0, its rim below."""
        s = np.linspace(0, 1, 12)  # from the rim to the closed end
        neck = self.collar[0] / self.radius
        shape = {
            "dome": np.sqrt(1 - (0.999 * s) ** 2),
            "cone": lerp(1.0, 1.05 * neck, s),
            "can": np.where(s < 0.93, 1.0, 0.9),
            "bell": neck + (1 - neck) * (1 - s) ** 1.9,
            "deep": np.sqrt(1 - (0.999 * s) ** 3.2),
            "pan": np.where(s < 0.3, 1.0, np.sqrt(np.clip(1 - ((s - 0.3) / 0.7) ** 2, 0, 1))),
        }[self.kind]
        profile = np.stack([self.radius * shape, self.depth * (s - 1)], 1)
        if self.kind in ("cone", "can", "bell"):
            profile = np.concatenate([profile, [[0.0, 0.0005]]])
        return bowl(profile, min(0.003, 0.05 * self.radius), 32)


def add_spot(
    assembly: Assembly,
    rng: np.random.Generator,
    style: SpotStyle,
    joint: Vector,
    shines: Vector,
    name: str = "",
    switch: float = 0.4,
) -> None:
    """Add a reflector with its bulb and socket; the middle of its socket is at `joint`.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        style: What reflector.
        joint: (3,) where the arm ends.
        shines: (3,) direction of its light.
        name: Ending of the ids.
        switch: Probability of a button on its socket.
    """
    back = -np.asarray(shines, float) / np.linalg.norm(shines)
    r, long = style.collar
    apex = np.asarray(joint, float) - 0.5 * long * back

    def place(mesh: Mesh) -> Mesh:
        return aimed(mesh, apex, back)

    assembly.add(f"shade{name}", REFLECTOR, place(style.shade()))
    rows = [(1.0, -0.002), (1.0, 0.8 * long), (0.85, 0.95 * long), (0.5, long)]
    socket = [revolved(np.array(rows) * [r, 1], 20)]
    if style.vented:
        socket += [disc(1.5 * r, f * long, (f + 0.12) * long, 0.0008, 20) for f in (0.2, 0.45)]
    assembly.add(f"socket{name}", CONNECTOR, place(united(socket)))
    lamp = bulb(rng, min(0.1, 0.8 * style.depth))
    fits = min(1.0, 0.5 * style.radius / max(np.abs(lamp.vertices[:, 0]).max(), 1e-3))
    lamp = lamp.mapped(lambda p: p * [fits, -1, fits] - [0, 0.001, 0])
    assembly.add(f"bulb{name}", BULB, place(lamp))
    if chance(rng, switch):
        button = revolved(
            np.array([(0.45 * r, long - 0.002), (0.4 * r, long + 0.009), (0.3 * r, long + 0.011)]), 12
        )
        assembly.add(f"switch{name}", SWITCH, place(button))


def glass_profile(rng: np.random.Generator, radius: float) -> np.ndarray:
    """(n, 2) radius and height of a shade of glass, from its neck in the holder to its open rim."""
    s = np.linspace(0, 1, 12)
    kind = pick(rng, {"tulip": 2, "bell": 1.5, "cone": 1, "bowl": 1.5, "cylinder": 1})
    neck = min(0.024, 0.45 * radius)
    shape = {
        "tulip": neck + (radius - neck) * np.sin(0.62 * math.pi * s) * (1 + 0.2 * s**4),
        "bell": neck + (radius - neck) * (0.6 * np.sin(0.5 * math.pi * s) + 0.4 * s**4),
        "cone": lerp(neck, radius, s),
        "bowl": neck + (1.15 * radius - neck) * np.sin(0.5 * math.pi * s) ** 0.8,
        "cylinder": neck + (0.75 * radius - neck) * np.clip(5 * s, 0, 1),
    }[kind]
    tall = radius * {"tulip": 1.7, "bell": 1.6, "cone": 1.5, "bowl": 0.95, "cylinder": 2.2}[kind]
    return np.stack([shape, tall * s], 1)


def add_glass(
    assembly: Assembly,
    rng: np.random.Generator,
    profile: np.ndarray,
    at: Vector,
    axis: Vector = (0.0, 1.0, 0.0),
    name: str = "",
) -> None:
    """Add a holder with a shade of glass that opens along `axis`, and a bulb in it."""

    def place(mesh: Mesh) -> Mesh:
        return aimed(mesh, at, axis)

    neck = float(profile[0, 0])
    cup = [(0.5 * neck, -0.003), (0.6 * neck, 0.008), (1.02 * neck, 0.016), (1.08 * neck, 0.03)]
    assembly.add(f"holder{name}", CONNECTOR, place(revolved(np.array(cup), 20)))
    length = min(0.1, 0.75 * float(profile[-1, 1]))
    lamp = bulb(rng, length)
    fits = min(1.0, 0.8 * float(profile[5, 0]) / np.abs(lamp.vertices[:, 0]).max())
    assembly.add(f"bulb{name}", BULB, place(lamp.mapped(lambda p: p * [fits, 1, fits] + [0, 0.028, 0])))
    assembly.add(f"shade{name}", GLASS, place(shell(profile + [0, 0.02], 0.0028)))


def globe(radius: float, squash: float, count: int = 36) -> Mesh:
    """A closed vessel of frosted glass on y = 0, with a short neck below."""
    turn = np.linspace(-1.25, math.pi / 2, 16)
    rows = np.stack([np.cos(turn), squash * (np.sin(turn) + 1)], 1) * radius
    neck = np.array([[rows[0, 0], 0.0], [rows[0, 0], 0.004]])
    return revolved(np.concatenate([neck, rows[1:] + [0, 0.004]]), count)


def add_uplight(assembly: Assembly, rng: np.random.Generator, at: Vector, radius: float) -> None:
    """Add a bowl that throws its light at the ceiling, on a turned cap."""
    kind = pick(rng, {"bowl": 2, "dish": 2, "trumpet": 1.2, "cone": 1})
    tall = radius * {"bowl": 0.6, "dish": 0.32, "trumpet": 0.9, "cone": 0.75}[kind] * rng.uniform(0.85, 1.2)
    s = np.linspace(1, 0, 13)
    power = {"bowl": 0.5, "dish": 0.62, "trumpet": 1.9, "cone": 1.0}[kind]
    shape = s**power if power < 1 else 0.12 + 0.88 * s**power
    rows = np.stack([radius * shape, tall * s], 1)
    if power >= 1:
        rows = np.concatenate([rows, [[0.0, -0.001]]])
    if chance(rng, 0.35):
        rows = np.concatenate([[[radius * 1.02, rows[0, 1] + 0.012]], rows])
    spot = np.asarray(at, float)
    neck = rng.uniform(0.018, 0.03)
    cap = np.array([(0.6 * neck, -0.002), (0.7 * neck, 0.01), (1.2 * neck, 0.022), (1.4 * neck, 0.03)])
    assembly.add("cap", CONNECTOR, revolved(cap, 20).moved(spot))
    wall = rng.uniform(0.003, 0.005)
    assembly.add(
        "shade", GLASS if chance(rng, 0.5) else REFLECTOR, bowl(rows, wall, 40).moved(spot + [0, 0.026, 0])
    )
    lamp = bulb(rng, min(0.09, 0.85 * tall))
    assembly.add("bulb", BULB, lamp.moved(spot + [0, 0.027, 0]))


def add_trough(
    assembly: Assembly, rng: np.random.Generator, at: Vector, length: float, glass: bool = True
) -> None:
    """Add a half cylinder that hangs over a desk, as a banker has it, with a tube in it; or a bar of light.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        at: (3,) the middle of what it hangs on, which is across the middle of its top.
        length: Along x.
        glass: A trough of glass or metal; otherwise a flat bar with a diffuser below.
    """
    spot, half = np.asarray(at, float), length / 2
    if not glass:
        wide, thick = rng.uniform(0.018, 0.035), rng.uniform(0.009, 0.016)
        body = prim.flat(prim.slab(outlines.rectangle(length, 2 * wide, 0.6 * wide, 4), thick, 0.002), 0.0)
        light = prim.flat(
            prim.slab(outlines.rectangle(0.92 * length, 1.4 * wide, 0.4 * wide, 4), 0.005, 0.001), -0.004
        )
        assembly.add("shade", REFLECTOR, body.moved(spot))
        assembly.add("bulb", BULB, light.moved(spot))
        return
    r, wall = rng.uniform(0.05, 0.068), 0.004
    outer, inner = (outlines.circle(q, 1.08 * q, 28) for q in (r, r - wall))
    trough = cut(
        prim.bar((-half, 0, 0), (half, 0, 0), outer),
        [
            prim.bar((wall - half, 0, 0), (half - wall, 0, 0), inner),
            prim.box((-length, -2 * r, -2 * r), (length, -0.25 * r, 2 * r)),
        ],
    )
    tilt = math.radians(rng.uniform(0, 25))
    turn = np.array([[1, 0, 0], [0, math.cos(tilt), -math.sin(tilt)], [0, math.sin(tilt), math.cos(tilt)]])
    top = spot - [0, 1.08 * r - 0.002, 0]
    assembly.add("shade", GLASS if chance(rng, 0.6) else REFLECTOR, trough.mapped(lambda p: p @ turn.T + top))
    tube = prim.bar((0.5 * wall - half, 0, 0), (half - 0.5 * wall, 0, 0), outlines.circle(0.013, count=14))
    assembly.add("bulb", BULB, tube.moved(top))
