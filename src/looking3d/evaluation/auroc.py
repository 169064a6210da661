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
    pairs = Pairs.of(labels, scores, index, len(names))
    if not pairs.positives.any() or not pairs.negatives.any():
        return Auroc(None, None)
    return Auroc(pairs.auroc(), interval(pairs.drawn(shape_draws(len(names), seed))))


class Pairs(NamedTuple):
    """The pairs of a positive and a negative, by the shapes that these are of.

    Attributes:
        positives, negatives: (shapes,) float64, how many each shape has.
        wins: (shapes, shapes) pairs that positives of the one shape win against negatives of the other.
    """

    positives: np.ndarray
    negatives: np.ndarray
    wins: np.ndarray

    @staticmethod
    def of(labels: np.ndarray, scores: np.ndarray, index: np.ndarray, count: int) -> Pairs:
        """Count them.

        Args:
            labels: (n,) bool.
            scores: (n,).
            index: (n,) number of the shape of each, from 0 to before `count`.
            count: Shapes.
        """
        positives, negatives = (np.bincount(index[of], minlength=count) for of in (labels, ~labels))
        return Pairs(positives.astype(float), negatives.astype(float), _wins(labels, scores, index, count))

    def auroc(self) -> float:
        """The share of pairs that are won."""
        return float(self.wins.sum() / (self.positives.sum() * self.negatives.sum()))

    def drawn(self, draws: np.ndarray) -> np.ndarray:
        """(draws,) the same of each set of shapes; NaN where it lacks a class.

        Args:
            draws: What `shape_draws` gives.
        """
        count = (draws @ self.positives) * (draws @ self.negatives)
        won = ((draws @ self.wins) * draws).sum(1)
        return np.divide(won, count, out=np.full(len(draws), np.nan), where=count > 0)


def shape_draws(count: int, seed: int) -> np.ndarray:
    """(BOOTSTRAPS, count) float64: how often each shape, or other group, is in each set drawn with
    replacement."""
    generator = np.random.default_rng(seed)
    draws = [np.bincount(generator.integers(count, size=count), minlength=count) for _ in range(BOOTSTRAPS)]
    return np.stack(draws).astype(float)


def interval(values: np.ndarray) -> tuple[float, float] | None:
    """The 95 % percentile interval of drawn values; those that are NaN are left out, None if all are."""
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    low, high = (float(np.quantile(values, level)) for level in _LEVELS)
    return low, high


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
