"""ROC, precision against recall, and reliability of predictions, as a picture."""

from __future__ import annotations

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from sklearn.metrics import precision_recall_curve, roc_curve

from looking3d.evaluation.plots import png_of


def curves(figures: dict, predictions: dict[str, np.ndarray]) -> bytes | None:
    """A PNG; None where only one class is there.

    Args:
        figures: What `score` gives.
        predictions: What it was given.
    """
    labels, probability = predictions["anomalous"].astype(bool), predictions["probability"]
    if labels.all() or not labels.any():
        return None
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right, last) = pyplot.subplots(1, 3, figsize=(15, 4.6), layout="constrained")
    false_rate, true_rate, _ = roc_curve(labels, probability)
    left.plot(false_rate, true_rate, label=f"all, AUROC {figures['auroc']:.3f}")
    for kind, of_kind in figures["by"]["kind"].items():
        chosen = ~labels | (predictions["kind"] == kind)
        false_rate, true_rate, _ = roc_curve(labels[chosen], probability[chosen])
        left.plot(false_rate, true_rate, linewidth=0.8, label=f"{kind}, {of_kind['auroc']:.3f}")
    left.set(xlabel="false alarms", ylabel="anomalies found", title="ROC")
    left.legend(fontsize=8)
    precision, recall, _ = precision_recall_curve(labels, probability)
    right.plot(recall, precision)
    right.set(xlabel="recall", ylabel="precision", title="Precision and recall", ylim=(0, 1.02))
    _reliability(last, figures["calibration"])
    return png_of(figure)


def _reliability(axes: Axes, calibration: dict) -> None:
    """What share of the photos of a probability is anomalous; dots are as large as photos are many."""
    bins = [row for row in calibration["bins"] if row["photos"]]
    said, true, photos = (
        np.array([row[name] for row in bins]) for name in ("probability", "anomalous", "photos")
    )
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=0.8)
    axes.plot(said, true, linewidth=0.8)
    axes.scatter(said, true, 20 + 200 * photos / photos.max())
    axes.set(xlabel="mean probability", ylabel="share that is anomalous", xlim=(0, 1), ylim=(-0.02, 1.02))
    axes.set_title(f"Reliability, expected error {calibration['ece']:.3f}")
