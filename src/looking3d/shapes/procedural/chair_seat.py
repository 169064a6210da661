"""The seat of a chair, and what its other components need to know of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, lerp, pick

SURFACE = "chair_seat/seat_surface/seat_single_surface"
SLAT = "chair_seat/seat_surface/seat_surface_bar"
FRAME_RING = "chair_seat/seat_frame/seat_holistic_frame"
FRAME_BAR = "chair_seat/seat_frame/seat_frame_bar"
SUPPORT = "chair_seat/seat_support"


@dataclass(frozen=True)
class SeatPlan:
    """What a seat is to be, in metres.

    Attributes:
        kind: `board`, `cushion` (on a board) or `slats` (on four frame bars).
        outline: `rect`, or `round` for an ellipse.
        width, back_width: At the front and at the back.
        depth: From back (z = -depth / 2) to front.
        top: Height of the surface that is sat on.
        board: Thickness of the board, or of the frame bars under slats.
        padding: Thickness of the cushion or of the slats; 0 for a board.
        strip: Depth of the strip at the back that the cushion leaves to the uprights.
        corner: Radius of the corners.
        apron: Height of the frame under the board, four bars or a ring; 0 for none.
    """

    kind: str
    outline: str
    width: float
    back_width: float
    depth: float
    top: float
    board: float
    padding: float
    strip: float
    corner: float
    apron: float

    @property
    def board_top(self) -> float:
        """Height of the board's upper face."""
        return self.top - self.padding

    @property
    def board_bottom(self) -> float:
        """Height of the board's lower face; what stands under a seat reaches a little above it."""
        return self.board_top - self.board

    @property
    def rail_y(self) -> float:
        """Height of the board's middle, where uprights are planted."""
        return self.board_top - self.board / 2

    @property
    def back_z(self) -> float:
        """Where the back's uprights are planted."""
        if self.outline == "round":
            return -0.39 * self.depth
        return -self.depth / 2 + (0.5 * self.board if self.kind == "slats" else 0.5 * self.strip)

    def half_width(self, z: float) -> float:
        """Half of the board's width at z."""
        if self.outline == "round":
            return self.width / 2 * float(np.sqrt(max(0.0, 1 - (2 * z / self.depth) ** 2)))
        return float(lerp(self.back_width, self.width, z / self.depth + 0.5)) / 2

    def spot(self, z_sign: int, inset: float) -> tuple[float, float]:
        """x and z of the left corner at the front (1) or back (-1), moved inwards by `inset`."""
        if self.outline == "round":
            return 0.68 * self.width / 2 - inset, z_sign * (0.68 * self.depth / 2 - inset)
        inset = max(inset, 0.32 * self.corner)
        z = z_sign * (self.depth / 2 - inset)
        return self.half_width(z) - inset, z


_EDGE_PER_CORNER = 0.75
"""An edge rounder than the corner that it runs around would fold over itself."""


def _outline(plan: SeatPlan, corner: float, margin: float = 0.0, strip: float = 0.0) -> np.ndarray:
    """The footprint in x and z, shrunk by a margin, and by a strip at the back."""
    if plan.outline == "round":
        return outlines.circle(plan.width / 2 - margin, plan.depth / 2 - margin, 36)
    low, high = -plan.depth / 2 + margin + strip, plan.depth / 2 - margin
    widths = plan.back_width - 2 * margin, plan.width - 2 * margin
    return outlines.densified(outlines.trapezoid(*widths, low, high, corner, steps=4), 0.12)


def add_seat(assembly: Assembly, rng: np.random.Generator, plan: SeatPlan) -> None:
    """Add the parts of a seat."""
    if plan.kind == "slats":
        _add_slats(assembly, rng, plan)
        return
    label = SUPPORT if plan.kind == "cushion" else SURFACE
    corner = max(plan.corner, 0.006)
    edge = min(plan.board * rng.uniform(0.1, 0.48), 0.012)
    if plan.outline == "rect":
        edge = min(edge, _EDGE_PER_CORNER * corner)
    board = prim.slab(_outline(plan, corner), plan.board, edge, bevel_steps=2)
    assembly.add(
        "seat_board" if plan.kind == "cushion" else "seat", label, prim.flat(board, plan.board_bottom)
    )
    if plan.kind == "cushion":
        _add_cushion(assembly, rng, plan)
    if plan.apron > 0 and plan.outline == "round":
        band = outlines.rectangle(rng.uniform(0.014, 0.02), plan.apron, 0.003, steps=1)
        center = (0.0, plan.board_bottom - plan.apron / 2 + 0.003, 0.0)
        ring = prim.ring(center, rng.uniform(0.38, 0.46) * plan.width, band)
        assembly.add("seat_frame", FRAME_RING, ring)
    elif plan.apron > 0:
        _add_apron(assembly, rng, plan)


