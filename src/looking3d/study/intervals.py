"""Means of answers, with bootstrap intervals over who answered or over what was asked."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from looking3d.evaluation.auroc import interval, shape_draws

Interval = tuple[float, float]


class Mean(NamedTuple):
    """A mean over answers.

    Attributes:
        value: None where there is no answer.
        over_participants, over_pairs: 95 % percentile intervals with participants, or pairs, drawn anew
            with replacement and all answers of each taken along; None where there is but one.
    """

    value: float | None
    over_participants: Interval | None
    over_pairs: Interval | None


def mean_of(values: np.ndarray, participant: np.ndarray, pair: np.ndarray, seed: int) -> Mean:
    """The mean over answers, each counting alike.

    Args:
        values: (n,) of the answers.
        participant: (n,) whose they are.
        pair: (n,) what they are to.
        seed: Of the draws.
    """
    if not len(values):
        return Mean(None, None, None)
    return Mean(float(values.mean()), over(values, participant, seed), over(values, pair, seed))


def over(values: np.ndarray, groups: np.ndarray, seed: int) -> Interval | None:
    """The interval of a mean with whole groups drawn anew; None if there is but one group."""
    names, index = np.unique(groups, return_inverse=True)
    sums, sizes = np.bincount(index, values), np.bincount(index).astype(float)
    if len(names) < 2:
        return None
    draws = shape_draws(len(names), seed)
    return interval((draws @ sums) / (draws @ sizes))
