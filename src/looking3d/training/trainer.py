"""The training loop: one stage, one network; stops and goes on without changing what comes out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from looking3d.errors import TrainingError
from looking3d.training.config import StageConfig
from looking3d.training.curves import BoardWriter
from looking3d.training.devices import Fabric
from looking3d.training.interrupt import DeferredInterrupt
from looking3d.training.learner import SCORE, Learner
from looking3d.training.numbered_batches import Batch, batch_loader
from looking3d.training.run_folder import RunFolder
from looking3d.training.synchronized_norm import synchronize_norms

CHECKPOINT_SECONDS = 120.0
"""Time between checkpoints."""

LOG_STEPS = 50
"""Steps between rows of the log."""

OnLog = Callable[[str, int, int, dict[str, float]], None]
"""Called with (stage, step, steps, figures); of a validation the stage's name ends with ` val`."""


OnStep = Callable[[str, int, int], None]
"""Called with (stage, step, steps) after each step."""


def silent(stage: str, step: int, steps: int, row: dict[str, float]) -> None:
    """An `OnLog` that tells nobody."""


def no_step(stage: str, step: int, steps: int) -> None:
    """An `OnStep` that tells nobody."""


@dataclass(frozen=True)
class Task:
    """What is trained.

    Attributes:
        stage: Its name.
        config: How.
        build: Makes the learner, with first weights of PyTorch's generator.
        batch: Makes the batch of a number, of this process's share; the same whenever it is asked for.
        validation: Makes a batch of another split, from 0 to `config.validation_batches`.
        seed: Decides first weights.
        memory_format: Of the weights of convolutions.
        start: Gives the network the weights that it starts from.
        on_validation: Is given the learner and a number, to draw pictures, say, after each validation.
    """

    stage: str
    config: StageConfig
    build: Callable[[], Learner]
    batch: Callable[[int], Batch]
    validation: Callable[[int], Batch]
    seed: int = 0
    memory_format: torch.memory_format = torch.contiguous_format
    start: Callable[[nn.Module], None] = lambda network: None
    on_validation: Callable[[Learner, int], None] = lambda learner, step: None


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