def _add_cushion(assembly: Assembly, rng: np.random.Generator, plan: SeatPlan) -> None:
    margin = rng.uniform(-0.01, 0.02)
    thickness = plan.padding + 0.004
    crown = rng.uniform(0.0, 0.3) * thickness
    corner = max(plan.corner, rng.uniform(0.012, 0.05))
    edge = min(0.49 * thickness, 1.0 if plan.outline == "round" else _EDGE_PER_CORNER * corner)
    outline = _outline(plan, corner, margin, plan.strip)
    cushion = prim.slab(outline, thickness, edge, bevel_steps=4, crown=crown, inner_rings=3)
    assembly.add("seat_cushion", SURFACE, prim.flat(cushion, plan.board_top - 0.004))


def _add_apron(assembly: Assembly, rng: np.random.Generator, plan: SeatPlan) -> None:
    """Four bars under the board, between the legs."""
    thick = rng.uniform(0.016, 0.024)
    y = plan.board_bottom - plan.apron / 2 + 0.003
    section = outlines.rectangle(thick, plan.apron, 0.003, steps=1)
    x_front, z_front = plan.spot(1, thick / 2 + 0.02)
    x_back, z_back = plan.spot(-1, thick / 2 + 0.02)
    assembly.add(
        "seat_frame_front", FRAME_BAR, prim.bar((-x_front, y, z_front), (x_front, y, z_front), section)
    )
    assembly.add("seat_frame_back", FRAME_BAR, prim.bar((-x_back, y, z_back), (x_back, y, z_back), section))
    assembly.add_pair(
        "seat_frame_side", FRAME_BAR, prim.bar((x_front, y, z_front), (x_back, y, z_back), section)
    )


def _add_slats(assembly: Assembly, rng: np.random.Generator, plan: SeatPlan) -> None:
    """Four frame bars and slats across them, from side to side or from front to back."""
    b = plan.board
    y, z = plan.rail_y, plan.depth / 2 - b / 2
    section = outlines.rectangle(b, b, 0.003, steps=1)
    front, back = plan.half_width(z) - 0.001, plan.half_width(-z) - 0.001
    assembly.add("seat_frame_front", FRAME_BAR, prim.bar((-front, y, z), (front, y, z), section))
    assembly.add("seat_frame_back", FRAME_BAR, prim.bar((-back, y, -z), (back, y, -z), section))
    side = prim.bar((front - b / 2, y, z), (back - b / 2, y, -z), section)
    assembly.add_pair("seat_frame_side", FRAME_BAR, side)
    across = chance(rng, 0.6)
    span = plan.depth - plan.strip if across else plan.width
    count = int(np.clip(round(span / rng.uniform(0.05, 0.11)), 3, 14))
    pitch = span / count
    half = pitch * rng.uniform(0.55, 0.9) / 2
    low, high = plan.board_top - 0.003, plan.top
    for i in range(count):
        if across:
            z_slat = -plan.depth / 2 + plan.strip + pitch * (i + 0.5)
            x = plan.half_width(z_slat)
            slat = prim.box((-x, low, z_slat - half), (x, high, z_slat + half))
        else:
            # Slats fan out with the seat.
            u = (2 * i + 1 - count) / count
            flat_section = outlines.rectangle(2 * half, high - low, 0.003, steps=1)
            y_slat, z_back = (low + high) / 2, -plan.depth / 2 + plan.strip * 0.5
            ends = (u * plan.width / 2, y_slat, plan.depth / 2), (u * plan.back_width / 2, y_slat, z_back)
            slat = prim.bar(*ends, flat_section, bevel=0.003)
        assembly.add(f"seat_slat_{i + 1}", SLAT, slat)


def random_seat(
    rng: np.random.Generator,
    top: float,
    width: float,
    depth: float,
    kinds: dict[str, float],
    round_share: float = 0.0,
    apron_share: float = 0.0,
) -> SeatPlan:
    """A plan of the given size; the rest is drawn.

    Args:
        rng: Where chance comes from.
        top: Height of the surface that is sat on.
        width: At the front.
        depth: From back to front.
        kinds: Weights of `board`, `cushion` and `slats`.
        round_share: Probability of a round seat.
        apron_share: Probability of a frame under the board.
    """
    kind = pick(rng, kinds)
    is_round = kind != "slats" and chance(rng, round_share)
    back_width = width * (1.0 if chance(rng, 0.35) else rng.uniform(0.78, 1.0))
    board = rng.uniform(0.022, 0.038) if kind == "slats" else rng.uniform(0.016, 0.04)
    padding = {"board": 0.0, "cushion": rng.uniform(0.03, 0.1), "slats": rng.uniform(0.01, 0.02)}[kind]
    corner = 0.0 if kind == "slats" else rng.choice([rng.uniform(0.005, 0.03), rng.uniform(0.03, 0.12)])
    has_apron = kind != "slats" and chance(rng, apron_share)
    return SeatPlan(
        kind=kind,
        outline="round" if is_round else "rect",
        width=width,
        back_width=width if is_round else back_width,
        depth=width if is_round else depth,
        top=top,
        board=board,
        padding=padding,
        strip=rng.uniform(0.028, 0.045),
        corner=0.0 if is_round else float(corner),
        apron=rng.uniform(0.035, 0.08) if has_apron else 0.0,
    )
