"""The procedural family of valves and flanged fittings, with their bolts, gaskets and actuators."""

from __future__ import annotations

import math

import numpy as np

from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.fasteners import Fastener
from looking3d.shapes.procedural.machining import RIGHT, SUNK, UP, around, extruded, hole, placed, rod, turned
from looking3d.shapes.procedural.primitives import Mesh
from looking3d.shapes.procedural.turning import ball, carved, cut, united
from looking3d.shapes.procedural.valve_actuators import (
    add_diaphragm,
    add_electric,
    add_gearbox,
    add_hand_wheel,
    add_lever,
    add_rack_actuator,
)
from looking3d.shapes.procedural.valve_body import Bonnet, Line, add_yoke, gate_solids, globe_solids
from looking3d.shapes.procedural.valve_fittings import (
    add_elbow,
    add_floor_mount,
    add_joint,
    add_manifold,
    add_tee,
)
from looking3d.shapes.procedural.valve_flanges import Flange


def valve(seed: int) -> PartShape:
    """The valve or fitting of a seed: the same parts for the same seed, everywhere.

    Args:
        seed: At least 0.

    Returns:
        A shape in metres that stands on y = 0 and faces +Z, its pipe along x. Every part is a closed
        mesh and touches another; bolts can be told apart from afar.
    """
    rng = np.random.default_rng(seed)
    assembly = Assembly("valve")
    builders = {
        "gate": (_gate, 16),
        "globe": (_globe, 13),
        "ball": (_ball_valve, 15),
        "butterfly": (_butterfly, 12),
        "check": (_check, 9),
        "safety": (_safety, 8),
        "joint": (add_joint, 8),
        "elbow": (add_elbow, 7),
        "tee": (add_tee, 8),
        "manifold": (add_manifold, 6),
    }
    kind = pick(rng, {name: weight for name, (_, weight) in builders.items()})
    builders[kind][0](assembly, rng)
    return PartShape(f"valve_{seed:06d}", assembly.grounded(), "valve", f"procedural:valve seed={seed}")


def _gate(assembly: Assembly, rng: np.random.Generator) -> None:
    """Its bonnet carries a yoke with a hand wheel, or an electric actuator."""
    line = Line.drawn(rng, (2.6, 3.1))
    u = line.flange.pipe
    neck, high = u * rng.uniform(1.35, 1.55), u * rng.uniform(2.5, 3.1)
    bonnet = Bonnet.drawn(rng, line.flange, neck, 0.35)
    solids = [*gate_solids(rng, u, line.half, high, neck), bonnet.flange(high)]
    _finish_bonneted(assembly, rng, line, bonnet, solids, high, {"wheel": 4, "electric": 1})


def _globe(assembly: Assembly, rng: np.random.Generator) -> None:
    """Its bonnet carries a yoke with a hand wheel, or a diaphragm that controls it."""
    line = Line.drawn(rng, (2.8, 3.5))
    u = line.flange.pipe
    neck, high = u * rng.uniform(1.3, 1.6), u * rng.uniform(2.3, 2.8)
    bonnet = Bonnet.drawn(rng, line.flange, neck, 0.9)
    solids = [*globe_solids(rng, u, line.half, high, neck), bonnet.flange(high)]
    _finish_bonneted(assembly, rng, line, bonnet, solids, high, {"wheel": 3, "diaphragm": 2})


def _finish_bonneted(
    assembly: Assembly,
    rng: np.random.Generator,
    line: Line,
    bonnet: Bonnet,
    solids: list[Mesh],
    high: float,
    tops: dict[str, float],
) -> None:
    """Add the body, what is bolted to it, the bonnet and what moves the stem."""
    u = line.flange.pipe
    assembly.add("body", "body", line.body(solids, open_to=0.55))
    line.add_ends(assembly, rng)
    line.add_support(assembly, rng)
    shoulder, neck = u * rng.uniform(1.0, 1.3), u * rng.uniform(0.75, 0.9)
    tall = u * rng.uniform(0.4, 1.0)
    profile = [(shoulder, 0.0), (shoulder, 0.25 * tall), (neck, 0.7 * tall), (neck, tall)]
    top = bonnet.add(assembly, rng, line.center + UP * high, profile)
    kind, stem = pick(rng, tops), 0.24 * u
    if kind == "electric":
        add_electric(assembly, rng, top, 1.7 * u)
    elif kind == "diaphragm":
        add_diaphragm(assembly, rng, top, 1.4 * u, stem)
    else:
        yoke = chance(rng, 0.75)
        start = top - UP * SUNK
        crown = add_yoke(assembly, rng, top, 1.45 * u, stem) if yoke else _add_packing(assembly, rng, top, u)
        rising = u * rng.uniform(0.3, 1.6) if yoke and chance(rng, 0.6) else 0.0
        radius = u * rng.uniform(1.7, 2.6)
        hub = max(1.8 * stem, 0.24 * radius)
        assembly.add(
            "stem", "actuator/stem", rod(start, crown + UP * (hub + 1.6 * stem + rising), stem, 0.15 * stem)
        )
        add_hand_wheel(assembly, rng, "wheel", crown + UP * hub, UP, radius, stem)


