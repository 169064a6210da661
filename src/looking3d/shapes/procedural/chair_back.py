"""Backs of chairs: panels, frames with bars, spindles, ladders, crosses, barrels, head rests."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, lerp, pick
from looking3d.shapes.procedural.chair_seat import SeatPlan

PANEL = "chair_back/back_surface/back_single_surface"
VERTICAL = "chair_back/back_surface/back_surface_vertical_bar"
HORIZONTAL = "chair_back/back_surface/back_surface_horizontal_bar"
STILE = "chair_back/back_frame/back_frame_vertical_bar"
RAIL = "chair_back/back_frame/back_frame_horizontal_bar"
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


def _upright(plan: BackPlan, ends: tuple[tuple[float, float], tuple[float, float]], section: np.ndarray) -> prim.Mesh:
    """A bar between two (u, v) of the sheet, rather upright; the section's axes are u and w."""
    a, b = (np.array([u, v, 0.0]) for u, v in ends)
    path = lerp(a, b, np.linspace(0, 1, 8)[:, None])
    return prim.sweep(path, section, (0.0, 0.0, 1.0), bevel=0.002).mapped(plan.place)


def _level(plan: BackPlan, v: float, half: float, section: np.ndarray, arch: float = 0.0) -> prim.Mesh:
    """A bar across the sheet, arched in its middle; the section's axes are v and w."""
    u = np.linspace(-half, half, 15)
    path = np.stack([u, v + arch * (1 - (u / half) ** 2), 0 * u], 1)
    return prim.sweep(path, section, (0.0, 0.0, 1.0), bevel=0.002).mapped(plan.place)


def _sheet_panel(plan: BackPlan, outline: np.ndarray, thickness: float, puff: float = 0.0, w: float = 0.0) -> prim.Mesh:
    """A plate in the sheet, its middle at w; with a puff, upholstered."""
    edge = thickness * (0.45 if puff else 0.3)
    outline = prim.densified(outline, 0.06)
    plate = prim.slab(outline, thickness, edge, 3 if puff else 1, crown=puff, inner_rings=4)
    return plate.moved([0, 0, w - thickness / 2]).mapped(plan.place)


def _section(plan: BackPlan, rng: np.random.Generator, round_bars: bool) -> np.ndarray:
    if round_bars:
        return prim.circle(plan.bar, count=12)
    return prim.rectangle(2 * plan.bar * rng.uniform(0.9, 1.5), 2 * plan.bar, 0.3 * plan.bar)


def _add_stiles(assembly: Assembly, plan: BackPlan, section: np.ndarray, top: float) -> None:
    stile = _upright(plan, ((plan.low, 0.0), (plan.half(top), top)), section)
    assembly.add_pair("back_stile", STILE, stile)


def _panel_outline(rng: np.random.Generator, plan: BackPlan, low: float, high: float, margin: float) -> np.ndarray:
    """A trapezoid in the sheet between two heights, its corners rounded little or much, or an arch."""
    widths = 2 * (plan.half(low) + margin), 2 * (plan.half(high) + margin)
    small = min(*widths, high - low)
    kind = pick(rng, {"sharp": 1, "soft": 1.5, "arch": 0.7})
    top = {"sharp": 0.02, "soft": rng.uniform(0.1, 0.3) * small, "arch": 0.48 * small}[kind]
    bottom = min(top, rng.uniform(0.01, 0.06))
    return prim.trapezoid(*widths, low, high, [bottom, bottom, top, top], steps=6)


