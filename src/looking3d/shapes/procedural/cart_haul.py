"""Carts to haul loads with: platforms, hand trucks, wagons."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from looking3d.shapes.procedural import cart_parts as parts
from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.shelf_parts import slatted_deck

RailZ = Callable[[float], float]
"""z of the rails of a hand truck at a height."""


def add_platform(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a deck near the floor with a handle at one end, or walls of tubes at one, two or three sides."""
    x, z = rng.uniform(0.36, 0.6), rng.uniform(0.23, 0.36)
    high, r = rng.uniform(0.82, 1.0), rng.uniform(0.011, 0.016)
    low = parts.add_cart_casters(assembly, rng, rng.uniform(0.045, 0.08), 0.8 * x, 0.76 * z, fixed=True)
    thick = _add_deck(assembly, rng, x, z, low)
    top = low + thick - 0.004
    at = x - 1.6 * r - 0.01
    kind = pick(rng, {"handle": 3, "one": 1.5, "two": 1.2, "three": 0.7})
    lean = rng.uniform(0.0, 0.12) if kind == "handle" else 0.0
    _add_frame_end(assembly, rng, "left", at, 0.82 * z, top, high, r, lean, filled=kind != "handle")
    if kind in ("two", "three"):
        _add_frame_end(assembly, rng, "right", -at, 0.82 * z, top, high, r, 0.0, filled=True)
    if kind == "three":
        for i, y in enumerate(np.linspace(top + 0.25 * (high - top), high - 0.1, 3), 1):
            bar = prim.bar((-at, y, -0.82 * z), (at, y, -0.82 * z), outlines.circle(0.7 * r, count=12))
            assembly.add(f"back_rail_{i}", parts.RAIL, bar)
    if kind == "two" and chance(rng, 0.6):
        deck = prim.flat(
            prim.slab(outlines.rectangle(2 * at, 1.7 * z, 0.01, 3), 0.025, 0.003), 0.55 * (top + high)
        )
        assembly.add("upper_deck", parts.PLATFORM, deck)
    if chance(rng, 0.5):
        parts.add_corner_bumpers(assembly, x - 0.012, z - 0.012, low + 0.15 * thick, 0.032, 0.7 * thick)


def _add_deck(assembly: Assembly, rng: np.random.Generator, x: float, z: float, low: float) -> float:
    """A slab, planks in a frame, or a moulded tray turned over; returns its thickness."""
    kind = pick(rng, {"slab": 3, "planks": 1.2, "framed": 1})
    thick = rng.uniform(0.028, 0.05)
    if kind == "slab":
        plane = outlines.rectangle(2 * x, 2 * z, rng.uniform(0.008, 0.06), 5)
        assembly.add("platform", parts.PLATFORM, prim.flat(prim.slab(plane, thick, 0.005, 2), low))
        return thick
    for name, sign in (("front", 1.0), ("back", -1.0)):
        beam = np.sort(sign * np.array([0.66 * z, 0.86 * z]))
        box = prim.box((-x, low, beam[0]), (x, low + 0.6 * thick, beam[1]), 0.002)
        assembly.add(f"beam_{name}", parts.BAR, box)
    if kind == "planks":
        count = int(rng.integers(5, 9))
        pitch = 2 * x / count
        for i in range(count):
            start = -x + pitch * i
            plank = prim.box(
                (start + 0.002, low + 0.59 * thick, -z), (start + pitch - 0.002, low + thick, z), 0.002
            )
            assembly.add(f"plank_{i + 1}", parts.PLATFORM, plank)
    else:
        board = prim.box((-x, low + 0.59 * thick, -z), (x, low + thick, z), 0.002)
        assembly.add("platform", parts.PLATFORM, board)
    return thick


