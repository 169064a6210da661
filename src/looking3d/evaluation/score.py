"""Figures from predictions; `docs/evaluation.md` defines each of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from looking3d.evaluation.auroc import auroc_over_shapes, interval, shape_draws
from looking3d.evaluation.boxes import box_scores
from looking3d.evaluation.calibration_error import brier_score, expected_error, reliability
from looking3d.evaluation.confusion import confusion
from looking3d.evaluation.pixels import pixel_scores
from looking3d.evaluation.strata import Stratum, aligns, strata
from looking3d.evaluation.thresholds import THRESHOLD, best_accuracy, best_f1
from looking3d.evaluation.viewpoint import viewpoint_scores

SILHOUETTES_OVER = 0.9
"""Intersection over union of the silhouettes over which a camera counts as found."""

CAMERA_ERRORS = (
    "rotation_error_deg",
    "azimuth_error_deg",
    "shift_error_px",
    "scale_error_log",
    "reprojection_error_px",
)
_QUANTILES = {"median": 0.5, "p90": 0.9}


def score(
    predictions: dict[str, np.ndarray], seed: int = 0, validation: dict[str, np.ndarray] | None = None
) -> dict:
    """All figures of a set of predictions, as plain values; the order of its rows changes no digit.

    Args:
        predictions: What `load_predictions` gives.
        seed: Of the bootstrap.
        validation: Predictions of the same detector on other photos, which a threshold is chosen on.
    """
    rows = ordered(predictions)
    labels = rows["anomalous"].astype(bool)
    everything = np.ones(len(labels), bool)
    overall = _group(rows, Stratum(everything, everything), seed)
    return {
        "shapes": len(np.unique(rows["shape_id"])),
        **overall,
        **_at_threshold(labels, rows["probability"] >= THRESHOLD),
        "accuracy_interval": _accuracy_interval(rows, THRESHOLD, seed),
        "at_validation_threshold": None if validation is None else _at_validated(rows, validation, seed),
        "average_precision": _if_both(labels, rows["probability"], average_precision_score),
        "f1_max": best_f1(labels, rows["probability"])._asdict() if labels.any() else None,
        "calibration": _calibration(labels, rows["probability"]),
        "verdicts": _verdicts(rows) if aligns(rows) else None,
        "taken_for": confusion(rows),
        "by": {
            name: {key: _group(rows, stratum, seed) for key, stratum in groups.items()}
            for name, groups in strata(rows).items()
        },
        "camera": _camera(rows),
        "viewpoint": viewpoint_scores(rows),
        "pixels": {**pixel_scores(rows), "patch_auroc": _patch_auroc(rows)},
        "boxes": box_scores(rows),
        "parts": _parts(rows),
        "milliseconds_per_photo": float(np.median(rows["seconds"]) * 1000),
    }


def _group(rows: dict[str, np.ndarray], stratum: Stratum, seed: int) -> dict:
    """The figures that every group of photos has."""
    members, compared = stratum.members, stratum.compared
    labels = rows["anomalous"].astype(bool)
    auroc = auroc_over_shapes(
        labels[compared], rows["probability"][compared], rows["shape_id"][compared], seed
    )
    return {
        "photos": int(members.sum()),
        "anomalous": int((labels & members).sum()),
        "auroc": auroc.value,
        "auroc_interval": None if auroc.interval is None else list(auroc.interval),
        "could_not_align": float(1 - rows["aligned"][members].mean()) if aligns(rows) else None,
        "silhouette_iou_over_0.9": _share_over(rows["silhouette_iou"][members]),
    }


def ordered(predictions: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The rows in one order, so that sums of floats round alike."""
    order = np.lexsort((predictions["photo"].astype(str), predictions["shape_id"].astype(str)))
    return {name: column[order] for name, column in predictions.items()}


def _share_over(silhouette_iou: np.ndarray) -> float | None:
    """The share of cameras that were found; None if the detector finds none."""
    if np.isnan(silhouette_iou).all():
        return None
    return float((silhouette_iou > SILHOUETTES_OVER).mean())


def _at_threshold(labels: np.ndarray, called: np.ndarray) -> dict:
    return {
        "accuracy": float((called == labels).mean()),
        "found": float(called[labels].mean()) if labels.any() else None,
        "false_alarms": float(called[~labels].mean()) if not labels.all() else None,
    }


