"""The procedural family of carts: trolleys for tea, service, tools and books, platforms, hand trucks."""

from __future__ import annotations

import math

import numpy as np

from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.procedural import cart_case as cases
from looking3d.shapes.procedural import cart_haul as haul
from looking3d.shapes.procedural import cart_parts as parts
from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.cart_basket import (
    add_laundry_cart,
    add_shopping_cart,
    add_wire_cart,
    add_wire_rack,
)
from looking3d.shapes.procedural.turning import disc, united


def cart(seed: int) -> PartShape:
    """The cart of a seed: the same parts for the same seed, everywhere.

    Args:
        seed: At least 0.

    Returns:
        A shape in metres that stands on y = 0; it is pushed along x. PartNet has no carts, so its labels
        are of our own in PartNet's manner. Every part is a closed mesh, and every part touches another.
    """
    rng = np.random.default_rng(seed)
    assembly = Assembly("cart")
    builders = {
        "service": (_service, 15),
        "bar": (_bar, 10),
        "round": (_round, 5),
        "tiers": (_tiers, 11),
        "tea": (cases.add_tea_trolley, 9),
        "tool": (cases.add_tool_cart, 11),
        "kitchen": (cases.add_kitchen_cart, 9),
        "book": (cases.add_book_truck, 6),
        "platform": (haul.add_platform, 10),
        "hand_truck": (haul.add_hand_truck, 9),
        "wagon": (haul.add_wagon, 6),
        "shopping": (add_shopping_cart, 7),
        "wire": (add_wire_cart, 5),
        "rack": (add_wire_rack, 5),
        "laundry": (add_laundry_cart, 6),
    }
    kind = pick(rng, {name: weight for name, (_, weight) in builders.items()})
    builders[kind][0](assembly, rng)
    return PartShape(f"cart_{seed:06d}", assembly.grounded(), "cart", f"procedural:cart seed={seed}")


def _service(assembly: Assembly, rng: np.random.Generator) -> None:
    """Two or three trays between bent tubes, as in a canteen or a ward."""
    x, z = rng.uniform(0.26, 0.44), rng.uniform(0.18, 0.26)
    r, top = rng.uniform(0.01, 0.0145), rng.uniform(0.74, 0.92)
    low = parts.add_cart_casters(assembly, rng, rng.uniform(0.035, 0.062), x, z, fixed=chance(rng, 0.3))
    kind = pick(rng, {"ends": 3, "posts": 2, "sides": 1.2})
    past = rng.uniform(0.04, 0.14)
    if kind == "ends":
        bend = rng.uniform(0.03, 0.09)
        for name, sign in (("left", 1.0), ("right", -1.0)):
            high = top + (past if sign > 0 or chance(rng, 0.6) else 0.02)
            points = [(sign * x, low, z), (sign * x, high, z), (sign * x, high, -z), (sign * x, low, -z)]
            assembly.add(f"end_{name}", parts.TUBE, parts.tube(points, r, bend, (1.0, 0.0, 0.0)))
    elif kind == "sides":
        bend = rng.uniform(0.03, 0.12)
        for name, at in (("front", z), ("back", -z)):
            points = [(x, low, at), (x, top + past, at), (-x, top + past, at), (-x, low, at)]
            assembly.add(f"side_{name}", parts.TUBE, parts.tube(points, r, bend, (0.0, 0.0, 1.0)))
    else:
        _add_posts(assembly, x, z, low, top + 0.02, r)
        lean = rng.uniform(0.03, 0.12)
        parts.add_push_handle(assembly, rng, x, z, top - 0.1, top + past + 0.03, r, lean)
    _add_decks(
        assembly, rng, x, z, r, np.linspace(low + rng.uniform(0.03, 0.12), top, int(rng.integers(2, 4)))
    )
    if chance(rng, 0.3):
        parts.add_corner_bumpers(assembly, x, z, low - 0.001, 2.6 * r, 0.022)
    if kind == "ends" and chance(rng, 0.35):
        y = top + 0.6 * past
        for name, at in (("front", z), ("back", -z)):
            bar = prim.bar((-x, top + 0.015, at), (x, top + 0.015, at), outlines.circle(0.6 * r, count=10))
            assembly.add(f"rail_{name}", parts.RAIL, bar.moved([0, min(0.05, y - top) - 0.015, 0]))


def _add_posts(assembly: Assembly, x: float, z: float, low: float, high: float, r: float) -> None:
    """Four round posts with rounded ends."""
    path = np.array([(x, low, z), (x, high - 0.3 * r, z), (x, high, z)])
    post = prim.post(path, outlines.circle(r, count=14), np.array([1, 1, 0.7]))
    assembly.add_pair("post_front", parts.TUBE, post)
    assembly.add_pair("post_back", parts.TUBE, post.mapped(lambda p: p * [1, 1, -1]))