def _add_frame_end(
    assembly: Assembly,
    rng: np.random.Generator,
    name: str,
    x: float,
    z: float,
    low: float,
    high: float,
    r: float,
    lean: float,
    filled: bool,
) -> None:
    """A hoop of tube at one end, with crossbars, or filled with upright bars."""
    out = math.copysign(lean, x)
    points = [(x, low, z), (x + out, high, z), (x + out, high, -z), (x, low, -z)]
    bend = rng.uniform(0.04, 0.12)
    assembly.add(f"frame_{name}", parts.HANDLE, parts.tube(points, r, bend, (1.0, -0.2, 0.0)))
    for side, at in (("front", z), ("back", -z)):
        foot = prim.box(
            (x - 2.2 * r, low - 0.002, at - 2.2 * r), (x + 2.2 * r, low + 0.009, at + 2.2 * r), 0.002
        )
        assembly.add(f"foot_plate_{name}_{side}", parts.BRACKET, foot)
    thin = outlines.circle(0.65 * r, count=10)
    if filled:
        y = low + 0.12
        level = prim.bar((x, y, -z), (x, y, z), thin)
        assembly.add(f"crossbar_{name}", parts.RAIL, level)
        count = int(rng.integers(2, 6))
        for i in range(count):
            at = z * (2 * (i + 1) / (count + 1) - 1)
            reach = high if abs(at) < z - bend else high - 0.5 * bend
            bar = prim.post(np.array([(x, y, at), (x, reach, at)]), thin)
            assembly.add(f"bar_{name}_{i + 1}", parts.RAIL, bar)
        return
    count = int(rng.integers(0, 4))
    for i, t in enumerate(np.linspace(0.35, 0.75, count), 1):
        y = low + t * (high - low)
        bar = prim.bar((x + t * out, y, -z), (x + t * out, y, z), thin)
        assembly.add(f"crossbar_{name}_{i}", parts.RAIL, bar)


