"""What stands under the light: bases of lamps, and bodies of table lamps."""

from __future__ import annotations

import math

import numpy as np
from scipy.interpolate import PchipInterpolator

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.lamp_shade import LAMP
from looking3d.shapes.procedural.turning import ball, cut, disc, profiled, revolved, turned_profile

BASE = f"{LAMP}/lamp_base/lamp_holistic_base/lamp_base_part"
LEG = f"{LAMP}/lamp_base/lamp_leg_base/leg"
SOLID = f"{LAMP}/lamp_body/lamp_body_solid"
PANEL = f"{LAMP}/lamp_body/lamp_body_vertical_panel"
POLE = f"{LAMP}/lamp_body/lamp_pole"

_VASES = {
    "gourd": [(0.5, 0), (0.8, 0.06), (1, 0.26), (0.5, 0.52), (0.62, 0.68), (0.3, 0.9), (0.2, 1)],
    "ginger": [(0.55, 0), (0.7, 0.1), (1, 0.6), (0.85, 0.8), (0.4, 0.9), (0.42, 1)],
    "urn": [(0.6, 0), (0.62, 0.04), (0.28, 0.14), (0.9, 0.5), (1, 0.68), (0.5, 0.86), (0.6, 1)],
    "bottle": [(0.85, 0), (1, 0.08), (1, 0.45), (0.35, 0.68), (0.25, 0.85), (0.28, 1)],
    "egg": [(0.4, 0), (0.86, 0.2), (1, 0.45), (0.75, 0.8), (0.3, 1)],
    "cone": [(1, 0), (0.96, 0.03), (0.2, 1)],
    "cylinder": [(0.75, 0), (0.8, 0.02), (0.8, 0.97), (0.7, 1)],
    "hourglass": [(0.9, 0), (0.8, 0.1), (0.35, 0.5), (0.7, 0.9), (0.7, 1)],
    "teardrop": [(0.8, 0), (1, 0.14), (0.95, 0.25), (0.45, 0.6), (0.2, 0.85), (0.16, 1)],
    "pear": [(0.6, 0), (0.95, 0.15), (1, 0.3), (0.6, 0.65), (0.38, 0.9), (0.45, 1)],
}
"""(radius, height) of bodies thrown or blown, as factors."""


def add_base(
    assembly: Assembly,
    rng: np.random.Generator,
    radius: float,
    kinds: dict[str, float] | None = None,
    heavy: float = 0.0,
) -> float:
    """Add a foot; returns the height at which what stands on it starts.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        radius: Of the foot, about, metres.
        kinds: Weights of `disc`, `dome`, `step`, `square`, `octagon`, `buns` (on four small feet), `claws`.
        heavy: At least how thick it is, where it has to balance an arm.
    """
    kinds = kinds or {
        "disc": 3,
        "dome": 1.5,
        "step": 2,
        "square": 1.5,
        "octagon": 0.5,
        "buns": 0.8,
        "claws": 0.8,
    }
    kind, thick = pick(rng, kinds), max(heavy, radius * rng.uniform(0.12, 0.26))
    if kind == "claws":
        return _add_claws(assembly, rng, radius)
    low = 0.0
    if kind == "buns":
        low = 0.16 * radius + 0.006
        bun = ball(0.13 * radius + 0.004, (0, 0.5 * low, 0), 14, 0.5 * low / (0.13 * radius + 0.004) * 1.08)
        for i in range(4):
            angle = math.pi * (i + 0.5) / 2
            spot = [0.74 * radius * math.sin(angle), 0, 0.74 * radius * math.cos(angle)]
            assembly.add(f"foot_{i + 1}", BASE, bun.moved(spot))
    if kind in ("square", "octagon") or (kind == "buns" and chance(rng, 0.5)):
        sides = 8 if kind == "octagon" else 4
        # A sharp polygon, flat towards the front
        outline = outlines.circle(radius / math.cos(math.pi / sides), count=sides) * (
            0.92 if sides == 4 else 1
        )
        step = rng.uniform(0.05, 0.2) * radius
        rows = [(0, low), (0, low + 0.6 * thick), (0.003, low + 0.6 * thick + 0.003)]
        if chance(rng, 0.5):
            rows += [(step, low + 0.62 * thick + 0.003), (step + 0.004, low + thick + 0.004)]
        assembly.add("base", BASE, profiled(outline, rows))
        return rows[-1][1] - 0.001
    rows = _round_foot(rng, kind, radius, thick) + [0, low]
    assembly.add("base", BASE, revolved(rows, 40))
    return float(rows[-1, 1]) - 0.001


