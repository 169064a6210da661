"""What a flanged run stands on: cradles, posts or rails, held down by bolts."""

from __future__ import annotations

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.fasteners import Fastener
from looking3d.shapes.procedural.machining import RIGHT, SUNK, UP, extruded, floor_plate, grid, hole, rod
from looking3d.shapes.procedural.primitives import Mesh
from looking3d.shapes.procedural.turning import carved, cut
from looking3d.shapes.procedural.valve_flanges import Flange


def add_support(
    assembly: Assembly, rng: np.random.Generator, flange: Flange, x: float, height: float
) -> None:
    """Add what carries two flanges by their rims.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        flange: The pattern of both.
        x: Where they are, to the right and to the left.
        height: Of their axis.
    """
    bolt = Fastener(0.95 * flange.bolt.diameter, "hex", chance(rng, 0.3), False, flange.bolt.spin_rad)
    odds = {"cradles": 3, "posts": 2.5, "rails": 2 if x > flange.radius else 0}
    _SUPPORTS[pick(rng, odds)](assembly, rng, flange, bolt, x, height)


def _seat(flange: Flange, rise: float, wide: float) -> Mesh:
    """What the rim of a flange takes away from what it rests on, about a point `rise` below its axis."""
    rim = (0.95 if flange.square else 1.0) * flange.radius - SUNK
    if flange.square:
        return prim.box((-wide, rise - rim, -2 * rim), (wide, rise + 9 * rim, 2 * rim))
    return hole((0, rise, 0), RIGHT, rim, wide, 48)


def _top(flange: Flange, rise: float) -> float:
    """How high a support reaches up the flange before its seat is cut."""
    return rise - (0.9 if flange.square else 0.45) * flange.radius


def _add_base(
    assembly: Assembly, rng: np.random.Generator, wide: float, deep: float, thickness: float
) -> None:
    margin = thickness * rng.uniform(0.5, 1.5)
    base = floor_plate(wide + 2 * margin, deep + 2 * margin, thickness, 0.8 * margin)
    assembly.add("base_plate", "support/base_plate", base)


def _add_cradles(
    assembly: Assembly, rng: np.random.Generator, flange: Flange, bolt: Fastener, x: float, height: float
) -> None:
    """A web under either flange, wide or waisted, on a foot."""
    u = flange.pipe
    plate, t = u * rng.uniform(0.25, 0.5), 0.3 * u
    wide = flange.thickness * rng.uniform(1.1, 1.6)
    deep = flange.radius * rng.uniform(0.6, 0.85)
    foot = deep + 2.8 * bolt.reach
    rise = height - plate
    waist = deep * rng.uniform(0.55, 1.0)
    right = [(waist, -SUNK), (waist, t), (deep, max(_top(flange, rise), 1.5 * t))]
    web = extruded(np.array(right + [(-z, y) for z, y in right[::-1]]), -wide / 2, wide / 2, "x")
    half = max(wide, 2.3 * bolt.reach) / 2
    feet = prim.box((-half, -SUNK, -foot), (half, t, foot), 0.1 * t)
    block = carved([web, feet], [_seat(flange, rise, 2 * wide)])
    for name, s in (("right", 1.0), ("left", -1.0)):
        spot = np.array([s * x, plate, 0.0])
        assembly.add(f"cradle_{name}", "support/cradle", block.moved(spot))
        seats = [spot + [0, t, z * (foot - 1.3 * bolt.reach)] for z in (1, -1)]
        bolt.add(assembly, "support", f"cradle_{name}", seats, UP, t + 0.7 * plate)
    _add_base(assembly, rng, 2 * (x + half), 2 * foot, plate)


