"""The training loop: one stage, one network; stops and goes on without changing what comes out."""

from __future__ import annotations

import csv
import dataclasses
import functools
import json
import math
import platform
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

import looking3d
from looking3d.dataset.load import Dataset
from looking3d.errors import CheckpointError, ConfigError, unknown_name
from looking3d.files import whole
from looking3d.model.align.align import AlignDetector
from looking3d.model.align.network import CameraNet, CompareNet, ForegroundNet
from looking3d.model.checkpoint import save_weights
from looking3d.training.batches import TrainingPhotos
from looking3d.training.losses import camera_loss, compare_loss, foreground_loss
from looking3d.training.numbered_batches import Batch, batch_loader

STAGES = ("foreground", "camera", "compare")
_NETWORKS = {"foreground": ForegroundNet, "camera": CameraNet, "compare": CompareNet}
_LOSSES = {"foreground": foreground_loss, "camera": camera_loss, "compare": compare_loss}
_VALIDATION_STEP = 10**8  # batches from this number on are never trained on
_CHECKPOINT_SECONDS = 120.0
_LOG_STEPS = 50


@dataclass(frozen=True)
class StageConfig:
    """How one network is trained."""

    steps: int
    """Optimiser steps."""

    batch: int = 64
    """Photos a step."""

    learning_rate: float = 1.5e-3
    """The highest, after warm-up; a cosine takes it to a hundredth."""

    weight_decay: float = 0.02
    """Of AdamW."""

    warmup: int = 200
    """Steps of linear warm-up."""

    ema: float = 0.999
    """Decay of the running average of the weights, which is what is kept."""

    validate_every: int = 1000
    """Steps between validations."""

    validation_batches: int = 12
    """Batches of a validation."""

    precision: Literal["fp32", "bf16"] = "fp32"
    """Of the network's arithmetic while it is trained; weights stay fp32."""

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch < 1:
            raise ConfigError(f"steps and batch: expected at least 1, got {self.steps} and {self.batch}")
        if self.precision not in ("fp32", "bf16"):
            raise ConfigError(f"precision: expected fp32 or bf16, got {self.precision!r}")


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

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ConfigError(f"seed: expected 0 or more, got {self.seed}")


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


@dataclass(frozen=True)
class StageResult:
    """How a stage ended.

    Attributes:
        stage: Its name.
        step: Steps done.
        finished: Whether that is all of them.
        metrics: Of the last validation.
    """

    stage: str
    step: int
    finished: bool
    metrics: dict[str, float]


def train_detector(
    datasets: list[Dataset],
    run: Path,
    config: TrainConfig,
    stages: tuple[str, ...] = STAGES,
    max_minutes: float = math.inf,
    workers: int = 0,
    device: str = "cpu",
    start: dict[str, Tensor] | None = None,
    on_log: Callable[[str, int, int, dict[str, float]], None] = lambda stage, step, steps, row: None,
) -> list[StageResult]:
    """Train stages of the align detector in a run folder, or go on where they stopped.

    The folder gets config.json, and for each stage a log and a checkpoint; weights.safetensors once
    every stage has been trained to its end.

    Args:
        datasets: Trained on their `train` split, validated on `val`.
        run: The run's folder.
        config: What to do.
        stages: Which stages to train now; two processes may train different ones at once.
        max_minutes: Stop after this long, with a checkpoint.
        workers: Processes that prepare batches; 0 prepares them in this one.
        device: Of the network.
        start: Weights to start from, as `read_weights` gives them; `config.start` names them.
        on_log: Called with (stage, step, steps, metrics) every so often.

    Raises:
        ConfigError: Unknown stage.
        CheckpointError: The folder holds a run of another configuration or on other data.
    """
    if not stages:
        raise ConfigError(f"stages: name at least one of {', '.join(STAGES)}")
    for stage in stages:
        if stage not in STAGES:
            raise unknown_name("stage", stage, STAGES)
    if not max_minutes >= 0:
        raise ConfigError(f"max-minutes: expected 0 or more, got {max_minutes}")
    if workers < 0:
        raise ConfigError(f"workers: expected 0 or more, got {workers}")
    check_device(device)
    _claim_run(run, config, datasets)
    deadline = time.monotonic() + 60 * max_minutes
    results = []
    for stage in stages:
        trainer = _Stage(stage, datasets, run, config, device, start)
        results.append(trainer.train(deadline, workers, on_log))
        if not results[-1].finished:
            break
    steps = steps_done(run)
    if all(steps.get(stage, 0) >= getattr(config, stage).steps for stage in STAGES):
        save_weights(assemble(run), run / "weights.safetensors", notes={"steps": steps})
    return results


def check_device(device: str) -> None:
    """Raise a ConfigError unless PyTorch can use the device."""
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"device: {device!r} cannot be used ({reason}); choose cpu") from error


def assemble(run: Path) -> AlignDetector:
    """The detector of a run's checkpoints, finished or not.

    Raises:
        CheckpointError: A stage has no checkpoint yet, or a damaged one.
    """
    networks = {}
    for stage in STAGES:
        networks[stage] = _NETWORKS[stage]()
        networks[stage].load_state_dict(_load_checkpoint(run, stage, "cpu")["average"])
    return AlignDetector(**networks)


