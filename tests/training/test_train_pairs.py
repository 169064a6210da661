import csv
import dataclasses
import functools
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from looking3d.dataset.load import Dataset
from looking3d.errors import CheckpointError, ConfigError, TrainingError
from looking3d.model.cmt.cmt import Cmt
from looking3d.model.networks import load_network
from looking3d.training import recipes
from looking3d.training.augment import STRONG_AUGMENTATION
from looking3d.training.train_pairs import TERMS, PairTrainConfig, train_pairs
from tests.model.tiny_networks import tiny as tiny_network
from tests.training.tiny import NAMES, few_steps, tiny

STAGE = few_steps()


@pytest.fixture(autouse=True)
def _tiny_recipes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.setitem(recipes.RECIPES, name, tiny(name))


def config_of(model: str, **settings: object) -> PairTrainConfig:
    return PairTrainConfig(**{"model": model, "joint": STAGE, **settings})


def weights(run: Path, stage: str = "joint", of: str = "network") -> dict[str, torch.Tensor]:
    return torch.load(run / f"checkpoint-{stage}.pt", weights_only=True)[of]


def assert_same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> None:
    assert a.keys() == b.keys()
    for name, tensor in a.items():
        torch.testing.assert_close(tensor, b[name], rtol=0, atol=0, msg=name)


@pytest.mark.parametrize("model", ["cmt", "cmt-a", "cmt-plus"])
def test_a_run_gives_weights_logs_and_settings(paired: Dataset, tmp_path: Path, model: str) -> None:
    results = train_pairs([paired], tmp_path / "run", config_of(model))
    assert [(r.stage, r.step, r.finished) for r in results] == [("joint", 4, True)]
    assert 0 <= results[0].metrics["auroc"] <= 1
    network = load_network(tmp_path / "run" / "weights.safetensors")
    assert isinstance(network, Cmt)
    assert_same(network.state_dict(), weights(tmp_path / "run", of="average"))
    with (tmp_path / "run" / "log-joint-val.csv").open() as file:
        assert [row["step"] for row in csv.DictReader(file)] == ["2", "4"]
    with (tmp_path / "run" / "log-joint-train.csv").open() as file:
        row = next(csv.DictReader(file))
    assert float(row["photos_per_second"]) > 0
    assert ("patch" in row) == (model == "cmt-plus")
    assert ("query_view" in row) == (model != "cmt-a")
    assert list((tmp_path / "run" / "tensorboard" / "joint").glob("events*"))
    pictures = sorted((tmp_path / "run" / "pictures").glob("*.jpg"))
    assert [p.name for p in pictures] == ["joint-000002.jpg", "joint-000004.jpg"] * (model != "cmt-a")


