import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from looking3d.dataset.load import Dataset
from looking3d.errors import ConfigError, DatasetError, PhotoError
from looking3d.evaluation import predict as module
from looking3d.evaluation.config import EvaluationConfig
from looking3d.evaluation.framing import load_photo
from looking3d.evaluation.judging import AlignJudge
from looking3d.evaluation.predict import predict
from looking3d.inspection.inspector import Inspector
from looking3d.inspection.reference import load_reference
from looking3d.model.align.align import AlignDetector
from looking3d.model.anomaly_boxes import anomaly_boxes
from looking3d.model.checkpoint import load_detector, save_weights
from looking3d.model.concerned_part import concerned_part
from looking3d.model.detector import ALIGNED_FROM
from looking3d.model.query import Query
from tests.samples import digits, small_dataset


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return Dataset.open(
        small_dataset(tmp_path_factory.mktemp("data"), photos_per_shape=2, split=(0.0, 0.0, 1.0))
    )


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "w.safetensors"
    save_weights(AlignDetector(), path)
    return str(path)


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
    path = predict(weights, dataset, "test", tmp_path / "out", EvaluationConfig("true"))
    assert all(row["rotation_error_deg"] < 1e-3 for row in digits(path))


def test_an_output_that_is_a_file_is_refused_at_once(dataset: Dataset, weights: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="is a file; choose another --out"):
        predict(weights, dataset, "test", tmp_path / "file")


def test_each_photo_has_its_truth_and_what_inspect_would_say(
    dataset: Dataset, weights: str, tmp_path: Path
) -> None:
    rows = digits(predict(weights, dataset, "test", tmp_path / "out", EvaluationConfig("true")))
    samples = {(sample.shape_id, sample.photo): sample for sample in dataset.samples}
    detector = load_detector(weights)
    for row in rows:
        sample = samples[row["shape_id"], row["photo"]]
        reference = dataset.reference(sample.shape_id)
        raycaster = reference.raycaster()
        detection = detector.detect_at(Query(dataset.photo(sample)), detector.enrol(raycaster), sample.camera)
        assert row["probability"] == detection.probability
        assert row["aligned"] == (detection.alignment >= ALIGNED_FROM)
        assert row["boxes"] == [
            list(region.box) for region in anomaly_boxes(detection, raycaster, len(reference.parts))
        ]
        assert row["true_boxes"] == ([list(sample.box)] if sample.anomalous else [])
        assert row["changed_share"] == sample.changed_px / (sample.camera.width * sample.camera.height)
        assert row["family"] == "chair"
        assert row["elevation_deg"] == pytest.approx(np.degrees(sample.elevation_rad))
        heat = np.frombuffer(row["heat_map"], np.float16).reshape(32, 32)
        np.testing.assert_array_equal(heat, detection.heat_map.astype(np.float16))
        changed = np.unpackbits(np.frombuffer(row["changed"], np.uint8)).reshape(64, 64)
        np.testing.assert_array_equal(changed, dataset.masks(sample).changed)
        shape = load_reference(reference.mesh_path).shape
        named = concerned_part(detection, shape, raycaster) if row["aligned"] else None
        assert (row["named_part_id"], row["named_part_label"]) == (
            ("", "") if named is None else (named.id, named.label)
        )


