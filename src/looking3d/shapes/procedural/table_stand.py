"""What carries a table other than four legs: columns, trestles, panels, crossed and folding legs."""

from __future__ import annotations

import math

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, lerp, pick
from looking3d.shapes.procedural.table_legs import BASE, CONNECTOR, FOOT, LEG, RUNNER, STRETCHER
from looking3d.shapes.procedural.table_top import TopPlan
from looking3d.shapes.procedural.turning import disc, revolved, turned_profile

STAR_LEG = "regular_table/table_base/star_leg_base/star_leg_set/leg"
STAR_COLUMN = "regular_table/table_base/star_leg_base/central_support"
PEDESTAL = "regular_table/table_base/pedestal_base/pedestal"
COLUMN = "regular_table/table_base/pedestal_base/central_support"
PLATE = "regular_table/table_base/pedestal_base/tabletop_connector"


def add_pedestal(
    assembly: Assembly, rng: np.random.Generator, top: TopPlan, kinds: dict[str, float] | None = None
) -> None:
    """Add one column: on a trumpet foot, a disc or plate, a drum, or three to five curved feet."""
    reach = 0.5 * min(top.width, top.depth)
    kind = pick(
        rng, kinds or {"claws": 2.5, "trumpet": 1.5, "disc": 1.5, "cross": 1.2, "drum": 0.6, "cone": 0.5}
    )
    _add_column(assembly, rng, top, kind, reach)


def _add_column(assembly: Assembly, rng: np.random.Generator, top: TopPlan, kind: str, reach: float) -> None:
    high = top.below + 0.002
    if kind == "drum":
        r = reach * rng.uniform(0.5, 0.75)
        waist = rng.uniform(0.6, 1.0)
        s = np.linspace(0, 1, 12)
        profile = np.stack([r * (1 - (1 - waist) * np.sin(math.pi * s)), s * high], 1)
        count = int(rng.choice([8, 12, 40, 40]))
        assembly.add("pedestal", PEDESTAL, revolved(profile, count))
        assembly.add("plinth", PEDESTAL, disc(1.06 * r, 0.0, rng.uniform(0.02, 0.05), 0.004, 40))
        return
    if kind == "cone":
        low, neck = reach * rng.uniform(0.5, 0.7), rng.uniform(0.05, 0.12)
        s = np.linspace(0, 1, 10)
        profile = np.stack([neck + (low - neck) * np.abs(1 - 1.6 * s) ** 1.3, s * high], 1)
        assembly.add("pedestal", PEDESTAL, revolved(profile, 40))
        assembly.add("plinth", PEDESTAL, disc(1.05 * low, 0.0, rng.uniform(0.012, 0.03), 0.006, 40))
        return
    _add_spider(assembly, rng, top, reach)
    high = top.below - 0.012
    if kind == "trumpet":
        foot, neck = reach * rng.uniform(0.5, 0.68), rng.uniform(0.018, 0.04)
        s = np.linspace(0, 1, 22)
        flare = (1 - s) ** rng.uniform(5, 11)
        bell = 0.3 * s ** rng.uniform(6, 12)
        profile = np.stack(
            [neck + (foot - neck) * flare + (0.35 * foot) * bell, 0.008 + s * (high - 0.006)], 1
        )
        assembly.add("pedestal", PEDESTAL, revolved(np.concatenate([[[foot, 0.0]], profile]), 40))
        return
    if kind == "claws":
        _add_claws(assembly, rng, reach, high)
        return
    neck = rng.uniform(0.025, 0.05)
    round_column = chance(rng, 0.7)
    section = (
        outlines.circle(neck, count=20)
        if round_column
        else outlines.rectangle(2 * neck, 2 * neck, 0.15 * neck)
    )
    if kind == "disc":
        thick = rng.uniform(0.012, 0.035)
        foot = reach * rng.uniform(0.55, 0.75)
        if chance(rng, 0.65):
            mesh = disc(foot, 0.0, thick, 0.6 * thick)
        else:
            mesh = prim.flat(
                prim.slab(outlines.rectangle(1.7 * foot, 1.7 * foot, 0.03, 4), thick, 0.3 * thick, 2), 0.0
            )
        assembly.add("pedestal", PEDESTAL, mesh)
        start = thick - 0.002
    else:
        start = _add_cross(assembly, rng, reach)
    assembly.add("column", COLUMN, prim.post(np.array([(0, start, 0), (0, high + 0.002, 0)]), section))


