"""Training of the align detector: a stage for each of its networks."""

from __future__ import annotations

import dataclasses
import functools
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from looking3d.dataset.load import Dataset
from looking3d.errors import ConfigError, unknown_name
from looking3d.model.align.align import AlignDetector
from looking3d.model.checkpoint import save_weights
from looking3d.training.align_networks import NETWORKS, STAGES, begins_with, take_over
from looking3d.training.batches import TrainingPhotos
from looking3d.training.config import StageConfig
from looking3d.training.found_cameras import Cameras, FoundCameras
from looking3d.training.learner import FunctionLearner
from looking3d.training.losses import camera_loss, compare_loss, foreground_loss
from looking3d.training.numbered_batches import Batch
from looking3d.training.run_folder import RunFolder
from looking3d.training.session import begin
from looking3d.training.trainer import OnLog, OnStep, StageResult, Task, Trainer, no_step, silent

_LOSSES = {"foreground": foreground_loss, "camera": camera_loss, "compare": compare_loss}

_SEE_FOUND = ("camera", "compare")
"""Stages that see photos from cameras that were found."""

_VALIDATION_STEP = 10**8  # batches from this number on are never trained on


@dataclass(frozen=True)
class TrainConfig:
    """How a detector is trained, stage by stage."""

    foreground: StageConfig
    camera: StageConfig
    compare: StageConfig
    seed: int = 0
    """Decides first weights and every batch."""

    start: str = ""
    """SHA-256 of the weights that the networks start from; "" if they start from nothing."""

    found_cameras: bool = False
    """Whether camera and compare see photos from cameras that the weights to start from find, too."""

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ConfigError(f"seed: expected 0 or more, got {self.seed}")
        if self.found_cameras and not self.start:
            raise ConfigError("found-cameras: needs weights that find them; name some with --start")


_TINY = StageConfig(steps=60, batch=16, warmup=10, ema=0.9, validate_every=60, validation_batches=4)

PRESETS: dict[str, TrainConfig] = {
    "align": TrainConfig(
        foreground=StageConfig(steps=4000, batch=32, learning_rate=2e-3, precision="bf16"),
        camera=StageConfig(steps=6000, batch=64, learning_rate=1e-3, precision="bf16"),
        compare=StageConfig(
            steps=9500, batch=32, learning_rate=7e-4, validation_batches=32, precision="bf16"
        ),
    ),
    "align-tiny": TrainConfig(
        foreground=_TINY,
        camera=_TINY,
        compare=_TINY,
    ),
}
"""`align` is what ships; `align-tiny` shows in a minute that everything works, and detects nothing."""


def preset(name: str) -> TrainConfig:
    """A preset by name.

    Raises:
        ConfigError: There is none of that name.
    """
    if name not in PRESETS:
        raise unknown_name("preset", name, PRESETS)
    return PRESETS[name]


def with_changes(config: TrainConfig, stages: tuple[str, ...], changes: dict[str, Any]) -> TrainConfig:
    """The config with other settings for some stages.

    Args:
        config: What to change.
        stages: Whose settings.
        changes: Fields of `StageConfig`.

    Raises:
        ConfigError: Unknown stage, or settings that none can have.
    """
    _check(stages)
    changed = {stage: dataclasses.replace(getattr(config, stage), **changes) for stage in stages}
    return dataclasses.replace(config, **changed)


