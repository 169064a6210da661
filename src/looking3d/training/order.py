"""Which photo comes when: an endless order that depends on a seed alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from looking3d.dataset.schema import NORMAL

_STREAM = 1  # keeps these draws apart from those of other users of the same seed


@runtime_checkable
class Order(Protocol):
    """Which photo comes at a place."""

    def photo(self, place: int) -> int:
        """Number of the photo at a place, from 0 on."""
        ...


class GroupedOrder:
    """An endless order in which photos of one shape come one after the other, so many at a time.

    All shapes come once in a random order before any comes again. Balanced, every other photo of a group is
    anomalous, if its shape has both; within a class all photos of a shape come before any comes again.
    """

    def __init__(
        self, shapes: Sequence[int], kinds: Sequence[str], size: int, balanced: bool, seed: int
    ) -> None:
        """Args:
        shapes: The shape of each photo.
        kinds: Its kind, `normal` for one without an anomaly.
        size: Photos of a group.
        balanced: Whether classes have equal shares.
        seed: Decides the order.
        """
        self.size, self.seed = size, seed
        normal, of_shape = np.asarray(kinds) == NORMAL, np.asarray(shapes)
        classes = (normal, ~normal) if balanced else (np.ones(len(of_shape), bool),)
        self._shapes = [
            [found for members in classes if len(found := np.flatnonzero(members & (of_shape == shape)))]
            for shape in np.unique(of_shape)
        ]
        self._round: tuple[int, np.ndarray] = (-1, np.arange(0))

    def photo(self, place: int) -> int:
        """Number of the photo at a place, from 0 on."""
        group, at = divmod(place, self.size)
        round_number, turn = divmod(group, len(self._shapes))
        if self._round[0] != round_number:
            generator = np.random.default_rng([self.seed, _STREAM, round_number])
            self._round = (round_number, generator.permutation(len(self._shapes)))
        shape = int(self._round[1][turn])
        classes = self._shapes[shape]
        number, which = divmod(at, len(classes))
        photos = classes[which]
        # How often photos of this class were asked for in earlier rounds
        before = round_number * ((self.size - which + len(classes) - 1) // len(classes))
        again, index = divmod(before + number, len(photos))
        generator = np.random.default_rng([self.seed, _STREAM, shape, which, again])
        return int(generator.permutation(photos)[index])


class PhotoOrder:
    """An endless order of photos, any place of which can be asked for.

    Balanced, every other photo is anomalous, and of these the kinds take turns, however many photos the
    dataset has of each. Within a kind, and if not balanced within the whole, all photos come once in a
    random order before any comes again.
    """

    def __init__(self, kinds: Sequence[str], balanced: bool, seed: int) -> None:
        """Args:
        kinds: Kind of each photo, `normal` for one without an anomaly; if balanced, of both classes.
        balanced: Whether classes and kinds have equal shares.
        seed: Decides the order.
        """
        self.balanced, self.seed = balanced, seed
        names = np.asarray(kinds)
        self._groups = [np.arange(len(names))]
        if balanced:
            anomalies = sorted(set(kinds) - {NORMAL})
            self._groups = [np.flatnonzero(names == kind) for kind in (NORMAL, *anomalies)]
            assert len(self._groups) > 1
            assert len(self._groups[0]) > 0
        self._rounds: dict[int, tuple[int, np.ndarray]] = {}

    def photo(self, place: int) -> int:
        """Number of the photo at a place, from 0 on."""
        group, turn = 0, place
        if self.balanced:
            turn, anomalous = divmod(place, 2)
            if anomalous:
                turn, kind = divmod(turn, len(self._groups) - 1)
                group = 1 + kind
        round_number, at = divmod(turn, len(self._groups[group]))
        return int(self._groups[group][self._permutation(group, round_number)[at]])

    def _permutation(self, group: int, round_number: int) -> np.ndarray:
        """The order of one round through a group; the last one of each group is kept."""
        kept = self._rounds.get(group)
        if kept is None or kept[0] != round_number:
            generator = np.random.default_rng([self.seed, _STREAM, group, round_number])
            kept = self._rounds[group] = (round_number, generator.permutation(len(self._groups[group])))
        return kept[1]
