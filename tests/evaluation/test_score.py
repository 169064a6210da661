from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from looking3d.evaluation.score import score

Predictions = dict[str, np.ndarray]


def test_figures_are_scikit_learn_s_and_kinds_stand_against_all_normals(predictions: Predictions) -> None:
    figures = score(predictions)
    labels, probability = predictions["anomalous"], predictions["probability"]
    assert figures["auroc"] == pytest.approx(roc_auc_score(labels, probability), abs=1e-12)
    assert figures["average_precision"] == pytest.approx(average_precision_score(labels, probability))
    chosen = (predictions["kind"] == "missing") | ~labels
    expected = roc_auc_score(labels[chosen], probability[chosen])
    assert figures["by"]["kind"]["missing"]["auroc"] == pytest.approx(expected, abs=1e-12)
    assert figures["by"]["kind"]["missing"]["photos"] == (predictions["kind"] == "missing").sum()
    low, high = figures["auroc_interval"]
    assert low < figures["auroc"] < high
    heat = np.concatenate([np.frombuffer(row, np.float16) for row in predictions["heat_map"]])
    patches = np.concatenate(
        [np.unpackbits(np.frombuffer(row, np.uint8)) for row in predictions["patch_labels"]]
    )
    assert figures["pixels"]["patch_auroc"] == pytest.approx(roc_auc_score(patches, heat.astype(float)))


def test_the_order_of_rows_changes_no_digit(predictions: Predictions) -> None:
    order = np.random.default_rng(1).permutation(60)
    assert score({name: column[order] for name, column in predictions.items()}) == score(predictions)


def test_what_is_called_anomalous_and_what_could_not_be_aligned(
    rows: Callable[..., list[dict]], columns: Callable
) -> None:
    some = rows(6)
    cases = [  # anomalous, probability, aligned
        (True, 0.5, True),
        (True, 0.49, True),
        (True, 0.9, False),
        (False, 0.8, True),
        (False, 0.1, True),
        (False, 0.1, False),
    ]
    for row, (anomalous, probability, aligned) in zip(some, cases, strict=True):
        row |= {"anomalous": anomalous, "probability": probability, "aligned": aligned}
        row |= {"kind": "missing" if anomalous else "normal", "silhouette_iou": 0.95 if aligned else 0.9}
    figures = score(columns(some))
    assert figures["accuracy"] == pytest.approx(4 / 6)
    assert figures["found"] == pytest.approx(2 / 3)
    assert figures["false_alarms"] == pytest.approx(1 / 3)
    assert figures["could_not_align"] == pytest.approx(2 / 6)
    assert figures["silhouette_iou_over_0.9"] == pytest.approx(4 / 6)
    assert figures["verdicts"] == {
        "normal": {"normal": 1, "anomalous": 1, "could not align": 1},
        "anomalous": {"normal": 1, "anomalous": 1, "could not align": 1},
    }


def test_parts_are_asked_for_where_the_anomaly_was_found(
    rows: Callable[..., list[dict]], columns: Callable
) -> None:
    some = rows(6)
    cases = [  # probability, aligned, named, its label
        (0.9, True, "leg_1", "chair/leg"),
        (0.9, True, "leg_2", "chair/leg"),
        (0.9, True, "seat", "chair/seat"),
        (0.9, True, "", ""),
        (0.4, True, "leg_1", "chair/leg"),
        (0.9, False, "leg_1", "chair/leg"),
    ]
    for row, (probability, aligned, named, label) in zip(some, cases, strict=True):
        row |= {"anomalous": True, "kind": "missing", "part_id": "leg_1", "part_label": "chair/leg"}
        row |= {"probability": probability, "aligned": aligned}
        row |= {"named_part_id": named, "named_part_label": label}
    assert score(columns(some))["parts"] == {
        "true_positives": 4,
        "named": 0.75,
        "right_part": 0.25,
        "right_label": 0.5,
    }
    for row in some:
        row["probability"] = 0.1
    assert score(columns(some))["parts"]["right_part"] is None


def test_camera_errors_are_summed_up(predictions: Predictions) -> None:
    camera = score(predictions)["camera"]
    for name in ("rotation_error_deg", "shift_error_px", "scale_error_log", "reprojection_error_px"):
        assert camera[name]["median"] == pytest.approx(np.median(predictions[name]))
        assert camera[name]["p90"] == pytest.approx(np.quantile(predictions[name], 0.9))
    assert camera["silhouette_iou"]["over_0.9"] == (predictions["silhouette_iou"] > 0.9).mean()


@pytest.mark.parametrize("anomalous", [True, False])
def test_one_class_alone(anomalous: bool, rows: Callable[..., list[dict]], columns: Callable) -> None:
    figures = score(columns([row for row in rows() if row["anomalous"] == anomalous]))
    assert figures["auroc"] is None
    assert figures["auroc_interval"] is None
    assert figures["average_precision"] is None
    assert (figures["found"] is None) == (not anomalous)
    assert (figures["boxes"]["ap50"] is None) == (not anomalous)
