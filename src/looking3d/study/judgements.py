"""What participants answered, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, eq=False)
class Judgements:
    """Answers, a row each.

    Attributes:
        participants: (p,) int, numbers of all who began.
        asked: Answers that each is to give.
        participant: (n,) int, whose answer it is.
        pair: (n,) int, the pair's number in the subset.
        anomalous: (n,) bool, what was answered.
        milliseconds: (n,) float, from when the pictures were there to the answer; NaN where not known.
    """

    participants: np.ndarray
    asked: int
    participant: np.ndarray
    pair: np.ndarray
    anomalous: np.ndarray
    milliseconds: np.ndarray

    @property
    def incomplete(self) -> dict[int, int]:
        """Answers of each participant who did not give all."""
        given = {int(number): int((self.participant == number).sum()) for number in self.participants}
        return {number: count for number, count in given.items() if count < self.asked}

    def without(self, numbers: dict[int, int]) -> Judgements:
        """Those of the other participants."""
        rows = ~np.isin(self.participant, list(numbers))
        return replace(
            self,
            participants=self.participants[~np.isin(self.participants, list(numbers))],
            participant=self.participant[rows],
            pair=self.pair[rows],
            anomalous=self.anomalous[rows],
            milliseconds=self.milliseconds[rows],
        )
