"""The procedural family of brackets: what mounts, holds and joins, with its bolts."""

from __future__ import annotations

import numpy as np

from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.procedural.assembly import Assembly, pick
from looking3d.shapes.procedural.bracket_angle import add_angle
from looking3d.shapes.procedural.bracket_bearings import add_motor_mount, add_pillow_blocks
from looking3d.shapes.procedural.bracket_hinge import add_hinge
from looking3d.shapes.procedural.bracket_joints import add_clevis, add_pipe_clamp
from looking3d.shapes.procedural.bracket_plates import add_column_foot, add_tee, add_zed


def bracket(seed: int) -> PartShape:
    """The bracket of a seed: the same parts for the same seed, everywhere.

    Args:
        seed: At least 0.

    Returns:
        A shape in metres that stands on y = 0 and faces +Z. Every part is a closed mesh and touches
        another; bolts can be told apart from afar.
    """
    rng = np.random.default_rng(seed)
    assembly = Assembly("bracket")
    builders = {
        "angle": (add_angle, 20),
        "zed": (add_zed, 11),
        "tee": (add_tee, 11),
        "column": (add_column_foot, 11),
        "pillow": (add_pillow_blocks, 13),
        "motor": (add_motor_mount, 12),
        "clevis": (add_clevis, 12),
        "clamp": (add_pipe_clamp, 12),
        "hinge": (add_hinge, 8),
    }
    kind = pick(rng, {name: weight for name, (_, weight) in builders.items()})
    builders[kind][0](assembly, rng)
    return PartShape(f"bracket_{seed:06d}", assembly.grounded(), "bracket", f"procedural:bracket seed={seed}")
