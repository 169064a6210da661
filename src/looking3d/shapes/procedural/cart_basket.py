"""Carts of wire and cloth: for shopping, with baskets or shelves of wire, for laundry."""

from __future__ import annotations

import numpy as np

from looking3d.shapes.procedural import cart_parts as parts
from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance
from looking3d.shapes.procedural.fittings import CasterStyle
from looking3d.shapes.procedural.shelf_parts import wire_deck
from looking3d.shapes.procedural.turning import cut


def add_shopping_cart(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a large basket that narrows to the front, on tubes that splay, with a bar to push it by."""
    x, z = rng.uniform(0.36, 0.46), rng.uniform(0.2, 0.26)
    r = rng.uniform(0.011, 0.014)
    style = CasterStyle.drawn(rng, rng.uniform(0.05, 0.062))
    front, back = -0.82 * x, 0.62 * x
    narrow = rng.uniform(0.6, 0.8)
    # The tubes' bends are above the rear casters
    rear = back - 0.065
    wide = z * float(np.interp(rear, [front - 0.02, back], [narrow, 1.0]))
    spots = [(rear, wide), (rear, -wide), (front, narrow * z), (front, -narrow * z)]
    yaw = rng.uniform(0, 6.28)
    for number, spot in enumerate(spots, 1):
        style.add(assembly, parts.CASTER, number, spot, yaw + rng.normal(0, 0.25))
    low, floor = style.height + r, rng.uniform(0.48, 0.58)
    tall = rng.uniform(0.3, 0.4) if chance(rng, 0.7) else rng.uniform(0.18, 0.24)
    top, reach = floor + tall, x + rng.uniform(0.02, 0.08)
    handle = (reach + 0.05, top + rng.uniform(0.02, 0.07))
    for name, sign in (("left", 1.0), ("right", -1.0)):
        points = [
            (front - 0.02, low, sign * narrow * z),
            (back, low, sign * z),
            (back - 0.06, floor - 0.012, sign * 0.82 * z),
            (reach, top - 0.02, sign * z),
            (*handle, sign * z),
        ]
        mesh = parts.tube(points, r, 0.06, (0.1, 0.0, 1.0))
        assembly.add(f"frame_{name}", parts.TUBE, mesh)
    bar = prim.bar((*handle, -z - r), (*handle, z + r), outlines.circle(1.3 * r, count=16), bevel=0.003)
    assembly.add("push_bar", parts.GRIP, bar)
    cross = prim.bar(
        (back - 0.06, floor - 0.012, -0.82 * z),
        (back - 0.06, floor - 0.012, 0.82 * z),
        outlines.circle(r, count=12),
    )
    assembly.add("crossbar_back", parts.RAIL, cross)
    ends = (front - 0.01, low, -narrow * z), (front - 0.01, low, narrow * z)
    assembly.add("crossbar_front", parts.RAIL, prim.bar(*ends, outlines.circle(0.8 * r, count=12)))
    # The basket reaches from the tubes at the back to a nose over the front wheels
    lower = (-0.78 * x, back - 0.05, -0.82 * z, 0.82 * z)
    upper = (-1.15 * x, reach - 0.01, -z, z)
    basket = parts.wire_basket(lower, upper, tall, 0.0018, rng.uniform(0.036, 0.05))
    assembly.add("basket", parts.BASKET, basket.moved([0, floor, 0]))
    if chance(rng, 0.6):
        rack = wire_deck(
            back - front, 1.7 * narrow * z, (0.4 * (back - front), 0.6 * narrow * z, r), 0.002, 0.06, 0.02
        )
        assembly.add("lower_rack", parts.WIRE_SHELF, rack.moved([(front + back) / 2, low + 0.012, 0]))
        tie = prim.bar(
            (0.5 * back, low, -0.92 * z), (0.5 * back, low, 0.92 * z), outlines.circle(0.7 * r, count=10)
        )
        assembly.add("crossbar_low", parts.RAIL, tie)


def add_wire_cart(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a tall basket on two large wheels and two feet, with a handle above, to take to the market."""
    x, z, tall = rng.uniform(0.16, 0.22), rng.uniform(0.15, 0.21), rng.uniform(0.45, 0.62)
    radius, width = rng.uniform(0.08, 0.125), rng.uniform(0.018, 0.03)
    r, high = rng.uniform(0.007, 0.01), rng.uniform(0.88, 1.02)
    spokes = int(rng.choice([0, 3, 4, 5]))
    parts.add_big_wheels(assembly, rng, radius, width, z + 1.5 * r, x, spokes, "z")
    floor = radius + rng.uniform(0.0, 0.04)
    lean = rng.uniform(0.0, 0.1)
    for name, sign in (("front", 1.0), ("back", -1.0)):
        at = sign * z
        leg = prim.post(np.array([(-x, 0, at), (-x, floor + tall, at)]), outlines.circle(r, count=12))
        assembly.add(f"post_{name}", parts.TUBE, leg)
    points = [(x, radius - 0.012, z), (x, floor + tall, z), (x + lean, high, z)]
    points += [(x + lean, high, -z), (x, floor + tall, -z), (x, radius - 0.012, -z)]
    assembly.add("handle_frame", parts.HANDLE, parts.tube(points, r, 0.04, (1.0, -0.3, 0.0)))
    if chance(rng, 0.6):
        ends = (x + lean, high, -0.6 * z), (x + lean, high, 0.6 * z)
        assembly.add("grip", parts.GRIP, prim.bar(*ends, outlines.circle(1.6 * r, count=14), bevel=0.003))
    edge = (-x, x, -z, z)
    if chance(rng, 0.3):
        wall = 0.004
        bag = prim.box((-x, floor, -z), (x, floor + tall, z), 0.004)
        hollow = prim.box((wall - x, floor + wall, wall - z), (x - wall, floor + 2 * tall, z - wall), 0.002)
        assembly.add("bag", parts.BAG, cut(bag, [hollow]))
        return
    basket = parts.wire_basket(edge, edge, tall, 0.0019, rng.uniform(0.04, 0.06))
    assembly.add("basket", parts.BASKET, basket.moved([0, floor, 0]))


def add_wire_rack(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add decks of wire on four posts with casters, and a handle across one end."""
    width, depth = rng.uniform(0.55, 0.95), rng.uniform(0.36, 0.5)
    r, high = rng.uniform(0.011, 0.014), rng.uniform(0.75, 1.1)
    x, z = width / 2 - 1.6 * r, depth / 2 - 1.6 * r
    low = parts.add_cart_casters(assembly, rng, rng.uniform(0.04, 0.06), x, z)
    post = prim.post(
        np.array([(x, low, z), (x, high - 0.004, z), (x, high, z)]),
        outlines.circle(r, count=12),
        np.array([1, 1, 0.8]),
    )
    assembly.add_pair("post_front", parts.TUBE, post)
    assembly.add_pair("post_back", parts.TUBE, post.mapped(lambda p: p * [1, 1, -1]))
    pitch = max(rng.uniform(0.035, 0.055), width / 20)
    deck = wire_deck(width, depth, (x, z, r), rng.uniform(0.0017, 0.0024), pitch, rng.uniform(0.024, 0.036))
    count = int(rng.integers(2, 5)) if high > 0.9 else int(rng.integers(2, 4))
    heights = np.linspace(low + rng.uniform(0.05, 0.12), high - rng.uniform(0.02, 0.08), count)
    tall = rng.uniform(0.07, 0.14)
    baskets = chance(rng, 0.4)
    for i, y in enumerate(heights, 1):
        if baskets and i > 1:
            edge = (-x, x, -z, z)
            basket = parts.wire_basket(edge, edge, tall, 0.0018, max(pitch, 0.042))
            assembly.add(f"basket_{i}", parts.BASKET, basket.moved([0, y - tall, 0]))
        else:
            assembly.add(f"shelf_{i}", parts.WIRE_SHELF, deck.moved([0, y, 0]))
    if chance(rng, 0.75):
        out = rng.uniform(0.06, 0.11)
        points = [
            (x, high - 0.03, z),
            (x + out, high + 0.03, z),
            (x + out, high + 0.03, -z),
            (x, high - 0.03, -z),
        ]
        assembly.add("push_handle", parts.HANDLE, parts.tube(points, 0.9 * r, 0.04, (0.5, -1.0, 0.0)))


def add_laundry_cart(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a bag in a frame of tubes on casters, sometimes two or three bags, with a shelf or a rail above."""
    bags = int(rng.choice([1, 1, 2, 3]))
    size, z = rng.uniform(0.17, 0.24), rng.uniform(0.18, 0.24)
    x = 0.5 * size * bags + 0.16 * (bags == 1)
    r, high = rng.uniform(0.009, 0.012), rng.uniform(0.68, 0.85)
    low = parts.add_cart_casters(assembly, rng, rng.uniform(0.025, 0.045), x, z)
    for name, sign in (("left", 1.0), ("right", -1.0)):
        points = [(sign * x, low, z), (sign * x, high, z), (sign * x, high, -z), (sign * x, low, -z)]
        assembly.add(f"end_{name}", parts.TUBE, parts.tube(points, r, 0.05, (1.0, 0.0, 0.0)))
        foot = prim.bar(
            (sign * x, low + 0.02, -z), (sign * x, low + 0.02, z), outlines.circle(0.8 * r, count=12)
        )
        assembly.add(f"foot_bar_{name}", parts.RAIL, foot)
    hang = high - 0.06
    for name, at in (("front", z), ("back", -z)):
        for level, y in (("high", hang), ("low", low + 0.02)):
            if level == "low" and name == "front" and chance(rng, 0.5):
                continue
            bar = prim.bar((-x, y, at), (x, y, at), outlines.circle(0.8 * r, count=12))
            assembly.add(f"bar_{level}_{name}", parts.RAIL, bar)
    if chance(rng, 0.5):
        lean = prim.box((-x, low + 0.024, -z), (x, low + 0.036, z), 0.002)
        assembly.add("shelf", parts.SHELF, lean)
    tall = (hang - low) * rng.uniform(0.75, 0.9)
    edges = np.linspace(-x, x, bags + 1)
    for i in range(bags):
        width = edges[i + 1] - edges[i] - 0.012
        shrink = rng.uniform(0.72, 0.95)
        bag = parts.tub((width * shrink, 2 * z * shrink), (width, 2 * z + 0.4 * r), tall, 0.004, 0.04)
        middle = (edges[i] + edges[i + 1]) / 2
        assembly.add(f"bag_{i + 1}", parts.BAG, bag.moved([middle, hang + 0.5 * r - tall, 0]))
        if i:
            strap = prim.bar((edges[i], hang, -z), (edges[i], hang, z), outlines.circle(0.7 * r, count=10))
            assembly.add(f"divider_{i}", parts.RAIL, strap)
    if chance(rng, 0.3):
        y = rng.uniform(1.2, 1.5)
        points = [(-x, high, 0.0), (-x, y, 0.0), (x, y, 0.0), (x, high, 0.0)]
        assembly.add("hanging_rail", parts.HANDLE, parts.tube(points, r, 0.05, (0.0, 0.0, 1.0)))
