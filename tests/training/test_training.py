import csv
import dataclasses
import signal
from pathlib import Path

import numpy as np
import pytest
import torch

from looking3d.anomalies import KINDS
from looking3d.dataset.load import Dataset
from looking3d.errors import CheckpointError, ConfigError
from looking3d.model.align.align import SECOND_SLACKS
from looking3d.model.align.network import (
    ANOMALY_KINDS,
    INPUT_CHANNELS,
    CameraNet,
    CompareNet,
    ForegroundNet,
    Motion,
)
from looking3d.model.align.pose import camera_of
from looking3d.model.checkpoint import load_detector
from looking3d.training.batches import STAGE_EXAMPLES, TrainingPhotos
from looking3d.training.config import StageConfig
from looking3d.training.curves import write_curves
from looking3d.training.losses import box_loss, foreground_loss, kind_loss, motion_loss
from looking3d.training.train_align import (
    PRESETS,
    TrainConfig,
    assemble,
    preset,
    steps_done,
    train_detector,
    with_changes,
)
from tests.samples import small_dataset

STAGE = StageConfig(steps=4, batch=4, warmup=2, ema=0.5, validate_every=4, validation_batches=2)
CONFIG = TrainConfig(foreground=STAGE, camera=STAGE, compare=STAGE)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return Dataset.open(
        small_dataset(tmp_path_factory.mktemp("data"), photos_per_shape=4, split=(0.6, 0.4, 0.0))
    )


@pytest.mark.parametrize("stage", sorted(STAGE_EXAMPLES))
def test_a_batch_depends_on_seed_and_number_alone(dataset: Dataset, stage: str) -> None:
    first = TrainingPhotos([dataset], "train", 7)
    first.batch(stage, 0, 4)
    wanted = first.batch(stage, 3, 4)
    again = TrainingPhotos([dataset], "train", 7).batch(stage, 3, 4)
    other = TrainingPhotos([dataset], "train", 8).batch(stage, 3, 4)
    for key in wanted:
        torch.testing.assert_close(wanted[key], again[key], rtol=0, atol=0)
    assert not torch.equal(wanted["input"], other["input"])


def test_flow_takes_the_drawing_to_the_photo(dataset: Dataset) -> None:
    """Cells of the drawing, moved by the flow, land where the true camera sees their points."""
    from looking3d.model.align.drawing import draw_pose
    from looking3d.training.batches import _flow

    raycaster = dataset.reference(dataset.samples[0].shape_id).raycaster()
    truth = np.array([0.5, 0.4, 0.0, 0.0, 0.0, 0.0, 0.0])
    guess = truth + [0.1, -0.05, 0.03, 0.02, 0.01, -0.01, 0.0]
    drawn = draw_pose(raycaster, guess, 64)
    flow, valid = _flow(drawn.points, drawn.valid, guess, truth)
    assert valid.sum() > 10
    got = camera_of(guess, 1).project(drawn.points.astype(float))[0].reshape(16, 16, 2)
    wanted = camera_of(truth, 1).project(drawn.points.astype(float))[0].reshape(16, 16, 2)
    moved = got + flow.transpose(1, 2, 0)
    np.testing.assert_allclose(moved[valid > 0], wanted[valid > 0], atol=1e-5)


def test_motion_loss_is_the_equation() -> None:
    generator = torch.Generator().manual_seed(0)
    flow, truth = (
        torch.randn(2, 2, 16, 16, generator=generator),
        torch.randn(2, 2, 16, 16, generator=generator),
    )
    log_spread = torch.randn(2, 16, 16, generator=generator)
    valid = (torch.rand(2, 16, 16, generator=generator) > 0.6).float()
    total = 0.0
    for b in range(2):
        for y in range(16):
            for x in range(16):
                if valid[b, y, x]:
                    error = float((flow - truth)[b, :, y, x].norm())
                    spread = float(log_spread[b, y, x])
                    total += 10 * error + 0.05 * (error / np.exp(spread) + spread)
    loss = motion_loss(Motion(flow, log_spread), truth, valid)
    assert float(loss) == pytest.approx(total / float(valid.sum()), rel=1e-4)


