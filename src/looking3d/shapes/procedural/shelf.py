"""The procedural family of shelves: bookcases, cubes, ladders, racks of wire and steel, etageres, corners."""

from __future__ import annotations

import math

import numpy as np

from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural import shelf_racks as racks
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.cabinet_base import add_base
from looking3d.shapes.procedural.casework import CABINET, Casework, FrontStyle
from looking3d.shapes.procedural.shelf_parts import BACK, DIVIDER, SHELF, SIDE, TOP, board
from looking3d.shapes.procedural.turning import cut, profiled


def shelf(seed: int) -> PartShape:
    """The shelf of a seed: the same parts for the same seed, everywhere.

    Args:
        seed: At least 0.

    Returns:
        A shape in metres that stands on y = 0 and faces +Z. Its labels are those of PartNet's
        StorageFurniture, every part is a closed mesh, and every part touches another.
    """
    rng = np.random.default_rng(seed)
    assembly = Assembly("storage_furniture")
    builders = {
        "bookcase": (_bookcase, 20),
        "cube": (_cube, 15),
        "ladder": (racks.add_ladder, 13),
        "wire": (racks.add_wire_rack, 11),
        "steel": (racks.add_steel_rack, 15),
        "etagere": (racks.add_etagere, 10),
        "stairs": (_stairs, 6),
        "corner": (racks.add_corner, 6),
        "wall": (_wall_shelf, 10),
    }
    kind = pick(rng, {name: weight for name, (_, weight) in builders.items()})
    builders[kind][0](assembly, rng)
    return PartShape(f"shelf_{seed:06d}", assembly.grounded(), "shelf", f"procedural:shelf seed={seed}")


def _bookcase(assembly: Assembly, rng: np.random.Generator) -> None:
    """A box of boards with shelves, often with a cornice, doors or drawers below."""
    low_one = chance(rng, 0.3)
    width, depth = rng.uniform(0.4, 1.3), rng.uniform(0.24, 0.38)
    height = rng.uniform(0.75, 1.15) if low_one else rng.uniform(1.5, 2.2)
    fronts = FrontStyle.drawn(rng, 0.8)
    work = Casework(assembly, CABINET, fronts, rng.uniform(0.016, 0.03), depth)
    bases = {"plinth": 3, "none": 1.5, "legs": 1.5, "bun": 0.5, "bracket": 0.8, "sled": 0.4}
    low = add_base(assembly, rng, pick(rng, bases), width, depth)
    x, y = work.carcass((-width / 2, width / 2), (low, height), back=chance(rng, 0.8))
    crown = pick(rng, {"none": 2, "board": 1, "cornice": 1})
    if crown != "none":
        _add_crown(assembly, rng, width, depth, height, crown == "board")
    columns = int(np.clip(round(width / rng.uniform(0.4, 0.8)), 1, 3))
    closed = pick(rng, {"open": 5, "doors": 1.5, "drawers": 1}) if not low_one else "open"
    count = max(1, round((height - low) / rng.uniform(0.28, 0.4)) - 1)
    jitter = rng.uniform(0, 0.25) if chance(rng, 0.4) else 0.0
    for i, cell in enumerate(work.columns(x, y, [1.0] * columns)):
        if closed != "open":
            share = rng.uniform(0.26, 0.4) if closed == "doors" else rng.uniform(0.12, 0.2)
            lower, cell = work.rows(cell, [share, 1 - share], [True])
            if closed == "drawers":
                work.drawer(lower, rng.uniform(0.05, 0.18) if chance(rng, 0.15) else 0.0)
            else:
                pair = lower.size[0] > 0.55
                work.doors(lower, "pair" if pair else "left" if i == 0 else "right", _ajar(rng))
            rows = max(2, count - (1 if closed == "doors" else 0))
        else:
            rows = count + 1
        shares = rng.uniform(1 - jitter, 1 + jitter, rows)
        work.rows(cell, shares.tolist(), [True] * (rows - 1))


def _ajar(rng: np.random.Generator) -> float:
    angle = math.radians(rng.uniform(20, 100))
    return angle if chance(rng, 0.2) else 0.0


def _add_crown(
    assembly: Assembly, rng: np.random.Generator, width: float, depth: float, y: float, plain: bool
) -> None:
    """A board that overhangs, or a moulding."""
    past, high = rng.uniform(0.008, 0.04), rng.uniform(0.018, 0.06)
    outline = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * [width / 2 + past, (depth + past) / 2]
    rows = [(0.0, 0.0), (0.0, high - 0.003), (0.003, high)]
    if not plain:
        rows = [
            (past, 0.0),
            (0.8 * past, 0.35 * high),
            (0.25 * past, 0.55 * high),
            (0, 0.75 * high),
            *rows[1:],
        ]
    assembly.add("crown", TOP, profiled(outline, rows).moved([0, y - 0.001, past / 2]))


