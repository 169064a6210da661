"""Tables from predictions: AUROC with intervals, accuracy, by kind, camera errors."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib
import numpy as np
import pyarrow.parquet as pq
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

from looking3d.dataset.schema import NORMAL
from looking3d.errors import DatasetError

BOOTSTRAPS = 1000
_ERROR_QUANTILES = {"median": 0.5, "p90": 0.9}


def load_predictions(path: Path) -> dict[str, np.ndarray]:
    """Columns of a predictions.parquet.

    Raises:
        DatasetError: The file is missing or damaged.
    """
    try:
        table = pq.read_table(path)
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path}: not readable predictions ({error}); run: looking3d evaluate") from error
    return {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}


def score(predictions: dict[str, np.ndarray], seed: int = 0) -> dict:
    """All figures of a set of predictions, as plain values.

    AUROC is one pooled figure over all photos; by kind, the anomalous photos of that kind against all
    normal ones. Intervals are 95 % percentile bootstraps over shapes.
    """
    labels, probability = predictions["anomalous"].astype(bool), predictions["probability"]
    normal = ~labels
    figures: dict = {
        "photos": len(labels),
        "shapes": len(np.unique(predictions["shape_id"])),
        "anomalous": int(labels.sum()),
        **_with_interval(predictions, np.ones(len(labels), bool), seed),
        "accuracy": float(((probability > 0.5) == labels).mean()),
        "average_precision": _if_both(labels, probability, average_precision_score),
        "patch_auroc": _patch_auroc(predictions),
    }
    figures["by_kind"] = {
        kind: _with_interval(predictions, normal | (predictions["kind"] == kind), seed)
        for kind in sorted(set(predictions["kind"]) - {NORMAL})
    }
    odd = predictions["odd_reference"].astype(bool)
    figures["by_reference"] = {
        name: _with_interval(predictions, chosen, seed)
        for name, chosen in (("as designed", ~odd), ("odd itself", odd))
        if chosen.any()
    }
    camera: dict = {
        name: {q: float(np.quantile(predictions[name], level)) for q, level in _ERROR_QUANTILES.items()}
        for name in ("rotation_error_deg", "azimuth_error_deg", "reprojection_error_px")
    }
    camera["rotation_under_5_deg"] = float((predictions["rotation_error_deg"] < 5).mean())
    camera["silhouette_iou"] = {
        "median": float(np.median(predictions["silhouette_iou"])),
        "over_0.9": float((predictions["silhouette_iou"] > 0.9).mean()),
    }
    figures["camera"] = camera
    figures["milliseconds_per_photo"] = float(np.median(predictions["seconds"]) * 1000)
    return figures


def write_scores(figures: dict, predictions: dict[str, np.ndarray], out: Path) -> None:
    """metrics.json and curves.png (ROC and precision-recall)."""
    (out / "metrics.json").write_text(json.dumps(figures, indent=1) + "\n")
    labels = predictions["anomalous"].astype(bool)
    if labels.all() or not labels.any():
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4.6), layout="constrained")
    false_rate, true_rate, _ = roc_curve(labels, predictions["probability"])
    left.plot(false_rate, true_rate, label=f"all, AUROC {figures['auroc']:.3f}")
    for kind, figure_of_kind in figures["by_kind"].items():
        chosen = ~labels | (predictions["kind"] == kind)
        false_rate, true_rate, _ = roc_curve(labels[chosen], predictions["probability"][chosen])
        left.plot(false_rate, true_rate, linewidth=0.8, label=f"{kind}, {figure_of_kind['auroc']:.3f}")
    left.set(xlabel="false alarms", ylabel="anomalies found", title="ROC")
    left.legend(fontsize=8)
    precision, recall, _ = precision_recall_curve(labels, predictions["probability"])
    right.plot(recall, precision)
    right.set(xlabel="recall", ylabel="precision", title="Precision and recall", ylim=(0, 1.02))
    figure.savefig(out / "curves.png", dpi=110)
    pyplot.close(figure)


def _with_interval(predictions: dict[str, np.ndarray], chosen: np.ndarray, seed: int) -> dict:
    labels = predictions["anomalous"].astype(bool)[chosen]
    probability = predictions["probability"][chosen]
    return {
        "auroc": _if_both(labels, probability, roc_auc_score),
        "auroc_interval": _bootstrap(predictions["shape_id"][chosen], labels, probability, seed),
        "count": int(labels.sum()),
    }


def _if_both(labels: np.ndarray, probability: np.ndarray, measure) -> float | None:
    """The measure, or None where only one class is there."""
    return float(measure(labels, probability)) if 0 < labels.mean() < 1 else None


def _bootstrap(
    shapes: np.ndarray, labels: np.ndarray, probability: np.ndarray, seed: int
) -> list[float] | None:
    """95 % interval of the AUROC, shapes drawn with replacement."""
    generator = np.random.default_rng(seed)
    _, index = np.unique(shapes, return_inverse=True)
    rows = [np.flatnonzero(index == i) for i in range(index.max() + 1)]
    values = []
    for _ in range(BOOTSTRAPS):
        drawn = np.concatenate([rows[i] for i in generator.integers(len(rows), size=len(rows))])
        if 0 < labels[drawn].mean() < 1:
            values.append(roc_auc_score(labels[drawn], probability[drawn]))
    return [float(np.quantile(values, level)) for level in (0.025, 0.975)] if values else None


def _patch_auroc(predictions: dict[str, np.ndarray]) -> float | None:
    heat = np.concatenate([np.frombuffer(row, np.uint8) for row in predictions["heat_map"]])
    labels = np.concatenate(
        [np.unpackbits(np.frombuffer(row, np.uint8)) for row in predictions["patch_labels"]]
    )
    return _if_both(labels.astype(bool), heat, roc_auc_score)
