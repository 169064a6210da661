"""Arms of lamps: jointed and balanced ones, goosenecks, arcs, brackets, branches with a light each."""

from __future__ import annotations

import math

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, lerp, pick
from looking3d.shapes.procedural.lamp_body import POLE, SOLID
from looking3d.shapes.procedural.lamp_head import SpotStyle, add_glass, add_spot, add_trough, glass_profile
from looking3d.shapes.procedural.lamp_pole import CORD
from looking3d.shapes.procedural.lamp_shade import (
    CONNECTOR,
    LAMP,
    ShadeStyle,
    add_upright_head,
)
from looking3d.shapes.procedural.primitives import Mesh
from looking3d.shapes.procedural.turning import ball, disc, revolved, united

JOINTED = f"{LAMP}/lamp_body/lamp_body_jointed/lamp_arm/lamp_arm_straight_bar"
STRAIGHT = f"{LAMP}/lamp_unit/lamp_arm/lamp_arm_straight_bar"
CURVED = f"{LAMP}/lamp_unit/lamp_arm/lamp_arm_curved_bar"

_UP = np.array([0.0, 1.0, 0.0])


def heading(yaw_rad: float) -> tuple[np.ndarray, np.ndarray]:
    """(3,) level directions ahead and across; yaw 0 is along z."""
    ahead = np.array([math.sin(yaw_rad), 0.0, math.cos(yaw_rad)])
    return ahead, np.array([ahead[2], 0.0, -ahead[0]])


def add_jointed(assembly: Assembly, rng: np.random.Generator, low: float, size: float) -> None:
    """Add two arms with joints, and a reflector, a trough or a bar of light.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        low: Height of the base's top.
        size: Length of an arm, about, metres.
    """
    ahead, across = heading(rng.uniform(-0.7, 0.7))
    thick = rng.uniform(0.005, 0.0085) * (size / 0.35) ** 0.5
    stub = rng.uniform(0.03, 0.09)
    grip = 1.9 * thick + 0.004
    rows = np.array([(1.3 * grip, low - 0.001), (1.2 * grip, low + 0.01), (0.8 * grip, low + 0.02)])
    rows = np.concatenate([rows, [[0.8 * grip, low + stub]]])
    assembly.add("post", POLE, revolved(rows, 18))
    hip = np.array([0, low + stub, 0])
    lean, rise = math.radians(rng.uniform(-38, 2)), math.radians(rng.uniform(-12, 42))
    elbow = hip + size * (math.sin(lean) * ahead + math.cos(lean) * _UP)
    reach = math.cos(rise) * ahead + math.sin(rise) * _UP
    wrist = elbow + size * rng.uniform(0.8, 1.1) * reach
    kind = pick(rng, {"rod": 1.5, "flat": 1, "twin": 1.3, "parallel": 1.8})
    balanced = kind != "parallel" and chance(rng, 0.25)
    tail = elbow - reach * rng.uniform(0.2, 0.35) * size if balanced else elbow
    _add_arm(assembly, "arm_lower", JOINTED, kind, hip, elbow, across, thick)
    _add_arm(assembly, "arm_upper", STRAIGHT, kind, tail, wrist, across, thick)
    if balanced:
        ends = tail - 0.03 * reach, tail + 0.03 * reach
        assembly.add(
            "weight", CONNECTOR, prim.bar(*ends, outlines.circle(2.6 * thick, count=18), across, 0.003)
        )
    width = {"rod": 1.6, "flat": 1.7, "twin": 2.9, "parallel": 1.7}[kind] * thick + 0.003
    for name, at in (("hip", hip), ("elbow", elbow)):
        joint = prim.bar(
            at - width * across, at + width * across, outlines.circle(grip, count=18), bevel=0.001
        )
        assembly.add(f"joint_{name}", CONNECTOR, joint)
    if kind == "parallel" and chance(rng, 0.75):
        _add_springs(assembly, hip, elbow, across, thick)
    _add_jointed_head(assembly, rng, wrist, ahead, across, size, thick)