def _round_foot(rng: np.random.Generator, kind: str, radius: float, thick: float) -> np.ndarray:
    """(n, 2) radius and height of a foot turned of wood, stone or iron."""
    if kind == "dome":
        s = np.linspace(0, 1, 12)
        neck, rise = 0.16 * radius, max(1.3 * thick, rng.uniform(0.2, 0.5) * radius)
        return np.concatenate(
            [
                [[radius, 0.0], [radius, 0.006]],
                np.stack([neck + (0.97 * radius - neck) * np.cos(0.5 * math.pi * s), 0.007 + rise * s], 1),
            ]
        )
    if kind == "step":
        rows, r, y = [[radius, 0.0]], radius, 0.0
        for _ in range(int(rng.integers(2, 4))):
            rise = thick * rng.uniform(0.35, 0.6)
            rows += [[r, y + 0.7 * rise], [r - 0.3 * rise, y + rise]]
            y, r = y + rise, r * rng.uniform(0.66, 0.86)
            rows += [[r + 0.004, y + 0.0006]]
        return np.array(rows)
    edge, turn = 0.6 * thick * rng.uniform(0.2, 1), np.linspace(0, math.pi / 2, 5)
    rim = np.stack([radius - edge + edge * np.cos(turn), thick - edge + edge * np.sin(turn)], 1)
    return np.concatenate([[[radius - 0.001, 0.0], [radius, 0.001]], rim])


def _add_claws(assembly: Assembly, rng: np.random.Generator, radius: float) -> float:
    """Three or four curved feet out of a hub."""
    count, rise = int(rng.integers(3, 5)), radius * rng.uniform(0.35, 0.6)
    thick = 0.05 * radius + 0.004
    s, bow = np.linspace(0, 1, 12), rng.uniform(0.02, 0.2) * radius
    for i in range(count):
        angle = 2 * math.pi * (i + 0.5) / count
        ahead = np.array([math.sin(angle), 0.0, math.cos(angle)])
        path = ahead * (0.06 * radius + 1.1 * radius * s)[:, None]
        path[:, 1] = rise * (1 - s) ** 1.3 + bow * np.sin(math.pi * s) + thick
        scale = np.interp(s, [0, 0.7, 0.93, 1], [1.3, 0.8, 1.0, 0.8])
        leg = prim.sweep(path, outlines.circle(1.2 * thick, thick, 10), (ahead[2], 0.0, -ahead[0]), scale)
        assembly.add(f"leg_{i + 1}", LEG, leg)
    r = 0.1 * radius + 0.012
    hub = np.array(
        [(0.4 * r, 0.5 * rise), (0.9 * r, 0.7 * rise), (r, rise + thick), (0.8 * r, 1.3 * rise + thick)]
    )
    assembly.add("leg_hub", BASE, revolved(hub, 20))
    return float(hub[-1, 1]) - 0.001


def add_body(assembly: Assembly, rng: np.random.Generator, low: float, height: float, radius: float) -> float:
    """Add the body of a table lamp on what ends at `low`; returns the height of its top."""
    kind = pick(rng, {"vase": 3.4, "turned": 2.4, "stack": 1.6, "panel": 1, "cage": 0.6, "column": 0.9})
    {
        "vase": _add_vase,
        "turned": _add_turned,
        "stack": _add_stack,
        "panel": _add_panel,
        "cage": _add_cage,
        "column": _add_column,
    }[kind](assembly, rng, low - 0.001, height, radius)
    return low + height - 0.002