def train_detector(
    datasets: list[Dataset],
    run: Path,
    config: TrainConfig,
    stages: tuple[str, ...] = STAGES,
    max_minutes: float = math.inf,
    workers: int = 0,
    device: str = "cpu",
    start: dict[str, Tensor] | None = None,
    on_log: OnLog = silent,
    on_step: OnStep = no_step,
    processes: int = 1,
) -> list[StageResult]:
    """Train stages of the align detector in a run folder, or go on where they stopped.

    The folder gets config.json, and for each stage a log and a checkpoint, a file of found cameras for each
    split of each dataset if they are wanted, and weights.safetensors once every stage has been trained
    to its end. With weights to start from, stages that are not trained stay as these have them.

    Args:
        datasets: Trained on their `train` split, validated on `val`.
        run: The run's folder.
        config: What to do.
        stages: Which stages to train now; two runs of this may train different ones at once.
        max_minutes: Stop after this long, with a checkpoint.
        workers: Processes that prepare batches; 0 prepares them in this one.
        device: Of the network.
        start: Weights to start from, as `read_weights` gives them; `config.start` names them.
        on_log: Is told the figures every so often.
        on_step: Is told each step.
        processes: Processes that train together; see `devices.make_fabric`.

    Raises:
        ConfigError: Unknown stage, or cameras are to be found by weights that have no network for it.
        CheckpointError: The folder holds a run of another configuration or on other data.
        EngineError: Workers that look for cameras died again and again.
        TrainingError: A loss is no number any more.
    """
    _check(stages)
    fabric, folder, deadline = begin(run, config, datasets, max_minutes, workers, device, processes)
    if start is not None and fabric.is_global_zero:
        folder.keep_start(start)
    results = []
    found: dict[str, Cameras] = {}
    for stage in stages:
        if stage in _SEE_FOUND and config.found_cameras and not found:
            with fabric.rank_zero_first():
                found, looked = _found_cameras(folder, datasets, config.seed, deadline, workers, on_step)
            if not looked.finished:
                results.append(looked)
                break
        task = _task(stage, datasets, config, start, found, fabric.global_rank, fabric.world_size)
        results.append(Trainer(task, folder, fabric).train(deadline, workers, on_log, on_step))
        if not results[-1].finished:
            break
    steps = folder.steps_done(STAGES)
    done = all(result.finished for result in results) and all(
        steps[stage] >= getattr(config, stage).steps if stage in steps else begins_with(start, stage)
        for stage in STAGES
    )
    if fabric.is_global_zero and done:
        save_weights(assemble(run), folder.weights, notes={"steps": steps})
    return results


def _found_cameras(
    folder: RunFolder,
    datasets: list[Dataset],
    seed: int,
    deadline: float,
    workers: int,
    on_step: OnStep,
) -> tuple[dict[str, Cameras], StageResult]:
    """Cameras that the weights to start from find, by split, and how far the search for them got."""
    found: dict[str, Cameras] = {}
    shapes = 0
    for split in ("train", "val"):
        found[split] = {}
        for dataset in datasets:
            stored = FoundCameras(folder.cameras(split, dataset), dataset, split, folder.start, seed)
            name = f"cameras of {dataset.path.name}, {split}"
            finished = stored.find(workers, deadline, functools.partial(on_step, name))
            found[split].update(stored.cameras())
            shapes += len(stored.known())
            if not finished:
                return found, StageResult("search for cameras", shapes, False, {})
    return found, StageResult("search for cameras", shapes, True, {})


def _check(stages: tuple[str, ...]) -> None:
    if not stages:
        raise ConfigError(f"stages: name at least one of {', '.join(STAGES)}")
    for stage in stages:
        if stage not in STAGES:
            raise unknown_name("stage", stage, STAGES)


def _task(
    stage: str,
    datasets: list[Dataset],
    config: TrainConfig,
    start: dict[str, Tensor] | None,
    found: dict[str, Cameras],
    rank: int,
    world: int,
) -> Task:
    stage_config: StageConfig = getattr(config, stage)
    photos, others = (
        TrainingPhotos(datasets, split, config.seed, found.get(split, {})) for split in ("train", "val")
    )
    make = functools.partial(_batch, photos, stage, stage_config.batch, rank, world)
    validation = functools.partial(_batch, others, stage, stage_config.batch, _VALIDATION_STEP, 1)
    return Task(
        stage,
        stage_config,
        lambda: FunctionLearner(NETWORKS[stage](), _LOSSES[stage]),
        make,
        validation,
        config.seed,
        torch.channels_last,
        functools.partial(_begin, stage=stage, start=start),
    )


def _begin(network: nn.Module, stage: str, start: dict[str, Tensor] | None) -> None:
    """Give a stage's network the weights that it starts from, if there are any."""
    if start is not None:
        take_over(network, start, stage)


def _batch(photos: TrainingPhotos, stage: str, size: int, first: int, step: int, number: int) -> Batch:
    """A batch, whose images are laid out as convolutions want them."""
    batch = photos.batch(stage, first + step * number, size)
    batch["input"] = batch["input"].contiguous(memory_format=torch.channels_last)
    return batch


def assemble(run: Path) -> AlignDetector:
    """The detector of a run's checkpoints, finished or not; of what it starts from where there is none.

    Raises:
        CheckpointError: A stage has no checkpoint yet, or a damaged one.
    """
    folder, networks = RunFolder(run), {}
    start = folder.load_start()
    for stage in STAGES:
        network = networks[stage] = NETWORKS[stage]()
        if start is None or folder.checkpoint(stage).is_file() or not take_over(network, start, stage):
            network.load_state_dict(folder.load(stage)["average"])
    return AlignDetector(**networks)


def steps_done(run: Path) -> dict[str, int]:
    """Steps of the checkpoint of each stage that has one."""
    return RunFolder(run).steps_done(STAGES)