def _add_packing(assembly: Assembly, rng: np.random.Generator, at: np.ndarray, u: float) -> np.ndarray:
    """Add a hexagonal packing nut, and leave the stem above it bare; returns where the wheel begins."""
    nut = extruded(outlines.circle(0.75 * u, count=6), 0.0, 0.7 * u, "y")
    dome = turned([(0.62 * u, 0.6 * u), (0.55 * u, 0.85 * u), (0.4 * u, 1.0 * u)])
    assembly.add("packing_nut", "bonnet/packing_nut", united([nut, dome]).moved(at - UP * SUNK))
    return at + UP * u * rng.uniform(1.5, 2.4)


def _ball_valve(assembly: Assembly, rng: np.random.Generator) -> None:
    """Of two or three pieces, with a lever, a worm gear or a pneumatic actuator."""
    line = Line.drawn(rng, (2.3, 3.0))
    flange, u = line.flange, line.flange.pipe
    r, long = u * rng.uniform(1.7, 1.95), u * rng.uniform(0.9, 1.2)
    pad, stem = r + u * rng.uniform(0.4, 0.9), 0.3 * u
    kind = pick(rng, {"lever": 4, "rack": 2.5, "gearbox": 1.5})
    shell = (
        rod(-RIGHT * long, RIGHT * long, r, 0.15 * r, 40)
        if chance(rng, 0.5)
        else ball(1.1 * r, (0, 0, 0), 36)
    )
    core = rod(-RIGHT * line.half, RIGHT * line.half, 1.3 * u, count=36)
    size = u * rng.uniform(0.85, 1.05)
    tower = rod((0, 0, 0), (0, pad, 0), size, 0.06 * size)
    solids = [core, shell, tower]
    pieces = kind != "gearbox" and chance(rng, 0.5) and line.half - flange.thickness > long + 0.9 * u
    seam = rod(RIGHT * (long - 0.02 * u), RIGHT * (long + 0.45 * u), r + 0.55 * u, 0.06 * u, 40)
    bolt = Fastener(0.85 * flange.bolt.diameter, "hex", spin_rad=flange.bolt.spin_rad)
    if pieces:
        solids.append(seam)
    body = line.body(solids, open_to=0.55)
    if pieces:
        far = 9 * u
        cutter = extruded(outlines.rectangle(2 * far, 2 * far, 0.0), 0.0, far, "x").moved(line.center)
        cutter = cutter.moved(RIGHT * (long + 0.2 * u))
        end = cut(body, [cutter.moved(-RIGHT * far - RIGHT * SUNK)])
        assembly.add("end_piece", "body/end_piece", end)
        body = cut(body, [cutter])
        seats = around(6, r + 0.1 * u, line.center + RIGHT * (long + 0.45 * u), RIGHT)
        bolt.add(assembly, "body", "seam", seats, RIGHT, 0.4 * u)
    assembly.add("body", "body", body)
    line.add_ends(assembly, rng)
    line.add_support(assembly, rng)
    top = line.center + UP * pad
    if kind == "lever":
        neck = top + UP * u * rng.uniform(0.3, 0.6)
        cap = turned([(0.7 * u, -SUNK), (0.7 * u, 0.14 * u), (0.5 * u, 0.24 * u)], top)
        assembly.add("gland", "bonnet/gland", cap)
        assembly.add("stem", "actuator/stem", rod(top, neck + UP * 0.9 * u, stem))
        add_lever(assembly, rng, neck, u * rng.uniform(4.0, 6.0), stem)
    elif kind == "rack":
        add_rack_actuator(assembly, rng, top, u * rng.uniform(1.7, 2.1), stem)
    else:
        add_gearbox(assembly, rng, top, 1.5 * u)


