"""Seats without arms or with one: slipper chairs, chaises longues, seats in one wave from front to top."""

from __future__ import annotations

import math

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.armchair_legs import FootStyle, add_feet, standing
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.chair_arms import SOFA
from looking3d.shapes.procedural.chair_back import PANEL
from looking3d.shapes.procedural.chair_legs import LEG, RUNNER
from looking3d.shapes.procedural.chair_seat import FRAME_BAR, SUPPORT, SURFACE
from looking3d.shapes.procedural.sheets import (
    closed_curve,
    curve_length,
    draped,
    panel_rows,
    smooth,
    upright_side,
)
from looking3d.shapes.procedural.turning import facing, revolved
from looking3d.shapes.procedural.upholstery import Quilting, cushion, nail_trim, padded


def add_slipper(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a low chair without arms: a tight seat on a rail or a skirted box, and a quilted back."""
    width, depth = rng.uniform(0.52, 0.72), rng.uniform(0.56, 0.7)
    top, rail, pad = rng.uniform(0.37, 0.45), rng.uniform(0.05, 0.11), rng.uniform(0.1, 0.15)
    low = top - pad - rail
    rear, front = -depth / 2, depth / 2
    wooden = chance(rng, 0.4)
    corner = rng.uniform(0.03, 0.09)
    outline = outlines.densified(outlines.rectangle(width, depth, corner, 5), 0.09)
    frame = prim.flat(prim.slab(outline, rail, 0.008, 2), low)
    assembly.add("seat_rail", SUPPORT if wooden else SURFACE, frame)
    grown = outlines.inset(outline, np.array([-0.008]))[0]
    made = cushion(grown, pad + 0.004, rng.uniform(0.02, 0.035), pick(rng, {"piped": 3, "knife": 1}))
    assembly.add("seat_cushion", SURFACE, prim.flat(made, top - pad - 0.004))
    _add_slipper_back(assembly, rng, (0.5 * width, low + 0.5 * rail, rear), top + rng.uniform(0.34, 0.58))
    if not wooden and chance(rng, 0.5):
        y = low + 0.02
        half = width / 2 - corner
        path = np.array([(-half, y, front), (half, y, front)])
        assembly.add("seat_trim", FRAME_BAR, nail_trim(path, (0.0, 1.0, 0.0)))
    style = FootStyle.drawn(rng, low, {"turned": 2, "reeded": 2, "cabriole": 1.2, "tapered": 1, "round": 1})
    rear_style = FootStyle("sabre", style.radius, style.leg, style.reeds) if chance(rng, 0.6) else None
    inset = style.radius + 0.25 * corner + 0.004
    add_feet(assembly, style, low + 0.005, width / 2 - inset, (front - inset, rear + inset), rear_style)


def _add_slipper_back(
    assembly: Assembly, rng: np.random.Generator, foot: tuple[float, float, float], top: float
) -> None:
    """A panel that starts behind the seat, curves back, and ends straight, round, or like a balloon.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        foot: Half of the width, height and z where it starts.
        top: Height of its upper edge.
    """
    half, y, z = foot
    height, lean = top - y, rng.uniform(0.08, 0.26)
    t = np.linspace(0, 1, 7)
    curl = rng.uniform(-0.1, 0.3)
    side = np.stack([z - lean * height * (t + curl * t * (t - 1)), y + height * t], 1)
    curve = smooth(side, 24)
    length = curve_length(curve)
    thick = rng.uniform(0.07, 0.12)
    shape = pick(rng, {"straight": 2, "round": 1.5, "balloon": 1, "camel": 1})
    corner = {"straight": 0.04, "camel": 0.06}.get(shape, 0.75 * half)
    quilting = Quilting.drawn(
        rng, 2 * half, length, {"diamond": 2.5, "channels": 2.5, "plain": 1, "ribs": 0.7}
    )
    rows = panel_rows(0.0, length, (half, half * rng.uniform(0.95, 1.06)), (0.03, corner), quilting.grid[1])
    panel = padded(rows, thick, quilting, 0.015, 0.03, columns=25)
    u, v, w = panel.vertices.T
    share = v / length
    if shape == "camel":
        v = v + rng.uniform(0.05, 0.12) * np.cos(np.clip(u / half, -1, 1) * math.pi / 2) ** 2 * share**3
    if shape == "balloon":
        u = u * (1 - 0.22 * np.sin(math.pi * np.clip(share * 1.5 - 0.12, 0, 1)) ** 2)
    if chance(rng, 0.5):
        w = w + rng.uniform(0.02, 0.08) * (u / half) ** 2 * share
    assembly.add("back", PANEL, prim.Mesh(np.stack([u, v, w], 1), panel.faces).mapped(draped(curve)))


def add_wave(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a seat whose cushions follow one curve over seat and back, short as a chair or long as a chaise."""
    chaise = chance(rng, 0.5)
    width = rng.uniform(0.56, 0.72)
    length, top = (rng.uniform(1.0, 1.3) if chaise else rng.uniform(0.5, 0.6)), rng.uniform(0.34, 0.42)
    thick, lean = rng.uniform(0.07, 0.12), rng.uniform(0.5, 0.9) if chaise else rng.uniform(0.25, 0.55)
    height = rng.uniform(0.45, 0.6)
    front, bend, y = length / 2 + 0.1, 0.1 - length / 2, top - thick
    points = [(front, y - rng.uniform(0.0, 0.08)), (front - 0.14, y + rng.uniform(0.0, 0.03))]
    points += [(bend + 0.5 * length, y)] if chaise else []
    points += [(bend + 0.07, y - 0.03), (bend - 0.05, y + 0.045)]
    points += [(bend - 0.04 - 0.5 * lean * height, y + 0.05 + 0.5 * height)]
    points += [(bend - 0.04 - lean * height * rng.uniform(0.95, 1.2), y + 0.05 + height)]
    curve = smooth(np.array(points), 60)
    run, place = curve_length(curve), draped(curve)
    at_bend = curve_length(curve[: int(np.argmax(curve[:, 0] < bend)) + 1])
    quilting = Quilting.drawn(rng, width, at_bend, {"ribs": 2, "plain": 1.0, "channels": 1, "biscuit": 0.8})
    for name, label, low, high in (
        ("seat_cushion", SURFACE, 0.0, at_bend - 0.001),
        ("back_cushion", PANEL, at_bend + 0.001, run),
    ):
        corners = (0.045, 0.035) if low == 0 else (0.035, rng.uniform(0.045, 0.1))
        rows = panel_rows(low, high, (width / 2, width / 2), corners, max(quilting.grid[1], 16))
        assembly.add(name, label, padded(rows, thick, quilting, 0.0, 0.025).mapped(place))
    _add_wave_frame(assembly, rng, curve, (0.14, at_bend + 0.02, 0.9 * run), width)


def _add_wave_frame(
    assembly: Assembly,
    rng: np.random.Generator,
    curve: np.ndarray,
    stations: tuple[float, float, float],
    width: float,
) -> None:
    """Bent rails under the cushions, bars between them, and legs or sleds.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        curve: The side view that the cushions' undersides follow.
        stations: Along it: of the front legs, of the rear ones, of the rails' upper end.
        width: Of the cushions.
    """
    place, x = draped(curve), width / 2 - rng.uniform(0.03, 0.09)
    thick = rng.uniform(0.009, 0.013)
    tube = chance(rng, 0.4)
    section = (
        outlines.circle(thick, count=12) if tube else outlines.rectangle(2 * thick, 3.2 * thick, 0.3 * thick)
    )
    v = np.linspace(0.05, stations[2], 40)
    rail = place(np.stack([0 * v + x, v, 0 * v - 0.7 * thick], 1))
    assembly.add_pair("seat_rail", FRAME_BAR, prim.sweep(rail, section, (1.0, 0.0, 0.0), bevel=0.003))
    ends = [place(np.array([[x, at, -0.7 * thick]]))[0] for at in stations]
    for end, name in zip(ends, ("front", "rear", "top")):
        label = "chair_back/back_frame/back_frame_horizontal_bar" if name == "top" else FRAME_BAR
        cross = prim.bar(end * [-1, 1, 1], end, 0.9 * section, up=(0.0, 0.0, 1.0))
        assembly.add(f"{'back' if name == 'top' else 'seat'}_bar_{name}", label, cross)
    front, rear = ends[0], ends[1]
    if chance(rng, 0.4):
        z = front[2] + 0.02, rear[2] - rng.uniform(0.1, 0.2)
        points = np.array([front, (x, thick, z[0]), (x, thick, z[1]), rear])
        path = prim.filleted(points, rng.uniform(0.03, 0.1), 6)
        assembly.add_pair("runner", RUNNER, prim.sweep(path, section, (1.0, 0.0, 0.0)))
        return
    style = FootStyle.drawn(rng, front[1], {"round": 2, "square": 1, "turned": 1, "tapered": 1})
    sabre = FootStyle("sabre", style.radius, style.leg, style.reeds)
    for name, end, one, sign in (("front", front, style, 1.0), ("back", rear, sabre, -1.0)):
        assembly.add_pair(f"leg_{name}", LEG, standing(one.mesh(end[1]), x, end[2], (1.0, sign)))


def add_chaise(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a couch to lie on: a long cushion, a raised head end that scrolls back, often half a side."""
    width, length = rng.uniform(0.62, 0.78), rng.uniform(1.45, 1.75)
    low, rail, pad = rng.uniform(0.13, 0.2), rng.uniform(0.07, 0.11), rng.uniform(0.08, 0.13)
    deck, top = low + rail, low + rail + pad
    rear, front = -length / 2, length / 2
    outline = outlines.densified(outlines.rectangle(width, length, 0.05, 5), 0.1)
    wooden = chance(rng, 0.4)
    assembly.add(
        "seat_rail", SUPPORT if wooden else SURFACE, prim.flat(prim.slab(outline, rail, 0.01, 2), low)
    )
    quilting = Quilting.drawn(rng, width, length, {"plain": 2, "diamond": 1.5, "biscuit": 1, "channels": 1})
    if quilting.kind == "plain":
        mattress = cushion(outlines.inset(outline, np.array([-0.006]))[0], pad + 0.004, 0.02, "piped")
    else:
        quilting = Quilting(quilting.kind, min(quilting.across, 6), min(7, quilting.up + 3), quilting.depth)
        rows = panel_rows(rear, front, (width / 2, width / 2), (0.05, 0.05), max(quilting.grid[1], 20))
        mattress = padded(rows, pad + 0.02, quilting, 0.0, 0.035).moved([0, 0, -0.016])
    assembly.add("seat_cushion", SURFACE, prim.flat(mattress, deck - 0.004))
    rise = rng.uniform(0.36, 0.48)
    _add_scroll(assembly, rng, (width / 2 - 0.004, low + 0.4 * rail, rear + 0.02), top + rise)
    if chance(rng, 0.65):
        _add_half_side(
            assembly, rng, (width / 2 - 0.02, low + 0.3 * rail), (rear + 0.03, front), (top, top + rise)
        )
    if chance(rng, 0.6):
        radius = rng.uniform(0.06, 0.085)
        half = width / 2 - 0.05
        ends = np.array(
            [(0.0, -half - 0.012), (0.5 * radius, -half), (0.9 * radius, -half), (radius, 0.02 - half)]
        )
        bolster = revolved(np.concatenate([ends, ends[::-1] * [1, -1]]), 26)
        spot = [0, top + radius - 0.012, rear + 0.16 + radius]
        assembly.add("bolster", "chair_head/headrest", facing(bolster, "x").moved(spot))
    style = FootStyle.drawn(rng, low, {"turned": 2, "reeded": 2, "cabriole": 1.5, "bun": 1.2, "tapered": 1})
    inset = style.radius + 0.02
    add_feet(assembly, style, low + 0.006, width / 2 - inset, (front - inset, rear + inset))


def _add_scroll(
    assembly: Assembly, rng: np.random.Generator, foot: tuple[float, float, float], top: float
) -> None:
    """A head end that rises and rolls over backwards."""
    half, y, z = foot
    height, lean, thick = top - y, rng.uniform(0.12, 0.24), rng.uniform(0.08, 0.11)
    side = [(z, y), (z + 0.01, y + 0.35 * height), (z - 0.35 * lean, y + 0.7 * height)]
    curl = 0.055
    side += [(z - lean, y + 0.95 * height), (z - lean - 1.2 * curl, y + height)]
    side += [(z - lean - 2.5 * curl, y + height - 0.8 * curl)]
    curve = smooth(np.array(side), 48)
    run = curve_length(curve)
    quilting = Quilting.drawn(rng, 2 * half, 0.8 * run, {"diamond": 2, "channels": 1.5, "plain": 2})
    rows = panel_rows(0.0, run, (half, half), (0.03, 0.035), max(20, quilting.grid[1]))
    assembly.add("back", PANEL, padded(rows, thick, quilting, 0.0, 0.03).mapped(draped(curve)))


def _add_half_side(
    assembly: Assembly,
    rng: np.random.Generator,
    at: tuple[float, float],
    z: tuple[float, float],
    y: tuple[float, float],
) -> None:
    """A side that falls from the head end's height to the seat's; on the left or on the right.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        at: x of its inside and height of its foot.
        z: Of its rear, and of the seat's front.
        y: Heights of the seat and of the head end.
    """
    x, low = at
    span, rise = (z[1] - z[0]) * rng.uniform(0.5, 0.75), y[1] - y[0]
    high = y[0] + rise * rng.uniform(0.55, 0.85)
    points = [
        (z[0] + 0.01, low + 0.01),
        (z[0] + 0.1, low),
        (z[0] + 0.4 * span, low),
        (z[0] + 0.7 * span, low),
    ]
    points += [(z[0] + span - 0.05, low), (z[0] + span, low + 0.06)]
    points += [(z[0] + 0.98 * span, y[0] + 0.15 * rise), (z[0] + 0.7 * span, y[0] + 0.4 * rise)]
    points += [(z[0] + 0.35 * span, high - 0.02), (z[0] + 0.08, high), (z[0], high - 0.06)]
    outline = closed_curve(np.array(points), 56)
    side = cushion(outline, rng.uniform(0.05, 0.075), 0.006, "piped").mapped(upright_side(x))
    assembly.add("arm", SOFA, side if chance(rng, 0.5) else side.mirrored())
