"""Rocking chairs of bent rods: seat and back in one loop, between two big loops on rockers."""

from __future__ import annotations

import math

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.armchair_legs import center_z
from looking3d.shapes.procedural.assembly import Assembly, pick
from looking3d.shapes.procedural.chair_arms import LOOP as ARM_LOOP
from looking3d.shapes.procedural.chair_back import LOOP, PANEL
from looking3d.shapes.procedural.chair_legs import LEG, ROCKER
from looking3d.shapes.procedural.chair_seat import FRAME_BAR, SLAT, SURFACE
from looking3d.shapes.procedural.primitives import Mesh
from looking3d.shapes.procedural.sheets import curve_length, draped, panel_rows, resampled, smooth, square_to
from looking3d.shapes.procedural.upholstery import Quilting, padded


def add_bent_rocker(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a rocking chair: a bent sheet or cushion between two big loops that end in rockers."""
    width, top, length = rng.uniform(0.46, 0.54), rng.uniform(0.38, 0.43), rng.uniform(0.46, 0.52)
    lean, height, rod = rng.uniform(0.35, 0.55), rng.uniform(0.58, 0.72), rng.uniform(0.012, 0.016)
    front, bend = 0.5 * length, -0.5 * length
    points = np.array(
        [
            (front + 0.02, top - 0.03),
            (front - 0.09, top + 0.005),
            (0.02, top - 0.02),
            (bend + 0.05, top - 0.05),
        ]
        + [(bend - 0.04, top + 0.03), (bend - 0.04 - 0.5 * lean * height, top + 0.52 * height)]
        + [(bend - 0.04 - lean * height * 1.05, top + height)]
    )
    curve = smooth(points, 64)
    place, run = draped(curve), curve_length(curve)
    x = width / 2
    v = np.linspace(0.0, run, 61)
    half = np.stack([0 * v + x, v, 0 * v], 1)
    # The frame of seat and back is one loop, closed above and below by round corners
    over = np.array(
        [
            (x * c, run + 0.06 * s, 0.0)
            for c, s in zip(
                np.cos(np.linspace(0, math.pi, 15))[1:-1], np.sin(np.linspace(0, math.pi, 15))[1:-1]
            )
        ]
    )
    under = over * [-1, -1, 1] + [0, run, 0]
    loop = place(np.concatenate([half, over, half[::-1] * [-1, 1, 1], under]))
    assembly.add(
        "back_frame",
        LOOP,
        prim.sweep(
            resampled(loop, 150, closed=True), outlines.circle(rod, count=10), (0.0, 0.45, 0.9), closed=True
        ),
    )
    at_bend = curve_length(curve[: int(np.argmax(curve[:, 0] < bend)) + 1])
    _add_rocker_sheets(assembly, rng, curve, (x, at_bend, run))
    seat_front, seat_rear = place(np.array([[x, 0.1, -0.8 * rod], [x, at_bend + 0.1, -0.8 * rod]]))
    outside = x + 2 * rod
    for name, end in (("front", seat_front), ("rear", seat_rear)):
        bar = prim.bar(
            (-outside, end[1], end[2]), (outside, end[1], end[2]), outlines.circle(0.8 * rod, count=10)
        )
        assembly.add(f"seat_bar_{name}", FRAME_BAR, bar)
    _add_rockers(assembly, rng, (outside - 0.4 * rod, rod), seat_front, seat_rear)


def _add_rocker_sheets(
    assembly: Assembly, rng: np.random.Generator, curve: np.ndarray, sizes: tuple[float, float, float]
) -> None:
    """What fills the frame: two sheets of cane or wood, bars across, or quilted pads."""
    x, at_bend, run = sizes
    place, kind = draped(curve), pick(rng, {"sheets": 1.2, "bars": 1, "pads": 1})
    spans = (("seat", SURFACE, 0.0, at_bend - 0.003), ("back_panel", PANEL, at_bend + 0.003, run))
    if kind == "bars":
        wide, pitch = rng.uniform(0.016, 0.034), rng.uniform(0.045, 0.06)
        for i, v in enumerate(np.linspace(0.0, run, round(run / pitch) + 1)):
            label = SLAT if v < at_bend else "chair_back/back_surface/back_surface_horizontal_bar"
            bow = np.linspace(-1, 1, 9)
            path = place(np.stack([x * bow, v + 0 * bow, 0.012 * bow**2 - 0.012], 1))
            section = outlines.rectangle(wide, 0.009, 0.003)
            assembly.add(
                f"{'seat' if v < at_bend else 'back'}_slat_{i + 1}",
                label,
                prim.sweep(path, section, square_to(curve, v)),
            )
        return
    quilting = Quilting.drawn(rng, 2 * x, 0.7 * run, {"plain": 1, "ribs": 2, "biscuit": 1, "channels": 1})
    for name, label, low, high in spans:
        if kind == "pads":
            rows = panel_rows(low, high, (x - 0.004, x - 0.004), (0.03, 0.03), max(18, quilting.grid[1]))
            made = padded(rows, 0.05, quilting, 0.0, 0.02)
        else:
            made = prim.plate(np.full(22, x - 0.002), np.linspace(low, high, 22), 0.008, 0.003, 1, 0.0, 9)
        assembly.add(name, label, made.mapped(place))


def _add_rockers(
    assembly: Assembly,
    rng: np.random.Generator,
    side: tuple[float, float],
    front: np.ndarray,
    rear: np.ndarray,
) -> None:
    """On each side a rocker under the middle of weight, and a loop from it over the arm and back to it."""
    x, rod = side
    middle = center_z(assembly) - 0.02
    radius, ahead, behind = rng.uniform(1.0, 1.4), rng.uniform(0.4, 0.48), rng.uniform(0.55, 0.7)
    z = np.linspace(-behind, ahead, 41)
    arc = np.stack([0 * z + x, rod + radius - np.sqrt(radius**2 - z**2), z + middle], 1)
    assembly.add_pair(
        "rocker", ROCKER, prim.sweep(arc, outlines.circle(1.1 * rod, count=12), (1.0, 0.0, 0.0), bevel=0.004)
    )

    def on_arc(at: float) -> tuple[float, float]:
        return at + middle, rod + radius - math.sqrt(radius**2 - at**2)

    arm_y = front[1] + rng.uniform(0.22, 0.27)
    loop = [on_arc(0.36), (front[2] + 0.1, 0.55 * front[1]), (front[2], front[1])]
    loop += [(front[2] - 0.02, arm_y - 0.1), (front[2] - 0.04, arm_y - 0.02), (front[2] - 0.14, arm_y)]
    loop += [(0.6 * rear[2], arm_y - 0.01), (rear[2] - 0.14, arm_y - 0.015)]
    assembly.add_pair("arm_loop", ARM_LOOP, _rod(loop, x, rod))
    strut = [
        on_arc(-0.3),
        (rear[2] - 0.02, 0.5 * rear[1]),
        (rear[2], rear[1]),
        (rear[2] - 0.03, 0.6 * arm_y + 0.4 * rear[1]),
        (rear[2] - 0.1, arm_y - 0.013),
    ]
    assembly.add_pair("leg_back", LEG, _rod(strut, x, rod))


def _rod(points: list[tuple[float, float]], x: float, rod: float) -> Mesh:
    """A round rod through (z, y) points in the plane at x."""
    path = smooth(np.array(points), 48)
    placed = np.stack([np.full(48, x), path[:, 1], path[:, 0]], 1)
    return prim.sweep(placed, outlines.circle(rod, count=12), (1.0, 0.0, 0.0))
