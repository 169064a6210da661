"""Boxes of boards with doors and drawers, as cabinets and desks have them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.fittings import HandleStyle
from looking3d.shapes.procedural.primitives import Mesh
from looking3d.shapes.procedural.turning import cut, panelled

CABINET = ("cabinet", "cabinet/cabinet_frame")
DESK = ("regular_table/table_base/drawer_base", "regular_table/table_base/drawer_base")
"""Where labels of fronts, and of the boards around them, stand below the root."""

_GAP = 0.0015  # half of the gap around a front


@dataclass(frozen=True)
class FrontStyle:
    """What the doors and drawers of one piece of furniture look like.

    Attributes:
        kind: `flat`, `shaker` (a frame around a sunk panel) or `raised` (the panel comes forward again).
        thickness: Metres.
        rail: Width of the frame.
        inset: Fronts lie between the boards, not on them.
        handle: None for doors that are pushed to open.
        notch: Radius of a round grip cut into the edge, in place of a handle; 0 for none.
        grip: Where doors are gripped, from their lower edge, in door heights.
        hinges: Hinges are seen.
    """

    kind: str
    thickness: float
    rail: float
    inset: bool
    handle: HandleStyle | None
    notch: float
    grip: float
    hinges: bool

    @classmethod
    def drawn(
        cls, rng: np.random.Generator, grip: float = 0.5, handles: dict[str, float] | None = None
    ) -> FrontStyle:
        """A style at random, gripped at about a height."""
        inset = chance(rng, 0.35)
        grasp = pick(rng, {"handle": 8, "notch": 0.8, "none": 0.5})
        handle, notch, hinges = HandleStyle.drawn(rng, handles), rng.uniform(0.018, 0.032), chance(rng, 0.6)
        return cls(
            kind=pick(rng, {"flat": 3, "shaker": 2.2, "raised": 0.8}),
            thickness=rng.uniform(0.016, 0.024),
            rail=rng.uniform(0.045, 0.08),
            inset=inset,
            handle=handle if grasp == "handle" else None,
            notch=notch if grasp == "notch" else 0.0,
            grip=float(np.clip(grip + rng.normal(0, 0.04), 0.12, 0.88)),
            hinges=inset and hinges,
        )

    def front(self, width: float, height: float) -> Mesh:
        """The leaf in x and y about 0, its back at z = 0."""
        rail = min(self.rail, 0.22 * min(width, height))
        if self.kind == "flat" or rail < 0.022:
            board = prim.slab(outlines.rectangle(width, height, 0.003), self.thickness, 0.002)
            return board
        depth = 0.4 * self.thickness
        return panelled(width, height, self.thickness, rail, depth, self.kind == "raised")


@dataclass(frozen=True)
class Cell:
    """An opening of a cabinet.

    Attributes:
        low, high: (x, y) corners of the opening.
        face_low, face_high: Corners of what a front that lies on the boards covers.
    """

    low: tuple[float, float]
    high: tuple[float, float]
    face_low: tuple[float, float]
    face_high: tuple[float, float]

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the opening."""
        return self.high[0] - self.low[0], self.high[1] - self.low[1]


