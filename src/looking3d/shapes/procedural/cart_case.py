"""Carts of boards and sheet: tea trolleys, tool carts with drawers, kitchen carts, trucks for books."""

from __future__ import annotations

import math

import numpy as np

from looking3d.shapes.procedural import cart_parts as parts
from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.casework import Casework, Cell, FrontStyle
from looking3d.shapes.procedural.shelf_parts import slatted_deck
from looking3d.shapes.procedural.table_legs import LegStyle

LABELS = ("cart_body", "cart_frame")
"""Where labels of fronts, and of the boards around them, stand below the root."""


def add_tea_trolley(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add wooden legs with two boards, wheels with spokes or casters, and a bar to push by."""
    x, z, top = rng.uniform(0.27, 0.38), rng.uniform(0.18, 0.24), rng.uniform(0.62, 0.76)
    style = LegStyle.drawn(
        rng, rng.uniform(0.013, 0.019), {"square": 2, "round": 1.5, "turned": 1.3, "block": 1.0}
    )
    half = style.radius
    feet = {1.0: 0.0, -1.0: 0.0}
    if chance(rng, 0.6):
        radius = rng.uniform(0.09, 0.17)
        spokes = int(rng.integers(3, 7)) if chance(rng, 0.8) else 0
        parts.add_big_wheels(assembly, rng, radius, rng.uniform(0.02, 0.03), z + half, -x, spokes, "z")
        feet[-1.0] = radius - 0.014
    else:
        feet = dict.fromkeys(feet, parts.add_cart_casters(assembly, rng, rng.uniform(0.022, 0.035), x, z))
    above = rng.uniform(0.0, 0.05)
    for name, sign in (("left", 1.0), ("right", -1.0)):
        straight = LegStyle(style.kind, half, 1.0, (0.0, 0.0), style.profile, style.edge)
        leg = straight.mesh(x, z, top + above, feet[sign]).mapped(lambda p, s=sign: p * [s, 1, 1])
        assembly.add(f"post_front_{name}", parts.POST, leg)
        assembly.add(f"post_back_{name}", parts.POST, leg.mapped(lambda p: p * [1, 1, -1]))
    thick = rng.uniform(0.012, 0.02)
    lowest = max(max(feet.values()) + 0.05, rng.uniform(0.14, 0.24))
    heights = np.linspace(lowest, top - thick, 3 if chance(rng, 0.25) else 2)
    _add_wooden_decks(assembly, rng, x, z, half, heights, thick)
    _add_wooden_handle(assembly, rng, x, z, half, top + above)


def _add_wooden_decks(
    assembly: Assembly,
    rng: np.random.Generator,
    x: float,
    z: float,
    half: float,
    heights: np.ndarray,
    thick: float,
) -> None:
    """Boards between the legs, each on an apron, or with a low rail around it."""
    kind = pick(rng, {"plain": 1, "rim": 2, "apron": 1.5, "slats": 0.6})
    rim = rng.uniform(0.02, 0.045)
    for i, y in enumerate(heights, 1):
        edge_x, edge_z = x + 0.4 * half, z + 0.4 * half
        if kind == "slats":
            assembly.add(
                f"shelf_{i}",
                parts.SHELF,
                slatted_deck((-edge_x, edge_x), (-edge_z, edge_z), y + thick, thick, 6),
            )
        else:
            board = prim.box((-edge_x, y, -edge_z), (edge_x, y + thick, edge_z), 0.002)
            assembly.add(f"shelf_{i}", parts.SHELF, board)
        if kind not in ("rim", "apron"):
            continue
        low, high = (y, y + thick + rim) if kind == "rim" else (y + thick - rim - 0.01, y + thick - 0.001)
        for name, sign in (("front", 1.0), ("back", -1.0)):
            at = sorted((sign * (edge_z - 0.004), sign * (edge_z + 0.009)))
            assembly.add(f"rim_{name}_{i}", parts.BAR, prim.box((-x, low, at[0]), (x, high, at[1]), 0.002))
        side = prim.box((edge_x - 0.004, low + 0.001, -z), (edge_x + 0.009, high - 0.001, z), 0.002)
        assembly.add_pair(f"rim_{i}", parts.BAR, side)


def _add_wooden_handle(
    assembly: Assembly, rng: np.random.Generator, x: float, z: float, half: float, top: float
) -> None:
    """A rod on two arms beyond one end."""
    out, y = rng.uniform(0.06, 0.13), top - rng.uniform(0.02, 0.05)
    rise = rng.uniform(0.0, 0.06)
    arm = outlines.rectangle(1.1 * half, 1.7 * half, 0.25 * half)
    for name, at in (("front", z), ("back", -z)):
        bar = prim.bar((x - 0.5 * half, y, at), (x + out, y + rise, at), arm, bevel=0.001)
        assembly.add(f"handle_arm_{name}", parts.HANDLE_BAR, bar)
    rod = outlines.circle(rng.uniform(0.008, 0.012), count=14)
    end = (x + out - 0.014, y + rise * (out - 0.014) / out)
    assembly.add(
        "handle_rod", parts.HANDLE_BAR, prim.bar((*end, -z - half), (*end, z + half), rod, bevel=0.002)
    )


def add_tool_cart(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a chest of drawers of sheet steel, or a few drawers in an open frame, on casters."""
    width, depth = rng.uniform(0.55, 0.85), rng.uniform(0.38, 0.5)
    fronts = FrontStyle.drawn(rng, 0.5, {"strip": 3, "bar": 2, "bow": 1})
    kind = pick(rng, {"chest": 3, "open": 2, "door": 1.2})
    low = parts.add_cart_casters(
        assembly, rng, rng.uniform(0.045, 0.065), width / 2 - 0.07, depth / 2 - 0.07, fixed=True
    )
    work = Casework(assembly, LABELS, fronts, rng.uniform(0.016, 0.022), depth)
    high = low + rng.uniform(0.55, 0.75)
    inner_x, inner_y = work.carcass((-width / 2, width / 2), (low, high))
    cell = work.columns(inner_x, inner_y, [1.0])[0]
    if kind == "chest":
        shares = rng.uniform(0.7, 1.0, int(rng.integers(4, 7)))
        rows = np.sort(shares)[::-1] * np.linspace(1.5, 0.8, len(shares))
        _add_drawers(work, rng, cell, rows.tolist())
    else:
        lower = rng.uniform(0.45, 0.62)
        below, above = work.rows(cell, [lower, 1 - lower], [True])
        _add_drawers(work, rng, above, [1.0] * int(rng.integers(2, 4)))
        if kind == "door":
            work.doors(
                below,
                "pair" if width > 0.65 else "left",
                math.radians(rng.uniform(20, 90)) * chance(rng, 0.3),
            )
        elif chance(rng, 0.5):
            work.shelves(below, 1)
    _add_tool_top(assembly, rng, width, depth, high)
    _add_side_handle(assembly, rng, width / 2, depth / 2, high)
    if chance(rng, 0.35):
        parts.add_corner_bumpers(assembly, width / 2 - 0.012, depth / 2 - 0.012, low - 0.001, 0.03, 0.035)


def _add_drawers(work: Casework, rng: np.random.Generator, cell: Cell, rows: list[float]) -> None:
    """Drawers above one another, of which one may stand open."""
    cells = work.rows(cell, rows, [False] * (len(rows) - 1))
    opened = int(rng.integers(0, len(cells))) if chance(rng, 0.3) else -1
    for i, row in enumerate(cells):
        work.drawer(row, rng.uniform(0.06, 0.2) if i == opened else 0.0)


def _add_tool_top(
    assembly: Assembly, rng: np.random.Generator, width: float, depth: float, high: float
) -> None:
    """A sheet with a rim to lay tools in, a slab of wood, or a lid."""
    kind, past = pick(rng, {"tray": 2, "slab": 1.5, "raised": 1}), rng.uniform(0.004, 0.02)
    size = width + 2 * past, depth + 2 * past
    if kind == "tray":
        mesh = parts.tray(*size, rng.uniform(0.03, 0.07), 0.004, 0.012)
        assembly.add("top_tray", parts.TRAY, mesh.moved([0, high - 0.001, 0]))
        return
    thick = rng.uniform(0.018, 0.035)
    slab = prim.flat(prim.slab(outlines.rectangle(*size, 0.01, 3), thick, 0.003), high - 0.001)
    assembly.add("top", parts.PLATFORM, slab)
    if kind == "raised":
        y = high + thick - 0.002
        back = prim.box(
            (-width / 2, y, -depth / 2 - past + 0.002), (width / 2, y + 0.09, 0.016 - depth / 2), 0.003
        )
        assembly.add("top_back", parts.BACK, back)


def _add_side_handle(assembly: Assembly, rng: np.random.Generator, x: float, z: float, high: float) -> None:
    """A tube along one end, a hand's breadth away from it."""
    r, out = rng.uniform(0.009, 0.013), rng.uniform(0.05, 0.09)
    y, half = high - rng.uniform(0.04, 0.09), 0.8 * z
    points = [
        (x - 0.004, y, half),
        (x + out, y + 0.02, half),
        (x + out, y + 0.02, -half),
        (x - 0.004, y, -half),
    ]
    assembly.add("push_handle", parts.HANDLE, parts.tube(points, r, 0.03, (0.3, -1.0, 0.0)))
    if chance(rng, 0.5):
        ends = (x + out, y + 0.02, -0.6 * half), (x + out, y + 0.02, 0.6 * half)
        assembly.add("grip", parts.GRIP, prim.bar(*ends, outlines.circle(1.4 * r, count=14), bevel=0.002))


def add_kitchen_cart(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a thick top on posts, with drawers or a cupboard below it, shelves, and a bar for towels."""
    width, depth, top = rng.uniform(0.5, 0.95), rng.uniform(0.4, 0.52), rng.uniform(0.82, 0.93)
    post = rng.uniform(0.018, 0.026)
    x, z = width / 2 - post, depth / 2 - post
    low = 0.0
    casters = pick(rng, {"four": 3, "wheels": 1})
    if casters == "four":
        low = parts.add_cart_casters(assembly, rng, rng.uniform(0.025, 0.042), x, z)
    else:
        radius = rng.uniform(0.05, 0.08)
        parts.add_big_wheels(assembly, rng, radius, 0.022, z + post, -x, 0, "z")
    for name, sign in (("left", 1.0), ("right", -1.0)):
        foot = low if casters == "four" or sign > 0 else 0.05
        for end, at in (("front", z), ("back", -z)):
            box = prim.box(
                (sign * x - post, foot, at - post), (sign * x + post, top - 0.03, at + post), 0.003
            )
            assembly.add(f"post_{end}_{name}", parts.POST, box)
    past, thick = rng.uniform(0.0, 0.03), rng.uniform(0.028, 0.05)
    slab = outlines.rectangle(width + 2 * past, depth + 2 * past, rng.uniform(0.004, 0.03), 4)
    assembly.add("top", parts.PLATFORM, prim.flat(prim.slab(slab, thick, 0.004), top - 0.031))
    _add_cupboard(assembly, rng, x - post, z, post, top - 0.03)
    count, t = int(rng.integers(1, 3)), rng.uniform(0.012, 0.02)
    for i, y in enumerate(np.linspace(low + 0.13, low + 0.13 + 0.25 * (count - 1), count), 1):
        edge_x, edge_z = (-x - 0.4 * post, x + 0.4 * post), (-z - 0.4 * post, z + 0.4 * post)
        if chance(rng, 0.7):
            mesh = slatted_deck(edge_x, edge_z, float(y), t, 6)
        else:
            mesh = prim.box((edge_x[0], y - t, edge_z[0]), (edge_x[1], y, edge_z[1]), 0.002)
        assembly.add(f"shelf_{i}", parts.SHELF, mesh)
    if chance(rng, 0.7):
        end, y = width / 2 + past + rng.uniform(0.04, 0.06), top - 0.012 + 0.5 * thick - 0.02
        points = [
            (width / 2 - post, y, 0.8 * z),
            (end, y, 0.8 * z),
            (end, y, -0.8 * z),
            (width / 2 - post, y, -0.8 * z),
        ]
        assembly.add("towel_bar", parts.HANDLE, parts.tube(points, 0.008, 0.02, (0.0, 1.0, 0.0)))


def _add_cupboard(
    assembly: Assembly, rng: np.random.Generator, x: float, z: float, post: float, high: float
) -> None:
    """Drawers side by side, or over doors, between the posts and under the top."""
    style = FrontStyle.drawn(rng, 0.7)
    tall = rng.uniform(0.12, 0.17) if chance(rng, 0.6) else rng.uniform(0.3, 0.38)
    work = Casework(assembly, LABELS, style, 0.016, 2 * z + 1.4 * post)
    inner_x, inner_y = work.carcass((-x - 0.001, x + 0.001), (high - tall, high + 0.001))
    shares = [1.0] * (1 if x < 0.3 else int(rng.integers(1, 3)))
    for i, cell in enumerate(work.columns(inner_x, inner_y, shares)):
        if tall > 0.25 and chance(rng, 0.6):
            work.doors(cell, "left" if i == 0 else "right")
        elif tall > 0.25:
            _add_drawers(work, rng, cell, [1.2, 1.0])
        else:
            work.drawer(cell, rng.uniform(0.05, 0.15) if chance(rng, 0.15) else 0.0)


def add_book_truck(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add shelves, level or sloping to both sides, between two end panels."""
    x, z = rng.uniform(0.3, 0.48), rng.uniform(0.17, 0.24)
    t, top = rng.uniform(0.018, 0.026), rng.uniform(0.85, 1.1)
    low = parts.add_cart_casters(
        assembly, rng, rng.uniform(0.04, 0.06), x - 0.03, z - 0.03, fixed=chance(rng, 0.5)
    )
    panel = outlines.trapezoid(2 * z, 2 * z * rng.uniform(0.7, 1.0), low, top, [0.01, 0.01, 0.06, 0.06], 4)
    side = prim.slab(panel, t, 0.002).mapped(lambda p: np.stack([p[:, 2] + x - t, p[:, 1], p[:, 0]], 1))
    assembly.add_pair("side", parts.SIDE, side)
    inner = x - t + 0.002
    base = prim.box((-inner, low - 0.001, -0.96 * z), (inner, low + 0.022, 0.96 * z), 0.002)
    assembly.add("base", parts.BOTTOM, base)
    sloping = chance(rng, 0.5)
    tilt = math.radians(rng.uniform(14, 24)) if sloping else 0.0
    first, count = low + (0.1 if sloping else 0.26), int(rng.integers(2, 4))
    for i, y in enumerate(np.linspace(first, top - rng.uniform(0.05, 0.2), count), 1):
        for name, sign in (("front", 1.0), ("back", -1.0)) if sloping else (("", 1.0),):
            reach = 0.82 * z if sloping else 0.86 * z
            board = prim.box(
                (-x + 0.4 * t, 0, -0.01 if sloping else -reach), (x - 0.4 * t, 0.014, reach), 0.002
            )
            turned = _tilted(board, -tilt, sign).moved([0, y, 0])
            assembly.add(f"shelf_{i}{name}", parts.SHELF, turned)
    if sloping:
        spine = prim.box((-x + 0.4 * t, low + 0.02, -0.007), (x - 0.4 * t, top - 0.06, 0.007), 0.002)
        assembly.add("spine", parts.BACK, spine)
    if chance(rng, 0.6):
        _add_side_handle(assembly, rng, x, 0.8 * z, top - 0.06)


def _tilted(mesh: prim.Mesh, angle_rad: float, sign: float) -> prim.Mesh:
    """A board turned about the x axis, for the front (sign 1) or the back."""
    cos, sin = math.cos(angle_rad), math.sin(angle_rad)

    def place(p: np.ndarray) -> np.ndarray:
        y, z = cos * p[:, 1] - sin * p[:, 2], sin * p[:, 1] + cos * p[:, 2]
        return np.stack([p[:, 0], y, sign * z], 1)

    return mesh.mapped(place)
