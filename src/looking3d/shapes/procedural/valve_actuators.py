"""What moves a valve: hand wheels, levers, gearboxes, pneumatic, diaphragm and electric actuators."""

from __future__ import annotations

import math

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance
from looking3d.shapes.procedural.fasteners import Fastener, nut_mesh
from looking3d.shapes.procedural.machining import (
    FRONT,
    RIGHT,
    SUNK,
    UP,
    around,
    extruded,
    grid,
    placed,
    placed_points,
    rod,
    tube,
    turned,
)
from looking3d.shapes.procedural.primitives import Mesh, Vector
from looking3d.shapes.procedural.turning import ball, united

WHEEL = "actuator/hand_wheel"


def add_hand_wheel(
    assembly: Assembly,
    rng: np.random.Generator,
    name: str,
    at: Vector,
    axis: Vector,
    radius: float,
    stem: float,
) -> None:
    """Add a hand wheel of a rim, spokes, a hub and a nut at the end of a stem.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        name: What the ids begin with.
        at: (3,) of the end of the stem, a hub's height above the wheel's lower face.
        axis: (3,) unit vector along the stem.
        radius: Of the wheel.
        stem: Radius of the stem.
    """
    at, axis = np.asarray(at, float), np.asarray(axis, float)
    count, thick = int(rng.integers(3, 6)), radius * rng.uniform(0.075, 0.11)
    hub_r, hub_h = max(1.9 * stem, 0.17 * radius), max(1.8 * stem, 2.2 * thick)
    dish = radius * rng.uniform(-0.05, 0.18)
    middle = -0.5 * hub_h
    ring = placed(
        prim.ring((0, middle + dish, 0), radius - thick, outlines.circle(thick, count=12), 40), at, axis
    )
    assembly.add(f"{name}_rim", f"{WHEEL}/rim", ring)
    hub = tube(at - axis * hub_h, at, hub_r, stem - SUNK, 28)
    assembly.add(f"{name}_hub", f"{WHEEL}/wheel_hub", hub)
    flat = (
        outlines.circle(0.62 * thick, 0.9 * thick, 10)
        if chance(rng, 0.5)
        else outlines.rectangle(1.1 * thick, 1.7 * thick, 0.3 * thick)
    )
    phase = rng.uniform(0, 1)
    inner = placed_points(around(count, 0.92 * hub_r, (0, middle, 0), UP, phase), at, axis)
    outer = placed_points(around(count, radius - 1.4 * thick, (0, middle + dish, 0), UP, phase), at, axis)
    for i in range(count):
        assembly.add(f"{name}_spoke_{i + 1}", f"{WHEEL}/spoke", prim.bar(inner[i], outer[i], flat, axis))
    nut = placed(nut_mesh(2 * stem), at - axis * SUNK, axis)
    assembly.add(f"{name}_wheel_nut", f"{WHEEL}/nut", nut)


def add_lever(assembly: Assembly, rng: np.random.Generator, at: Vector, length: float, stem: float) -> None:
    """Add a lever with a grip, across a stem's end and held by a nut; open it runs along x, shut along z."""
    at = np.asarray(at, float)
    yaw = rng.choice([0.0, 0.0, math.pi / 2, rng.uniform(0, math.pi / 2)])
    yaw += math.pi * chance(rng, 0.3)
    ahead = np.array([math.cos(yaw), 0.0, math.sin(yaw)])
    t, wide = 0.55 * stem, 2.3 * stem
    rise = length * rng.uniform(0.1, 0.25)
    corners = [
        at - ahead * 1.6 * stem,
        at + ahead * 0.25 * length,
        at + ahead * 0.4 * length + UP * rise,
        at + ahead * length + UP * rise,
    ]
    path = prim.filleted(np.array(corners) + UP * t / 2, 0.08 * length, 4)
    arm = prim.sweep(path, outlines.rectangle(t, wide, 0.25 * t), np.cross(ahead, UP))
    hub = rod(at - UP * 0.3 * t, at + UP * 1.2 * t, 1.7 * stem)
    assembly.add("lever_arm", "actuator/lever/lever", united([arm, hub]))
    grip_at = corners[3] + UP * t / 2
    start = grip_at - ahead * 0.42 * length
    section = (
        outlines.circle(0.75 * wide, 0.95 * stem, 16)
        if chance(rng, 0.6)
        else outlines.rectangle(1.3 * wide, 1.7 * stem, 0.5 * stem)
    )
    grip = prim.bar(start, grip_at + ahead * 0.04 * length, section, UP, bevel=0.3 * stem)
    assembly.add("lever_grip", "actuator/lever/grip", grip)
    assembly.add(
        "lever_nut", "actuator/lever/nut", placed(nut_mesh(1.5 * stem), at + UP * (1.2 * t - SUNK), UP)
    )


