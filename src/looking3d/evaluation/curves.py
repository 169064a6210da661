"""ROC and precision-recall curves of predictions, as a picture."""

from __future__ import annotations

import io

import matplotlib
import numpy as np
from sklearn.metrics import precision_recall_curve, roc_curve


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

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4.6), layout="constrained")
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
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=110, format="png")
    pyplot.close(figure)
    return buffer.getvalue()
