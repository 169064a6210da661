"""Training of models of photo and views: alignment first, if asked for, then everything."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from looking3d.dataset.load import Dataset
from looking3d.errors import CheckpointError, ConfigError, unknown_name
from looking3d.model.networks import save_network
from looking3d.training.augment import NO_AUGMENTATION, Augmentation
from looking3d.training.config import StageConfig
from looking3d.training.learner import Learner
from looking3d.training.match_pictures import PICTURES, write_matches
from looking3d.training.pair_batches import Share, expanded, make_batch
from looking3d.training.pair_model import PairModel
from looking3d.training.pairs import PhotoPairs
from looking3d.training.recipes import PairRecipe, recipe
from looking3d.training.run_folder import RunFolder
from looking3d.training.session import begin
from looking3d.training.trainer import OnLog, OnStep, StageResult, Task, Trainer, no_step, silent

TERMS = {
    "both": (True, True),
    "query-view": (True, False),
    "view-view": (False, True),
    "none": (False, False),
}
"""Alignment losses by name: whether photos are aligned with views, and views with each other (table 3)."""

ALIGNMENT, JOINT = "alignment", "joint"
_CACHE = "references"
_PICTURED = 4  # photos


@dataclass(frozen=True)
class PairTrainConfig:
    """How a model of photo and views is trained."""

    model: str
    """Its name; see `recipes.RECIPES`."""

    joint: StageConfig
    """All its losses together."""

    alignment: StageConfig | None = None
    """Its alignment loss alone, before."""

    alignment_terms: str = ""
    """Terms of equation 15 that align the features, of TERMS; by default the model's own."""

    augmentation: Augmentation = field(default_factory=Augmentation)
    """How photos are varied."""

    balanced: bool = True
    """Equal shares of both classes, and of the kinds among anomalies."""

    views: int | None = None
    """Views of the reference that a pair has; by default as many as the model's preset says."""

    photos_per_reference: int = 1
    """Photos of a batch that share a shape and the views drawn of it; the network sees these once for all."""

    seed: int = 0
    """Decides first weights and every batch."""

    start: str = ""
    """SHA-256 of the weights that the network starts from; "" if it starts from nothing."""

    def __post_init__(self) -> None:
        recipe(self.model)
        if self.alignment_terms and self.alignment_terms not in TERMS:
            raise unknown_name("alignment-terms", self.alignment_terms, TERMS)
        if self.views is not None and self.views < 1:
            raise ConfigError(f"views: expected at least 1, got {self.views}")
        if self.seed < 0:
            raise ConfigError(f"seed: expected 0 or more, got {self.seed}")

    @property
    def stages(self) -> dict[str, StageConfig]:
        """By name, in order."""
        first = {} if self.alignment is None else {ALIGNMENT: self.alignment}
        return {**first, JOINT: self.joint}


def train_pairs(
    datasets: list[Dataset],
    run: Path,
    config: PairTrainConfig,
    max_minutes: float = math.inf,
    workers: int = 0,
    device: str = "cpu",
    start: dict[str, Tensor] | None = None,
    on_log: OnLog = silent,
    on_step: OnStep = no_step,
    processes: int = 1,
    cache: Path | None = None,
) -> list[StageResult]:
    """Train a model of photo and views in a run folder, or go on where it stopped.

    The folder gets config.json, for each stage a log and a checkpoint, the references unpacked, and
    weights.safetensors once the last stage has come to its end.

    Args:
        datasets: Trained on their `train` split, validated on `val`.
        run: The run's folder.
        config: What to do.
        max_minutes: Stop after this long, with a checkpoint.
        workers: Processes that prepare batches; 0 prepares them in this one.
        device: Of the network.
        start: Weights to start from where they fit; `config.start` names them.
        on_log: Is told the figures every so often.
        on_step: Is told each step, and the references unpacked before, as steps of `references`.
        processes: Processes that train together; see `devices.make_fabric`.
        cache: Folder of the unpacked references, which runs on the same data can share; by default in the
            run's.

    Raises:
        ConfigError: A setting is out of range.
        DatasetError: The photos are all of one class, or there are too few views.
        CheckpointError: The folder holds a run of another configuration or on other data.
        TrainingError: A loss is no number any more.
    """
    fabric, folder, deadline = begin(run, config, datasets, max_minutes, workers, device, processes)
    plan = recipe(config.model)
    # The first process unpacks the references, for all of them
    with fabric.rank_zero_first():
        pairs = _Splits.open(
            datasets, config, plan, cache or run / _CACHE, workers, functools.partial(on_step, _CACHE)
        )
    results = []
    for stage, stage_config in config.stages.items():
        share = Share(stage_config.batch, fabric.global_rank, fabric.world_size)
        task = Task(
            stage,
            stage_config,
            functools.partial(_learner, plan, config, stage),
            functools.partial(make_batch, pairs.train, share=share),
            functools.partial(make_batch, pairs.validation, share=Share(stage_config.batch)),
            config.seed,
            # On a CPU batch norm in the other layout loses digits: of a mean, the fourth
            torch.channels_last if fabric.device.type == "cuda" else torch.contiguous_format,
            functools.partial(_begin, folder=folder, config=config, stage=stage, start=start),
            functools.partial(_picture, pairs=pairs.validation, run=run, stage=stage),
        )
        results.append(Trainer(task, folder, fabric).train(deadline, workers, on_log, on_step))
        if not results[-1].finished:
            return results
    if fabric.is_global_zero:
        network = _trained(plan, folder)
        save_network(network, folder.weights, notes=_notes(config, plan, fabric.world_size))
    return results


