import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from looking3d.errors import DatasetError
from looking3d.evaluation.score import load_predictions, score, write_scores


def predictions(count: int = 60, seed: int = 0) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    anomalous = generator.random(count) < 0.5
    kinds = np.array(["missing", "broken"])[generator.integers(2, size=count)].astype(object)
    kinds[~anomalous] = "normal"
    patches = generator.random((count, 1024)) < 0.1
    heat = np.where(patches, 200, 50) + generator.integers(-40, 40, patches.shape)
    return {
        "shape_id": np.array([f"s{i % 7}" for i in range(count)], object),
        "anomalous": anomalous,
        "kind": kinds,
        "odd_reference": generator.random(count) < 0.3,
        "probability": np.clip(0.3 * anomalous + generator.random(count) * 0.7, 0, 1),
        "rotation_error_deg": generator.random(count) * 8,
        "azimuth_error_deg": generator.random(count) * 8,
        "reprojection_error_px": generator.random(count),
        "silhouette_iou": generator.random(count),
        "seconds": np.full(count, 0.1),
        "heat_map": np.array([row.astype(np.uint8).tobytes() for row in heat], object),
        "patch_labels": np.array([np.packbits(row).tobytes() for row in patches], object),
    }


def test_auroc_is_scikit_learn_s_and_kinds_stand_against_all_normals() -> None:
    rows = predictions()
    figures = score(rows)
    assert figures["auroc"] == roc_auc_score(rows["anomalous"], rows["probability"])
    chosen = (rows["kind"] == "missing") | ~rows["anomalous"]
    expected = roc_auc_score(rows["anomalous"][chosen], rows["probability"][chosen])
    assert figures["by_kind"]["missing"]["auroc"] == expected
    low, high = figures["auroc_interval"]
    assert low < figures["auroc"] < high


def test_the_order_of_rows_changes_no_digit_of_the_point_estimates() -> None:
    rows = predictions()
    order = np.random.default_rng(1).permutation(60)
    shuffled = score({name: column[order] for name, column in rows.items()})
    plain = score(rows)
    for name in ("auroc", "accuracy", "average_precision", "patch_auroc", "camera"):
        assert (
            shuffled[name] == pytest.approx(plain[name])
            if name != "camera"
            else shuffled[name] == plain[name]
        )


def test_patch_auroc_reads_labels_in_the_order_they_were_packed() -> None:
    assert score(predictions())["patch_auroc"] > 0.95


def test_one_class_alone_has_no_auroc(tmp_path) -> None:
    rows = predictions()
    keep = rows["anomalous"]
    only = {name: column[keep] for name, column in rows.items()}
    figures = score(only)
    assert figures["auroc"] is None
    assert figures["auroc_interval"] is None
    write_scores(figures, only, tmp_path)
    assert (tmp_path / "metrics.json").is_file()
    assert not (tmp_path / "curves.png").exists()


def test_missing_predictions(tmp_path) -> None:
    with pytest.raises(DatasetError, match="not readable predictions"):
        load_predictions(tmp_path / "predictions.parquet")