@pytest.mark.parametrize("model", ["vit-box", "lfd", "cmic", "resnet18-viewpoint"])
def test_what_cmt_is_compared_with_is_trained_by_the_same_loop(
    paired: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    monkeypatch.setitem(recipes.RECIPES, model, recipes.recipe_of(tiny_network(model)))
    joint = few_steps(batch=4, precision="bf16")
    config = config_of(model, joint=joint, photos_per_reference=2, augmentation=STRONG_AUGMENTATION)
    (result,) = train_pairs([paired], tmp_path / "run", config)
    assert result.finished
    assert ("top1" in result.metrics, "auroc" in result.metrics) == (
        (True, False) if model == "resnet18-viewpoint" else (False, True)
    )
    network = load_network(tmp_path / "run" / "weights.safetensors")
    assert network.config == tiny_network(model)
    assert_same(network.state_dict(), weights(tmp_path / "run", of="average"))


def test_stopping_and_going_on_changes_nothing(paired: Dataset, tmp_path: Path) -> None:
    config = config_of("cmt-plus", alignment=STAGE, augmentation=STRONG_AUGMENTATION)
    train_pairs([paired], tmp_path / "whole", config)

    class Stop(Exception):
        pass

    def stop(after: int, stage: str, step: int, steps: int) -> None:
        if step == after:
            raise Stop

    for after in (1, 3, 2):
        with pytest.raises(Stop):
            train_pairs([paired], tmp_path / "pieces", config, on_step=functools.partial(stop, after))
    train_pairs([paired], tmp_path / "pieces", config, workers=1)
    for stage in ("alignment", "joint"):
        assert_same(weights(tmp_path / "whole", stage), weights(tmp_path / "pieces", stage))
        assert_same(
            weights(tmp_path / "whole", stage, "average"), weights(tmp_path / "pieces", stage, "average")
        )


def test_alignment_comes_first_and_is_what_the_rest_starts_from(paired: Dataset, tmp_path: Path) -> None:
    config = config_of("cmt", alignment=STAGE)
    results = train_pairs([paired], tmp_path / "run", config, max_minutes=0)
    assert [(r.stage, r.step) for r in results] == [("alignment", 0)]
    stages = []
    train_pairs([paired], tmp_path / "run", config, on_step=lambda stage, step, steps: stages.append(stage))
    assert stages == ["alignment"] * 4 + ["joint"] * 4
    before, after = weights(tmp_path / "run", "alignment"), weights(tmp_path / "run", "joint")
    encoder = [name for name in before if name.startswith("encoder.") and name.endswith("weight")]
    assert all(not torch.equal(before[name], after[name]) for name in encoder)
    # The blocks are not part of alignment: those of its checkpoint are as they were drawn
    torch.manual_seed(0)
    drawn = recipes.RECIPES["cmt"].build().network.state_dict()
    blocks = [name for name in drawn if name.startswith("blocks.")]
    assert blocks
    assert all(torch.equal(drawn[name], before[name]) for name in blocks)
    with pytest.raises(ConfigError, match="alignment-steps: this model has no alignment loss"):
        train_pairs([paired], tmp_path / "a", config_of("cmt-a", alignment=STAGE))


def test_gradients_of_several_batches_make_one_step(paired: Dataset, tmp_path: Path) -> None:
    """Without norms over a batch, two batches of 2 are one of 4; with them they are nearly so."""
    halves = dataclasses.replace(STAGE, accumulate=2, steps=1, learning_rate=1e-3, warmup=0)
    once = dataclasses.replace(STAGE, batch=4, steps=1, learning_rate=1e-3, warmup=0)
    train_pairs([paired], tmp_path / "halves", config_of("cmt-plus", joint=halves))
    train_pairs([paired], tmp_path / "once", config_of("cmt-plus", joint=once))
    a, b = weights(tmp_path / "halves"), weights(tmp_path / "once")
    name = "verdict.mlp.layers.1.weight"
    torch.manual_seed(0)
    drawn = recipes.RECIPES["cmt-plus"].build().network.state_dict()
    moved, alike = (a[name] - drawn[name]).sign(), (b[name] - drawn[name]).sign()
    assert (moved == alike).float().mean() > 0.8


def test_a_loss_that_is_no_number_stops_and_keeps_the_last_good_checkpoint(
    paired: Dataset, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    train_pairs([paired], run, config_of("cmt"), max_minutes=0)
    good = weights(run)

    def poison(stage: str, step: int, steps: int) -> None:
        for cell in poisoned:
            cell.data.fill_(float("nan"))

    poisoned: list[torch.Tensor] = []
    build = recipes.RECIPES["cmt"].build

    def built():
        learner = build()
        poisoned.append(learner.network.token)
        return learner

    recipes.RECIPES["cmt"] = dataclasses.replace(recipes.RECIPES["cmt"], build=built)
    with pytest.raises(TrainingError, match=r"joint: the loss of batch 1 is nan; the last good checkpoint"):
        train_pairs([paired], run, config_of("cmt"), on_step=poison)
    assert_same(weights(run), good)


def test_a_full_disk_leaves_the_old_checkpoint_whole(
    paired: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    train_pairs([paired], run, config_of("cmt"), max_minutes=0)
    good = weights(run)

    def full(state: dict, path: Path) -> None:
        path.write_bytes(b"half of it")
        raise RuntimeError("[enforce fail at inline_container.cc:664] . unexpected pos 64 vs 0")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(CheckpointError, match=r"checkpoint-joint\.pt: cannot be written .*free space"):
        train_pairs([paired], run, config_of("cmt"))
    assert_same(weights(run), good)
    assert not list(run.glob("*.partial"))


def test_weights_to_start_from(paired: Dataset, tmp_path: Path) -> None:
    train_pairs([paired], tmp_path / "first", config_of("cmt"))
    given = load_network(tmp_path / "first" / "weights.safetensors").state_dict()
    config = config_of("cmt-plus", start="abc", seed=3)
    train_pairs([paired], tmp_path / "second", config, max_minutes=0, start=given)
    for name, tensor in weights(tmp_path / "second").items():
        if name.startswith(("encoder.", "projector.")):
            assert torch.equal(tensor, given[name]), name
    with pytest.raises(CheckpointError, match="nothing in common"):
        train_pairs([paired], tmp_path / "third", config, start={"token": torch.zeros(3)})


def test_other_settings_and_data_are_refused(paired: Dataset, tmp_path: Path) -> None:
    train_pairs([paired], tmp_path / "run", config_of("cmt"), max_minutes=0)
    with pytest.raises(CheckpointError, match="holds a run with another config"):
        train_pairs([paired], tmp_path / "run", config_of("cmt-a"), max_minutes=0)
    with pytest.raises(ConfigError, match="unknown model 'cmt-z'; choose one of: "):
        config_of("cmt-z")
    with pytest.raises(ConfigError, match="seed: expected 0 or more, got -1"):
        config_of("cmt", seed=-1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": 0}, "steps: expected at least 1, got 0"),
        ({"accumulate": 0}, "accumulate: expected at least 1, got 0"),
        ({"learning_rate": 0.0}, "learning_rate: expected more than 0, got 0.0"),
        ({"clip": 0.0}, "clip: expected more than 0"),
        ({"ema": 1.5}, "ema: expected 0 to 1, got 1.5"),
    ],
)
def test_bad_settings_of_a_stage(settings: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        dataclasses.replace(STAGE, **settings)


def test_figures_of_the_log_are_means(paired: Dataset, tmp_path: Path) -> None:
    rows = []
    train_pairs(
        [paired], tmp_path / "run", config_of("cmt"), on_log=lambda stage, step, steps, row: rows.append(row)
    )
    assert all(np.isfinite(list(row.values())).all() for row in rows)


@pytest.mark.parametrize("terms", ["both", "query-view", "view-view", "none"])
def test_alignment_terms_can_be_switched_off(paired: Dataset, tmp_path: Path, terms: str) -> None:
    config = config_of("cmt", joint=few_steps(steps=1, validate_every=1), alignment_terms=terms)
    train_pairs([paired], tmp_path / "run", config)
    with (tmp_path / "run" / "log-joint-train.csv").open() as file:
        row = next(csv.DictReader(file))
    assert ("query_view" in row, "view_view" in row) == TERMS[terms]
    with safe_open(tmp_path / "run" / "weights.safetensors", "pt") as stored:
        notes = json.loads(stored.metadata()["notes"])
    assert (notes["query_view"], notes["view_view"]) == TERMS[terms]
    assert notes["photos"] == 2
    assert notes["views"] == 3
    with pytest.raises(ConfigError, match="alignment-terms: this model has no alignment loss"):
        train_pairs([paired], tmp_path / "a", dataclasses.replace(config, model="cmt-a"))
    with pytest.raises(ConfigError, match="unknown alignment-terms 'half'"):
        dataclasses.replace(config, alignment_terms="half")
