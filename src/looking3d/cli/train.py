"""The command that trains detectors."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro
from rich.console import Console
from rich.progress import TaskID

from looking3d.cli.console import print_table, progress_bar
from looking3d.errors import ConfigError, unknown_name

if TYPE_CHECKING:
    from looking3d.dataset.load import Dataset
    from looking3d.training.trainer import StageResult


def train(
    data: Annotated[tuple[Path, ...], tyro.conf.arg(help="Datasets made by `looking3d generate`.")],
    out: Annotated[Path, tyro.conf.arg(help="Folder of the run; an unfinished one goes on.")],
    model: Annotated[
        str,
        tyro.conf.arg(
            help="What to train: align, the default detector (align-tiny, to try it out); cmt, the paper's; "
            "cmt-a to cmt-d, its ablations; cmt-plus, with what was found to help; and others, which a wrong "
            "name lists. Most end in -small at the size of a laptop: cmt-small."
        ),
    ] = "align",
    stages: Annotated[
        tuple[str, ...],
        tyro.conf.arg(
            help="Of align: networks to train now. Two commands may train different ones in one run."
        ),
    ] = ("foreground", "camera", "compare"),
    alignment_steps: Annotated[
        int, tyro.conf.arg(help="Steps of the alignment loss alone, before all losses together.")
    ] = 0,
    alignment_terms: Annotated[
        Literal["", "both", "query-view", "view-view", "none"],
        tyro.conf.arg(
            help="What is aligned: photos with views, views with each other (the paper's table 3); by "
            "default as the model's recipe says."
        ),
    ] = "",
    views: Annotated[
        int | None, tyro.conf.arg(help="Views of the reference in training; by default the model's own.")
    ] = None,
    photos_per_reference: Annotated[
        int,
        tyro.conf.arg(
            help="Photos of a batch that share a shape and the views drawn of it, which the network then "
            "sees once for all of them: twice as fast."
        ),
    ] = 1,
    steps: Annotated[
        int | None,
        tyro.conf.arg(
            help="Optimiser steps, of align those of each network that --stages names; by default the "
            "model's own, as all that follows."
        ),
    ] = None,
    batch: Annotated[int | None, tyro.conf.arg(help="Photos that a process sees at once.")] = None,
    accumulate: Annotated[int | None, tyro.conf.arg(help="Batches that make one step.")] = None,
    learning_rate: Annotated[float | None, tyro.conf.arg(help="The highest, after warm-up.")] = None,
    warmup: Annotated[int | None, tyro.conf.arg(help="Steps of linear warm-up.")] = None,
    clip: Annotated[float | None, tyro.conf.arg(help="Largest norm of the gradient; inf: any.")] = None,
    ema: Annotated[float | None, tyro.conf.arg(help="Decay of the weights' running average.")] = None,
    validate_every: Annotated[int | None, tyro.conf.arg(help="Steps between validations.")] = None,
    precision: Annotated[
        Literal["fp32", "bf16"] | None, tyro.conf.arg(help="Of the network's arithmetic in training.")
    ] = None,
    strong_augmentation: Annotated[
        bool,
        tyro.conf.arg(help="Vary colour, noise, blur and compression too, not only framing and side."),
    ] = False,
    max_minutes: Annotated[
        float, tyro.conf.arg(help="Stop after this long; the same command goes on.")
    ] = math.inf,
    workers: Annotated[int, tyro.conf.arg(help="Processes that prepare batches; 0: this one.")] = 0,
    threads: Annotated[int, tyro.conf.arg(help="Threads of the network on the CPU.")] = 1,
    device: Annotated[str, tyro.conf.arg(help="cpu, cuda, or cuda:1 for a certain one.")] = "cpu",
    processes: Annotated[
        int,
        tyro.conf.arg(
            help="Processes that train together, each on a batch and a GPU of its own. Under torchrun or "
            "`fabric run` these say how many."
        ),
    ] = 1,
    cache: Annotated[
        Path | None,
        tyro.conf.arg(
            help="Folder for references as training wants them, which runs on the same data can share; by "
            "default in the run's. Not of align."
        ),
    ] = None,
    start: Annotated[
        str,
        tyro.conf.arg(
            help="Weights to start from, where they fit: `align`, a finished run's folder, or a .safetensors "
            "file; by default from nothing."
        ),
    ] = "",
    found_cameras: Annotated[
        bool,
        tyro.conf.arg(
            help="Of align: let the networks of camera and comparison see photos from cameras that the "
            "weights to start from find, with the errors of a search, and not only from true ones a little "
            "off. They are looked for first, in as many processes as --workers says."
        ),
    ] = False,
    seed: Annotated[int, tyro.conf.arg(help="Decides first weights and every batch.")] = 0,
) -> int:
    """Train a detector, or go on with a training that was stopped.

    The run's folder gets config.json (settings, versions, the data's fingerprints), a log and a checkpoint of
    each stage, curves.png, event files for `tensorboard --logdir RUN`, and in the end weights.safetensors.
    A run that was stopped or killed and goes on gives the same weights as one that was not.

    align has three networks, one after the other. Models of photo and views (docs/cmt.md) are trained by all
    their losses together, after `--alignment-steps` of the alignment loss alone. `looking3d runs` lists
    runs side by side.
    """
    import torch

    if threads < 1:
        raise ConfigError(f"threads: expected at least 1, got {threads}")
    from looking3d.dataset.load import Dataset
    from looking3d.training.curves import write_curves
    from looking3d.training.recipes import RECIPES
    from looking3d.training.train_align import PRESETS

    if model not in (legal := {**PRESETS, **RECIPES}):
        raise unknown_name("model", model, legal)
    torch.set_num_threads(threads)
    given = {
        "steps": steps,
        "batch": batch,
        "accumulate": accumulate,
        "learning_rate": learning_rate,
        "warmup": warmup,
        "clip": clip,
        "ema": ema,
        "validate_every": validate_every,
        "precision": precision,
    }
    pairing = _Pairing(alignment_steps, alignment_terms, views, photos_per_reference, strong_augmentation)
    changes = {name: value for name, value in given.items() if value is not None}
    limits = {
        "max_minutes": max_minutes,
        "workers": workers,
        "device": device,
        "processes": processes,
    }
    datasets = [Dataset.open(path) for path in data]
    console = Console()
    try:
        with _Lines(console) as lines:
            told = {**limits, "on_log": lines.on_log, "on_step": lines.on_step}
            if model in PRESETS:
                if pairing != _Pairing():
                    raise ConfigError(
                        f"{model} sees a drawing, no views; leave away --alignment-steps, --alignment-terms, "
                        "--views, --photos-per-reference and --strong-augmentation"
                    )
                results = _train_align(
                    datasets, out, model, stages, changes, start, found_cameras, seed, told
                )
            else:
                if found_cameras:
                    raise ConfigError(f"{model} looks for no cameras; leave away --found-cameras")
                told["cache"] = cache
                results = _train_pairs(datasets, out, model, changes, pairing, start, seed, told)
    finally:
        if out.is_dir():
            write_curves(out)
    _tell_end(console, out, results)
    return 0


@dataclasses.dataclass(frozen=True)
class _Pairing:
    """Settings of models of photo and views alone."""

    alignment_steps: int = 0
    alignment_terms: str = ""
    views: int | None = None
    photos_per_reference: int = 1
    strong_augmentation: bool = False


def _train_align(
    datasets: Sequence[Dataset],
    out: Path,
    model: str,
    stages: tuple[str, ...],
    changes: dict,
    start: str,
    found_cameras: bool,
    seed: int,
    told: dict,
) -> list[StageResult]:
    from looking3d.model.checkpoint import find_weights, read_weights
    from looking3d.training.train_align import preset, train_detector, with_changes

    weights = find_weights(start) if start else None
    if weights is not None and weights.suffix != ".safetensors":
        raise ConfigError(f"start: {weights} is an export; give the weights that it was made of")
    config = with_changes(preset(model), stages, changes)
    config = dataclasses.replace(config, seed=seed, start=_digest(weights), found_cameras=found_cameras)
    taken = None if weights is None else read_weights(weights)
    return train_detector(list(datasets), out, config, stages, start=taken, **told)


def _train_pairs(
    datasets: Sequence[Dataset],
    out: Path,
    model: str,
    changes: dict,
    pairing: _Pairing,
    start: str,
    seed: int,
    told: dict,
) -> list[StageResult]:
    from looking3d.model.checkpoint import find_weights
    from looking3d.model.networks import load_network
    from looking3d.training.augment import STRONG_AUGMENTATION, Augmentation
    from looking3d.training.recipes import recipe
    from looking3d.training.train_pairs import PairTrainConfig, train_pairs

    if pairing.alignment_steps < 0:
        raise ConfigError(f"alignment-steps: expected 0 or more, got {pairing.alignment_steps}")
    joint = dataclasses.replace(recipe(model).joint, **changes)
    first = dataclasses.replace(joint, steps=pairing.alignment_steps) if pairing.alignment_steps else None
    weights = find_weights(start) if start else None
    config = PairTrainConfig(
        model,
        joint,
        first,
        pairing.alignment_terms,
        STRONG_AUGMENTATION if pairing.strong_augmentation else Augmentation(),
        views=pairing.views,
        photos_per_reference=pairing.photos_per_reference,
        seed=seed,
        start=_digest(weights),
    )
    taken = None if weights is None else load_network(weights).state_dict()
    return train_pairs(list(datasets), out, config, start=taken, **told)


def _digest(weights: Path | None) -> str:
    return "" if weights is None else hashlib.sha256(weights.read_bytes()).hexdigest()


class _Lines:
    """Prints rows of the log, over a bar with what was validated last."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._progress = progress_bar(console)
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> _Lines:
        self._progress.__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        self._progress.__exit__(None, None, None)

    def on_step(self, stage: str, step: int, steps: int) -> None:
        if stage not in self._bars:
            self._bars[stage] = self._progress.add_task(stage, total=steps)
        self._progress.update(self._bars[stage], completed=step)

    def on_log(self, stage: str, step: int, steps: int, row: dict[str, float]) -> None:
        values = "  ".join(f"{key} {value:.4g}" for key, value in row.items())
        self.console.print(f"{stage} {step}/{steps}  {values}", highlight=False, soft_wrap=True)
        trained = stage.removesuffix(" val")
        if trained != stage and trained in self._bars and "auroc" in row:
            described = f"{trained}, AUROC {row['auroc']:.3f} on val"
            self._progress.update(self._bars[trained], description=described)