def add_rack_actuator(
    assembly: Assembly, rng: np.random.Generator, at: Vector, size: float, stem: float
) -> None:
    """Add a pneumatic actuator on a bridge: a ribbed block, two caps with screws, an indicator."""
    at = np.asarray(at, float)
    t, gap = 0.14 * size, size * rng.uniform(0.35, 0.7)
    half = 0.55 * size
    # A bridge, open to the front, around the coupling
    walls = [
        (half, 0),
        (half, gap),
        (-half, gap),
        (-half, 0),
        (t - half, 0),
        (t - half, gap - t),
        (half - t, gap - t),
        (half - t, 0),
    ]
    feet = prim.box((-half, -SUNK, -0.4 * size), (half, 0.7 * t, 0.4 * size), 0.05 * t)
    bridge = united([extruded(np.array(walls), -0.4 * size, 0.4 * size), feet])
    assembly.add("bridge", "actuator/bridge", bridge.moved(at))
    low = at + UP * gap
    assembly.add("coupling", "actuator/coupling", rod(at + UP * 0.5 * t, low - UP * (t - SUNK), 1.4 * stem))
    long, tall = size * rng.uniform(1.1, 1.7), size * rng.uniform(0.9, 1.15)
    deep = size * rng.uniform(0.8, 1.0)
    outline = outlines.rectangle(deep, tall, 0.24 * tall, 4)

    def block(a: float, b: float, scale: float = 1.0) -> Mesh:
        return extruded(scale * outline, a, b, "x").moved(low + UP * (tall / 2 - SUNK))

    ribs = [block(x - 0.03 * long, x + 0.03 * long) for x in np.linspace(-0.8, 0.8, 5) * long]
    base = prim.box(low - [0.6 * half, SUNK, 0.3 * deep], low + [0.6 * half, 0.2 * tall, 0.3 * deep])
    body = (
        united([block(-long, long, 0.93), *ribs, base])
        if chance(rng, 0.6)
        else united([block(-long, long, 0.97), base])
    )
    assembly.add("cylinder", "actuator/cylinder", body)
    cap = 0.16 * size
    screw = Fastener.drawn(rng, 0.21 * size, {"socket": 2, "hex": 1}, 0.0)
    for name, s in (("left", 1.0), ("right", -1.0)):
        ends = sorted((s * (long - SUNK), s * (long + cap)))
        assembly.add(f"end_cap_{name}", "actuator/end_cap", block(ends[0], ends[1]))
        middle = low + UP * (tall / 2) + RIGHT * s * (long + cap)
        seats = [middle + [0, y * 0.31 * tall, z * 0.3 * deep] for y, z in grid((1, -1), (1, -1))]
        screw.add(assembly, "actuator", f"end_{name}", seats, RIGHT * s, 1.5 * cap)
    top = low + UP * (tall - 2 * SUNK)
    dome = turned(
        [
            (0.34 * size, -0.06 * tall),
            (0.34 * size, 0.1 * size),
            (0.22 * size, 0.26 * size),
            (0.1 * size, 0.3 * size),
        ],
        top,
    )
    assembly.add("indicator", "actuator/indicator/pointer", dome)
    port = low + UP * 0.5 * tall + FRONT * (0.46 * deep)
    for i, x in enumerate((-0.25 * size, 0.25 * size), 1):
        spot = port + RIGHT * x
        assembly.add(
            f"port_{i}", "actuator/port_gland", rod(spot, spot + FRONT * 0.16 * size, 0.1 * size, 0.01 * size)
        )


def add_gearbox(assembly: Assembly, rng: np.random.Generator, at: Vector, size: float) -> None:
    """Add a worm gear on a stem: a flat housing, and a hand wheel to the front on the worm's shaft."""
    at = np.asarray(at, float)
    tall, r = 0.55 * size, 0.8 * size
    side = float(rng.choice([1.0, -1.0]))
    drum = rod(at - UP * SUNK, at + UP * tall, r, 0.06 * size, 36)
    worm_at = at + RIGHT * side * 0.75 * r + UP * tall / 2
    worm = rod(worm_at - FRONT * 0.75 * size, worm_at + FRONT * 0.8 * size, 0.42 * tall, 0.04 * size)
    assembly.add("gearbox", "actuator/gearbox", united([drum, worm]))
    cap = turned([(0.5 * r, -SUNK), (0.5 * r, 0.1 * size), (0.4 * r, 0.16 * size)], at + UP * tall)
    assembly.add("gearbox_cap", "actuator/cap", cap)
    screw = Fastener.drawn(rng, 0.2 * size, {"hex": 2, "socket": 1}, 0.0)
    screw.add(assembly, "actuator", "gearbox", around(4, 0.79 * r, at + UP * tall, UP), UP, 0.3 * tall)
    stem, out = 0.13 * size, size * rng.uniform(1.3, 1.8)
    end = worm_at + FRONT * (0.8 * size + out)
    assembly.add("worm_shaft", "actuator/shaft", rod(worm_at + FRONT * (0.8 * size - SUNK), end, stem))
    add_hand_wheel(assembly, rng, "gear", end, FRONT, size * rng.uniform(0.9, 1.25), stem)


