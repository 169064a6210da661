"""Commands that train, evaluate and hand out detectors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console

from looking3d.cli.console import progress_bar, terminal_table
from looking3d.errors import ConfigError


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
    from looking3d.training.train_align import assemble, steps_done

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