def add_hand_truck(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add two rails with crossbars on a toe plate, before two wheels, with one of four handles."""
    half, high = rng.uniform(0.13, 0.2), rng.uniform(1.0, 1.35)
    r = rng.uniform(0.011, 0.016)
    radius, width = rng.uniform(0.085, 0.135), rng.uniform(0.03, 0.055)
    lean = rng.uniform(0.0, 0.09)  # how far the top stands back

    def at(y: float) -> float:  # z of the rails
        return -lean * y / high

    toe, thick = rng.uniform(0.18, 0.3), rng.uniform(0.005, 0.009)
    wide = half + rng.uniform(0.02, 0.07)
    corner = rng.uniform(0.01, 0.05)
    outline = outlines.trapezoid(
        2 * wide, 2 * wide * rng.uniform(0.75, 1.0), 0.0, toe, [0.004, 0.004, corner, corner], 4
    )
    plate = prim.flat(prim.slab(outline, thick, 0.0015), 0.0).moved([0, 0, -0.02])
    assembly.add("toe_plate", "cart_base/toe_plate", plate)
    upturn = prim.box((-wide, 0.001, -0.024), (wide, rng.uniform(0.06, 0.14), -0.016), 0.002)
    assembly.add("toe_back", "cart_base/toe_plate", upturn)
    axle_z = -0.02 - r - radius * rng.uniform(0.55, 0.9)
    parts.add_big_wheels(assembly, rng, radius, width, half + 0.012, axle_z, int(rng.choice([0, 0, 3, 5])))
    shape = pick(rng, {"loop": 2.5, "twin": 1.5, "single": 1.2, "fork": 1})
    _add_rails(assembly, rng, shape, half, high, r, at)
    flat = chance(rng, 0.5)
    count = int(rng.integers(2, 6))
    for i, y in enumerate(np.linspace(0.22, 0.8 * high, count), 1):
        if flat:
            bow = rng.uniform(0.0, 0.03)
            s = np.linspace(-1, 1, 11)
            path = np.stack([half * s, np.full(11, y), at(y) - bow * (1 - s**2)], 1)
            bar = prim.sweep(path, outlines.rectangle(0.005, 0.035, 0.001), (0.0, 1.0, 0.0))
        else:
            bar = prim.bar((-half, y, at(y)), (half, y, at(y)), outlines.circle(0.8 * r, count=12))
        assembly.add(f"crossbar_{i}", parts.BAR if flat else parts.RAIL, bar)
    if chance(rng, 0.35):
        spine = prim.bar(
            (0, 0.03, at(0.03) - 0.004),
            (0, 0.8 * high, at(0.8 * high)),
            outlines.circle(0.8 * r, count=12),
            (0, 0, 1),
        )
        assembly.add("spine", parts.TUBE, spine)
    _add_axle_brackets(assembly, half, r, radius, axle_z, at)


def _add_rails(
    assembly: Assembly,
    rng: np.random.Generator,
    shape: str,
    half: float,
    high: float,
    r: float,
    at: Callable[[float], float],
) -> None:
    """The rails, in one tube over the top, or apart with handles of their own."""
    low = 0.004
    if shape == "loop":
        bend = rng.uniform(0.05, 0.95 * half)
        points = [
            (half, low, at(0) - 0.02),
            (half, high, at(high)),
            (-half, high, at(high)),
            (-half, low, at(0) - 0.02),
        ]
        points[0], points[-1] = (half, low, at(low) - 0.01), (-half, low, at(low) - 0.01)
        assembly.add("frame", parts.TUBE, parts.tube(points, r, bend, (0.0, 0.1, 1.0)))
        if chance(rng, 0.5) and bend < 0.6 * half:
            ends = (-0.5 * half, high, at(high)), (0.5 * half, high, at(high))
            assembly.add(
                "grip", parts.GRIP, prim.bar(*ends, outlines.circle(1.35 * r, count=14), bevel=0.002)
            )
        return
    back = rng.uniform(0.1, 0.16)
    for name, sign in (("left", 1.0), ("right", -1.0)):
        foot = (sign * half, low, at(low) - 0.01)
        if shape == "twin":
            points = [foot, (sign * half, high - 0.1, at(high - 0.1)), (sign * half, high, at(high) - back)]
            assembly.add(f"rail_{name}", parts.TUBE, parts.tube(points, r, 0.06, (1.0, 0.0, 0.0)))
            a, b = np.array(points[1]), np.array(points[2])
            start = b - 0.11 * (b - a) / np.linalg.norm(b - a)
            end = b + 0.008 * (b - a) / np.linalg.norm(b - a)
            grip = prim.bar(start, end, outlines.circle(1.35 * r, count=14), (1, 0, 0), 0.003)
            assembly.add(f"grip_{name}", parts.GRIP, grip)
        else:
            rail = prim.bar(
                foot, (sign * half, high - 0.12, at(high - 0.12)), outlines.circle(r, count=14), (0, 0, 1)
            )
            assembly.add(f"rail_{name}", parts.TUBE, rail)
    if shape == "twin":
        return
    y = high - 0.13
    tie = prim.bar(
        (-half - 0.5 * r, y, at(y)), (half + 0.5 * r, y, at(y)), outlines.circle(r, count=14), bevel=0.002
    )
    assembly.add("tie", parts.TUBE, tie)
    reach = 0.07 if shape == "single" else 0.6 * half
    start = np.array([0.0, y, at(y)])
    points = [
        start + [reach, 0, 0],
        start + [reach, 0.12, -0.05],
        start + [-reach, 0.12, -0.05],
        start + [-reach, 0, 0],
    ]
    handle = parts.tube([list(p) for p in points], 0.9 * r, 0.03, (0.0, 0.4, 1.0))
    assembly.add("handle", parts.HANDLE, handle)


def _add_axle_brackets(
    assembly: Assembly, half: float, r: float, radius: float, axle_z: float, at: RailZ
) -> None:
    """A strut from each rail to the axle, and one from above."""
    section = outlines.rectangle(0.006, 0.03, 0.001)
    for name, sign in (("left", 1.0), ("right", -1.0)):
        x = sign * (half - 0.001)
        level = prim.bar(
            (x, radius, axle_z - 0.012), (x, radius, at(radius) + 0.5 * r), section, (0.0, 1.0, 0.0)
        )
        assembly.add(f"bracket_{name}", parts.BRACKET, level)
        y = 2.6 * radius
        strut = prim.bar((x, radius, axle_z), (x, y, at(y)), outlines.circle(0.6 * r, count=10), (1, 0, 0))
        assembly.add(f"strut_{name}", parts.TUBE, strut)


def add_wagon(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a bed or a tub on two axles with large wheels, and a bar to pull it by."""
    x, z = rng.uniform(0.36, 0.52), rng.uniform(0.2, 0.28)
    radius, width = rng.uniform(0.09, 0.15), rng.uniform(0.035, 0.06)
    spokes = int(rng.choice([0, 0, 3, 4]))
    kind = pick(rng, {"tub": 1.5, "boards": 2, "stakes": 1.5})
    # Wheels beside the bed, or under it, where its sides flare
    beside = kind != "tub" and chance(rng, 0.5)
    low = radius + rng.uniform(0.02, 0.06) if beside else 2 * radius + rng.uniform(0.01, 0.03)
    slats = kind != "tub" and chance(rng, 0.4)
    axle = z + 0.02 if beside else 0.72 * z
    for name, at in (("front", -0.68 * x), ("back", 0.68 * x)):
        part = Assembly(assembly.root)
        parts.add_big_wheels(part, rng, radius, width, axle, at, spokes, "z")
        for piece in part.parts:
            mesh = prim.Mesh(piece.vertices, piece.faces)
            assembly.add(f"{piece.id}_{name}", piece.label.removeprefix("cart/"), mesh)
        block = prim.box(
            (at - 0.03, radius - 0.016, -0.7 * z),
            (at + 0.03, low + (0.0155 if slats else 0.002), 0.7 * z),
            0.003,
        )
        assembly.add(f"bolster_{name}", parts.BAR, block)
    if kind == "tub":
        tall, grow = rng.uniform(0.18, 0.3), rng.uniform(1.08, 1.25)
        tub = parts.tub((2 * x, 2 * z), (2 * x * grow, 2 * z * grow), tall, 0.006, 0.05)
        assembly.add("tub", parts.BIN, tub.moved([0, low, 0]))
    else:
        deck = (
            slatted_deck((-x, x), (-z, z), low + 0.034, 0.02, 6)
            if slats
            else prim.box((-x, low, -z), (x, low + 0.022, z), 0.003)
        )
        assembly.add("bed", parts.PLATFORM, deck)
        _add_wagon_sides(assembly, rng, kind, x, z, low + (0.03 if slats else 0.02))
    _add_pull_bar(assembly, rng, x, radius)


def _add_wagon_sides(
    assembly: Assembly, rng: np.random.Generator, kind: str, x: float, z: float, y: float
) -> None:
    tall, t = rng.uniform(0.14, 0.26), 0.012
    rows = int(rng.integers(2, 4)) if kind == "stakes" else 1
    share = tall / rows
    for i in range(rows):
        gap = 0.3 * share if kind == "stakes" else 0.0
        a, b = y - 0.001 + i * share + gap, y + (i + 1) * share
        for name, sign in (("front", 1.0), ("back", -1.0)):
            at = np.sort(sign * np.array([z - t, z]))
            board = prim.box((-x, a, at[0]), (x, b, at[1]), 0.002)
            assembly.add(f"side_{name}_{i + 1}", parts.SIDE, board)
        end = prim.box((x - t, a + 0.001, -z + t - 0.001), (x, b - 0.001, z - t + 0.001), 0.002)
        assembly.add_pair(f"end_{i + 1}", parts.SIDE, end)
    if kind == "stakes":
        for number, (at_x, at_z) in enumerate(parts.corners(x - 0.028, z - t - 0.011), 1):
            stake = prim.box(
                (at_x - 0.015, y - 0.002, at_z - 0.012), (at_x + 0.015, y + tall + 0.02, at_z + 0.012), 0.002
            )
            assembly.add(f"stake_{number}", parts.POST, stake)


def _add_pull_bar(assembly: Assembly, rng: np.random.Generator, x: float, radius: float) -> None:
    """A bar from the front axle, raised at the slope at which one leaves it, with a loop or a T."""
    r, length = rng.uniform(0.009, 0.013), rng.uniform(0.55, 0.8)
    slope = math.radians(rng.uniform(45, 82))
    start = np.array([-0.68 * x, radius, 0.0])
    knee = np.array([-x - 0.12, radius + 0.005, 0.0])
    ahead = np.array([-math.cos(slope), math.sin(slope), 0.0])
    end = knee + length * ahead
    path = prim.filleted(np.array([start, knee, end]), 0.05, 6)
    assembly.add("pull_bar", parts.HANDLE, prim.sweep(path, outlines.circle(r, count=12), (0.0, 0.0, 1.0)))
    if chance(rng, 0.5):
        grip = prim.bar(
            end - [0, 0, 0.075], end + [0, 0, 0.075], outlines.circle(1.3 * r, count=14), bevel=0.003
        )
        assembly.add("grip", parts.GRIP, grip)
        return
    half, tall = 0.065, 0.11
    points = [end - 0.004 * ahead + [0, 0, 0.002], end + [0, 0, half], end + tall * ahead + [0, 0, half]]
    points += [end + tall * ahead - [0, 0, half], end - [0, 0, half], end - 0.004 * ahead - [0, 0, 0.002]]
    normal = np.cross(ahead, [0.0, 0.0, 1.0])
    assembly.add("grip", parts.GRIP, parts.tube([list(p) for p in points], 0.9 * r, 0.02, list(normal)))