class Trainer:
    """The state of training one stage; goes on from its checkpoint if there is one.

    Args:
        task: What is trained.
        run: Where logs and checkpoints are.
        fabric: Where it runs.
    """

    def __init__(self, task: Task, run: RunFolder, fabric: Fabric) -> None:
        self.task, self.run, self.fabric = task, run, fabric
        self.config, self.device = task.config, fabric.device
        torch.manual_seed(task.seed)
        learner = task.build()
        task.start(learner.network)
        learner.to(self.device)
        learner.to(memory_format=task.memory_format)  # pyright: ignore[reportCallIssue]
        if fabric.world_size > 1:
            synchronize_norms(learner)
        self.average = AveragedModel(learner.network, avg_fn=self._averaged, use_buffers=True)
        optimizer = torch.optim.AdamW(
            (parameter for parameter in learner.parameters() if parameter.requires_grad),
            self.config.learning_rate,
            self.config.betas,
            weight_decay=self.config.weight_decay,
        )
        self.learner = learner
        self.wrapped, self.optimizer = fabric.setup(learner, optimizer)
        self.step = 0
        self.metrics: dict[str, float] = {}
        self._between_steps = True
        self._pending: list[dict[str, Tensor]] = []
        self._seconds = 0.0
        if run.checkpoint(task.stage).is_file():
            self._restore()
        self.board = BoardWriter(run.path, task.stage, self.step) if fabric.is_global_zero else None

    def train(
        self,
        deadline: float = math.inf,
        workers: int = 0,
        on_log: OnLog = silent,
        on_step: OnStep = no_step,
    ) -> StageResult:
        """Train to the end, to the deadline or to Ctrl-C, and save.

        Args:
            deadline: By the monotonic clock.
            workers: Processes that prepare batches.
            on_log: Is told the figures.
            on_step: Is told each step.

        Raises:
            TrainingError: The loss is no number any more; names the batch. The checkpoint before stays.
        """
        saved = since = time.monotonic()
        try:
            with DeferredInterrupt() as interrupt:
                for batches in self._steps(workers):
                    if self._anyone(interrupt.came or time.monotonic() > deadline):
                        break
                    self._take_step(batches)
                    # With the wait for batches, which is what a user waits for
                    self._seconds += time.monotonic() - since
                    self._report(on_log)
                    on_step(self.task.stage, self.step, self.config.steps)
                    if self._anyone(time.monotonic() - saved > CHECKPOINT_SECONDS):
                        self._save()
                        saved = time.monotonic()
                    since = time.monotonic()
        finally:
            # What broke off in the middle of a step would not go on as if it had not.
            if self._between_steps:
                self._save()
            if self.board is not None:
                self.board.close()
        if interrupt.came:
            raise KeyboardInterrupt
        return StageResult(self.task.stage, self.step, self.step >= self.config.steps, self.metrics)

    def _steps(self, workers: int) -> Iterator[list[Batch]]:
        """The batches of each step that is left."""
        if self.step >= self.config.steps:
            return
        many = self.config.accumulate
        on_gpu = self.device.type == "cuda"
        loader = batch_loader(
            self.task.batch, self.step * many, self.config.steps * many, workers, pin=on_gpu
        )
        batches = iter(loader)
        for _ in range(self.step, self.config.steps):
            yield [next(batches) for _ in range(many)]

    def _take_step(self, batches: list[Batch]) -> None:
        self._between_steps = False
        self.learner.train()
        for group in self.optimizer.param_groups:
            group["lr"] = self._learning_rate()
        # Dropout must not depend on how often the run was stopped.
        torch.manual_seed(self.step * self.fabric.world_size + self.fabric.global_rank)
        self.optimizer.zero_grad(set_to_none=True)
        for number, batch in enumerate(batches, 1):
            more = number < len(batches)
            with self.fabric.no_backward_sync(self.wrapped, enabled=more and self.fabric.world_size > 1):
                values = self._values(self.wrapped, batch)
                self.fabric.backward(values["loss"] / len(batches))
            self._pending.append({key: value.detach() for key, value in values.items() if not value.ndim})
        if self.config.clip < math.inf:
            nn.utils.clip_grad_norm_(self.learner.parameters(), self.config.clip)
        self.optimizer.step()
        self.learner.after_step()
        self.average.update_parameters(self.learner.network)
        self.step += 1
        self._between_steps = True

    def _values(self, learner: Callable[[Batch], dict[str, Tensor]], batch: Batch) -> dict[str, Tensor]:
        """What a learner makes of a batch; what is trained computes in the stage's precision."""
        moved = {key: value.to(self.device, non_blocking=True) for key, value in batch.items()}
        rough = self.config.precision == "bf16" and learner is self.wrapped
        with torch.autocast(self.device.type, torch.bfloat16, enabled=rough):
            return learner(moved)

    def _report(self, on_log: OnLog) -> None:
        """Log and validate, if it is time to."""
        last = self.step == self.config.steps
        if self.step % LOG_STEPS == 0 or last:
            photos = len(self._pending) * self.config.batch * self.fabric.world_size
            speed = photos / max(self._seconds, 1e-9)
            row = {**self._figures(), "photos_per_second": speed}
            self._pending.clear()
            self._seconds = 0.0
            self._log("train", row)
            on_log(self.task.stage, self.step, self.config.steps, row)
        if self.step % self.config.validate_every == 0 or last:
            if self.fabric.is_global_zero:
                self.metrics = self._validate()
                self._log("val", self.metrics)
                on_log(f"{self.task.stage} val", self.step, self.config.steps, self.metrics)
            self.fabric.barrier()

    def _figures(self) -> dict[str, float]:
        """Means of the figures since the last row of the log; one wait for the device for all of them."""
        if not self._pending:
            return {}
        keys = list(self._pending[0])
        rows = torch.stack([torch.stack([row[key].float() for key in keys]) for row in self._pending])
        table = rows.cpu().numpy()
        self._check(table[:, keys.index("loss")])
        known = np.isfinite(table)
        means = np.where(known, table, 0).sum(0) / known.sum(0).clip(min=1)
        return dict(zip(keys, means.tolist(), strict=True))

    def _check(self, losses: np.ndarray) -> None:
        """Raise a TrainingError if one of the last losses is no number."""
        bad = np.flatnonzero(~np.isfinite(losses))
        if len(bad):
            self._between_steps = False  # these weights are not to be kept
            number = self.step * self.config.accumulate - len(losses) + bad[0]
            raise TrainingError(
                f"{self.task.stage}: the loss of batch {number} is {losses[bad[0]]}; the last good "
                f"checkpoint stays in {self.run.path}; train with a lower learning rate, or in fp32"
            )

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
        falling = 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
        return config.learning_rate * (config.final_rate + (1 - config.final_rate) * falling)

    @torch.no_grad()
    def _validate(self) -> dict[str, float]:
        """Figures of the averaged weights on the validation split."""
        learner = self.learner.over(self.average.module)
        learner.eval()
        rows, scores, labels = [], [], []
        for number in range(self.config.validation_batches):
            batch = self.task.validation(number)
            values = self._values(learner, batch)
            rows.append({key: value.item() for key, value in values.items() if not value.ndim})
            if SCORE in values:
                scores.append(values[SCORE].float().cpu())
                labels.append(batch["label"])
        means = {key: float(np.nanmean([row[key] for row in rows] or [0.0])) for key in rows[0]}
        if labels and 0 < torch.cat(labels).mean() < 1:
            means["auroc"] = float(roc_auc_score(torch.cat(labels), torch.cat(scores)))
        self.task.on_validation(learner, self.step)
        return means

    def _anyone(self, wish: bool) -> bool:
        """Whether any of the processes wishes to; all get the same answer."""
        if self.fabric.world_size == 1:
            return wish
        wishes = self.fabric.all_reduce(torch.tensor(float(wish)), reduce_op="sum")
        assert isinstance(wishes, Tensor)
        return bool(wishes > 0)

    def _log(self, split: str, row: dict[str, float]) -> None:
        if self.board is not None:
            self.run.append_log(self.task.stage, split, self.step, row)
            self.board.add(split, self.step, row)

    def _save(self) -> None:
        self._figures()  # weights of a broken loss must not become a checkpoint
        if not self.fabric.is_global_zero:
            return
        state: dict[str, Any] = {
            "step": self.step,
            "network": self.learner.network.state_dict(),
            "average": self.average.module.state_dict(),
            "averaged": self.average.n_averaged,
            "optimizer": self.optimizer.state_dict(),
            "metrics": self.metrics,
        }
        self.run.save(self.task.stage, state)

    def _restore(self) -> None:
        stored = self.run.load(self.task.stage, self.device)
        self.learner.network.load_state_dict(stored["network"])
        self.average.module.load_state_dict(stored["average"])
        self.average.n_averaged.copy_(stored["averaged"])
        self.optimizer.load_state_dict(stored["optimizer"])
        self.step, self.metrics = int(stored["step"]), dict(stored["metrics"])
        if self.fabric.is_global_zero:
            self.run.forget_later_rows(self.task.stage, self.step)
