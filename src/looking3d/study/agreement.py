"""How much people agree: Krippendorff's alpha of yes-or-no answers.

Fleiss' kappa wants the same number of answers to every pair, which a study that people leave does not have.
Alpha takes any number, and weighs each pair by its answers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from looking3d.evaluation.auroc import interval, shape_draws
from looking3d.study.intervals import Interval


class Agreement(NamedTuple):
    """Krippendorff's alpha: 1 if all agree, 0 if no more than by chance.

    Attributes:
        alpha: None where it is not defined: nobody shares a pair, or all answers are the same.
        interval: 95 %, with pairs drawn anew; None where no draw has an alpha.
        pairs: With two answers or more, which alone count.
    """

    alpha: float | None
    interval: Interval | None
    pairs: int


def agreement(answers: np.ndarray, pair: np.ndarray, seed: int = 0) -> Agreement:
    """Krippendorff's alpha for two nominal values (Krippendorff 2011, "Computing Krippendorff's
    Alpha-Reliability", equation for nominal data).

    Args:
        answers: (n,) bool.
        pair: (n,) what they are to.
        seed: Of the interval's draws.
    """
    _, index = np.unique(pair, return_inverse=True)
    given = np.bincount(index)
    yes = np.bincount(index, answers)[given > 1]
    given = given[given > 1].astype(float)
    if not len(given):
        return Agreement(None, None, 0)
    alpha = _alpha(yes, given, np.ones((1, len(given))))[0]
    drawn = _alpha(yes, given, shape_draws(len(given), seed))
    ends = interval(drawn) if len(given) > 1 else None
    return Agreement(float(alpha) if np.isfinite(alpha) else None, ends, len(given))


def _alpha(yes: np.ndarray, given: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """(draws,) alpha of each draw; NaN where all answers are the same.

    Args:
        yes: (pairs,) answers that say yes.
        given: (pairs,) answers, two or more each.
        draws: (draws, pairs) how often each pair is in each draw.
    """
    # Off the diagonal of the coincidence matrix: pairs of answers to the same thing that differ.
    differing = draws @ (2 * yes * (given - yes) / (given - 1))
    total, total_yes = draws @ given, draws @ yes
    expected = 2 * total_yes * (total - total_yes)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(expected > 0, 1 - (total - 1) * differing / expected, np.nan)
