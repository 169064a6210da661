"""Backs of chairs: the sheet they are laid out on, panels, barrels, head rests."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, lerp, pick
from looking3d.shapes.procedural.chair_seat import SeatPlan

PANEL = "chair_back/back_surface/back_single_surface"
VERTICAL = "chair_back/back_surface/back_surface_vertical_bar"
LOOP = "chair_back/back_frame/back_holistic_frame"
SUPPORT = "chair_back/back_support"
CONNECTOR = "chair_back/back_connector"


@dataclass(frozen=True)
class BackPlan:
    """A back's sheet, on which its parts are laid out flat before `place` bends them into the world.

    Sheet coordinates are (u, v, w): to the sitter's left, up from the rail where uprights are planted,
    and forwards out of the sheet.

    Attributes:
        seat: What it stands on.
        height: Of the sheet.
        low, high: Half widths at the rail and at the top, to the middle of the stiles.
        recline_rad: Angle to the vertical.
        wrap: How far the middle of the top lies behind the sides.
        curl: How far the top bends back beyond the recline.
        bar: Half thickness of its bars.
    """

    seat: SeatPlan
    height: float
    low: float
    high: float
    recline_rad: float
    wrap: float
    curl: float
    bar: float

    @property
    def v_seat(self) -> float:
        """Where the seat's surface meets the sheet."""
        return self.seat.top - self.seat.rail_y

    def half(self, v: float) -> float:
        """Half width at v, to the middle of the stiles."""
        return float(lerp(self.low, self.high, v / self.height))

    def place(self, p: np.ndarray) -> np.ndarray:
        """Take (n, 3) points of the sheet into the world."""
        u, v, w = np.asarray(p, float).T
        t = np.clip(v / self.height, 0, 1.2)
        across = 1 - (u / np.maximum(lerp(self.low, self.high, t), 1e-3)) ** 2
        bend = self.wrap * across * t * (2 - t) + self.curl * t**2
        sin, cos = math.sin(self.recline_rad), math.cos(self.recline_rad)
        y = self.seat.rail_y + v * cos + w * sin
        return np.stack([u, y, self.seat.back_z - v * sin - bend + w * cos], 1)

    def point(self, u: float, v: float, w: float = 0.0) -> np.ndarray:
        """One point of the sheet in the world."""
        return self.place(np.array([[u, v, w]]))[0]


def upright(
    plan: BackPlan, ends: tuple[tuple[float, float], tuple[float, float]], section: np.ndarray
) -> prim.Mesh:
    """A bar between two (u, v) of the sheet, rather upright; the section's axes are u and w."""
    a, b = (np.array([u, v, 0.0]) for u, v in ends)
    path = lerp(a, b, np.linspace(0, 1, 8)[:, None])
    return prim.sweep(path, section, (0.0, 0.0, 1.0), bevel=0.002).mapped(plan.place)


def level(plan: BackPlan, v: float, half: float, section: np.ndarray, arch: float = 0.0) -> prim.Mesh:
    """A bar across the sheet, arched in its middle; the section's axes are v and w."""
    u = np.linspace(-half, half, 15)
    path = np.stack([u, v + arch * (1 - (u / half) ** 2), 0 * u], 1)
    return prim.sweep(path, section, (0.0, 0.0, 1.0), bevel=0.002).mapped(plan.place)


def bar_section(plan: BackPlan, rng: np.random.Generator, round_bars: bool) -> np.ndarray:
    """Of a stile or a connector."""
    if round_bars:
        return outlines.circle(plan.bar, count=12)
    return outlines.rectangle(2 * plan.bar * rng.uniform(0.9, 1.5), 2 * plan.bar, 0.3 * plan.bar)