def _add_vase(assembly: Assembly, rng: np.random.Generator, low: float, height: float, radius: float) -> None:
    rows = np.array(_VASES[str(rng.choice(list(_VASES)))])
    s = np.linspace(0, 1, 30)
    profile = np.stack([radius * PchipInterpolator(rows[:, 1], rows[:, 0])(s), height * s], 1)
    section, twist = _plan(rng)
    body = revolved(profile, section=section)

    def twisted(p: np.ndarray) -> np.ndarray:
        angle = twist * p[:, 1] / height
        x = np.cos(angle) * p[:, 0] - np.sin(angle) * p[:, 2]
        return np.stack([x, p[:, 1] + low, np.sin(angle) * p[:, 0] + np.cos(angle) * p[:, 2]], 1)

    assembly.add("body", SOLID, body.mapped(twisted))


def _plan(rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """A section of about unit radius, and by how much it turns from foot to top."""
    kind = pick(rng, {"round": 4, "fluted": 1, "square": 0.9, "facets": 0.9})
    twist = rng.uniform(-2.5, 2.5) if chance(rng, 0.4) else 0.0
    if kind == "square":
        return outlines.rectangle(1.6, 1.6, 0.25, 3), 0.5 * twist
    if kind == "facets":
        return outlines.circle(1.0, count=int(rng.integers(5, 11))), 0.4 * twist
    if kind == "fluted":
        flutes = int(rng.integers(8, 19))
        angle = 2 * math.pi * np.arange(6 * flutes) / (6 * flutes)
        radius = 1 - 0.9 / flutes * np.abs(np.sin(0.5 * flutes * angle))
        return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1), twist
    return outlines.circle(1.0, count=36), 0.0


def _add_turned(
    assembly: Assembly, rng: np.random.Generator, low: float, height: float, radius: float
) -> None:
    profile = turned_profile(rng, int(rng.integers(2, 6)), rng.uniform(0.35, 0.7))
    if chance(rng, 0.6):
        profile = profile[::-1] * [1, -1] + [0, 1]
    assembly.add("body", SOLID, revolved(profile * [0.72 * radius, height] + [0, low], 32))


def _add_stack(
    assembly: Assembly, rng: np.random.Generator, low: float, height: float, radius: float
) -> None:
    """Balls, pebbles, cubes or drums on top of one another, all alike or growing smaller."""
    count, kind = int(rng.integers(2, 6)), pick(rng, {"ball": 2, "pebble": 1, "cube": 1, "drum": 1})
    shrink = rng.uniform(0.78, 1.0)
    sizes = shrink ** np.arange(count)
    tall = sizes / sizes.sum() * (height + 0.002 * count)
    y = low
    for i, high in enumerate(tall):
        wide = radius * sizes[i] * 0.85
        if kind == "ball":
            # A round one as high as wide, unless it would be too wide
            wide = min(wide, 0.56 * high)
        turn = rng.uniform(0, 0.5 * math.pi) if kind == "cube" and shrink < 0.9 else 0.0
        if kind == "cube":
            cos, sin = math.cos(turn), math.sin(turn)
            wide = min(wide, 0.75 * high)
            solid = prim.box((-wide, 0, -wide), (wide, high, wide), 0.004)
            solid = solid.mapped(
                lambda p, c=cos, s=sin: np.stack(
                    [c * p[:, 0] - s * p[:, 2], p[:, 1], s * p[:, 0] + c * p[:, 2]], 1
                )
            )
        elif kind == "drum":
            r = wide * (0.7 if i % 2 else 1.0)
            solid = revolved(
                np.array([(0.9 * r, 0), (r, 0.12 * high), (r, 0.88 * high), (0.9 * r, high)]), 32
            )
        else:
            solid = ball(wide, (0, high / 2, 0), 32, high / 2 / wide)
        assembly.add(f"body_{i + 1}", SOLID, solid.moved([0, y, 0]))
        y += float(high) - 0.002


