"""What carts are made of: casters and wheels, bent tubes, handles, trays, decks, baskets of wire."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, lerp
from looking3d.shapes.procedural.fittings import CasterStyle, caster_wheel, corners, spoked_wheel
from looking3d.shapes.procedural.primitives import Mesh
from looking3d.shapes.procedural.turning import cut, disc, facing

CASTER = "cart_base/caster"
WHEEL = "cart_base/wheel"
AXLE = "cart_base/axle"
BUMPER = "cart_base/bumper"
POST = "cart_frame/frame_vertical_bar"
BAR = "cart_frame/frame_horizontal_bar"
TUBE = "cart_frame/frame_tube"
SIDE = "cart_frame/vertical_side_panel"
BACK = "cart_frame/back_panel"
BOTTOM = "cart_frame/bottom_panel"
SHELF = "cart_body/shelf"
WIRE_SHELF = "cart_body/wire_shelf"
TRAY = "cart_body/tray"
PLATFORM = "cart_body/platform"
RAIL = "cart_body/rail_tube"
HANDLE = "cart_handle/handle_tube"
HANDLE_BAR = "cart_handle/handle_bar"
GRIP = "cart_handle/grip"
BASKET = "cart_body/basket/wire_basket"
BIN = "cart_body/basket/bin"
BAG = "cart_body/basket/bag"
BRACKET = "cart_frame/plate"

Edges = tuple[float, float, float, float]
_CLEAR = 5e-5  # between wires that touch, metres, so that their meshes do not


def add_cart_casters(
    assembly: Assembly,
    rng: np.random.Generator,
    radius: float,
    x: float,
    z: float,
    fixed: bool = False,
) -> float:
    """Add four casters; returns the height at which they carry.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        radius: Of the wheels, about.
        x, z: Where the stem on the left in front is.
        fixed: Those on the right (x < 0) only roll along x.
    """
    style = CasterStyle.drawn(rng, radius)
    still = CasterStyle(style.radius, style.width, style.height, swivels=False)
    yaw = rng.uniform(0, 2 * math.pi)
    for number, spot in enumerate(corners(x, z), 1):
        if fixed and spot[0] < 0:
            still.add(assembly, CASTER, number, spot, math.pi / 2)
        else:
            style.add(assembly, CASTER, number, spot, yaw + rng.normal(0, 0.25))
    return style.height


def add_big_wheels(
    assembly: Assembly,
    rng: np.random.Generator,
    radius: float,
    width: float,
    half_axle: float,
    along: float,
    spokes: int = 0,
    axis: str = "x",
) -> None:
    """Add two wheels on an axle.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        radius, width: Of a wheel.
        half_axle: From the middle to the inner side of a wheel.
        along: Where the axle is, along the other level axis.
        spokes: A wheel of spokes with so many pairs; 0 for a plain one.
        axis: `x` or `z`, along which the axle lies.
    """
    wheel = (
        spoked_wheel(radius, width, spokes) if spokes else caster_wheel(radius, width, rng.uniform(0.35, 0.6))
    )
    at = half_axle + 0.6 * width
    axle = prim.bar(
        (-at - 0.7 * width, 0, 0), (at + 0.7 * width, 0, 0), outlines.circle(0.1 * radius, count=14)
    )
    cap = facing(disc(0.2 * radius, -0.006, 0.006, 0.002, 18), "x")
    pieces = {
        "axle": (AXLE, axle),
        "wheel_left": (WHEEL, wheel.moved([at, 0, 0])),
        "wheel_right": (WHEEL, wheel.mirrored().moved([-at, 0, 0])),
        "cap_left": (AXLE, cap.moved([at + 0.7 * width, 0, 0])),
        "cap_right": (AXLE, cap.moved([-at - 0.7 * width, 0, 0])),
    }
    for name, (label, mesh) in pieces.items():
        if axis == "z":
            mesh = mesh.mapped(lambda p: p[:, [2, 1, 0]])
        shift = [0, radius, along] if axis == "x" else [along, radius, 0]
        assembly.add(name, label, mesh.moved(shift))


def tube(points: Sequence[Sequence[float]], radius: float, bend: float, normal: Sequence[float]) -> Mesh:
    """A round tube along a polyline whose corners are bent."""
    path = prim.filleted(np.asarray(points, float), bend, 6)
    return prim.sweep(path, outlines.circle(radius, count=14), normal)


def hoop(x: float, z: float, y: float, radius: float, bend: float) -> Mesh:
    """A level loop of tube, a rectangle with round corners about the y axis."""
    plane = outlines.rectangle(2 * x, 2 * z, max(bend, 1.5 * radius), 6)
    path = np.stack([plane[:, 0], np.full(len(plane), y), plane[:, 1]], 1)
    return prim.sweep(path, outlines.circle(radius, count=12), (0.0, 1.0, 0.0), closed=True)


def tray(width: float, depth: float, rim: float, wall: float, corner: float) -> Mesh:
    """An open tray about the y axis, its underside at y = 0."""
    outer = outlines.rectangle(width, depth, corner, 5)
    inner = outlines.rectangle(width - 2 * wall, depth - 2 * wall, max(corner - wall, 0.002), 5)
    body = prim.flat(prim.slab(outer, rim, min(0.003, 0.3 * wall)), 0.0)
    return cut(body, [prim.flat(prim.slab(inner, rim, 0.001), wall)])


def tub(low: tuple[float, float], high: tuple[float, float], tall: float, wall: float, corner: float) -> Mesh:
    """An open bin whose walls lean outwards.

    Args:
        low, high: Width and depth below and above.
        tall: Height.
        wall: Thickness.
        corner: Radius of its upright edges.
    """

    def solid(shrink: float, y0: float, y1: float) -> Mesh:
        rings = []
        for (width, depth), y in ((low, y0), (high, y1)):
            plane = outlines.rectangle(width - 2 * shrink, depth - 2 * shrink, max(corner - shrink, 0.003), 5)
            rings.append(np.insert(plane, 1, y, axis=1))
        return prim.loft(np.stack(rings))

    return cut(solid(0.0, 0.0, tall), [solid(wall, wall, tall + wall)])


def joined(meshes: Sequence[Mesh]) -> Mesh:
    """One mesh of closed meshes that do not overlap, such as wires laid across one another."""
    starts = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes[:-1]])
    faces = [mesh.faces + start for mesh, start in zip(meshes, starts)]
    return Mesh(np.concatenate([mesh.vertices for mesh in meshes]), np.concatenate(faces))


def wire_basket(low: Edges, high: Edges, tall: float, wire: float, pitch: float) -> Mesh:
    """A basket of wire, open above, its floor at y = 0; its wires touch without running into one another.

    Args:
        low, high: x0, x1, z0, z1 of its floor and of its rim.
        tall: Height.
        wire: Radius; rim and floor have thicker rods.
        pitch: Between wires, about.
    """
    thin, rod = outlines.circle(wire, count=5), 1.8 * wire
    levels = max(2, round(tall / pitch))
    pieces = []
    for i in range(levels + 1):
        edge, radius = lerp(np.array(low), np.array(high), i / levels), rod if i in (0, levels) else wire
        pieces.append(_wire_loop(edge, i / levels * tall, radius, radius - wire))
    floor, rim = np.array(low), np.array(high)
    for side in range(4):
        pieces += _upright_wires(floor, rim, tall, thin, wire, pitch, side)
    x0, x1, z0, z1 = floor
    for at in _spread(x0, x1, pitch):
        pieces.append(prim.bar((at, rod + wire + _CLEAR, z0), (at, rod + wire + _CLEAR, z1), thin))
    for at in _spread(z0, z1, pitch):
        y = rod + 3 * wire + 2 * _CLEAR
        pieces.append(prim.bar((x0, y, at), (x1, y, at), thin))
    return joined(pieces)


def _wire_loop(edge: np.ndarray, y: float, radius: float, inset: float) -> Mesh:
    """A level loop of wire around a rectangle, x0, x1, z0, z1."""
    width, depth = edge[1] - edge[0] - 2 * inset, edge[3] - edge[2] - 2 * inset
    plane = outlines.rectangle(width, depth, 0.012, 3) + [(edge[0] + edge[1]) / 2, (edge[2] + edge[3]) / 2]
    path = np.insert(plane, 1, y, axis=1)
    return prim.sweep(path, outlines.circle(radius, count=6), (0.0, 1.0, 0.0), closed=True)


def _spread(a: float, b: float, pitch: float) -> np.ndarray:
    """Places between a and b, half a pitch away from both."""
    count = max(1, round((b - a) / pitch))
    return a + (b - a) * (np.arange(count) + 0.5) / count


def _upright_wires(
    floor: np.ndarray, rim: np.ndarray, tall: float, thin: np.ndarray, wire: float, pitch: float, side: int
) -> list[Mesh]:
    """Wires up the outside of one wall: 0 and 1 are at x0 and x1, 2 and 3 at z0 and z1."""
    out = 1.0 if side % 2 else -1.0
    across = slice(2, 4) if side < 2 else slice(0, 2)
    steep = math.hypot(tall, rim[side] - floor[side]) / tall
    clear = out * (2 * wire * steep + _CLEAR)
    lows = _spread(floor[across][0] + 0.012, floor[across][1] - 0.012, pitch)
    share = (lows - floor[across][0]) / np.ptp(floor[across])
    highs = rim[across][0] + share * np.ptp(rim[across])
    wires = []
    for low, high in zip(lows, highs):
        a, b = (floor[side] + clear, 0.0, low), (rim[side] + clear, tall, high)
        if side > 1:
            a, b = a[::-1], b[::-1]
        wires.append(prim.bar(a, b, thin, (0.3, 0.0, 1.0)))
    return wires


def add_push_handle(
    assembly: Assembly,
    rng: np.random.Generator,
    x: float,
    z: float,
    low: float,
    high: float,
    radius: float,
    lean: float,
) -> None:
    """Add a handle across one end: a bent tube on two feet at x, +-z, and often a grip on it.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        x, z: Where it is fixed.
        low, high: From where to where it rises.
        radius: Of the tube.
        lean: How far it leans outwards.
    """
    top = x + lean
    points = [(x, low, z), (x, lerp(low, high, 0.35), z), (top, high, z), (top, high, -z)]
    points += [(x, lerp(low, high, 0.35), -z), (x, low, -z)]
    points = [tuple(float(v) for v in p) for p in points]
    bend = min(rng.uniform(0.03, 0.08), 0.4 * z)
    # Nowhere along the tube, whichever way it leans
    normal = (1.0, -0.4 * math.copysign(1.0, lean), 0.0)
    assembly.add("push_handle", HANDLE, tube(points, radius, bend, normal))
    if chance(rng, 0.5):
        half = 0.55 * z
        sleeve = prim.bar(
            (top, high, -half), (top, high, half), outlines.circle(1.4 * radius, count=16), bevel=0.002
        )
        assembly.add("grip", GRIP, sleeve)


def add_corner_bumpers(assembly: Assembly, x: float, z: float, y: float, radius: float, tall: float) -> None:
    """Add a soft disc at each corner of a deck."""
    for number, (at_x, at_z) in enumerate(corners(x, z), 1):
        pad = disc(radius, y, y + tall, 0.2 * tall, 20).moved([at_x, 0, at_z])
        assembly.add(f"bumper_{number}", BUMPER, pad)
