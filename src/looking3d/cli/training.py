"""Commands that train, evaluate and hand out detectors."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console

from looking3d.cli.console import progress_bar, terminal_table
from looking3d.errors import ConfigError


def train(
    data: Annotated[tuple[Path, ...], tyro.conf.arg(help="Datasets made by `looking3d generate`.")],
    out: Annotated[Path, tyro.conf.arg(help="Folder of the run; an unfinished one goes on.")],
    preset: Annotated[str, tyro.conf.arg(help="How to train: align, or align-tiny to try it out.")] = "align",
    stages: Annotated[
        tuple[str, ...],
        tyro.conf.arg(help="Networks to train now. Two processes may train different ones in one run."),
    ] = ("foreground", "camera", "compare"),
    max_minutes: Annotated[
        float, tyro.conf.arg(help="Stop after this long; the same command goes on.")
    ] = math.inf,
    workers: Annotated[int, tyro.conf.arg(help="Processes that prepare batches; 0: this one.")] = 0,
    threads: Annotated[int, tyro.conf.arg(help="Threads of the network on the CPU.")] = 1,
    device: Annotated[str, tyro.conf.arg(help="cpu or cuda.")] = "cpu",
    start: Annotated[
        str,
        tyro.conf.arg(
            help="Weights to start from, where they fit: `align`, a finished run's folder, or a .safetensors "
            "file; by default from nothing."
        ),
    ] = "",
    seed: Annotated[int, tyro.conf.arg(help="Decides first weights and every batch.")] = 0,
) -> int:
    """Train the align detector: foreground, camera and compare networks, one after the other."""
    import torch

    if threads < 1:
        raise ConfigError(f"threads: expected at least 1, got {threads}")
    from looking3d.dataset.load import Dataset
    from looking3d.model.checkpoint import find_weights, read_weights
    from looking3d.training.curves import write_curves
    from looking3d.training.loop import preset as find_preset
    from looking3d.training.loop import train_detector

    weights = find_weights(start) if start else None
    if weights is not None and weights.suffix != ".safetensors":
        raise ConfigError(f"start: {weights} is an export; give the weights that it was made of")
    digest = "" if weights is None else hashlib.sha256(weights.read_bytes()).hexdigest()
    config = dataclasses.replace(find_preset(preset), seed=seed, start=digest)
    torch.set_num_threads(threads)
    console = Console()

    def on_log(stage: str, step: int, steps: int, row: dict[str, float]) -> None:
        values = "  ".join(f"{key} {value:.4g}" for key, value in row.items())
        console.print(f"{stage} {step}/{steps}  {values}", highlight=False, soft_wrap=True)

    try:
        results = train_detector(
            [Dataset.open(path) for path in data],
            out,
            config,
            stages,
            max_minutes,
            workers,
            device,
            None if weights is None else read_weights(weights),
            on_log,
        )
    finally:
        if out.is_dir():
            write_curves(out)
    unfinished = [result for result in results if not result.finished]
    if unfinished:
        console.print(f"{unfinished[0].stage} stopped at step {unfinished[0].step}; the same command goes on")
    elif (out / "weights.safetensors").is_file():
        console.print(f"weights: {out / 'weights.safetensors'}; curves: {out / 'curves.png'}")
    else:
        console.print("these stages are done; the weights are written once every stage is")
    return 0


def evaluate(
    data: Annotated[Path, tyro.conf.arg(help="A dataset made by `looking3d generate`.")],
    out: Annotated[
        Path,
        tyro.conf.arg(help="Folder for predictions.parquet, metrics.json, curves.png and scores.html."),
    ],
    weights: Annotated[
        str, tyro.conf.arg(help="A run's folder, a .safetensors file, an export for ONNX, or `align`.")
    ] = "align",
    split: Annotated[str, tyro.conf.arg(help="train, val, test or all.")] = "test",
    camera: Annotated[
        Literal["estimated", "true", "disturbed"],
        tyro.conf.arg(
            help="What the detector gets besides photo and mesh: `estimated`, nothing; `true`, each photo's "
            "camera, as an upper bound; `disturbed`, that camera off as the estimator leaves it."
        ),
    ] = "estimated",
    reframe: Annotated[
        float,
        tyro.conf.arg(
            help="Crop or pad the photos, and move their object off the middle, by up to this share of "
            "their width, 0 to 0.5."
        ),
    ] = 0.0,
    seed: Annotated[int, tyro.conf.arg(help="Decides how cameras and frames are off.")] = 0,
    workers: Annotated[int, tyro.conf.arg(help="Processes; they change no digit.")] = 1,
) -> int:
    """Judge every photo of a split from photo and mesh alone, and score the answers.

    How well anomalies are told (AUROC with 95 % intervals: over all, by kind, by size, by elevation, by
    family and more), where they are (pixels, boxes, parts), and how well the camera is found.
    docs/evaluation.md defines every figure.
    """
    from looking3d.dataset.load import Dataset
    from looking3d.evaluation.config import EvaluationConfig
    from looking3d.evaluation.predict import predict
    from looking3d.evaluation.predictions import load_predictions, load_settings
    from looking3d.evaluation.report import write_report
    from looking3d.evaluation.score import score

    config = EvaluationConfig(camera, reframe, seed)
    dataset = Dataset.open(data)
    with progress_bar() as progress:
        bar = progress.add_task("shapes", total=None)
        path = predict(
            weights,
            dataset,
            split,
            out,
            config,
            workers,
            lambda done, total: progress.update(bar, completed=done, total=total),
        )
    predictions = load_predictions(path)
    figures = score(predictions)
    page = write_report(figures, predictions, load_settings(path), out)
    _print_scores(figures, page)
    return 0


def _print_scores(figures: dict, page: Path) -> None:
    from looking3d.evaluation.tables import tables

    console = Console()
    console.print(f"{figures['photos']} photos of {figures['shapes']} shapes", highlight=False)
    for content in tables(figures):
        console.print(terminal_table(content))
    console.print(f"page: {page}", highlight=False, soft_wrap=True)


def export(
    run: Annotated[
        Path,
        tyro.conf.Positional,
        tyro.conf.arg(help="Folder of a training run, a .safetensors file, or `align`."),
    ],
    out: Annotated[Path, tyro.conf.arg(help="The .safetensors file to write; of onnx and torch, a folder.")],
    format: Annotated[
        Literal["safetensors", "onnx", "torch"],
        tyro.conf.arg(help="Weights for looking3d; graphs for ONNX Runtime; programs for PyTorch."),
    ] = "safetensors",
    reference: Annotated[
        Path | None,
        tyro.conf.arg(
            help="With onnx and torch: a 3D model to write beside them; with --gallery, an id in it."
        ),
    ] = None,
    gallery: Annotated[Path | None, tyro.conf.arg(help="A gallery made by `looking3d enrol`.")] = None,
    up: Annotated[str | None, tyro.conf.arg(help="The model's axis that points up, y by default.")] = None,
    unfinished: Annotated[bool, tyro.conf.arg(help="Take the checkpoints as they are.")] = False,
    half: Annotated[bool, tyro.conf.arg(help="Store 16-bit numbers in .safetensors: half the size.")] = True,
) -> int:
    """Write the weights of a training run as one small file, or as graphs for another runtime."""
    import torch

    from looking3d.inspection.by_reference import find_reference
    from looking3d.model.checkpoint import load_detector, save_weights
    from looking3d.model.export.write import write_export
    from looking3d.training.loop import assemble, steps_done

    if format == "safetensors" and (reference, gallery) != (None, None):
        raise ConfigError("weights have no reference; pass --format onnx or torch, or leave it away")
    detector = assemble(run) if unfinished else load_detector(run)
    if format == "safetensors":
        dtype = torch.float16 if half else torch.float32
        save_weights(detector, out, dtype, {"steps": steps_done(run)})
        files = [out]
    else:
        found = find_reference(reference, gallery, up)
        files = write_export(detector, out, format, None if found is None else found.raycaster)
    for file in files:
        Console().print(f"{file}: {file.stat().st_size / 1e6:.1f} MB", highlight=False, soft_wrap=True)
    return 0