def _tell_end(console: Console, out: Path, results: Sequence[StageResult]) -> None:
    unfinished = [result for result in results if not result.finished]
    if unfinished:
        console.print(f"{unfinished[0].stage} stopped at step {unfinished[0].step}; the same command goes on")
    elif (out / "weights.safetensors").is_file():
        console.print(f"weights: {out / 'weights.safetensors'}; curves: {out / 'curves.png'}", soft_wrap=True)
    else:
        console.print("these stages are done; the weights are written once every stage is")


def runs(
    folders: Annotated[
        tuple[Path, ...],
        tyro.conf.Positional,
        tyro.conf.arg(help="Folders of runs, or folders that hold some."),
    ],
    json: Annotated[bool, tyro.conf.arg(help="Print JSON.")] = False,
) -> int:
    """List training runs side by side, those that are still training too."""
    import json as encoder

    from looking3d.evaluation.tables import Table
    from looking3d.training.runs import find_runs, summarize

    if not folders:
        raise ConfigError("folders: expected at least one folder of a run")
    summaries = [summarize(run) for run in find_runs(folders)]
    console = Console()
    if not console.is_terminal:
        console.width = 160  # a table in a file has room
    if json:
        console.out(encoder.dumps([summary.as_json() for summary in summaries], indent=1), highlight=False)
        return 0
    heads = ("run", "model", "seed", "stage", "steps", "loss", "AUROC", "best", "photos/s")
    rows: list[tuple[str, ...]] = []
    for summary in summaries:
        named = (summary.run.name, summary.model, str(summary.seed))
        for stage in summary.stages:
            best = f"{stage.best_auroc:.3f} at {stage.best_step}" if stage.best_step else "-"
            figures = (stage.loss, stage.auroc, stage.photos_per_second)
            loss, auroc, speed = ("-" if value != value else f"{value:.4g}" for value in figures)
            rows.append((*named, stage.stage, f"{stage.step}/{stage.steps}", loss, auroc, best, speed))
            named = ("", "", "")
    print_table(Table("run", heads, rows), console)
    console.print("AUROC is of the validation split; --json tells data and folders, too")
    return 0
