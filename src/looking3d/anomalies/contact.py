"""Where a part is held by the others: the pivot it turns about when it is mounted askew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from looking3d.anomalies.base import diagonal
from looking3d.shapes.distance import SurfaceDistance
from looking3d.shapes.oriented_box import box_of
from looking3d.shapes.part_shape import Part, PartShape
from looking3d.shapes.surface import spread_points

LOOSE = 0.03
"""A part that is farther than this from all others, in diagonals of the shape, is held by none."""

SLACK = 0.012
"""What is this much farther than the closest point still touches, in diagonals of the shape."""

_SAMPLES = 2000
_LINE = 2.5  # how often a line of contact is longer than wide
_LONG = 0.3  # how long it must be, in longest sides of the part
_ROD = 0.2  # how far a part must reach out from the line to be seen turning, in the same unit


@dataclass(frozen=True, eq=False)
class Contact:
    """Where a part is held.

    Attributes:
        point: (3,) the middle of what touches other parts; of a part that touches none, its box's middle.
        hinge: (3,) unit direction of a contact that is a line, as of a back on a seat; None if it is a
            spot or spreads out, or if the part is a rod along it, which would not be seen to turn.
        gap: Distance to the nearest other part, in diagonals of the shape.
    """

    point: np.ndarray
    hinge: np.ndarray | None
    gap: float


def contact(shape: PartShape, part: Part) -> Contact:
    """Where a part is held by the others, by the distances of points spread over its surface.

    Args:
        shape: The shape, with at least one other part.
        part: One of its parts.
    """
    others = shape.with_parts(other for other in shape.parts if other.id != part.id)
    vertices, faces, _ = others.merged()
    points, _ = spread_points(part.vertices, part.faces, _SAMPLES)
    distances = SurfaceDistance(vertices, faces)(points) / diagonal(shape)
    gap = float(distances.min())
    if gap > LOOSE:
        return Contact(box_of(part).center, None, gap)
    touching = points[distances <= gap + SLACK]
    return Contact(touching.mean(0), _hinge(part, touching), gap)


def _hinge(part: Part, touching: np.ndarray) -> np.ndarray | None:
    """(3,) the direction of the line that (n, 3) points make, or None."""
    if len(touching) < 3:
        return None
    center = touching.mean(0)
    directions = np.linalg.eigh(np.cov((touching - center).T))[1]
    _, width, length = np.ptp((touching - center) @ directions, axis=0)
    direction = directions[:, 2]
    size = box_of(part).extent.max()
    off = part.vertices - center
    reach = np.linalg.norm(off - np.outer(off @ direction, direction), axis=1).max()
    if length < _LINE * width or length < _LONG * size or reach < _ROD * size:
        return None
    return direction * np.sign(direction[np.abs(direction).argmax()])
