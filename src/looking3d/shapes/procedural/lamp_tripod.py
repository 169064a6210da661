"""Lamps on three legs, with a shade of cloth or a projector as of a film studio."""

from __future__ import annotations

import math

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, lerp, pick
from looking3d.shapes.procedural.lamp_arms import heading
from looking3d.shapes.procedural.lamp_body import LEG, POLE
from looking3d.shapes.procedural.lamp_head import SpotStyle, add_spot
from looking3d.shapes.procedural.lamp_shade import CONNECTOR, LAMP, ShadeStyle, add_upright_head
from looking3d.shapes.procedural.turning import disc, revolved

_CROSSING = 0.75  # where legs cross, over their height
_BRACE = f"{LAMP}/lamp_base/lamp_leg_base/leg_brace"


def add_tripod(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add three legs, or four, under a hub, and a head; on the floor, or smaller on a table."""
    small = chance(rng, 0.28)
    high = rng.uniform(0.26, 0.4) if small else rng.uniform(0.95, 1.25)
    spread = high * rng.uniform(0.3, 0.42)
    count = 3 if chance(rng, 0.85) else 4
    thick = (0.006 + 0.008 * high) * rng.uniform(0.85, 1.3)
    hub = 1.9 * thick + 0.012
    kind = pick(rng, {"straight": 2.5, "tapered": 1.5, "double": 1, "crossed": 0.8 if count == 3 else 0.0})
    first = math.pi * rng.uniform(0, 2)
    for i in range(count):
        _add_leg(assembly, i + 1, kind, first + 2 * math.pi * i / count, high, spread, thick, hub)
    if kind == "crossed":
        # The legs cross in a sleeve, and hold a ring above it
        plate_low = high - 0.01
        sleeve = disc(
            0.3 * hub + 2.4 * thick, _CROSSING * high - 2 * thick, _CROSSING * high + 2 * thick, 0.004, 24
        )
        assembly.add("sleeve", CONNECTOR, sleeve)
        assembly.add(
            "hub", CONNECTOR, disc(_crossed_reach(spread) + 2 * thick, plate_low, high + 0.012, 0.003, 32)
        )
    else:
        plate = 0.012 + 0.6 * thick
        assembly.add("hub", CONNECTOR, disc(hub + 1.6 * thick, high - plate, high + 0.004, 0.003, 28))
        if chance(rng, 0.5):
            _add_braces(assembly, rng, count, first, high, spread, hub, thick, ring=chance(rng, 0.4))
    _add_head(assembly, rng, high + 0.003, small)


def _crossed_reach(spread: float) -> float:
    """How far crossed legs stand out at their upper ends."""
    return (1 - _CROSSING) / _CROSSING * spread


def _add_leg(
    assembly: Assembly,
    number: int,
    kind: str,
    angle: float,
    high: float,
    spread: float,
    thick: float,
    hub: float,
) -> None:
    ahead, across = heading(angle)
    up = np.array([0.0, 1.0, 0.0])
    foot, head = ahead * spread, ahead * hub + (high - 0.002) * up
    if kind == "crossed":
        # Each passes beside the middle
        head = -ahead * _crossed_reach(spread) + high * up
        shift = 0.9 * thick * across
        path = np.stack([foot + shift, head + shift])
        assembly.add(f"leg_{number}", LEG, prim.post(path, outlines.circle(thick, count=16)))
        return
    if kind == "double":
        gap, section = 1.5 * thick, outlines.rectangle(1.1 * thick, 1.1 * thick, 0.2 * thick)
        for name, sign in (("a", 1.0), ("b", -1.0)):
            path = np.stack([foot + 0.4 * sign * gap * across, head + sign * gap * across])
            assembly.add(f"leg_{number}_{name}", LEG, prim.post(path, section))
        rungs = {"low": 0.04, "middle": 0.55}
        for name, t in rungs.items():
            at = lerp(foot, head, t)
            half = (0.4 + 0.6 * t) * gap + 0.4 * thick
            rung = prim.bar(at - half * across, at + half * across, outlines.circle(0.45 * thick, count=10))
            assembly.add(f"rung_{number}_{name}", _BRACE, rung)
        return
    s = np.linspace(0, 1, 5)
    scale = lerp(0.6, 1.1, s) if kind == "tapered" else np.ones(5)
    path = lerp(foot, head, s[:, None])
    assembly.add(f"leg_{number}", LEG, prim.post(path, outlines.circle(thick, count=16), scale))


def _add_braces(
    assembly: Assembly,
    rng: np.random.Generator,
    count: int,
    first: float,
    high: float,
    spread: float,
    hub: float,
    thick: float,
    ring: bool,
) -> None:
    """Spokes from a post in the middle to the legs, or a ring around which they stand."""
    t = rng.uniform(0.3, 0.5)
    y, radius = t * high, float(lerp(spread, hub, t))
    if ring:
        hoop = prim.ring((0, y, 0), radius, outlines.circle(0.5 * thick, count=10), 40)
        assembly.add("brace_ring", _BRACE, hoop)
        return
    core = prim.post(
        np.array([(0, y - 0.01, 0), (0, high - 0.002, 0)]), outlines.circle(0.7 * thick, count=14)
    )
    assembly.add("core", POLE, core)
    assembly.add("core_knob", CONNECTOR, disc(1.3 * thick, y - 0.016, y + 0.016, 0.004, 18))
    for i in range(count):
        ahead, across = heading(first + 2 * math.pi * i / count)
        end = ahead * radius + [0, y, 0]
        flat = outlines.rectangle(0.7 * thick, 0.4 * thick, 0.1 * thick)
        assembly.add(f"brace_{i + 1}", _BRACE, prim.bar((0, y, 0), end, flat, across))


def _add_head(assembly: Assembly, rng: np.random.Generator, high: float, small: bool) -> None:
    neck = rng.uniform(0.02, 0.05) if small else rng.uniform(0.04, 0.14)
    r = 0.008 if small else 0.011
    rows = [(2.4 * r, -0.002), (2.4 * r, 0.008), (r, 0.014), (r, neck)]
    assembly.add("neck", POLE, revolved(np.array(rows) + [0, high], 18))
    if chance(rng, 0.68):
        size = rng.uniform(0.1, 0.15) if small else rng.uniform(0.17, 0.25)
        shade = ShadeStyle.drawn(rng, size, {"drum": 4, "empire": 2, "coolie": 0.7, "barrel": 0.5})
        add_upright_head(assembly, rng, shade, (0, high + neck, 0))
        return
    size = rng.uniform(0.06, 0.08) if small else rng.uniform(0.12, 0.17)
    style = SpotStyle.drawn(rng, size, {"can": 2, "deep": 2, "dome": 1.5, "cone": 1})
    _add_projector(assembly, rng, style, high + neck)


def _add_projector(assembly: Assembly, rng: np.random.Generator, style: SpotStyle, y: float) -> None:
    """A reflector between the prongs of a fork."""
    ahead, across = heading(rng.uniform(-0.7, 0.7))
    up = np.array([0.0, 1.0, 0.0])
    half, thick = style.radius * 1.06 + 0.006, 0.003
    drop = math.radians(rng.uniform(-20, 25))
    shines = math.cos(drop) * ahead - math.sin(drop) * up
    long = style.collar[1]
    pivot = (y + style.radius * 1.25) * up
    # The fork holds the reflector where it is about as wide as its rim
    along = 0.85 * style.depth if style.kind != "can" else 0.5 * style.depth
    joint = pivot - (along + 0.5 * long) * shines
    corners = [half * across + pivot, half * across + y * up, -half * across + y * up, -half * across + pivot]
    path = prim.filleted(np.array(corners), 0.3 * half, 6)
    section = outlines.rectangle(2 * thick, 0.03, 0.001)
    fork = prim.sweep(path, section, ahead)
    assembly.add("fork", CONNECTOR, fork)
    for name, sign in (("left", 1.0), ("right", -1.0)):
        ends = pivot + sign * 0.8 * style.radius * across, pivot + sign * (half + 0.02) * across
        knob = prim.bar(*ends, outlines.circle(0.012, count=14), bevel=0.002)
        assembly.add(f"fork_knob_{name}", CONNECTOR, knob)
    add_spot(assembly, rng, style, joint, shines)
