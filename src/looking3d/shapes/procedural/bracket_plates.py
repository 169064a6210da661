"""Brackets of plates: pairs of Z, T with ribs, feet of columns."""

from __future__ import annotations

import math

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.fasteners import Fastener
from looking3d.shapes.procedural.machining import (
    FRONT,
    SUNK,
    UP,
    around,
    extruded,
    floor_plate,
    grid,
    hole,
    rod,
    tube,
)
from looking3d.shapes.procedural.primitives import Mesh
from looking3d.shapes.procedural.turning import cut

BASE, WALL, FASTENER = "base_plate", "wall_plate", "fastener"


def spread(rng: np.random.Generator, half: float, reach: float, most: int = 3) -> list[float]:
    """Places for up to `most` bolts between -half and half, with room for heads of a radius."""
    room = half - 1.25 * reach
    count = min(most, int(rng.choice([1, 2, 3], p=[0.12, 0.5, 0.38])))
    count = min(count, 1 + int(2 * room / (2.6 * reach)))
    return [0.0] if count < 2 else np.linspace(-room, room, count).tolist()


def gusset_outline(
    rng: np.random.Generator, corner: tuple[float, float], deep: float, high: float, style: str
) -> np.ndarray:
    """A web that fills an inner corner: (k, 2) from the corner to `deep` and `high`.

    `style` is `straight`, `arc` (hollow) or `step` (with a nose at either end).
    """
    (u, v), nose = corner, 0.1 * min(deep, high)
    u, v = u - SUNK, v - SUNK
    if style == "arc":
        turn = np.linspace(0, math.pi / 2, 9)
        away = np.stack([1 - np.sin(turn), 1 - np.cos(turn)], 1)[::-1]
        arc = [u + nose, v + nose] + away[::-1] * [deep - nose, high - nose]
        return np.concatenate([[[u, v], [u + deep, v]], arc, [[u, v + high]]])
    if style == "step":
        nose *= 1.8
    points = [(u, v), (u + deep, v), (u + deep, v + nose), (u + nose, v + high), (u, v + high)]
    return np.array(points)