def _add_jointed_head(
    assembly: Assembly,
    rng: np.random.Generator,
    wrist: np.ndarray,
    ahead: np.ndarray,
    across: np.ndarray,
    size: float,
    thick: float,
) -> None:
    drop = math.radians(rng.uniform(35, 90))
    shines = math.cos(drop) * ahead - math.sin(drop) * _UP
    if chance(rng, 0.2):
        # A bar of light lies across; it is built along x about the origin, then turned with the arm
        part = Assembly(assembly.root)
        add_trough(part, rng, (0, 0, 0), rng.uniform(0.9, 1.3) * size, glass=False)
        turn = np.stack([across, _UP, ahead])
        for piece in part.parts:
            mesh = Mesh(piece.vertices, piece.faces).mapped(lambda p: p @ turn + wrist + [0, 0.004, 0])
            assembly.add(piece.id, piece.label.removeprefix(f"{assembly.root}/"), mesh)
        assembly.add("joint_wrist", CONNECTOR, ball(2.1 * thick + 0.003, wrist.tolist(), 18))
        return
    style = SpotStyle.drawn(rng, size * rng.uniform(0.17, 0.26))
    add_spot(assembly, rng, style, wrist, shines)
    half = style.collar[0] + 0.007
    bolt = prim.bar(
        wrist - half * across, wrist + half * across, outlines.circle(0.007, count=12), bevel=0.001
    )
    assembly.add("joint_wrist", CONNECTOR, bolt)


def _add_arm(
    assembly: Assembly,
    name: str,
    label: str,
    kind: str,
    a: np.ndarray,
    b: np.ndarray,
    across: np.ndarray,
    thick: float,
) -> None:
    """One bar, or a pair beside or above one another."""
    if kind == "rod":
        assembly.add(name, label, prim.bar(a, b, outlines.circle(thick, count=14), across))
    elif kind == "flat":
        bar = outlines.rectangle(2.8 * thick, 1.3 * thick, 0.25 * thick)
        assembly.add(name, label, prim.bar(a, b, bar, across, 0.001))
    else:
        along = (b - a) / np.linalg.norm(b - a)
        side = across if kind == "twin" else np.cross(along, across)
        gap = (1.9 if kind == "twin" else 1.5) * thick
        section = outlines.circle(0.6 * thick, count=10)
        for end, sign in (("a", 1.0), ("b", -1.0)):
            rod = prim.bar(a + sign * gap * side, b + sign * gap * side, section, across)
            assembly.add(f"{name}_{end}", label, rod)


def _add_springs(
    assembly: Assembly, hip: np.ndarray, elbow: np.ndarray, across: np.ndarray, thick: float
) -> None:
    """A coil on each side of the lower arm, from its joint upwards."""
    along = (elbow - hip) / np.linalg.norm(elbow - hip)
    normal = np.cross(along, across)
    turns, wide, wire = 13, 0.9 * thick, 0.22 * thick
    t = np.linspace(0, 1, 10 * turns + 1)
    length = 0.42 * float(np.linalg.norm(elbow - hip))
    for name, sign in (("left", 1.0), ("right", -1.0)):
        angle = 2 * math.pi * turns * t
        path = hip + 2.2 * sign * thick * across + np.outer(length * t, along)
        path = path + wide * (np.cos(angle)[:, None] * normal + np.sin(angle)[:, None] * across)
        coil = prim.sweep(path, outlines.circle(wire, count=5), along)
        pin = hip + along * length
        hook = prim.bar(
            pin - 0.5 * thick * sign * across,
            pin + 3 * thick * sign * across,
            outlines.circle(0.3 * thick, count=8),
        )
        bar = prim.bar(
            pin - 1.8 * thick * normal,
            pin + 1.8 * thick * normal,
            outlines.circle(0.3 * thick, count=8),
            across,
        )
        assembly.add(f"spring_{name}", CONNECTOR, united([coil, hook, bar]))


def gooseneck(
    start: np.ndarray, ahead: np.ndarray, rise: float, radius: float, turn_rad: float, count: int = 40
) -> np.ndarray:
    """(count, 3) a path that goes straight up by `rise`, then over by an arc towards `ahead`."""
    length = rise + radius * turn_rad
    s = np.linspace(0, length, count)
    angle = np.clip((s - rise) / radius, 0, None)
    up = np.minimum(s, rise) + radius * np.sin(angle)
    return start + np.outer(up, _UP) + np.outer(radius * (1 - np.cos(angle)), ahead)


def add_gooseneck(
    assembly: Assembly,
    rng: np.random.Generator,
    start: np.ndarray,
    yaw_rad: float,
    size: float,
    name: str = "",
) -> None:
    """Add a bent tube, smooth or of rings, with a reflector at its end.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        start: (3,) foot of the tube.
        yaw_rad: Where it bends to.
        size: Height of its bend above the foot, about, metres.
        name: Ending of the ids.
    """
    ahead, across = heading(yaw_rad)
    radius = min(size * rng.uniform(0.2, 0.29), rng.uniform(0.16, 0.24))
    turn = math.radians(rng.uniform(100, 165))
    ringed = chance(rng, 0.5)
    path = gooseneck(start, ahead, size - radius, radius, turn, 90 if ringed else 40)
    r = rng.uniform(0.0045, 0.008)
    scale = 1.0 + 0.12 * (np.arange(len(path)) % 2) * ringed
    assembly.add(f"neck{name}", CURVED, prim.sweep(path, outlines.circle(r, count=12), across, scale))
    style = SpotStyle.drawn(rng, float(np.clip(size * rng.uniform(0.15, 0.2), 0.045, 0.1)))
    add_spot(assembly, rng, style, path[-1], path[-1] - path[-2], name)


