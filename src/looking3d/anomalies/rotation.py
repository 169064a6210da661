"""A part is mounted askew (paper 3.1, kind 2)."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from looking3d.anomalies.base import (
    AnomalousShape,
    AnomalyImpossible,
    attachment,
    draw_part,
    random_direction,
    replace_part,
)
from looking3d.shapes.part_shape import PartShape

ANGLE_DEG = (10.0, 60.0)
"""Bounds of the angle."""


def rotation(shape: PartShape, donors: Sequence[PartShape], generator: np.random.Generator) -> AnomalousShape:
    """Turn one part about a random axis through the point where it is held.

    Severity: the angle in radians.
    """
    if len(shape.parts) < 2:
        raise AnomalyImpossible("only one part")
    part = draw_part(shape, generator)
    severity = math.radians(generator.uniform(*ANGLE_DEG))
    R = Rotation.from_rotvec(severity * random_direction(generator)).as_matrix()
    pivot = attachment(shape, part)
    after = part.moved(R, pivot - R @ pivot)
    return AnomalousShape("rotation", replace_part(shape, part, after), part, after, severity)
