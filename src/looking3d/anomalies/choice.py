"""Which part is edited next: the labels of a shape take turns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from looking3d.anomalies.base import AnomalyImpossible
from looking3d.shapes.part_shape import Part

_REFUSED = 0.25
"""A draw that was refused counts as this share of a turn, for its kind alone; so a label that is hard to
show is tried again, and one that is impossible does not hold up the others."""


class PartCycle:
    """Draws parts so that the labels of a shape take turns, in an order drawn once.

    First the label that had the fewest turns, then any part of it: many slats do not outweigh a seat,
    and a shape's anomalies cover its labels before one comes twice.

    Args:
        parts: The parts that may be drawn.
        generator: Draws the order now, and the parts later.
    """

    def __init__(self, parts: Sequence[Part], generator: np.random.Generator) -> None:
        labels = sorted({part.label for part in parts})
        self._labels = [labels[i] for i in generator.permutation(len(labels))]
        self._parts = {label: [part for part in parts if part.label == label] for label in labels}
        self._turns = dict.fromkeys(labels, 0.0)
        self._refused: dict[tuple[str, str], float] = {}
        self._generator = generator

    def draw(self, kind: str) -> Part:
        """The next part for an anomaly of a kind.

        Raises:
            AnomalyImpossible: There are no parts.
        """
        if not self._labels:
            raise AnomalyImpossible("no part is large enough to be seen")
        label = min(self._labels, key=lambda name: self._turns[name] + self._refused.get((kind, name), 0))
        candidates = self._parts[label]
        return candidates[self._generator.integers(len(candidates))]

    def keep(self, part: Part) -> None:
        """The part's anomaly was used: its label had its turn."""
        self._turns[part.label] += 1

    def refuse(self, kind: str, part: Part, impossible: bool = False) -> None:
        """The part's anomaly of that kind could not be used.

        Args:
            kind: The kind of anomaly.
            part: What `draw` gave.
            impossible: It cannot be made at all, so other labels come first.
        """
        share = 1.0 if impossible else _REFUSED
        self._refused[kind, part.label] = self._refused.get((kind, part.label), 0) + share