def _add_posts(
    assembly: Assembly, rng: np.random.Generator, flange: Flange, bolt: Fastener, x: float, height: float
) -> None:
    """A saddle on a post on a bolted foot, under either flange; the feet stand on the floor."""
    u = flange.pipe
    t, wide = u * rng.uniform(0.3, 0.45), flange.thickness * rng.uniform(1.1, 1.6)
    deep = flange.radius * rng.uniform(0.5, 0.75)
    foot, half = max(deep, 0.75 * flange.radius) + 1.6 * bolt.reach, max(wide / 2, 1.5 * bolt.reach)
    top = _top(flange, height)
    low = height - flange.radius - 0.35 * u
    right = [(0.45 * deep, low), (deep, low + 0.3 * u), (deep, top)]
    saddle = extruded(np.array(right + [(-z, y) for z, y in right[::-1]]), -wide / 2, wide / 2, "x")
    saddle = cut(saddle, [_seat(flange, height, 2 * wide)])
    corner = 0.3 * half if chance(rng, 0.5) else 0.95 * half
    plate = prim.flat(prim.slab(outlines.rectangle(2 * half, 2 * foot, corner, 5), t, 0.1 * t), 0.0)
    r = min(0.42 * u, half)
    post: Mesh = rod((0, t - SUNK, 0), (0, low + SUNK, 0), r)
    if chance(rng, 0.4):
        post = prim.post(
            np.array([(0, t - SUNK, 0), (0, low + SUNK, 0)]), outlines.rectangle(1.8 * r, 2.6 * r, 0.3 * r)
        )
    for name, s in (("right", 1.0), ("left", -1.0)):
        spot = np.array([s * x, 0.0, 0.0])
        assembly.add(f"foot_{name}", "support/foot", plate.moved(spot))
        assembly.add(f"post_{name}", "support/post", post.moved(spot))
        assembly.add(f"saddle_{name}", "support/saddle", saddle.moved(spot))
        seats = [spot + [0, t, z * (foot - 1.4 * bolt.reach)] for z in (1, -1)]
        bolt.add(assembly, "support", f"foot_{name}", seats, UP, 0.9 * t)


def _add_rails(
    assembly: Assembly, rng: np.random.Generator, flange: Flange, bolt: Fastener, x: float, height: float
) -> None:
    """Two rails along the pipe that both flanges rest on, and two ties below them."""
    u = flange.pipe
    tie, half = u * rng.uniform(0.35, 0.6), u * rng.uniform(0.3, 0.42)
    # Below a square flange the rails are where it is flat, between its round corners
    z = 0.42 * flange.radius - half if flange.square else rng.uniform(0.55, 0.72) * flange.radius
    long = x + flange.thickness + u * rng.uniform(0.2, 1.2)
    rise = height - tie
    top = rise - (0.9 * flange.radius if flange.square else (flange.radius**2 - (z + half) ** 2) ** 0.5)
    rail = prim.box((-long, -SUNK, z - half), (long, top, z + half), 0.06 * half)
    seat = _seat(flange, rise, 0.75 * flange.thickness)
    rail = cut(rail, [seat.moved([s * x, 0, 0]) for s in (1, -1)])
    for name, s in (("front", 1.0), ("back", -1.0)):
        placed_rail = rail if s > 0 else rail.mapped(lambda p: p * [1, 1, -1])
        assembly.add(f"rail_{name}", "support/rail", placed_rail.moved([0, tie, 0]))
    reach = z + half + 3.0 * bolt.reach
    wide = max(1.3 * bolt.reach, 0.5 * u)
    spot = min(0.75 * long, long - wide)
    for name, s in (("right", 1.0), ("left", -1.0)):
        bar = prim.box((s * spot - wide, 0, -reach), (s * spot + wide, tie, reach), 0.08 * tie)
        assembly.add(f"tie_{name}", "support/tie", bar)
    seats = [(sx * spot, tie, sz * (reach - 1.4 * bolt.reach)) for sx, sz in grid((1, -1), (1, -1))]
    bolt.add(assembly, "support", "tie", seats, UP, 0.9 * tie)


_SUPPORTS = {"cradles": _add_cradles, "posts": _add_posts, "rails": _add_rails}