def _add_spider(assembly: Assembly, rng: np.random.Generator, top: TopPlan, reach: float) -> None:
    """A plate or crossed bars between column and top."""
    half = reach * rng.uniform(0.3, 0.6)
    low, high = top.below - 0.014, top.below + 0.001
    if chance(rng, 0.5):
        assembly.add("spider", PLATE, disc(half, low, high, 0.002, 28))
        return
    width = rng.uniform(0.02, 0.04)
    # One bar is let into the other, and is a millimetre lower
    assembly.add("spider_a", PLATE, prim.box((-half, low, -width), (half, high, width), 0.002))
    assembly.add(
        "spider_b", PLATE, prim.box((-width, low - 0.001, -half), (width, high - 0.002, half), 0.002)
    )


def _add_claws(assembly: Assembly, rng: np.random.Generator, reach: float, high: float) -> None:
    """A turned column, and feet that curve out of it to the floor."""
    count = int(rng.choice([3, 3, 4, 4, 5]))
    radius = rng.uniform(0.04, 0.065)
    start = rng.uniform(0.07, 0.16) * high
    profile = turned_profile(rng, int(rng.integers(2, 5)), rng.uniform(0.7, 1.0))
    assembly.add("column", STAR_COLUMN, revolved(profile * [radius, high + 0.002 - start] + [0, start], 24))
    foot = reach * rng.uniform(0.62, 0.82)
    rise = start + rng.uniform(0.08, 0.18) * high
    bow = rng.uniform(0.0, 0.09) * (1 if chance(rng, 0.75) else -0.4)
    thick, tall = rng.uniform(0.013, 0.022), rng.uniform(0.025, 0.036)
    s = np.linspace(0, 1, 14)
    for i in range(count):
        angle = 2 * math.pi * (i + 0.5) / count
        ahead = np.array([math.sin(angle), 0.0, math.cos(angle)])
        path = ahead * (0.3 * radius + (foot - 0.3 * radius) * s)[:, None]
        path[:, 1] = lerp(rise, 0.75 * tall, s) + bow * np.sin(math.pi * s) + 0.02 * np.clip(s - 0.85, 0, 1)
        across = np.array([ahead[2], 0.0, -ahead[0]])
        scale = np.interp(s, [0, 0.6, 0.92, 1.0], [1.15, 0.85, 0.7, 0.75])
        mesh = prim.sweep(path, outlines.rectangle(2 * tall, 2 * thick, 0.5 * thick), across, scale)
        assembly.add(f"star_leg_{i + 1}", STAR_LEG, mesh)


def _add_cross(assembly: Assembly, rng: np.random.Generator, reach: float) -> float:
    """Two crossed bars on the floor, or four arms on small feet; returns where a column starts."""
    half, wide, tall = reach * rng.uniform(0.62, 0.8), rng.uniform(0.025, 0.045), rng.uniform(0.03, 0.06)
    turned = math.pi / 4 if chance(rng, 0.5) else 0.0
    arch = rng.uniform(0.0, 0.5) * tall
    s = np.linspace(-1, 1, 15)
    for name, angle, drop in (("a", turned, 0.0), ("b", turned + math.pi / 2, 0.0015)):
        ahead = np.array([math.cos(angle), 0.0, math.sin(angle)])
        outline = np.concatenate(
            [
                np.stack([s * half, 0.012 + arch * (1 - s**2) - 0.012 * (np.abs(s) > 0.82)], 1),
                np.stack([s[::-1] * half, drop * -1 + tall - 0.45 * tall * np.abs(s[::-1]) ** 3], 1),
            ]
        )
        board = prim.slab(outline, 2 * wide, 0.003)

        def place(p: np.ndarray, ahead: np.ndarray = ahead) -> np.ndarray:
            across = np.array([-ahead[2], 0.0, ahead[0]])
            return p[:, :1] * ahead + p[:, 1:2] * [0, 1, 0] + (p[:, 2:] - wide) * across

        assembly.add(f"foot_{name}", PEDESTAL, board.mapped(place))
    return 0.6 * tall