def add_panel_back(assembly: Assembly, rng: np.random.Generator, plan: BackPlan, padded: bool) -> None:
    """Add a plate that grows out of the seat, or stands off it on two bars or on one support behind it."""
    thick = rng.uniform(0.035, 0.08) if padded else rng.uniform(0.012, 0.026)
    puff = rng.uniform(0.0, 0.02) if padded else 0.0
    mount = pick(rng, {"seat": 1.5, "bars": 1, "support": 1})
    gap = 0.0 if mount == "seat" else plan.v_seat + rng.uniform(0.08, 0.3) * (plan.height - plan.v_seat)
    forward = 0.5 * thick if mount != "seat" else 0.0
    outline = _panel_outline(rng, plan, gap, plan.height, 0.0)
    assembly.add("back_panel", PANEL, _sheet_panel(plan, outline, thick, puff, forward))
    up_to = gap + rng.uniform(0.3, 0.6) * (plan.height - gap)
    if mount == "bars":
        u = plan.half(gap) * rng.uniform(0.45, 0.8)
        section = _section(plan, rng, chance(rng, 0.5))
        assembly.add_pair("back_connector", CONNECTOR, _upright(plan, ((min(u, plan.low), 0.0), (u, up_to)), section))
    if mount == "support":
        width = rng.uniform(0.04, 0.12)
        section = prim.rectangle(width, rng.uniform(0.01, 0.02), 0.004)
        assembly.add("back_support", SUPPORT, _upright(plan, ((0.0, 0.0), (0.0, up_to)), section))


def add_frame_back(assembly: Assembly, rng: np.random.Generator, plan: BackPlan, filling: str) -> None:
    """Add two stiles and a top rail (or one bent frame), filled.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        plan: The sheet.
        filling: `slats`, `spindles`, `ladder`, `cross`, `panel`, `splat`, `grid` or `rail` (nothing).
    """
    round_bars = filling == "spindles" or chance(rng, 0.4)
    section = _section(plan, rng, round_bars)
    rail_half = rng.uniform(0.8, 2.6) * plan.bar if round_bars is False else plan.bar
    crest = rng.uniform(0.025, 0.06) if chance(rng, 0.6) else rail_half
    if filling == "rail":
        crest = rng.uniform(0.05, 0.11)
    crest_section = prim.rectangle(2 * crest, 1.8 * plan.bar, 0.5 * plan.bar)
    arch = rng.uniform(0.0, 0.05) if chance(rng, 0.45) else 0.0
    top = plan.height - crest
    if filling not in ("rail", "ladder") and plan.height > 0.4 and chance(rng, 0.3):
        edge = _add_hoop(assembly, rng, plan, section, top)
    else:
        edge = _Edge.of_rail(plan, top, arch)
        _add_stiles(assembly, plan, section, plan.height - (0.0 if chance(rng, 0.5) else crest))
        over = rng.uniform(0.0, 0.03) + plan.bar if chance(rng, 0.4) else 0.0
        assembly.add("back_top_rail", RAIL, _level(plan, top, plan.half(top) + over, crest_section, arch))
    if filling == "ladder":
        _add_ladder(assembly, rng, plan, top - crest)
    elif filling != "rail":
        low = _lower_rail(assembly, rng, plan, rail_half, filling)
        _fill(assembly, rng, plan, filling, low, edge)


@dataclass(frozen=True)
class _Edge:
    """The middle line of what surrounds a filling: stiles and rail, or a hoop.

    Attributes:
        u, v: (n,) of the left half, from the middle of the top to the rail on the seat.
        rounding: Radius of the upper corners.
    """

    u: np.ndarray
    v: np.ndarray
    rounding: float

    @classmethod
    def of_rail(cls, plan: BackPlan, top: float, arch: float) -> _Edge:
        u = np.linspace(0, plan.half(top), 9)
        v = top + arch * (1 - (u / u[-1]) ** 2)
        return cls(np.append(u, plan.low), np.append(v, 0.0), 0.004)

    def top_at(self, u: float) -> float:
        """Height of the edge above u, which lies inside the upper end of the stiles."""
        widest = int(np.argmax(self.u >= self.u.max() - 1e-9)) if self.u[-1] < self.u.max() else len(self.u) - 1
        return float(np.interp(abs(u), self.u[: widest + 1], self.v[: widest + 1]))

    def half_at(self, v: float) -> float:
        """Half width of the edge at v."""
        return float(np.interp(v, self.v[::-1], self.u[::-1]))