def add_zed(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add two Z brackets, which hold up a plate that may carry a block."""
    scale = rng.uniform(0.12, 0.5)
    wide, depth, high = scale * np.array(
        [rng.uniform(0.9, 1.5), rng.uniform(0.4, 0.9), rng.uniform(0.3, 0.9)]
    )
    t = scale * rng.uniform(0.035, 0.06)
    bolt = Fastener.drawn(rng, rng.uniform(0.034, 0.045) * math.hypot(wide, depth, high))
    foot = max(rng.uniform(0.16, 0.24) * wide, 2.9 * bolt.reach + t)
    bend, inner = t * rng.uniform(0.4, 1.2), wide / 2
    floor = t * rng.uniform(1.2, 2.2)
    lean = rng.uniform(0.0, 0.25) * high if chance(rng, 0.4) else 0.0
    # From the end of the foot to the end of the upper flange, below and back above
    x0, x1, x2, x3 = inner + foot, inner, inner - lean, inner - lean - foot
    corners = [
        (x0, 0),
        (x0, t),
        (x1 + t, t),
        (x2 + t, high),
        (x3, high),
        (x3, high - t),
        (x2, high - t),
        (x1, 0),
    ]
    radii = [0.2 * t, 0.2 * t, bend, bend + t, 0.2 * t, 0.2 * t, bend, bend + t]
    zed = extruded(outlines.rounded(np.array(corners), radii, 4), -depth / 2, depth / 2)
    zs = spread(rng, depth / 2, bolt.reach)
    low = [(x1 + t + 0.5 * (foot - t) + 0.2 * bend, 0.0, z) for z in zs]
    top = [(x3 + 0.5 * (foot - 0.5 * t), high, z) for z in zs]
    zed = cut(zed, [hole(seat, UP, bolt.clearance, 2 * t) for seat in low + top])
    assembly.add_pair("zed", "zed/body", zed.moved([0, floor, 0]))
    margin = rng.uniform(0.03, 0.12) * scale
    base = floor_plate(2 * x0 + 2 * margin, depth + 2 * margin, floor + SUNK, 0.6 * margin)
    assembly.add("base_plate", BASE, base)
    both = np.array([(s * x, floor + t, z) for s in (1, -1) for x, _, z in low])
    bolt.add(assembly, FASTENER, "base", both, UP, t + 0.7 * floor)
    deck, level = rng.uniform(1.0, 1.8) * t, floor + high
    reach = x2 + rng.uniform(-0.2, 1.0) * t
    plate = prim.flat(
        prim.slab(outlines.rectangle(2 * reach, depth * rng.uniform(1.0, 1.15), t, 3), deck, 0.1 * t), level
    )
    assembly.add("deck", "deck_plate", plate.moved([0, -SUNK, 0]))
    both = np.array([(s * x, level + deck, z) for s in (1, -1) for x, _, z in top])
    bolt.add(assembly, FASTENER, "deck", both, UP, deck + t, nut=high > 6 * bolt.diameter)
    if chance(rng, 0.65) and x3 > 2.6 * bolt.reach:
        _add_load(assembly, rng, (x3 - 1.5 * bolt.reach, 0.42 * depth, level + deck), scale)
    if chance(rng, 0.4):
        web = gusset_outline(rng, (x1 + t, t), 0.8 * foot, 0.75 * high, "straight")
        if not lean:
            ends = 0.5 * depth - 0.4 * t
            for name, z in (("front", ends), ("back", -ends)):
                rib = extruded(web, z - 0.35 * t, z + 0.35 * t).moved([0, floor, 0])
                assembly.add_pair(f"rib_{name}", "zed/gusset", rib)


def _add_load(
    assembly: Assembly, rng: np.random.Generator, room: tuple[float, float, float], scale: float
) -> None:
    """Add what a deck carries: a sensor's box with a lens, or a dome."""
    x, z, level = room
    tall = scale * rng.uniform(0.12, 0.35)
    if chance(rng, 0.5):
        block = prim.box((-x, level - SUNK, -z), (x, level + tall, z), 0.04 * tall)
        assembly.add("load", "load/housing", block)
        r = 0.32 * min(2 * x, tall)
        lens = rod((0, level + 0.5 * tall, z - SUNK), (0, level + 0.5 * tall, z + 0.6 * r), r, 0.1 * r)
        assembly.add("load_lens", "load/cap", lens)
    else:
        r = 0.8 * min(x, z)
        lens = rod((0, level - SUNK, 0), (0, level + tall, 0), r, 0.1 * r)
        assembly.add("load", "load/housing", lens)
        cap = rod((0, level + tall - SUNK, 0), (0, level + 1.3 * tall, 0), 0.6 * r, 0.15 * r)
        assembly.add("load_cap", "load/cap", cap)


def add_tee(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a T: a web on a base, with ribs to both sides and a bush, through which a shaft may go."""
    scale = rng.uniform(0.1, 0.45)
    width, depth, high = scale * np.array(
        [rng.uniform(0.8, 1.2), rng.uniform(0.6, 0.9), rng.uniform(0.7, 1.2)]
    )
    t = scale * rng.uniform(0.06, 0.1)
    bolt = Fastener.drawn(rng, rng.uniform(0.032, 0.042) * math.hypot(width, depth, high))
    foot = floor_plate(width, depth, t, rng.uniform(0.4, 1.5) * bolt.reach)
    x, z = width / 2 - 1.5 * bolt.reach, depth / 2 - 1.5 * bolt.reach
    seats = [(sx * x, t, sz * z) for sx, sz in grid((1, -1), (1, -1))]
    if width > 9 * bolt.reach and chance(rng, 0.4):
        seats += [(0.0, t, z), (0.0, t, -z)]
    foot = cut(foot, [hole(seat, UP, bolt.clearance, 2 * t) for seat in seats])
    floor = t * rng.uniform(0.8, 1.6)
    lift = np.array([0, floor, 0])
    margin = rng.uniform(0.02, 0.15) * scale
    base = floor_plate(width + 2 * margin, depth + 2 * margin, floor + SUNK, 0.6 * margin)
    assembly.add("base_plate", BASE, base)
    assembly.add("foot", "tee/foot", foot.moved(lift))
    bolt.add(assembly, FASTENER, "base", np.array(seats) + lift, UP, t + 0.7 * floor)
    r = rng.uniform(0.14, 0.24) * width
    round_top = chance(rng, 0.6)
    tip = 2.9 * r if round_top else rng.uniform(0.5, 0.95) * width
    corners = np.array([(-0.47 * width, -SUNK), (0.47 * width, -SUNK), (tip / 2, high), (-tip / 2, high)])
    web_outline = outlines.rounded(corners, [0.001, 0.001, *[0.48 * tip if round_top else 0.1 * tip] * 2], 8)
    center, half = high - 1.5 * r, 0.5 * t * rng.uniform(0.8, 1.2)
    tools = [hole((0, center, 0), FRONT, r, t, 36)]
    if center - r > 0.45 * high and chance(rng, 0.5):
        for s in (1, -1):
            tools.append(hole((s * 0.22 * width, 0.3 * (center - r), 0), FRONT, 0.09 * width, t))
    web = cut(extruded(web_outline, -half, half), tools)
    assembly.add("web", "tee/web", web.moved([0, floor + t, 0]))
    at = np.array([0.0, floor + t + center, 0.0])
    out = half + rng.uniform(0.3, 0.9) * t
    bore = rng.uniform(0.55, 0.72) * r
    assembly.add("bush", "bush", tube(at - FRONT * out, at + FRONT * out, r + SUNK, bore, 40))
    if chance(rng, 0.6):
        long = out + rng.uniform(0.1, 0.45) * depth
        assembly.add("shaft", "shaft", rod(at - FRONT * long, at + FRONT * long, bore + SUNK, 0.12 * bore))
        if chance(rng, 0.5):
            collar = tube(at + FRONT * (out - SUNK), at + FRONT * (out + 0.6 * bore), 0.95 * r, bore - SUNK)
            assembly.add("collar", "collar", collar)
    deep, rise = 0.5 * depth - half - 0.1 * t, (center - 1.15 * r) * rng.uniform(0.7, 0.95)
    outline = gusset_outline(rng, (half, 0.0), deep, rise, pick(rng, {"straight": 2, "arc": 1, "step": 1}))
    xs = [0.0] if len(seats) == 4 and chance(rng, 0.5) else [-0.28 * width, 0.28 * width]
    for i, x in enumerate(xs, 1):
        rib = extruded(outline, x - 0.35 * t, x + 0.35 * t, "x").moved([0, floor + t, 0])
        assembly.add(f"rib_front_{i}", "tee/rib", rib)
        assembly.add(f"rib_back_{i}", "tee/rib", rib.mapped(lambda p: p * [1, 1, -1]))


def add_column_foot(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add the foot of a column on its plinth: a plate with ribs, anchors with nuts, and the column."""
    side = rng.uniform(0.25, 0.6)
    t, high = side * rng.uniform(0.05, 0.08), side * rng.uniform(0.7, 1.3)
    plinth = side * rng.uniform(0.08, 0.3)
    size = side * rng.uniform(0.3, 0.42)
    bolt = Fastener.drawn(
        rng, rng.uniform(0.034, 0.044) * math.hypot(side, side, high), {"stud": 3, "hex": 1}, 0.7
    )
    wider = side * rng.uniform(1.05, 1.35)
    assembly.add("plinth", "plinth", floor_plate(wider, wider, plinth + SUNK, 0.04 * side))
    round_plate = chance(rng, 0.3)
    inset = side / 2 - 1.5 * bolt.reach
    if round_plate:
        count = int(rng.choice([4, 6, 8]))
        seats = around(count, inset, (0, t, 0), UP)
        plate = rod((0, 0, 0), (0, t, 0), side / 2, 0.1 * t, 48)
    else:
        seats = np.array([(sx * inset, t, sz * inset) for sx, sz in grid((1, -1), (1, -1))])
        if chance(rng, 0.3) and inset > 4 * bolt.reach:
            seats = np.concatenate([seats, [(0, t, inset), (0, t, -inset)]])
        plate = floor_plate(side, side, t, rng.uniform(0.02, 0.12) * side)
    plate = cut(plate, [hole(seat, UP, bolt.clearance, 2 * t) for seat in seats])
    lift = np.array([0, plinth, 0])
    assembly.add("plate", "column/flange", plate.moved(lift))
    bolt.add(assembly, FASTENER, "anchor", seats + lift, UP, t + 0.7 * plinth)
    kind = pick(rng, {"square": 1, "round": 1, "beam": 1})
    level = plinth + t
    assembly.add("column", "column/post", _column(kind, size, level - SUNK, level + high))
    # Of a square and of a beam the ribs stand on the middle of each face
    face = size / 2 - (0.45 * size if kind == "beam" else 0.0)
    rise, style = rng.uniform(0.3, 0.6) * high, pick(rng, {"straight": 2, "arc": 1, "step": 1})
    half = 0.4 * t
    rib_count = 4 if not round_plate or len(seats) != 6 else 6
    for i in range(rib_count):
        turn = 2 * math.pi * i / rib_count
        start = face if kind == "beam" and i % 2 == 1 else size / 2
        deep = (
            (side / 2 if round_plate or len(seats) == 4 else inset - bolt.reach * 1.1) - start - 0.03 * side
        )
        outline = gusset_outline(rng, (start - 0.01 * size, 0.0), deep, rise, style)
        rib = extruded(outline, -half, half, "x").moved([0, level, 0])
        cos, sin = math.cos(turn), math.sin(turn)
        yaw = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
        assembly.add(f"rib_{i + 1}", "column/rib", rib.mapped(lambda p, yaw=yaw: p @ yaw.T))
    if chance(rng, 0.5):
        cap = floor_plate(1.3 * size, 1.3 * size, t, 0.06 * size).moved([0, level + high - SUNK, 0])
        assembly.add("cap", "column/cap_plate", cap)
        x = 0.65 * size - 1.4 * bolt.reach
        top = [(sx * x, level + high + t, sz * x) for sx, sz in grid((1, -1), (1, -1))]
        Fastener(bolt.diameter).add(assembly, FASTENER, "cap", top, UP, t)


def _column(kind: str, size: float, low: float, high: float) -> Mesh:
    if kind == "round":
        return tube((0, low, 0), (0, high, 0), size / 2, 0.43 * size, 40)
    if kind == "square":
        outer = extruded(outlines.rectangle(size, size, 0.1 * size, 4), low, high, "y")
        inner = extruded(outlines.rectangle(0.86 * size, 0.86 * size, 0.06 * size, 4), low - 1, high + 1, "y")
        return cut(outer, [inner])
    h, f, w = size / 2, 0.06 * size, 0.05 * size
    right = [(h, -h), (h, f - h), (w, f - h), (w, h - f), (h, h - f), (h, h)]
    return extruded(np.array(right + [(-x, -z) for x, z in right]), low, high, "y")