@dataclass(frozen=True)
class Panel:
    """A plate in the sheet: a symmetric trapezoid with rounded corners.

    Attributes:
        low, high: Heights of its lower and upper edge.
        low_half, high_half: Half widths there.
        corners: Radii of the lower and upper corners.
        thickness: Along w.
        puff: How far its front bulges; more than 0 is upholstered.
        w: Where its middle lies.
    """

    low: float
    high: float
    low_half: float
    high_half: float
    corners: tuple[float, float]
    thickness: float
    puff: float = 0.0
    w: float = 0.0

    def mesh(self, plan: BackPlan) -> prim.Mesh:
        """The plate, bent as the sheet is."""
        height, steps = self.high - self.low, 3 if self.puff else 1
        narrow = min(height, 1.5 * self.low_half, 1.5 * self.high_half)
        edge = min(self.thickness * (0.45 if self.puff else 0.3), 0.2 * narrow)
        # Corners round enough for the edges, and not so round that nothing is left between them.
        most = min(0.45 * height, min(self.low_half, self.high_half) - 1.5 * edge)
        lower, upper = (float(np.clip(r, 1.35 * edge, most)) for r in self.corners)
        turn = np.linspace(0, math.pi / 2, 6)
        rise, cut = 1 - np.cos(turn), 1 - np.sin(turn)
        low, high = self.low + lower, self.high - upper
        between = np.linspace(low, high, max(2, math.ceil((high - low) / 0.06)) + 1)[1:-1]
        v = np.concatenate([self.low + lower * rise, between, (self.high - upper * rise)[::-1]])
        half = lerp(self.low_half, self.high_half, (v - self.low) / height)
        half = half - np.concatenate([lower * cut, 0 * between, (upper * cut)[::-1]])
        plate = prim.plate(
            half, v, self.thickness, edge, steps, self.puff, 15 if plan.wrap or self.puff else 7
        )
        return plate.moved([0, 0, self.w]).mapped(plan.place)


def _panel_corners(rng: np.random.Generator, small: float) -> tuple[float, float]:
    """Radii of the corners of a panel whose shorter side is `small`: little, much, or an arch."""
    kind = pick(rng, {"sharp": 1, "soft": 1.5, "arch": 0.7})
    top = {"sharp": 0.02, "soft": rng.uniform(0.1, 0.3) * small, "arch": 0.5 * small}[kind]
    return min(top, rng.uniform(0.01, 0.06)), top


def add_panel_back(assembly: Assembly, rng: np.random.Generator, plan: BackPlan, padded: bool) -> None:
    """Add a plate that grows out of the seat, or stands off it on two bars or on one support behind it."""
    thick = rng.uniform(0.035, 0.08) if padded else rng.uniform(0.012, 0.026)
    puff = rng.uniform(0.0, 0.02) if padded else 0.0
    mount = pick(rng, {"seat": 1.5, "bars": 1, "support": 1})
    gap = 0.0 if mount == "seat" else plan.v_seat + rng.uniform(0.08, 0.3) * (plan.height - plan.v_seat)
    forward = 0.5 * thick if mount != "seat" else 0.0
    margin = rng.uniform(0.0, 0.25) * plan.low if mount != "seat" else 0.0
    halves = plan.half(gap) + margin, plan.half(plan.height) + margin
    corners = _panel_corners(rng, min(2 * min(halves), plan.height - gap))
    panel = Panel(gap, plan.height, *halves, corners, thick, puff, forward)
    assembly.add("back_panel", PANEL, panel.mesh(plan))
    up_to = gap + rng.uniform(0.3, 0.6) * (plan.height - gap)
    if mount == "bars":
        u = plan.half(gap) * rng.uniform(0.45, 0.8)
        section = bar_section(plan, rng, chance(rng, 0.5))
        assembly.add_pair(
            "back_connector", CONNECTOR, upright(plan, ((min(u, plan.low), 0.0), (u, up_to)), section)
        )
    if mount == "support":
        width = rng.uniform(0.04, 0.12)
        section = outlines.rectangle(width, rng.uniform(0.01, 0.02), 0.004)
        assembly.add("back_support", SUPPORT, upright(plan, ((0.0, 0.0), (0.0, up_to)), section))