def _add_hoop(assembly: Assembly, rng: np.random.Generator, plan: BackPlan, section: np.ndarray, top: float) -> _Edge:
    """One bent bar up, across and down."""
    half = plan.half(top)
    corners = np.array([(-plan.low, 0, 0), (-half, top, 0), (half, top, 0), (plan.low, 0, 0)], float)
    # The stiles stay straight as high as arms may reach.
    radius = min(rng.uniform(0.06, 0.3), max(0.05, top - 0.32))
    path = prim.filleted(corners, radius, steps=10)
    # Straight stretches get points too, or they would not follow the sheet's bend.
    pieces = [np.linspace(a, b, 6 if np.linalg.norm(b - a) > 0.1 else 2)[:-1] for a, b in zip(path, path[1:])]
    path = np.concatenate([*pieces, path[-1:]])
    hoop = prim.sweep(path, section, (0.0, 0.0, 1.0)).mapped(plan.place)
    assembly.add("back_hoop", LOOP, hoop)
    left = path[path[:, 0] > 0]
    return _Edge(np.append(0.0, left[:, 0]), np.append(top, left[:, 1]), radius)


def _lower_rail(assembly: Assembly, rng: np.random.Generator, plan: BackPlan, rail_half: float, filling: str) -> float:
    """Where the filling starts: on a rail above the seat, or in the seat itself (v = 0)."""
    if filling in ("slats", "spindles") and plan.seat.kind != "cushion" and chance(rng, 0.6):
        return 0.0
    v = plan.v_seat + rail_half + rng.uniform(0.03, 0.25) * (plan.height - plan.v_seat)
    section = prim.rectangle(2 * rail_half, 1.5 * plan.bar, 0.3 * plan.bar)
    assembly.add("back_lower_rail", RAIL, _level(plan, v, plan.half(v), section))
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
        top = edge.v[-2] if edge.rounding < 0.01 else high
        widths = 2 * plan.half(low), 2 * plan.half(top)
        outline = prim.trapezoid(*widths, low, top, [0.004, 0.004, edge.rounding, edge.rounding], steps=8)
        assembly.add("back_panel", PANEL, _sheet_panel(plan, outline, 1.1 * plan.bar))
        return
    if filling == "splat":
        _add_splat(assembly, rng, plan, low, high)
        return
    if filling == "cross":
        section = prim.rectangle(plan.bar * 1.6, plan.bar, 0.2 * plan.bar)
        u = plan.half(high) * (1.0 if edge.rounding < 0.01 else 0.7)
        for name, sign in (("a", 1), ("b", -1)):
            ends = (sign * plan.half(low), low), (-sign * u, edge.top_at(u))
            assembly.add(f"back_diagonal_{name}", VERTICAL, _upright(plan, ends, section))
        return
    spindles = filling == "spindles"
    pitch = rng.uniform(0.045, 0.09) if spindles else rng.uniform(0.06, 0.14)
    width = rng.uniform(0.3, 0.65) * pitch
    radius = rng.uniform(0.005, 0.009)
    section = prim.circle(radius, count=10) if spindles else prim.rectangle(width, 0.9 * plan.bar, 0.002)
    if filling == "grid":
        section = prim.rectangle(1.2 * plan.bar, 0.9 * plan.bar, 0.002)
        pitch *= 1.3
    count = int(np.clip(round(2 * plan.half(low) / pitch) - 1, 2, 12))
    fan = rng.uniform(0.45, 0.95) if spindles and chance(rng, 0.4) else 1.0
    for i in range(count):
        s = (2 * (i + 1) / (count + 1)) - 1
        top = s * 0.97 * edge.u.max() if plan.high > plan.low else s * plan.half(high)
        ends = (s * plan.half(low) * fan, low), (top, edge.top_at(top))
        assembly.add(f"back_{'spindle' if spindles else 'slat'}_{i + 1}", VERTICAL, _upright(plan, ends, section))
    if filling == "grid":
        section = prim.rectangle(1.2 * plan.bar, 0.8 * plan.bar, 0.002)
        rows = int(rng.integers(1, 4))
        for i in range(rows):
            v = float(lerp(low, high, (i + 1) / (rows + 1)))
            assembly.add(f"back_bar_{i + 1}", HORIZONTAL, _level(plan, v, edge.half_at(v), section))