def test_boxes_are_ranked_by_their_photo_and_by_their_heat(
    dataset: Dataset, weights: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heat = np.zeros((32, 32), np.float32)
    heat[12, 10:14] = 0.75
    heat[20, 16] = 0.6
    real = AlignJudge._detect
    changes = {"heat_map": heat, "boxes": None, "alignment": 1.0}
    monkeypatch.setattr(AlignJudge, "_detect", lambda *args: dataclasses.replace(real(*args), **changes))
    for row in digits(predict(weights, dataset, "test", tmp_path / "out", EvaluationConfig("true"))):
        wanted = [row["probability"] * 0.75, row["probability"] * 0.6 * 0.6 / 3]
        assert row["box_scores"] == pytest.approx(wanted)
        assert row["named_part_id"] in {part.id for part in dataset.reference(row["shape_id"]).parts}


def test_disturbed_cameras_and_frames_are_drawn_photo_by_photo(
    dataset: Dataset, weights: str, tmp_path: Path
) -> None:
    config = EvaluationConfig("disturbed", reframe=0.1)
    one = digits(predict(weights, dataset, "test", tmp_path / "one", config))
    two = digits(predict(weights, dataset, "test", tmp_path / "two", config, workers=2))
    seeded = EvaluationConfig("disturbed", reframe=0.1, seed=1)
    other = digits(predict(weights, dataset, "test", tmp_path / "other", seeded))
    assert one == two
    assert all(0.01 < row["rotation_error_deg"] < 12 for row in one)
    assert all(row["reprojection_error_px"] < 8 for row in one)
    assert len({row["rotation_error_deg"] for row in one + other}) == 12
    plain = digits(predict(weights, dataset, "test", tmp_path / "plain", EvaluationConfig("disturbed")))
    # The frame moves the object, and changes nothing about how the camera is off.
    assert [row["true_boxes"] for row in plain] != [row["true_boxes"] for row in one]
    for before, after in zip(plain, one, strict=True):
        assert before["rotation_error_deg"] == pytest.approx(after["rotation_error_deg"], rel=1e-6)


def test_a_photo_without_an_object_is_one_that_could_not_be_aligned(
    dataset: Dataset, weights: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*args: object) -> None:
        raise PhotoError("no object found")

    monkeypatch.setattr(AlignDetector, "detect", nothing)
    for row in digits(predict(weights, dataset, "test", tmp_path / "out")):
        assert row["probability"] == 0.5
        assert not row["aligned"]
        assert row["boxes"] == []
        assert row["named_part_id"] == ""


def test_align_is_told_a_focal_length(
    dataset: Dataset, weights: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, list[Query]] = {"auto": [], "mask": [], "network": []}
    detect = AlignDetector.detect
    for foreground, queries in asked.items():

        def noted(self, photos, enrolled, queries=queries):
            queries += photos
            return detect(self, photos, enrolled)

        monkeypatch.setattr(AlignDetector, "detect", noted)
        config = EvaluationConfig(foreground=foreground, focal_error=0.2)
        predict(weights, dataset, "test", tmp_path / foreground, config)
    true = {sample.photo: sample.camera.focal_px for sample in dataset.samples}
    told = [query.focal_px / true[query.name] for queries in asked.values() for query in queries]
    assert {round(ratio, 6) for ratio in told} == {0.8, 1.2}
    by_photo = [{query.name: query.focal_px for query in queries} for queries in asked.values()]
    assert by_photo[0] == by_photo[1] == by_photo[2]


@pytest.mark.parametrize("foreground", ["auto", "plain", "mask"])
def test_objects_are_found_as_inspect_finds_them(
    dataset: Dataset, weights: str, tmp_path: Path, foreground: str
) -> None:
    config = EvaluationConfig(foreground=foreground)
    rows = digits(predict(weights, dataset, "test", tmp_path / "out", config))
    samples = dataset.by_shape("test")
    for shape_id in list(samples)[:2]:
        inspector = Inspector(
            load_reference(dataset.reference(shape_id).mesh_path),
            load_detector(weights),
            foreground="auto" if foreground == "mask" else foreground,
        )
        for sample in samples[shape_id]:
            photo = load_photo(dataset, sample)
            mask = photo.object if foreground == "mask" else None  # as a photo that was cut out
            found = inspector.inspect_one(Query(photo.image, mask, sample.photo)).detection
            row = next(row for row in rows if (row["shape_id"], row["photo"]) == (shape_id, sample.photo))
            assert row["probability"] == pytest.approx(found.probability, abs=1e-4)
            assert row["alignment"] == pytest.approx(found.alignment, abs=1e-3)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"foreground": "box"}, "unknown foreground 'box'; choose one of: auto, grabcut, mask, network"),
        ({"camera": "guessed"}, "unknown camera 'guessed'; choose one of: disturbed, estimated, true"),
        ({"reframe": 0.6}, "reframe: expected a share from 0 to 0.5, got 0.6"),
        ({"focal_error": 0.6}, "focal-error: expected a share from 0 to 0.5, got 0.6"),
        ({"focal_error": 0.0, "camera": "true"}, "focal-error: is for cameras that are estimated"),
        ({"seed": -1}, "seed: expected 0 or more, got -1"),
    ],
)
def test_what_cannot_be_tested_is_refused(values: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        EvaluationConfig(**values)


def test_a_key_cut_short_by_a_kill_starts_anew(dataset: Dataset, weights: str, tmp_path: Path) -> None:
    work = tmp_path / "out" / "predictions.partial"
    work.mkdir(parents=True)
    (work / "key.json").write_text('["half of')
    assert len(digits(predict(weights, dataset, "test", tmp_path / "out"))) == 6
