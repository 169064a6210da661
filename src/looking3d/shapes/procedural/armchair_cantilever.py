"""Easy chairs that hang between two sides of laminated strip, closed loops or open ones."""

from __future__ import annotations

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.armchair_legs import center_z
from looking3d.shapes.procedural.assembly import Assembly, chance
from looking3d.shapes.procedural.chair_arms import LOOP as ARM_LOOP
from looking3d.shapes.procedural.chair_back import PANEL
from looking3d.shapes.procedural.chair_legs import LEG, RUNNER
from looking3d.shapes.procedural.chair_seat import FRAME_BAR, SURFACE
from looking3d.shapes.procedural.sheets import curve_length, draped, panel_rows, smooth, square_to
from looking3d.shapes.procedural.upholstery import Quilting, padded

_STAR = "chair_base/star_leg_base"


def add_cantilever(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add an easy chair that hangs between two sides of laminated strip, open or closed loops."""
    width, top, deep = rng.uniform(0.52, 0.6), rng.uniform(0.34, 0.4), rng.uniform(0.5, 0.56)
    lean, rise = rng.uniform(0.32, 0.5), rng.uniform(0.5, 0.64)
    front, rear = 0.5 * deep, -0.5 * deep
    points = [
        (front + 0.02, top - 0.015),
        (front - 0.08, top + 0.01),
        (0.0, top - 0.025),
        (rear + 0.06, top - 0.06),
    ]
    points += [(rear - 0.02, top + 0.01), (rear - 0.02 - 0.5 * lean * rise, top + 0.5 * rise)]
    points += [(rear - 0.02 - lean * rise * rng.uniform(1.0, 1.15), top + rise)]
    curve = smooth(np.array(points), 64)
    width_strip, thick = rng.uniform(0.045, 0.07), rng.uniform(0.016, 0.022)
    x = width / 2 + width_strip / 2 - 0.004
    bars = _add_hung_seat(assembly, rng, curve, width)
    arm = top + rng.uniform(0.16, 0.22)
    if chance(rng, 0.35):
        _add_closed_sides(assembly, rng, bars, (x, width_strip, thick, arm))
    else:
        _add_open_sides(assembly, rng, bars, (x, width_strip, thick, arm))
    for name, end in zip(("front", "rear"), bars):
        reach = x + width_strip / 2 - 0.004
        bar = prim.bar((-reach, *end[1:]), (reach, *end[1:]), outlines.rectangle(0.03, 0.024, 0.004))
        assembly.add(f"seat_bar_{name}", FRAME_BAR, bar)


def _leaning(through: np.ndarray, slope: float, y: float) -> tuple[float, float]:
    """(z, y) at height y on the line through a point that goes `slope` ahead for each metre up."""
    return float(through[2] + slope * (y - through[1])), y


def _add_closed_sides(
    assembly: Assembly, rng: np.random.Generator, bars: np.ndarray, size: tuple[float, float, float, float]
) -> None:
    """On each side a loop through the ends of the two bars; size is x, width, thickness and upper end."""
    x, wide, thick, arm = size
    ahead = rng.uniform(-0.05, 0.2)
    behind = max(rng.uniform(-0.1, 0.2), (bars[1, 2] - center_z(assembly) + 0.24) / bars[1, 1])
    y = thick / 2
    corners = [_leaning(bars[1], behind, y), _leaning(bars[0], ahead, y)]
    corners += [_leaning(bars[0], ahead, arm), _leaning(bars[1], behind, arm)]
    loop = outlines.densified(outlines.rounded(np.array(corners), rng.uniform(0.06, 0.13), 8), 0.08)
    path = np.stack([np.full(len(loop), x), loop[:, 1], loop[:, 0]], 1)
    section = outlines.rectangle(thick, wide, 0.25 * thick)
    assembly.add_pair("arm_loop", ARM_LOOP, prim.sweep(path, section, (1.0, 0.0, 0.0), closed=True))


def _add_open_sides(
    assembly: Assembly, rng: np.random.Generator, bars: np.ndarray, size: tuple[float, float, float, float]
) -> None:
    """On each side a strip along the floor, up through the front bar and back as an arm, and one behind."""
    x, wide, thick, arm = size
    slope, y = rng.uniform(0.0, 0.25), thick / 2
    rear = float(bars[1, 2])
    foot = min(rear - rng.uniform(0.08, 0.2), center_z(assembly) - 0.12)
    side = [(foot, y), _leaning(bars[0], slope, y), _leaning(bars[0], slope, arm)]
    side += [(rear - rng.uniform(0.06, 0.14), arm - rng.uniform(0.0, 0.05))]
    path = prim.filleted(np.array([(x, p[1], p[0]) for p in side]), rng.uniform(0.08, 0.15), 8)
    section = outlines.rectangle(thick, wide, 0.25 * thick)
    assembly.add_pair("arm_loop", ARM_LOOP, prim.sweep(path, section, (1.0, 0.0, 0.0), bevel=0.002))
    inside = x - wide / 2 - 0.012
    points = np.array(
        [(inside, 0.0, foot + 0.03), (inside, bars[1, 1], rear), (inside, side[-1][1], rear - 0.03)]
    )
    strip = prim.post(smooth(points, 16), outlines.rectangle(0.03, 0.036, 0.004))
    assembly.add_pair("leg_back", LEG, strip)
    if chance(rng, 0.6):
        assembly.add("runner", RUNNER, prim.box((-x, 0.0, foot + 0.01), (x, thick, foot + 0.05), 0.004))


def _add_hung_seat(
    assembly: Assembly, rng: np.random.Generator, curve: np.ndarray, width: float
) -> np.ndarray:
    """A plywood sheet, or rails with cushions; returns (2, 3) where bars are to carry it, front and rear."""
    place, run = draped(curve), curve_length(curve)
    at_bend = curve_length(curve[: int(np.argmin(curve[:, 1])) + 1]) + 0.03
    bare = chance(rng, 0.3)
    if bare:
        slotted = np.full(34, width / 2 - 0.01), np.linspace(0.0, run, 34)
        assembly.add("seat_shell", SURFACE, prim.plate(*slotted, 0.011, 0.004, 1, 0.0, 9).mapped(place))
    else:
        rails = outlines.rectangle(0.02, 0.04, 0.004)
        v = np.linspace(0.01, run - 0.01, 40)
        rail = place(np.stack([0 * v + width / 2 - 0.03, v, 0 * v - 0.011], 1))
        assembly.add_pair("seat_rail", FRAME_BAR, prim.sweep(rail, rails, (1.0, 0.0, 0.0)))
        quilting = Quilting.drawn(rng, width, at_bend, {"ribs": 2, "plain": 1.5, "biscuit": 1, "channels": 1})
        thick = rng.uniform(0.05, 0.085)
        for name, label, low, high in (
            ("seat_cushion", SURFACE, 0.0, at_bend - 0.001),
            ("back_cushion", PANEL, at_bend + 0.001, run),
        ):
            rows = panel_rows(
                low, high, (width / 2 - 0.006, width / 2 - 0.006), (0.035, 0.04), max(quilting.grid[1], 18)
            )
            assembly.add(
                name, label, padded(rows, thick, quilting, 0.0, 0.022).moved([0, 0, -0.003]).mapped(place)
            )
        if chance(rng, 0.4):
            head = panel_rows(run - 0.2, run - 0.03, (width / 2 - 0.06, width / 2 - 0.06), (0.05, 0.05), 8)
            assembly.add(
                "headrest",
                "chair_head/headrest",
                padded(head, 0.05, Quilting(), 0.02, 0.022).moved([0, 0, thick - 0.012]).mapped(place),
            )
    depth = -0.014 if bare else -0.024
    end = place(np.array([[width / 2 - 0.02, 0.85 * run, depth]]))[0]
    bar = prim.bar(
        end * [-1, 1, 1], end, outlines.rectangle(0.036, 0.02, 0.004), square_to(curve, 0.85 * run)
    )
    assembly.add("back_bar", "chair_back/back_frame/back_frame_horizontal_bar", bar)
    # Those bars lie level, not along the sheet, and need more room under it
    depth = -0.02 if bare else -0.026
    return place(np.array([[0.0, 0.09, depth], [0.0, at_bend + 0.05, depth]]))
