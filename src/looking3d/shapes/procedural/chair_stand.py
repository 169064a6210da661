"""Bases of chairs that stand on one column: star bases with casters or feet, pedestals."""

from __future__ import annotations

import math

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, lerp, pick
from looking3d.shapes.procedural.chair_seat import SUPPORT, SeatPlan

_STAR = "chair_base/star_leg_base"
_PEDESTAL = "chair_base/pedestal_base"


def add_star_base(assembly: Assembly, rng: np.random.Generator, seat: SeatPlan) -> None:
    """Add a column on four to six radial legs, with casters or without, and perhaps a lever."""
    count = int(rng.choice([4, 5, 5, 5, 5, 6]))
    reach = np.clip(0.55 * seat.width, 0.24, 0.34) * rng.uniform(0.9, 1.1)
    casters = chance(rng, 0.75)
    wheel = rng.uniform(0.02, 0.032)
    tip = 2 * wheel + rng.uniform(0.014, 0.03) if casters else rng.uniform(0.011, 0.02)
    hub = tip + rng.uniform(0.0, 0.07)
    half_height = rng.uniform(0.01, 0.016)
    section = (
        outlines.circle(half_height)
        if chance(rng, 0.3)
        else outlines.rectangle(2.2 * half_height, 2 * half_height, 0.005)
    )
    section = section[:, ::-1] if chance(rng, 0.5) else section
    taper = np.linspace(1.25, rng.uniform(0.6, 1.0), 9)
    t = np.linspace(0, 1, 9)
    arch = rng.uniform(0.0, 0.02)
    double = casters and chance(rng, 0.4)
    for i in range(count):
        angle = 2 * math.pi * i / count
        ahead = np.array([math.sin(angle), 0.0, math.cos(angle)])
        path = ahead * (0.012 + (reach - 0.012) * t)[:, None]
        path[:, 1] = lerp(hub, tip, t) + arch * np.sin(math.pi * t)
        across = np.array([ahead[2], 0.0, -ahead[0]])
        leg = prim.sweep(path, section, across, scale=taper, bevel=0.003)
        assembly.add(f"star_leg_{i + 1}", f"{_STAR}/star_leg_set/leg", leg)
        if casters:
            _add_caster(
                assembly, i + 1, ahead * (reach - 0.02), wheel, tip, rng.uniform(0, 2 * math.pi), double
            )
    _add_column(
        assembly, rng, seat, hub - 1.3 * half_height, rng.uniform(0.022, 0.034), f"{_STAR}/central_support"
    )
    if chance(rng, 0.6):
        _add_lever(assembly, rng, seat)


def _add_caster(
    assembly: Assembly,
    number: int,
    spot: np.ndarray,
    radius: float,
    leg_y: float,
    yaw_rad: float,
    double: bool,
) -> None:
    """A stem down from the leg's tip, and one wheel behind it or two beside it."""
    set_label = f"{_STAR}/star_leg_set/caster"
    stem = prim.post(spot + np.array([[0, 0.9 * radius, 0], [0, leg_y, 0]]), outlines.circle(0.007, count=10))
    assembly.add(f"caster_stem_{number}", f"{set_label}/caster_stem", stem)
    axle = np.array([math.cos(yaw_rad), 0.0, -math.sin(yaw_rad)])
    for side, name in ((1, "a"), (-1, "b")) if double else ((0, ""),):
        center = spot + [0, radius, 0] + axle * side * 0.013
        width = 0.018 if double else 0.024
        wheel = prim.wheel(center, radius, width, yaw_rad)
        assembly.add(f"wheel_{number}{name}", f"{set_label}/wheel", wheel)


