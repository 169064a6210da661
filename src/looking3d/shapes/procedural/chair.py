"""The procedural family of chairs: side chairs, armchairs, stools, benches, office chairs, sofas."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.procedural import chair_arms as arms
from looking3d.shapes.procedural import chair_back as backs
from looking3d.shapes.procedural import chair_back_frame as frames
from looking3d.shapes.procedural import chair_base as bases
from looking3d.shapes.procedural import chair_legs as legs
from looking3d.shapes.procedural import chair_stand as stands
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.chair_back import BackPlan
from looking3d.shapes.procedural.chair_seat import SeatPlan, add_seat, random_seat
from looking3d.shapes.procedural.chair_sofa import add_sofa


def chair(seed: int) -> PartShape:
    """The chair of a seed: the same parts for the same seed, everywhere.

    Args:
        seed: At least 0.

    Returns:
        A shape in metres that stands on y = 0 and faces +Z. Its labels are PartNet's, every part is a
        closed mesh, and every part touches another.
    """
    rng = np.random.default_rng(seed)
    assembly = Assembly("chair")
    builders = {
        "side": (_side_chair, 44),
        "lounge": (_lounge_chair, 11),
        "office": (_office_chair, 13),
        "shell": (_pedestal_chair, 8),
        "stool": (_stool, 9),
        "bench": (_bench, 4),
        "sofa": (add_sofa, 11),
    }
    kind = pick(rng, {name: weight for name, (_, weight) in builders.items()})
    builders[kind][0](assembly, rng)
    return PartShape(f"chair_{seed:06d}", assembly.grounded(), "chair", f"procedural:chair seed={seed}")


def _side_chair(assembly: Assembly, rng: np.random.Generator) -> None:
    """A dining chair, with or without arms."""
    base = pick(
        rng,
        {
            "legs": 7,
            "runner": 0.6,
            "sled": 0.7,
            "cantilever": 0.9,
            "hairpin": 0.5,
            "panels": 0.4,
            "crossed": 0.6,
        },
    )
    seat = random_seat(
        rng,
        top=rng.uniform(0.41, 0.5),
        width=rng.uniform(0.38, 0.56),
        depth=rng.uniform(0.37, 0.5),
        kinds={"board": 3, "cushion": 3, "slats": 1.0 if base in ("legs", "runner") else 0.0},
        round_share=0.12 if base == "legs" else 0.0,
        apron_share=0.5 if base in ("legs", "runner") else 0.0,
    )
    add_seat(assembly, rng, seat)
    _add_base(assembly, rng, seat, base)
    _add_upper(assembly, rng, seat, rng.uniform(0.24, 0.62), math.radians(rng.uniform(0, 16)), 0.4)


def _lounge_chair(assembly: Assembly, rng: np.random.Generator) -> None:
    """A low and wide chair with arms, or a rocking chair."""
    base = pick(
        rng,
        {"legs": 2, "frames": 2, "rocker": 2, "runner": 1, "sled": 1, "cantilever": 0.7, "crossed": 0.4},
    )
    seat = random_seat(
        rng,
        top=rng.uniform(0.34, 0.43),
        width=rng.uniform(0.5, 0.72),
        depth=rng.uniform(0.48, 0.62),
        kinds={"board": 1, "cushion": 3, "slats": 1.5 if base in ("legs", "rocker", "runner") else 0.0},
    )
    add_seat(assembly, rng, seat)
    height, recline_rad = rng.uniform(0.4, 0.75), math.radians(rng.uniform(8, 26))
    if base == "frames":
        arms.add_side_frames(assembly, rng, seat)
        _add_upper(assembly, rng, seat, height, recline_rad, arm_share=0.0, barrel=False)
    else:
        _add_base(assembly, rng, seat, base)
        _add_upper(assembly, rng, seat, height, recline_rad, arm_share=0.85)


def _office_chair(assembly: Assembly, rng: np.random.Generator) -> None:
    """A chair on a star base."""
    seat = random_seat(
        rng,
        top=rng.uniform(0.42, 0.56),
        width=rng.uniform(0.42, 0.56),
        depth=rng.uniform(0.4, 0.52),
        kinds={"board": 1, "cushion": 5},
        round_share=0.08,
    )
    add_seat(assembly, rng, seat)
    stands.add_star_base(assembly, rng, seat)
    height = rng.uniform(0.3, 0.72)
    plan = _back_plan(rng, seat, height, math.radians(rng.uniform(2, 16)))
    if chance(rng, 0.8):
        backs.add_panel_back(assembly, rng, plan, padded=chance(rng, 0.7))
    else:
        frames.add_frame_back(
            assembly, rng, plan, pick(rng, {"ladder": 2, "slats": 1, "panel": 1, "rail": 1})
        )
    if height > 0.45 and chance(rng, 0.45):
        backs.add_headrest(assembly, rng, plan)
    style = pick(rng, {"office": 4, "loop": 1, "none": 2})
    if style == "office":
        arms.add_office_arms(assembly, rng, seat)
    elif style == "loop":
        arms.add_loop_arms(assembly, rng, seat)


def _pedestal_chair(assembly: Assembly, rng: np.random.Generator) -> None:
    """A chair on one foot, often with a shell around the sitter."""
    seat = random_seat(
        rng,
        top=rng.uniform(0.4, 0.5),
        width=rng.uniform(0.44, 0.62),
        depth=rng.uniform(0.42, 0.54),
        kinds={"board": 1, "cushion": 2},
        round_share=0.45,
    )
    add_seat(assembly, rng, seat)
    stands.add_pedestal(assembly, rng, seat)
    _add_upper(assembly, rng, seat, rng.uniform(0.25, 0.6), math.radians(rng.uniform(4, 16)), 0.4)


def _stool(assembly: Assembly, rng: np.random.Generator) -> None:
    """A stool, low or at a bar's height, sometimes with a low back."""
    tall = chance(rng, 0.6)
    base = pick(
        rng,
        {"legs": 4, "tripod": 0.8, "pedestal": 2, "star": 0.8, "hairpin": 0.5, "panels": 0.4, "sled": 0.5},
    )
    size = rng.uniform(0.3, 0.42)
    seat = random_seat(
        rng,
        top=rng.uniform(0.6, 0.8) if tall else rng.uniform(0.36, 0.52),
        width=size,
        depth=size * rng.uniform(0.8, 1.0),
        kinds={"board": 2, "cushion": 2, "slats": 0.5 if base == "legs" else 0.0},
        round_share={"panels": 0.0, "sled": 0.0, "tripod": 1.0}.get(base, 0.55),
        apron_share=0.25 if base in ("legs", "tripod") else 0.0,
    )
    add_seat(assembly, rng, seat)
    _add_base(assembly, rng, seat, base)
    if base != "tripod" and chance(rng, 0.3):
        _add_upper(assembly, rng, seat, rng.uniform(0.16, 0.32), math.radians(rng.uniform(0, 12)), 0.0)


