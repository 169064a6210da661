"""Armchairs whose back and arms are a bow of wood, on posts or on turned sticks."""

from __future__ import annotations

import math

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, lerp, pick
from looking3d.shapes.procedural.chair_arms import LOOP as ARM_LOOP
from looking3d.shapes.procedural.chair_arms import POST
from looking3d.shapes.procedural.chair_back import LOOP, VERTICAL
from looking3d.shapes.procedural.chair_legs import LEG, STRETCHER
from looking3d.shapes.procedural.chair_seat import FRAME_BAR, SURFACE
from looking3d.shapes.procedural.sheets import closed_curve, smooth
from looking3d.shapes.procedural.turning import turned_profile
from looking3d.shapes.procedural.upholstery import cushion

_BACK_BAR = "chair_back/back_frame/back_frame_horizontal_bar"


def add_wishbone(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a chair whose back and arms are one level bow on four posts, with a splat, a fork or bars."""
    width, depth, top = rng.uniform(0.5, 0.56), rng.uniform(0.44, 0.5), rng.uniform(0.43, 0.46)
    x, z = width / 2 - 0.03, depth / 2 - 0.03
    bow_y = top + rng.uniform(0.24, 0.3)
    rise = rng.uniform(0.0, 0.06)
    grow = rng.uniform(0.02, 0.05)
    half = [
        (x + grow + 0.01, bow_y - 0.01, 0.35 * z),
        (x + grow, bow_y, -0.15 * z),
        (0.86 * (x + grow), bow_y + 0.4 * rise, -0.85 * z),
        (0.48 * x, bow_y + 0.9 * rise, -z - 0.075),
        (0, bow_y + rise, -z - 0.1),
    ]
    bow = smooth(np.array(half + [(-a, b, c) for a, b, c in half[-2::-1]]), 81)
    bow = 0.5 * (bow + bow[::-1] * [-1, 1, 1])
    radius = rng.uniform(0.013, 0.017)
    flat = rng.uniform(1.0, 2.2)
    t = np.abs(np.linspace(-1, 1, 81))
    swell = 1 + rng.uniform(-0.15, 0.3) * np.cos(2 * math.pi * t)
    assembly.add(
        "back_rail",
        LOOP,
        prim.sweep(bow, outlines.circle(radius, radius * flat, 14, 2.5), (0.0, 1.0, 0.0), swell),
    )
    leg = rng.uniform(0.015, 0.019)
    ends = bow[6], bow[22]
    # Rear posts bend forward under the bow; front posts are turned, and stop at the seat or reach the bow
    rear = np.array(
        [
            (0.9 * x, 0.0, -z - 0.02),
            (0.88 * x, 0.5 * top, -z + 0.005),
            (0.86 * x, top, -z),
            tuple(map(float, ends[1])),
        ]
    )
    taper = lerp(0.7, 1.0, np.minimum(np.linspace(0, 1.6, 28), 1.0)) * np.linspace(1, 0.8, 28)
    assembly.add_pair("leg_back", LEG, prim.post(smooth(rear, 28), outlines.circle(leg, count=14), taper))
    front = np.array([(x, 0.0, z), (x, top + 0.004, z)])
    if chance(rng, 0.5):
        high = np.array([(x, 0.0, z), (x, 0.6 * bow_y, 0.9 * z), tuple(map(float, ends[0]))])
        assembly.add_pair(
            "leg_front",
            LEG,
            prim.post(
                smooth(high, 20), outlines.circle(leg, count=14), lerp(0.75, 1.0, np.linspace(0, 1, 20))
            ),
        )
    else:
        profile = turned_profile(rng, int(rng.integers(2, 4)), 0.6)
        path = lerp(front[0], front[1], profile[:, 1:])
        assembly.add_pair(
            "leg_front", LEG, prim.post(path, outlines.circle(1.15 * leg, count=16), profile[:, 0])
        )
        arm = np.array([(x, top - 0.02, 0.25 * z), tuple(map(float, ends[0]))])
        assembly.add_pair("arm_post", POST, prim.post(arm, outlines.circle(0.75 * leg, count=12)))
    _add_woven_seat(assembly, rng, (x, z, top), leg)
    _add_bow_filling(assembly, rng, bow, (z, top), leg)
    bar = outlines.circle(0.65 * leg, count=12)
    y = top * rng.uniform(0.3, 0.6)
    assembly.add_pair("stretcher_side", STRETCHER, prim.bar((x, y, z), (0.89 * x, y, -z), bar))
    if chance(rng, 0.6):
        assembly.add("stretcher_front", STRETCHER, prim.bar((-x, y + 0.06, z), (x, y + 0.06, z), bar))


def _add_woven_seat(
    assembly: Assembly, rng: np.random.Generator, size: tuple[float, float, float], leg: float
) -> None:
    """Four rails between the legs, and between them a woven or an upholstered square."""
    x, z, top = size
    y = top - 0.018
    rail = outlines.circle(0.014, count=12)
    assembly.add("seat_frame_front", FRAME_BAR, prim.bar((-x, y, z), (x, y, z), rail))
    assembly.add("seat_frame_back", FRAME_BAR, prim.bar((-0.87 * x, y, -z), (0.87 * x, y, -z), rail))
    assembly.add_pair("seat_frame_side", FRAME_BAR, prim.bar((x, y, z), (0.87 * x, y, -z), rail))
    outline = outlines.densified(outlines.trapezoid(1.74 * x - leg, 2 * x - leg, -z, z, 0.035, 4), 0.06)
    if chance(rng, 0.5):
        # A weave sinks a little towards its middle, along both diagonals
        mesh = prim.slab(outline, 0.026, 0.011, 3, crown=-0.012, crown_below=-0.01, inner_rings=6)
        assembly.add("seat", SURFACE, prim.flat(mesh, y - 0.008))
    else:
        made = cushion(outline, 0.045, 0.018, pick(rng, {"piped": 1, "knife": 1}))
        assembly.add("seat_cushion", SURFACE, prim.flat(made, y + 0.004))


def _add_bow_filling(
    assembly: Assembly, rng: np.random.Generator, bow: np.ndarray, seat: tuple[float, float], leg: float
) -> None:
    """Between the seat's rear rail and the bow: a forked splat, a plain one, or bars."""
    z, top = seat
    crown = bow[len(bow) // 2]
    foot = np.array([0.0, top - 0.018, -z])
    kind = pick(rng, {"fork": 2, "splat": 1, "bars": 1.5})
    if kind == "bars":
        count = int(rng.integers(3, 7))
        for i, share in enumerate(np.linspace(-1, 1, count)):
            end = bow[len(bow) // 2 + round(11 * share)]
            start = foot + [-0.2 * share, 0, 0]
            assembly.add(
                f"back_bar_{i + 1}",
                VERTICAL,
                prim.post(np.array([start, end]), outlines.circle(0.55 * leg, count=10)),
            )
        return
    t = np.linspace(0, 1, 14)[:, None]
    straight = lerp(foot, crown, t) + [0, 0, -0.02] * np.sin(math.pi * t)
    if kind == "splat":
        waist = 1 - 0.35 * np.sin(math.pi * t[:, 0]) ** 2
        assembly.add(
            "back_splat", VERTICAL, prim.post(straight, outlines.rectangle(0.12, 0.011, 0.003), waist)
        )
        return
    assembly.add("back_splat", VERTICAL, prim.post(straight[:9], outlines.rectangle(0.04, 0.014, 0.004)))
    branch = bow[len(bow) // 2 - 5]
    fork = smooth(np.array([straight[4], straight[8] + [0.03, 0, 0], branch]), 14)
    assembly.add_pair("back_fork", VERTICAL, prim.post(fork, outlines.rectangle(0.026, 0.013, 0.003)))


def add_bow_back(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a chair of turned sticks in a saddled seat: a hoop over the back, often a bow for the arms."""
    width, depth, top = rng.uniform(0.48, 0.56), rng.uniform(0.42, 0.47), rng.uniform(0.42, 0.45)
    thick = rng.uniform(0.036, 0.045)
    shape = [
        (0.0, -0.47),
        (0.6, -0.46),
        (0.86, -0.3),
        (0.93, 0.0),
        (1.0, 0.3),
        (0.88, 0.47),
        (0.45, 0.5),
        (0.0, 0.47),
    ]
    shape += [(-a, b) for a, b in shape[-2:0:-1]]
    outline = closed_curve(np.array(shape) * [width / 2, depth], 56)
    saddle = prim.slab(outline, thick, 0.012, 3, crown=-0.012, inner_rings=6)
    assembly.add("seat", SURFACE, prim.flat(saddle, top - thick))
    under, stick = top - 0.4 * thick, rng.uniform(0.0065, 0.0085)
    armed = chance(rng, 0.65)
    rear, lean, rise = -0.38 * depth, rng.uniform(0.14, 0.22), rng.uniform(0.46, 0.6)
    half = rng.uniform(0.36, 0.4) * width
    hoop = [
        (0.88 * half, under, rear),
        (1.04 * half, under + 0.4 * rise, rear - 0.4 * lean),
        (0.96 * half, under + 0.74 * rise, rear - 0.74 * lean),
        (0.55 * half, under + 0.96 * rise, rear - 0.96 * lean),
        (0.0, under + rise, rear - lean),
    ]
    bent = smooth(np.array(hoop + [(-a, b, c) for a, b, c in hoop[-2::-1]]), 81)
    bent = 0.5 * (bent + bent[::-1] * [-1, 1, 1])
    assembly.add("back_hoop", LOOP, prim.sweep(bent, outlines.circle(0.012, count=12), (0.0, 0.0, 1.0)))
    count = int(rng.integers(5, 10))
    for i, share in enumerate(np.linspace(-1, 1, count)):
        target = share * 0.78 * half
        upper = bent[20:61]
        end = upper[np.abs(upper[:, 0] - target).argmin()]
        start = np.array([0.8 * target, under, rear - 0.02 * (1 - share**2)])
        s = np.array([0.0, 0.2, 0.45, 0.7, 1.0])
        swell = np.array([0.9, 1.1, 1.5, 1.1, 0.8])
        assembly.add(
            f"back_stick_{i + 1}",
            VERTICAL,
            prim.post(lerp(start, end, s[:, None]), outlines.circle(stick, count=10), swell),
        )
    if armed:
        _add_arm_bow(assembly, rng, (width, depth, under), (rear, lean / rise))
    _add_stick_legs(assembly, rng, (width, depth, under))


def _add_arm_bow(
    assembly: Assembly,
    rng: np.random.Generator,
    seat: tuple[float, float, float],
    back: tuple[float, float],
) -> None:
    """A level bow behind the sticks, forwards to both sides, on turned posts and short sticks."""
    width, depth, under = seat
    rear, slope = back
    y = under + rng.uniform(0.22, 0.27)
    z = rear - slope * (y - under) - 0.012
    x = 0.52 * width
    half = [
        (x + 0.03, y, 0.28 * depth),
        (x + 0.015, y, 0.0),
        (0.88 * x, y, 0.72 * z),
        (0.45 * x, y, z),
        (0.0, y, z - 0.012),
    ]
    bow = smooth(np.array(half + [(-a, b, c) for a, b, c in half[-2::-1]]), 81)
    bow = 0.5 * (bow + bow[::-1] * [-1, 1, 1])
    t = np.abs(np.linspace(-1, 1, 81))
    scale = 1 + 0.5 * np.clip((t - 0.8) / 0.2, 0, 1)
    assembly.add(
        "arm_bow",
        ARM_LOOP,
        prim.sweep(bow, outlines.rectangle(0.026, 0.02, 0.006), (0.0, 1.0, 0.0), scale, bevel=0.004),
    )
    profile = turned_profile(rng, 3, 0.75)
    low, high = np.array([0.43 * width, under, 0.22 * depth]), bow[5]
    post = prim.post(lerp(low, high, profile[:, 1:]), outlines.circle(0.014, count=14), profile[:, 0])
    assembly.add_pair("arm_post", POST, post)
    for i, at in enumerate((13, 19), 1):
        foot = np.array([(0.44 - 0.01 * i) * width, under, (0.2 - 0.16 * i) * depth])
        stick = prim.post(np.array([foot, bow[at]]), outlines.circle(0.0085, count=10))
        assembly.add_pair(f"arm_stick_{i}", POST, stick)


def _add_stick_legs(assembly: Assembly, rng: np.random.Generator, seat: tuple[float, float, float]) -> None:
    """Four turned legs that splay, tied by an H of turned stretchers."""
    width, depth, under = seat
    profile = turned_profile(rng, int(rng.integers(2, 5)), 0.6)
    radius = rng.uniform(0.017, 0.021)
    splay = rng.uniform(0.16, 0.26)
    lines = {}
    for name, sign in (("front", 1.0), ("back", -1.0)):
        head = np.array([0.33 * width, under, sign * 0.3 * depth])
        foot = np.array([head[0] + splay * under * 0.7, 0.0, head[2] + sign * splay * under])
        lines[name] = (foot, head)
        path = lerp(foot, head, profile[:, 1:])
        assembly.add_pair(
            f"leg_{name}", LEG, prim.post(path, outlines.circle(radius, count=16), profile[:, 0])
        )
    s = np.array([0, 0.15, 0.42, 0.5, 0.58, 0.85, 1.0])
    swell = np.array([0.7, 0.8, 1.3, 1.5, 1.3, 0.8, 0.7])
    share = rng.uniform(0.38, 0.5)
    a, b = (lerp(foot, head, share) for foot, head in lines.values())
    side = prim.sweep(lerp(a, b, s[:, None]), outlines.circle(0.011, count=12), (0.0, 1.0, 0.0), swell)
    assembly.add_pair("stretcher_side", STRETCHER, side)
    middle = 0.5 * (a + b)
    cross = lerp(middle * [-1, 1, 1], middle, s[:, None])
    assembly.add(
        "stretcher_middle",
        STRETCHER,
        prim.sweep(cross, outlines.circle(0.011, count=12), (0.0, 1.0, 0.0), swell),
    )
