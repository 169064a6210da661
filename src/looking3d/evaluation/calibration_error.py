"""How far probabilities can be taken at their word."""

from __future__ import annotations

import numpy as np

BINS = 15
"""Bins of equal width of the probability; each holds its lower edge, the last one 1, too."""


def brier_score(labels: np.ndarray, probability: np.ndarray) -> float:
    """The mean squared difference of probability and label, 0 or 1."""
    return float(np.mean((probability - labels) ** 2))


def reliability(labels: np.ndarray, probability: np.ndarray) -> list[dict]:
    """For each of BINS bins: photos, their mean probability, and the share of them that is anomalous.

    The means of a bin without photos are None.
    """
    number = np.minimum((probability * BINS).astype(int), BINS - 1)
    rows = []
    for i in range(BINS):
        inside = number == i
        means = (float(values[inside].mean()) if inside.any() else None for values in (probability, labels))
        rows.append({"photos": int(inside.sum()), **dict(zip(("probability", "anomalous"), means))})
    return rows


def expected_error(bins: list[dict]) -> float:
    """The expected calibration error: the mean over photos of how far mean probability and share of anomalies
    of their bin are apart.

    Args:
        bins: What `reliability` gives.
    """
    total = sum(row["photos"] for row in bins)
    apart = (row["photos"] * abs(row["probability"] - row["anomalous"]) for row in bins if row["photos"])
    return float(sum(apart) / total)