def add_diaphragm(assembly: Assembly, rng: np.random.Generator, at: Vector, size: float, stem: float) -> None:
    """Add a diaphragm actuator on two pillars: two dishes with a bolted rim, a stem, a cap."""
    at = np.asarray(at, float)
    rise, r = size * rng.uniform(1.0, 1.5), size * rng.uniform(1.35, 1.65)
    for name, s in (("left", 1.0), ("right", -1.0)):
        foot = at + RIGHT * s * 0.55 * size
        assembly.add(
            f"pillar_{name}", "actuator/pillar", rod(foot - UP * SUNK, foot + UP * rise, 0.13 * size)
        )
    top = at + UP * rise
    assembly.add("actuator_stem", "actuator/stem", rod(at - UP * SUNK, top + UP * SUNK, stem))
    plate = at + UP * 0.45 * rise
    indicator = rod(plate, plate + UP * 0.12 * size, 2.1 * stem)
    assembly.add("travel_plate", "actuator/indicator/pointer", indicator)
    dish, rim = 0.35 * r, 0.07 * size
    low = [
        (0.72 * size, -SUNK),
        (0.74 * size, 0.06 * size),
        (0.66 * r, 0.5 * dish),
        (0.72 * r, dish - rim),
        (r, dish - rim),
    ]
    assembly.add("lower_dish", "actuator/dish", turned([*low, (r, dish)], top))
    seam = top + UP * dish
    assembly.add(
        "diaphragm",
        "actuator/diaphragm_gasket",
        rod(seam - UP * SUNK, seam + UP * 0.06 * size, 1.01 * r, count=40),
    )
    high = [
        (r, 0.0),
        (r, rim),
        (0.86 * r, rim),
        (0.78 * r, 0.75 * dish),
        (0.45 * r, 1.15 * dish),
        (0.2 * r, 1.25 * dish),
    ]
    upper = seam + UP * (0.06 * size - SUNK)
    assembly.add("upper_dish", "actuator/dish", turned(high, upper))
    bolt = Fastener.drawn(rng, 0.24 * size, {"hex": 1}, 0.0)
    seats = around(int(rng.choice([4, 6])), 0.86 * r, upper + UP * rim, UP)
    bolt.add(assembly, "actuator", "rim", seats, UP, 2 * rim + 0.06 * size, nut=chance(rng, 0.5))
    peak = upper + UP * 1.25 * dish
    cap = turned([(0.24 * r, -0.25 * dish), (0.24 * r, 0.2 * r), (0.14 * r, 0.3 * r)], peak)
    assembly.add("vent", "actuator/cap", cap)


def add_electric(assembly: Assembly, rng: np.random.Generator, at: Vector, size: float) -> None:
    """Add an electric actuator: a housing, a motor to one side, a cover to the front, a wheel by hand."""
    at = np.asarray(at, float)
    tall = size * rng.uniform(1.1, 1.5)
    foot = rod(at - UP * SUNK, at + UP * 0.25 * size, 0.6 * size, 0.03 * size, 36)
    middle = at + UP * (0.2 * size + tall / 2)
    half = np.array([0.62 * size, tall / 2, 0.55 * size])
    housing = united([foot, prim.box(middle - half, middle + half, 0.14 * size)])
    assembly.add("housing", "actuator/housing", housing)
    side = float(rng.choice([1.0, -1.0]))
    start = middle + RIGHT * side * (half[0] - SUNK) + UP * 0.1 * tall
    long = size * rng.uniform(0.8, 1.3)
    fins = [
        rod(start + RIGHT * side * x, start + RIGHT * side * (x + 0.05 * size), 0.44 * size, count=32)
        for x in np.linspace(0.1 * long, 0.75 * long, 6)
    ]
    motor = united([rod(start, start + RIGHT * side * 0.8 * long, 0.37 * size), *fins])
    assembly.add("motor", "actuator/motor", motor)
    assembly.add(
        "motor_cap",
        "actuator/cap",
        rod(
            start + RIGHT * side * (0.8 * long - SUNK), start + RIGHT * side * long, 0.46 * size, 0.05 * size
        ),
    )
    front = middle + FRONT * (half[2] - SUNK)
    assembly.add(
        "cover",
        "actuator/cover",
        rod(front, front + FRONT * 0.22 * size, 0.5 * min(tall, 1.24 * size), 0.03 * size, 40),
    )
    seen = front + FRONT * (0.22 * size - SUNK)
    assembly.add("dial", "actuator/dial", rod(seen, seen + FRONT * 0.04 * size, 0.2 * size))
    stem = 0.11 * size
    end = middle - RIGHT * side * (half[0] + 0.7 * size) - UP * 0.1 * tall
    assembly.add("shaft", "actuator/shaft", rod(end + RIGHT * side * (0.7 * size + SUNK), end, stem))
    add_hand_wheel(assembly, rng, "hand", end, -RIGHT * side, size * rng.uniform(0.65, 0.85), stem)
    if chance(rng, 0.6):
        top = middle + UP * (half[1] - SUNK)
        assembly.add("dome", "actuator/indicator/pointer", ball(0.28 * size, (0, 0, 0), 24, 0.7).moved(top))
