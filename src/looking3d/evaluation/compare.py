"""Whether one run is better than another on the same photos: a paired bootstrap over shapes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from looking3d.dataset.schema import NORMAL
from looking3d.errors import DatasetError
from looking3d.evaluation.auroc import Pairs, interval, shape_draws
from looking3d.evaluation.score import ordered
from looking3d.evaluation.thresholds import THRESHOLD

Predictions = dict[str, np.ndarray]


@dataclass(frozen=True)
class Difference:
    """A figure of two runs on the same photos.

    Attributes:
        first, second: Of each run; None where only one class is there.
        difference: The first's less the second's.
        interval: 95 %, of the difference; None where no draw held both classes.
        turned: The share of draws in which the difference has the other sign, or is 0.
    """

    first: float | None
    second: float | None
    difference: float | None
    interval: tuple[float, float] | None
    turned: float | None

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.interval is not None and not self.interval[0] <= 0 <= self.interval[1]


def compare(
    first: Predictions,
    second: Predictions,
    seed: int = 0,
    thresholds: tuple[float, float] = (THRESHOLD, THRESHOLD),
) -> dict[str, Difference]:
    """Differences of AUROC, over all and by kind, and of accuracy.

    Both runs are scored on the same drawn shapes, so what makes shapes easy or hard for both cancels out.

    Args:
        first, second: What `load_predictions` gives, of the same photos.
        seed: Of the draws.
        thresholds: Each run calls photos anomalous from its own on.

    Raises:
        DatasetError: The photos are not the same, or are labelled otherwise.
    """
    runs = ordered(first), ordered(second)
    check_same_photos(*runs)
    labels, kinds = runs[0]["anomalous"].astype(bool), runs[0]["kind"]
    names, index = np.unique(runs[0]["shape_id"], return_inverse=True)
    draws = shape_draws(len(names), seed)
    scores = [run["probability"] for run in runs]
    everything = np.ones(len(labels), bool)
    groups = {"AUROC": everything} | {
        f"AUROC, {kind}": ~labels | (kinds == kind) for kind in sorted(set(kinds) - {NORMAL})
    }
    found = {}
    for name, chosen in groups.items():
        found[name] = _auroc(labels[chosen], [s[chosen] for s in scores], index[chosen], draws)
    right = [(score >= cut) == labels for score, cut in zip(scores, thresholds, strict=True)]
    found["accuracy"] = _accuracy(right, index, draws)
    return found


def check_same_photos(first: Predictions, second: Predictions) -> None:
    """Refuse two runs, both in order, that are not of the same photos.

    Raises:
        DatasetError: They are not.
    """
    a, b = (set(zip(run["shape_id"], run["photo"], run["kind"], strict=True)) for run in (first, second))
    if a != b:
        shape, photo, _ = min(a ^ b)
        raise DatasetError(
            f"the two runs are of different photos: {len(a - b)} are in the first alone and {len(b - a)} in "
            f"the second, as {shape}/{photo}; evaluate both on the same split of the same dataset"
        )


def _auroc(labels: np.ndarray, scores: list[np.ndarray], index: np.ndarray, draws: np.ndarray) -> Difference:
    if labels.all() or not labels.any():
        return Difference(None, None, None, None, None)
    first, second = (Pairs.of(labels, score, index, draws.shape[1]) for score in scores)
    return _difference(first.auroc(), second.auroc(), first.drawn(draws) - second.drawn(draws))


def _accuracy(right: list[np.ndarray], index: np.ndarray, draws: np.ndarray) -> Difference:
    photos = draws @ np.bincount(index)
    first, second = ((draws @ np.bincount(index, one)) / photos for one in right)
    return _difference(float(right[0].mean()), float(right[1].mean()), first - second)


def _difference(first: float, second: float, drawn: np.ndarray) -> Difference:
    difference = first - second
    drawn = drawn[np.isfinite(drawn)]
    turned = float((drawn * np.sign(difference) <= 0).mean()) if len(drawn) else None
    return Difference(first, second, difference, interval(drawn), turned)
