"""Where to cut: photos called anomalous from a probability on, and the best probability to do so."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

THRESHOLD = 0.5
"""Probability from which on a photo counts as anomalous."""


class Cut(NamedTuple):
    """A threshold and what it is worth.

    Attributes:
        threshold: Photos are called anomalous from this probability on.
        value: What was made as large as can be.
    """

    threshold: float
    value: float


def best_accuracy(labels: np.ndarray, probability: np.ndarray) -> Cut:
    """The threshold at which most photos are called rightly."""

    def accuracy(true: np.ndarray, false: np.ndarray) -> np.ndarray:
        return (true + (~labels).sum() - false) / len(labels)

    return _best(labels, probability, accuracy)


def best_f1(labels: np.ndarray, probability: np.ndarray) -> Cut:
    """The threshold of the largest F1, the harmonic mean of precision and recall; 0 where none is found."""

    def f1(true: np.ndarray, false: np.ndarray) -> np.ndarray:
        return 2 * true / np.maximum(true + false + labels.sum(), 1)

    return _best(labels, probability, f1)


def _best(
    labels: np.ndarray, probability: np.ndarray, measure: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> Cut:
    """The best of all cuts that differ; of equal ones the one nearest to THRESHOLD, then the lower.

    Cuts lie midway between two probabilities that follow on each other, and at the ends, where all photos
    are called anomalous, or none.

    Args:
        labels: (n,) bool.
        probability: (n,).
        measure: Of the anomalous and of the normal photos that are called anomalous at each cut.
    """
    values = np.unique(probability)
    cuts = np.concatenate([[0.0], (values[1:] + values[:-1]) / 2, [np.nextafter(1, 2)]])
    # A midpoint of two neighbouring numbers rounds to one of them; what is at a cut is above it.
    cuts[1:-1] = np.where(cuts[1:-1] <= values[:-1], values[1:], cuts[1:-1])
    positives, negatives = np.sort(probability[labels]), np.sort(probability[~labels])
    true = len(positives) - np.searchsorted(positives, cuts, "left")
    false = len(negatives) - np.searchsorted(negatives, cuts, "left")
    worth = measure(true, false)
    best = worth >= worth.max() - 1e-12
    order = np.lexsort((cuts, np.abs(cuts - THRESHOLD), ~best))
    return Cut(float(cuts[order[0]]), float(worth[order[0]]))