def _accuracy_interval(rows: dict[str, np.ndarray], threshold: float, seed: int) -> list[float] | None:
    """As that of AUROC: shapes are drawn anew."""
    right = (rows["probability"] >= threshold) == rows["anomalous"].astype(bool)
    names, index = np.unique(rows["shape_id"], return_inverse=True)
    draws = shape_draws(len(names), seed)
    found = interval((draws @ np.bincount(index, right)) / (draws @ np.bincount(index)))
    return None if found is None else list(found)


def _at_validated(rows: dict[str, np.ndarray], validation: dict[str, np.ndarray], seed: int) -> dict:
    """Figures at the threshold that is best in other photos."""
    of_validation = ordered(validation)
    cut = best_accuracy(of_validation["anomalous"].astype(bool), of_validation["probability"])
    return {
        "threshold": cut.threshold,
        "validation_photos": len(validation["probability"]),
        "validation_accuracy": cut.value,
        **_at_threshold(rows["anomalous"].astype(bool), rows["probability"] >= cut.threshold),
        "accuracy_interval": _accuracy_interval(rows, cut.threshold, seed),
    }


def _calibration(labels: np.ndarray, probability: np.ndarray) -> dict:
    bins = reliability(labels, probability)
    return {"ece": expected_error(bins), "brier": brier_score(labels, probability), "bins": bins}


def _verdicts(rows: dict[str, np.ndarray]) -> dict[str, dict[str, int]]:
    """How many normal and anomalous photos got which verdict, as `inspect` gives it."""
    labels, aligned = rows["anomalous"].astype(bool), rows["aligned"].astype(bool)
    called = rows["probability"] >= THRESHOLD
    verdicts = {"normal": aligned & ~called, "anomalous": aligned & called, "could not align": ~aligned}
    return {
        truth: {verdict: int((those & given).sum()) for verdict, given in verdicts.items()}
        for truth, those in (("normal", ~labels), ("anomalous", labels))
    }


def _camera(rows: dict[str, np.ndarray]) -> dict | None:
    """How far cameras are off; None if the detector finds none."""
    if np.isnan(rows["rotation_error_deg"]).all():
        return None
    figures: dict = {
        name: {q: float(np.quantile(rows[name], level)) for q, level in _QUANTILES.items()}
        for name in CAMERA_ERRORS
    }
    figures["rotation_under_5_deg"] = float((rows["rotation_error_deg"] < 5).mean())
    figures["silhouette_iou"] = {
        "median": float(np.median(rows["silhouette_iou"])),
        "over_0.9": float((rows["silhouette_iou"] > SILHOUETTES_OVER).mean()),
    }
    return figures


def _patch_auroc(rows: dict[str, np.ndarray]) -> float | None:
    heat = np.concatenate([np.frombuffer(row, np.float16) for row in rows["heat_map"]])
    labels = np.concatenate([np.unpackbits(np.frombuffer(row, np.uint8)) for row in rows["patch_labels"]])
    return _if_both(labels.astype(bool), heat, roc_auc_score)


def _parts(rows: dict[str, np.ndarray]) -> dict:
    """How often the right part is named, in the anomalous photos that are called so; None if none ever is."""
    if all(name is None for name in rows["named_part_id"]):
        return {"true_positives": None, "named": None, "right_part": None, "right_label": None}
    called = (rows["probability"] >= THRESHOLD) & rows["aligned"].astype(bool)
    chosen = rows["anomalous"].astype(bool) & called & (rows["part_id"] != "")
    if not chosen.any():
        return {"true_positives": 0, "named": None, "right_part": None, "right_label": None}
    named = rows["named_part_id"][chosen] != ""
    return {
        "true_positives": int(chosen.sum()),
        "named": float(named.mean()),
        "right_part": float((rows["named_part_id"] == rows["part_id"])[chosen].mean()),
        # No label is none that is right.
        "right_label": float((named & (rows["named_part_label"] == rows["part_label"])[chosen]).mean()),
    }


def _if_both(labels: np.ndarray, scores: np.ndarray, measure: Callable[..., float]) -> float | None:
    """The measure, or None where only one class is there."""
    return float(measure(labels, scores)) if labels.any() and not labels.all() else None