def _add_panel(
    assembly: Assembly, rng: np.random.Generator, low: float, height: float, radius: float
) -> None:
    """Upright boards: one with an opening, two that cross, or a pair."""
    kind, t = pick(rng, {"frame": 2, "cross": 1, "pair": 1}), rng.uniform(0.012, 0.024)
    wide = radius * rng.uniform(0.75, 1.1)
    if kind == "frame":
        rail = rng.uniform(0.018, 0.035)
        if chance(rng, 0.5):
            mesh = cut(
                prim.box((-wide, low, -t), (wide, low + height, t), 0.004),
                [prim.box((rail - wide, low + rail, -1), (wide - rail, low + height - rail, 1), 0.002)],
            )
        else:
            hoop = prim.slab(outlines.circle(wide, height / 2, 44), 2 * t, 0.003)
            hole = prim.slab(outlines.circle(wide - rail, height / 2 - rail, 44), 1.0, 0.001)
            mesh = cut(hoop, [hole.moved([0, 0, -0.5])]).moved([0, low + height / 2, -t])
        assembly.add("panel", PANEL, mesh)
        return
    if kind == "pair":
        gap = 0.6 * wide
        panel = prim.box((gap - t, low, -wide), (gap, low + height - 0.004, wide), 0.003)
        assembly.add_pair("panel", PANEL, panel)
        tie = prim.box((-gap, low + height - t, -0.6 * wide), (gap, low + height, 0.6 * wide), 0.003)
        assembly.add("tie", SOLID, tie)
        return
    for name, size in (("a", (wide, t / 2)), ("b", (t / 2, wide))):
        drop = 0.001 if name == "b" else 0.0
        box = prim.box((-size[0], low, -size[1]), (size[0], low + height - drop, size[1]), 0.003)
        assembly.add(f"panel_{name}", PANEL, box)


def _add_cage(assembly: Assembly, rng: np.random.Generator, low: float, height: float, radius: float) -> None:
    """Rods that bulge, or stand straight, between two discs."""
    count, wire = int(rng.integers(5, 11)), outlines.circle(rng.uniform(0.0022, 0.004), count=8)
    s = np.linspace(0, 1, 17)
    neck, belly = 0.3 * radius, radius * (1.0 if chance(rng, 0.7) else 0.55)
    bulge = neck + (belly - neck) * np.sin(math.pi * s ** rng.uniform(0.6, 1.2))
    for i in range(count):
        angle = 2 * math.pi * (i + 0.5) / count
        ahead = np.array([math.sin(angle), 0.0, math.cos(angle)])
        path = ahead * bulge[:, None] + np.outer(0.004 + low + (height - 0.008) * s, [0, 1, 0])
        assembly.add(f"rod_{i + 1}", POLE, prim.sweep(path, wire, (ahead[2], 0.0, -ahead[0])))
    for name, y in (("low", low), ("high", low + height - 0.01)):
        assembly.add(f"plate_{name}", SOLID, disc(neck + 0.008, y, y + 0.01, 0.003, 24))


def _add_column(
    assembly: Assembly, rng: np.random.Generator, low: float, height: float, radius: float
) -> None:
    """A classical column, or a candlestick, with a plate below and above."""
    r, cap = 0.42 * radius, min(0.03, 0.1 * height)
    flutes = int(rng.integers(10, 17))
    angle = 2 * math.pi * np.arange(6 * flutes) / (6 * flutes)
    fluted = 1 - 0.08 * np.abs(np.sin(0.5 * flutes * angle)) * chance(rng, 0.7)
    section = fluted[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    shaft = np.array([(r, cap - 0.002), (0.97 * r, 0.4 * height), (0.82 * r, height - cap + 0.002)])
    assembly.add("column", SOLID, revolved(shaft + [0, low], section=section))
    foot = np.array([(1.5 * r, 0), (1.5 * r, 0.4 * cap), (1.3 * r, 0.6 * cap), (1.1 * r, cap)])
    assembly.add("plinth", SOLID, revolved(foot + [0, low], 32))
    capital = np.array([(0.85 * r, 0), (1.0 * r, 0.3 * cap), (1.3 * r, 0.6 * cap), (1.3 * r, cap)])
    assembly.add("capital", SOLID, revolved(capital + [0, low + height - cap], 32))
