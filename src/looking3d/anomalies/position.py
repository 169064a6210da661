"""A part is in the wrong place (paper 3.1, kind 1)."""

from collections.abc import Sequence

import numpy as np

from looking3d.anomalies.base import AnomalousShape, diagonal, random_direction, replace_part
from looking3d.shapes.part_shape import Part, PartShape

OFFSET = (0.04, 0.14)
"""Bounds of the translation, in diagonals of the shape."""


def position(
    shape: PartShape, part: Part, donors: Sequence[PartShape], generator: np.random.Generator
) -> AnomalousShape:
    """Translate one part in a random direction. Severity: the offset in diagonals of the shape."""
    severity = generator.uniform(*OFFSET)
    after = part.moved(np.eye(3), random_direction(generator) * severity * diagonal(shape))
    return AnomalousShape("position", replace_part(shape, part, after), part, after, float(severity))
