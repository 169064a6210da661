"""What the builders of one object share: the parts so far, and random picks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from looking3d.shapes.part_shape import Part
from looking3d.shapes.procedural.primitives import Mesh


class Assembly:
    """The parts of an object under construction, in order.

    Attributes:
        root: First step of every label (`chair`).
        parts: What was added so far.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self.parts: list[Part] = []

    def add(self, part_id: str, label: str, mesh: Mesh) -> None:
        """Add a part; `label` is its path below the root."""
        self.parts.append(Part(part_id, f"{self.root}/{label}", mesh.vertices, mesh.faces))

    def add_pair(self, part_id: str, label: str, left: Mesh) -> None:
        """Add the object's left part (x > 0) and its mirror image as two parts."""
        self.add(f"{part_id}_left", label, left)
        self.add(f"{part_id}_right", label, left.mirrored())

    def grounded(self) -> tuple[Part, ...]:
        """The parts, lifted or lowered so that the lowest vertex is at y = 0."""
        floor = min(part.vertices[:, 1].min() for part in self.parts)
        return tuple(part.moved(np.eye(3), np.array([0.0, -floor, 0.0])) for part in self.parts)


def pick(rng: np.random.Generator, weights: Mapping[str, float]) -> str:
    """One of the keys, with probability in proportion to its weight."""
    edges = np.cumsum(list(weights.values()))
    return list(weights)[int(np.searchsorted(edges, rng.uniform(0, edges[-1]), side="right"))]


def chance(rng: np.random.Generator, probability: float) -> bool:
    """True with the given probability."""
    return bool(rng.uniform() < probability)


def lerp(a: np.ndarray | float, b: np.ndarray | float, t: np.ndarray | float) -> np.ndarray:
    """`a` at t = 0, `b` at t = 1."""
    return np.asarray(a) + (np.asarray(b) - np.asarray(a)) * t
