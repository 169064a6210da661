"""Bases of chairs other than four plain legs: bent tubes, hairpins, panels, crossed legs."""

from __future__ import annotations

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, lerp
from looking3d.shapes.procedural.chair_legs import LEG, RUNNER, STRETCHER
from looking3d.shapes.procedural.chair_seat import SUPPORT, SeatPlan


def add_tubes(assembly: Assembly, rng: np.random.Generator, seat: SeatPlan, kind: str) -> None:
    """Add a bent tube under each side: `cantilever`, open at the back, or `sled`, a closed loop's shape."""
    radius = rng.uniform(0.009, 0.016)
    section = (
        outlines.circle(radius)
        if chance(rng, 0.65)
        else outlines.rectangle(2 * radius, 2 * radius, 0.4 * radius)
    )
    x, z_front = seat.spot(1, radius + 0.012)
    x_back, z_back = seat.spot(-1, radius + 0.03)
    x = min(x, x_back)
    top, floor = seat.board_bottom - radius + 0.003, radius
    lean = rng.uniform(-0.02, 0.06)
    heel = z_back - rng.uniform(0.0, 0.06)
    if kind == "cantilever":
        points = [(x, floor, heel), (x, floor, z_front + lean), (x, top, z_front), (x, top, z_back)]
        bend = rng.uniform(0.04, 0.11)
    else:
        points = [(x, top, 0), (x, top, z_front), (x, floor, z_front + lean), (x, floor, heel)]
        points += [(x, top, z_back), (x, top, -0.002)]
        bend = rng.uniform(0.025, 0.06)
    path = prim.filleted(np.array(points), bend)
    assembly.add_pair("leg", LEG, prim.sweep(path, section, (1.0, 0.0, 0.0)))
    crossing = outlines.circle(radius * 0.95)
    on_floor = kind == "cantilever" or chance(rng, 0.5)
    if on_floor:
        z = heel + 0.5 * radius if kind == "cantilever" else heel + 0.12
        assembly.add("runner_back", RUNNER, prim.bar((-x, floor, z), (x, floor, z), crossing))
    if not on_floor or chance(rng, 0.6):
        z = z_back * rng.uniform(-0.5, 0.8)
        assembly.add("seat_crossbar", SUPPORT, prim.bar((-x, top, z), (x, top, z), crossing))


def add_hairpins(assembly: Assembly, rng: np.random.Generator, seat: SeatPlan) -> None:
    """Add four legs, each a thin rod bent to a V."""
    radius = rng.uniform(0.005, 0.008)
    spread = rng.uniform(0.04, 0.07)
    splay = rng.uniform(0.02, 0.15)
    height = seat.board_bottom + 0.004
    for name, sign in (("front", 1), ("back", -1)):
        x, z = seat.spot(sign, 0.025)
        foot = np.array([x + splay * height, radius, z + sign * splay * height])
        a, b = np.array([x - spread, height, z]), np.array([x, height, z - sign * spread])
        path = prim.filleted(np.array([a, foot, b]), 0.012, 5)
        plane = np.cross(a - foot, b - foot)
        assembly.add_pair(f"leg_{name}", LEG, prim.sweep(path, outlines.circle(radius, count=10), plane))


def add_panels(assembly: Assembly, rng: np.random.Generator, seat: SeatPlan) -> None:
    """Add a solid panel under each side, and a stretcher between them."""
    thick = rng.uniform(0.018, 0.04)
    x, z_front = seat.spot(1, thick)
    x_back, z_back = seat.spot(-1, thick)
    x, height = min(x, x_back), seat.board_bottom + 0.004
    taper = rng.uniform(0.6, 1.1)
    outline = np.array([(z_back * taper, 0), (z_front * taper, 0), (z_front, height), (z_back, height)])
    panel = prim.slab(outlines.rounded(outline, 0.006), thick)
    assembly.add_pair(
        "leg", LEG, panel.mapped(lambda p: np.stack([p[:, 2] + x - thick / 2, p[:, 1], p[:, 0]], 1))
    )
    y, half = height * rng.uniform(0.3, 0.75), rng.uniform(0.02, 0.05)
    assembly.add("stretcher_middle", STRETCHER, prim.box((-x, y - half, -0.011), (x, y + half, 0.011)))


def add_crossed_legs(assembly: Assembly, rng: np.random.Generator, seat: SeatPlan) -> None:
    """Add an X of two legs under each side, as of a folding chair, and bars between the sides."""
    radius = rng.uniform(0.01, 0.018)
    x_front, z_front = seat.spot(1, 0.02 + radius)
    x_back, z_back = seat.spot(-1, 0.02 + radius)
    x, height = min(x_front, x_back), seat.board_bottom + 0.004
    section = outlines.rectangle(2 * radius, rng.uniform(2, 3.4) * radius, 0.3 * radius)
    past = rng.uniform(0.0, 0.06)
    # The two legs pass beside each other and share 4 mm.
    offset = radius - 0.002
    for name, sign, shift in (("front", 1, offset), ("back", -1, -offset)):
        z_foot, z_top = (z_front + past, z_back) if sign == 1 else (z_back - past, z_front)
        path = np.array([[x + shift - radius, 0, z_foot], [x + shift - radius, height, z_top]])
        assembly.add_pair(f"leg_{name}", LEG, prim.post(path, section))
    bar = outlines.circle(radius * 0.7, count=12)
    for name, z_foot, z_top in (("front", z_front + past, z_back), ("back", z_back - past, z_front)):
        t = rng.uniform(0.12, 0.25)
        y, z = t * height, float(lerp(z_foot, z_top, t))
        assembly.add(f"stretcher_{name}", STRETCHER, prim.bar((-x, y, z), (x, y, z), bar))