@dataclass(frozen=True)
class _Splits:
    """Pairs to train on, and to validate on."""

    train: PhotoPairs
    validation: PhotoPairs

    @classmethod
    def open(
        cls,
        datasets: list[Dataset],
        config: PairTrainConfig,
        plan: PairRecipe,
        cache: Path,
        workers: int,
        on_shape: Callable[[int, int], None],
    ) -> _Splits:
        settings = dataclasses.replace(
            plan.pairs,
            views=config.views or plan.pairs.views,
            balanced=config.balanced,
            photos_per_reference=config.photos_per_reference,
        )
        varied = dataclasses.replace(settings, augmentation=config.augmentation)
        still = dataclasses.replace(settings, augmentation=NO_AUGMENTATION)
        return cls(
            PhotoPairs(datasets, "train", varied, config.seed, cache, workers, on_shape),
            PhotoPairs(datasets, "val", still, config.seed, cache, workers, on_shape),
        )


def _notes(config: PairTrainConfig, plan: PairRecipe, processes: int) -> dict[str, object]:
    """What is worth knowing of a network besides its settings."""
    joint = config.joint
    notes: dict[str, object] = {
        "model": config.model,
        "steps": joint.steps,
        "photos": joint.steps * joint.batch * joint.accumulate * processes,
        "views": config.views or plan.pairs.views,
    }
    if config.alignment_terms:
        notes["query_view"], notes["view_view"] = TERMS[config.alignment_terms]
    return notes


def _learner(plan: PairRecipe, config: PairTrainConfig, stage: str) -> Learner:
    learner = plan.build()
    if config.alignment_terms:
        learner = learner.aligned_by(*TERMS[config.alignment_terms])
    return learner.aligning() if stage == ALIGNMENT else learner


def _begin(
    network: nn.Module,
    folder: RunFolder,
    config: PairTrainConfig,
    stage: str,
    start: dict[str, Tensor] | None,
) -> None:
    """Give a stage's network the weights of the stage before, or of the start."""
    if stage == JOINT and config.alignment is not None:
        network.load_state_dict(folder.load(ALIGNMENT)["average"])
    elif start is not None:
        mine = network.state_dict()
        taken = {name: t for name, t in start.items() if name in mine and t.shape == mine[name].shape}
        if not taken:
            raise CheckpointError(f"start: these weights have nothing in common with {config.model}")
        network.load_state_dict(taken, strict=False)


def _picture(learner: Learner, step: int, pairs: PhotoPairs, run: Path, stage: str) -> None:
    """Draw what the network takes for the same point, if it compares any."""
    assert isinstance(learner, PairModel)
    on = next(learner.parameters()).device
    batch = make_batch(pairs, 0, Share(_PICTURED))
    features = learner.features({key: value.to(on) for key, value in batch.items()})
    if features is not None:
        path = run / PICTURES / f"{stage}-{step:06d}.jpg"
        write_matches(path, expanded(batch), features.query.cpu(), features.views.cpu())


def _trained(plan: PairRecipe, folder: RunFolder) -> nn.Module:
    """The averaged network of a finished run."""
    network = plan.build().network
    network.load_state_dict(folder.load(JOINT)["average"])
    return network
