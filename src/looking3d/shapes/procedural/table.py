"""The procedural family of tables: dining, coffee, pedestal, desk, trestle, folding, picnic, side tables."""

from __future__ import annotations

import dataclasses

import numpy as np

from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural import table_stand as stands
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.table_desk import add_drawer_band, add_pedestal_desk, add_writing_desk
from looking3d.shapes.procedural.table_legs import LegStyle, add_four_legs, add_frames, add_hairpin_legs
from looking3d.shapes.procedural.table_top import TopPlan, add_apron, add_top

_SHELF = "regular_table/table_base/drawer_base/shelf"
_LEAF = "regular_table/tabletop/tabletop_dropleaf"
_GATE = "regular_table/table_base/regular_leg_base/bar_stretcher"
_PICNIC = "picnic_table/regular_table"


def table(seed: int) -> PartShape:
    """The table of a seed: the same parts for the same seed, everywhere.

    Args:
        seed: At least 0.

    Returns:
        A shape in metres that stands on y = 0 and faces +Z. Its labels are PartNet's, every part is a
        closed mesh, and every part touches another.
    """
    rng = np.random.default_rng(seed)
    assembly = Assembly("table")
    builders = {
        "dining": (_dining, 20),
        "coffee": (_coffee, 15),
        "pedestal": (_pedestal, 13),
        "desk": (_desk, 17),
        "trestle": (_trestle, 9),
        "folding": (_folding, 9),
        "gateleg": (_gateleg, 4),
        "picnic": (_picnic, 5),
        "side": (_side, 8),
    }
    kind = pick(rng, {name: weight for name, (_, weight) in builders.items()})
    builders[kind][0](assembly, rng)
    return PartShape(f"table_{seed:06d}", assembly.grounded(), "table", f"procedural:table seed={seed}")


def _dining(assembly: Assembly, rng: np.random.Generator) -> None:
    """Seats two to ten; on legs with an apron, or on welded frames."""
    width, depth = rng.uniform(0.8, 2.2), rng.uniform(0.7, 1.0)
    odds = {"rect": 3, "rounded": 1.5, "boat": 0.8, "oval": 0.8, "round": 0.8, "octagon": 0.25}
    top = TopPlan.drawn(rng, odds, max(width, depth), depth, rng.uniform(0.71, 0.78))
    planks = top.outline == "rect" and chance(rng, 0.25)
    base = pick(
        rng, {"legs": 5, "frames": 1.2 if top.straight else 0.0, "panels": 0.4 if top.straight else 0.0}
    )
    if base != "legs":
        top = top.square_edged()
    add_top(assembly, rng, top, planks)
    if base == "legs":
        _add_legs(assembly, rng, top, rng.uniform(0.025, 0.048), 0.0 if planks else 0.75, 0.3)
    elif base == "frames":
        x, z = top.spot(rng.uniform(0.08, 0.2))
        add_frames(assembly, rng, top, x + 0.1 * top.width * chance(rng, 0.3), z)
    else:
        stands.add_panel_ends(assembly, rng, top)


def _add_legs(
    assembly: Assembly,
    rng: np.random.Generator,
    top: TopPlan,
    radius: float,
    apron: float,
    stretchers: float,
    casters: float = 0.0,
) -> tuple[float, float, LegStyle]:
    """Legs, and with the probability `apron` rails between them; returns where the legs are."""
    style = LegStyle.drawn(rng, radius)
    with_apron = chance(rng, apron)
    if not with_apron and style.kind in ("cabriole", "block"):
        style = dataclasses.replace(style, kind="square")
    inset = style.radius * (1.05 if style.kind == "cabriole" else 1.0) + rng.uniform(0.004, 0.05)
    x, z = top.spot(inset)
    if with_apron:
        height = rng.uniform(0.06, 0.11) * (1.0 if top.height > 0.6 else 0.75)
        arch = rng.uniform(0.2, 0.5) * height if chance(rng, 0.25) else 0.0
        half = style.radius * (0.92 if style.kind in ("round", "turned", "cabriole") else 1.0)
        add_apron(assembly, top, x, z, half, height, arch)
        style = dataclasses.replace(style, splay=(0.0, 0.0))
    add_four_legs(assembly, rng, top, style, x, z, stretchers, casters)
    return x, z, style


