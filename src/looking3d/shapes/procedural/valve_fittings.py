"""Fittings without a valve: flanged joints, elbows, tees, and manifolds with small cocks and gauges."""

from __future__ import annotations

import math

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.fasteners import Fastener
from looking3d.shapes.procedural.machining import (
    FRONT,
    RIGHT,
    SUNK,
    UP,
    extruded,
    floor_plate,
    hole,
    placed,
    rod,
    tube,
    turned,
)
from looking3d.shapes.procedural.turning import carved, cut, united
from looking3d.shapes.procedural.valve_body import Line
from looking3d.shapes.procedural.valve_flanges import Flange, add_gauge


def add_floor_mount(
    assembly: Assembly, rng: np.random.Generator, flange: Flange, reach: float = 0.0
) -> float:
    """Add a plate on the floor to which a flange above it is bolted; returns the plate's height.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        flange: Its pattern.
        reach: How far to the right the plate goes at least, so that what hangs out does not tip over.
    """
    plate = flange.pipe * rng.uniform(0.3, 0.7)
    side = 2 * flange.radius * rng.uniform(1.1, 1.5)
    if reach < side / 2 and chance(rng, 0.5):
        made = rod((0, 0, 0), (0, plate + SUNK, 0), side / 2, 0.12 * plate, 48)
    else:
        right = max(reach, side / 2)
        made = floor_plate(
            side / 2 + right, side, plate + SUNK, rng.uniform(0.05, 0.2) * side, (right / 2 - side / 4, 0.0)
        )
    assembly.add("base_plate", "support/base_plate", made)
    seats = flange.seats((0, plate + flange.thickness, 0), UP)
    flange.bolt.add(assembly, "support", "base", seats, UP, flange.thickness + 0.7 * plate)
    return plate


