"""Tables with drawers: pedestal desks, writing desks, low boxes."""

from __future__ import annotations

import dataclasses

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.casework import DESK, Casework, Cell, FrontStyle
from looking3d.shapes.procedural.fittings import CasterStyle, add_casters, corners
from looking3d.shapes.procedural.table_legs import LegStyle
from looking3d.shapes.procedural.table_top import TopPlan, add_top

_DRAWERS = DESK[0]


def add_pedestal_desk(assembly: Assembly, rng: np.random.Generator, top: TopPlan) -> None:
    """Add a desk with a stack of drawers on one side or both, and panels or legs on the other."""
    add_top(assembly, rng, top)
    fronts = _fronts(rng)
    depth = top.depth - rng.uniform(0.0, 0.05) - (0.0 if fronts.inset else fronts.thickness)
    board = rng.uniform(0.016, 0.024)
    work = Casework(assembly, DESK, fronts, board, depth)
    wide = rng.uniform(0.32, 0.44)
    edge = top.width / 2 - rng.uniform(0.005, 0.05)
    sides = [1.0, -1.0] if top.width > 1.2 and chance(rng, 0.45) else [float(rng.choice([1.0, -1.0]))]
    footed = chance(rng, 0.35)
    low = rng.uniform(0.08, 0.16) if footed else 0.0
    for side in sides:
        x = (edge - wide, edge) if side > 0 else (-edge, wide - edge)
        inner_x, inner_y = work.carcass(x, (low, top.below + 0.001), top=False)
        (cell,) = work.columns(inner_x, inner_y, [1.0], (1.0, 0.0))
        _fill_stack(work, rng, cell)
        if footed:
            _add_feet(assembly, rng, side, x, depth, low)
    if len(sides) == 1:
        _add_far_side(assembly, rng, work, -sides[0] * edge, depth, top)
    if not footed or len(sides) == 2:
        _add_modesty(work, rng, top, sides, edge, wide, board)
    if chance(rng, 0.4):
        _add_middle(assembly, rng, work, top, sides, edge, wide)


def _fronts(rng: np.random.Generator) -> FrontStyle:
    style = FrontStyle.drawn(rng, 0.7)
    return dataclasses.replace(style, inset=style.inset and chance(rng, 0.5), hinges=False)


def _fill_stack(work: Casework, rng: np.random.Generator, cell: Cell) -> None:
    """Drawers, or a door under a drawer."""
    if chance(rng, 0.25):
        lower, upper = work.rows(cell, [rng.uniform(2, 3), 1], [work.fronts.inset])
        work.doors(
            lower, pick(rng, {"left": 1, "right": 1}), rng.uniform(0.3, 1.6) if chance(rng, 0.2) else 0.0
        )
        work.drawer(upper)
        return
    count = int(rng.integers(2, 5))
    growth = rng.uniform(0, 0.5)
    pulled = int(rng.integers(count)) if chance(rng, 0.2) else -1
    shares = [1 + growth * (i == 0) for i in range(count)]
    for i, row in enumerate(work.rows(cell, shares, [work.fronts.inset] * (count - 1))):
        work.drawer(row, rng.uniform(0.1, 0.3) if i == pulled else 0.0)


def _add_feet(
    assembly: Assembly,
    rng: np.random.Generator,
    side: float,
    x: tuple[float, float],
    depth: float,
    low: float,
) -> None:
    """Four short legs under a stack."""
    r = 0.018
    name = "left" if side > 0 else "right"
    for i, (dx, z) in enumerate(corners((x[1] - x[0]) / 2 - 2 * r, depth / 2 - 2 * r), 1):
        at = (x[0] + x[1]) / 2 + dx
        foot = prim.post(
            np.array([(at, 0, z), (at, low + 0.002, z)]), outlines.circle(r, count=16), np.array([0.7, 1.0])
        )
        assembly.add(f"foot_{name}_{i}", f"{_DRAWERS}/foot", foot)


def _add_far_side(
    assembly: Assembly, rng: np.random.Generator, work: Casework, x: float, depth: float, top: TopPlan
) -> None:
    """What carries the end without drawers: a panel, or two legs and a rail."""
    inward = -np.sign(x)
    if chance(rng, 0.55):
        ends = sorted((x, x + inward * work.board))
        work.panel(
            "side", "vertical_side_panel", (ends[0], 0, work.back), (ends[1], top.below + 0.001, work.front)
        )
        return
    style = LegStyle.drawn(
        rng, rng.uniform(0.016, 0.028), {"square": 2, "round": 1, "tapered": 1, "turned": 0.7}
    )
    at = abs(x) - 1.4 * style.radius
    z = depth / 2 - 1.4 * style.radius
    leg = style.mesh(at, z, top.below + 0.003).mapped(lambda p: p * [np.sign(x), 1, 1])
    assembly.add("leg_front", f"{_DRAWERS}/leg", leg)
    assembly.add("leg_back", f"{_DRAWERS}/leg", leg.mapped(lambda p: p * [1, 1, -1]))
    low = (np.sign(x) * at - 0.01, top.below - 0.06, -z)
    assembly.add("rail", f"{_DRAWERS}/bar_stretcher", prim.box(low, (low[0] + 0.02, top.below + 0.001, z)))


def _add_modesty(
    work: Casework,
    rng: np.random.Generator,
    top: TopPlan,
    sides: list[float],
    edge: float,
    wide: float,
    board: float,
) -> None:
    """A panel behind the knees."""
    left = edge - wide if 1.0 in sides else edge - 0.002
    right = wide - edge if -1.0 in sides else 0.002 - edge
    z = work.back + rng.uniform(0.02, 0.15)
    low = top.below * rng.uniform(0.25, 0.65)
    work.add(
        "modesty_panel",
        f"{_DRAWERS}/back_panel",
        prim.box((right - 0.001, low, z), (left + 0.001, top.below + 0.001, z + board)),
    )