def _butterfly(assembly: Assembly, rng: np.random.Generator) -> None:
    """A thin body between two flanges that long bolts hold together; it is open, shut or ajar."""
    flange = Flange.drawn(rng, math.exp(rng.uniform(math.log(0.018), math.log(0.08))))
    u, half = flange.pipe, flange.pipe * rng.uniform(0.55, 0.8)
    line = Line(flange, half, flange.radius + u * rng.uniform(0.8, 1.6))
    outer = flange.radius - 2.15 * flange.bolt.diameter
    lugged = chance(rng, 0.4)
    ring = rod(-RIGHT * half, RIGHT * half, outer, 0.04 * u, 44)
    neck_top = flange.radius + u * rng.uniform(0.5, 1.1)
    width = min(1.3 * half, 0.65 * u)
    pad = u * rng.uniform(0.8, 1.0)
    solids = [
        ring,
        rod((0, 0.8 * u, 0), (0, neck_top, 0), min(width, 0.95 * half)),
        rod((0, neck_top - 0.3 * u, 0), (0, neck_top, 0), pad),
    ]
    if lugged:
        solids += [
            rod(p - RIGHT * 0.9 * half, p + RIGHT * 0.9 * half, 1.25 * flange.bolt.diameter)
            for p in flange.seats((0, 0, 0), RIGHT)
        ]
    tools = [hole((0, 0, 0), RIGHT, flange.bore, 2 * half, 40)]
    tools += [
        hole(p, RIGHT, flange.bolt.clearance, 2 * half, 14) for p in flange.seats((0, 0, 0), RIGHT)
    ] * lugged
    assembly.add("body", "body", carved(solids, tools).moved(line.center))
    yaw = rng.uniform(0, math.pi / 2)
    face = np.array([math.cos(yaw), 0.0, math.sin(yaw)])
    disc = rod(line.center - face * 0.12 * u, line.center + face * 0.12 * u, flange.bore + SUNK, 0.05 * u, 40)
    assembly.add("disc", "body/disc", disc)
    # The right flange holds the bolts, which go through to the left one
    g, t = flange.gasket, flange.thickness
    for name, face_at, axis in line.ends():
        flange.add_gasket(assembly, name, face_at, axis)
        near, back = face_at + axis * g, face_at + axis * (g + t)
        assembly.add(f"{name}_flange", "flange/pipe_flange", flange.disc(near, -axis))
        long = u * rng.uniform(0.8, 1.8)
        pipe = cut(
            rod(near, back + axis * long, u, count=40), [hole(near, axis, flange.bore, 3 * (t + long), 36)]
        )
        assembly.add(f"{name}_pipe", "pipe/pipe", pipe)
    seats = flange.seats(line.center + RIGHT * (half + g + t), RIGHT)
    flange.bolt.add(assembly, "flange", "through", seats, RIGHT, 2 * (half + g + t), nut=True)
    carried = Line(flange, half + g + t, line.height)
    carried.add_support(assembly, rng)
    top, stem = line.center + UP * neck_top, 0.26 * u
    kind = pick(rng, {"lever": 3, "gearbox": 2, "rack": 1.5, "electric": 0.8})
    if kind == "lever":
        assembly.add("stem", "actuator/stem", rod(top - UP * SUNK, top + UP * 1.2 * u, stem))
        notches = _notch_plate(u)
        assembly.add("notch_plate", "actuator/notch_plate", notches.moved(top - UP * SUNK))
        add_lever(assembly, rng, top + UP * 0.4 * u, u * rng.uniform(3.5, 5.0), stem)
    elif kind == "gearbox":
        add_gearbox(assembly, rng, top, u * rng.uniform(1.2, 1.5))
    elif kind == "rack":
        add_rack_actuator(assembly, rng, top, u * rng.uniform(1.6, 1.9), stem)
    else:
        add_electric(assembly, rng, top, 1.6 * u)


def _notch_plate(u: float) -> Mesh:
    """A level disc with notches for a lever to rest in."""
    r, t = 1.5 * u, 0.18 * u
    plate = rod((0, 0, 0), (0, t, 0), r, 0.1 * t, 40)
    return cut(plate, [hole(p, UP, 0.12 * u, t, 12) for p in around(10, 0.97 * r, (0, t / 2, 0), UP)])