def _coffee(assembly: Assembly, rng: np.random.Generator) -> None:
    """Low, before a sofa; often with a shelf."""
    width, depth = rng.uniform(0.75, 1.3), rng.uniform(0.45, 0.75)
    odds = {"rect": 3, "rounded": 2, "boat": 0.4, "oval": 1.2, "round": 1.8, "octagon": 0.3}
    top = TopPlan.drawn(rng, odds, width, depth, rng.uniform(0.33, 0.5))
    bases = {"legs": 3, "hairpin": 1, "drum": 0.8, "tripod": 0.8 if top.outline in ("round", "oval") else 0.0}
    if top.straight:
        bases |= {"frames": 1.6, "panels": 1.2, "box": 1}
    base = pick(rng, bases)
    if base in ("frames", "panels", "box"):
        top = top.square_edged()
    add_top(
        assembly, rng, top, planks=base in ("legs", "frames") and top.outline == "rect" and chance(rng, 0.2)
    )
    if base == "legs":
        radius = rng.uniform(0.018, 0.034)
        x, z, style = _add_legs(assembly, rng, top, radius, 0.5, 0.0, casters=0.12)
        if max(style.splay) == 0 and style.kind in ("square", "round", "tapered") and chance(rng, 0.65):
            _add_shelf(assembly, rng, top, x, z)
    elif base == "hairpin":
        add_hairpin_legs(assembly, rng, top, *top.spot(0.05))
    elif base == "tripod":
        _add_tripod(assembly, rng, top)
    elif base == "frames":
        add_frames(assembly, rng, top, *top.spot(rng.uniform(0.02, 0.12)))
    elif base == "panels":
        stands.add_panel_ends(assembly, rng, top)
    elif base == "drum":
        stands.add_pedestal(assembly, rng, top, {"drum": 2, "cone": 1, "trumpet": 1})
    else:
        add_drawer_band(assembly, rng, top, on_floor=True)


def _add_shelf(assembly: Assembly, rng: np.random.Generator, top: TopPlan, x: float, z: float) -> None:
    """A board, or slats on two bars, between the legs near the floor; it runs to the legs' middle."""
    y = top.height * rng.uniform(0.22, 0.42)
    t = rng.uniform(0.012, 0.022)
    if chance(rng, 0.6):
        assembly.add("shelf", _SHELF, prim.box((-x, y, -z), (x, y + t, z), 0.003))
        return
    bar = prim.box((x - 0.012, y - 0.03, -z), (x + 0.012, y + 0.0005, z))
    assembly.add_pair("shelf_bar", _GATE, bar)
    count = int(rng.integers(4, 9))
    pitch = 2 * z / count
    for i in range(count):
        low = -z + pitch * i + 0.15 * pitch
        slat = prim.box((-x - 0.01, y, low), (x + 0.01, y + t, low + 0.7 * pitch))
        assembly.add(f"shelf_slat_{i + 1}", _SHELF, slat)


def _add_tripod(assembly: Assembly, rng: np.random.Generator, top: TopPlan) -> None:
    """Three splayed round legs."""
    style = LegStyle.drawn(rng, rng.uniform(0.016, 0.028), {"round": 2, "square": 1})
    reach, height = 0.3 * min(top.width, top.depth), top.below + 0.003
    splay = rng.uniform(0.05, 0.3)
    section = (
        outlines.circle(style.radius, count=16)
        if style.kind == "round"
        else outlines.rectangle(2 * style.radius, 1.6 * style.radius, 0.3 * style.radius)
    )
    for i in range(3):
        angle = 2 * np.pi * i / 3
        ahead = np.array([np.sin(angle), 0.0, np.cos(angle)])
        path = np.stack([ahead * (reach + splay * height), ahead * reach + [0, height, 0]])
        leg = prim.post(path, section, np.array([style.taper, 1.0]))
        assembly.add(f"leg_{i + 1}", "regular_table/table_base/regular_leg_base/leg", leg)


