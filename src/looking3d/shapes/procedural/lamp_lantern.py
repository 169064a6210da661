"""Lamps that are mostly shade: lanterns of paper and wood, mushrooms, globes, lava lamps."""

from __future__ import annotations

import math

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.lamp_body import BASE, LEG, POLE, SOLID, add_base
from looking3d.shapes.procedural.lamp_head import globe
from looking3d.shapes.procedural.lamp_pole import add_cord
from looking3d.shapes.procedural.lamp_shade import (
    BULB,
    CONNECTOR,
    FINIAL,
    FITTER,
    GLASS,
    REFLECTOR,
    SHADE,
    SOCKET_HIGH,
    bulb,
)
from looking3d.shapes.procedural.turning import ball, bowl, disc, revolved, shell


def add_lantern(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a lantern: paper between posts of wood, or a column of paper over rings, on feet."""
    if chance(rng, 0.55):
        _add_framed(assembly, rng)
    else:
        _add_paper(assembly, rng)


def _add_framed(assembly: Assembly, rng: np.random.Generator) -> None:
    half, post = rng.uniform(0.07, 0.14), rng.uniform(0.007, 0.013)
    high = half * (rng.uniform(2.4, 4) if chance(rng, 0.6) else rng.uniform(5, 8))
    leg, rail = rng.uniform(0.015, 0.08), rng.uniform(0.012, 0.022)
    board = prim.box((-half, leg, -half), (half, leg + rail, half), 0.002)
    assembly.add("board", BASE, board)
    at = half - post
    for number, (x, z) in enumerate(((at, at), (-at, at), (at, -at), (-at, -at)), 1):
        upright = prim.box((x - post, 0, z - post), (x + post, high, z + post), 0.002)
        assembly.add(f"post_{number}", POLE, upright)
    low, top = leg + rail - 0.001, high - rng.uniform(0.0, 0.1) * high
    for name, y in (
        (("top", top - rail),) if chance(rng, 0.6) else (("top", top - rail), ("middle", (low + top) / 2))
    ):
        _add_hoop(assembly, name, at, y, rail, post)
    inner = at - 0.2 * post
    square = outlines.rectangle(2, 2, 0.03)
    paper = np.array([(inner, low), (inner, top - 0.3 * rail)])
    assembly.add("shade", SHADE, shell(paper, 0.003, section=square))
    _add_muntins(assembly, rng, inner, low, top - rail)
    if chance(rng, 0.35):
        assembly.add(
            "lid",
            SOLID,
            prim.box((-half - 0.01, high - 0.001, -half - 0.01), (half + 0.01, high + 0.014, half + 0.01)),
        )
    _add_light(assembly, rng, leg + rail, min(0.1, 0.5 * (high - leg)))


def _add_hoop(assembly: Assembly, name: str, at: float, y: float, rail: float, post: float) -> None:
    """Four rails around the posts."""
    for side, sign in (("front", 1.0), ("back", -1.0)):
        low, high = (-at, y, sign * at - 0.7 * post), (at, y + rail, sign * at + 0.7 * post)
        assembly.add(f"rail_{name}_{side}", SOLID, prim.box(low, high, 0.0015))
    side = prim.box((at - 0.7 * post, y + 0.0008, -at), (at + 0.7 * post, y + rail - 0.0008, at), 0.0015)
    assembly.add_pair(f"rail_{name}", SOLID, side)


def _add_muntins(assembly: Assembly, rng: np.random.Generator, inner: float, low: float, top: float) -> None:
    """Thin bars on the paper of the front and of the back."""
    if chance(rng, 0.3):
        return
    level, upright = int(rng.integers(1, 5)), int(rng.integers(0, 3))
    t = 0.0035
    for name, sign in (("front", 1.0), ("back", -1.0)):
        z = sorted((sign * (inner - 0.001), sign * (inner + 2 * t)))
        for i in range(level):
            y = low + (top - low) * (i + 1) / (level + 1)
            bar = prim.box((-inner, y - t, z[0]), (inner, y + t, z[1]), 0.001)
            assembly.add(f"muntin_{name}_{i + 1}", FITTER, bar)
        z = sorted((sign * (inner - 0.001), sign * (inner + 1.6 * t)))
        for i in range(upright):
            x = inner * (2 * (i + 1) / (upright + 1) - 1)
            bar = prim.box((x - t, low, z[0]), (x + t, top + 0.001, z[1]), 0.001)
            assembly.add(f"muntin_{name}_upright_{i + 1}", FITTER, bar)


def _add_paper(assembly: Assembly, rng: np.random.Generator) -> None:
    """A column or balloon of paper with folds, on a disc or on bent wires."""
    radius = rng.uniform(0.1, 0.19)
    kind = pick(rng, {"balloon": 1.5, "column": 1.5, "double": 1, "cone": 0.7})
    high = radius * {"balloon": 2.0, "column": rng.uniform(3, 6), "double": 3.4, "cone": 3}[kind]
    folds = max(8, round(high / rng.uniform(0.018, 0.04)))
    s = np.linspace(0, 1, 2 * folds + 1)
    shape = {
        "balloon": np.sqrt(np.clip(1 - (1.84 * s - 0.92) ** 2, 0, 1)),
        "column": np.full(len(s), 0.85),
        "double": 0.45 + 0.5 * np.abs(np.sin(0.1 + (2 * math.pi - 0.2) * s)),
        "cone": 0.95 - 0.45 * s,
    }[kind]
    profile = np.stack([radius * (shape - 0.03 * (np.arange(len(s)) % 2)), high * s], 1)
    rise, foot = rng.uniform(0.04, 0.16), float(profile[0, 0])
    section = outlines.circle(1.0, count=28)
    if chance(rng, 0.25) and kind == "column":
        section = outlines.rectangle(1.8, 1.8, 0.1)
    assembly.add("shade", SHADE, shell(profile, 0.003, section=section).moved([0, rise, 0]))
    count = int(rng.integers(3, 5))
    hub = prim.flat(prim.slab(outlines.circle(0.03, count=20), 0.008, 0.001), rise + 0.002)
    assembly.add("hub", BASE, hub)
    wire = outlines.circle(rng.uniform(0.003, 0.006), count=10)
    for i in range(count):
        # A spoke to the rim that goes on as a foot; a corner of a square section is as good a place as any
        rim = foot * section[int(len(section) * (i + 0.5) / count)]
        out = np.array([rim[0], 0.0, rim[1]])
        ahead = out / np.linalg.norm(out)
        spread = out + ahead * rng.uniform(0.0, 0.02)
        points = np.array(
            [0.2 * out + [0, rise + 0.006, 0], 0.985 * out + [0, rise + 0.006, 0], spread + [0, 0.004, 0]]
        )
        path = prim.filleted(points, 0.01, 4)
        assembly.add(f"leg_{i + 1}", LEG, prim.sweep(path, wire, (ahead[2], 0.0, -ahead[0])))
    _add_light(assembly, rng, rise + 0.009, 0.1)


def _add_light(assembly: Assembly, rng: np.random.Generator, y: float, length: float) -> None:
    """A socket with a bulb on a board."""
    socket = np.array([(0.022, -0.001), (0.022, 0.006), (0.016, 0.01), (0.016, SOCKET_HIGH)]) + [0, y]
    assembly.add("socket", CONNECTOR, revolved(socket, 18))
    assembly.add("bulb", BULB, bulb(rng, max(0.05, length)).moved([0, y + SOCKET_HIGH - 0.002, 0]))


def add_mushroom(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a stem that flares into its foot, under a cap of glass or metal."""
    radius = rng.uniform(0.1, 0.2)
    high = radius * rng.uniform(1.5, 2.6)
    foot, neck = radius * rng.uniform(0.5, 0.75), radius * rng.uniform(0.1, 0.3)
    s = np.linspace(0, 1, 24)
    flare = rng.uniform(1.5, 6)
    stem = neck + (foot - neck) * (1 - s) ** flare + 0.6 * neck * s ** rng.uniform(4, 9)
    rows = np.concatenate([[[foot, 0.0]], np.stack([stem, 0.004 + high * s], 1)])
    assembly.add("body", SOLID, revolved(rows, 40))
    socket = np.array([(0.022, -0.002), (0.02, 0.03), (0.017, SOCKET_HIGH)]) + [0, high + 0.004]
    assembly.add("socket", CONNECTOR, revolved(socket, 18))
    deep = radius * rng.uniform(0.55, 0.95)
    power = rng.uniform(1.8, 3.2)
    t = np.linspace(0, 1, 16)
    cap = np.stack([radius * (1 - (0.999 * t) ** power) ** (1 / power), deep * t], 1)
    if chance(rng, 0.3):
        cap = np.concatenate([[[0.97 * radius, -0.02]], cap])
    top = high + SOCKET_HIGH + rng.uniform(0.02, 0.05)
    # A stalk in the socket carries the cap
    stalk = np.array([(0.006, high + 0.03), (0.006, top - 0.0045), (0.02, top - 0.0045), (0.02, top - 0.001)])
    assembly.add("stalk", FITTER, revolved(stalk + [0, 0.0035], 14))
    assembly.add(
        "shade",
        GLASS if chance(rng, 0.5) else REFLECTOR,
        bowl(cap, 0.004, 44).moved([0, top - deep + 0.003, 0]),
    )
    lamp = bulb(rng, 0.05)
    assembly.add("bulb", BULB, lamp.mapped(lambda p: p[:, [1, 0, 2]] + [0.012, high + 0.035, 0]))
    if chance(rng, 0.4):
        knob = np.array([(0.006, -0.003), (0.006, 0.006), (0.012, 0.014), (0.008, 0.022)]) + [0, top + 0.003]
        assembly.add("finial", FINIAL, revolved(knob, 16))
    if chance(rng, 0.4):
        add_cord(assembly, rng)


def add_globe_lamp(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add one globe or several on a foot, a rod or a cup; or a lava lamp."""
    kind = pick(rng, {"cup": 1.5, "rod": 2, "totem": 1, "lava": 1.2})
    if kind == "lava":
        _add_lava(assembly, rng)
        return
    radius, squash = rng.uniform(0.1, 0.15), rng.uniform(0.85, 1.1)
    if kind == "cup":
        low = radius * rng.uniform(0.7, 1.2)
        rows = np.array([(0.75, 0), (0.78, 0.03), (0.5, 0.5), (0.36, 0.85), (0.5, 1.0)]) * [radius, low]
        count = int(rng.choice([4, 6, 8, 36, 36]))
        assembly.add("body", SOLID, revolved(rows, count))
        rim = np.array([(0.36, -0.02), (0.42, 0.0), (0.42, 0.012), (0.36, 0.02)]) * [radius, 1] + [0, low]
        assembly.add("holder", CONNECTOR, revolved(rim, 28))
        assembly.add("shade", GLASS, globe(radius, squash).moved([0, low + 0.016, 0]))
        if chance(rng, 0.5):
            add_cord(assembly, rng)
        return
    tall = chance(rng, 0.4)
    low = add_base(assembly, rng, rng.uniform(0.13, 0.16) if tall else 0.85 * radius)
    count = int(rng.integers(2, 4)) if kind == "totem" else 1
    y = low
    for i in range(count):
        first = rng.uniform(0.8, 1.2) if tall else rng.uniform(0.06, 0.2)
        stem = first if i == 0 else rng.uniform(0.03, 0.06)
        rod = prim.post(np.array([(0, y - 0.004, 0), (0, y + stem, 0)]), outlines.circle(0.009, count=16))
        assembly.add(f"rod_{i + 1}", POLE, rod)
        y += stem
        cup = np.array(
            [(0.011, -0.012), (0.26 * radius, -0.004), (0.36 * radius, 0.006), (0.36 * radius, 0.014)]
        )
        assembly.add(f"holder_{i + 1}", CONNECTOR, revolved(cup + [0, y], 24))
        assembly.add(f"shade_{i + 1}", GLASS, globe(radius, squash).moved([0, y + 0.011, 0]))
        y += 2 * radius * squash + 0.013
    if chance(rng, 0.4):
        assembly.add("finial", FINIAL, ball(0.14 * radius, (0, y + 0.06 * radius, 0), 16))


def _add_lava(assembly: Assembly, rng: np.random.Generator) -> None:
    """A bottle of glass between a cone of metal and a cap, all on one tapering line."""
    r, high = rng.uniform(0.045, 0.065), rng.uniform(0.34, 0.46)
    waist, belly, tip = 0.62 * r, 0.95 * r, 0.42 * r
    foot, shoulder, top = 0.2 * high, 0.33 * high, 0.84 * high
    assembly.add("base", BASE, disc(1.08 * r, 0.0, 0.012, 0.003, 36))
    rows = np.array([(0.99 * r, 0.011), (r, 0.014), (waist, foot), (0.88 * r, shoulder + 0.002)])
    assembly.add("body", SOLID, revolved(rows, 36))
    glass = np.array([(0.86 * r, shoulder), (belly, shoulder + 0.06 * high), (tip, top)])
    assembly.add("shade", GLASS, revolved(glass, 36))
    cap = np.array(
        [(1.06 * tip, top - 0.004), (1.06 * tip, top + 0.002), (0.72 * tip, high - 0.004), (0.6 * tip, high)]
    )
    assembly.add("cap", FINIAL, revolved(cap, 36))
    if chance(rng, 0.6):
        add_cord(assembly, rng)