def _cube(assembly: Assembly, rng: np.random.Generator) -> None:
    """A grid of square bays; some have a door, a pair of drawers, or a back."""
    columns, rows = int(rng.integers(1, 6)), int(rng.integers(1, 6))
    if columns * rows < 3:
        columns, rows = 2, 2
    if columns * rows > 16:
        columns, rows = 4, 4
    bay, depth = rng.uniform(0.28, 0.38), rng.uniform(0.28, 0.4)
    frame = rng.uniform(0.018, 0.045)
    fronts = FrontStyle.drawn(rng, 0.6)
    work = Casework(assembly, CABINET, fronts, frame, depth)
    base = pick(
        rng, {"none": 3, "legs": 1.2, "plinth": 0.8, "sled": 0.6, "casters": 0.5 if rows < 4 else 0.0}
    )
    width = columns * bay + 2 * frame
    low = add_base(assembly, rng, base, width, depth)
    backed = chance(rng, 0.45)
    x, y = work.carcass((-width / 2, width / 2), (low, low + rows * bay + 2 * frame), back=backed)
    work.board = rng.uniform(0.014, 0.02)
    filled = rng.uniform(0, 0.4) if chance(rng, 0.6) else 0.0
    for column in work.columns(x, y, [1.0] * columns):
        for cell in work.rows(column, [1.0] * rows, [True] * (rows - 1)):
            if not chance(rng, filled):
                continue
            if chance(rng, 0.5):
                work.doors(cell, "left" if chance(rng, 0.5) else "right", _ajar(rng))
            elif chance(rng, 0.6):
                for half in work.rows(cell, [1.0, 1.0], [False]):
                    work.drawer(half)
            else:
                work.shelves(cell, 1)


def _stairs(assembly: Assembly, rng: np.random.Generator) -> None:
    """Bays that rise like stairs, to part a room."""
    steps = int(rng.integers(3, 6))
    bay, depth, t = rng.uniform(0.28, 0.38), rng.uniform(0.28, 0.4), rng.uniform(0.016, 0.03)
    side = 1.0 if chance(rng, 0.5) else -1.0
    half = steps * (bay + t) / 2
    z = (-depth / 2, depth / 2)
    backed = chance(rng, 0.4)

    def span(a: float, b: float) -> tuple[float, float]:
        return (a, b) if side > 0 else (-b, -a)

    # Level boards run from where their step begins to the high end; uprights stand between them
    for level in range(steps + 1):
        start = max(level - 1, 0) * (bay + t) - half
        y = level * (bay + t)
        assembly.add(f"shelf_{level + 1}", SHELF, board(span(start, half + t), z, y, y + t))
    number = 0
    for level in range(steps):
        y = level * (bay + t) + t
        for i in range(level, steps + 1):
            number += 1
            x = i * (bay + t) - half
            leaf = SIDE if i in (level, steps) else DIVIDER
            upright = prim.box(
                (span(x, x + t)[0], y - 0.0005, z[0]), (span(x, x + t)[1], y + bay + 0.0005, z[1]), 0.0015
            )
            assembly.add(f"upright_{number}", leaf, upright)
            if backed and i < steps and chance(rng, 0.35):
                x0, x1 = span(x + t, x + t + bay)
                panel = prim.box((x0, y, z[0] + 0.002), (x1, y + bay, z[0] + 0.008), 0.001)
                assembly.add(f"back_{number}", BACK, panel)


def _wall_shelf(assembly: Assembly, rng: np.random.Generator) -> None:
    """Small boxes and ledges that hang on walls, here set down on the floor."""
    kind = pick(rng, {"box": 1.5, "brackets": 1.5, "plate": 1, "standing": 1.2})
    {"box": _wall_box, "brackets": _wall_brackets, "plate": _plate_rack, "standing": racks.add_standards}[
        kind
    ](assembly, rng)


def _wall_box(assembly: Assembly, rng: np.random.Generator) -> None:
    """A shallow box of a few bays, perhaps with pegs or a rail."""
    width, height, depth = rng.uniform(0.45, 1.1), rng.uniform(0.25, 0.7), rng.uniform(0.12, 0.24)
    fronts = FrontStyle.drawn(rng, 0.3)
    work = Casework(assembly, CABINET, fronts, rng.uniform(0.012, 0.02), depth)
    x, y = work.carcass((-width / 2, width / 2), (0.0, height), back=chance(rng, 0.7))
    columns = int(rng.integers(1, 4))
    for cell in work.columns(x, y, rng.uniform(0.7, 1.4, columns).tolist()):
        rows = int(rng.integers(1, 4)) if height > 0.4 else int(rng.integers(1, 3))
        cells = work.rows(cell, rng.uniform(0.8, 1.2, rows).tolist(), [True] * (rows - 1))
        if chance(rng, 0.35):
            if cells[0].size[1] < 0.2:
                work.drawer(cells[0])
            else:
                work.doors(cells[0], "left", _ajar(rng))