def add_joint(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add two or three lengths of pipe, flanged together on cradles; one may be of a wider bore."""
    line = Line.drawn(rng, (1.6, 3.2))
    flange, u = line.flange, line.flange.pipe
    middle = line.body([rod(-RIGHT * line.half, RIGHT * line.half, u, count=40)], open_to=1.1)
    if chance(rng, 0.5):
        bead = u * rng.uniform(1.2, 1.5)
        long = line.half - flange.thickness
        rows = [(u, -0.8 * long), (bead, -0.35 * long), (bead, 0.35 * long), (u, 0.8 * long)]
        solids = [rod(-RIGHT * line.half, RIGHT * line.half, u, count=40), turned(rows, axis=RIGHT)]
        middle = line.body(solids, open_to=1.1)
    assembly.add("spool", "pipe/spool", middle)
    kinds = ("pipe", pick(rng, {"pipe": 2, "blind": 1, "gauge": 1}))
    for kind, (name, face, axis) in zip(kinds, line.ends(), strict=True):
        flange.add_mate(assembly, rng, name, face, axis, kind)
    line.add_support(assembly, rng)
    if chance(rng, 0.45):
        add_gauge(assembly, rng, "top", line.center + UP * 0.98 * u, UP, 1.1 * u)


def add_elbow(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a bend that stands on its flange, with a rib at times, and what its other end is bolted to."""
    flange = Flange.drawn(rng, math.exp(rng.uniform(math.log(0.014), math.log(0.07))))
    u, t = flange.pipe, flange.thickness
    bend = u * rng.uniform(2.2, 3.2)
    rise = max(flange.radius + u * rng.uniform(0.3, 1.4), bend + t)
    turn = np.linspace(0, math.pi / 2, 9)
    arc = np.stack([bend * (1 - np.cos(turn)), rise - bend + bend * np.sin(turn), 0 * turn], 1)
    out = bend + t + u * rng.uniform(0.2, 0.6)
    floor = add_floor_mount(assembly, rng, flange, out)
    path = np.concatenate([[[0.0, 0.0, 0.0]], arc, [[out, rise, 0.0]]])
    outer = prim.sweep(path, outlines.circle(1.04 * u, count=32), FRONT)
    ends = [((0.0, 0.0, 0.0), -UP), ((out, rise, 0.0), RIGHT)]
    discs = [flange.disc(at, axis, bored=False) for at, axis in ends]
    solids = [outer, *discs]
    if chance(rng, 0.35):
        web = np.array(
            [
                (0, 0.4 * t),
                (0.85 * flange.radius, 0.4 * t),
                (out - 0.5 * t, rise - 0.8 * flange.radius),
                (out - 0.5 * t, rise),
                (bend, rise),
            ]
        )
        solids.append(extruded(web, -0.14 * u, 0.14 * u))
    inner_path = np.concatenate([[path[0] - UP * t], path[1:-1], [path[-1] + RIGHT * t]])
    tools = [prim.sweep(inner_path, outlines.circle(flange.bore, count=32), FRONT)]
    body = carved(solids, tools)
    assembly.add("elbow", "pipe/elbow", body.moved([0, floor, 0]))
    face = np.array([out, rise + floor, 0.0])
    kind = pick(rng, {"pipe": 2, "blind": 1.2, "gauge": 0.8, "open": 0.6})
    flange.add_mate(assembly, rng, "side", face, RIGHT, kind)
    if chance(rng, 0.4):
        add_gauge(assembly, rng, "top", (0.3 * bend, floor + rise - 0.3 * bend + 0.72 * u, 0.0), UP, 1.1 * u)


def add_tee(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a tee or a cross on cradles; its branch looks up."""
    line = Line.drawn(rng, (2.9, 3.6), most=6)
    flange, u = line.flange, line.flange.pipe
    rise = flange.radius + u * rng.uniform(0.5, 1.3)
    branch = [UP, FRONT] if chance(rng, 0.25) else [UP]
    fat = rng.uniform(1.02, 1.3)
    solids = [rod(-RIGHT * line.half, RIGHT * line.half, fat * u, count=40)]
    tools = []
    for axis in branch:
        face = axis * rise
        solids += [
            rod((0, 0, 0), face, fat * u, count=40),
            flange.disc(face, axis, bored=False),
        ]
        tools.append(rod(face * 0.1, face * 1.5, flange.bore, count=36))
    assembly.add("tee", "pipe/tee", line.body(solids, tools, open_to=1.1))
    line.add_ends(assembly, rng)
    line.add_support(assembly, rng)
    for name, axis in zip(("top", "front"), branch):
        kinds = {"blind": 1.2, "gauge": 1.5, "pipe": 1.5, "open": 0.4 if name == "front" else 0.1}
        flange.add_mate(assembly, rng, name, line.center + axis * rise, axis, pick(rng, kinds))


def add_manifold(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a header with a row of small cocks, each with its lever, which lead to gauges or nozzles."""
    u = rng.uniform(0.016, 0.045)
    count = int(rng.integers(2, 4))
    pitch = u * rng.uniform(3.6, 4.6)
    half = pitch * (count - 1) / 2 + 2.6 * u
    plate, rise = u * rng.uniform(0.3, 0.5), u * rng.uniform(1.7, 2.6)
    axis = np.array([0.0, plate + rise, 0.0])
    xs = np.linspace(-1, 1, count) * pitch * (count - 1) / 2
    header = tube(axis - RIGHT * half, axis + RIGHT * half, u, 0.82 * u, 40)
    header = cut(header, [rod(axis + RIGHT * x, axis + RIGHT * x + UP * 2 * u, 0.4 * u) for x in xs])
    assembly.add("header", "pipe/pipe", header)
    for name, s in (("right", 1.0), ("left", -1.0)):
        end = axis + RIGHT * s * (half - 0.5 * u)
        if chance(rng, 0.7):
            cap = turned([(1.22 * u, 0.0), (1.22 * u, 0.6 * u), (0.9 * u, 0.9 * u)], end, RIGHT * s)
            assembly.add(f"cap_{name}", "pipe/end_cap", cap)
        else:
            hexagon = extruded(outlines.circle(1.3 * u, count=6), 0.0, 0.7 * u, "y")
            nozzle = united([placed(hexagon, end, RIGHT * s), rod(end, end + RIGHT * s * 1.8 * u, 0.75 * u)])
            assembly.add(f"nozzle_{name}", "pipe/nozzle", nozzle)
    _add_header_saddles(assembly, rng, axis, (u, plate, half - 1.2 * u))
    gauges = chance(rng, 0.6)
    for i, x in enumerate(xs, 1):
        _add_cock(assembly, rng, i, axis + RIGHT * x + UP * (u - 0.1 * u), u, gauges)


def _add_header_saddles(
    assembly: Assembly, rng: np.random.Generator, axis: np.ndarray, sizes: tuple[float, float, float]
) -> None:
    u, plate, x = sizes
    deep, wide = 2.3 * u, 0.8 * u
    bolt = Fastener.drawn(rng, 0.42 * u, {"hex": 2, "socket": 1}, 0.4)
    base = floor_plate(2 * (x + 1.5 * u), 2 * (deep + 0.5 * u), plate, 0.5 * u)
    assembly.add("base_plate", "support/base_plate", base)
    rise = axis[1] - plate
    right = [(deep, -SUNK), (deep, 0.35 * u), (1.25 * u, 0.35 * u), (1.25 * u, rise - 0.1 * u)]
    outline = np.array(right + [(-z, y) for z, y in right[::-1]])
    block = cut(extruded(outline, -wide / 2, wide / 2, "x"), [hole((0, rise, 0), RIGHT, u - SUNK, wide, 40)])
    for name, s in (("right", 1.0), ("left", -1.0)):
        at = np.array([s * x, plate, 0.0])
        assembly.add(f"cradle_{name}", "support/cradle", block.moved(at))
        seats = [at + [0, 0.35 * u, z * (deep - 1.2 * bolt.reach)] for z in (1, -1)]
        bolt.add(assembly, "support", f"cradle_{name}", seats, UP, 0.3 * u + 0.7 * plate)


def _add_cock(
    assembly: Assembly, rng: np.random.Generator, number: int, at: np.ndarray, u: float, gauge: bool
) -> None:
    """Add a small ball valve on a pipe; its handle is to the front."""
    name, r = f"cock_{number}", 0.42 * u
    ends = extruded(outlines.circle(0.78 * u, count=6), 0.0, 0.5 * u, "y")
    body = united(
        [
            rod(at - UP * 0.1 * u, at + UP * 3.0 * u, r),
            ends.moved(at + UP * 0.35 * u),
            ends.moved(at + UP * 2.25 * u),
            rod(at + UP * 0.7 * u, at + UP * 2.4 * u, 0.7 * u, 0.15 * u),
            rod(at + UP * 1.55 * u, at + UP * 1.55 * u + FRONT * 1.05 * u, 0.32 * u),
        ]
    )
    assembly.add(name, "cock/body", body)
    pivot = at + UP * 1.55 * u + FRONT * 1.05 * u
    yaw = rng.choice([0.0, math.pi / 2])
    ahead = math.cos(yaw) * UP + math.sin(yaw) * RIGHT * rng.choice([-1.0, 1.0])
    flat = outlines.rectangle(0.16 * u, 0.5 * u, 0.05 * u)
    arm = prim.bar(pivot - ahead * 0.4 * u, pivot + ahead * 1.7 * u, flat, np.cross(ahead, FRONT))
    assembly.add(f"{name}_lever", "actuator/lever/lever", arm)
    screw = Fastener(0.34 * u, "hex")
    screw.add(assembly, "cock", name, [pivot + FRONT * 0.08 * u], FRONT, 0.3 * u)
    top = at + UP * (3.0 * u - 0.05 * u)
    if gauge:
        add_gauge(assembly, rng, name, top, UP, 1.15 * u)
    else:
        rows = [
            (0.62 * u, 0.0),
            (0.62 * u, 0.35 * u),
            (0.3 * u, 0.7 * u),
            (0.45 * u, 0.9 * u),
            (0.3 * u, 1.15 * u),
        ]
        assembly.add(f"{name}_nozzle", "pipe/nozzle", turned(rows, top, UP, 24))