def add_arc(
    assembly: Assembly, rng: np.random.Generator, low: float, start: np.ndarray, yaw_rad: float
) -> None:
    """Add the long arc of a floor lamp that stands beside a sofa, with a dome or a shade at its end."""
    ahead, across = heading(yaw_rad)
    reach, rise = rng.uniform(0.6, 0.95), rng.uniform(1.3, 1.75)
    stop = math.radians(rng.uniform(95, 125))
    t = np.linspace(0, stop, 60)
    along = reach * (1 - np.cos(t)) / (1 - math.cos(stop))
    path = start + np.outer(along, ahead) + np.outer(low + rise * np.sin(t), _UP)
    r, cut_at = rng.uniform(0.009, 0.013), int(rng.integers(14, 26))
    wide = outlines.circle(1.25 * r, count=14)
    assembly.add("pole", POLE, prim.sweep(path[: cut_at + 1], wide, across))
    assembly.add("arm", CURVED, prim.sweep(path[cut_at - 1 :], outlines.circle(r, count=14), across))
    sleeve = path[cut_at - 1], path[cut_at + 1]
    assembly.add("sleeve", CONNECTOR, prim.bar(*sleeve, outlines.circle(1.7 * r, count=16), across, 0.001))
    end = path[-1]
    if chance(rng, 0.7):
        style = SpotStyle.drawn(rng, rng.uniform(0.13, 0.2), {"dome": 3, "bell": 1, "pan": 0.8, "deep": 0.6})
        add_spot(assembly, rng, style, end, (0, -1, 0), switch=0.1)
    else:
        _add_hung_shade(assembly, rng, end, rng.uniform(0.15, 0.22))


def _add_hung_shade(assembly: Assembly, rng: np.random.Generator, at: np.ndarray, radius: float) -> None:
    """A shade whose spokes are at its top, hung by its socket from `at`."""
    part = Assembly(assembly.root)
    shade = ShadeStyle.drawn(rng, radius, {"drum": 3, "empire": 1.5, "barrel": 1})
    # Its head is made upright and turned over; the shade is too, so that its wider end is below
    turned = ShadeStyle(
        shade.profile[::-1] * [1, -1] + [0, shade.height], shade.section, shade.wall, shade.ribs
    )
    add_upright_head(part, rng, turned, (0, 0, 0), harp=0.0)
    for piece in part.parts:
        if piece.id in ("socket", "bulb", "fitter", "shade"):
            mesh = Mesh(piece.vertices, piece.faces).mapped(lambda p: p * [1, -1, 1] + at)
            assembly.add(piece.id, piece.label.removeprefix(f"{assembly.root}/"), mesh)


def add_gallows(
    assembly: Assembly, rng: np.random.Generator, low: float, start: np.ndarray, yaw_rad: float, high: float
) -> None:
    """Add a post with an arm from which a lamp hangs by its cord.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        low: Height of the base's top.
        start: (3,) where the post stands, its height 0.
        yaw_rad: Where the arm points to.
        high: Height of the arm.
    """
    ahead, across = heading(yaw_rad)
    r, reach = 0.005 + 0.004 * high, high * rng.uniform(0.22, 0.34)
    square = chance(rng, 0.35)
    section = outlines.rectangle(1.9 * r, 1.9 * r, 0.2 * r) if square else outlines.circle(r, count=14)
    end = start + high * _UP + reach * ahead
    if square:
        post = prim.bar(start + (low - 0.002) * _UP, start + (high + r) * _UP, section, across)
        assembly.add("pole", POLE, post)
        arm = prim.bar(start + high * _UP - 0.2 * r * ahead, end + 0.02 * ahead, section, across)
        assembly.add("arm", STRAIGHT, arm)
        brace = start + (high - 0.4 * reach) * _UP, start + high * _UP + 0.4 * reach * ahead
        assembly.add("brace", STRAIGHT, prim.bar(*brace, 0.7 * section, across))
    else:
        bend = rng.uniform(0.3, 0.95) * reach
        corner = start + high * _UP
        points = np.array([start + (low - 0.002) * _UP, corner, end + 0.02 * ahead])
        path = prim.filleted(points, bend, 12)
        assembly.add("pole", POLE, prim.bar(path[0], path[1] + 0.001 * _UP, section, across))
        assembly.add("arm", CURVED, prim.sweep(path[1:], section, across))
        knob = ball(1.5 * r, path[-1], 16)
        assembly.add("knob", CONNECTOR, knob)
    drop = high * rng.uniform(0.1, 0.24)
    wire = outlines.circle(0.003, count=8)
    hang = end - drop * _UP
    assembly.add("hanging_cord", CORD, prim.post(np.array([hang - 0.01 * _UP, end + 0.3 * r * _UP]), wire))
    radius = high * rng.uniform(0.09, 0.13) if high < 0.8 else rng.uniform(0.12, 0.18)
    if chance(rng, 0.6):
        style = SpotStyle.drawn(rng, radius)
        add_spot(assembly, rng, style, hang - 0.2 * style.collar[1] * _UP, (0, -1, 0), switch=0.0)
    else:
        _add_hung_shade(assembly, rng, hang, radius)