def _pedestal(assembly: Assembly, rng: np.random.Generator) -> None:
    """On one column: a dining table, a cafe table, or a high one to stand at."""
    high = chance(rng, 0.25)
    size = rng.uniform(0.55, 0.8) if high else rng.uniform(0.6, 1.35)
    odds = {"round": 4, "rounded": 1, "rect": 0.8, "octagon": 0.5, "oval": 0.6}
    height = rng.uniform(1.0, 1.12) if high else rng.uniform(0.7, 0.78)
    stretch = rng.uniform(1.0, 1.25)
    top = TopPlan.drawn(rng, odds, size * stretch, size, height)
    add_top(assembly, rng, top)
    stands.add_pedestal(assembly, rng, top)


def _desk(assembly: Assembly, rng: np.random.Generator) -> None:
    """To write at: with pedestals of drawers, with drawers under its top, or raised by columns."""
    width, depth = rng.uniform(0.95, 1.7), rng.uniform(0.5, 0.8)
    top = TopPlan.drawn(rng, {"rect": 4, "rounded": 1}, width, depth, rng.uniform(0.71, 0.77))
    top = dataclasses.replace(
        top, thickness=min(top.thickness, 0.035), corner=min(top.corner, 0.06)
    ).square_edged()
    kind = pick(rng, {"pedestal": 4, "writing": 2.5, "lift": 1.3, "trestle": 0.7})
    if kind == "lift":
        raised = rng.uniform(0.0, 0.35) if chance(rng, 0.5) else 0.0
        top = dataclasses.replace(top, height=top.height + raised)
        add_top(assembly, rng, top)
        stands.add_lifting_legs(assembly, rng, top)
    elif kind == "trestle":
        add_top(assembly, rng, top)
        stands.add_trestles(assembly, rng, top)
    elif kind == "writing":
        add_writing_desk(assembly, rng, top)
    else:
        add_pedestal_desk(assembly, rng, top)


def _trestle(assembly: Assembly, rng: np.random.Generator) -> None:
    """A long top on two trestles."""
    width, depth = rng.uniform(1.3, 2.4), rng.uniform(0.7, 1.0)
    top = TopPlan.drawn(
        rng, {"rect": 3, "rounded": 0.6, "boat": 0.8, "oval": 0.5}, width, depth, rng.uniform(0.72, 0.78)
    )
    planks = top.outline == "rect" and chance(rng, 0.2)
    stands.add_trestles(assembly, rng, top)
    add_top(assembly, rng, top, planks, battens=False)


def _folding(assembly: Assembly, rng: np.random.Generator) -> None:
    """A banquet table on tubes, or a tray table on crossed legs."""
    if chance(rng, 0.55):
        width, depth = rng.uniform(1.1, 1.9), rng.uniform(0.6, 0.8)
        top = TopPlan.drawn(rng, {"rect": 1, "rounded": 2}, width, depth, rng.uniform(0.7, 0.76))
        top = dataclasses.replace(
            top, corner=min(top.corner, 0.1), thickness=rng.uniform(0.02, 0.045)
        ).square_edged()
        add_top(assembly, rng, top)
        stands.add_folding_u(assembly, rng, top)
    else:
        width, depth = rng.uniform(0.45, 0.8), rng.uniform(0.36, 0.6)
        top = TopPlan.drawn(rng, {"rect": 1, "rounded": 1.5}, width, depth, rng.uniform(0.5, 0.72))
        top = dataclasses.replace(
            top, corner=min(top.corner, 0.08), thickness=rng.uniform(0.014, 0.024)
        ).square_edged()
        add_top(assembly, rng, top, planks=top.outline == "rect" and chance(rng, 0.5))
        stands.add_folding_x(assembly, rng, top)


