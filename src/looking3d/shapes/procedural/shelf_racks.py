"""Shelves whose boards hang in a frame: ladders, wire and steel racks, etageres, corners, standards."""

from __future__ import annotations

import itertools
import math

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, lerp, pick
from looking3d.shapes.procedural.fittings import CasterStyle, add_casters, corners
from looking3d.shapes.procedural.shelf_parts import (
    BACK,
    BAR,
    CASTER,
    FOOT,
    POST,
    SHELF,
    SIDE,
    board,
    brace,
    quarter,
    slatted_deck,
    spindle,
    spool,
    wire_deck,
)
from looking3d.shapes.procedural.turning import revolved, united


def add_ladder(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add shelves that grow deeper downwards, between leaning rails; with plumb rear legs, or as an A."""
    width, height = rng.uniform(0.4, 0.8), rng.uniform(1.2, 1.9)
    low_deep, high_deep = rng.uniform(0.36, 0.5), rng.uniform(0.16, 0.24)
    kind = pick(rng, {"plumb": 2.5, "a": 1.5})
    r, levels = rng.uniform(0.011, 0.018), int(rng.integers(3, 6))
    round_rail = chance(rng, 0.3)
    section = outlines.circle(r, count=14) if round_rail else outlines.rectangle(1.5 * r, 2.6 * r, 0.2 * r)
    x = width / 2 - r
    front = (low_deep / 2, high_deep - low_deep / 2 if kind == "plumb" else high_deep / 2)
    back = (-low_deep / 2, -low_deep / 2 if kind == "plumb" else -high_deep / 2)
    for name, (low, high) in (("front", front), ("back", back)):
        path = np.array([(x, 0, low), (x, height, high)])
        assembly.add_pair(f"rail_{name}", POST, prim.post(path, section))
    thick, rim = rng.uniform(0.014, 0.022), chance(rng, 0.4)
    heights = np.linspace(rng.uniform(0.1, 0.3), height - (0.0 if chance(rng, 0.5) else 0.12), levels)
    for i, y in enumerate(heights):
        z0, z1 = lerp(back[0], back[1], y / height), lerp(front[0], front[1], y / height)
        deck = board((-x, x), (float(z0) - r, float(z1) + 0.6 * r), y - thick, y)
        assembly.add(f"shelf_{i + 1}", SHELF, deck)
        if rim:
            lip = prim.box((-x, y - 0.001, float(z0) - r), (x, y + 0.035, float(z0) - r + 0.01))
            assembly.add(f"lip_{i + 1}", BAR, lip)
    if chance(rng, 0.5):
        y = heights[0] * 0.5
        z = float(lerp(back[0], back[1], y / height))
        assembly.add("stretcher", BAR, prim.bar((-x, y, z), (x, y, z), outlines.circle(0.7 * r, count=10)))


def add_wire_rack(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add decks of chromed wire on four grooved posts, on feet or casters."""
    width, depth = rng.uniform(0.45, 1.25), rng.uniform(0.3, 0.5)
    height = rng.uniform(0.75, 1.85)
    levels = max(2, round(height / rng.uniform(0.3, 0.55)))
    r = rng.uniform(0.009, 0.014)
    low = 0.0
    x, z = width / 2 - 1.6 * r, depth / 2 - 1.6 * r
    if chance(rng, 0.4):
        style = CasterStyle.drawn(rng, rng.uniform(0.028, 0.05))
        add_casters(assembly, rng, CASTER, style, corners(x, z))
        low = style.height
    post = prim.post(
        np.array([(x, low, z), (x, low + height - 0.006, z), (x, low + height, z)]),
        outlines.circle(r, count=12),
        np.array([1, 1, 0.8]),
    )
    assembly.add_pair("post_front", POST, post)
    assembly.add_pair("post_back", POST, post.mapped(lambda p: p * [1, 1, -1]))
    rim, wire = rng.uniform(0.022, 0.036), rng.uniform(0.0016, 0.0024)
    pitch = max(rng.uniform(0.03, 0.06), width / 22)
    deck = wire_deck(width, depth, (x, z, r), wire, pitch, rim)
    first = low + rng.uniform(0.06, 0.2)
    for i, y in enumerate(np.linspace(first, low + height - rng.uniform(0.01, 0.06), levels)):
        assembly.add(f"shelf_{i + 1}", SHELF, deck.moved([0, y, 0]))
    if not low:
        foot = revolved(
            np.array(
                [[0.8 * r, 0.0], [1.7 * r, 0.004], [1.7 * r, 0.014], [1.2 * r, 0.03], [1.05 * r, 0.034]]
            ),
            14,
        )
        for name, sign in (("front", 1.0), ("back", -1.0)):
            assembly.add_pair(f"foot_{name}", FOOT, foot.moved([x, -0.004, sign * z]))
    if chance(rng, 0.25):
        y = low + height - 0.004
        handle = [(x, y - 0.02, z), (x + 0.08, y + 0.04, z), (x + 0.08, y + 0.04, -z), (x, y - 0.02, -z)]
        path = prim.filleted(np.array(handle), 0.04, 5)
        assembly.add(
            "push_handle",
            "cabinet/drawer/handle",
            prim.sweep(path, outlines.circle(0.8 * r, count=12), (0.5, -1.0, 0.0)),
        )


def add_steel_rack(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add boards in a frame of steel: of a loft, of a garage, or of a warehouse."""
    kind = pick(rng, {"loft": 2.5, "garage": 1.2, "warehouse": 0.8})
    width, depth = rng.uniform(0.6, 1.4), rng.uniform(0.28, 0.45)
    height, levels = rng.uniform(0.8, 2.0), int(rng.integers(3, 6))
    if kind == "warehouse":
        width, depth, height, levels = rng.uniform(1.6, 2.4), rng.uniform(0.6, 0.9), rng.uniform(1.6, 2.4), 3
    r = rng.uniform(0.009, 0.016) if kind == "loft" else rng.uniform(0.016, 0.025)
    if kind == "warehouse":
        r *= 1.6
    x, z = width / 2 - r, depth / 2 - r
    if kind == "garage":
        # An angle iron, open to the inside
        flats = [
            prim.box((-r, 0, 0.84 * r), (r, height, r), 0.0005),
            prim.box((0.84 * r, 0, -r), (r, height, r), 0.0005),
        ]
        post = united(flats)
    else:
        post = prim.post(np.array([(0, 0, 0), (0, height, 0)]), outlines.rectangle(2 * r, 2 * r, 0.2 * r))
    post = post.moved([x, 0, z])
    assembly.add_pair("post_front", POST, post)
    assembly.add_pair("post_back", POST, post.mapped(lambda p: p * [1, 1, -1]))
    heights = np.linspace(
        rng.uniform(0.08, 0.25), height - rng.uniform(0.0, 0.1) * (kind != "loft") - 0.002, levels
    )
    thick = rng.uniform(0.018, 0.035)
    slats = kind == "loft" and chance(rng, 0.15)
    for i, y in enumerate(heights):
        _add_level(assembly, kind, i + 1, x, z, r, float(y), thick, slats)
    _add_bracing(assembly, rng, kind, x, z, r, heights)
    if kind != "loft":
        plate = prim.box((x - 1.8 * r, 0, z - 1.8 * r), (x + 1.4 * r, 0.005, z + 1.4 * r), 0.001)
        assembly.add_pair("foot_front", FOOT, plate)
        assembly.add_pair("foot_back", FOOT, plate.mapped(lambda p: p * [1, 1, -1]))


def _add_level(
    assembly: Assembly,
    kind: str,
    number: int,
    x: float,
    z: float,
    r: float,
    y: float,
    thick: float,
    slats: bool,
) -> None:
    """A board on bars, or on beams, or a pressed sheet."""
    if kind == "garage":
        sheet = prim.box((-x - 0.9 * r, y - 0.03, -z - 0.9 * r), (x + 0.9 * r, y, z + 0.9 * r), 0.002)
        assembly.add(f"shelf_{number}", SHELF, sheet)
        return
    tall = 2 * r if kind == "loft" else 4.5 * r
    for name, sign in (("front", 1.0), ("back", -1.0)):
        bar = prim.box((-x, y - tall, sign * z - 0.9 * r), (x, y, sign * z + 0.9 * r), 0.001)
        assembly.add(f"beam_{name}_{number}", BAR, bar)
    if kind == "loft":
        side = prim.box((x - 0.9 * r, y - tall + 0.0005, -z), (x + 0.9 * r, y - 0.0005, z), 0.001)
        assembly.add_pair(f"bar_{number}", BAR, side)
    inner = (-x + 1.001 * r, x - 1.001 * r), (-z - 0.8 * r, z + 0.8 * r)
    if slats:
        assembly.add(f"shelf_{number}", SHELF, slatted_deck(*inner, y + thick - 0.001, thick, 5))
    else:
        assembly.add(f"shelf_{number}", SHELF, board(*inner, y - 0.001, y - 0.001 + thick))


def _add_bracing(
    assembly: Assembly, rng: np.random.Generator, kind: str, x: float, z: float, r: float, heights: np.ndarray
) -> None:
    """Crossed flats behind, or diagonals in the sides."""
    if kind == "loft" and chance(rng, 0.55):
        low, high = heights[0], heights[-1] if chance(rng, 0.5) else heights[1 + (len(heights) > 3)]
        for name, sign, out in (("a", 1.0, 0.0), ("b", -1.0, 0.004)):
            a, b = np.array([-sign * x, low, -z - r - out]), np.array([sign * x, high, -z - r - out])
            assembly.add(f"brace_{name}", BAR, brace(a, b, 0.022, 0.005, (0.0, 0.0, 1.0)))
    elif kind != "loft":
        edges = np.linspace(heights[0], heights[-1], 3 if kind == "garage" else 4)
        for i, (low, high) in enumerate(itertools.pairwise(edges)):
            sign = 1 if i % 2 else -1
            a, b = np.array([x, low, -sign * z]), np.array([x, high, sign * z])
            assembly.add_pair(f"diagonal_{i + 1}", BAR, brace(a, b, 0.02 + 0.3 * r, 0.006, (1.0, 0.0, 0.0)))


def add_etagere(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add boards with round corners on turned spools, on rods with collars, or between hoops."""
    width, depth = rng.uniform(0.35, 0.9), rng.uniform(0.26, 0.38)
    levels, gap = int(rng.integers(3, 6)), rng.uniform(0.22, 0.36)
    thick = rng.uniform(0.016, 0.026)
    round_plan = chance(rng, 0.25)
    corner = rng.uniform(0.0, 0.3) * depth
    inset = rng.uniform(0.028, 0.05)
    x, z = width / 2 - inset - 0.25 * corner, depth / 2 - inset - 0.25 * corner
    if round_plan:
        radius = 0.5 * rng.uniform(0.34, 0.5)
        spots = [
            (0.72 * radius * math.sin(a), 0.72 * radius * math.cos(a))
            for a in 2 * math.pi * (np.arange(3) + 0.5 * chance(rng, 0.5)) / 3
        ]
    else:
        spots = corners(x, z)
    kind = pick(rng, {"spools": 2, "rods": 1.4})
    profile = spindle(rng, rng.uniform(0.014, 0.022), int(rng.integers(1, 4)))
    start = rng.uniform(0.05, 0.12)
    heights = start + (gap + thick) * np.arange(levels)
    for i, y in enumerate(heights):
        if round_plan:
            deck = prim.flat(prim.slab(outlines.circle(radius, count=40), thick, 0.3 * thick, 2), y)
        else:
            deck = board((-width / 2, width / 2), (-depth / 2, depth / 2), y, y + thick, corner)
        assembly.add(f"shelf_{i + 1}", SHELF, deck)
    if kind == "spools":
        for level in range(levels - 1):
            for number, spot in enumerate(spots, 1):
                low, high = heights[level] + thick - 0.001, heights[level + 1] + 0.001
                assembly.add(f"post_{level + 1}_{number}", POST, spool(profile, spot, low, high))
        bun = np.array([[0.012, 0], [0.02, 0.25 * start], [0.02, 0.6 * start], [0.014, start + 0.001]])
        for number, spot in enumerate(spots, 1):
            assembly.add(f"foot_{number}", FOOT, revolved(bun, 16).moved([spot[0], 0, spot[1]]))
    else:
        rod = outlines.circle(rng.uniform(0.007, 0.013), count=14)
        high = heights[-1] + thick + rng.uniform(0.0, 0.08)
        for number, spot in enumerate(spots, 1):
            path = np.array(
                [(spot[0], 0, spot[1]), (spot[0], high - 0.003, spot[1]), (spot[0], high, spot[1])]
            )
            assembly.add(f"post_{number}", POST, prim.post(path, rod, np.array([1, 1, 0.7])))
    if chance(rng, 0.3) and not round_plan:
        y = heights[-1] + thick
        gallery = prim.box(
            (-width / 2 + corner, y - 0.001, -depth / 2), (width / 2 - corner, y + 0.05, -depth / 2 + 0.01)
        )
        assembly.add("gallery", BAR, gallery)


def add_corner(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add quarter-round shelves for a corner, on panels along the walls or on three posts."""
    radius, levels = rng.uniform(0.25, 0.45), int(rng.integers(3, 6))
    height, t = rng.uniform(0.8, 1.7), rng.uniform(0.014, 0.022)
    plane = quarter(radius, "round" if chance(rng, 0.65) else "straight")
    panels = chance(rng, 0.5)
    # Its corner points to the back; both walls are seen from the front
    cos = sin = math.sqrt(0.5)

    def turned(mesh: prim.Mesh) -> prim.Mesh:
        def place(p: np.ndarray) -> np.ndarray:
            u, v = p[:, 0], p[:, 2]
            return np.stack([cos * u - sin * v, p[:, 1], sin * u + cos * v - 0.45 * radius], 1)

        return mesh.mapped(place)

    inner = t if panels else 0.0
    heights = np.linspace(rng.uniform(0.0, 0.12), height - t, levels)
    for i, y in enumerate(heights):
        deck = prim.flat(prim.slab(plane * (1 - inner / radius) + inner, t, 0.0015), float(y))
        assembly.add(f"shelf_{i + 1}", SHELF, turned(deck))
    if panels:
        assembly.add("side_left", SIDE, turned(prim.box((0, 0, 0), (radius, height, t + 0.0005))))
        assembly.add("side_right", SIDE, turned(prim.box((0, 0, t + 0.0005), (t + 0.0005, height, radius))))
        return
    r = rng.uniform(0.01, 0.016)
    spots = [
        (0.06 * radius + r, 0.06 * radius + r),
        (0.92 * radius - r, 0.13 * radius),
        (0.13 * radius, 0.92 * radius - r),
    ]
    for number, (u, v) in enumerate(spots, 1):
        path = np.array([(u, 0, v), (u, height + 0.02, v)])
        assembly.add(f"post_{number}", POST, turned(prim.post(path, outlines.circle(r, count=14))))


def add_standards(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add boards on arms that stick out of two slotted uprights, which stand on feet."""
    width, height, depth = rng.uniform(0.6, 1.1), rng.uniform(0.9, 1.7), rng.uniform(0.24, 0.34)
    x, r, levels = 0.36 * width, rng.uniform(0.012, 0.02), int(rng.integers(3, 5))
    z = -depth / 2
    upright = prim.box((x - r, 0, z - 2 * r), (x + r, height, z), 0.002)
    assembly.add_pair("upright", POST, upright)
    foot = prim.box((x - 1.2 * r, 0, z - 2.2 * r), (x + 1.2 * r, 2 * r, depth / 2 * 1.15), 0.003)
    assembly.add_pair("foot", FOOT, foot)
    tie = prim.box(
        (r - x - 0.001, 0.5 * height, z - 1.6 * r), (x - r + 0.001, 0.5 * height + 0.05, z - 0.6 * r)
    )
    assembly.add("tie", BAR, tie)
    t, wedge = rng.uniform(0.016, 0.026), rng.uniform(0.3, 1.0)
    for i, y in enumerate(np.linspace(0.24, height - 0.05, levels)):
        deep = depth * rng.uniform(0.8, 1.0) if i else depth
        outline = np.array(
            [(-0.002, -0.07), (0.9 * deep, -0.012 - 0.04 * (1 - wedge)), (0.9 * deep, 0.001), (-0.002, 0.001)]
        )
        arm = prim.slab(outline, 1.2 * r, 0.001)

        def place(p: np.ndarray, y: float = float(y)) -> np.ndarray:
            return np.stack([p[:, 2] + x - 0.6 * r, p[:, 1] + y, p[:, 0] + z], 1)

        assembly.add_pair(f"arm_{i + 1}", BAR, arm.mapped(place))
        assembly.add(f"shelf_{i + 1}", SHELF, board((-width / 2, width / 2), (z + 0.001, z + deep), y, y + t))
    if chance(rng, 0.3):
        assembly.add(
            "back",
            BACK,
            prim.box((r - x - 0.001, 0.62 * height, z - 0.9 * r), (x - r + 0.001, 0.9 * height, z - 0.5 * r)),
        )