def _add_decks(
    assembly: Assembly, rng: np.random.Generator, x: float, z: float, r: float, heights: np.ndarray
) -> None:
    """A tray, a board, or a board in a hoop of tube at each height, which is that of its underside."""
    kind = pick(rng, {"tray": 3, "board": 1.5, "hoop": 1.5})
    rim, corner = rng.uniform(0.018, 0.06), rng.uniform(0.01, 0.05)
    thick = rng.uniform(0.012, 0.022)
    over = 2.8 * r if kind == "tray" else 2.2 * r
    for i, y in enumerate(heights, 1):
        if kind == "tray":
            wall = 0.003 if rim > 0.03 else 0.004
            mesh = parts.tray(2 * x + over, 2 * z + over, rim, wall, corner)
            assembly.add(f"tray_{i}", parts.TRAY, mesh.moved([0, y, 0]))
            continue
        plane = outlines.rectangle(2 * x + over, 2 * z + over, corner, 4)
        if kind == "hoop":
            assembly.add(f"hoop_{i}", parts.RAIL, parts.hoop(x, z, y, 0.8 * r, 0.02))
            plane = outlines.rectangle(2 * x, 2 * z, 0.02, 4)
        assembly.add(f"shelf_{i}", parts.SHELF, prim.flat(prim.slab(plane, thick, 0.002), float(y)))


def _bar(assembly: Assembly, rng: np.random.Generator) -> None:
    """Slender tubes, boards of glass or wood with rails around them, and two wheels larger than the rest."""
    x, z = rng.uniform(0.26, 0.4), rng.uniform(0.17, 0.23)
    r, top = rng.uniform(0.007, 0.011), rng.uniform(0.64, 0.8)
    past, bend = rng.uniform(0.06, 0.16), rng.uniform(0.02, 0.11)
    big = chance(rng, 0.6)
    low = {1.0: 0.0, -1.0: 0.0}
    if big:
        radius = rng.uniform(0.08, 0.16)
        spokes = int(rng.integers(2, 6)) if chance(rng, 0.75) else 0
        parts.add_big_wheels(assembly, rng, radius, rng.uniform(0.016, 0.026), z + r, -x, spokes, "z")
        low = {1.0: 0.0, -1.0: radius - 1.2 * r}
    else:
        low = dict.fromkeys(low, parts.add_cart_casters(assembly, rng, rng.uniform(0.025, 0.045), x, z))
    for name, sign in (("left", 1.0), ("right", -1.0)):
        at = sign * x
        points = [(at, low[sign], z), (at, top + past, z), (at, top + past, -z), (at, low[sign], -z)]
        assembly.add(f"end_{name}", parts.TUBE, parts.tube(points, r, bend, (1.0, 0.0, 0.0)))
    floor = max(low.values()) + rng.uniform(0.05, 0.1)
    heights = np.linspace(floor if not big else max(floor, 0.14), top, int(rng.integers(2, 4)))
    rail, thick = chance(rng, 0.75), rng.uniform(0.008, 0.016)
    for i, y in enumerate(heights, 1):
        assembly.add(f"hoop_{i}", parts.RAIL, parts.hoop(x, z, float(y), 0.75 * r, 1.6 * r))
        board = prim.flat(prim.slab(outlines.rectangle(2 * x, 2 * z, 0.01, 3), thick, 0.002), float(y))
        assembly.add(f"shelf_{i}", parts.SHELF, board)
        if rail:
            fence = parts.hoop(x, z, float(y) + rng.uniform(0.045, 0.06), 0.5 * r, 1.6 * r)
            assembly.add(f"rail_{i}", parts.RAIL, fence)
    if chance(rng, 0.6):
        y, out = min(top + 0.5 * past, top + past - bend - 0.006), rng.uniform(0.05, 0.1)
        points = [(x, y, z), (x + out, y + 0.02, 0.8 * z), (x + out, y + 0.02, -0.8 * z), (x, y, -z)]
        assembly.add("handle", parts.HANDLE, parts.tube(points, 0.9 * r, 0.03, (0.3, -1.0, 0.0)))
    if chance(rng, 0.4):
        _add_bottle_rack(assembly, rng, x, z, float(heights[0]) + 0.9 * thick)


def _add_bottle_rack(assembly: Assembly, rng: np.random.Generator, x: float, z: float, y: float) -> None:
    """Rings for bottles on a rod, standing on the lowest board."""
    count, radius = int(rng.integers(2, 5)), 0.045
    start = -0.5 * (count - 1) * 0.11
    rings = [
        prim.ring((start + 0.11 * i, y + 0.09, -z + 0.065), radius, outlines.circle(0.003, count=8), 24)
        for i in range(count)
    ]
    rod = prim.bar(
        (start - 0.06, y + 0.09, -z + 0.02),
        (-start + 0.06, y + 0.09, -z + 0.02),
        outlines.circle(0.004, count=8),
    )
    feet = [
        prim.post(
            np.array([(at, y - 0.002, -z + 0.02), (at, y + 0.09, -z + 0.02)]), outlines.circle(0.004, count=8)
        )
        for at in (start - 0.055, -start + 0.055)
    ]
    assembly.add("bottle_rack", "cart_body/wire_rack", united([rod, *rings, *feet]))


