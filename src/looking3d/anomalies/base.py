"""What an anomaly is: one part of a shape, edited, with the part before and after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from looking3d.shapes.part_shape import Part, PartShape


class AnomalyImpossible(Exception):
    """This kind of anomaly cannot be made of this part; draw another. Never reaches a user."""


@dataclass(frozen=True, eq=False)
class AnomalousShape:
    """A shape with exactly one anomalous part.

    Attributes:
        kind: Name of the anomaly kind.
        shape: The shape with the anomaly. Parts keep their ids and order; a missing part is gone.
        before: The part as the reference has it.
        after: The part as the photo will show it; None if it is missing.
        severity: How strong the edit is, in the kind's own measure (see the kind's docstring).
    """

    kind: str
    shape: PartShape
    before: Part
    after: Part | None
    severity: float


AnomalyKind = Callable[[PartShape, Sequence[PartShape], np.random.Generator], AnomalousShape]
"""(normalised shape, donor shapes, generator) -> the shape with one part edited."""


def draw_part(shape: PartShape, generator: np.random.Generator) -> Part:
    """A random part: first a label, then a part of that label, so that many slats do not outweigh a seat."""
    labels = sorted({part.label for part in shape.parts})
    label = labels[generator.integers(len(labels))]
    candidates = [part for part in shape.parts if part.label == label]
    return candidates[generator.integers(len(candidates))]


def replace_part(shape: PartShape, before: Part, after: Part | None) -> PartShape:
    """The shape with `before` replaced in its place, or removed."""
    parts = (after if part.id == before.id else part for part in shape.parts)
    return shape.with_parts(part for part in parts if part is not None)


def diagonal(shape_or_part: PartShape | Part) -> float:
    """Length of the diagonal of the axis-aligned box, in world units."""
    low, high = shape_or_part.bounds
    return float(np.linalg.norm(high - low))


def attachment(shape: PartShape, part: Part, slack: float = 0.02) -> np.ndarray:
    """(3,) the point where a part is held: the mean of its vertices that are closest to other parts.

    Args:
        shape: The shape, with at least one other part.
        part: One of its parts.
        slack: Vertices this much farther than the closest still count, in shape diagonals.
    """
    others = np.concatenate([other.vertices for other in shape.parts if other.id != part.id])
    distances = KDTree(others).query(part.vertices)[0]
    return part.vertices[distances <= distances.min() + slack * diagonal(shape)].mean(0)


def random_direction(generator: np.random.Generator) -> np.ndarray:
    """(3,) unit vector, uniform on the sphere."""
    direction = generator.standard_normal(3)
    return direction / np.linalg.norm(direction)
