"""Which participant judges which photos."""

from __future__ import annotations

import threading

import numpy as np

from looking3d.study.subset import Subset


class Draws:
    """The photos of each participant, as the seed and the participant's number decide.

    However many participants there were, the photos of a class were given equally often, or some of them
    once more. A draw has as many normal and anomalous photos as their shares of the
    subset say, which is half and half of one that is: an odd one is normal and anomalous by turns. No
    participant sees a photo twice, nor a reference, unless balance leaves no other.
    """

    def __init__(self, subset: Subset, count: int, seed: int) -> None:
        """Begin with the first participant.

        Args:
            subset: What is judged.
            count: Photos a participant; at most those of the subset.
            seed: Of the draws.
        """
        self.subset, self.count, self.seed = subset, count, seed
        self._made: list[tuple[int, ...]] = []
        self._given = np.zeros(len(subset.pairs), int)
        self._lock = threading.Lock()

    def of(self, number: int) -> tuple[int, ...]:
        """Numbers of the pairs of a participant, in the order in which they are shown.

        Args:
            number: The participant's, from 1 on.
        """
        # Each draw builds on those before, which are drawn again after a restart, alike.
        with self._lock:
            while len(self._made) < number:
                self._made.append(self._draw(len(self._made)))
        return self._made[number - 1]

    def _draw(self, turn: int) -> tuple[int, ...]:
        generator = np.random.default_rng([self.seed, turn])
        labels = self.subset.labels
        size, anomalous = len(labels), int(labels.sum())
        # What is due after this turn, less what was due before.
        of_anomalous = (turn + 1) * self.count * anomalous // size - turn * self.count * anomalous // size
        drawn: list[int] = []
        for label, of_class in ((True, of_anomalous), (False, self.count - of_anomalous)):
            luck = generator.random(size)
            for _ in range(of_class):
                drawn.append(self._next(label, drawn, luck))
        self._given[drawn] += 1
        return tuple(int(i) for i in generator.permutation(drawn))

    def _next(self, label: bool, drawn: list[int], luck: np.ndarray) -> int:
        """Of a class the pair that was given least often, of those one with a reference not yet drawn."""
        pairs = self.subset.pairs
        shapes = {pairs[i].shape_id for i in drawn}
        free = [i for i in np.flatnonzero(self.subset.labels == label) if i not in drawn]
        return int(min(free, key=lambda i: (self._given[i], pairs[i].shape_id in shapes, luck[i])))