def _check(assembly: Assembly, rng: np.random.Generator) -> None:
    """A swing check valve with a flat cover, or a strainer with a slanting leg."""
    line = Line.drawn(rng, (2.8, 3.4))
    u = line.flange.pipe
    slant = chance(rng, 0.45)
    tilt = rng.uniform(0.5, 0.75) if slant else 0.0
    axis = np.array([math.sin(tilt), math.cos(tilt), 0.0])
    neck, high = (
        u * (1.1 if slant else rng.uniform(1.35, 1.6)),
        u * (rng.uniform(3.3, 3.8) if slant else rng.uniform(2.1, 2.6)),
    )
    bonnet = Bonnet.drawn(rng, line.flange, neck, 0.75)

    solids = [
        rod(-RIGHT * line.half, RIGHT * line.half, 1.22 * u, count=36),
        rod((0, 0, 0), axis * high, neck, count=36),
    ]
    solids.append(placed(bonnet.flange(high), (0, 0, 0), axis))
    if not slant:
        belly = ball(1.75 * u, (0, 0, 0), 32).mapped(lambda p: p * [1.15, 0.95, 0.95])
        solids.append(belly)
    assembly.add("body", "body", line.body(solids, open_to=0.55))
    line.add_ends(assembly, rng)
    line.add_support(assembly, rng)
    boss = u * rng.uniform(0.5, 0.9)
    bonnet.add(
        assembly, rng, line.center + axis * high, [(boss, 0.0), (boss, 0.2 * u), (0.8 * boss, 0.35 * u)], axis
    )
    if not slant and chance(rng, 0.6):
        pin = line.center + UP * 1.45 * u
        side = 1.9 * u
        assembly.add("hinge_pin", "body/pin", rod(pin - [0, 0, side], pin + [0, 0, side], 0.3 * u, 0.05 * u))
        if chance(rng, 0.6):
            out = pin + [0, 0, side - 0.3 * u]
            droop = np.array([-0.8, -0.35, 0.0]) / math.hypot(0.8, 0.35)
            arm = rod(out, out + droop * 2.2 * u, 0.14 * u)
            hub = rod(out - [0, 0, 0.2 * u], out + [0, 0, 0.2 * u], 0.45 * u)
            assembly.add("weight_arm", "actuator/lever/lever", united([arm, hub]))
            at = out + droop * 1.6 * u
            assembly.add("weight", "actuator/lever/weight", rod(at, at + droop * 0.8 * u, 0.6 * u, 0.06 * u))


def _safety(assembly: Assembly, rng: np.random.Generator) -> None:
    """An angle body that stands on its inlet; a spring's bonnet above, a cap, at times a lever."""
    flange = Flange.drawn(rng, math.exp(rng.uniform(math.log(0.014), math.log(0.06))), 6)
    u = flange.pipe
    floor = add_floor_mount(assembly, rng, flange)
    lift = UP * floor
    side, out = flange.radius + u * rng.uniform(0.3, 0.9), u * rng.uniform(2.5, 3.0)
    neck, high = u * rng.uniform(1.3, 1.5), side + u * rng.uniform(1.4, 1.8)
    bonnet = Bonnet.drawn(rng, flange, neck, 0.9)
    face, foot = np.array([out, side, 0.0]), np.zeros(3)
    solids = [
        rod(foot, UP * high, 1.3 * u, count=36),
        ball(1.65 * u, (0, 0, 0), 32).moved([0, side, 0]),
        rod((0, side, 0), face, 1.22 * u, count=36),
    ]
    solids += [rod(UP * side, UP * high, neck, count=36), bonnet.flange(high)]
    solids += [
        flange.disc(foot, -UP, bored=False),
        flange.disc(face, RIGHT, bored=False),
    ]
    tools = [rod(face - RIGHT * 0.5 * out, face + RIGHT, flange.bore, count=36)]
    assembly.add("body", "body", carved(solids, tools).moved(lift))
    flange.add_mate(
        assembly, rng, "outlet", face + lift, RIGHT, pick(rng, {"pipe": 1, "open": 2, "blind": 1})
    )
    tall = u * rng.uniform(2.2, 3.6)
    profile = [(1.05 * u, 0.0), (1.05 * u, 0.7 * tall), (0.8 * u, 0.85 * tall), (0.6 * u, tall)]
    top = bonnet.add(assembly, rng, UP * high + lift, profile)
    cap = turned([(0.72 * u, -0.1 * u), (0.72 * u, 0.9 * u), (0.6 * u, 1.1 * u), (0.25 * u, 1.2 * u)], top)
    assembly.add("cap", "bonnet/cap", cap)
    nut = extruded(outlines.circle(0.95 * u, count=6), -0.12 * u, 0.3 * u, "y")
    assembly.add("cap_nut", "bonnet/cap_nut", nut.moved(top))
    if chance(rng, 0.7):
        pivot = top + UP * 0.75 * u + RIGHT * 0.55 * u
        turn = rng.uniform(-0.5, 0.4)
        ahead = np.array([-math.cos(turn), math.sin(turn), 0.0])
        end = pivot + ahead * u * rng.uniform(3.0, 4.2)
        arm = rod(pivot, end, 0.15 * u, 0.03 * u, 14)
        assembly.add("lift_lever", "actuator/lever/lever", arm)
        assembly.add("lift_grip", "actuator/lever/grip", ball(0.34 * u, (0, 0, 0), 20).moved(end))
