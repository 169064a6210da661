"""The procedural family of lamps: table, floor and desk lamps, torchieres, tripods, arcs, lanterns."""

from __future__ import annotations

import math

import numpy as np

from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.procedural import lamp_arms as arms
from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.lamp_body import POLE, SOLID, add_base, add_body
from looking3d.shapes.procedural.lamp_head import SpotStyle, add_spot, add_trough, add_uplight
from looking3d.shapes.procedural.lamp_lantern import add_globe_lamp, add_lantern, add_mushroom
from looking3d.shapes.procedural.lamp_pole import add_cord, add_pole
from looking3d.shapes.procedural.lamp_shade import CONNECTOR, ShadeStyle, add_upright_head
from looking3d.shapes.procedural.lamp_tripod import add_tripod
from looking3d.shapes.procedural.turning import disc, revolved

_HEAVY: dict[str, float] = {"disc": 3, "dome": 1.5, "step": 1.5, "square": 1.5}


def lamp(seed: int) -> PartShape:
    """The lamp of a seed: the same parts for the same seed, everywhere.

    Args:
        seed: At least 0.

    Returns:
        A shape in metres that stands on y = 0 and faces +Z. Its labels are those of PartNet's table and
        floor lamps, with `switch` and `chain` added; every part is a closed mesh, and every part touches
        another.
    """
    rng = np.random.default_rng(seed)
    assembly = Assembly("lamp")
    builders = {
        "table": (_table, 24),
        "floor": (_floor, 14),
        "desk": (_desk, 15),
        "torchiere": (_torchiere, 8),
        "tripod": (add_tripod, 9),
        "arc": (_arc, 5),
        "gallows": (_gallows, 6),
        "branches": (_branches, 8),
        "banker": (_banker, 4),
        "lantern": (add_lantern, 7),
        "mushroom": (add_mushroom, 4),
        "globe": (add_globe_lamp, 5),
    }
    kind = pick(rng, {name: weight for name, (_, weight) in builders.items()})
    builders[kind][0](assembly, rng)
    return PartShape(f"lamp_{seed:06d}", assembly.grounded(), "lamp", f"procedural:lamp seed={seed}")


def _table(assembly: Assembly, rng: np.random.Generator) -> None:
    """A body of wood, clay, glass or metal with a shade of cloth."""
    radius, height = rng.uniform(0.055, 0.11), rng.uniform(0.16, 0.36)
    low = add_base(assembly, rng, radius * rng.uniform(0.8, 1.15))
    top = add_body(assembly, rng, low, height, radius)
    neck = rng.uniform(0.012, 0.05)
    rows = [(0.02, -0.002), (0.022, 0.004), (0.009, 0.01), (0.008, neck)]
    assembly.add("neck", POLE, revolved(np.array(rows) + [0, top], 18))
    wide = float(np.clip(rng.uniform(0.42, 0.62) * (height + neck) + 0.4 * radius, 0.095, 0.23))
    add_upright_head(assembly, rng, ShadeStyle.drawn(rng, wide), (0, top + neck, 0))
    if chance(rng, 0.3):
        add_cord(assembly, rng)


def _floor(assembly: Assembly, rng: np.random.Generator) -> None:
    """A pole with a shade of cloth, or with an arm to read by; some carry a tray."""
    foot, radius = rng.uniform(0.13, 0.19), rng.uniform(0.011, 0.018)
    kinds = _HEAVY | {"claws": 1.5, "buns": 0.4}
    kind = pick(rng, {"shade": 4, "pharmacy": 1.6, "neck": 1})
    low = add_base(
        assembly, rng, foot, kinds if kind == "shade" else _HEAVY, 0.0 if kind == "shade" else 0.03
    )
    if kind == "neck":
        _add_flange(assembly, low, radius)
        arms.add_gooseneck(
            assembly, rng, np.array([0, low, 0]), rng.uniform(-1.2, 1.2), rng.uniform(1.0, 1.3)
        )
        return
    top = rng.uniform(1.05, 1.3) if kind == "shade" else rng.uniform(0.9, 1.15)
    add_pole(assembly, rng, low, top, radius)
    if kind == "pharmacy":
        _add_pharmacy_arm(assembly, rng, top, radius)
    else:
        shade = ShadeStyle.drawn(rng, rng.uniform(0.19, 0.28))
        add_upright_head(assembly, rng, shade, (0, top, 0))
        if chance(rng, 0.2):
            y = rng.uniform(0.4, 0.55) * top
            assembly.add("tray", SOLID, disc(rng.uniform(0.16, 0.22), y, y + 0.016, 0.006, 40))
        elif chance(rng, 0.2):
            _add_reading_neck(assembly, rng, rng.uniform(0.6, 0.7) * top, radius)
    if chance(rng, 0.3):
        add_cord(assembly, rng)