def _gateleg(assembly: Assembly, rng: np.random.Generator) -> None:
    """A narrow table whose leaves hang down at its ends, or are up."""
    depth, height = rng.uniform(0.65, 0.9), rng.uniform(0.71, 0.77)
    top = TopPlan.drawn(rng, {"rect": 1}, rng.uniform(0.3, 0.6), depth, height)
    top = dataclasses.replace(top, thickness=rng.uniform(0.016, 0.024), edge="eased")
    add_top(assembly, rng, top)
    style = LegStyle.drawn(rng, rng.uniform(0.02, 0.03), {"square": 1, "turned": 2, "block": 2})
    style = dataclasses.replace(style, splay=(0.0, 0.0))
    x, z = top.spot(style.radius + 0.012)
    add_apron(assembly, top, x, z, style.radius * 0.9, rng.uniform(0.08, 0.12))
    add_four_legs(assembly, rng, top, style, x, z, 0.0)
    reach, t = rng.uniform(0.3, 0.48), top.thickness
    rounded = chance(rng, 0.5)
    corner = 0.95 * reach if rounded else rng.uniform(0.005, 0.08)
    half = depth / 2
    outline = np.array([(0, -half), (reach, -half), (reach, half), (0, half)])
    leaf = prim.slab(outlines.rounded(outline, [0.003, corner, corner, 0.003], 8), t, 0.0015)
    for name, side in (("left", 1.0), ("right", -1.0)):
        up = chance(rng, 0.5)

        def place(p: np.ndarray, side: float = side, up: bool = up) -> np.ndarray:
            along, above = p[:, 0] + 0.0015, p[:, 2] + top.below
            if not up:
                along, above = p[:, 2] + 0.0015, top.height - 0.001 - p[:, 0]
            return np.stack([side * (top.width / 2 + along), above, p[:, 1]], 1)

        assembly.add(f"leaf_{name}", _LEAF, leaf.mapped(place))
        if up:
            _add_gate(assembly, rng, top, style, side, x, reach)


def _add_gate(
    assembly: Assembly,
    rng: np.random.Generator,
    top: TopPlan,
    style: LegStyle,
    side: float,
    x: float,
    reach: float,
) -> None:
    """A leg swung out under a leaf that is up, tied to the side of the table."""
    name = "left" if side > 0 else "right"
    out = x + 0.72 * reach
    height = top.below + 0.002
    leg = style.mesh(out, 0.0, height).mapped(lambda p: p * [side, 1, 1])
    assembly.add(f"gate_leg_{name}", "regular_table/table_base/regular_leg_base/leg", leg)
    r = 0.55 * style.radius
    section = outlines.rectangle(1.4 * r, 2.6 * r, 0.003)
    # The upper bar meets the apron, the lower ones lead to the legs of that end
    y = height - 0.05
    bar = prim.bar((side * x, y, 0.0), (side * out, y, 0.0), section)
    assembly.add(f"gate_bar_{name}", _GATE, bar)
    low = height * rng.uniform(0.15, 0.25)
    z = top.spot(style.radius + 0.012)[1]
    tie = prim.bar((side * x, low, -z), (side * x, low, z), section)
    assembly.add(f"gate_tie_{name}", _GATE, tie)
    assembly.add(f"gate_foot_{name}", _GATE, prim.bar((side * x, low, 0.0), (side * out, low, 0.0), section))