def add_trestles(assembly: Assembly, rng: np.random.Generator, top: TopPlan) -> None:
    """Add two trestles: a bearer, a post or an A or X of legs, on a runner; and a beam through them."""
    kind = pick(rng, {"post": 2, "twin": 1.2, "a": 1.6, "x": 1.6})
    x, z = top.width * rng.uniform(0.28, 0.38), 0.5 * top.depth * rng.uniform(0.7, 0.86)
    wide, tall = rng.uniform(0.03, 0.045), rng.uniform(0.045, 0.08)
    high = top.below + 0.002
    reach = max(z, top.depth / 2 - 0.045) if top.outline == "rect" else z
    bearer = prim.box((x - wide, high - tall, -reach), (x + wide, high, reach), 0.004)
    assembly.add_pair("bearer", CONNECTOR, bearer)
    low = 0.0
    if kind in ("post", "twin"):
        low = tall
        _add_runner_feet(assembly, rng, x, z, wide, tall)
        thick = wide * rng.uniform(0.7, 1.0)
        half = rng.uniform(0.045, 0.09) if kind == "post" else 0.03
        for name, at in (("", 0.0),) if kind == "post" else (("_front", 0.42 * z), ("_back", -0.42 * z)):
            s = np.linspace(0, 1, 13)
            waist = half * (1 - rng.uniform(0, 0.35) * np.sin(math.pi * s))
            y = low - 0.004 + s * (high - tall + 0.008 - low)
            outline = np.concatenate([np.stack([waist, y], 1), np.stack([-waist, y], 1)[::-1]])
            board = prim.slab(outline, 2 * thick, 0.004)
            mesh = board.mapped(lambda p, at=at: np.stack([p[:, 2] + x - thick, p[:, 1], p[:, 0] + at], 1))
            assembly.add_pair(f"leg{name}", LEG, mesh)
    else:
        spread = z * rng.uniform(0.85, 1.0)
        thin = 0.9 * wide
        section = outlines.rectangle(thin, rng.uniform(1.4, 2.2) * wide, 0.004)
        for name, sign in (("front", 1.0), ("back", -1.0)):
            shift = 0.47 * thin * sign if kind == "x" else 0.0
            head = -sign * 0.75 * z if kind == "x" else sign * 0.18 * z
            path = np.array([(x + shift, 0, sign * spread), (x + shift, high - 0.5 * tall, head)])
            assembly.add_pair(f"leg_{name}", LEG, prim.post(path, section))
        if kind == "a":
            y = high * rng.uniform(0.25, 0.45)
            reach = float(lerp(spread, 0.18 * z, y / (high - 0.5 * tall)))
            bar = outlines.rectangle(0.8 * wide, 1.6 * wide, 0.003)
            assembly.add_pair("brace", STRETCHER, prim.bar((x, y, -reach), (x, y, reach), bar))
    _add_beam(assembly, rng, kind, x, wide, high, tall)


def _add_runner_feet(
    assembly: Assembly, rng: np.random.Generator, x: float, z: float, wide: float, tall: float
) -> None:
    """A bar on the floor, relieved in its middle, its ends sloping."""
    s = np.linspace(-1, 1, 17)
    relief = 0.3 * tall * (np.abs(s) < 0.62)
    slope = 0.4 * tall * np.clip((np.abs(s) - 0.35) / 0.65, 0, 1) ** rng.uniform(1, 2.5)
    outline = np.concatenate(
        [np.stack([s * z, relief], 1), np.stack([s[::-1] * z, (tall + 0.004 - slope)[::-1]], 1)]
    )
    board = prim.slab(outline, 2 * wide, 0.003)
    mesh = board.mapped(lambda p: np.stack([p[:, 2] + x - wide, p[:, 1], p[:, 0]], 1))
    assembly.add_pair("runner", RUNNER, mesh)