def add_barrel_back(assembly: Assembly, rng: np.random.Generator, plan: BackPlan, solid: bool) -> None:
    """Add a back that runs round the seat: a shell, or a bent rail on uprights; it serves as arms too."""
    seat = plan.seat
    inset = plan.bar + 0.012
    half_width = min(seat.width, seat.back_width) / 2 - inset
    half_depth = seat.depth / 2 - inset
    power = 2.0 if seat.outline == "round" else rng.uniform(2.0, 2.6)
    end = rng.uniform(1.1, 1.9)
    drop = rng.uniform(0.0, 0.55) * plan.height
    flare = rng.uniform(0.0, 0.22)
    sharpness = rng.uniform(1.5, 4.0)

    def height(angle: np.ndarray) -> np.ndarray:
        return plan.height - drop * np.abs(angle / end) ** sharpness

    def place(p: np.ndarray) -> np.ndarray:
        """(angle, v, outwards) into the world."""
        angle, v, out = p.T
        grow = flare * np.maximum(v, 0)
        sin, cos = np.sin(angle), np.cos(angle)
        x = (half_width + out + grow) * np.sign(sin) * np.abs(sin) ** (2 / power)
        z = -(half_depth + out + grow) * np.sign(cos) * np.abs(cos) ** (2 / power)
        return np.stack([x, seat.rail_y + v, z], 1)

    if solid:
        thick = rng.uniform(0.018, 0.07)
        v = np.concatenate([np.linspace(0, 0.85, 6), [0.92, 0.97, 1.0]])
        half = end - np.array([0, 0, 0, 0, 0, 0, 0.01, 0.035, 0.08])
        shell = prim.plate(half, v, thick, 0.008, 2, columns=33)
        shell.vertices[:, 1] *= height(shell.vertices[:, 0])
        assembly.add("back_shell", PANEL, shell.mapped(place))
        return
    angle = np.linspace(-end, end, 33)
    rail = place(np.stack([angle, height(angle), 0 * angle], 1))
    crest = rng.uniform(0.9, 2.5) * plan.bar
    section = outlines.rectangle(2 * plan.bar, 2 * crest, 0.7 * plan.bar)
    assembly.add("back_rail", LOOP, prim.sweep(rail, section, (0.0, 1.0, 0.0), bevel=0.006))
    count = int(rng.integers(2, 8)) * 2 + 1
    upright = outlines.circle(rng.uniform(0.006, 0.011), count=10)
    for i, a in enumerate(np.linspace(-0.93 * end, 0.93 * end, count)):
        v = np.linspace(0.0, float(height(a)), 4)
        post = prim.post(place(np.stack([np.full(4, a), v, 0 * v], 1)), upright)
        assembly.add(f"back_spindle_{i + 1}", VERTICAL, post)


def add_headrest(assembly: Assembly, rng: np.random.Generator, plan: BackPlan) -> None:
    """Add a small cushion above the back, on one or two stems."""
    gap, height = rng.uniform(0.02, 0.06), rng.uniform(0.09, 0.16)
    half = plan.high * rng.uniform(0.45, 0.75)
    low = plan.height + gap
    thick, corner = rng.uniform(0.03, 0.06), rng.uniform(0.015, 0.06)
    rest = Panel(low, low + height, half, half * rng.uniform(0.8, 1.0), (corner, corner), thick, 0.008, 0.012)
    assembly.add("headrest", "chair_head/headrest", rest.mesh(plan))
    label = "chair_head/head_connector"
    section = outlines.rectangle(0.05, 0.012, 0.004)
    reach = plan.height - 0.06, low + 0.5 * height
    if chance(rng, 0.5):
        assembly.add("head_connector", label, upright(plan, ((0.0, reach[0]), (0.0, reach[1])), section))
    else:
        u = 0.55 * half
        stem = upright(plan, ((u, reach[0]), (u, reach[1])), outlines.circle(0.007, count=10))
        assembly.add_pair("head_connector", label, stem)