def test_stopping_and_going_on_changes_nothing(dataset: Dataset, tmp_path: Path) -> None:
    train_detector([dataset], tmp_path / "whole", CONFIG)

    class Stop(Exception):
        pass

    def stop(stage: str, step: int, steps: int, row: dict) -> None:
        raise Stop

    # Stops at the first log row of each stage, in the middle of everything.
    for _ in range(6):
        try:
            results = train_detector([dataset], tmp_path / "pieces", CONFIG, on_log=stop)
        except Stop:
            continue
        assert all(result.finished for result in results)
    whole = load_detector(tmp_path / "whole").networks.state_dict()
    pieces = load_detector(tmp_path / "pieces").networks.state_dict()
    for name, tensor in whole.items():
        torch.testing.assert_close(tensor, pieces[name], rtol=0, atol=0, msg=name)


def test_max_minutes_stops_early_and_resumes_to_the_same_weights(dataset: Dataset, tmp_path: Path) -> None:
    results = train_detector([dataset], tmp_path / "run", CONFIG, stages=("camera",), max_minutes=0)
    assert not results[0].finished
    assert results[0].step == 0
    train_detector([dataset], tmp_path / "run", CONFIG, stages=("camera",))
    train_detector([dataset], tmp_path / "other", CONFIG, stages=("camera",))
    stored = [
        torch.load(tmp_path / run / "checkpoint-camera.pt", weights_only=True)["average"]
        for run in ("run", "other")
    ]
    for name, tensor in stored[0].items():
        torch.testing.assert_close(tensor, stored[1][name], rtol=0, atol=0)
    assert not (tmp_path / "run" / "weights.safetensors").exists()