def _wall_brackets(assembly: Assembly, rng: np.random.Generator) -> None:
    """One or two boards on shaped brackets against a back board, on which it lies."""
    width, height, depth = rng.uniform(0.5, 1.1), rng.uniform(0.22, 0.5), rng.uniform(0.14, 0.26)
    t, count = rng.uniform(0.016, 0.026), int(rng.integers(1, 3))
    z = -depth / 2
    assembly.add("back", BACK, prim.box((-width / 2, 0.0, z), (width / 2, height, z + 0.016), 0.003))
    curve = rng.uniform(0.2, 0.95)
    for level in range(count):
        y = height * (0.96 if count == 1 else (0.45, 0.98)[level])
        past = rng.uniform(-0.01, 0.02)
        plank = board(
            (-width / 2 - past, width / 2 + past),
            (z + (0.0155 if level < count - 1 else 0.0), depth / 2),
            y - t,
            y,
        )
        if level == count - 1:
            y = height + t
            plank = board((-width / 2 - past, width / 2 + past), (z, depth / 2), height - 0.001, y)
        assembly.add(f"shelf_{level + 1}", SHELF, plank)
        drop = min(0.42 * height, 0.85 * depth)
        reach = 0.85 * (depth - 0.016)
        s = np.linspace(0, 1, 10)
        bow = np.stack([reach * (1 - s), -drop * s ** (1 + curve)], 1)
        if chance(rng, 0.5):
            bow[:, 1] = -drop * np.sin(0.5 * math.pi * s) ** (1 + curve)
        outline = np.concatenate([[[0.0, 0.001]], [[reach, 0.001]], bow[1:]])
        bracket = prim.slab(outline[::-1], 0.018, 0.0015)
        top = y - t

        def place(p: np.ndarray, top: float = top) -> np.ndarray:
            return np.stack([p[:, 2] + 0.36 * width - 0.009, p[:, 1] + top, p[:, 0] + z + 0.0155], 1)

        assembly.add_pair(
            f"bracket_{level + 1}", "cabinet/cabinet_frame/frame_vertical_bar", bracket.mapped(place)
        )
    if chance(rng, 0.5):
        _add_pegs(assembly, rng, width, 0.16 * height, z + 0.0155)
    lying = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
    assembly.parts[:] = [part.moved(lying, np.array([0.0, 0.0, height / 2])) for part in assembly.parts]


def _add_pegs(assembly: Assembly, rng: np.random.Generator, width: float, y: float, z: float) -> None:
    """Turned pegs to hang things on."""
    count = int(rng.integers(3, 6))
    length, r = rng.uniform(0.05, 0.075), rng.uniform(0.006, 0.009)
    s = np.linspace(0, 1, 8)
    scale = np.interp(s, [0, 0.15, 0.7, 0.86, 1.0], [1.0, 0.8, 0.75, 1.4, 1.0])
    for i in range(count):
        x = width * (-0.42 + 0.84 * i / (count - 1))
        path = np.stack([0 * s + x, y + 0.012 * s, z - 0.002 + length * s], 1)
        peg = prim.sweep(path, outlines.circle(r, count=10), (1.0, 0.0, 0.0), scale)
        assembly.add(f"peg_{i + 1}", "cabinet/drawer/handle", peg)


def _plate_rack(assembly: Assembly, rng: np.random.Generator) -> None:
    """Two shaped sides, shelves with rails before them, and often a heart or a round hole in the sides."""
    width, height, depth = rng.uniform(0.55, 1.0), rng.uniform(0.5, 0.85), rng.uniform(0.14, 0.22)
    t, levels = 0.016, int(rng.integers(2, 4))
    s = np.linspace(0, 1, 21)
    wave = rng.uniform(0.1, 0.35)
    front = depth * (1 - wave * np.abs(np.sin(math.pi * levels * s)) ** 1.5)
    front[0], front[-1] = depth, 0.7 * depth
    outline = np.concatenate([[[0.0, 0.0]], np.stack([front, s * height], 1), [[0.0, height]]])
    side = prim.loft(np.stack([np.insert(outline, 2, x, axis=1) for x in (0.0, t)]))
    side = side.mapped(lambda p: np.stack([p[:, 2] + width / 2 - t, p[:, 1], p[:, 0] - depth / 2], 1))
    if chance(rng, 0.4):
        hole = prim.bar(
            (width / 2 - 0.1, 0.9 * height, -0.15 * depth),
            (width / 2 + 0.1, 0.9 * height, -0.15 * depth),
            outlines.circle(0.02, count=20),
        )
        side = cut(side, [hole])
    assembly.add_pair("side", SIDE, side)
    x = (-width / 2 + t - 0.001, width / 2 - t + 0.001)
    rail = outlines.circle(0.006, count=10)
    for i in range(levels):
        y = 0.012 + (height - 0.03) * i / levels
        deep = depth * 0.62
        assembly.add(f"shelf_{i + 1}", SHELF, board(x, (-depth / 2, -depth / 2 + deep), y, y + t))
        z = -depth / 2 + deep - 0.012
        bar = prim.bar((x[0], y + 0.07, z), (x[1], y + 0.07, z), rail)
        assembly.add(f"rail_{i + 1}", "cabinet/cabinet_frame/frame_horizontal_bar", bar)
    y = height - 0.05
    assembly.add(
        "back_rail", BACK, prim.box((x[0], y - 0.03, -depth / 2), (x[1], y + 0.03, -depth / 2 + 0.014))
    )
