"""What an anomaly is: one part of a shape, edited, with the part before and after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from looking3d.shapes.part_shape import Part, PartShape


class AnomalyImpossible(Exception):
    """This kind of anomaly cannot be made of this part; draw another. Never reaches a user."""


@dataclass(frozen=True)
class Donor:
    """Where a swapped part comes from.

    Attributes:
        shape_id: The donor shape.
        part_id: Its part.
        match: Why this part: `label` if the labels agree, `proportions` if labels say nothing and the
            parts' boxes are alike.
    """

    shape_id: str
    part_id: str
    match: str


@dataclass(frozen=True, eq=False)
class AnomalousShape:
    """A shape with exactly one anomalous part.

    Attributes:
        kind: Name of the anomaly kind.
        shape: The shape with the anomaly. Parts keep their ids and order; a missing part is gone.
        before: The part as the reference has it.
        after: The part as the photo will show it; None if it is missing.
        severity: How strong the edit is, in the kind's own measure (see the kind's docstring).
        donor: Where a swapped part comes from; None for other kinds.
    """

    kind: str
    shape: PartShape
    before: Part
    after: Part | None
    severity: float
    donor: Donor | None = None


AnomalyKind = Callable[[PartShape, Part, Sequence[PartShape], np.random.Generator], AnomalousShape]
"""(normalised shape, one of its parts, donor shapes, generator) -> the shape with that part edited."""


def replace_part(shape: PartShape, before: Part, after: Part | None) -> PartShape:
    """The shape with `before` replaced in its place, or removed."""
    parts = (after if part.id == before.id else part for part in shape.parts)
    return shape.with_parts(part for part in parts if part is not None)


def diagonal(shape_or_part: PartShape | Part) -> float:
    """Length of the diagonal of the axis-aligned box, in world units."""
    low, high = shape_or_part.bounds
    return float(np.linalg.norm(high - low))


def random_direction(generator: np.random.Generator) -> np.ndarray:
    """(3,) unit vector, uniform on the sphere."""
    direction = generator.standard_normal(3)
    return direction / np.linalg.norm(direction)