def _add_beam(
    assembly: Assembly, rng: np.random.Generator, kind: str, x: float, wide: float, high: float, tall: float
) -> None:
    """A beam from trestle to trestle, or one through both of them with wedges outside."""
    if kind == "a":
        y = high - 0.5 * tall
    elif kind == "x":
        # Where the legs cross
        y = 0.55 * (high - 0.5 * tall)
    else:
        y = high * rng.uniform(0.3, 0.6)
    half = rng.uniform(0.025, 0.05)
    if kind == "twin":
        bar = prim.box(
            (-x - 0.4 * wide, high - tall - 2 * half + 0.01, -0.016),
            (x + 0.4 * wide, high - tall + 0.004, 0.016),
        )
        assembly.add("beam", STRETCHER, bar)
        return
    wedged = kind == "post" and chance(rng, 0.6)
    reach = x + (wide + 0.06 if wedged else 0.3 * wide)
    assembly.add("beam", STRETCHER, prim.box((-reach, y - half, -0.015), (reach, y + half, 0.015)))
    if wedged:
        inner, outer = (x + wide - 0.003, y - half - 0.03, -0.012), (x + wide + 0.02, y + half + 0.025, 0.012)
        wedge = prim.box(inner, outer, 0.003)
        assembly.add_pair("wedge", CONNECTOR, wedge)


def add_panel_ends(assembly: Assembly, rng: np.random.Generator, top: TopPlan) -> None:
    """Add a board on edge under each end, as of a waterfall table or a bench, and a rail or a shelf."""
    t = top.thickness if chance(rng, 0.6) else rng.uniform(0.02, 0.05)
    x, z = top.width / 2 - rng.uniform(0.0, 0.12) * top.width, top.depth / 2 - rng.uniform(0, 0.06)
    assembly.add_pair("leg", LEG, prim.box((x - t, 0, -z), (x, top.below + 0.001, z), 0.003))
    if chance(rng, 0.3):
        y = top.below * rng.uniform(0.2, 0.5)
        low, high = (t - x - 0.002, y, 0.01 - z), (x - t + 0.002, y + 0.02, z - 0.01)
        assembly.add("shelf", "regular_table/table_base/drawer_base/shelf", prim.box(low, high))
    else:
        y, half = top.below * rng.uniform(0.4, 0.85), rng.uniform(0.03, 0.07)
        rail = prim.box((t - x - 0.002, y - half, -0.011), (x - t + 0.002, y + half, 0.011))
        assembly.add("stretcher_middle", STRETCHER, rail)


def add_folding_x(assembly: Assembly, rng: np.random.Generator, top: TopPlan) -> None:
    """Add the two pairs of crossed legs of a tray table, with bars between them."""
    r = rng.uniform(0.008, 0.014)
    tube = chance(rng, 0.5)
    section = outlines.circle(r, count=12) if tube else outlines.rectangle(1.5 * r, 2.8 * r, 0.3 * r)
    x, z = top.width / 2 - rng.uniform(0.03, 0.08), top.depth / 2 - rng.uniform(0.03, 0.06)
    outward = rng.uniform(0.0, 0.08)
    high = top.below + 0.002
    bar = outlines.circle(0.75 * r, count=10)
    for name, sign, inward in (("a", 1.0, 0.0), ("b", -1.0, 1.9 * r if tube else 1.4 * r)):
        at = x - inward
        foot, head = np.array([at, 0, sign * (z + outward)]), np.array([at, high, -sign * 0.85 * z])
        assembly.add_pair(f"leg_{name}", LEG, prim.post(np.array([foot, head]), section))
        for part, t in (("low", rng.uniform(0.06, 0.16)), ("high", 0.985 - r / high)):
            p = lerp(foot, head, t)
            assembly.add(f"stretcher_{part}_{name}", STRETCHER, prim.bar(p, p * [-1, 1, 1], bar))
        rail = prim.box(
            (-at - r, high - 0.02, head[2] - 0.014), (at + r, high - 0.0015, head[2] + 0.014), 0.003
        )
        assembly.add(f"connector_{name}", CONNECTOR, rail)