def _bench(assembly: Assembly, rng: np.random.Generator) -> None:
    """A seat for two or three, with or without a back."""
    base = pick(rng, {"legs": 3, "panels": 1, "sled": 0.6, "crossed": 0.5})
    seat = random_seat(
        rng,
        top=rng.uniform(0.4, 0.48),
        width=rng.uniform(0.9, 1.5),
        depth=rng.uniform(0.34, 0.48),
        kinds={"board": 2, "cushion": 1, "slats": 2 if base == "legs" else 0.0},
        apron_share=0.6 if base == "legs" else 0.0,
    )
    add_seat(assembly, rng, seat)
    _add_base(assembly, rng, seat, base)
    if chance(rng, 0.6):
        _add_upper(assembly, rng, seat, rng.uniform(0.3, 0.5), math.radians(rng.uniform(2, 14)), 0.6)


def _add_base(assembly: Assembly, rng: np.random.Generator, seat: SeatPlan, base: str) -> None:
    if base == "legs":
        feet = "pad" if chance(rng, 0.12) else "none"
        legs.add_legs(assembly, rng, seat, feet, middle=seat.width > 1.2)
    elif base in ("runner", "rocker"):
        legs.add_legs(assembly, rng, seat, base)
    elif base in ("sled", "cantilever"):
        bases.add_tubes(assembly, rng, seat, base)
    elif base == "tripod":
        legs.add_tripod(assembly, rng, seat)
    elif base == "hairpin":
        bases.add_hairpins(assembly, rng, seat)
    elif base == "panels":
        bases.add_panels(assembly, rng, seat)
    elif base == "crossed":
        bases.add_crossed_legs(assembly, rng, seat)
    elif base == "pedestal":
        stands.add_pedestal(assembly, rng, seat)
    else:
        stands.add_star_base(assembly, rng, seat)


