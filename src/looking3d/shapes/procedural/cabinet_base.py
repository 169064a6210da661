"""What cabinets and shelves stand on: legs, feet, plinths, sleds, casters."""

from __future__ import annotations

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance
from looking3d.shapes.procedural.fittings import CasterStyle, add_casters, corners
from looking3d.shapes.procedural.turning import revolved, turned_profile

FOOT = "cabinet/cabinet_base/foot_base/foot"
PLINTH = "cabinet/cabinet_base/panel_base/base_side_panel"
CASTER = "cabinet/cabinet_base/foot_base/caster"
BAR = "cabinet/cabinet_frame/frame_horizontal_bar"

HEIGHTS = {
    "legs": (0.1, 0.24),
    "turned": (0.09, 0.2),
    "bun": (0.05, 0.1),
    "block": (0.04, 0.1),
    "bracket": (0.07, 0.12),
    "plinth": (0.05, 0.11),
    "sled": (0.1, 0.22),
    "casters": (0.0, 0.0),
    "none": (0.0, 0.0),
}
"""Kinds of bases, and how high they are, in metres."""


def add_base(assembly: Assembly, rng: np.random.Generator, kind: str, width: float, depth: float) -> float:
    """Add a base under a box whose underside measures `width` by `depth`, about the y axis.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        kind: One of `HEIGHTS`.
        width, depth: Of the box.

    Returns:
        Height of the box's underside.
    """
    height = float(rng.uniform(*HEIGHTS[kind]))
    x, z = width / 2, depth / 2
    if kind == "none":
        return 0.0
    if kind == "casters":
        style = CasterStyle.drawn(rng, rng.uniform(0.022, 0.036))
        inset = 1.35 * style.radius
        add_casters(assembly, rng, CASTER, style, corners(x - inset, z - inset))
        return style.height
    if kind == "plinth":
        _add_plinth(assembly, rng, x, z, height)
    elif kind == "bracket":
        _add_brackets(assembly, rng, x, z, height)
    elif kind == "sled":
        _add_sled(assembly, rng, x, z, height)
    else:
        _add_feet(assembly, rng, kind, x, z, height)
    return height


def _add_plinth(assembly: Assembly, rng: np.random.Generator, x: float, z: float, height: float) -> None:
    """Boards on edge, set back at the front."""
    front, side, t = z - rng.uniform(0.015, 0.06), x - rng.uniform(0.003, 0.03), 0.018
    assembly.add("plinth_front", PLINTH, prim.box((-side, 0, front - t), (side, height + 0.001, front)))
    assembly.add("plinth_back", PLINTH, prim.box((-side, 0, -z + 0.004), (side, height + 0.001, -z + t)))
    flank = prim.box((side - t, 0, -z + t), (side, height + 0.001, front - t))
    assembly.add_pair("plinth_side", PLINTH, flank)


def _add_brackets(assembly: Assembly, rng: np.random.Generator, x: float, z: float, height: float) -> None:
    """Two sawn boards under each corner, which meet there."""
    reach, thick = rng.uniform(0.09, 0.16), 0.02
    heel = rng.uniform(0.35, 0.6) * reach
    outline = np.array(
        [(0, 0), (heel, 0), (1.05 * heel, 0.4 * height), (reach, height + 0.001), (0, height + 0.001)]
    )
    board = prim.slab(outline, thick, 0.002)
    for name, sign in (("front", 1.0), ("back", -1.0)):

        def place(p: np.ndarray, sign: float = sign) -> np.ndarray:
            return np.stack([x - p[:, 0], p[:, 1], sign * (z - 0.002 - p[:, 2])], 1)

        assembly.add_pair(f"foot_{name}", FOOT, board.mapped(place))

        def flank(p: np.ndarray, sign: float = sign) -> np.ndarray:
            return np.stack([x - p[:, 2], p[:, 1], sign * (z - 0.02 - p[:, 0])], 1)

        assembly.add_pair(f"foot_{name}_side", FOOT, board.mapped(flank))


def _add_sled(assembly: Assembly, rng: np.random.Generator, x: float, z: float, height: float) -> None:
    """A bent bar or a welded frame under each side, and bars between them."""
    r = rng.uniform(0.008, 0.016)
    square = chance(rng, 0.6)
    section = outlines.rectangle(2 * r, 2 * r, 0.2 * r) if square else outlines.circle(r)
    at, front, back = x - rng.uniform(0.03, 0.12), z - 0.03, -z + 0.03
    top = height - r + 0.002
    lean = rng.uniform(0.0, 0.04)
    points = [(at, top, 0), (at, top, front), (at, r, front - lean), (at, r, back + lean), (at, top, back)]
    path = prim.filleted(np.array([*points, (at, top, -0.002)]), 1.5 * r if square else 3 * r, 4)
    assembly.add_pair("sled", FOOT, prim.sweep(path, section, (1.0, 0.0, 0.0)))
    for name, end in (("front", front), ("back", back)):
        bar = prim.bar((-at, top, 0.85 * end), (at, top, 0.85 * end), section)
        assembly.add(f"sled_bar_{name}", BAR, bar)


def _add_feet(
    assembly: Assembly, rng: np.random.Generator, kind: str, x: float, z: float, height: float
) -> None:
    """A foot under each corner; a middle pair under what is long."""
    r = rng.uniform(0.014, 0.024) if kind == "legs" else rng.uniform(0.022, 0.038)
    inset = r + rng.uniform(0.006, 0.05)
    splay = rng.uniform(0.1, 0.3) * height if kind == "legs" and chance(rng, 0.6) else 0.0
    round_foot = kind == "bun" or chance(rng, 0.55)
    section = outlines.circle(r, count=18) if round_foot else outlines.rectangle(2 * r, 2 * r, 0.2 * r)
    taper = rng.uniform(0.5, 0.95)
    profile = turned_profile(rng, int(rng.integers(2, 4)), rng.uniform(0.5, 0.8))
    spots = [("front", x - inset, 1.0), ("back", x - inset, -1.0)]
    for name, at, sign in spots:
        foot = np.array([at, 0.0, sign * (z - inset)])
        if kind == "bun":
            turn = np.linspace(-1.1, 1.1, 9)
            body = np.stack([r * np.cos(turn), height * (0.5 + 0.5 * np.sin(turn) / np.sin(1.1))], 1)
            mesh = revolved(np.concatenate([body, [[0.6 * r, height + 0.003]]]), 20).moved(foot)
        elif kind == "turned":
            mesh = revolved(profile * [1.1 * r, height + 0.002], 18).moved(foot)
        else:
            path = foot + np.array([(splay, 0, sign * splay), (0, height + 0.002, 0)])
            scale = np.array([taper if kind == "legs" else 0.9, 1.0])
            mesh = prim.post(path, section, scale)
        assembly.add_pair(f"foot_{name}", FOOT, mesh)
        if x > 0.75:
            assembly.add(f"foot_{name}_middle", FOOT, mesh.moved([-foot[0] - splay / 2, 0, 0]))