def add_folding_u(assembly: Assembly, rng: np.random.Generator, top: TopPlan) -> None:
    """Add the tubes of a banquet table: a U or two tied legs under each end, a brace, and a frame."""
    r = rng.uniform(0.011, 0.016)
    x, z = top.width / 2 - rng.uniform(0.12, 0.24), top.depth / 2 - rng.uniform(0.05, 0.1)
    lean, high = rng.uniform(0.0, 0.07), top.below - r + 0.002
    head, foot = np.array([x, high, z]), np.array([x + lean, r, z])
    tube, thin = outlines.circle(r, count=12), outlines.circle(0.8 * r, count=12)
    back = np.array([1.0, 1.0, -1.0])
    if chance(rng, 0.5):
        points = [head * [1, 1, 0], head, foot, foot * back, head * back, (x, high, -0.002)]
        path = prim.filleted(np.array(points), 3.2 * r, 5)
        assembly.add_pair("leg", LEG, prim.sweep(path, tube, (1.0, 0.0, 0.0)))
    else:
        leg = prim.post(np.array([(x + lean, 0, z), (x, high + r, z)]), tube)
        assembly.add_pair("leg_front", LEG, leg)
        assembly.add_pair("leg_back", LEG, leg.mapped(lambda p: p * back))
        for name, t in (("low", rng.uniform(0.1, 0.25)), ("high", 0.97)):
            p = lerp(foot, head, t)
            assembly.add_pair(f"stretcher_{name}", STRETCHER, prim.bar(p, p * back, thin))
    # The tie that a brace holds
    p = lerp(foot, head, rng.uniform(0.4, 0.6))
    assembly.add_pair("stretcher", STRETCHER, prim.bar(p, p * back, thin))
    end = np.array([x - rng.uniform(0.2, 0.3), top.below + 0.001, 0.0])
    flat = outlines.rectangle(0.006, 0.022, 0.001)
    assembly.add_pair("brace", STRETCHER, prim.bar(p * [1, 1, 0], end, flat, (0.0, 0.0, 1.0)))
    for name, sign in (("front", 1.0), ("back", -1.0)):
        at = sign * (z + 0.012)
        side = prim.box((-x, top.below - 0.022, at - 0.01), (x, top.below + 0.001, at + 0.01))
        assembly.add(f"frame_{name}", CONNECTOR, side)


def add_lifting_legs(assembly: Assembly, rng: np.random.Generator, top: TopPlan) -> None:
    """Add two telescopic columns on feet, as of a desk to stand at, and a frame between them."""
    x, z = top.width / 2 - rng.uniform(0.12, 0.22), top.depth / 2 - rng.uniform(0.03, 0.08)
    half, steps = rng.uniform(0.028, 0.04), int(rng.integers(2, 4))
    deep = half * rng.uniform(0.6, 1.0)
    high, tall = top.below - 0.03, rng.uniform(0.022, 0.04)
    foot = prim.flat(prim.slab(outlines.rectangle(2.2 * half, 2 * z, 0.4 * half, 3), tall, 0.006, 2), 0.0)
    assembly.add_pair("runner", RUNNER, foot.moved([x, 0, 0]))
    back = rng.uniform(-0.25, 0.0) * z
    edges = tall - 0.003 + (high - tall) * np.array([0.0, *np.sort(rng.uniform(0.35, 0.75, steps - 1)), 1.0])
    for i in range(steps):
        s = 1 - 0.16 * i
        column = prim.box(
            (x - s * half, edges[i] - 0.003, back - s * deep),
            (x + s * half, edges[i + 1] + 0.003, back + s * deep),
            0.004,
        )
        assembly.add_pair(f"column_{i + 1}", LEG, column)
    bracket = prim.box((x - half, high - 0.002, -0.9 * z), (x + half, top.below + 0.001, 0.9 * z), 0.002)
    assembly.add_pair("bracket", CONNECTOR, bracket)
    for name, at in (("front", 0.35), ("back", -0.35)):
        tube = prim.box(
            (half - x - 0.002, high + 0.002, at * z - 0.015),
            (x - half + 0.002, top.below + 0.001, at * z + 0.015),
        )
        assembly.add(f"frame_{name}", f"{BASE}/bar_stretcher", tube)
    if chance(rng, 0.4):
        pad = prim.flat(prim.slab(outlines.circle(0.022, count=16), 0.008, 0.002), 0.0)
        assembly.add_pair("glide_front", FOOT, pad.moved([x, -0.006, z - 0.035]))
        assembly.add_pair("glide_back", FOOT, pad.moved([x, -0.006, 0.035 - z]))
