"""Tub and barrel chairs: one padded back that runs around the seat and serves as arms."""

from __future__ import annotations

import math

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.armchair_legs import FootStyle, standing
from looking3d.shapes.procedural.assembly import Assembly, chance, lerp, pick
from looking3d.shapes.procedural.chair_arms import SOFA
from looking3d.shapes.procedural.chair_back import PANEL
from looking3d.shapes.procedural.chair_seat import FRAME_RING, SURFACE
from looking3d.shapes.procedural.chair_sofa import FOOT
from looking3d.shapes.procedural.primitives import Mesh
from looking3d.shapes.procedural.turning import disc
from looking3d.shapes.procedural.upholstery import Quilting, cushion, nail_trim, padded

_PEDESTAL = "chair_base/pedestal_base"


def add_tub(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a chair for one in a round shell."""
    half = rng.uniform(0.27, 0.34), rng.uniform(0.27, 0.33)
    power, top = rng.uniform(2.0, 2.9), rng.uniform(0.4, 0.47)
    pad = rng.uniform(0.09, 0.15)
    clearance = rng.uniform(0.06, 0.2)
    deck = max(top - pad, clearance + 0.07)
    body = prim.slab(_footprint(half, power, 0.0), deck - clearance, 0.02, 3)
    assembly.add("seat_body", SURFACE, prim.flat(body, clearance))
    seam = pick(rng, {"piped": 3, "soft": 1.3})
    made = cushion(_footprint(half, power, -0.012, 0.02), top - deck + 0.004, 0.02, seam)
    assembly.add("seat_cushion", SURFACE, prim.flat(made, deck - 0.004))
    _add_shell(assembly, rng, half, power, (clearance + 0.01, top))
    if chance(rng, 0.3):
        path = np.insert(_footprint(half, power, -0.001), 1, clearance + 0.03, axis=1)
        path = path[np.argsort(np.arctan2(path[:, 0], path[:, 2]))]
        front = path[np.abs(np.arctan2(path[:, 0], path[:, 2])) < 0.9]
        assembly.add("seat_trim", FRAME_RING, nail_trim(front, (0.0, 1.0, 0.0)))
    _add_base(assembly, rng, half, clearance)


def _footprint(
    half: tuple[float, float], power: float, margin: float, rear_margin: float | None = None
) -> np.ndarray:
    """The seat in x and z, less a margin: round behind, squarer in front."""
    outline = outlines.circle(1.0, count=56, power=power)
    ahead = outline[:, 1:] > 0
    outline = np.where(ahead, outlines.circle(1.0, count=56, power=power + 1.2), outline)
    rear_margin = margin if rear_margin is None else rear_margin
    # From the margin in front to the one behind, without a step
    share = np.clip(0.5 - 1.5 * outline[:, 1:], 0, 1)
    return outline * (np.asarray(half) - lerp(margin, rear_margin, share))


def _add_shell(
    assembly: Assembly,
    rng: np.random.Generator,
    half: tuple[float, float],
    power: float,
    y: tuple[float, float],
) -> None:
    """The back, around the seat from one front corner to the other; quilted inside, perhaps with a rim.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        half, power: The seat's half sizes and roundness.
        y: Where the shell starts, and the height that is sat on.
    """
    thick, end = rng.uniform(0.05, 0.095), rng.uniform(1.5, 2.15)
    low = y[0] if chance(rng, 0.7) else y[1] - rng.uniform(0.06, 0.1)
    back, arm = y[1] + rng.uniform(0.26, 0.44) - low, y[1] + rng.uniform(0.12, 0.22) - low
    flare, sharpness = rng.uniform(0.0, 0.2), rng.uniform(1.4, 4.0)
    arm = arm if chance(rng, 0.75) else back

    def height(angle: np.ndarray) -> np.ndarray:
        return back + (arm - back) * np.abs(np.clip(angle / end, -1, 1)) ** sharpness

    def place(p: np.ndarray) -> np.ndarray:
        """(angle, share of the height, inwards) into the world."""
        angle, v, w = p.T
        grow = 0.0015 + thick - w + flare * np.maximum(v * height(angle) - (y[1] - low), 0)
        sin, cos = np.sin(angle), np.cos(angle)
        x = (half[0] + grow - thick) * np.sign(sin) * np.abs(sin) ** (2 / power)
        z = -(half[1] + grow - thick) * np.sign(cos) * np.abs(cos) ** (2 / power)
        return np.stack([x, low + v * height(angle), z], 1)

    length = 2 * end * sum(half) / 2
    quilting = Quilting.drawn(rng, length, back, {"plain": 2, "channels": 3, "diamond": 1.6, "ribs": 0.7})
    assembly.add("back_shell", PANEL, _shell(quilting, thick, end, back).mapped(place))
    if chance(rng, 0.35):
        angle = np.linspace(-end, end, 41)
        rim = place(np.stack([angle, 0 * angle + 0.99, 0 * angle + 0.5 * thick], 1))
        section = outlines.circle(0.56 * thick + 0.004, 0.4 * thick, 14)
        tips = np.concatenate([[0.5, 0.85], np.ones(37), [0.85, 0.5]])
        assembly.add("arm_rim", SOFA, prim.sweep(rim, section, (0.0, 1.0, 0.0), tips))


def _shell(quilting: Quilting, thick: float, end: float, back: float) -> Mesh:
    """The shell unrolled: angle, share of the height, inwards."""
    turn = np.linspace(0, math.pi / 2, 6)
    corner_v, corner_a = min(0.06 / back, 0.2), 0.2
    rise = 1 - corner_v * (1 - np.sin(turn))
    between = np.linspace(0, 1 - corner_v, quilting.grid[1])[:-1]
    v = np.concatenate([between, rise])
    half = end - np.concatenate([0 * between, corner_a * (1 - np.cos(turn))])
    # The edge's radius is taken in angles and shares of the height, about as long as half a metre each
    return padded((half, v), thick, quilting, 0.0, 0.05, columns=33)


def _add_base(
    assembly: Assembly, rng: np.random.Generator, half: tuple[float, float], clearance: float
) -> None:
    """Legs under the body, a recessed plinth, or a disc that it swivels on."""
    kind = pick(rng, {"legs": 3, "plinth": 1.2 if clearance < 0.11 else 0.2, "swivel": 0.9})
    if kind == "plinth":
        foot = prim.slab(0.86 * _footprint(half, 2.2, 0.0), clearance + 0.004, 0.004)
        assembly.add("plinth", FOOT, prim.flat(foot, 0.0))
    elif kind == "swivel":
        assembly.add("pedestal", f"{_PEDESTAL}/pedestal", disc(0.82 * min(half), 0.0, 0.022, 0.014))
        column = prim.post(
            np.array([(0, 0.01, 0), (0, clearance + 0.01, 0)]), outlines.circle(0.05, count=20)
        )
        assembly.add("central_support", f"{_PEDESTAL}/central_support", column)
    else:
        style = FootStyle.drawn(rng, clearance)
        x, z = 0.66 * half[0], 0.66 * half[1]
        for name, sign in (("front", 1.0), ("back", -1.0)):
            mesh = standing(style.mesh(clearance + 0.006), x, sign * z, (1.0, sign))
            assembly.add_pair(f"leg_{name}", style.label, mesh)
