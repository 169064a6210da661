"""A part is mounted askew (paper 3.1, kind 2)."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from looking3d.anomalies.base import AnomalousShape, AnomalyImpossible, random_direction, replace_part
from looking3d.anomalies.contact import contact
from looking3d.shapes.part_shape import Part, PartShape

ANGLE_DEG = (10.0, 60.0)
"""Bounds of the angle."""

HINGE = 0.7
"""How often a part that is held along a line turns about that line, as a back folds; else about any axis."""


def rotation(
    shape: PartShape, part: Part, donors: Sequence[PartShape], generator: np.random.Generator
) -> AnomalousShape:
    """Turn one part about an axis through the middle of where it is held.

    The axis is the line of contact with probability `HINGE`, if there is one; else it is random. A part
    that touches no other turns about its own middle. Severity: the angle in radians.

    Raises:
        AnomalyImpossible: The shape has no other part.
    """
    if len(shape.parts) < 2:
        raise AnomalyImpossible("only one part")
    severity = math.radians(generator.uniform(*ANGLE_DEG))
    sign, folds = generator.choice((-1, 1)), generator.random() < HINGE
    axis, held = random_direction(generator), contact(shape, part)
    if folds and held.hinge is not None:
        axis = sign * held.hinge
    R = Rotation.from_rotvec(severity * axis).as_matrix()
    after = part.moved(R, held.point - R @ held.point)
    return AnomalousShape("rotation", replace_part(shape, part, after), part, after, severity)
