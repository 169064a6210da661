"""Recliners: a fat back of pads, and a footrest on a scissor mechanism that is in or out."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.armchair_arms import ArmStyle
from looking3d.shapes.procedural.armchair_legs import add_base
from looking3d.shapes.procedural.armchair_sofa import BodyPlan
from looking3d.shapes.procedural.assembly import Assembly, chance
from looking3d.shapes.procedural.chair_back import PANEL
from looking3d.shapes.procedural.chair_seat import SURFACE
from looking3d.shapes.procedural.sheets import panel_rows, reclined
from looking3d.shapes.procedural.upholstery import Quilting, cushion, padded

_LEVER = "chair_base/star_leg_base/mechanical_control"
_LINK, _REST = "footrest/chair_base", "footrest/chair_seat/seat_surface"


def add_recliner(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a recliner for one, or for two or three of whom each has a back and a footrest."""
    seats = 1 if chance(rng, 0.75) else int(rng.integers(2, 4))
    plan = dataclasses.replace(
        BodyPlan.drawn(rng, seats),
        width=seats * rng.uniform(0.52, 0.6),
        depth=rng.uniform(0.74, 0.84),
        clearance=rng.uniform(0.04, 0.08),
        seam="soft" if chance(rng, 0.6) else "piped",
        back=0.12,
    )
    pad = rng.uniform(0.13, 0.18)
    plan = dataclasses.replace(plan, deck=plan.top - pad)
    arm = ArmStyle.drawn(rng, {"pillow": 4, "track": 1, "slope": 1})
    arm_top = plan.top + rng.uniform(0.14, 0.2)
    rear, low = plan.rear + 0.05, plan.clearance
    x = plan.width / 2
    assembly.add("seat_body", SURFACE, prim.box((-x, low, rear), (x, plan.deck, plan.front - 0.05), 0.012))
    arm.add(assembly, x - 0.004, (low + 0.002, arm_top), (rear - 0.02, plan.front - 0.004))
    add_base(assembly, rng, low, x + arm.width - 0.05, (plan.front - 0.08, rear + 0.03))
    pads, pitch = int(rng.integers(2, 5)), plan.width / seats
    height = rng.uniform(0.56, 0.72)
    for i in range(seats):
        middle = pitch * (i + 0.5) - x
        out = chance(rng, 0.55)
        recline = math.radians(rng.uniform(22, 38) if out else rng.uniform(8, 14))
        tag = "" if seats == 1 else f"_{i + 1}"
        _add_back(assembly, plan, (middle, pitch), height, recline, pads, tag)
        _add_seat(assembly, plan, (middle, pitch), tag)
        reach = rng.uniform(0.3, 0.4) if out else 0.0
        _add_footrest(assembly, plan, (middle, pitch), reach, tag)
    if seats == 1 or chance(rng, 0.5):
        _add_lever(assembly, -x - arm.width, plan.deck - rng.uniform(0.0, 0.06), rng.uniform(0.02, 0.16))


def _add_seat(assembly: Assembly, plan: BodyPlan, place: tuple[float, float], tag: str) -> None:
    """A thick cushion that curves down over the body's front."""
    middle, pitch = place
    thickness = plan.top - plan.deck + 0.004
    outline = outlines.trapezoid(
        pitch - 0.004, pitch - 0.004, plan.rear + 0.13, plan.front + 0.005, 0.45 * thickness, 5
    )
    made = prim.flat(
        cushion(outlines.densified(outline, 0.08), thickness, 0.03, plan.seam), plan.deck - 0.004
    )
    fall = np.clip((made.vertices[:, 2] - plan.front + 0.16) / 0.16, 0, None) ** 2
    assembly.add(
        f"seat_cushion{tag}", SURFACE, made.moved(np.stack([0 * fall + middle, -0.03 * fall, 0 * fall], 1))
    )


def _add_back(
    assembly: Assembly,
    plan: BodyPlan,
    place: tuple[float, float],
    height: float,
    recline_rad: float,
    pads: int,
    tag: str,
) -> None:
    """A shell from below the seat, and pads on it one above the other; the uppermost is for the head."""
    middle, pitch = place
    sheet = reclined(plan.deck - 0.06, plan.rear + 0.06, recline_rad)
    high = (plan.top + height - plan.deck + 0.06) / math.cos(0.2)
    outline = outlines.trapezoid(pitch - 0.006, pitch - 0.03, 0.0, high, [0.04, 0.04, 0.09, 0.09], 5)
    shell = prim.slab(outlines.densified(outline, 0.1), 0.1, 0.035, 3)
    assembly.add(f"back{tag}", PANEL, shell.mapped(sheet).moved([middle, 0, 0]))
    start = plan.top - plan.deck + 0.05
    edges = np.linspace(start, high + 0.012, pads + 1)
    for i, (a, b) in enumerate(itertools.pairwise(edges)):
        thick = 0.13 if i in (0, pads - 1) else 0.115
        rows = panel_rows(a - 0.006, b + 0.006, (pitch / 2 - 0.006, pitch / 2 - 0.01), (0.055, 0.055), 7)
        made = padded(rows, thick, Quilting(), 0.04, 0.052).moved([0, 0, 0.06])
        assembly.add(f"back_pad_{i + 1}{tag}", PANEL, made.mapped(sheet).moved([middle, 0, 0]))