def _add_column(
    assembly: Assembly, rng: np.random.Generator, seat: SeatPlan, low: float, radius: float, label: str
) -> None:
    """A column in one to three steps up to a plate under the seat."""
    top = seat.board_bottom + 0.004
    steps = int(rng.integers(1, 4))
    heights = np.linspace(low, top, steps + 1)
    heights[1:-1] += rng.uniform(-0.1, 0.1, steps - 1) * (top - low) / steps
    factors = np.linspace(1.0, rng.uniform(0.5, 0.9), steps)
    y = np.concatenate(
        [[heights[0]], np.repeat(heights[1:-1], 2) + np.tile([0, 0.001], steps - 1), [heights[-1]]]
    )
    path = np.stack([np.zeros_like(y), y, np.zeros_like(y)], 1)
    assembly.add(
        "central_support", label, prim.post(path, outlines.circle(radius, count=18), np.repeat(factors, 2))
    )
    half = min(rng.uniform(0.07, 0.13), 0.4 * seat.depth)
    plate = prim.slab(outlines.rectangle(2 * half, 2.2 * half, 0.02), 0.018 + 0.003)
    assembly.add("seat_plate", SUPPORT, prim.flat(plate, seat.board_bottom - 0.018))


def _add_lever(assembly: Assembly, rng: np.random.Generator, seat: SeatPlan) -> None:
    """A rod from under the seat out to the sitter's right, with a knob at its end."""
    y, z = seat.board_bottom - 0.01, rng.uniform(-0.05, 0.05)
    end = -0.5 * seat.width * rng.uniform(0.7, 0.95)
    drop = rng.uniform(0.0, 0.03)
    rod = prim.bar((-0.03, y, z), (end, y - drop, z), outlines.circle(0.005, count=10))
    assembly.add("lever", f"{_STAR}/mechanical_control/lever", rod)
    knob = prim.bar(
        (end - 0.045, y - drop, z), (end + 0.005, y - drop, z), outlines.circle(0.011, 0.007, 12), bevel=0.004
    )
    assembly.add("lever_knob", f"{_STAR}/mechanical_control/knob", knob)


def add_pedestal(assembly: Assembly, rng: np.random.Generator, seat: SeatPlan) -> None:
    """Add a column on a round, square or trumpet foot; under a high seat, perhaps a foot ring."""
    radius = float(np.clip(0.5 * seat.width, 0.17, 0.3)) * rng.uniform(0.8, 1.05)
    kind = pick(rng, {"disc": 2, "square": 1, "trumpet": 2})
    thick = rng.uniform(0.012, 0.03)
    column = rng.uniform(0.018, 0.035)
    label = f"{_PEDESTAL}/pedestal"
    if kind == "trumpet":
        t = np.linspace(0, 1, 16)
        rise = rng.uniform(0.06, 0.4) * seat.board_bottom
        r = column + (radius - column) * (1 - t) ** rng.uniform(1.6, 4.0)
        path = np.stack([0 * t, np.concatenate([[0.0], thick / 2 + t[1:] * rise]), 0 * t], 1)
        r[1] = r[0]
        assembly.add("pedestal", label, prim.post(path, outlines.circle(1.0, count=32), r))
        start = rise
    else:
        flat = (
            outlines.circle(radius, count=36)
            if kind == "disc"
            else outlines.rectangle(1.8 * radius, 1.8 * radius, 0.03, 4)
        )
        foot = prim.slab(flat, thick, 0.45 * thick, 2, crown=rng.uniform(0, 0.02), inner_rings=3)
        assembly.add("pedestal", label, prim.flat(foot, 0.0))
        start = 0.5 * thick
    _add_column(assembly, rng, seat, start, column, f"{_PEDESTAL}/central_support")
    if seat.top > 0.6:
        _add_foot_ring(assembly, rng, seat, column)


def _add_foot_ring(assembly: Assembly, rng: np.random.Generator, seat: SeatPlan, column: float) -> None:
    """A ring round the column to rest the feet on, with two spokes."""
    y, radius, tube = seat.top * rng.uniform(0.3, 0.45), rng.uniform(0.13, 0.19), rng.uniform(0.008, 0.012)
    center = (0.0, y, 0.0)
    assembly.add(
        "foot_ring",
        "footrest/chair_seat/seat_surface",
        prim.ring(center, radius, outlines.circle(tube, count=10)),
    )
    spoke = prim.bar((-radius, y, 0), (radius, y, 0), outlines.circle(0.8 * tube, count=10))
    assembly.add("foot_ring_spoke", "footrest/chair_base", spoke)
