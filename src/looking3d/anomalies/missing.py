"""A part is missing (paper 3.1, kind 5)."""

from collections.abc import Sequence

import numpy as np

from looking3d.anomalies.base import AnomalousShape, AnomalyImpossible, replace_part
from looking3d.shapes.part_shape import Part, PartShape


def missing(
    shape: PartShape, part: Part, donors: Sequence[PartShape], generator: np.random.Generator
) -> AnomalousShape:
    """Remove one part. Severity: 1.

    Raises:
        AnomalyImpossible: The shape has no other part.
    """
    if len(shape.parts) < 2:
        raise AnomalyImpossible("only one part")
    return AnomalousShape("missing", replace_part(shape, part, None), part, None, 1.0)
