"""The area under the ROC curve with a bootstrap interval over shapes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

BOOTSTRAPS = 1000
_LEVELS = (0.025, 0.975)


class Auroc(NamedTuple):
    """An area under the ROC curve.

    Attributes:
        value: None where only one class is there.
        interval: 95 %, lower and upper end; None where no draw held both classes.
    """

    value: float | None
    interval: tuple[float, float] | None


def auroc_over_shapes(labels: np.ndarray, scores: np.ndarray, shapes: np.ndarray, seed: int = 0) -> Auroc:
    """The pooled AUROC, and its 95 % percentile interval with shapes drawn anew with replacement.

    AUROC is the share of the pairs of a positive and a negative of which the positive scores higher, ties
    counting half. So all that a draw needs is how many pairs are won between any two shapes.

    Args:
        labels: (n,) bool.
        scores: (n,).
        shapes: (n,) the shape of each.
        seed: Of the draws.
    """
    names, index = np.unique(shapes, return_inverse=True)
    count = len(names)
    positives = np.bincount(index[labels], minlength=count).astype(float)
    negatives = np.bincount(index[~labels], minlength=count).astype(float)
    if not positives.any() or not negatives.any():
        return Auroc(None, None)
    wins = _wins(labels, scores, index, count)
    generator = np.random.default_rng(seed)
    draws = np.stack(
        [np.bincount(generator.integers(count, size=count), minlength=count) for _ in range(BOOTSTRAPS)]
    ).astype(float)
    pairs = (draws @ positives) * (draws @ negatives)
    won = ((draws @ wins) * draws).sum(1)[pairs > 0]
    values = won / pairs[pairs > 0]
    if len(values):
        low, high = (float(np.quantile(values, level)) for level in _LEVELS)
        interval = (low, high)
    else:
        interval = None
    return Auroc(float(wins.sum() / (positives.sum() * negatives.sum())), interval)


def _wins(labels: np.ndarray, scores: np.ndarray, index: np.ndarray, count: int) -> np.ndarray:
    """(count, count): pairs that positives of the one shape win against negatives of the other."""
    of_positives, index_positives = scores[labels], index[labels]
    of_negatives, index_negatives = scores[~labels], index[~labels]
    wins = np.zeros((count, count))
    for other in np.unique(index_negatives):
        sorted_scores = np.sort(of_negatives[index_negatives == other])
        below = np.searchsorted(sorted_scores, of_positives, "left")
        up_to = np.searchsorted(sorted_scores, of_positives, "right")
        wins[:, other] = np.bincount(index_positives, (below + up_to) / 2, minlength=count)
    return wins
