"""Poles of floor lamps, and cords that lie on the floor."""

from __future__ import annotations

import itertools
import math

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.lamp_body import POLE, SOLID
from looking3d.shapes.procedural.lamp_shade import LAMP
from looking3d.shapes.procedural.primitives import Mesh
from looking3d.shapes.procedural.turning import ball, revolved, turned_profile, united

CORD = f"{LAMP}/power_cord/cord"


def add_pole(assembly: Assembly, rng: np.random.Generator, low: float, high: float, radius: float) -> None:
    """Add what carries the head of a floor lamp: a tube in sections, a turned or twisted or square one."""
    kind = pick(rng, {"tube": 3, "turned": 1.3, "square": 0.7, "rope": 0.5, "twin": 0.6})
    span = high - low
    if kind == "twin":
        gap = 2.2 * radius
        rod = prim.post(np.array([(gap, low, 0), (gap, high, 0)]), outlines.circle(0.7 * radius, count=14))
        assembly.add_pair("pole", POLE, rod)
        for i, y in enumerate((low + 0.004, low + rng.uniform(0.4, 0.7) * span, high - 0.01)):
            tie = prim.box((-gap - radius, y - 0.006, -radius), (gap + radius, y + 0.01, radius), 0.002)
            assembly.add(f"pole_tie_{i + 1}", SOLID, tie)
        return
    if kind in ("square", "rope"):
        r = 1.5 * radius
        section = outlines.rectangle(2 * r, 2 * r, 0.1 * r) if kind == "square" else _rope(1.2 * r)
        twist = 0.0 if kind == "square" else rng.uniform(18, 32) * span
        s = np.linspace(0, 1, 2 if kind == "square" else 90)
        rings = np.stack([_turned_by(section, twist * t) for t in s])
        y = np.broadcast_to((low + span * s)[:, None], rings.shape[:2])
        assembly.add("pole", POLE, prim.loft(np.insert(rings, 1, y, axis=-1)))
        return
    sections = int(rng.integers(1, 4))
    edges = np.linspace(low, high, sections + 1)
    for i, (a, b) in enumerate(itertools.pairwise(edges)):
        r = radius * (1.12 if kind == "tube" and i == 0 and sections > 1 else 1.0)
        rows = np.array([(r, a - 0.001 * (i > 0)), (r, b)])
        if kind == "turned":
            profile = turned_profile(rng, int(rng.integers(3, 6)), 0.7)
            rows = profile * [2.1 * radius, b - a + 0.002] + [0, a - 0.001]
        assembly.add(f"pole_{i + 1}", POLE, revolved(rows, 20))
        if kind == "tube" and i:
            assembly.add(f"collar_{i}", SOLID, _collar(rng, 1.9 * radius, float(a)))


def _collar(rng: np.random.Generator, r: float, y: float) -> Mesh:
    """A bead or a sleeve where two tubes meet."""
    if chance(rng, 0.5):
        return ball(1.2 * r, (0, y, 0), 18, rng.uniform(0.5, 1.0))
    return revolved(np.array([(0.7 * r, -0.02), (r, -0.012), (r, 0.012), (0.7 * r, 0.02)]) + [0, y], 18)


def _rope(r: float) -> np.ndarray:
    """(k, 2) section of three strands."""
    angle = 2 * math.pi * np.arange(24) / 24
    return (r * (0.78 + 0.22 * np.abs(np.cos(1.5 * angle))))[:, None] * np.stack(
        [np.cos(angle), np.sin(angle)], 1
    )


def _turned_by(section: np.ndarray, angle: float) -> np.ndarray:
    cos, sin = math.cos(angle), math.sin(angle)
    return section @ np.array([[cos, sin], [-sin, cos]])


def add_cord(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a cord that lies on the floor behind the base, and ends in a plug; often with a switch in it.

    A lamp that stands on feet gets none.
    """
    if assembly.parts[0].id not in ("base", "body"):
        return
    low, _ = assembly.parts[0].bounds
    r, length = rng.uniform(0.0028, 0.004), rng.uniform(0.12, 0.28)
    s = np.linspace(0, 1, 26)
    sway = rng.uniform(0.02, 0.07) * np.sin(rng.uniform(4, 8) * s) * s**0.5
    path = np.stack([sway, np.full(26, r), 0.9 * low[2] - length * s], 1)
    ahead = (path[-1] - path[-2]) / np.linalg.norm(path[-1] - path[-2])
    plug = prim.bar(
        path[-1] - 0.004 * ahead, path[-1] + 0.03 * ahead, outlines.circle(3 * r, r, 12), bevel=0.001
    )
    section = outlines.circle(r, count=8)
    assembly.add("cord", CORD, united([prim.sweep(path, section, (0.0, 1.0, 0.0)), plug]))
    if chance(rng, 0.4):
        at = path[14]
        along = path[15] - path[13]
        along *= 0.025 / np.linalg.norm(along)
        box = prim.bar(at - along, at + along, outlines.rectangle(5 * r, 3.2 * r, r), bevel=0.002)
        assembly.add("cord_switch", f"{LAMP}/power_cord/switch", box.moved([0, 0.6 * r, 0]))