class Casework:
    """A cabinet under construction: boards first, then what fills its openings.

    Attributes:
        fronts: The style of doors and drawers.
        board: Thickness of the boards.
        front, back: z of the boards' edges.
    """

    def __init__(
        self,
        assembly: Assembly,
        labels: tuple[str, str],
        fronts: FrontStyle,
        board: float,
        depth: float,
        z: float = 0.0,
    ) -> None:
        self.fronts = fronts
        self.board = board
        self.front, self.back = z + depth / 2, z - depth / 2
        self._assembly = assembly
        self._prefix, self._frame = labels
        self._counts: dict[str, int] = {}

    def count_on(self, other: Casework) -> None:
        """Number parts from where another cabinet of the same object stopped."""
        self._counts = other._counts

    def add(self, name: str, label: str, mesh: Mesh) -> None:
        """Add a part, numbered among those of its name."""
        self._counts[name] = self._counts.get(name, 0) + 1
        self._assembly.add(f"{name}_{self._counts[name]}", label, mesh)

    def shelf(self, low: Sequence[float], high: Sequence[float]) -> None:
        """Add a shelf between two corners."""
        self.add("shelf", f"{self._prefix}/shelf", prim.box(low, high, 0.0015))

    def panel(self, name: str, leaf: str, low: Sequence[float], high: Sequence[float]) -> None:
        """Add a board of the frame between two corners."""
        self.add(name, f"{self._frame}/{leaf}", prim.box(low, high, 0.0015))

    def carcass(
        self, x: tuple[float, float], y: tuple[float, float], top: bool = True, back: bool = True
    ) -> tuple[tuple[float, float], tuple[float, float]]:
        """Add sides, bottom, top and back.

        Args:
            x: Its outer sides.
            y: Its underside and its upper side.
            top: It has a top board between its sides.
            back: It has a back.

        Returns:
            x and y of the inner sides.
        """
        t = self.board
        inner_x, inner_y = (x[0] + t, x[1] - t), (y[0] + t, y[1] - t if top else y[1])
        for low, high in ((x[0], inner_x[0]), (inner_x[1], x[1])):
            self.panel("side", "vertical_side_panel", (low, y[0], self.back), (high, y[1], self.front))
        self.panel(
            "bottom", "bottom_panel", (inner_x[0], y[0], self.back), (inner_x[1], inner_y[0], self.front)
        )
        if top:
            leaf = "top_panel" if self._frame == CABINET[1] else "shelf"
            self.panel("top", leaf, (inner_x[0], inner_y[1], self.back), (inner_x[1], y[1], self.front))
        if back:
            low, high = (inner_x[0], inner_y[0], self.back), (inner_x[1], inner_y[1], self.back + 0.006)
            self.add("back", f"{self._frame}/back_panel", prim.box(low, high, 0.001))
        return inner_x, inner_y

    def columns(
        self,
        x: tuple[float, float],
        y: tuple[float, float],
        shares: Sequence[float],
        outer: tuple[float, float] = (1.0, 1.0),
    ) -> list[Cell]:
        """Part an opening by upright boards.

        Args:
            x, y: The opening.
            shares: Widths of the columns, in proportion.
            outer: How much of the boards below and above a front on them covers.
        """
        t = self.board
        edges = _parted(x, shares, t)
        for (_, low), (high, _) in itertools.pairwise(edges):
            self.panel(
                "divider",
                "vertical_divider_panel",
                (low, y[0], self.back + 0.006),
                (high, y[1], self.front),
            )
        cells = []
        for i, (low, high) in enumerate(edges):
            left = t - 0.001 if i == 0 else t / 2
            right = t - 0.001 if i == len(edges) - 1 else t / 2
            face = (low - left, y[0] - outer[0] * (t - 0.001)), (high + right, y[1] + outer[1] * (t - 0.001))
            cells.append(Cell((low, y[0]), (high, y[1]), *face))
        return cells

    def rows(self, cell: Cell, shares: Sequence[float], boards: Sequence[bool]) -> list[Cell]:
        """Part a cell by shelves.

        Args:
            cell: What to part.
            shares: Heights from below, in proportion.
            boards: Whether there is a board between each row and the next; drawers need none.
        """
        gaps = [self.board if board else 0.0 for board in boards]
        low, high = cell.low[1], cell.high[1]
        heights = np.asarray(shares, float) / np.sum(shares) * (high - low - sum(gaps))
        cells, y, face = [], low, cell.face_low[1]
        for i, height in enumerate(heights):
            last = i == len(heights) - 1
            gap = 0.0 if last else gaps[i]
            top = cell.face_high[1] if last else y + height + gap / 2
            cells.append(
                Cell(
                    (cell.low[0], y),
                    (cell.high[0], y + height),
                    (cell.face_low[0], face),
                    (cell.face_high[0], top),
                )
            )
            if gap:
                self.shelf(
                    (cell.low[0], y + height, self.back + 0.006),
                    (cell.high[0], y + height + gap, self.front),
                )
            y, face = y + height + gap, top
        return cells

    def shelves(self, cell: Cell, count: int, setback: float = 0.0) -> None:
        """Add shelves at even heights inside a cell."""
        t = 0.85 * self.board
        for i in range(count):
            y = cell.low[1] + (cell.high[1] - cell.low[1]) * (i + 1) / (count + 1)
            z = self.front - max(setback, 0.004)
            self.shelf((cell.low[0], y - t / 2, self.back + 0.006), (cell.high[0], y + t / 2, z))

    def drawer(self, cell: Cell, out: float = 0.0) -> None:
        """Add a drawer: its front and handle; pulled out by `out` metres, its box too."""
        style = self.fronts
        low, high = self._face(cell)
        width, height = high - low
        center = np.append((low + high) / 2, self._plane() + out)
        front = style.front(width, height)
        if style.notch:
            front = cut(front, [_plug(style.notch, (0.0, height / 2))])
        label = f"{self._prefix}/drawer"
        self.add("drawer_front", f"{label}/drawer_box/drawer_front", front.moved(center))
        if style.handle is not None:
            wide = width > 0.62 and style.handle.kind != "strip"
            rise = 0.5 * height - 0.01 if style.handle.kind == "strip" else 0.0
            for x in (-0.27 * width, 0.27 * width) if wide else (0.0,):
                handle = style.handle.mesh(width)
                self.add(
                    "drawer_handle",
                    f"{label}/handle",
                    handle.moved(center + [x, rise, self._panel_z(width, height)]),
                )
        if out > 0.02:
            self._drawer_box(cell, float(center[2]), label)

    def _drawer_box(self, cell: Cell, z: float, label: str) -> None:
        t, (x0, x1) = 0.012, (cell.low[0] + 0.002, cell.high[0] - 0.002)
        y0 = cell.low[1] + 0.002
        y1 = y0 + 0.72 * (cell.high[1] - y0)
        back = z - 0.93 * (self.front - self.back)
        for low, high in ((x0, x0 + t), (x1 - t, x1)):
            self.add(
                "drawer_side",
                f"{label}/drawer_box/drawer_side",
                prim.box((low, y0, back), (high, y1, z), 0.001),
            )
        bottom = prim.box((x0 + t, y0 + 0.004, back), (x1 - t, y0 + 0.012, z), 0.001)
        self.add("drawer_bottom", f"{label}/drawer_box/drawer_bottom", bottom)
        rear = prim.box((x0 + t, y0 + 0.012, back), (x1 - t, y1, back + t), 0.001)
        self.add("drawer_back", f"{label}/drawer_box/drawer_back", rear)

    def doors(self, cell: Cell, hinge: str, open_rad: float = 0.0) -> None:
        """Add a door hinged on the `left` or `right`, or a `pair` of doors, of which the right one opens."""
        low, high = self._face(cell)
        if hinge == "pair":
            middle = (low[0] + high[0]) / 2
            self._door(low, np.array([middle - _GAP, high[1]]), "left", 0.0)
            self._door(np.array([middle + _GAP, low[1]]), high, "right", open_rad)
        else:
            self._door(low, high, hinge, open_rad)

    def _door(self, low: np.ndarray, high: np.ndarray, hinge: str, open_rad: float) -> None:
        style, (width, height) = self.fronts, high - low
        side, x0 = (1.0, low[0]) if hinge == "left" else (-1.0, high[0])
        cos, sin = math.cos(open_rad), math.sin(open_rad)
        # An inset door turns about its front edge, so that it clears the board beside it
        pivot = style.thickness if style.inset else 0.0

        def place(p: np.ndarray) -> np.ndarray:
            u, w = p[:, 0], p[:, 2] - pivot
            x = x0 + side * (u * cos - w * sin)
            return np.stack([x, p[:, 1] + low[1], self._plane() + pivot + u * sin + w * cos], 1)

        label = f"{self._prefix}/cabinet_door"
        leaf = style.front(width, height)
        if style.notch:
            leaf = cut(leaf, [_plug(style.notch, (width / 2, (style.grip - 0.5) * height))])
        leaf = leaf.moved([width / 2, height / 2, 0]).mapped(place)
        self.add("door", f"{label}/cabinet_door_surface", leaf)
        if style.handle is not None:
            framed = style.kind != "flat"
            edge = min(0.5 * style.rail if framed else 0.035, 0.2 * width)
            handle = style.handle.mesh(0.6 * height, upright=True)
            reach = 0.5 * np.ptp(handle.vertices[:, 1]) + 0.02
            grip = float(np.clip(style.grip * height, reach, height - reach))
            handle = handle.moved([width - edge, grip, style.thickness])
            self.add("door_handle", f"{label}/handle", handle.mapped(place))
        # What stands open away from its frame is seen to hang on hinges
        if style.hinges or (style.inset and open_rad > 0):
            self._hinges(x0, low[1], height, label)

    def _hinges(self, x: float, y: float, height: float, label: str) -> None:
        count = 3 if height > 1.1 else 2
        at = np.linspace(0.12, 0.88, count) * height + y
        z = self._plane() + (self.fronts.thickness if self.fronts.inset else 0.0) + 0.0015
        for middle in at:
            barrel = prim.post(
                np.array([(x, middle - 0.028, z), (x, middle + 0.028, z)]), outlines.circle(0.0055, count=10)
            )
            self.add("hinge", f"{label}/hinge", barrel)

    def _face(self, cell: Cell) -> tuple[np.ndarray, np.ndarray]:
        """Corners of a front: within the opening if inset, on the boards if not."""
        low, high = (cell.low, cell.high) if self.fronts.inset else (cell.face_low, cell.face_high)
        return np.asarray(low) + _GAP, np.asarray(high) - _GAP

    def _plane(self) -> float:
        """z of the backs of closed fronts."""
        return self.front - self.fronts.thickness if self.fronts.inset else self.front

    def _panel_z(self, width: float, height: float) -> float:
        """z of the middle of a front above its back."""
        style = self.fronts
        rail = min(style.rail, 0.22 * min(width, height))
        sunk = style.kind == "shaker" and rail >= 0.022
        raised = style.kind == "raised" and rail >= 0.022
        return style.thickness * (0.6 if sunk else 0.9 if raised else 1.0)


def _parted(span: tuple[float, float], shares: Sequence[float], gap: float) -> list[tuple[float, float]]:
    widths = np.asarray(shares, float) / np.sum(shares) * (span[1] - span[0] - gap * (len(shares) - 1))
    starts = span[0] + np.concatenate([[0.0], np.cumsum(widths[:-1] + gap)])
    return [(float(a), float(a + w)) for a, w in zip(starts, widths)]


def _plug(radius: float, center: tuple[float, float]) -> Mesh:
    return prim.bar((*center, -0.1), (*center, 0.1), outlines.circle(radius, count=20))