def _back_plan(rng: np.random.Generator, seat: SeatPlan, height: float, recline_rad: float) -> BackPlan:
    bar = min(rng.uniform(0.008, 0.018), 0.48 * seat.strip)
    # Uprights are planted inside the board, clear of its rounded corners.
    low = seat.half_width(seat.back_z) - max(1.4 * bar + 0.004, 0.35 * seat.corner)
    high = low * (1.0 if chance(rng, 0.3) else rng.uniform(0.82, 1.12))
    if seat.outline == "round":
        high = low * rng.uniform(1.0, 1.5)
    return BackPlan(
        seat=seat,
        height=height + seat.top - seat.rail_y,
        low=low,
        high=high,
        recline_rad=recline_rad,
        wrap=rng.uniform(0.0, 0.09) if chance(rng, 0.65) else 0.0,
        curl=rng.uniform(0.0, 0.08) if chance(rng, 0.4) else 0.0,
        bar=bar,
    )


def _add_upper(
    assembly: Assembly,
    rng: np.random.Generator,
    seat: SeatPlan,
    height: float,
    recline_rad: float,
    arm_share: float,
    barrel: bool = True,
) -> None:
    """Add a back and perhaps arms."""
    plan = _back_plan(rng, seat, height, recline_rad)
    weights = {
        "slats": 2,
        "spindles": 1.6,
        "ladder": 2.2,
        "cross": 0.8,
        "panel": 1,
        "splat": 0.8,
        "grid": 0.6,
        "rail": 0.9,
        "plate": 2.5,
        "padded": 1.5,
    }
    # A cushion with corners would stick out behind a round back.
    if barrel and seat.width < 0.8 and (seat.outline == "round" or seat.kind == "board"):
        weights |= {"barrel": 2.0, "tub": 1.6}
    kind = pick(rng, weights)
    if kind in ("barrel", "tub"):
        lower = dataclasses.replace(plan, height=0.75 * plan.height)
        backs.add_barrel_back(assembly, rng, lower, solid=kind == "tub")
        return
    framed = kind not in ("plate", "padded")
    if framed:
        frames.add_frame_back(assembly, rng, plan, kind)
    else:
        backs.add_panel_back(assembly, rng, plan, padded=kind == "padded")
    if height > 0.5 and chance(rng, 0.06):
        backs.add_headrest(assembly, rng, plan)
    if height < 0.3 or not chance(rng, arm_share):
        return
    style = pick(rng, {"rail": 3, "loop": 1.5, "table": 0.4 if seat.width < 0.7 else 0.0})
    if style == "rail":
        arms.add_rail_arms(assembly, rng, seat, plan if framed else None)
    elif style == "loop":
        arms.add_loop_arms(assembly, rng, seat)
    else:
        arms.add_writing_table(assembly, rng, seat)
