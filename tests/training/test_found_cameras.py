import dataclasses
import json
import math
import time
from pathlib import Path

import numpy as np
import pytest

from looking3d.dataset.load import Dataset
from looking3d.errors import CheckpointError, ConfigError
from looking3d.geometry.camera import angle_between
from looking3d.model.align.network import CameraNet
from looking3d.model.align.pose import pose_of
from looking3d.model.checkpoint import find_weights, read_weights
from looking3d.training import batches
from looking3d.training.batches import TrainingPhoto, TrainingPhotos, windowed_photo
from looking3d.training.config import StageConfig
from looking3d.training.found_cameras import PHOTOS_PER_SHAPE, FoundCameras
from looking3d.training.run_folder import RunFolder
from looking3d.training.train_align import TrainConfig, train_detector
from tests.samples import small_dataset

STAGE = StageConfig(steps=2, batch=4, warmup=1, ema=0.5, validate_every=2, validation_batches=1)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return Dataset.open(
        small_dataset(tmp_path_factory.mktemp("data"), photos_per_shape=6, split=(0.6, 0.4, 0.0))
    )


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weights that ship, as a run keeps what it starts from."""
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    folder.keep_start(read_weights(find_weights("align")))
    return folder.start


@pytest.fixture(scope="module")
def found(dataset: Dataset, start: Path, tmp_path_factory: pytest.TempPathFactory) -> FoundCameras:
    cameras = FoundCameras(tmp_path_factory.mktemp("found") / "train.jsonl", dataset, "train", start, 3)
    assert cameras.find(0, math.inf)
    return cameras


def test_cameras_are_found_for_the_first_photos_of_each_shape(found: FoundCameras) -> None:
    samples = found.dataset.by_shape("train")
    wanted = {
        (str(found.dataset.path), str(s.photo)) for own in samples.values() for s in own[:PHOTOS_PER_SHAPE]
    }
    cameras = found.cameras()
    assert len(wanted) < sum(map(len, samples.values()))
    assert set(cameras) == wanted
    truth = {(str(found.dataset.path), str(s.photo)): s.camera for own in samples.values() for s in own}
    for key, camera in cameras.items():
        assert (camera.width, camera.height) == (truth[key].width, truth[key].height)
    off = [
        math.degrees(
            angle_between(camera.T_camera_world[:3, :3].copy(), truth[key].T_camera_world[:3, :3].copy())
        )
        for key, camera in cameras.items()
    ]
    assert np.median(off) < 6
    assert min(off) > 0


def test_a_search_that_was_stopped_goes_on_and_finds_the_same(found: FoundCameras, tmp_path: Path) -> None:
    again = FoundCameras(tmp_path / "again.jsonl", found.dataset, found.split, found.weights, found.seed)
    told: list[tuple[int, int]] = []
    assert not again.find(0, time.monotonic(), lambda done, count: told.append((done, count)))
    shapes = len(found.dataset.by_shape("train"))
    assert told == [(0, shapes), (1, shapes)]
    text = again.path.read_text()
    again.path.write_text(text + text[:30])  # killed while it wrote
    assert again.find(0, math.inf, lambda done, count: told.append((done, count)))
    assert told[2:4] == [(1, shapes), (2, shapes)]
    assert again.path.read_text() == found.path.read_text()


def test_several_processes_find_the_same(found: FoundCameras, tmp_path: Path) -> None:
    again = FoundCameras(tmp_path / "again.jsonl", found.dataset, found.split, found.weights, found.seed)
    assert again.find(2, math.inf)
    assert sorted(again.path.read_text().splitlines()) == sorted(found.path.read_text().splitlines())


def test_another_seed_photographs_otherwise(found: FoundCameras, tmp_path: Path) -> None:
    other = FoundCameras(tmp_path / "other.jsonl", found.dataset, found.split, found.weights, found.seed + 1)
    assert not other.find(0, time.monotonic())
    assert other.path.read_text() != found.path.read_text().splitlines(keepends=True)[0]


@pytest.mark.parametrize("line", ["{", '{"shape": "a"}', '{"shape": "a", "poses": [[1, 2]]}', "3"])
def test_a_damaged_file_is_told(found: FoundCameras, tmp_path: Path, line: str) -> None:
    path = tmp_path / "damaged.jsonl"
    path.write_text(found.path.read_text() + line + "\n")
    damaged = FoundCameras(path, found.dataset, found.split, found.weights, found.seed)
    number = len(path.read_text().splitlines())
    with pytest.raises(CheckpointError, match=rf"damaged\.jsonl: line {number} is damaged"):
        damaged.cameras()


def test_a_photo_without_an_object_has_no_camera(found: FoundCameras, tmp_path: Path) -> None:
    shape_id, samples = next(iter(found.dataset.by_shape("train").items()))
    path = tmp_path / "none.jsonl"
    pose = json.loads(found.path.read_text().splitlines()[0])["poses"][0]
    path.write_text(json.dumps({"shape": shape_id, "poses": [None, pose]}) + "\n")
    cameras = FoundCameras(path, found.dataset, "train", found.weights, 3).cameras()
    assert set(cameras) == {(str(found.dataset.path), str(samples[1].photo))}


@pytest.mark.parametrize(("stage", "step"), [("camera", 9001), ("compare", 9000)])
def test_drawings_are_from_found_cameras(
    found: FoundCameras, monkeypatch: pytest.MonkeyPatch, stage: str, step: int
) -> None:
    """The drawing is that of the camera that was found, not that of the true one."""
    drawn: list[np.ndarray] = []
    draw = batches.draw_pose

    def noted(raycaster, pose, size_px):
        drawn.append(pose)
        return draw(raycaster, pose, size_px)

    monkeypatch.setattr(batches, "draw_pose", noted)
    monkeypatch.setattr(batches, "FOUND", 1.0)
    samples = found.dataset.by_shape("train")
    shape_id = next(iter(samples))
    raycaster = found.dataset.reference(shape_id).raycaster()
    cameras = found.cameras()
    assert cameras
    for sample in samples[shape_id]:
        camera = cameras.get((str(found.dataset.path), str(sample.photo)))
        photo = windowed_photo(found.dataset, sample, np.random.default_rng(5), CameraNet.large_px)
        source = TrainingPhoto(found.dataset, sample, raycaster, camera)
        drawn.clear()
        batches.STAGE_EXAMPLES[stage](source, np.random.default_rng(5), step)
        if camera is not None:
            wanted = pose_of(photo.window.camera(camera, CameraNet.large_px))
            assert np.abs(drawn[0] - wanted)[:3].max() < math.radians(1.5)
            assert np.abs(drawn[0] - photo.pose).max() > 0


def test_the_camera_network_says_how_a_found_camera_has_to_move(
    found: FoundCameras, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flow leads from what was found to the true camera; a true one that is found has hardly any."""
    monkeypatch.setattr(batches, "FOUND", 1.0)
    monkeypatch.setattr(batches, "_FOUND_STRENGTH", 0.0)
    shape_id, samples = next(iter(found.dataset.by_shape("train").items()))
    raycaster = found.dataset.reference(shape_id).raycaster()
    width = samples[0].camera.width
    moved = dataclasses.replace(
        samples[0].camera, center_px=np.asarray(samples[0].camera.center_px) + [0.05 * width, 0]
    )
    for camera, wanted in ((samples[0].camera, 0.0), (moved, 0.05)):
        source = TrainingPhoto(found.dataset, samples[0], raycaster, camera)
        window = windowed_photo(found.dataset, samples[0], np.random.default_rng(5), 128).window
        example = batches.STAGE_EXAMPLES["camera"](source, np.random.default_rng(5), 9001)
        shift = np.abs(example["flow"][0][example["valid"] > 0]) * window.side / width
        assert np.abs(shift - wanted).max() < 1e-3


