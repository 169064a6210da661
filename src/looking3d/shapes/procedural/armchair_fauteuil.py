"""French armchairs: a moulded frame that shows, padded panels in it, open arms with pads."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.armchair_legs import FootStyle, standing
from looking3d.shapes.procedural.assembly import Assembly, chance, lerp, pick
from looking3d.shapes.procedural.chair_arms import LOOP as ARM_LOOP
from looking3d.shapes.procedural.chair_arms import SOFA
from looking3d.shapes.procedural.chair_back import LOOP, PANEL, SUPPORT
from looking3d.shapes.procedural.chair_legs import LEG
from looking3d.shapes.procedural.chair_seat import FRAME_RING, SURFACE
from looking3d.shapes.procedural.sheets import Place, closed_curve, reclined, smooth
from looking3d.shapes.procedural.turning import profiled
from looking3d.shapes.procedural.upholstery import cushion

_BACK_BAR = "chair_back/back_frame/back_frame_horizontal_bar"


def add_fauteuil(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a chair with a moulded seat rail, a framed oval or shaped back, open arms with pads, fancy legs."""
    width, depth, top = rng.uniform(0.56, 0.66), rng.uniform(0.5, 0.58), rng.uniform(0.42, 0.47)
    rail, pad = rng.uniform(0.055, 0.075), rng.uniform(0.05, 0.08)
    low = top - pad - rail
    serpentine = rng.uniform(0.0, 0.035)
    outline = outlines.densified(
        outlines.trapezoid(0.84 * width, width, -depth / 2, depth / 2, 0.06, 5), 0.05
    )
    front = np.clip(outline[:, 1] / depth + 0.5, 0, 1) ** 3
    outline = outline + np.stack(
        [0 * front, serpentine * np.cos(outline[:, 0] / width * 2 * math.pi) * front], 1
    )
    frame = profiled(
        outline,
        [
            (0.006, low),
            (0.0, low + 0.006),
            (0.0, low + 0.5 * rail),
            (0.008, low + 0.6 * rail),
            (0.004, low + rail - 0.006),
            (0.01, low + rail),
        ],
    )
    assembly.add("seat_frame", FRAME_RING, frame)
    grown = outlines.inset(outline, np.array([0.012]))[0]
    assembly.add(
        "seat_cushion", SURFACE, prim.flat(cushion(grown, pad + 0.004, 0.03, "piped"), low + rail - 0.004)
    )
    rear = -depth / 2 + 0.02
    sheet = reclined(low + 0.5 * rail, rear, math.radians(rng.uniform(8, 16)))
    half, base = _add_framed_back(
        assembly, rng, sheet, (0.42 * width, top - low - 0.5 * rail + rng.uniform(0.06, 0.12))
    )
    if chance(rng, 0.85):
        _add_open_arms(assembly, rng, sheet, (half, base), (0.47 * width, low + 0.6 * rail, depth))
    style = FootStyle.drawn(rng, low, {"cabriole": 2, "reeded": 2, "turned": 1})
    style = dataclasses.replace(style, radius=max(style.radius, 0.026))
    inset = style.radius + 0.012
    assembly.add_pair(
        "leg_front",
        style.label,
        standing(style.mesh(low + 0.008), width / 2 - inset - 0.01, depth / 2 - inset - 0.014, (1, 1)),
    )
    sabre = FootStyle("sabre", 0.9 * style.radius, style.leg, style.reeds)
    assembly.add_pair(
        "leg_back", LEG, standing(sabre.mesh(low + 0.008), 0.42 * width - inset, -depth / 2 + inset, (1, -1))
    )