def _add_flange(assembly: Assembly, low: float, radius: float) -> None:
    rows = [(3 * radius, -0.001), (3 * radius, 0.006), (1.4 * radius, 0.016), (1.2 * radius, 0.04)]
    assembly.add("flange", CONNECTOR, revolved(np.array(rows) + [0, low], 20))


def _add_reading_neck(assembly: Assembly, rng: np.random.Generator, y: float, radius: float) -> None:
    """A small gooseneck out of the side of a pole."""
    yaw = rng.uniform(-1.0, 1.0)
    ahead, _ = arms.heading(yaw)
    clamp = disc(2.8 * radius + 0.008, y - 0.014, y + 0.014, 0.003, 20)
    assembly.add("clamp", CONNECTOR, clamp)
    start = ahead * (2.2 * radius + 0.003) + [0, y, 0]
    arms.add_gooseneck(assembly, rng, start, yaw, rng.uniform(0.28, 0.4), "_reading")


def _add_pharmacy_arm(assembly: Assembly, rng: np.random.Generator, top: float, radius: float) -> None:
    """A level arm on a slider at the top of a pole, with a reflector that hangs from its end."""
    ahead, across = arms.heading(rng.uniform(0.3, 1.4) * rng.choice([-1, 1]))
    slider = disc(2.4 * radius + 0.006, top - 0.03, top + 0.01, 0.004, 20)
    assembly.add("slider", CONNECTOR, slider)
    y, rise = top - 0.008, rng.uniform(-0.02, 0.12)
    reach = rng.uniform(0.24, 0.36)
    start, end = np.array([0, y, 0]), ahead * reach + [0, y + rise, 0]
    back = start - 0.3 * (end - start) * chance(rng, 0.5)
    assembly.add("arm", arms.STRAIGHT, prim.bar(back, end, outlines.circle(0.0055, count=12), across))
    style = SpotStyle.drawn(rng, rng.uniform(0.075, 0.115), {"dome": 3, "pan": 1, "cone": 1, "bell": 1})
    drop = math.radians(rng.uniform(55, 90))
    add_spot(assembly, rng, style, end, math.cos(drop) * ahead - math.sin(drop) * np.array([0, 1, 0]))


def _desk(assembly: Assembly, rng: np.random.Generator) -> None:
    """To work by: jointed arms, or a gooseneck, on a heavy foot."""
    kinds = {"disc": 4, "dome": 1.5, "square": 1.2, "step": 1}
    if chance(rng, 0.72):
        size = rng.uniform(0.24, 0.42)
        low = add_base(assembly, rng, 0.26 * size + rng.uniform(0.035, 0.055), kinds, 0.028)
        arms.add_jointed(assembly, rng, low, size)
        return
    low = add_base(assembly, rng, rng.uniform(0.1, 0.125), kinds, 0.042)
    _add_flange(assembly, low, 0.007)
    arms.add_gooseneck(assembly, rng, np.array([0, low, 0]), rng.uniform(-0.7, 0.7), rng.uniform(0.3, 0.46))
    if chance(rng, 0.4):
        add_cord(assembly, rng)


def _torchiere(assembly: Assembly, rng: np.random.Generator) -> None:
    """A pole with a bowl that lights the ceiling; some have a neck to read by."""
    foot, radius, top = rng.uniform(0.13, 0.18), rng.uniform(0.012, 0.018), rng.uniform(1.35, 1.65)
    low = add_base(assembly, rng, foot, _HEAVY | {"claws": 1})
    add_pole(assembly, rng, low, top, radius)
    add_uplight(assembly, rng, (0, top, 0), rng.uniform(0.14, 0.23))
    if chance(rng, 0.35):
        _add_reading_neck(assembly, rng, rng.uniform(0.55, 0.72) * top, radius)
    if chance(rng, 0.25):
        add_cord(assembly, rng)


