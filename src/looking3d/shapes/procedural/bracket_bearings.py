"""Brackets that hold what turns: pillow blocks with a shaft, and mounts of motors."""

from __future__ import annotations

import math

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.bracket_plates import BASE, FASTENER, gusset_outline
from looking3d.shapes.procedural.fasteners import Fastener, smaller
from looking3d.shapes.procedural.machining import (
    FRONT,
    RIGHT,
    SUNK,
    UP,
    around,
    extruded,
    floor_plate,
    grid,
    hole,
    placed,
    rod,
    slot,
    tube,
    turned,
)
from looking3d.shapes.procedural.primitives import Mesh
from looking3d.shapes.procedural.turning import cut, revolved, united


def add_pillow_blocks(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add one or two pillow blocks on a base plate, whole or split, with a shaft and what sits on it."""
    r = rng.uniform(0.02, 0.09)  # of the bore that the bearing fills
    wall, height = r * rng.uniform(0.35, 0.55), r * rng.uniform(1.7, 2.3)
    outer = r + wall
    double = chance(rng, 0.4)
    bolt = Fastener.drawn(rng, r * rng.uniform(0.45, 0.6), {"hex": 3, "socket": 2, "flanged": 1}, 0.6)
    foot = outer + 3.0 * bolt.reach
    deep, t = r * rng.uniform(1.0, 1.5), r * rng.uniform(0.4, 0.6)
    deep = max(deep, 2.5 * bolt.reach)
    split, slotted = chance(rng, 0.5), chance(rng, 0.5)
    seats = [(s * (outer + 1.5 * bolt.reach), t, 0.0) for s in (1, -1)]
    housing, cap = _housing(rng, (r, outer, height, foot, t, deep), split)
    tools = [
        slot(p, UP, RIGHT, bolt.clearance, 0.5 * bolt.diameter, 2 * t)
        if slotted
        else hole(p, UP, bolt.clearance, 2 * t)
        for p in seats
    ]
    housing = cut(housing, tools)
    floor = r * rng.uniform(0.3, 0.7)
    gap = deep * rng.uniform(2.2, 4.0) if double else 0.0
    margin = r * rng.uniform(0.15, 0.7)
    base = floor_plate(2 * (foot + margin), gap + deep + 2 * margin, floor + SUNK, 0.8 * margin)
    assembly.add("base_plate", BASE, base)
    bearing, inner = _bearing(r, deep)
    cap_bolt = smaller(bolt, 0.85)
    oiler = chance(rng, 0.5)
    for i, z in enumerate((gap / 2, -gap / 2) if double else (0.0,), 1):
        at = np.array([0.0, floor, z])
        center = at + [0, height, 0]
        assembly.add(f"housing_{i}", "bearing/housing", housing.moved(at))
        bolt.add(assembly, FASTENER, f"base_{i}", np.array(seats) + at, UP, t + 0.7 * floor)
        assembly.add(f"outer_ring_{i}", "bearing/outer_ring", bearing.moved(center))
        assembly.add(f"inner_ring_{i}", "bearing/inner_ring", inner.moved(center))
        top = at + [0, height + outer, 0]
        if cap is not None:
            assembly.add(f"cap_{i}", "bearing/cap", cap.moved(at))
            ears = [center + [s * (outer + cap_bolt.reach), 0.55 * wall + SUNK, 0] for s in (1, -1)]
            cap_bolt.add(assembly, FASTENER, f"cap_{i}", ears, UP, 1.1 * wall + 0.2 * height)
        if oiler:
            d = 0.16 * r
            rows = [(1.4 * d, -0.3 * d), (1.4 * d, d), (0.7 * d, 1.2 * d), (0.7 * d, 2 * d), (d, 2.4 * d)]
            nipple = turned([*rows, (d, 2.8 * d), (0.6 * d, 3.2 * d)], top, UP, 16)
            assembly.add(f"oiler_{i}", "bearing/grease_nipple", nipple)
    bore = 0.5 * r
    out = gap / 2 + deep * rng.uniform(0.9, 1.6)
    back = gap / 2 + deep * rng.uniform(0.7, 1.3)
    axis = np.array([0.0, floor + height, 0.0])
    shaft = rod(axis - FRONT * back, axis + FRONT * out, bore, 0.12 * bore)
    if chance(rng, 0.5):
        key = prim.box((-0.25 * bore, 0.7 * bore, out - 0.6 * deep), (0.25 * bore, 2 * bore, out + 1), 0.001)
        shaft = cut(shaft, [key.moved(axis)])
    assembly.add("shaft", "shaft", shaft)
    if double and chance(rng, 0.8):
        _add_wheel(assembly, rng, axis, bore, min(0.93 * height, 2.4 * r), 0.42 * (gap - deep))
    elif chance(rng, 0.5):
        at = axis + FRONT * (deep / 2 + 0.1 * r)
        collar = tube(at, at + FRONT * 0.35 * deep, 1.7 * bore, bore - SUNK)
        assembly.add("collar", "collar", collar)


def _housing(
    rng: np.random.Generator, sizes: tuple[float, float, float, float, float, float], split: bool
) -> tuple[Mesh, Mesh | None]:
    """The housing about its foot's middle, its bore along z; and its cap, if it is split."""
    r, outer, height, foot, t, deep = sizes
    base = prim.flat(prim.slab(outlines.rectangle(2 * foot, deep, 0.12 * deep, 3), t, 0.1 * t), 0.0)
    waist = outer * rng.uniform(0.9, 1.2)
    hump = extruded(
        np.array([(-waist, 0.4 * t), (waist, 0.4 * t), (outer, height), (-outer, height)]),
        -0.46 * deep,
        0.46 * deep,
    )
    drum = rod((0, height, -0.5 * deep), (0, height, 0.5 * deep), outer, 0.06 * outer, 44)
    solids = [base, hump, drum]
    if chance(rng, 0.5):
        web = np.array(
            [(0.9 * foot, 0.9 * t), (0.98 * outer, 0.75 * height), (0, 0.75 * height), (0, 0.9 * t)]
        )
        right = extruded(web * [0.8, 1.0], -0.08 * deep, 0.08 * deep)
        solids += [right, right.mirrored()]
    bore = hole((0, height, 0), FRONT, r, deep, 44)
    if not split:
        return cut(united(solids), [bore]), None
    ear, half = outer + 0.9 * (outer - r) + 0.35 * r, 0.55 * (outer - r)
    ears = prim.box((-ear, height - half, -0.4 * deep), (ear, height + half, 0.4 * deep), 0.1 * half)
    whole = cut(united([*solids, ears]), [bore])
    far, seam = 3 * foot, 0.012 * r
    low = prim.box((-far, height + SUNK, -far), (far, far, far))
    high = prim.box((-far, -far, -far), (far, height + seam, far))
    # The halves meet at the ears' seam; a groove around it shows that there are two
    groove = prim.box((-far, height - seam, 0.36 * deep), (far, height + seam, far))
    return cut(whole, [low, groove]), cut(whole, [high.moved([0, -seam, 0]), groove])


def _bearing(r: float, deep: float) -> tuple[Mesh, Mesh]:
    """The outer ring with its seal, and the inner ring, about the origin along z."""
    half = 0.36 * deep
    rows = [
        (r + SUNK, -half),
        (r + SUNK, half),
        (0.88 * r, half),
        (0.86 * r, 0.75 * half),
        (0.72 * r, 0.7 * half),
    ]
    rows += [(0.72 * r, -0.7 * half), (0.86 * r, -0.75 * half), (0.88 * r, -half)]
    outer = _loop(rows)
    long = 0.56 * deep
    inner = _loop(
        [(0.72 * r + SUNK, -long), (0.72 * r + SUNK, long), (0.5 * r - SUNK, long), (0.5 * r - SUNK, -long)]
    )
    return outer, inner


def _loop(rows: list[tuple[float, float]]) -> Mesh:
    """A ring about z of a closed outline of (radius, height)."""
    return placed(revolved(np.array(rows), 44, closed=True), (0, 0, 0), FRONT)


def _add_wheel(
    assembly: Assembly, rng: np.random.Generator, axis: np.ndarray, bore: float, radius: float, half: float
) -> None:
    """Add a pulley with grooves, or a spur gear, on a shaft along z."""
    half = min(half, 0.5 * radius)
    if chance(rng, 0.5):
        grooves = int(rng.integers(1, 4))
        rows = [(bore - SUNK, -half), (radius, -half)]
        for edge in np.linspace(-half, half, grooves + 1)[:-1]:
            pitch = 2 * half / grooves
            rows += [
                (radius, edge + 0.12 * pitch),
                (0.8 * radius, edge + 0.35 * pitch),
                (0.8 * radius, edge + 0.65 * pitch),
                (radius, edge + 0.88 * pitch),
            ]
        wheel = _loop([*rows, (radius, half), (bore - SUNK, half)]).moved(axis)
        label = "pulley"
    else:
        teeth = int(rng.integers(14, 26))
        turn = 2 * math.pi * (np.arange(teeth)[:, None] + np.array([-0.27, -0.13, 0.13, 0.27])) / teeth
        reach = radius * np.array([0.86, 1.0, 1.0, 0.86])
        blank = extruded(
            np.stack([reach * np.cos(turn), reach * np.sin(turn)], -1).reshape(-1, 2), -half, half
        )
        tools = [hole((0, 0, 0), FRONT, bore - SUNK, 2 * half, 28)]
        if chance(rng, 0.6):
            mid = 0.5 * (bore + 0.8 * radius)
            tools += [hole(p, FRONT, 0.13 * radius, 2 * half) for p in around(6, mid, (0, 0, 0), FRONT)]
        hub = rod((0, 0, -half - 0.3 * bore), (0, 0, half + 0.3 * bore), 1.6 * bore, 0.05 * bore)
        wheel = cut(united([blank, hub]), tools).moved(axis)
        label = "gear"
    assembly.add("wheel", label, wheel)


def add_motor_mount(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a motor on an upright plate with gussets and a foot, and a coupling on its shaft."""
    size = rng.uniform(0.06, 0.24)  # across the motor
    square = chance(rng, 0.45)
    t = size * rng.uniform(0.07, 0.11)
    long = size * rng.uniform(0.8, 1.5)
    margin = size * rng.uniform(0.12, 0.25)
    width = size + 2 * margin
    center = size / 2 + size * rng.uniform(0.15, 0.4)
    high = center + size / 2 + 0.6 * margin
    foot = long * rng.uniform(0.75, 1.05)
    screw = Fastener.drawn(rng, size * rng.uniform(0.08, 0.1), {"socket": 3, "hex": 1, "button": 1}, 0.2)
    bolt = Fastener.drawn(rng, size * rng.uniform(0.09, 0.11), washers=0.5)
    floor = t * rng.uniform(1.0, 2.0)
    lift, axis = np.array([0.0, floor, 0.0]), np.array([0.0, floor + center, 0.0])
    spots = 0.38 * size * np.array(grid((1, -1), (1, -1)))
    if not square:
        spots = around(int(rng.choice([4, 6])), 0.42 * size, (0, 0, 0), FRONT)[:, :2]
    spots = np.column_stack([spots, np.zeros(len(spots))])
    pilot = 0.24 * size
    corner = 0.3 * margin
    outline = outlines.rounded(
        np.array([(-width / 2, 0), (width / 2, 0), (width / 2, high), (-width / 2, high)]),
        [0.001, 0.001, 4 * corner, 4 * corner],
        5,
    )
    face = extruded(outline, 0.0, t).moved([0, -SUNK, 0])
    at = np.array([0.0, center, t])
    face = cut(
        face,
        [hole(at, FRONT, pilot, 2 * t, 36), *(hole(at + p, FRONT, screw.clearance, 2 * t) for p in spots)],
    )
    ground = floor_plate(width, foot + t, t, corner, (0.0, t - (foot + t) / 2))
    ends = (-0.25 * foot, 1.5 * bolt.reach - foot) if foot > 7 * bolt.reach else (1.6 * bolt.reach - foot,)
    side = width / 2 - 1.4 * bolt.reach
    seats = [(s * side, t, z) for s, z in grid((1, -1), ends)]
    tools = [
        slot(p, UP, FRONT, bolt.clearance, 0.8 * bolt.diameter, 2 * t)
        if chance(rng, 0.3)
        else hole(p, UP, bolt.clearance, 2 * t)
        for p in seats
    ]
    base = floor_plate(
        width + 2 * margin,
        foot + t + 2 * margin + 0.25 * long,
        floor + SUNK,
        margin,
        (0.0, t + 0.12 * long - foot / 2),
    )
    assembly.add("base_plate", BASE, base)
    assembly.add("foot", "motor_mount/foot", cut(ground, tools).moved(lift))
    assembly.add("face", "motor_mount/face", face.moved(lift))
    bolt.add(assembly, FASTENER, "base", np.array(seats) + lift, UP, t + 0.7 * floor)
    screw.add(assembly, FASTENER, "face", axis + spots + [0, 0, t], FRONT, t + 0.1 * size)
    # Gussets run behind the face, outside the motor
    web = gusset_outline(
        rng,
        (0.0, t),
        foot * rng.uniform(0.5, 0.9) if len(ends) < 2 else 0.25 * foot - 1.2 * bolt.reach,
        0.75 * high,
        pick(rng, {"straight": 2, "arc": 1}),
    )
    if len(ends) == 1 or 0.25 * foot > 2.5 * bolt.reach:
        gusset = extruded(web, width / 2 - 0.8 * t, width / 2 - 0.1 * t, "x").mapped(lambda p: p * [1, 1, -1])
        assembly.add_pair("gusset", "motor_mount/gusset", gusset.moved(lift))
    _add_motor(assembly, rng, axis, (size, long, pilot, t), square)


def _add_motor(
    assembly: Assembly,
    rng: np.random.Generator,
    axis: np.ndarray,
    sizes: tuple[float, float, float, float],
    square: bool,
) -> None:
    """Add the motor behind z = 0, and its shaft in front of the plate."""
    size, long, pilot, t = sizes
    shape = outlines.rectangle(size, size, 0.14 * size, 2) if square else outlines.circle(size / 2, count=40)
    cap = 0.14 * long

    def block(scale: float, low: float, high: float) -> Mesh:
        return extruded(scale * shape, low, high).moved(axis)

    assembly.add("motor_front", "motor/end_cap", block(1.0, -cap, SUNK))
    assembly.add("motor_back", "motor/end_cap", block(1.0, -long, cap - long))
    body = block(0.95, cap - long - SUNK, SUNK - cap)
    if not square and chance(rng, 0.6):
        fins = np.linspace(cap - long, -cap, int(rng.integers(6, 12)))[1:-1]
        rings = [
            rod(axis + [0, 0, z - 0.012 * long], axis + [0, 0, z + 0.012 * long], 0.5 * size, count=40)
            for z in fins
        ]
        body = united([block(0.86, cap - long - SUNK, SUNK - cap), *rings])
    assembly.add("motor_body", "motor/body", body)
    spin = rng.uniform(0.35, 0.5) * pilot
    out = t + size * rng.uniform(0.25, 0.45)
    boss = rod(axis - FRONT * SUNK, axis + FRONT * 0.6 * t, 0.95 * pilot, 0.05 * pilot, 36)
    assembly.add("pilot", "motor/pilot", boss)
    assembly.add(
        "shaft", "shaft", rod(axis + FRONT * (0.6 * t - SUNK), axis + FRONT * out, spin, 0.12 * spin)
    )
    kind = pick(rng, {"none": 1, "coupling": 1.5, "pulley": 1})
    at = axis + FRONT * (out - 0.6 * size * 0.25)
    if kind == "coupling":
        length, r = 0.3 * size, 2.1 * spin
        assembly.add("hub", "coupling/hub", tube(at, at + FRONT * 0.45 * length, r, spin - SUNK))
        spider = rod(at + FRONT * (0.45 * length - SUNK), at + FRONT * (0.55 * length + SUNK), 0.94 * r)
        assembly.add("spider", "coupling/spider", spider)
        hub = rod(at + FRONT * 0.55 * length, at + FRONT * length, r, 0.08 * r)
        assembly.add("hub_outer", "coupling/hub", hub)
    elif kind == "pulley":
        _add_wheel(assembly, rng, at, spin, 0.3 * size, 0.09 * size)
    if chance(rng, 0.5):
        low, wide = axis[1] + 0.47 * size * 0.95, 0.22 * size
        block_at = np.array([0.0, low - 0.06 * size, -0.5 * long])
        lid = prim.box(block_at - [wide, 0, wide], block_at + [wide, 0.2 * size, wide], 0.02 * size)
        assembly.add("terminal_box", "motor/terminal_box", lid)
        gland = block_at + RIGHT * (wide - SUNK) + [0, 0.13 * size, 0]
        assembly.add(
            "gland", "motor/cable_gland", rod(gland, gland + RIGHT * 0.12 * size, 0.055 * size, 0.01 * size)
        )