def take_over(network: nn.Module, weights: dict[str, Tensor], stage: str) -> bool:
    """Start a stage's network from a detector's weights.

    What the weights do not have stays as it is; if what they have is of other shapes, all of it does.

    Returns:
        Whether they were taken.
    """
    mine = network.state_dict()
    common = {name: weights[f"{stage}.{name}"] for name in mine if f"{stage}.{name}" in weights}
    fits = bool(common) and all(tensor.shape == mine[name].shape for name, tensor in common.items())
    if fits:
        network.load_state_dict(common, strict=False)
    return fits


def steps_done(run: Path) -> dict[str, int]:
    """Steps of the checkpoint of each stage that has one."""
    return {
        stage: int(_load_checkpoint(run, stage, "cpu")["step"])
        for stage in STAGES
        if _checkpoint(run, stage).is_file()
    }


class _Stage:
    """The state of training one stage."""

    def __init__(
        self,
        stage: str,
        datasets: list[Dataset],
        run: Path,
        config: TrainConfig,
        device: str,
        start: dict[str, Tensor] | None,
    ) -> None:
        self.stage, self.run, self.device = stage, run, torch.device(device)
        self.config: StageConfig = getattr(config, stage)
        self.photos = TrainingPhotos(datasets, "train", config.seed)
        self.validation = TrainingPhotos(datasets, "val", config.seed)
        self.loss = _LOSSES[stage]
        torch.manual_seed(config.seed)
        network = _NETWORKS[stage]()
        if start is not None:
            take_over(network, start, stage)
        self.network: nn.Module = network.to(self.device, memory_format=torch.channels_last)
        self.average = AveragedModel(self.network, avg_fn=self._averaged, use_buffers=True)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), self.config.learning_rate, weight_decay=self.config.weight_decay
        )
        self.step = 0
        self._between_steps = True
        self.metrics: dict[str, float] = {}
        if _checkpoint(run, stage).is_file():
            self._restore()

    def train(self, deadline: float, workers: int, on_log: Callable) -> StageResult:
        saved = time.monotonic()
        running: dict[str, list[float]] = {}
        interrupt = _DeferredInterrupt()
        try:
            with interrupt:
                for batch in self._batches(workers):
                    if interrupt.came or time.monotonic() > deadline:
                        break
                    for key, value in self._train_step(batch).items():
                        running.setdefault(key, []).append(value)
                    self._report(running, on_log)
                    if time.monotonic() - saved > _CHECKPOINT_SECONDS:
                        self._save()
                        saved = time.monotonic()
        finally:
            # What broke off in the middle of a step would not go on as if it had not.
            if self._between_steps:
                self._save()
        if interrupt.came:
            raise KeyboardInterrupt
        return StageResult(self.stage, self.step, self.step >= self.config.steps, self.metrics)

    def _report(self, running: dict[str, list[float]], on_log: Callable) -> None:
        """Log and validate, if it is time to."""
        last = self.step == self.config.steps
        if self.step % _LOG_STEPS == 0 or last:
            row = {key: float(np.mean(values)) for key, values in running.items()}
            running.clear()
            self._log("train", row)
            on_log(self.stage, self.step, self.config.steps, row)
        if self.step % self.config.validate_every == 0 or last:
            self.metrics = self._validate()
            self._log("val", self.metrics)
            on_log(f"{self.stage} val", self.step, self.config.steps, self.metrics)

    def _batches(self, workers: int) -> Iterator[Batch]:
        if self.step >= self.config.steps:
            return iter(())
        make = functools.partial(self.photos.batch, self.stage, size=self.config.batch)
        return iter(batch_loader(make, self.step, self.config.steps, workers))

    def _train_step(self, batch: Batch) -> dict[str, float]:
        self._between_steps = False
        self.network.train()
        for group in self.optimizer.param_groups:
            group["lr"] = self._learning_rate()
        # Dropout must not depend on how often the run was stopped.
        torch.manual_seed(self.step)
        values = self.loss(self._answer, self._move(batch))
        self.optimizer.zero_grad(set_to_none=True)
        values["loss"].backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()
        self.average.update_parameters(self.network)
        self.step += 1
        self._between_steps = True
        return {key: value.item() for key, value in values.items() if value.ndim == 0}

    def _answer(self, x: Tensor) -> Any:
        """What the network says, computed in the stage's precision, in fp32 for the losses."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bf16"):
            return _to_float(self.network(x))

    def _averaged(self, average: Tensor, current: Tensor, count: Tensor | int) -> Tensor:
        """The running average; it forgets faster at first, when it still holds the random start."""
        if not average.is_floating_point():
            return current
        decay = min(self.config.ema, (1 + int(count)) / (10 + int(count)))
        return torch.lerp(current, average, decay)

    def _learning_rate(self) -> float:
        config = self.config
        if self.step < config.warmup:
            return config.learning_rate * (self.step + 1) / config.warmup
        done = (self.step - config.warmup) / max(1, config.steps - config.warmup)
        return config.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))

    @torch.no_grad()
    def _validate(self) -> dict[str, float]:
        self.average.eval()
        rows, logits, labels = [], [], []
        for i in range(self.config.validation_batches):
            batch = self._move(self.validation.batch(self.stage, _VALIDATION_STEP + i, self.config.batch))
            values = self.loss(self.average.module, batch)
            rows.append({key: value.item() for key, value in values.items() if value.ndim == 0})
            if "logit" in values:
                logits.append(values["logit"].cpu())
                labels.append(batch["label"].cpu())
        means = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
        if labels and 0 < torch.cat(labels).mean() < 1:
            means["auroc"] = float(roc_auc_score(torch.cat(labels), torch.cat(logits)))
        return means

    def _move(self, batch: Batch) -> dict[str, Tensor]:
        moved = {key: value.to(self.device, non_blocking=True) for key, value in batch.items()}
        moved["input"] = moved["input"].contiguous(memory_format=torch.channels_last)
        return moved

    def _log(self, split: str, row: dict[str, float]) -> None:
        path = self.run / f"log-{self.stage}-{split}.csv"
        fresh = not path.is_file()
        with path.open("a", newline="") as file:
            writer = csv.writer(file)
            if fresh:
                writer.writerow(["step", *row])
            writer.writerow([self.step, *(f"{value:.6g}" for value in row.values())])

    def _save(self) -> None:
        state = {
            "step": self.step,
            "network": self.network.state_dict(),
            "average": self.average.module.state_dict(),
            "averaged": self.average.n_averaged,
            "optimizer": self.optimizer.state_dict(),
            "metrics": self.metrics,
        }
        with whole(_checkpoint(self.run, self.stage)) as temporary:
            torch.save(state, temporary)

    def _restore(self) -> None:
        stored = _load_checkpoint(self.run, self.stage, self.device)
        self.network.load_state_dict(stored["network"])
        self.average.module.load_state_dict(stored["average"])
        self.average.n_averaged.copy_(stored["averaged"])
        self.optimizer.load_state_dict(stored["optimizer"])
        self.step, self.metrics = int(stored["step"]), dict(stored["metrics"])
        self._forget_later_rows()

    def _forget_later_rows(self) -> None:
        """Drop log rows after the checkpoint: a killed run had got farther than it had saved."""
        for split in ("train", "val"):
            path = self.run / f"log-{self.stage}-{split}.csv"
            if path.is_file():
                header, *rows = path.read_text().splitlines()
                kept = [row for row in rows if int(row.split(",")[0]) <= self.step]
                path.write_text("\n".join([header, *kept]) + "\n")


def _to_float(answer: Any) -> Any:
    if isinstance(answer, Tensor):
        return answer.float()
    parts = map(_to_float, answer)
    return type(answer)(*parts) if hasattr(answer, "_fields") else tuple(parts)


class _DeferredInterrupt:
    """Lets a step come to its end before Ctrl-C stops the training; a second Ctrl-C stops at once."""

    def __init__(self) -> None:
        self.came = False
        self._before: Any = None

    def __enter__(self) -> None:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._note)

    def __exit__(self, *raised: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _note(self, number: int, frame: object) -> None:
        if self.came:
            raise KeyboardInterrupt
        self.came = True


def _checkpoint(run: Path, stage: str) -> Path:
    return run / f"checkpoint-{stage}.pt"


def _load_checkpoint(run: Path, stage: str, device: str | torch.device) -> dict:
    path = _checkpoint(run, stage)
    if not path.is_file():
        raise CheckpointError(
            f"{path}: no such checkpoint; train the stage: looking3d train --stages {stage}"
        )
    try:
        return torch.load(path, map_location=device, weights_only=True)
    except Exception as error:  # torch.load raises whatever the damage provokes
        reason = (str(error).splitlines() or ["no reason given"])[0][:120]
        raise CheckpointError(f"{path}: damaged; remove it to train the stage anew ({reason})") from error


def _claim_run(run: Path, config: TrainConfig, datasets: list[Dataset]) -> None:
    """Make the folder this run's, or refuse."""
    mine = {
        "format": "looking3d-run-1",
        "config": dataclasses.asdict(config),
        "datasets": [dataset.fingerprint for dataset in datasets],
    }
    path = run / "config.json"
    if path.is_file():
        try:
            there = json.loads(path.read_text())
        except ValueError as error:
            raise CheckpointError(f"{path}: not valid JSON ({error}); choose another --out") from error
        for key, value in mine.items():
            if there.get(key) != value:
                raise CheckpointError(
                    f"{run}: holds a run with another {key}; choose another --out, or give the same settings"
                )
        return
    if run.exists() and not run.is_dir():
        raise CheckpointError(f"{run}: is a file; choose another --out")
    if run.exists() and any(run.iterdir()):
        raise CheckpointError(f"{run}: is not empty and holds no run; choose another --out")
    run.mkdir(parents=True, exist_ok=True)
    versions = {
        "looking3d": looking3d.__version__,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
    paths = [str(dataset.path) for dataset in datasets]
    path.write_text(json.dumps({**mine, "versions": versions, "dataset_paths": paths}, indent=1) + "\n")
