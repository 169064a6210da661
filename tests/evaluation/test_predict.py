from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch

from looking3d.dataset.build import build_dataset
from looking3d.dataset.load import Dataset
from looking3d.dataset.recipe import Recipe
from looking3d.errors import DatasetError
from looking3d.evaluation import predict as module
from looking3d.evaluation.predict import camera_errors, predict
from looking3d.geometry.camera import orbit
from looking3d.model.align.align import AlignDetector
from looking3d.model.checkpoint import save_weights
from looking3d.model.detector import Detection
from looking3d.model.query import Window


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    out = tmp_path_factory.mktemp("data") / "set"
    recipe = Recipe(
        count=3,
        photos_per_shape=2,
        renderer="preview",
        image_px=64,
        views=1,
        views_px=64,
        split=(0.0, 0.0, 1.0),
    )
    build_dataset(recipe, out)
    return Dataset.open(out)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "w.safetensors"
    save_weights(AlignDetector(), path)
    return str(path)


def digits(path: Path) -> list[dict]:
    return [{k: v for k, v in row.items() if k != "seconds"} for row in pq.read_table(path).to_pylist()]


def test_workers_change_no_digit(dataset: Dataset, weights: str, tmp_path: Path) -> None:
    one = predict(weights, dataset, "test", tmp_path / "one")
    two = predict(weights, dataset, "test", tmp_path / "two", workers=2)
    assert digits(one) == digits(two)
    assert len(digits(one)) == 6


def test_it_goes_on_where_it_was_stopped(
    dataset: Dataset, weights: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(done: int, total: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict(weights, dataset, "test", tmp_path / "out", on_progress=stop)
    assert not (tmp_path / "out" / "predictions.parquet").exists()
    seen = []
    judge = module._predict_shape
    monkeypatch.setattr(
        module, "_predict_shape", lambda samples, **rest: seen.append(1) or judge(samples, **rest)
    )
    path = predict(weights, dataset, "test", tmp_path / "out")
    assert len(seen) == 2
    assert digits(path) == digits(predict(weights, dataset, "test", tmp_path / "whole"))
    assert not (tmp_path / "out" / "predictions.partial").exists()


def test_other_settings_do_not_go_on(dataset: Dataset, weights: str, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict(weights, dataset, "test", tmp_path / "out", on_progress=stop)
    path = predict(weights, dataset, "test", tmp_path / "out", camera="true")
    assert all(row["rotation_error_deg"] < 1e-3 for row in digits(path))


def test_an_output_that_is_a_file_is_refused_at_once(dataset: Dataset, weights: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="is a file; choose another --out"):
        predict(weights, dataset, "test", tmp_path / "file")


def test_camera_errors_in_closed_form(dataset: Dataset) -> None:
    import numpy as np

    raycaster = dataset.reference(dataset.samples[0].shape_id).raycaster()
    truth, turned = orbit(0.5, 0.4, 128), orbit(0.5 + np.radians(3), 0.4, 128)
    heat = np.zeros((32, 32), np.float32)
    same = camera_errors(raycaster, truth, Detection(0.5, heat, Window(0, 0, 128), truth, 1.0))
    assert same["reprojection_error_px"] == 0
    assert same["silhouette_iou"] == 1
    off = camera_errors(raycaster, truth, Detection(0.5, heat, Window(0, 0, 128), turned, 1.0))
    assert off["azimuth_error_deg"] == pytest.approx(3)
    assert off["rotation_error_deg"] == pytest.approx(3, abs=1e-6)
    assert off["reprojection_error_px"] > 0.5


def test_a_key_cut_short_by_a_kill_starts_anew(dataset: Dataset, weights: str, tmp_path: Path) -> None:
    work = tmp_path / "out" / "predictions.partial"
    work.mkdir(parents=True)
    (work / "key.json").write_text('["half of')
    assert len(digits(predict(weights, dataset, "test", tmp_path / "out"))) == 6
