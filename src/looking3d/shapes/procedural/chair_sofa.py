"""Upholstered armchairs and sofas: a box, blocks around it, cushions on it."""

from __future__ import annotations

import math

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.chair_arms import add_sofa_arms
from looking3d.shapes.procedural.chair_back import PANEL
from looking3d.shapes.procedural.chair_legs import LEG
from looking3d.shapes.procedural.chair_seat import SUPPORT, SURFACE, SeatPlan

FOOT = "chair_base/foot_base/foot"


def add_sofa(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a whole sofa of one to three seats, or an armchair."""
    seats = int(pick(rng, {"1": 6, "2": 1.6, "3": 0.7}))
    width = seats * rng.uniform(0.5, 0.68)
    depth, top = rng.uniform(0.52, 0.72), rng.uniform(0.36, 0.48)
    padding, clearance = rng.uniform(0.08, 0.17), rng.uniform(0.03, 0.16)
    thick_back = rng.uniform(0.1, 0.2)
    box = top - padding - clearance
    seat = SeatPlan("cushion", "rect", width, width, depth, top, box, padding, thick_back, 0.02, 0.0)
    rear = -depth / 2
    base = prim.box((-width / 2, clearance, rear), (width / 2, top - padding, depth / 2 - 0.012), 0.012)
    assembly.add("seat_box", SUPPORT, base)
    _add_cushions(assembly, rng, seat, seats, thick_back)
    arm = 0.0
    if chance(rng, 0.88):
        arm = add_sofa_arms(
            assembly, rng, seat, clearance if chance(rng, 0.7) else clearance + 0.4 * box, rear
        )
    _add_back(assembly, rng, seat, seats, thick_back, arm)
    _add_feet(assembly, rng, seat, clearance, arm)


def _pillow(outline: np.ndarray, thickness: float, puff: float) -> prim.Mesh:
    return prim.slab(
        outlines.densified(outline, 0.12), thickness, 0.4 * thickness, 4, crown=puff, inner_rings=3
    )


def _add_cushions(
    assembly: Assembly, rng: np.random.Generator, seat: SeatPlan, seats: int, back: float
) -> None:
    """One cushion a seat, side by side."""
    pitch, puff = seat.width / seats, rng.uniform(0.0, 0.03)
    z_low, z_high = -seat.depth / 2 + back * 0.8, seat.depth / 2 + rng.uniform(-0.01, 0.015)
    thickness = seat.padding + 0.004
    for i in range(seats):
        outline = outlines.trapezoid(
            pitch - 0.004, pitch - 0.004, z_low, z_high, max(0.05, 0.42 * thickness), steps=4
        )
        cushion = prim.flat(_pillow(outline, thickness, puff), seat.board_top - 0.004)
        cushion = cushion.moved([pitch * (i + 0.5) - seat.width / 2, 0, 0])
        assembly.add("seat_cushion" if seats == 1 else f"seat_cushion_{i + 1}", SURFACE, cushion)


def _add_back(
    assembly: Assembly, rng: np.random.Generator, seat: SeatPlan, seats: int, thick: float, arm: float
) -> None:
    """A reclined slab behind the box, and perhaps cushions before it."""
    height, recline = rng.uniform(0.28, 0.62), math.radians(rng.uniform(2, 18))
    sin, cos = math.sin(recline), math.cos(recline)
    low, rear = seat.board_bottom + 0.3 * seat.board, -seat.depth / 2

    def place(p: np.ndarray) -> np.ndarray:
        u, v, w = p.T
        return np.stack([u, low + v * cos + w * sin, rear - v * sin + w * cos], 1)

    half = seat.width / 2 + (arm - 0.01 if arm and chance(rng, 0.5) else -0.002)
    length = (seat.top + height - low) / cos
    corner = rng.choice([0.03, 0.08, 0.2])
    outline = outlines.trapezoid(
        2 * half, 2 * half * rng.uniform(0.9, 1.0), 0.0, length, [0.03, 0.03, corner, corner], 6
    )
    slab = prim.slab(
        outlines.densified(outline, 0.12), thick, 0.028, 3, crown=rng.uniform(0, 0.02), inner_rings=3
    )
    assembly.add("back", PANEL, slab.mapped(place))
    if not chance(rng, 0.55):
        return
    pitch, v_seat = (seat.width - 0.004) / seats, (seat.top - low) / cos
    pillow_thick = rng.uniform(0.07, 0.13)
    for i in range(seats):
        outline = outlines.rectangle(
            pitch - 0.004, length - v_seat + rng.uniform(-0.06, 0.0) * (i == 0), 0.06, steps=4
        )
        pillow = _pillow(outline, pillow_thick, 0.02).moved([0, (length + v_seat) / 2 - 0.015, thick - 0.012])
        part_id = "back_cushion" if seats == 1 else f"back_cushion_{i + 1}"
        x = pitch * (i + 0.5) - seat.width / 2 + 0.002
        assembly.add(part_id, PANEL, pillow.mapped(place).moved([x, 0, 0]))


def _add_feet(
    assembly: Assembly, rng: np.random.Generator, seat: SeatPlan, clearance: float, arm: float
) -> None:
    """Short legs, block feet, or a plinth."""
    kind = pick(rng, {"legs": 2, "blocks": 1, "plinth": 0.6})
    if kind == "plinth":
        x, z = seat.width / 2 - 0.04, seat.depth / 2 - 0.05
        assembly.add("plinth", FOOT, prim.box((-x, 0, -z), (x, clearance + 0.004, z)))
        return
    radius = rng.uniform(0.014, 0.032)
    x, z = seat.width / 2 - 0.05, seat.depth / 2 - 0.07
    splay = rng.uniform(0, 0.25) * clearance if kind == "legs" else 0.0
    section = (
        outlines.circle(radius)
        if chance(rng, 0.6)
        else outlines.rectangle(2 * radius, 2 * radius, 0.3 * radius)
    )
    label, scale = (
        (LEG, np.array([rng.uniform(0.5, 1.0), 1.0])) if kind == "legs" else (FOOT, np.array([1.0, 1.05]))
    )
    for name, sign in (("front", 1), ("back", -1)):
        path = np.array([(x + splay, 0, sign * (z + splay)), (x, clearance + 0.005, sign * z)])
        assembly.add_pair(
            f"{'leg' if kind == 'legs' else 'foot'}_{name}", label, prim.post(path, section, scale)
        )
