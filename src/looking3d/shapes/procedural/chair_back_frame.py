"""Framed backs of chairs: stiles and rails or a hoop, filled with slats, spindles, rungs or a panel."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, lerp
from looking3d.shapes.procedural.chair_back import (
    LOOP,
    PANEL,
    VERTICAL,
    BackPlan,
    Panel,
    bar_section,
    level,
    upright,
)

HORIZONTAL = "chair_back/back_surface/back_surface_horizontal_bar"
STILE = "chair_back/back_frame/back_frame_vertical_bar"
RAIL = "chair_back/back_frame/back_frame_horizontal_bar"


def add_frame_back(assembly: Assembly, rng: np.random.Generator, plan: BackPlan, filling: str) -> None:
    """Add two stiles and a top rail (or one bent frame), filled.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        plan: The sheet.
        filling: `slats`, `spindles`, `ladder`, `cross`, `panel`, `splat`, `grid` or `rail` (nothing).
    """
    round_bars = filling == "spindles" or chance(rng, 0.4)
    section = bar_section(plan, rng, round_bars)
    rail_half = rng.uniform(0.8, 2.6) * plan.bar if round_bars is False else plan.bar
    crest = rng.uniform(0.025, 0.06) if chance(rng, 0.6) else rail_half
    if filling == "rail":
        crest = rng.uniform(0.05, 0.11)
    crest_section = outlines.rectangle(2 * crest, 1.8 * plan.bar, 0.5 * plan.bar)
    arch = rng.uniform(0.0, 0.05) if chance(rng, 0.45) else 0.0
    top = plan.height - crest
    if filling not in ("rail", "ladder") and plan.height > 0.4 and chance(rng, 0.3):
        edge = _add_hoop(assembly, rng, plan, section, top)
    else:
        edge = _Edge.of_rail(plan, top, arch)
        _add_stiles(assembly, plan, section, plan.height - (0.0 if chance(rng, 0.5) else crest))
        over = rng.uniform(0.0, 0.03) + plan.bar if chance(rng, 0.4) else 0.0
        assembly.add("back_top_rail", RAIL, level(plan, top, plan.half(top) + over, crest_section, arch))
    if filling == "ladder":
        _add_ladder(assembly, rng, plan, top - crest)
    elif filling != "rail":
        low = _lower_rail(assembly, rng, plan, rail_half, filling)
        _fill(assembly, rng, plan, filling, low, edge)


@dataclass(frozen=True)
class _Edge:
    """The middle line of what surrounds a filling: stiles and rail, or a hoop.

    Attributes:
        u, v: (n,) of the left half's upper end, from the middle outwards to where the stile is straight.
        low: Half width at v = 0.
        rounding: Radius of the upper corners.
    """

    u: np.ndarray
    v: np.ndarray
    low: float
    rounding: float

    @classmethod
    def of_rail(cls, plan: BackPlan, top: float, arch: float) -> _Edge:
        """The edge of two stiles and a rail that is arched in its middle."""
        u = np.linspace(0, plan.half(top), 9)
        return cls(u, top + arch * (1 - (u / u[-1]) ** 2), plan.low, 0.004)

    def top_at(self, u: float) -> float:
        """Height of the edge at u."""
        widest = int(np.argmax(self.u)) + 1
        return float(np.interp(abs(u), self.u[:widest], self.v[:widest]))

    def half_at(self, v: float) -> float:
        """Half width of the edge at v."""
        return float(np.interp(v, np.append(0.0, self.v[::-1]), np.append(self.low, self.u[::-1])))


def _add_hoop(
    assembly: Assembly, rng: np.random.Generator, plan: BackPlan, section: np.ndarray, top: float
) -> _Edge:
    """One bent bar up, across and down."""
    half = plan.half(top)
    corners = np.array([(-plan.low, 0, 0), (-half, top, 0), (half, top, 0), (plan.low, 0, 0)], float)
    # The stiles stay straight as high as arms may reach.
    radius = min(rng.uniform(0.06, 0.3), max(0.05, top - 0.32))
    path = prim.filleted(corners, radius, steps=10)
    left = path[12:-1]
    edge = _Edge(np.append(0.0, left[:, 0]), np.append(top, left[:, 1]), plan.low, radius)
    # Straight stretches get points too, or they would not follow the sheet's bend.
    pieces = [
        np.linspace(a, b, 6 if np.linalg.norm(b - a) > 0.1 else 2)[:-1] for a, b in itertools.pairwise(path)
    ]
    path = np.concatenate([*pieces, path[-1:]])
    hoop = prim.sweep(path, section, (0.0, 0.0, 1.0)).mapped(plan.place)
    assembly.add("back_hoop", LOOP, hoop)
    return edge


def _lower_rail(
    assembly: Assembly, rng: np.random.Generator, plan: BackPlan, rail_half: float, filling: str
) -> float:
    """Where the filling starts: on a rail above the seat, or in the seat itself (v = 0)."""
    if filling in ("slats", "spindles") and plan.seat.kind != "cushion" and chance(rng, 0.6):
        return 0.0
    v = plan.v_seat + rail_half + rng.uniform(0.03, 0.25) * (plan.height - plan.v_seat)
    section = outlines.rectangle(2 * rail_half, 1.5 * plan.bar, 0.3 * plan.bar)
    assembly.add("back_lower_rail", RAIL, level(plan, v, plan.half(v), section))
    return v


def _fill(
    assembly: Assembly,
    rng: np.random.Generator,
    plan: BackPlan,
    filling: str,
    low: float,
    edge: _Edge,
) -> None:
    """Put bars or a panel between a height of the sheet and the edge."""
    high = edge.top_at(0.0)
    if filling == "panel":
        top = edge.v[-1] if edge.rounding < 0.01 else high
        panel = Panel(low, top, plan.half(low), plan.half(top), (0.0, edge.rounding), 1.1 * plan.bar)
        assembly.add("back_panel", PANEL, panel.mesh(plan))
        return
    if filling == "splat":
        _add_splat(assembly, rng, plan, low, high)
        return
    if filling == "cross":
        section = outlines.rectangle(plan.bar * 1.6, plan.bar, 0.2 * plan.bar)
        u = edge.u.max() * (1.0 if edge.rounding < 0.01 else 0.7)
        for name, sign in (("a", 1), ("b", -1)):
            ends = (sign * plan.half(low), low), (-sign * u, edge.top_at(u))
            assembly.add(f"back_diagonal_{name}", VERTICAL, upright(plan, ends, section))
        return
    spindles = filling == "spindles"
    pitch = rng.uniform(0.045, 0.09) if spindles else rng.uniform(0.06, 0.14)
    width = rng.uniform(0.3, 0.65) * pitch
    radius = rng.uniform(0.005, 0.009)
    section = (
        outlines.circle(radius, count=10) if spindles else outlines.rectangle(width, 0.9 * plan.bar, 0.002)
    )
    if filling == "grid":
        section = outlines.rectangle(1.2 * plan.bar, 0.9 * plan.bar, 0.002)
        pitch *= 1.3
    count = int(np.clip(round(2 * plan.half(low) / pitch) - 1, 2, 12))
    fan = rng.uniform(0.45, 0.95) if spindles and chance(rng, 0.4) else 1.0
    for i in range(count):
        s = (2 * (i + 1) / (count + 1)) - 1
        u = s * edge.u.max()
        ends = (s * plan.half(low) * fan, low), (u, edge.top_at(u))
        assembly.add(
            f"back_{'spindle' if spindles else 'slat'}_{i + 1}", VERTICAL, upright(plan, ends, section)
        )
    if filling == "grid":
        section = outlines.rectangle(1.2 * plan.bar, 0.8 * plan.bar, 0.002)
        rows = int(rng.integers(1, 4))
        for i in range(rows):
            v = float(lerp(low, high, (i + 1) / (rows + 1)))
            assembly.add(f"back_bar_{i + 1}", HORIZONTAL, level(plan, v, edge.half_at(v), section))


def _add_splat(assembly: Assembly, rng: np.random.Generator, plan: BackPlan, low: float, high: float) -> None:
    """A shaped board in the middle, wider and narrower as a vase."""
    v = np.linspace(low, high, 15)
    t = (v - low) / (high - low)
    half = rng.uniform(0.2, 0.4) * plan.low
    waist, phase = rng.uniform(0.0, 0.45), rng.uniform(0, 2 * math.pi)
    profile = half * (1 + waist * np.sin(2 * math.pi * rng.uniform(0.6, 1.4) * t + phase))
    section = outlines.rectangle(1.0, 0.7 * plan.bar, 0.003)
    rings = np.repeat(np.stack([0 * v, v, 0 * v], 1)[:, None], len(section), 1)
    rings[..., 0] += section[:, 0] * 2 * profile[:, None]
    rings[..., 2] += section[:, 1]
    assembly.add("back_splat", VERTICAL, prim.loft(rings).mapped(plan.place))


def _add_ladder(assembly: Assembly, rng: np.random.Generator, plan: BackPlan, high: float) -> None:
    """Rungs from stile to stile."""
    low = plan.v_seat + rng.uniform(0.05, 0.3) * (plan.height - plan.v_seat)
    pitch = rng.uniform(0.06, 0.16)
    count = int(np.clip(round((high - low) / pitch), 1, 8))
    half = min(rng.uniform(0.2, 0.42) * (high - low) / count, 0.045)
    arch = rng.uniform(0.0, 0.4) * half if chance(rng, 0.5) else 0.0
    section = outlines.rectangle(2 * half, 1.1 * plan.bar, 0.3 * plan.bar)
    for i in range(count):
        v = float(lerp(low, high, (i + 0.5) / count))
        assembly.add(f"back_rung_{i + 1}", HORIZONTAL, level(plan, v, plan.half(v), section, arch))


def _add_stiles(assembly: Assembly, plan: BackPlan, section: np.ndarray, top: float) -> None:
    stile = upright(plan, ((plan.low, 0.0), (plan.half(top), top)), section)
    assembly.add_pair("back_stile", STILE, stile)