def add_tree(assembly: Assembly, rng: np.random.Generator, high: float, radius: float) -> None:
    """Add two to four reflectors on short arms around a pole."""
    count = int(rng.integers(2, 5))
    style = SpotStyle.drawn(rng, rng.uniform(0.05, 0.075), {"cone": 2, "can": 1.5, "dome": 1, "bell": 1})
    first = rng.uniform(0, 2 * math.pi)
    heights = high - rng.uniform(0.1, 0.2) * np.arange(count) - 0.03
    up = chance(rng, 0.5)
    for i, y in enumerate(heights):
        ahead, across = heading(first + 2 * math.pi * i / count + rng.uniform(-0.3, 0.3))
        start = y * _UP
        end = start + rng.uniform(0.09, 0.16) * ahead + rng.uniform(0.0, 0.06) * _UP
        ring = disc(radius + 0.006, y - 0.012, y + 0.012, 0.002, 18)
        assembly.add(f"clamp_{i + 1}", CONNECTOR, ring)
        assembly.add(f"arm_{i + 1}", STRAIGHT, prim.bar(start, end, outlines.circle(0.005, count=10), across))
        drop = math.radians(rng.uniform(-75, -15) if up else rng.uniform(5, 60))
        shines = math.cos(drop) * ahead - math.sin(drop) * _UP
        add_spot(assembly, rng, style, end, shines, f"_{i + 1}", 0.25)


def add_branches(assembly: Assembly, rng: np.random.Generator, high: float, size: float) -> None:
    """Add three to six curved arms around the top of a pole, each with a light.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        high: Top of the pole.
        size: How far an arm reaches, metres.
    """
    count = int(rng.integers(3, 7))
    hub = np.array([(0.35, -0.9), (0.9, -0.5), (1.0, 0.0), (0.8, 0.5), (0.3, 0.9), (0.45, 1.1), (0.2, 1.4)])
    r = 0.1 * size + 0.012
    assembly.add("hub", SOLID, revolved(hub * r + [0, high], 20))
    candle = chance(rng, 0.4)
    droop = not candle and chance(rng, 0.35)
    shade = ShadeStyle.drawn(rng, 0.34 * size, {"empire": 2, "bell": 1, "drum": 1})
    profile = glass_profile(rng, float(np.clip(0.3 * size, 0.035, 0.075)))
    sag, lift = rng.uniform(0.15, 0.4) * size, rng.uniform(0.1, 0.4) * size
    t = np.linspace(0, 1, 26)
    first = rng.uniform(0, 2 * math.pi)
    for i in range(count):
        ahead, across = heading(first + 2 * math.pi * i / count)
        if droop:
            y = lift * 1.6 * np.sin(0.78 * math.pi * t) ** 0.9
        else:
            y = -sag * np.sin(math.pi * t**0.85) + lerp(0.0, lift, t**2)
        out = size * (t if not droop else np.sin(0.5 * math.pi * t))
        path = high * _UP + np.outer(out, ahead) + np.outer(y, _UP)
        if not droop:
            # Its end stands upright under the light
            path = np.concatenate([path, path[-1:] + [[0, 0.008, 0], [0, 0.02, 0]] + 0.004 * ahead])
        arm = prim.sweep(path, outlines.circle(0.0045 + 0.006 * size, count=10), across)
        assembly.add(f"arm_{i + 1}", CURVED, arm)
        name = f"_{i + 1}"
        if candle:
            pan = np.array([(0.006, -0.004), (0.024, 0.0), (0.027, 0.005), (0.012, 0.006)])
            assembly.add(f"pan{name}", CONNECTOR, revolved(pan, 18).moved(path[-1]))
            add_upright_head(assembly, rng, shade, path[-1] + [0, 0.003, 0], name, harp=0.0)
        else:
            axis = path[-1] - path[-3] if droop else _UP
            add_glass(assembly, rng, profile, path[-1], axis, name)