def _add_middle(
    assembly: Assembly,
    rng: np.random.Generator,
    work: Casework,
    top: TopPlan,
    sides: list[float],
    edge: float,
    wide: float,
) -> None:
    """A shallow drawer over the knees, or a tray for a keyboard on two hangers."""
    left = edge - wide if 1.0 in sides else edge - 0.06
    right = wide - edge if -1.0 in sides else 0.06 - edge
    if len(sides) == 2 and chance(rng, 0.6):
        deep = rng.uniform(0.07, 0.1)
        floor = (right, top.below - deep, work.back + 0.2), (left, top.below - deep + 0.012, work.front)
        work.panel("knee_bottom", "bottom_panel", *floor)
        low, high = (right + 0.002, top.below - deep + 0.012), (left - 0.002, top.below - 0.001)
        cell = Cell(low, high, (right, low[1] - 0.01), (left, high[1]))
        work.drawer(cell)
        return
    half = min(0.3, (left - right) / 2 - 0.03)
    middle, y = (left + right) / 2, top.below - rng.uniform(0.08, 0.12)
    z = top.depth / 2 - 0.28 + rng.uniform(0.0, 0.2)
    tray = prim.box((middle - half, y, z), (middle + half, y + 0.016, z + 0.28))
    assembly.add("keyboard_tray", f"{_DRAWERS}/keyboard_tray/keyboard_tray_surface", tray)
    for name, side in (("left", 1.0), ("right", -1.0)):
        x = middle + side * (half - 0.02)
        back = min(z + 0.2, top.depth / 2 - 0.03)
        hanger = prim.box((x - 0.008, y + 0.015, z + 0.02), (x + 0.008, top.below + 0.001, back))
        assembly.add(f"tray_hanger_{name}", f"{_DRAWERS}/tabletop_connector", hanger)


def add_writing_desk(assembly: Assembly, rng: np.random.Generator, top: TopPlan) -> None:
    """Add a top, a band of drawers under it, and four legs."""
    add_drawer_band(assembly, rng, top, on_floor=False)
    add_top(assembly, rng, top)


def add_drawer_band(assembly: Assembly, rng: np.random.Generator, top: TopPlan, on_floor: bool) -> None:
    """Add a low box with drawers or open bays under the top, on legs, or on the floor or on casters."""
    fronts = _fronts(rng)
    past = rng.uniform(0.0, 0.02) + (0.0 if fronts.inset else fronts.thickness)
    width, depth = top.width - 2 * rng.uniform(0.0, 0.04), top.depth - 2 * past
    board = rng.uniform(0.014, 0.02)
    work = Casework(assembly, DESK, fronts, board, depth)
    x = (-width / 2, width / 2)
    if on_floor:
        low = 0.0
        if chance(rng, 0.35):
            style = CasterStyle.drawn(rng, 0.022)
            low = style.height
            spots = corners(width / 2 - 0.04, depth / 2 - 0.04)
            add_casters(assembly, rng, f"{_DRAWERS}/caster", style, spots)
    else:
        low = top.below - rng.uniform(0.09, 0.16)
        _add_band_legs(assembly, rng, width, depth, low)
    inner_x, inner_y = work.carcass(
        x, (low, top.below + 0.001), top=False, back=not on_floor or chance(rng, 0.6)
    )
    count = 1 if width < 0.7 else int(rng.integers(1, 4))
    shares = [1.0] * count
    if count == 3:
        shares[1] = rng.uniform(1.0, 1.6)
    open_bay = int(rng.integers(count)) if chance(rng, 0.4 if on_floor else 0.2) else -1
    pulled = int(rng.integers(count)) if chance(rng, 0.15) else -1
    for i, cell in enumerate(work.columns(inner_x, inner_y, shares, (1.0, 0.0))):
        if i == open_bay:
            continue
        if on_floor and cell.size[1] > 0.22 and chance(rng, 0.7):
            lower, upper = work.rows(cell, [1, 1], [True])
            work.drawer(lower)
            if chance(rng, 0.5):
                work.drawer(upper)
            continue
        work.drawer(cell, rng.uniform(0.08, 0.2) if i == pulled else 0.0)


def _add_band_legs(
    assembly: Assembly, rng: np.random.Generator, width: float, depth: float, low: float
) -> None:
    kinds = {"square": 2, "tapered": 2, "round": 1.5, "turned": 1, "cabriole": 0.7}
    style = LegStyle.drawn(rng, rng.uniform(0.014, 0.024), kinds)
    r = style.radius
    x, z = width / 2 - r - 0.002, depth / 2 - r - 0.002
    if style.kind == "cabriole":
        x, z = x - 0.01, z - 0.01
    leg = style.mesh(x, z, low + 0.002)
    assembly.add_pair("leg_front", f"{_DRAWERS}/leg", leg)
    assembly.add_pair("leg_back", f"{_DRAWERS}/leg", leg.mapped(lambda p: p * [1, 1, -1]))
    if style.kind in ("square", "round") and chance(rng, 0.3):
        y = low * rng.uniform(0.15, 0.35)
        front = style.at(x, z, y, low)
        section_box = np.array([0.008, 0.012, 0.0])
        a, b = front * [1, 1, -1] - section_box, front + section_box
        assembly.add_pair("stretcher_side", f"{_DRAWERS}/bar_stretcher", prim.box(a, b))
        a, b = front * [-1, 1, 0] - [0, 0.012, 0.008], front * [1, 1, 0] + [0, 0.012, 0.008]
        assembly.add("stretcher_middle", f"{_DRAWERS}/bar_stretcher", prim.box(a, b))