def _arc(assembly: Assembly, rng: np.random.Generator) -> None:
    """A long arc out of a block of stone, which lies under the arc."""
    half, thick = rng.uniform(0.17, 0.21), rng.uniform(0.07, 0.1)
    yaw = rng.uniform(0.4, 1.3) * rng.choice([-1, 1])
    ahead, _ = arms.heading(yaw)
    kind = pick(rng, {"round": 2, "square": 2})
    if kind == "round":
        block = disc(half, 0, thick, 0.3 * thick, 40)
    else:
        block = prim.flat(prim.slab(outlines.rectangle(2 * half, 2 * half, 0.02, 3), thick, 0.006, 2), 0.0)
        cos, sin = math.cos(yaw), math.sin(yaw)
        turn = np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])
        block = block.mapped(lambda p: p @ turn)
    label = "table_or_floor_lamp/lamp_base/lamp_holistic_base/lamp_base_part"
    assembly.add("base", label, block.moved(0.6 * half * ahead))
    collar = np.array([(0.04, -0.001), (0.04, 0.006), (0.022, 0.012), (0.02, 0.05)]) + [0, thick]
    assembly.add("collar", CONNECTOR, revolved(collar, 20))
    arms.add_arc(assembly, rng, thick - 0.002, np.zeros(3), yaw)


def _gallows(assembly: Assembly, rng: np.random.Generator) -> None:
    """A lamp that hangs from a stand, on a desk or on the floor."""
    high = rng.uniform(0.42, 0.6) if chance(rng, 0.55) else rng.uniform(1.3, 1.6)
    foot = 0.17 * high + 0.035 if high < 0.8 else rng.uniform(0.16, 0.21)
    low = add_base(assembly, rng, foot, {"disc": 3, "square": 2, "step": 1})
    yaw = rng.uniform(0.3, 1.4) * rng.choice([-1, 1])
    ahead, _ = arms.heading(yaw)
    arms.add_gallows(assembly, rng, low, -0.55 * foot * ahead, yaw, high)


def _branches(assembly: Assembly, rng: np.random.Generator) -> None:
    """Several lights: spots along a pole, or arms around its top."""
    radius = rng.uniform(0.009, 0.014)
    if chance(rng, 0.35):
        low = add_base(assembly, rng, rng.uniform(0.125, 0.16), _HEAVY | {"claws": 1})
        top = rng.uniform(1.35, 1.65)
        pole = prim.post(
            np.array([(0, low, 0), (0, top, 0), (0, top + 0.006, 0)]),
            outlines.circle(radius, count=18),
            np.array([1, 1, 0.5]),
        )
        assembly.add("pole", POLE, pole)
        arms.add_tree(assembly, rng, top, radius)
        return
    on_table = chance(rng, 0.5)
    size = rng.uniform(0.11, 0.17) if on_table else rng.uniform(0.2, 0.32)
    low = add_base(assembly, rng, rng.uniform(0.07, 0.1) if on_table else rng.uniform(0.14, 0.18))
    if on_table:
        top = add_body(assembly, rng, low, rng.uniform(0.24, 0.36), rng.uniform(0.03, 0.055))
    else:
        top = rng.uniform(1.2, 1.5)
        add_pole(assembly, rng, low, top, radius)
    arms.add_branches(assembly, rng, top + 0.08 * size + 0.008, size)


def _banker(assembly: Assembly, rng: np.random.Generator) -> None:
    """A trough of glass across a fork or a neck, or a flat bar of light on a stem."""
    low = add_base(assembly, rng, rng.uniform(0.08, 0.11), {"disc": 2, "step": 2, "dome": 1, "square": 1})
    high, length = rng.uniform(0.28, 0.4), rng.uniform(0.2, 0.28)
    r = rng.uniform(0.006, 0.009)
    rows = np.array([(2.6 * r, low - 0.001), (2.2 * r, low + 0.012), (r, low + 0.03), (r, low + 0.06)])
    assembly.add("collar", SOLID, revolved(rows, 20))
    rise = high - low
    # The neck bows to the back and returns over the foot
    s = np.linspace(0, 1, 30)
    bow = rng.uniform(0.0, 0.05) * np.sin(math.pi * s)
    path = np.stack([0 * s, low + rise * s, -bow], 1)
    assembly.add("neck", POLE, prim.sweep(path, outlines.circle(r, count=14), (1.0, 0.0, 0.0)))
    clip = prim.box((-0.03, high - 0.006, -0.012), (0.03, high + 0.006, 0.012), 0.003)
    assembly.add("clip", CONNECTOR, clip)
    add_trough(assembly, rng, (0, high, 0.0), length)
    if chance(rng, 0.5):
        add_cord(assembly, rng)
