"""Brackets that join: clevises with a pin, clamps of pipes, hinges."""

from __future__ import annotations

import math

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.bracket_plates import BASE, FASTENER, spread
from looking3d.shapes.procedural.fasteners import Fastener, nut_mesh, pin_mesh
from looking3d.shapes.procedural.machining import (
    FRONT,
    RIGHT,
    SUNK,
    UP,
    extruded,
    floor_plate,
    grid,
    hole,
    placed,
    rod,
    trimmed,
    tube,
)
from looking3d.shapes.procedural.primitives import Mesh
from looking3d.shapes.procedural.turning import cut, united


def add_clevis(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a U on a base plate, or a pair of lugs, a pin through it, and the eye of a rod on the pin."""
    scale = rng.uniform(0.1, 0.4)
    inner, depth = scale * rng.uniform(0.35, 0.7), scale * rng.uniform(0.4, 0.7)
    high, t = scale * rng.uniform(0.5, 0.95), scale * rng.uniform(0.06, 0.1)
    outwards = chance(rng, 0.6)
    bolt = Fastener.drawn(rng, scale * rng.uniform(0.055, 0.075))
    foot = 3.2 * bolt.reach if outwards else 0.0
    x0, x1 = inner / 2, inner / 2 + t
    bend = t * rng.uniform(0.3, 1.0)
    if outwards:
        right = [(x1 + foot, 0), (x1 + foot, t), (x1, t), (x1, high), (x0, high), (x0, t)]
        radii = [0.2 * t, 0.2 * t, bend, 0.2 * t, 0.2 * t, bend]
    else:
        right = [(x1, 0), (x1, high), (x0, high), (x0, t)]
        radii = [bend + t, 0.2 * t, 0.2 * t, bend]
    corners = np.array(right + [(-x, y) for x, y in right[::-1]])
    body = extruded(outlines.rounded(corners, radii + radii[::-1], 4), -depth / 2, depth / 2)
    pin_r = depth * rng.uniform(0.13, 0.19)
    ear = min(depth / 2, pin_r * rng.uniform(2.0, 3.0))
    center = high - ear
    # The cheeks are round about the pin, and wider at their foot
    side = np.array(
        [
            (-depth / 2, -0.1),
            (depth / 2, -0.1),
            (depth / 2, t + bend),
            (ear, center),
            (ear, high),
            (-ear, high),
            (-ear, center),
            (-depth / 2, t + bend),
        ]
    )
    radii = [0.001, 0.001, 0.2 * depth, 0.1 * ear, 0.98 * ear, 0.98 * ear, 0.1 * ear, 0.2 * depth]
    body = united([trim_side(body, outlines.rounded(side, radii, 6))])
    tools = [hole((0, center, 0), RIGHT, pin_r, 2 * inner, 28)]
    at_x = x1 + 0.5 * foot + 0.15 * bend if outwards else 0.0
    zs = spread(rng, depth / 2, bolt.reach, 2)
    xs = (at_x, -at_x) if outwards else ((0.0,) if inner < 6 * bolt.reach else (0.22 * inner, -0.22 * inner))
    seats = [(x, t, z) for x, z in grid(xs, zs)]
    tools += [hole(p, UP, bolt.clearance, 1.5 * t) for p in seats]
    floor = t * rng.uniform(0.8, 1.8)
    lift = np.array([0.0, floor, 0.0])
    margin = scale * rng.uniform(0.05, 0.2)
    if not outwards:
        margin += 0.1 * scale
    assembly.add(
        "base_plate",
        BASE,
        floor_plate(2 * (x1 + foot + margin), depth + 2 * margin, floor + SUNK, 0.8 * margin),
    )
    assembly.add("body", "clevis/body", cut(body, tools).moved(lift))
    bolt.add(assembly, FASTENER, "base", np.array(seats) + lift, UP, t + 0.7 * floor)
    _add_pin_and_eye(assembly, rng, lift + [0, center, 0], (pin_r, x0, x1, center - t))


def trim_side(mesh: Mesh, outline: np.ndarray) -> Mesh:
    """A mesh less what sticks out of an outline seen from the right (z, y)."""
    far = 2 * float(np.abs(mesh.vertices).max())
    tall = outline * [1.0, 1.0]
    tall[:, 1] = np.where(tall[:, 1] < 0, -far, tall[:, 1])
    return trimmed(mesh.mapped(lambda p: p[:, [2, 1, 0]]), front=tall).mapped(lambda p: p[:, [2, 1, 0]])


def _add_pin_and_eye(
    assembly: Assembly,
    rng: np.random.Generator,
    at: np.ndarray,
    sizes: tuple[float, float, float, float],
) -> None:
    """Add a pin along x through cheeks from `x0` to `x1`, its clip, spacers, and an eye with a rod."""
    r, x0, x1, room = sizes
    r += SUNK
    long = 2 * x1 + 1.3 * r
    assembly.add("pin", "pin/pin", placed(pin_mesh(2 * r, long, True), at + RIGHT * (x1 - SUNK), RIGHT))
    out = at - RIGHT * (x1 - SUNK)
    if chance(rng, 0.5):
        assembly.add("clip", "pin/clip", tube(out, out - RIGHT * 0.4 * r, 1.6 * r, 0.97 * r))
    else:
        across = out - RIGHT * 0.6 * r
        assembly.add(
            "clip", "pin/cotter", rod(across - UP * 1.7 * r, across + UP * 1.7 * r, 0.22 * r, 0.05 * r)
        )
    if chance(rng, 0.12):
        return
    half = x0 * rng.uniform(0.4, 0.7)
    eye_r = min(r * rng.uniform(1.8, 2.3), room - SUNK)
    tilt = rng.uniform(-0.5, 0.5)
    ahead = np.array([0.0, math.cos(tilt), math.sin(tilt)])
    shank = eye_r * rng.uniform(2.0, 5.0)
    eye = tube(at - RIGHT * half, at + RIGHT * half, eye_r, r - SUNK, 40)
    stem_r = min(0.85 * half, 0.7 * eye_r)
    stem = rod(
        at + ahead * (r + 0.5 * (eye_r - r)), at + ahead * (eye_r + 0.45 * shank), stem_r, 0.04 * stem_r
    )
    assembly.add("eye", "rod/eye", cut(united([eye, stem]), [hole(at, RIGHT, r - SUNK, 2 * half, 40)]))
    start = eye_r + 0.45 * shank - SUNK
    rod_r = 0.7 * stem_r
    assembly.add("rod", "rod/rod", rod(at + ahead * start, at + ahead * (start + shank), rod_r, 0.1 * rod_r))
    if chance(rng, 0.6):
        nut = placed(nut_mesh(2 * rod_r), at + ahead * (start + 0.1 * rod_r), ahead)
        assembly.add("lock_nut", f"{FASTENER}/nut", nut)
    if x0 - half > 0.15 * r and chance(rng, 0.7):
        for name, s in (("left", 1.0), ("right", -1.0)):
            a, b = at + RIGHT * s * (half - SUNK), at + RIGHT * s * (x0 + SUNK)
            assembly.add(f"spacer_{name}", "pin/spacer", tube(a, b, 1.4 * r, 0.98 * r))


def add_pipe_clamp(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a run of pipe in two-part clamps, straps or U-bolts on a base."""
    r = rng.uniform(0.015, 0.08)
    kind = pick(rng, {"halves": 2, "strap": 1.3, "u_bolt": 1.5})
    runs = 2 if kind == "halves" and chance(rng, 0.3) else 1
    count = int(rng.integers(1, 4)) if runs == 1 else 2
    pitch, deep = r * rng.uniform(3.0, 4.5), r * rng.uniform(0.7, 1.2)
    floor, margin = r * rng.uniform(0.25, 0.5), r * rng.uniform(0.3, 0.9)
    rise = r * rng.uniform(1.25, 1.6)
    half = {"halves": 2.35, "strap": 2.7, "u_bolt": 1.9}[kind] * r
    span = (count - 1) * pitch
    gap = 2.1 * half if runs == 2 else 0.0
    base = floor_plate(2 * half + gap + 2 * margin, span + deep + 2 * margin, floor + SUNK, 0.8 * margin)
    assembly.add("base_plate", BASE, base)
    bolt = Fastener.drawn(rng, r * rng.uniform(0.32, 0.42), {"hex": 3, "socket": 2}, 0.4)
    for run, x in enumerate((gap / 2, -gap / 2) if runs == 2 else (0.0,), 1):
        at = np.array([x, floor, 0.0])
        long = span / 2 + deep * rng.uniform(0.9, 1.4) + 0.3 * r
        center = at + [0, rise, 0]
        assembly.add(
            f"pipe_{run}", "pipe/pipe", tube(center - FRONT * long, center + FRONT * long, r, 0.84 * r, 40)
        )
        for i, z in enumerate(np.linspace(-span / 2, span / 2, count), 1):
            _CLAMPS[kind](assembly, rng, f"{run}_{i}", at + [0, 0, z], (r, rise, half, deep, floor), bolt)
    if chance(rng, 0.4) and runs == 1:
        end = np.array([0.0, floor + rise, long])
        rows = tube(end - FRONT * 0.3 * r, end + FRONT * 0.5 * r, 1.28 * r, r - SUNK, 40)
        assembly.add("socket", "pipe/socket", rows)
        plug = rod(end, end + FRONT * 0.7 * r, r, 0.1 * r, 40)
        assembly.add("plug", "pipe/plug", plug)


def _add_halves(
    assembly: Assembly,
    rng: np.random.Generator,
    name: str,
    at: np.ndarray,
    sizes: tuple[float, float, float, float, float],
    bolt: Fastener,
) -> None:
    """Add two blocks about the pipe, which two bolts hold together and down."""
    r, rise, half, deep, floor = sizes
    top, bore = rise + 1.3 * r, hole((0, rise, 0), FRONT, r - SUNK, deep, 40)
    seam = 0.05 * r
    x = (r + half) / 2 + 0.08 * r
    shoulders = chance(np.random.default_rng(int(1e6 * r)), 0.5)
    level = rise + 0.45 * r if shoulders else top
    drills = [hole((s * x, rise, 0), UP, bolt.clearance, 3 * r) for s in (1, -1)]
    low = prim.box((-half, -SUNK, -deep / 2), (half, rise - seam, deep / 2), 0.05 * r)
    high = prim.box((-half, rise + seam, -deep / 2), (half, level, deep / 2), 0.05 * r)
    if shoulders:
        high = united([high, rod((0, rise, -deep / 2), (0, rise, deep / 2), 1.32 * r, count=40)])
        under = prim.box((-2 * half, rise - 4 * r, -deep), (2 * half, rise + seam, deep))
        high = cut(high, [under])
    assembly.add(f"lower_{name}", "clamp/lower_half", cut(low, [bore, *drills]).moved(at))
    assembly.add(f"upper_{name}", "clamp/upper_half", cut(high, [bore, *drills]).moved(at))
    seats = [at + [s * x, level, 0] for s in (1, -1)]
    bolt.add(assembly, FASTENER, f"clamp_{name}", seats, UP, level + 0.7 * floor)


def _add_strap(
    assembly: Assembly,
    rng: np.random.Generator,
    name: str,
    at: np.ndarray,
    sizes: tuple[float, float, float, float, float],
    bolt: Fastener,
) -> None:
    """Add a bent strap over the pipe and a saddle below it."""
    r, rise, half, deep, floor = sizes
    t = 0.14 * r
    turn = np.linspace(0, math.pi, 17)
    arc = np.stack([np.cos(turn), np.sin(turn)], 1)
    outer = [
        (half, 0),
        (half, t),
        (r + t, t),
        *((r + t) * arc + [0, rise]),
        (-r - t, t),
        (-half, t),
        (-half, 0),
    ]
    inner = [(-r + SUNK, 0), *((r - SUNK) * arc[::-1] + [0, rise]), (r - SUNK, 0)]
    strap = extruded(np.array(outer + inner), -deep / 2, deep / 2)
    x = (r + t + half) / 2
    strap = cut(strap, [hole((s * x, 0, 0), UP, bolt.clearance, 2 * t) for s in (1, -1)])
    assembly.add(f"strap_{name}", "clamp/strap", strap.moved(at))
    saddle = prim.box((-0.8 * r, -SUNK, -0.45 * deep), (0.8 * r, rise - 0.4 * r, 0.45 * deep), 0.03 * r)
    saddle = cut(saddle, [hole((0, rise, 0), FRONT, r - SUNK, deep, 40)])
    assembly.add(f"saddle_{name}", "clamp/saddle", saddle.moved(at))
    seats = [at + [s * x, t, 0] for s in (1, -1)]
    bolt.add(assembly, FASTENER, f"strap_{name}", seats, UP, t + 0.7 * floor)


def _add_u_bolt(
    assembly: Assembly,
    rng: np.random.Generator,
    name: str,
    at: np.ndarray,
    sizes: tuple[float, float, float, float, float],
    bolt: Fastener,
) -> None:
    """Add a U-bolt over the pipe, whose nuts press on a saddle."""
    r, rise, half, deep, floor = sizes
    thick = 0.5 * bolt.diameter
    turn = np.linspace(0, math.pi, 17)
    reach = r + thick - SUNK
    arc = [(reach * math.cos(a), rise + reach * math.sin(a), 0.0) for a in turn]
    path = np.array([(reach, -0.5 * floor, 0.0), *arc, (-reach, -0.5 * floor, 0.0)])
    hoop = prim.sweep(path, outlines.circle(thick, count=14), FRONT)
    assembly.add(f"u_bolt_{name}", f"{FASTENER}/u_bolt", hoop.moved(at))
    low = rise - 0.55 * r
    saddle = prim.box((-half, -SUNK, -0.45 * deep), (half, low, 0.45 * deep), 0.04 * r)
    saddle = cut(saddle, [hole((0, rise, 0), FRONT, r - SUNK, deep, 40)])
    assembly.add(f"saddle_{name}", "clamp/saddle", saddle.moved(at))
    for i, s in enumerate((1, -1), 1):
        nut = placed(nut_mesh(bolt.diameter), at + [s * reach, low - SUNK, 0], UP, bolt.spin_rad)
        assembly.add(f"u_nut_{name}_{i}", f"{FASTENER}/nut", nut)


_CLAMPS = {"halves": _add_halves, "strap": _add_strap, "u_bolt": _add_u_bolt}
