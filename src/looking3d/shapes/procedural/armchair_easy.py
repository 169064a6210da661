"""Low wooden easy chairs and settees with loose cushions."""

from __future__ import annotations

import math

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, lerp, pick
from looking3d.shapes.procedural.chair_arms import RAIL
from looking3d.shapes.procedural.chair_back import PANEL, VERTICAL
from looking3d.shapes.procedural.chair_legs import LEG, STRETCHER
from looking3d.shapes.procedural.chair_seat import FRAME_BAR, SLAT, SURFACE
from looking3d.shapes.procedural.sheets import Place, reclined
from looking3d.shapes.procedural.upholstery import cushion

_BACK_BAR = "chair_back/back_frame/back_frame_horizontal_bar"


def add_easy_chair(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a low wooden frame for one to three with loose cushions, shaped arms and a slatted back."""
    seats = int(pick(rng, {"1": 4, "2": 1, "3": 0.7}))
    pitch = rng.uniform(0.54, 0.62)
    width, depth, deck = seats * pitch, rng.uniform(0.6, 0.68), rng.uniform(0.26, 0.31)
    pad, back_pad = rng.uniform(0.09, 0.13), rng.uniform(0.09, 0.13)
    front, rear = depth / 2, -depth / 2
    rail = outlines.rectangle(0.026, 0.06, 0.006)
    x = width / 2 + 0.012
    drop = rng.uniform(0.02, 0.06)
    assembly.add_pair(
        "seat_frame_side",
        FRAME_BAR,
        prim.bar((x, deck - 0.03, front), (x, deck - 0.03 - drop, rear - 0.02), rail),
    )
    slope = drop / (depth + 0.02)
    for name, z in (("front", front - 0.02), ("back", rear + 0.02)):
        y = deck - 0.03 - slope * (front - z)
        assembly.add(f"seat_frame_{name}", FRAME_BAR, prim.bar((-x, y, z), (x, y, z), rail))
    for i, z in enumerate(np.linspace(front - 0.09, rear + 0.1, 5)):
        y = deck - 0.012 - slope * (front - z)
        assembly.add(
            f"seat_slat_{i + 1}", SLAT, prim.box((-x, y - 0.007, z - 0.025), (x, y + 0.007, z + 0.025))
        )
    lean = math.radians(rng.uniform(16, 26))
    rise = rng.uniform(0.46, 0.6)
    seam = pick(rng, {"piped": 3, "knife": 1, "soft": 1})
    sheet = reclined(deck - 0.04 - drop, rear + 0.045, lean)
    _add_easy_back(assembly, rng, sheet, (width / 2, rise + 0.06))
    corner = 0.03 if seam == "piped" else 0.45 * pad
    outline = outlines.densified(outlines.rectangle(pitch - 0.004, depth - 0.1, corner, 5), 0.09)
    for i in range(seats):
        middle = pitch * (i + 0.5) - width / 2
        tag = "" if seats == 1 else f"_{i + 1}"
        made = prim.flat(cushion(outline, pad, 0.02, seam), 0.0).moved([middle, 0, 0.05])
        y = deck - 0.006 - slope * (front - made.vertices[:, 2])
        assembly.add(f"seat_cushion{tag}", SURFACE, made.moved(np.stack([0 * y, y, 0 * y], 1)))
        shape = outlines.rectangle(pitch - 0.006, rise, 0.03 if seam == "piped" else 0.45 * back_pad, 5)
        back = cushion(outlines.densified(shape, 0.09), back_pad, 0.02, seam)
        back = back.moved([middle, 0.08 + pad + rise / 2 - 0.02, 0.007])
        assembly.add(f"back_cushion{tag}", PANEL, back.mapped(sheet))
    _add_easy_sides(assembly, rng, (x, deck, depth), slope)


def _add_easy_back(
    assembly: Assembly, rng: np.random.Generator, sheet: Place, size: tuple[float, float]
) -> None:
    """Two stiles and a crest, with level or upright slats between."""
    half, high = size
    section = outlines.rectangle(0.034, 0.026, 0.006)
    stile = np.array([(half - 0.015, 0.0, 0.0), (half - 0.015, high, 0.0)])
    assembly.add_pair(
        "back_stile",
        "chair_back/back_frame/back_frame_vertical_bar",
        prim.sweep(stile, section, (0.0, 0.0, 1.0), bevel=0.003).mapped(sheet),
    )
    levels = [high - 0.02]
    if chance(rng, 0.5):
        levels += list(np.linspace(0.14, high - 0.12, int(rng.integers(3, 6))))
    else:
        levels += [0.12]
        for i, u in enumerate(np.linspace(-0.84, 0.84, max(5, round(half * 2 / 0.09))) * half):
            bar = prim.sweep(
                np.array([(u, 0.12, 0.0), (u, high - 0.02, 0.0)]),
                outlines.rectangle(0.022, 0.011, 0.003),
                (0, 0, 1.0),
            )
            assembly.add(f"back_slat_{i + 1}", VERTICAL, bar.mapped(sheet))
    for i, v in enumerate(levels):
        bar = prim.sweep(
            np.array([(-half + 0.01, v, 0.0), (half - 0.01, v, 0.0)]),
            outlines.rectangle(0.04, 0.018, 0.005),
            (0, 0, 1.0),
        )
        assembly.add(f"back_rail_{i + 1}", _BACK_BAR, bar.mapped(sheet))


def _add_easy_sides(
    assembly: Assembly, rng: np.random.Generator, size: tuple[float, float, float], slope: float
) -> None:
    """Front and rear legs beside the rails, up to a shaped arm that curves in plan and tapers."""
    x, deck, depth = size
    arm = deck + rng.uniform(0.24, 0.3)
    leg = rng.uniform(0.017, 0.022)
    outside = x + 0.012 + 0.5 * leg
    round_leg = chance(rng, 0.6)
    section = outlines.circle(leg, count=16) if round_leg else outlines.rectangle(2 * leg, 2 * leg, 0.4 * leg)
    t = np.array([0.0, 0.02, 0.45, 0.75, 1.0])
    swell = np.array([0.6, 0.66, 1.05, 1.0, 0.75])
    tilt = rng.uniform(0.02, 0.07)
    for name, z, high in (("front", depth / 2 - 0.07, arm), ("back", -depth / 2 + 0.05, arm - 0.02)):
        sign = 1 if name == "front" else -1
        path = lerp(
            np.array([outside, 0.0, z + sign * tilt]), np.array([outside, high, z - sign * tilt]), t[:, None]
        )
        assembly.add_pair(f"leg_{name}", LEG, prim.post(path, section, swell))
    z = np.linspace(depth / 2 + 0.02, -depth / 2 - rng.uniform(0.0, 0.06), 24)
    s = np.linspace(0, 1, 24)
    curve = rng.uniform(0.0, 0.04)
    path = np.stack(
        [
            outside + curve * np.sin(math.pi * s),
            arm - 0.02 * s + rng.uniform(-0.01, 0.02) * np.sin(math.pi * s),
            z,
        ],
        1,
    )
    broad = rng.uniform(0.028, 0.042) * (1 - 0.4 * s) * np.clip(0.7 + 4 * s, 0, 1)
    rest = prim.sweep(path, outlines.rectangle(2.0, 0.62, 0.28, 3), (0.0, 1.0, 0.0), broad, bevel=0.003)
    assembly.add_pair("arm_rail", RAIL, rest)
    if chance(rng, 0.5):
        low = 0.5 * deck
        assembly.add_pair(
            "stretcher_side",
            STRETCHER,
            prim.bar(
                (outside, low, depth / 2 - 0.05),
                (outside, low, -depth / 2 + 0.04),
                outlines.circle(0.6 * leg, count=10),
            ),
        )
