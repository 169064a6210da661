"""Boards, posts, wire decks and braces of which shelves are made."""

from __future__ import annotations

import math

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.primitives import Mesh
from looking3d.shapes.procedural.turning import revolved, turned_profile, united

SHELF = "cabinet/shelf"
POST = "cabinet/cabinet_frame/frame_vertical_bar"
BAR = "cabinet/cabinet_frame/frame_horizontal_bar"
SIDE = "cabinet/cabinet_frame/vertical_side_panel"
DIVIDER = "cabinet/cabinet_frame/vertical_divider_panel"
BACK = "cabinet/cabinet_frame/back_panel"
TOP = "cabinet/cabinet_frame/top_panel"
FOOT = "cabinet/cabinet_base/foot_base/foot"
CASTER = "cabinet/cabinet_base/foot_base/caster"


def board(
    x: tuple[float, float], z: tuple[float, float], low: float, high: float, corner: float = 0.0
) -> Mesh:
    """A level board; with `corner`, its corners are round."""
    if corner < 0.004:
        return prim.box((x[0], low, z[0]), (x[1], high, z[1]), min(0.002, 0.2 * (high - low)))
    plane = outlines.rectangle(x[1] - x[0], z[1] - z[0], corner, steps=5)
    plate = prim.slab(plane, high - low, min(0.002, 0.2 * (high - low)))
    return prim.flat(plate, low).moved([(x[0] + x[1]) / 2, 0, (z[0] + z[1]) / 2])


def wire_deck(
    width: float, depth: float, post: tuple[float, float, float], wire: float, pitch: float, rim: float
) -> Mesh:
    """A shelf of welded wire about the y axis, its upper side at 0, with sleeves for four posts.

    Args:
        width, depth: Over all.
        post: x, z and radius of the post on the left in front.
        wire: Radius of the thin wires.
        pitch: Distance between them.
        rim: Height of the rim, which is two thicker rods with a wave between them.
    """
    rod = 1.5 * wire
    x, z = width / 2 - rod, depth / 2 - rod
    section, thin, fine = (outlines.circle(r, count=k) for r, k in ((rod, 6), (wire, 5), (wire, 4)))
    corners = np.array([[x, 0, z], [-x, 0, z], [-x, 0, -z], [x, 0, -z]], float)
    pieces = []
    for a, b in zip(corners, np.roll(corners, -1, 0)):
        length = float(np.linalg.norm(b - a))
        ahead = (b - a) / length
        for level in (-rod, rod - rim):
            lift = np.array([0.0, level, 0.0])
            pieces.append(prim.bar(a + lift - 0.9 * rod * ahead, b + lift + 0.9 * rod * ahead, section))
        count = max(2, round(length / (3.2 * rim)))
        t = np.linspace(0, 1, 2 * count + 1)
        wave = a + (b - a) * t[:, None]
        wave[:, 1] = np.where(np.arange(len(t)) % 2, -rod, rod - rim)
        pieces.append(prim.sweep(wave, fine, (abs(ahead[2]), 0.0, abs(ahead[0]))))
    count = max(2, round(2 * x / pitch))
    for at in -x + 2 * x * np.arange(1, count) / count:
        pieces.append(prim.bar((at, -rod, -z), (at, -rod, z), thin))
    for at in (-0.22 * depth, 0.22 * depth):
        pieces.append(prim.bar((-x, -2.2 * rod, at), (x, -2.2 * rod, at), section))
    sleeve = outlines.circle(1.35 * post[2], count=12)
    for side_x, side_z in ((1, 1), (-1, 1), (1, -1), (-1, -1)):
        at_x, at_z = side_x * post[0], side_z * post[1]
        pieces.append(prim.post(np.array([(at_x, -rim - 0.004, at_z), (at_x, 0.002, at_z)]), sleeve))
    return united(pieces)


def slatted_deck(x: tuple[float, float], z: tuple[float, float], y: float, thick: float, slats: int) -> Mesh:
    """Slats along x on two battens, as one part; its upper side is at y."""
    pitch = (z[1] - z[0]) / slats
    pieces = [
        prim.box((x[0], y - thick, z[0] + pitch * (i + 0.12)), (x[1], y, z[0] + pitch * (i + 0.88)), 0.0015)
        for i in range(slats)
    ]
    reach = x[1] - x[0]
    for at in (x[0] + 0.1 * reach, x[1] - 0.1 * reach):
        pieces.append(
            prim.box((at - 0.012, y - thick - 0.014, z[0]), (at + 0.012, y - 0.4 * thick, z[1]), 0.0015)
        )
    return united(pieces)


def spindle(rng: np.random.Generator, radius: float, elements: int) -> np.ndarray:
    """(n, 2) radius and height, 0 to 1, of a spool that is alike at both ends."""
    half = turned_profile(rng, elements, 0.6) * [radius, 0.5]
    # Turned upside down, so that the flange is at the foot; then once more above itself
    lower = half[::-1] * [1, -1] + [0, 0.5]
    upper = half + [0, 0.5]
    return np.concatenate([lower, upper[1:]])


def spool(profile: np.ndarray, spot: tuple[float, float], low: float, high: float, count: int = 16) -> Mesh:
    """A spindle between two boards."""
    return revolved(profile * [1, high - low] + [0, low], count).moved([spot[0], 0, spot[1]])


def brace(
    a: np.ndarray, b: np.ndarray, width: float, thick: float, normal: tuple[float, float, float]
) -> Mesh:
    """A flat bar from a to b, its flat side to `normal`."""
    return prim.bar(a, b, outlines.rectangle(width, thick, 0.2 * thick), normal)


def quarter(radius: float, front: str) -> np.ndarray:
    """(k, 2) in x and z of a shelf for a corner: a quarter disc, or cut off straight.

    Args:
        radius: Along both walls.
        front: `round` or `straight`.
    """
    if front == "straight":
        return np.array([(0, 0), (radius, 0), (radius, 0.3 * radius), (0.3 * radius, radius), (0, radius)])
    turn = np.linspace(0, math.pi / 2, 15)
    arc = radius * np.stack([np.cos(turn), np.sin(turn)], 1)
    return np.concatenate([[[0.0, 0.0]], arc])