def _add_splat(assembly: Assembly, rng: np.random.Generator, plan: BackPlan, low: float, high: float) -> None:
    """A shaped board in the middle, wider and narrower as a vase."""
    v = np.linspace(low, high, 15)
    t = (v - low) / (high - low)
    half = rng.uniform(0.2, 0.4) * plan.low
    waist, phase = rng.uniform(0.0, 0.45), rng.uniform(0, 2 * math.pi)
    profile = half * (1 + waist * np.sin(2 * math.pi * rng.uniform(0.6, 1.4) * t + phase))
    section = prim.rectangle(1.0, 0.7 * plan.bar, 0.003)
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
    section = prim.rectangle(2 * half, 1.1 * plan.bar, 0.3 * plan.bar)
    for i in range(count):
        v = float(lerp(low, high, (i + 0.5) / count))
        assembly.add(f"back_rung_{i + 1}", HORIZONTAL, _level(plan, v, plan.half(v), section, arch))


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
        unit = prim.densified(prim.rounded(np.array([(-end, 0), (end, 0), (end, 1), (-end, 1)]), [0.012, 0.012, 0.1, 0.1]), 0.13)
        shell = prim.slab(unit, thick, 0.008, inner_rings=4)
        shell.vertices[:, 1] *= height(shell.vertices[:, 0])
        assembly.add("back_shell", PANEL, shell.moved([0, 0, -0.5 * thick]).mapped(place))
        return
    angle = np.linspace(-end, end, 33)
    rail = place(np.stack([angle, height(angle), 0 * angle], 1))
    crest = rng.uniform(0.9, 2.5) * plan.bar
    section = prim.rectangle(2 * plan.bar, 2 * crest, 0.7 * plan.bar)
    assembly.add("back_rail", LOOP, prim.sweep(rail, section, (0.0, 1.0, 0.0), bevel=0.006))
    count = int(rng.integers(2, 8)) * 2 + 1
    upright = prim.circle(rng.uniform(0.006, 0.011), count=10)
    for i, a in enumerate(np.linspace(-0.93 * end, 0.93 * end, count)):
        v = np.linspace(0.0, float(height(a)), 4)
        post = prim.post(place(np.stack([np.full(4, a), v, 0 * v], 1)), upright)
        assembly.add(f"back_spindle_{i + 1}", VERTICAL, post)


def add_headrest(assembly: Assembly, rng: np.random.Generator, plan: BackPlan) -> None:
    """Add a small cushion above the back, on one or two stems."""
    gap, height = rng.uniform(0.02, 0.06), rng.uniform(0.09, 0.16)
    half = plan.high * rng.uniform(0.45, 0.75)
    low = plan.height + gap
    outline = prim.trapezoid(2 * half, 2 * half * rng.uniform(0.8, 1.0), low, low + height, 0.035, steps=5)
    rest = _sheet_panel(plan, outline, rng.uniform(0.03, 0.06), 0.008, 0.012)
    assembly.add("headrest", "chair_head/headrest", rest)
    label = "chair_head/head_connector"
    section = prim.rectangle(0.05, 0.012, 0.004)
    reach = plan.height - 0.06, low + 0.5 * height
    if chance(rng, 0.5):
        assembly.add("head_connector", label, _upright(plan, ((0.0, reach[0]), (0.0, reach[1])), section))
    else:
        u = 0.55 * half
        stem = _upright(plan, ((u, reach[0]), (u, reach[1])), prim.circle(0.007, count=10))
        assembly.add_pair("head_connector", label, stem)
