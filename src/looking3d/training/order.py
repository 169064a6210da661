"""Which photo comes when: an endless order that depends on a seed alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from looking3d.dataset.schema import NORMAL

_STREAM = 1  # keeps these draws apart from those of other users of the same seed


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
