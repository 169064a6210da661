"""The procedural family of cabinets: sideboards, wardrobes, chests, kitchen units, dressers, lockers."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.cabinet_base import add_base
from looking3d.shapes.procedural.casework import CABINET, Casework, Cell, FrontStyle
from looking3d.shapes.procedural.turning import profiled

_TOP = "cabinet/countertop"
_TOP_PANEL = "cabinet/cabinet_frame/top_panel"


def cabinet(seed: int) -> PartShape:
    """The cabinet of a seed: the same parts for the same seed, everywhere.

    Args:
        seed: At least 0.

    Returns:
        A shape in metres that stands on y = 0 and faces +Z. Its labels are those of PartNet's
        StorageFurniture, every part is a closed mesh, and every part touches another.
    """
    rng = np.random.default_rng(seed)
    assembly = Assembly("storage_furniture")
    builders = {
        "sideboard": (_sideboard, 20),
        "wardrobe": (_wardrobe, 16),
        "chest": (_chest, 18),
        "kitchen": (_kitchen, 11),
        "nightstand": (_nightstand, 11),
        "dresser": (_dresser, 9),
        "media": (_media, 9),
        "office": (_office, 8),
    }
    kind = pick(rng, {name: weight for name, (_, weight) in builders.items()})
    builders[kind][0](assembly, rng)
    return PartShape(f"cabinet_{seed:06d}", assembly.grounded(), "cabinet", f"procedural:cabinet seed={seed}")


@dataclasses.dataclass(frozen=True)
class _Body:
    """A carcass on its base, empty."""

    work: Casework
    x: tuple[float, float]
    y: tuple[float, float]

    def columns(self, shares: list[float]) -> list[Cell]:
        """The opening parted by upright boards."""
        return self.work.columns(self.x, self.y, shares)


def _body(
    assembly: Assembly,
    rng: np.random.Generator,
    size: tuple[float, float, float],
    bases: dict[str, float],
    fronts: FrontStyle,
    lying_top: float,
) -> _Body:
    """Add base, carcass and top.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        size: Width, height and depth over all but handles.
        bases: Kinds of base by weight.
        fronts: Style of what will fill it.
        lying_top: Probability of a top that lies on the sides and overhangs.
    """
    width, height, depth = size
    board = rng.uniform(0.016, 0.028)
    work = Casework(assembly, CABINET, fronts, board, depth)
    low = add_base(assembly, rng, pick(rng, bases), width, depth)
    lying = chance(rng, lying_top)
    thick = rng.uniform(0.018, 0.035)
    high = height - thick if lying else height
    x = (-width / 2, width / 2)
    inner_x, inner_y = work.carcass(x, (low, high), top=True)
    if lying:
        _add_top(assembly, rng, width, depth, high, thick, 0.0 if fronts.inset else fronts.thickness)
    return _Body(work, inner_x, inner_y)


def _add_top(
    assembly: Assembly,
    rng: np.random.Generator,
    width: float,
    depth: float,
    y: float,
    thick: float,
    front: float,
    label: str = _TOP,
) -> None:
    """A board over the sides, with a moulded edge."""
    past = rng.uniform(0.002, 0.025)
    outline = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * [width / 2 + past, (depth + front) / 2 + past]
    edge = pick(rng, {"eased": 2, "chamfer": 1, "round": 1, "ogee": 0.7})
    e = min(0.4 * thick, 0.012)
    profile = {
        "eased": [(0.001, 0), (0, 0.001), (0, thick - 0.002), (0.002, thick)],
        "chamfer": [(e, 0), (0, e), (0, thick - 0.002), (0.002, thick)],
        "round": [(e, 0), (0.3 * e, 0.3 * e), (0, e), (0, thick - e), (0.3 * e, thick - 0.3 * e), (e, thick)],
        "ogee": [(e, 0), (0.9 * e, 0.3 * thick), (0.2 * e, 0.5 * thick), (0, 0.7 * thick), (0.001, thick)],
    }[edge]
    top = profiled(outline, profile).moved([0, y, front / 2])
    assembly.add("top", label, top)


def _opening(rng: np.random.Generator, share: float = 0.18) -> float:
    """How far a door stands open, radians; mostly it is closed."""
    angle = math.radians(rng.uniform(15, 105))
    return angle if chance(rng, share) else 0.0


def _fill_doors(work: Casework, rng: np.random.Generator, cell: Cell, shelves: int, hinge: str) -> None:
    """Doors before shelves; a wide cell gets a pair."""
    work.shelves(cell, shelves, setback=work.fronts.thickness + 0.025)
    width, height = cell.size
    if width > 0.62 or width > 0.85 * height:
        hinge = "pair"
    work.doors(cell, hinge, _opening(rng))


def _fill_drawers(
    work: Casework, rng: np.random.Generator, cell: Cell, count: int, growth: float = 0.0
) -> None:
    """Drawers above one another, one of them perhaps pulled out.

    Args:
        work: The cabinet.
        rng: Where chance comes from.
        cell: What to fill.
        count: Drawers.
        growth: How much taller a drawer is than the one above it.
    """
    board = work.fronts.inset
    shares = [1 + growth * (count - 1 - i) for i in range(count)]
    rows = work.rows(cell, shares, [board] * (count - 1))
    pulled = int(rng.integers(count)) if chance(rng, 0.2) else -1
    out = rng.uniform(0.08, 0.5) * (work.front - work.back)
    for i, row in enumerate(rows):
        work.drawer(row, out if i == pulled else 0.0)


def _sideboard(assembly: Assembly, rng: np.random.Generator) -> None:
    """Long and low, with doors and drawers, perhaps an open bay."""
    size = (rng.uniform(1.0, 1.9), rng.uniform(0.68, 0.95), rng.uniform(0.36, 0.5))
    bases = {"legs": 4, "turned": 1, "plinth": 1, "sled": 1.5, "block": 0.7, "bracket": 0.6}
    body = _body(assembly, rng, size, bases, FrontStyle.drawn(rng, 0.6), 0.65)
    count = 2 if size[0] < 1.2 else int(rng.integers(2, 5 if size[0] > 1.5 else 4))
    shares = [1.0] * count
    if count == 3:
        shares[1] = rng.uniform(0.7, 1.4)
    mirrored = chance(rng, 0.75)
    kinds = [pick(rng, {"doors": 3, "drawers": 1.6, "mixed": 1.6, "open": 0.8}) for _ in range(count)]
    for i, cell in enumerate(body.columns(shares)):
        kind = kinds[min(i, count - 1 - i)] if mirrored else kinds[i]
        hinge = "left" if i < count / 2 else "right"
        if kind == "doors":
            _fill_doors(body.work, rng, cell, 1, hinge)
        elif kind == "drawers":
            _fill_drawers(body.work, rng, cell, int(rng.integers(3, 5)))
        elif kind == "mixed":
            lower, upper = body.work.rows(cell, [rng.uniform(2, 3.2), 1], [True])
            _fill_doors(body.work, rng, lower, 1 if chance(rng, 0.4) else 0, hinge)
            body.work.drawer(upper)
        else:
            body.work.shelves(cell, int(rng.integers(1, 3)))


def _wardrobe(assembly: Assembly, rng: np.random.Generator) -> None:
    """Tall, with doors to hang clothes behind, often over drawers, perhaps with a cornice."""
    count = int(rng.choice([1, 2, 2, 2, 3, 3, 4]))
    height, depth = rng.uniform(1.7, 2.25), rng.uniform(0.5, 0.64)
    width = count * rng.uniform(0.42, 0.56) + (0.15 if count == 1 else 0.0)
    fronts = FrontStyle.drawn(rng, 0.47, {"knob": 2, "bow": 2, "bar": 4, "strip": 0.5, "ring": 0.5})
    if fronts.handle is not None and chance(rng, 0.5):
        long = dataclasses.replace(fronts.handle, length=rng.uniform(0.2, 0.5))
        fronts = dataclasses.replace(fronts, handle=long)
    bases = {"plinth": 4, "bun": 1, "bracket": 1.2, "legs": 0.7, "block": 1}
    cornice = chance(rng, 0.4)
    body = _body(assembly, rng, (width, height, depth), bases, fronts, 0.0)
    work = body.work
    if cornice:
        _add_cornice(assembly, rng, width, depth, height, 0.0 if fronts.inset else fronts.thickness)
    drawers = pick(rng, {"none": 2, "one": 2, "two": 1.5})
    cells = body.columns([1.0] * (1 if count < 3 else count - 1))
    for i, cell in enumerate(cells):
        upper = cell
        if drawers != "none":
            low = rng.uniform(0.14, 0.2) if drawers == "one" else rng.uniform(0.24, 0.3)
            lower, upper = work.rows(cell, [low, 1 - low], [True])
            _fill_drawers(work, rng, lower, 1 if drawers == "one" else 2)
        hinge = "left" if i < len(cells) / 2 else "right"
        angle = _opening(rng, 0.25)
        if angle:
            _add_hanging_rail(work, upper)
        pair = count == 2 or upper.size[0] > 0.66
        work.doors(upper, "pair" if pair else hinge, angle)


def _add_hanging_rail(work: Casework, cell: Cell) -> None:
    y, z = cell.high[1] - 0.08, (work.front + work.back) / 2
    rail = prim.bar((cell.low[0] - 0.002, y, z), (cell.high[0] + 0.002, y, z), outlines.circle(0.0125))
    work.add("hanging_rail", "cabinet/cabinet_frame/frame_horizontal_bar", rail)


def _add_cornice(
    assembly: Assembly,
    rng: np.random.Generator,
    width: float,
    depth: float,
    y: float,
    front: float,
    z: float = 0.0,
) -> None:
    """A crown moulding that grows outwards as it rises."""
    past, high = rng.uniform(0.025, 0.06), rng.uniform(0.04, 0.09)
    half = np.array([width / 2 + past, (depth + front + past) / 2])
    outline = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
    s = np.linspace(0, 1, 6)
    steps = [(past * (1 - t) ** 1.6, 0.75 * high * t) for t in s]
    crown = profiled(outline, [*steps, (0.0, high - 0.002), (0.002, high)])
    assembly.add("cornice", _TOP_PANEL, crown.moved([0, y - 0.001, z + (front + past) / 2]))


def _chest(assembly: Assembly, rng: np.random.Generator) -> None:
    """A chest of drawers, wide or tall, its drawers often deeper below."""
    tall = chance(rng, 0.35)
    size = (
        rng.uniform(0.42, 0.7) if tall else rng.uniform(0.75, 1.5),
        rng.uniform(1.0, 1.35) if tall else rng.uniform(0.7, 1.0),
        rng.uniform(0.38, 0.52),
    )
    bases = {"legs": 2, "turned": 1, "bun": 1, "plinth": 2, "bracket": 1.5, "none": 0.7, "sled": 0.5}
    body = _body(assembly, rng, size, bases, FrontStyle.drawn(rng), 0.7)
    work, growth = body.work, rng.uniform(0.0, 0.22) if chance(rng, 0.7) else 0.0
    columns = 1 if tall else int(np.clip(round(size[0] / rng.uniform(0.5, 0.95)), 1, 3))
    rows = int(rng.integers(4, 7)) if tall else int(rng.integers(3, 5))
    cells = body.columns([1.0] * columns)
    if columns == 1 and not tall and chance(rng, 0.45):
        # Two small drawers side by side above the wide ones
        lower, upper = work.rows(cells[0], [rows - 1, rng.uniform(0.65, 0.9)], [True])
        outer = (
            (upper.face_low[1] - upper.low[1]) / -work.board,
            (upper.face_high[1] - upper.high[1]) / work.board,
        )
        small = work.columns((upper.low[0], upper.high[0]), (upper.low[1], upper.high[1]), [1.0, 1.0], outer)
        for cell in small:
            work.drawer(cell)
        _fill_drawers(work, rng, lower, rows - 1, growth)
        return
    for cell in cells:
        _fill_drawers(work, rng, cell, rows, growth)


def _kitchen(assembly: Assembly, rng: np.random.Generator) -> None:
    """A base unit with a worktop, doors under drawers."""
    count = int(rng.integers(1, 4))
    size = (count * rng.uniform(0.45, 0.62), rng.uniform(0.84, 0.94), rng.uniform(0.54, 0.62))
    fronts = FrontStyle.drawn(rng, 0.82, {"bar": 3, "bow": 2, "knob": 1.5, "cup": 1.2, "strip": 1})
    fronts = dataclasses.replace(fronts, inset=False, hinges=False)
    board, thick = 0.018, rng.uniform(0.025, 0.042)
    work = Casework(assembly, CABINET, fronts, board, size[2])
    low = add_base(assembly, rng, "plinth" if chance(rng, 0.7) else "block", size[0], size[2])
    x, y = work.carcass((-size[0] / 2, size[0] / 2), (low, size[1] - thick))
    _add_top(assembly, rng, size[0], size[2], size[1] - thick, thick, fronts.thickness)
    if chance(rng, 0.3):
        splash = prim.box(
            (-size[0] / 2, size[1] - 0.001, -size[2] / 2), (size[0] / 2, size[1] + 0.09, 0.016 - size[2] / 2)
        )
        assembly.add("splashback", "cabinet/cabinet_frame/back_panel", splash)
    for i, cell in enumerate(work.columns(x, y, [1.0] * count)):
        kind = pick(rng, {"mixed": 3, "drawers": 2, "doors": 1.5, "open": 0.4})
        if kind == "mixed":
            lower, upper = work.rows(cell, [rng.uniform(3, 4.5), 1], [False])
            _fill_doors(work, rng, lower, int(rng.integers(0, 2)), "left" if i % 2 else "right")
            work.drawer(upper)
        elif kind == "drawers":
            _fill_drawers(work, rng, cell, int(rng.integers(3, 5)), rng.uniform(0, 0.3))
        elif kind == "doors":
            _fill_doors(work, rng, cell, 1, "left" if i % 2 else "right")
        else:
            work.shelves(cell, 2)


def _nightstand(assembly: Assembly, rng: np.random.Generator) -> None:
    """A small cabinet beside a bed: a drawer, and below it an open bay, a door, or more drawers."""
    size = (rng.uniform(0.36, 0.58), rng.uniform(0.44, 0.68), rng.uniform(0.32, 0.44))
    bases = {"legs": 3, "turned": 1.2, "plinth": 1, "sled": 0.8, "bun": 0.6, "casters": 0.5, "none": 0.6}
    body = _body(assembly, rng, size, bases, FrontStyle.drawn(rng, 0.7), 0.6)
    work, (cell,) = body.work, body.columns([1.0])
    kind = pick(rng, {"open": 2, "door": 1.5, "drawers": 1.6, "hidden": 0.7})
    if kind == "drawers":
        _fill_drawers(work, rng, cell, int(rng.integers(2, 4)))
    elif kind == "hidden":
        lower, upper = work.rows(cell, [1, rng.uniform(0.3, 0.6)], [True])
        _fill_doors(work, rng, lower, 0, "left")
        work.shelves(upper, 0)
    else:
        lower, upper = work.rows(cell, [1, rng.uniform(0.35, 0.7)], [True])
        _fill_drawers(work, rng, upper, 1)
        if kind == "door":
            work.doors(lower, pick(rng, {"left": 1, "right": 1}), _opening(rng))
        elif chance(rng, 0.4):
            work.shelves(lower, 1)


def _dresser(assembly: Assembly, rng: np.random.Generator) -> None:
    """Doors and drawers below, a lighter stack of shelves above, as of a hutch."""
    width, depth = rng.uniform(0.75, 1.3), rng.uniform(0.38, 0.48)
    low, high = rng.uniform(0.78, 0.95), rng.uniform(1.75, 2.1)
    fronts = FrontStyle.drawn(rng, 0.65)
    bases = {"plinth": 2, "bun": 1.2, "bracket": 1.5, "turned": 1}
    body = _body(assembly, rng, (width, low, depth), bases, fronts, 1.0)
    count = 2 if width < 1.05 else 3
    for i, cell in enumerate(body.columns([1.0] * count)):
        lower, upper = body.work.rows(cell, [rng.uniform(2.2, 3.0), 1], [True])
        _fill_doors(body.work, rng, lower, 0, "left" if i < count / 2 else "right")
        body.work.drawer(upper)
    shallow = depth * rng.uniform(0.5, 0.65)
    upper_fronts = dataclasses.replace(fronts, grip=0.3, notch=0.0)
    shelf_work = Casework(
        assembly, CABINET, upper_fronts, body.work.board * 0.9, shallow, (shallow - depth) / 2
    )
    # Numbers go on from those of the lower part
    shelf_work.count_on(body.work)
    inset = rng.uniform(0.0, 0.03)
    x, y = shelf_work.carcass((inset - width / 2, width / 2 - inset), (low - 0.001, high))
    past_boards = 0.0 if fronts.inset else fronts.thickness
    _add_cornice(assembly, rng, width - 2 * inset, shallow, high, past_boards, (shallow - depth) / 2)
    cells = shelf_work.columns(x, y, [1.0] * (count if chance(rng, 0.5) else 1))
    doors = chance(rng, 0.35)
    for i, cell in enumerate(cells):
        shelf_work.shelves(cell, int(rng.integers(2, 4)), fronts.thickness + 0.01 if doors else 0.0)
        if doors and (len(cells) < 3 or i != 1):
            shelf_work.doors(
                cell, "pair" if cell.size[0] > 0.62 else "left" if i == 0 else "right", _opening(rng, 0.3)
            )


def _media(assembly: Assembly, rng: np.random.Generator) -> None:
    """A low bench for a television: open bays, flanked by doors or drawers."""
    size = (rng.uniform(1.1, 2.0), rng.uniform(0.4, 0.6), rng.uniform(0.36, 0.46))
    bases = {"legs": 2, "sled": 1.2, "plinth": 1, "block": 1, "casters": 0.5, "none": 0.7}
    body = _body(assembly, rng, size, bases, FrontStyle.drawn(rng, 0.75), 0.5)
    work = body.work
    side = pick(rng, {"doors": 2, "drawers": 1.5, "open": 0.8})
    cells = body.columns([1.0, rng.uniform(1.0, 1.8), 1.0] if chance(rng, 0.7) else [1.0, 1.0])
    for i, cell in enumerate(cells):
        middle = len(cells) == 3 and i == 1
        if middle or side == "open" or (len(cells) == 2 and i == 1):
            if chance(rng, 0.4):
                lower, upper = work.rows(cell, [1, rng.uniform(0.6, 1.2)], [True])
                _fill_drawers(work, rng, lower, 1)
                work.shelves(upper, 0)
            else:
                work.shelves(cell, int(rng.integers(0, 2)))
        elif side == "doors":
            work.doors(cell, "left" if i == 0 else "right", _opening(rng))
        else:
            _fill_drawers(work, rng, cell, 2)


def _office(assembly: Assembly, rng: np.random.Generator) -> None:
    """Of sheet metal or chipboard: a filing cabinet, lockers, a pedestal on casters, a cupboard."""
    kind = pick(rng, {"filing": 2, "lockers": 1.6, "pedestal": 1.5, "cupboard": 1})
    fronts = FrontStyle.drawn(rng, 0.5, {"bar": 2, "strip": 1.5, "cup": 1.5, "bow": 1})
    fronts = dataclasses.replace(fronts, kind="flat", inset=kind == "lockers", hinges=kind == "lockers")
    if kind == "filing":
        count = int(rng.integers(2, 5))
        size = (rng.uniform(0.4, 0.48), 0.1 + count * rng.uniform(0.28, 0.33), rng.uniform(0.45, 0.64))
        body = _body(assembly, rng, size, {"plinth": 1, "none": 1}, fronts, 0.2)
        _fill_drawers(body.work, rng, body.columns([1.0])[0], count)
    elif kind == "pedestal":
        size = (rng.uniform(0.38, 0.44), rng.uniform(0.52, 0.62), rng.uniform(0.48, 0.6))
        body = _body(assembly, rng, size, {"casters": 1}, fronts, 0.4)
        lower, upper = body.work.rows(body.columns([1.0])[0], [1, rng.uniform(0.5, 1.4)], [False])
        _fill_drawers(body.work, rng, lower, 1)
        _fill_drawers(body.work, rng, upper, int(rng.integers(1, 3)))
    else:
        columns = int(rng.integers(1, 4)) if kind == "lockers" else 1
        rows = int(rng.integers(1, 4)) if kind == "lockers" else 1
        width = columns * rng.uniform(0.3, 0.4) if kind == "lockers" else rng.uniform(0.8, 1.0)
        size = (width, rng.uniform(1.6, 1.9), rng.uniform(0.38, 0.5))
        body = _body(assembly, rng, size, {"plinth": 1, "legs": 1, "none": 0.6}, fronts, 0.15)
        for cell in body.columns([1.0] * columns):
            for row in body.work.rows(cell, [1.0] * rows, [True] * (rows - 1)):
                angle = _opening(rng)
                if angle:
                    body.work.shelves(row, 2, 0.05)
                body.work.doors(row, "pair" if kind == "cupboard" else "left", angle)