def test_batches_use_the_cameras_of_their_own_dataset(found: FoundCameras) -> None:
    plain = TrainingPhotos([found.dataset], "train", 0).batch("compare", 4000, 8)
    others = {("elsewhere", name): camera for (_, name), camera in found.cameras().items()}
    unknown = TrainingPhotos([found.dataset], "train", 0, others).batch("compare", 4000, 8)
    known = TrainingPhotos([found.dataset], "train", 0, found.cameras()).batch("compare", 4000, 8)
    assert np.array_equal(plain["input"], unknown["input"])
    assert not np.array_equal(plain["input"], known["input"])


def test_training_looks_for_cameras_first(dataset: Dataset, tmp_path: Path) -> None:
    run = tmp_path / "run"
    config = TrainConfig(STAGE, STAGE, STAGE, start="abc", found_cameras=True)
    given = read_weights(find_weights("align"))
    results = train_detector([dataset], run, config, ("compare",), max_minutes=0, start=given)
    assert [(result.stage, result.step, result.finished) for result in results] == [
        ("search for cameras", 1, False)
    ]
    assert not (run / "weights.safetensors").exists()
    told: set[str] = set()
    results = train_detector(
        [dataset], run, config, ("compare",), start=given, on_step=lambda stage, *_: told.add(stage)
    )
    assert results[-1].finished
    assert told == {f"cameras of {dataset.path.name}, {split}" for split in ("train", "val")} | {"compare"}
    assert len(list(run.glob("cameras-*.jsonl"))) == 2


def test_weights_that_find_nothing_are_refused(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="found-cameras: needs weights that find them"):
        TrainConfig(STAGE, STAGE, STAGE, found_cameras=True)
    weights = read_weights(find_weights("align"))
    given = {name: tensor for name, tensor in weights.items() if not name.startswith("camera.")}
    config = TrainConfig(STAGE, STAGE, STAGE, start="abc", found_cameras=True)
    with pytest.raises(ConfigError, match="the weights to start from have no network camera that fits"):
        train_detector([dataset], tmp_path / "run", config, ("compare",), start=given)