def _add_footrest(
    assembly: Assembly, plan: BodyPlan, place: tuple[float, float], reach: float, tag: str
) -> None:
    """A padded board: folded against the body's front, or held out level by two scissors."""
    middle, pitch = place
    length, thick = plan.deck - plan.clearance - 0.035, 0.07
    rows = panel_rows(-length / 2, length / 2, (pitch / 2 - 0.01, pitch / 2 - 0.01), (0.04, 0.04), 7)
    made = padded(rows, thick, Quilting(), 0.025, 0.033)
    wall = plan.front - 0.05
    if reach == 0.0:
        y = plan.clearance + 0.01 + length / 2
        assembly.add(f"footrest{tag}", _REST, made.moved([middle, y, wall - 0.004]))
        return
    tilt, start = math.radians(9), np.array([wall + reach, plan.deck - 0.03])
    ahead, up = np.array([math.cos(tilt), math.sin(tilt)]), np.array([-math.sin(tilt), math.cos(tilt)])

    def raise_up(p: np.ndarray) -> np.ndarray:
        zy = start + p[:, 1:2] * ahead + p[:, 2:] * up
        return np.stack([p[:, 0] + middle, zy[:, 1], zy[:, 0]], 1)

    assembly.add(f"footrest{tag}", _REST, made.moved([0, length / 2, 0]).mapped(raise_up))
    roots = np.array([(wall - 0.03, plan.deck - 0.09), (wall - 0.03, plan.clearance + 0.06)])
    ends = start + 0.14 * length * ahead, start + 0.72 * length * ahead
    _add_scissors(assembly, (middle, 0.36 * pitch), roots, ends, tag)


def _add_scissors(
    assembly: Assembly,
    at: tuple[float, float],
    roots: np.ndarray,
    ends: tuple[np.ndarray, np.ndarray],
    tag: str,
) -> None:
    """Two crossing pairs of flat links on each side, each pair pinned where its links cross.

    Args:
        assembly: Where the parts go.
        at: x of the middle, and distance of the links from it.
        roots: (2, 2) z and y on the body, of the upper and the lower link.
        ends: (z, y) on the footrest, the near and the far.
        tag: Ends the parts' names.
    """
    section = outlines.rectangle(0.024, 0.005, 0.0015, 1)
    knee = 0.5 * (roots[1] + ends[0]) + [0.03, -0.025]
    lines = [(roots[0], knee, 0), (roots[1], ends[0], 1), (knee, ends[1], 2)]
    for side, name in ((1, "a"), (-1, "b")):
        for number, (a, b, layer) in enumerate(lines, 1):
            x = at[0] + side * (at[1] + 0.0052 * layer)
            link = prim.bar((x, a[1], a[0]), (x, b[1], b[0]), section, (1.0, 0.0, 0.0))
            assembly.add(f"footrest_link_{number}_{name}{tag}", _LINK, link)
        x = at[0] + side * at[1]
        pin = outlines.circle(0.008, count=10)
        bolt = prim.bar((x - side * 0.008, knee[1], knee[0]), (x + side * 0.018, knee[1], knee[0]), pin)
        assembly.add(f"footrest_pin_{name}{tag}", _LINK, bolt)


def _add_lever(assembly: Assembly, x: float, y: float, z: float) -> None:
    """A handle on the outside of the right arm: a stub, a bar that points up and forwards, a grip."""
    stub = prim.bar((x + 0.03, y, z), (x - 0.022, y, z), outlines.circle(0.011, count=12))
    rod = prim.bar(
        (x - 0.014, y - 0.012, z - 0.012),
        (x - 0.016, y + 0.1, z + 0.07),
        outlines.circle(0.006, count=10),
        (1, 0, 0),
    )
    grip = prim.bar(
        (x - 0.016, y + 0.07, z + 0.048),
        (x - 0.017, y + 0.15, z + 0.106),
        outlines.circle(0.012, count=12),
        (1, 0, 0),
        0.004,
    )
    assembly.add("lever_stub", f"{_LEVER}/lever", stub)
    assembly.add("lever", f"{_LEVER}/lever", rod)
    assembly.add("lever_knob", f"{_LEVER}/knob", grip)