def _add_framed_back(
    assembly: Assembly, rng: np.random.Generator, sheet: Place, size: tuple[float, float]
) -> tuple[float, float]:
    """A moulded loop with a padded panel in it, above the seat on two posts.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        sheet: Of the back.
        size: Half width, and v of the loop's lower end.

    Returns:
        Half width of the loop in its middle, and v there.
    """
    half, base = size
    kind = pick(rng, {"oval": 2, "square": 1, "cartouche": 1.2, "arch": 1})
    tall = rng.uniform(0.42, 0.54)
    middle = base + tall / 2
    if kind == "oval":
        outline = outlines.circle(half * 0.92, tall / 2, 60)
    elif kind == "square":
        outline = outlines.densified(outlines.rectangle(2 * half, tall, 0.05, 6), 0.03)
    elif kind == "arch":
        outline = outlines.densified(
            outlines.trapezoid(
                1.8 * half, 2 * half, -tall / 2, tall / 2, [0.04, 0.04, 0.95 * half, 0.95 * half], 12
            ),
            0.03,
        )
    else:
        shape = [
            (0.0, -0.46),
            (0.55, -0.5),
            (0.84, -0.38),
            (0.8, -0.05),
            (1.0, 0.32),
            (0.7, 0.46),
            (0.35, 0.47),
            (0.0, 0.55),
        ]
        shape += [(-u, v) for u, v in shape[-2:0:-1]]
        outline = closed_curve(np.array(shape) * [half, tall], 64)
    path = np.insert(outline + [0, middle], 2, 0.0, axis=1)
    section = outlines.rectangle(0.034, 0.034, 0.012, 3)
    loop = prim.sweep(path, section, (0.0, 0.0, 1.0), closed=True)
    assembly.add("back_frame", LOOP, loop.mapped(sheet))
    inner = outlines.inset(outline, np.array([0.011]))[0] + [0, middle]
    pad = cushion(inner, 0.042, 0.02, "piped").moved([0, 0, -0.014])
    assembly.add("back_panel", PANEL, pad.mapped(sheet))
    low = np.abs(outline[:, 0] - 0.55 * half) + 10 * (outline[:, 1] > 0)
    spot = outline[low.argmin()] + [0, middle]
    post = np.array([(0.5 * half, 0.0, 0.0), (spot[0], spot[1], 0.0)])
    support = prim.sweep(post, outlines.rectangle(0.03, 0.028, 0.006), (0.0, 0.0, 1.0))
    assembly.add_pair("back_support", SUPPORT, support.mapped(sheet))
    at = outline[(np.abs(outline[:, 1] + 0.08 * tall) - outline[:, 0]).argmin()]
    return float(at[0]), float(at[1] + middle)


def _add_open_arms(
    assembly: Assembly,
    rng: np.random.Generator,
    sheet: Place,
    rear: tuple[float, float],
    seat: tuple[float, float, float],
) -> None:
    """From the back's frame forwards, over and down in a curve to the seat's rail; a pad lies on it.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        sheet: Of the back.
        rear: (u, v) where they leave it.
        seat: x and height of the rail where they end, and the seat's depth.
    """
    start = sheet(np.array([[rear[0], rear[1], 0.0]]))[0]
    x, y, depth = seat
    top = start[1] - rng.uniform(0.0, 0.03)
    wide = x + rng.uniform(0.01, 0.04)
    front = rng.uniform(0.0, 0.12) * depth
    points = np.array(
        [start, (lerp(start[0], wide, 0.7), top + 0.01, lerp(start[2], front, 0.4)), (wide, top, front)]
        + [(wide + 0.005, top - 0.03, front + 0.06), (wide - 0.005, lerp(y, top, 0.6), front + 0.045)]
        + [(x + 0.004, lerp(y, top, 0.3), front + 0.01), (x - 0.014, y, front + 0.05)]
    )
    path = smooth(points.astype(float), 60)
    t = np.linspace(0, 1, 60)
    section = outlines.circle(0.016, 0.018, 14, 2.6)
    arm = prim.sweep(path, section, (1.0, 0.25, 0.0), 1 + 0.25 * np.cos(6 * t))
    assembly.add_pair("arm_loop", ARM_LOOP, arm)
    if chance(rng, 0.75):
        along = path[12:27]
        swell = np.sin(np.linspace(0.12, math.pi - 0.12, 15)) ** 0.4
        pad = prim.sweep(along + [0, 0.014, 0], outlines.circle(0.019, 0.024, 14), (1.0, 0.25, 0.0), swell)
        assembly.add_pair("arm_pad", SOFA, pad)