def test_logs_and_curves(dataset: Dataset, tmp_path: Path) -> None:
    train_detector([dataset], tmp_path / "run", CONFIG, stages=("compare",))
    with (tmp_path / "run" / "log-compare-val.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["4"]
    assert 0 <= float(rows[0]["auroc"]) <= 1
    assert write_curves(tmp_path / "run") == tmp_path / "run" / "curves.png"


def test_a_run_of_other_settings_is_refused(dataset: Dataset, tmp_path: Path) -> None:
    train_detector([dataset], tmp_path / "run", CONFIG, stages=("camera",), max_minutes=0)
    with pytest.raises(CheckpointError, match="holds a run with another config"):
        train_detector([dataset], tmp_path / "run", dataclasses.replace(CONFIG, seed=1))
    with pytest.raises(ConfigError, match="unknown stage 'flow'; choose one of: camera, compare, foreground"):
        train_detector([dataset], tmp_path / "run", CONFIG, stages=("flow",))


def test_camera_sees_both_sizes(dataset: Dataset) -> None:
    """At 128 px it learns to choose between cameras from which the outlines are alike."""
    photos = TrainingPhotos([dataset], "train", 0)
    for first, size in enumerate((64, 128)):
        batches = [photos.batch("camera", step, 8) for step in range(first, 16, 2)]
        batch = {key: torch.cat([each[key] for each in batches]) for key in batches[0]}
        assert batch["input"].shape[1:] == (8, size, size)
        assert batch["flow"].shape[1:] == (2, size // 4, size // 4)
        assert 0 < batch["valid"].mean() < 1
        assert batch["alike"].min() < 0.7
        if size == 128:
            assert batch["alike"].max() > 0.9
            assert (batch["flow"].norm(dim=1) * batch["valid"]).max() < 0.3


def test_unknown_preset_lists_the_legal_ones() -> None:
    with pytest.raises(ConfigError, match="unknown preset 'huge'; choose one of: align, align-tiny"):
        preset("huge")
    assert preset("align") is PRESETS["align"]


def test_foreground_overfits_a_handful_of_photos(dataset: Dataset) -> None:
    torch.manual_seed(0)
    network = ForegroundNet()
    optimizer = torch.optim.AdamW(network.parameters(), 3e-3)
    batch = TrainingPhotos([dataset], "train", 0).batch("foreground", 0, 8)
    for _ in range(40):
        values = foreground_loss(network(batch["input"]), batch)
        optimizer.zero_grad()
        values["loss"].backward()
        optimizer.step()
    assert values["iou"] > 0.8


def test_the_foreground_network_sees_even_and_busy_grounds_and_answers_each_pixel(dataset: Dataset) -> None:
    photos = TrainingPhotos([dataset], "train", 2)
    batch = photos.batch("foreground", 1, 8)
    assert ForegroundNet()(batch["input"]).shape == batch["mask"].shape
    assert batch["mask"].shape[1:] == (ForegroundNet.size_px,) * 2
    borders, shares = [], []
    for step in range(8):
        batch = photos.batch("foreground", step, 8)
        ground = torch.where(batch["mask"][:, None] > 0, torch.nan, batch["input"])
        borders += ground[:, :, :6].flatten(2).nanmean(2).tolist()
        shares += batch["mask"].mean((1, 2)).tolist()
    # Some are white, most of another colour; objects fill the frame, or a small part of it.
    whiteness = np.array(borders).min(1)
    assert 0.05 < (whiteness > 0.9).mean() < 0.6
    assert max(shares) > 3 * min(shares)


def test_the_mask_s_loss_minds_outlines() -> None:
    """A pixel too many at the outline costs more than one far away from it, and more than none."""
    mask = torch.zeros(3, 64, 64)
    mask[:, 20:40, 20:40] = 1
    logits = 8 * (2 * mask - 1)
    logits[1, 30, 40] = 8
    logits[2, 5, 5] = 8
    right, near, far = (
        float(foreground_loss(logits[i : i + 1], {"mask": mask[:1]})["loss"]) for i in range(3)
    )
    assert right < far < near
    assert foreground_loss(logits[:1], {"mask": mask[:1]})["iou"] == 1


def test_compare_begins_with_what_half_of_its_size_shows() -> None:
    """Weights from before it saw 256 px go on as they were: what they did not see counts for nothing."""
    torch.manual_seed(0)
    network = CompareNet().eval()
    smooth = torch.rand(2, INPUT_CHANNELS, 128, 128).repeat_interleave(2, 2).repeat_interleave(2, 3)
    checkers = torch.ones(256, 256)
    checkers[::2, 1::2] = checkers[1::2, ::2] = -1
    with torch.no_grad():
        torch.testing.assert_close(network(smooth).heat, network(smooth + checkers).heat, rtol=0, atol=1e-5)
    network(smooth).anomaly.sum().backward()
    assert network.fine[-1].weight.grad.abs().max() > 0


def test_compare_overfits_a_handful_of_photos(dataset: Dataset) -> None:
    from looking3d.training.losses import compare_loss

    torch.manual_seed(0)
    network = CompareNet()
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3)
    batch = TrainingPhotos([dataset], "train", 0).batch("compare", 0, 8)
    assert 0 < batch["label"].mean() < 1
    first = compare_loss(network(batch["input"]), batch)
    for _ in range(25):
        values = compare_loss(network(batch["input"]), batch)
        optimizer.zero_grad()
        values["loss"].backward()
        optimizer.step()
    assert values["accuracy"] == 1
    assert values["kind"] < 0.5
    assert values["box"] < 0.5 * first["box"]


def test_kind_loss_is_the_mean_over_photos_that_are_of_a_kind() -> None:
    kinds = torch.randn(4, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    kind = torch.tensor([2, -1, 0, -1])
    wanted = -(kinds[0].softmax(0)[2].log() + kinds[2].softmax(0)[0].log()) / 2
    torch.testing.assert_close(kind_loss(kinds, kind), wanted)
    assert kind_loss(kinds, torch.full((4,), -1)) == 0


def test_what_is_lacking_and_what_is_too_much(dataset: Dataset) -> None:
    """A missing part lacks and adds nothing; what is normal does neither; both lie where heat does."""
    photos, seen = TrainingPhotos([dataset], "train", 3), set()
    for step in range(12):
        batch = photos.batch("compare", step, 8)
        for heat, lacking, surplus, kind in zip(
            *(batch[name].bool() for name in ("heat", "lacking", "surplus")),
            batch["kind"].tolist(),
            strict=True,
        ):
            seen.add(kind)
            assert not (lacking & ~heat).any()
            assert not (surplus & ~heat).any()
            assert kind >= 0 or not heat.any()
            assert ANOMALY_KINDS[kind] != "missing" or not surplus.any()
    assert {-1, ANOMALY_KINDS.index("missing")} < seen


def test_a_box_is_drawn_around_what_differs(dataset: Dataset) -> None:
    photos = TrainingPhotos([dataset], "train", 3)
    for step in range(4):
        batch = photos.batch("compare", step, 8)
        for heat, box in zip(batch["heat"].bool(), batch["box"].tolist(), strict=True):
            rows, columns = (torch.nonzero(heat.any(1 - axis)).flatten() / 32 for axis in (0, 1))
            if len(rows):
                # Cells count from a share of their area on, and lie within one of the edges.
                edges = [columns[0], rows[0], columns[-1] + 1 / 32, rows[-1] + 1 / 32]
                assert box == pytest.approx([float(edge) for edge in edges], abs=1.5 / 32)


def test_box_loss_is_one_minus_the_generalised_iou() -> None:
    boxes = torch.zeros(3, 4, 2, 2, dtype=torch.float64)
    boxes[:, 2:] = 1.0  # where nothing changed
    boxes[0, :, 0, 0] = torch.tensor([0.1, 0.1, 0.5, 0.5])  # as it is
    boxes[0, :, 1, 1] = torch.tensor([0.1, 0.1, 0.5, 0.3])  # half of it
    boxes[1, :, 0, 1] = torch.tensor([0.6, 0.0, 0.8, 0.2])  # beside it
    box = torch.tensor(
        [[0.1, 0.1, 0.5, 0.5], [0.2, 0.0, 0.4, 0.2], [0.0, 0.0, 0.0, 0.0]], dtype=torch.float64
    )
    changed = torch.zeros(3, 2, 2, dtype=torch.float64)
    changed[0, 0, 0] = changed[0, 1, 1] = changed[1, 0, 1] = 1
    beside = 1 + (0.12 - 0.08) / 0.12
    assert float(box_loss(boxes, box, changed)) == pytest.approx(((0 + 0.5) / 2 + beside) / 2)
    assert float(box_loss(boxes, box, 0 * changed)) == 0


def test_settings_are_changed_for_the_stages_that_are_named() -> None:
    changed = with_changes(preset("align"), ("camera", "compare"), {"steps": 7, "learning_rate": 1e-4})
    assert changed.foreground == preset("align").foreground
    for stage in ("camera", "compare"):
        wanted = dataclasses.replace(getattr(preset("align"), stage), steps=7, learning_rate=1e-4)
        assert getattr(changed, stage) == wanted
    with pytest.raises(ConfigError, match="steps: expected at least 1, got 0"):
        with_changes(preset("align"), ("camera",), {"steps": 0})
    with pytest.raises(ConfigError, match="unknown stage 'flow'"):
        with_changes(preset("align"), ("flow",), {})


@pytest.mark.parametrize("size", [64, 128])
def test_outlined_drawings_have_the_object_s_outline(dataset: Dataset, size: int) -> None:
    """A camera that is a little off comes nearer when its outlines are fitted."""
    from looking3d.model.align.drawing import draw_pose
    from looking3d.training.batches import _outlined

    raycaster = dataset.reference(dataset.samples[0].shape_id).raycaster()
    truth = np.array([0.5, 0.4, 0.0, 0.0, 0.0, 0.0, 0.0])
    wanted = draw_pose(raycaster, truth, size).mask
    guess = truth + [0.08, 0.05, 0.03, 0.05, 0.02, -0.02, 0.0]

    def overlap(pose: np.ndarray) -> float:
        mask = draw_pose(raycaster, pose, size).mask
        return float((mask & wanted).sum() / (mask | wanted).sum())

    outlined = _outlined(guess, wanted.astype(np.float32), raycaster, SECOND_SLACKS)
    assert overlap(outlined) > overlap(guess) + 0.05


def test_kinds_are_those_that_can_be_made() -> None:
    assert tuple(KINDS) == ANOMALY_KINDS


def test_training_starts_from_weights_where_they_fit(dataset: Dataset, tmp_path: Path) -> None:
    torch.manual_seed(5)
    given = {f"camera.{name}": t for name, t in CameraNet().state_dict().items()}
    given["foreground.mask.weight"] = torch.zeros(1, 7, 3, 3)  # of another version
    config = dataclasses.replace(CONFIG, start="abc")
    train_detector([dataset], tmp_path / "run", config, max_minutes=0, stages=("camera",), start=given)
    train_detector([dataset], tmp_path / "run", config, max_minutes=0, stages=("foreground",), start=given)
    train_detector([dataset], tmp_path / "anew", CONFIG, max_minutes=0, stages=("foreground",))

    def network(run: str, stage: str) -> dict[str, torch.Tensor]:
        return torch.load(tmp_path / run / f"checkpoint-{stage}.pt", weights_only=True)["network"]

    for name, tensor in network("run", "camera").items():
        assert torch.equal(tensor, given[f"camera.{name}"])
    for name, tensor in network("run", "foreground").items():
        assert torch.equal(tensor, network("anew", "foreground")[name])


def test_what_is_not_trained_stays_as_it_started(dataset: Dataset, tmp_path: Path) -> None:
    torch.manual_seed(5)
    given = {f"camera.{name}": t for name, t in CameraNet().state_dict().items()}
    given |= {f"foreground.{name}": t for name, t in ForegroundNet().state_dict().items()}
    run, config = tmp_path / "run", dataclasses.replace(CONFIG, start="abc")
    train_detector([dataset], run, config, ("compare",), max_minutes=0, start=given)
    assert not (run / "weights.safetensors").exists()
    train_detector([dataset], run, config, ("compare",), start=given)
    made = load_detector(run / "weights.safetensors").networks
    trained = torch.load(run / "checkpoint-compare.pt", weights_only=True)["average"]
    for stage, weights in (("camera", given), ("foreground", given), ("compare", trained)):
        for name, tensor in made[stage].state_dict().items():
            wanted = weights[name if weights is trained else f"{stage}.{name}"]
            torch.testing.assert_close(tensor, wanted.to(tensor.dtype), atol=0, rtol=0)
    # Without the network that is trained nowhere, there is nothing whole to write.
    lacking = {name: tensor for name, tensor in given.items() if not name.startswith("camera.")}
    train_detector([dataset], tmp_path / "lacking", config, ("compare",), start=lacking)
    assert not (tmp_path / "lacking" / "weights.safetensors").exists()


def test_bf16_computes_less_exactly_and_keeps_weights_exact(dataset: Dataset, tmp_path: Path) -> None:
    stages = {
        precision: dataclasses.replace(CONFIG.compare, precision=precision) for precision in ("fp32", "bf16")
    }
    for name, stage in stages.items():
        config = dataclasses.replace(CONFIG, compare=stage)
        train_detector([dataset], tmp_path / name, config, stages=("compare",))
    exact, rough = (
        torch.load(tmp_path / name / "checkpoint-compare.pt", weights_only=True)["network"] for name in stages
    )
    assert {tensor.dtype for tensor in rough.values()} == {torch.float32, torch.int64}
    learned = [name for name in exact if "running" not in name]
    away = max((exact[name] - rough[name]).abs().max() for name in learned)
    assert 0 < away < 2.5 * STAGE.steps * STAGE.learning_rate  # Adam's steps are about the rate each


def test_a_run_is_assembled_from_its_checkpoints(dataset: Dataset, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train_detector([dataset], run, CONFIG, stages=("foreground", "camera"))
    assert steps_done(run) == {"foreground": 4, "camera": 4}
    with pytest.raises(CheckpointError, match="no such checkpoint; train the stage"):
        assemble(run)
    train_detector([dataset], run, CONFIG, stages=("compare",), max_minutes=0)
    assert steps_done(run)["compare"] == 0
    assert set(assemble(run).networks) == {"foreground", "camera", "compare"}
    (run / "checkpoint-camera.pt").write_bytes(b"half of it")
    with pytest.raises(CheckpointError, match=r"checkpoint-camera\.pt: damaged"):
        assemble(run)


def test_ctrl_c_lets_the_step_end_and_changes_nothing(dataset: Dataset, tmp_path: Path) -> None:
    from looking3d.training import train_align

    loss, calls = train_align._LOSSES["camera"], []

    def interrupted(answer, batch):
        calls.append(1)
        if len(calls) == 2:
            signal.raise_signal(signal.SIGINT)
        return loss(answer, batch)

    train_detector([dataset], tmp_path / "whole", CONFIG, stages=("camera",))
    train_align._LOSSES["camera"] = interrupted
    try:
        with pytest.raises(KeyboardInterrupt):
            train_detector([dataset], tmp_path / "pieces", CONFIG, stages=("camera",))
    finally:
        train_align._LOSSES["camera"] = loss
    assert steps_done(tmp_path / "pieces") == {"camera": 2}
    train_detector([dataset], tmp_path / "pieces", CONFIG, stages=("camera",))
    whole, pieces = (
        torch.load(tmp_path / run / "checkpoint-camera.pt", weights_only=True)["network"]
        for run in ("whole", "pieces")
    )
    for name, tensor in whole.items():
        torch.testing.assert_close(tensor, pieces[name], rtol=0, atol=0, msg=name)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"stages": ()}, "stages: name at least one of foreground, camera, compare"),
        ({"max_minutes": float("nan")}, "max-minutes: expected 0 or more, got nan"),
        ({"workers": -1}, "workers: expected 0 or more, got -1"),
        ({"device": "abacus"}, "device: 'abacus' cannot be used"),
    ],
)
def test_bad_settings(dataset: Dataset, tmp_path: Path, settings: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        train_detector([dataset], tmp_path / "run", CONFIG, **settings)
    assert not (tmp_path / "run").exists()