def _picnic(assembly: Assembly, rng: np.random.Generator) -> None:
    """Planks, two A frames, and benches on the bars that reach through them."""
    width, depth, height = rng.uniform(1.3, 1.9), rng.uniform(0.65, 0.8), rng.uniform(0.7, 0.77)
    t, count = rng.uniform(0.028, 0.04), int(rng.integers(4, 7))
    pitch = depth / count
    for i in range(count):
        z = -depth / 2 + pitch * i
        plank = prim.box((-width / 2, height - t, z + 0.003), (width / 2, height, z + pitch - 0.003), 0.004)
        assembly.add(f"plank_{i + 1}", f"{_PICNIC}/tabletop/tabletop_surface", plank)
    seat, reach = rng.uniform(0.42, 0.46), depth / 2 + rng.uniform(0.2, 0.3)
    wide = rng.uniform(0.2, 0.28)
    x, thick = 0.5 * width * rng.uniform(0.62, 0.75), rng.uniform(0.018, 0.024)
    tall = rng.uniform(0.04, 0.055)
    split = chance(rng, 0.5)
    for name, sign in (("front", 1.0), ("back", -1.0)):
        for i, (low, high) in enumerate(((-0.5, -0.01), (0.01, 0.5)) if split else ((-0.5, 0.5),)):
            z = np.sort(sign * reach + np.array([low, high]) * wide)
            bench = prim.box((-width / 2, seat - t, z[0]), (width / 2, seat, z[1]), 0.004)
            assembly.add(f"bench_{name}_{i + 1}", "picnic_table/bench", bench)
        # The legs of an A, beside the bars that they are bolted to
        foot, head = sign * (reach - rng.uniform(0.0, 0.04)), sign * 0.3 * depth
        path = np.array([(x, 0, foot), (x, height - t - 0.02, head)])
        leg = prim.post(path, outlines.rectangle(2 * thick, 2.4 * tall, 0.003))
        assembly.add_pair(f"leg_{name}", f"{_PICNIC}/table_base/regular_leg_base/leg", leg)
    past = 2 * thick - 0.001
    for name, y, half in (("bench", seat - t, reach + 0.42 * wide), ("top", height - t, 0.46 * depth)):
        low, high = (x - thick - past, y - 2 * tall, -half), (x - thick + 0.001, y + 0.001, half)
        assembly.add_pair(f"connector_{name}", "picnic_table/bench_connector", prim.box(low, high))


def _side(assembly: Assembly, rng: np.random.Generator) -> None:
    """A small one beside a sofa or a bed, or a narrow console."""
    console = chance(rng, 0.4)
    width, depth = (
        (rng.uniform(0.8, 1.3), rng.uniform(0.28, 0.4)) if console else (rng.uniform(0.35, 0.6),) * 2
    )
    height = rng.uniform(0.72, 0.86) if console else rng.uniform(0.45, 0.65)
    odds: dict[str, float] = (
        {"rect": 2, "rounded": 1} if console else {"rect": 2, "rounded": 1, "round": 2.5, "octagon": 0.5}
    )
    top = TopPlan.drawn(rng, odds, width, depth, height)
    top = dataclasses.replace(top, thickness=min(top.thickness, 0.03)).square_edged()
    base = pick(
        rng,
        {
            "legs": 3,
            "drawer": 1.5 if top.outline == "rect" else 0.0,
            "hairpin": 0.8,
            "frames": 1.0 if top.straight else 0.0,
        },
    )
    if base == "drawer":
        add_writing_desk(assembly, rng, top)
        return
    add_top(assembly, rng, top)
    if base == "hairpin":
        add_hairpin_legs(assembly, rng, top, *top.spot(0.04))
    elif base == "frames":
        add_frames(assembly, rng, top, *top.spot(0.025))
    else:
        x, z, style = _add_legs(assembly, rng, top, rng.uniform(0.014, 0.024), 0.6, 0.25)
        if max(style.splay) == 0 and style.kind == "square" and chance(rng, 0.5):
            _add_shelf(assembly, rng, top, x, z)