def _round(assembly: Assembly, rng: np.random.Generator) -> None:
    """Round trays in rings, held by three or four posts."""
    radius, top = rng.uniform(0.22, 0.32), rng.uniform(0.6, 0.8)
    r, count = rng.uniform(0.007, 0.011), int(rng.integers(3, 5))
    wheel = rng.uniform(0.024, 0.04)
    style = parts.CasterStyle.drawn(rng, wheel)
    first, high = rng.uniform(0, 2 * math.pi), top + rng.uniform(0.05, 0.14)
    for i in range(count):
        angle = first + 2 * math.pi * i / count
        spot = (radius * math.sin(angle), radius * math.cos(angle))
        style.add(assembly, parts.CASTER, i + 1, spot, angle + rng.normal(0, 0.4))
        path = np.array([(spot[0], style.height, spot[1]), (spot[0], high, spot[1])])
        assembly.add(f"post_{i + 1}", parts.TUBE, prim.post(path, outlines.circle(r, count=14)))
    ring = outlines.circle(0.8 * r, count=10)
    for i, y in enumerate(
        np.linspace(style.height + rng.uniform(0.03, 0.1), top, int(rng.integers(2, 4))), 1
    ):
        assembly.add(f"hoop_{i}", parts.RAIL, prim.ring((0, y, 0), radius, ring, 44))
        plate = disc(radius, float(y) - 0.004, float(y) + 0.008, 0.002, 44)
        assembly.add(f"shelf_{i}", parts.SHELF, plate)
        if chance(rng, 0.5):
            fence = prim.ring((0, y + 0.05, 0), radius, outlines.circle(0.5 * r, count=8), 44)
            assembly.add(f"rail_{i}", parts.RAIL, fence)
    assembly.add("top_ring", parts.HANDLE, prim.ring((0, high - 0.6 * r, 0), radius, ring, 44))
    if chance(rng, 0.35):
        _add_bow(assembly, radius, high, r, first, count)


def _add_bow(assembly: Assembly, radius: float, high: float, r: float, first: float, count: int) -> None:
    """A handle that arches from post to post over the middle of the cart."""
    a = np.array([radius * math.sin(first), high - r, radius * math.cos(first)])
    b = a * [-1, 1, -1] if count == 4 else np.array([-a[0], a[1], -a[2]])
    t = np.linspace(0, math.pi, 30)
    path = 0.5 * (a + b) + np.outer(np.cos(t), 0.5 * (a - b)) + np.outer(np.sin(t), [0, 0.5 * radius, 0])
    across = np.cross(a - b, [0.0, 1.0, 0.0])
    assembly.add("bow", parts.HANDLE, prim.sweep(path, outlines.circle(0.9 * r, count=12), across))


def _tiers(assembly: Assembly, rng: np.random.Generator) -> None:
    """Deep trays or bins above one another in a light frame, sometimes narrow enough for a gap."""
    slim = chance(rng, 0.3)
    x, z = rng.uniform(0.19, 0.26), rng.uniform(0.07, 0.1) if slim else rng.uniform(0.13, 0.2)
    r, top = rng.uniform(0.006, 0.01), rng.uniform(0.62, 0.85)
    low = parts.add_cart_casters(assembly, rng, rng.uniform(0.022, 0.036), x, z)
    tall = rng.uniform(0.06, 0.13)
    count = int(rng.integers(3, 5)) if top > 0.72 else 3
    kind = pick(rng, {"tub": 2, "tray": 2, "wire": 1.5})
    high = top + tall + rng.uniform(0.02, 0.1)
    square = chance(rng, 0.3)
    for name, sign in (("left", 1.0), ("right", -1.0)):
        if square:
            for end, at in (("front", z), ("back", -z)):
                bar = prim.box((sign * x - r, low, at - r), (sign * x + r, high, at + r), 0.001)
                assembly.add(f"post_{end}_{name}", parts.POST, bar)
            cross = prim.box((sign * x - r, high - 2 * r, -z), (sign * x + r, high - 0.001, z), 0.001)
            assembly.add(f"handle_{name}", parts.HANDLE_BAR, cross)
            continue
        points = [(sign * x, low, z), (sign * x, high, z), (sign * x, high, -z), (sign * x, low, -z)]
        mesh = parts.tube(points, r, min(rng.uniform(0.02, 0.08), 0.9 * z), (1.0, 0.0, 0.0))
        assembly.add(f"end_{name}", parts.TUBE, mesh)
    for i, y in enumerate(np.linspace(low + rng.uniform(0.02, 0.08), top, count), 1):
        if kind == "wire":
            edge = (-x, x, -z, z)
            pitch = rng.uniform(0.025, 0.04)
            mesh, label = parts.wire_basket(edge, edge, tall, 0.0016, pitch), parts.BASKET
        elif kind == "tray":
            mesh, label = parts.tray(2 * x, 2 * z, tall, 0.0025, 0.6 * r), parts.TRAY
        else:
            grown = 1.0 - rng.uniform(0.03, 0.1)
            size = (2 * x + 2 * r, 2 * z + 2 * r)
            mesh = parts.tub((size[0] * grown, size[1] * grown), size, tall, 0.003, 0.025)
            label = parts.BIN
        assembly.add(f"tier_{i}", label, mesh.moved([0, y, 0]))
