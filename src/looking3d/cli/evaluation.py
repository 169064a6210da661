"""Commands that test detectors, and put what came of it side by side."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console

from looking3d.cli.console import print_table, progress_bar
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
    seed: Annotated[int, tyro.conf.arg(help="Decides how cameras, frames and focal lengths are off.")] = 0,
    framing: Annotated[
        Literal["photo", "object"],
        tyro.conf.arg(
            help="What a network of photo and views sees: the whole photo, as in training, or the window "
            "around its object that `looking3d inspect` shows it."
        ),
    ] = "photo",
    views: Annotated[
        int | None, tyro.conf.arg(help="Views of the reference; by default what the network's settings say.")
    ] = None,
    top_k: Annotated[
        int | Literal["all"] | None,
        tyro.conf.arg(
            help="Reference patches that CMT lets a patch attend to; by default what its settings say."
        ),
    ] = None,
    foreground: Annotated[
        Literal["network", "auto", "plain", "grabcut", "rembg", "mask"],
        tyro.conf.arg(
            help="How align finds the object: by its own network, or in a way of `looking3d inspect`, whose "
            "default is auto; `mask`: it is told, as an upper bound."
        ),
    ] = "network",
    focal_error: Annotated[
        float | None,
        tyro.conf.arg(
            help="Tell align the focal length of each photo, as EXIF tells it to `looking3d inspect`, too "
            "long or too short by this share, 0 to 0.5; by default it is not told."
        ),
    ] = None,
    validation: Annotated[
        str,
        tyro.conf.arg(
            help="Photos that a second threshold is chosen on: `split`, which judges the val split first; "
            "predictions of this detector that are there already; or `none`."
        ),
    ] = "none",
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
    from looking3d.evaluation.report import write_report
    from looking3d.evaluation.runs import VALIDATION, Run, predictions_in

    config = EvaluationConfig(camera, reframe, seed, framing, views, top_k, foreground, focal_error)
    dataset = Dataset.open(data)

    def judge(split: str, out: Path) -> Path:
        with progress_bar() as progress:
            bar = progress.add_task(f"shapes of {split}", total=None)
            return predict(
                weights,
                dataset,
                split,
                out,
                config,
                workers,
                lambda done, total: progress.update(bar, completed=done, total=total),
            )

    if validation == "split":
        judge("val", out / VALIDATION)
    run = Run(out.name, judge(split, out))
    if validation != "split":
        run.hold_validation(None if validation == "none" else predictions_in(Path(validation)))
    figures = run.figures
    page = write_report(figures, run.predictions, run.settings, out)
    _print_scores(figures, page)
    return 0


def compare(
    first: Annotated[str, tyro.conf.Positional, tyro.conf.arg(help="Folder of an evaluated run.")],
    second: Annotated[str, tyro.conf.Positional, tyro.conf.arg(help="Of another, on the same photos.")],
    seed: Annotated[int, tyro.conf.arg(help="Decides which shapes are drawn.")] = 0,
    as_json: Annotated[bool, tyro.conf.arg(name="json", help="Print JSON instead of a table.")] = False,
) -> int:
    """Tell whether one run is better than another on the same photos, by a paired bootstrap over shapes."""
    from looking3d.evaluation.compare import compare as differences
    from looking3d.evaluation.runs import open_run
    from looking3d.evaluation.tables import difference_table

    runs = [open_run(text) for text in (first, second)]
    found = differences(runs[0].predictions, runs[1].predictions, seed)
    if as_json:
        rows = {name: dataclasses.asdict(row) for name, row in found.items()}
        sys.stdout.write(json.dumps(rows, indent=1) + "\n")
    else:
        print_table(difference_table(found, runs[0].name, runs[1].name))
    return 0


def tables(
    runs: Annotated[
        tuple[str, ...],
        tyro.conf.Positional,
        tyro.conf.arg(help="Folders of evaluated runs, one a row, each FOLDER or NAME=FOLDER."),
    ],
    out: Annotated[Path, tyro.conf.arg(help="Folder for tables.md, .tex, .csv, and tables.html.")],
    against: Annotated[
        str, tyro.conf.arg(help="The name of the run that all others are held against; none by default.")
    ] = "",
    seed: Annotated[int, tyro.conf.arg(help="Decides which shapes are drawn.")] = 0,
) -> int:
    """Put evaluated runs into the paper's tables 2 and 3 and figure 7, with intervals and differences."""
    from looking3d.evaluation.papers_tables import papers_tables
    from looking3d.evaluation.runs import open_runs
    from looking3d.evaluation.tables_files import write_tables

    opened = open_runs(runs)
    made = papers_tables(opened, against, seed)
    for table in made:
        print_table(table)
    page = write_tables(made, opened, out)
    Console().print(f"page: {page}", highlight=False, soft_wrap=True)
    return 0


def _print_scores(figures: dict, page: Path) -> None:
    from looking3d.evaluation.tables import tables

    console = Console()
    console.print(f"{figures['photos']} photos of {figures['shapes']} shapes", highlight=False)
    for table in tables(figures):
        print_table(table)
    console.print(f"page: {page}", highlight=False, soft_wrap=True)


def figures(
    run: Annotated[str, tyro.conf.Positional, tyro.conf.arg(help="Folder of an evaluated run.")],
    data: Annotated[Path, tyro.conf.arg(help="The dataset that it judged.")],
    out: Annotated[
        Path,
        tyro.conf.arg(
            help="Folder for qualitative.png, extremes.png, confusion.png, and of CMT matches.png and "
            "attention.png."
        ),
    ],
    count: Annotated[int, tyro.conf.arg(help="Photos of qualitative.png and of matches.png.")] = 12,
    extreme: Annotated[int, tyro.conf.arg(help="Best, middle and worst photos of extremes.png, each.")] = 20,
    photo: Annotated[
        str,
        tyro.conf.arg(
            help="SHAPE/PHOTO of attention.png, and the only one of matches.png; by default the first "
            "anomalous one, and as many as --count says."
        ),
    ] = "",
    at: Annotated[
        tuple[float, float] | None,
        tyro.conf.arg(
            help="The patch: x and y as fractions of the photo, made square; by default the anomaly's middle."
        ),
    ] = None,
) -> int:
    """Draw answers with errors marked, what kinds are taken for, matches, and what a patch attends to.

    The paper's figures 6 and 5 among them. Matches are of models that compare patches, attention of those
    that attend to the patches most alike.
    """
    from looking3d.dataset.load import Dataset
    from looking3d.evaluation.figures.attention import attention_of, chooses_patches
    from looking3d.evaluation.figures.confusion import confusion_picture
    from looking3d.evaluation.figures.extremes import extremes
    from looking3d.evaluation.figures.matches import compares_patches, matches_of
    from looking3d.evaluation.figures.qualitative import qualitative
    from looking3d.evaluation.runs import open_run
    from looking3d.files import write_whole

    for name, value in (("count", count), ("extreme", extreme)):
        if value < 1:
            raise ConfigError(f"{name}: expected at least 1, got {value}")
    if at is not None and not all(0 <= place <= 1 for place in at):
        raise ConfigError(f"at: expected x and y from 0 to 1, got {at[0]:g} {at[1]:g}")
    opened, dataset = open_run(run), Dataset.open(data)
    pictures = {
        "qualitative.png": qualitative(opened, dataset, count),
        "extremes.png": extremes(opened, dataset, extreme),
        "confusion.png": confusion_picture(opened.figures["taken_for"], opened.name),
    }
    if compares_patches(opened):
        pictures["matches.png"] = matches_of(opened, dataset, count, photo)
    if chooses_patches(opened):
        pictures["attention.png"] = attention_of(opened, dataset, photo, at)
    elif at is not None:
        raise ConfigError(f"at: {run} attends to no patches that are most alike; leave it away")
    for name, picture in pictures.items():
        write_whole(out / name, picture)
        Console().print(str(out / name), highlight=False, soft_wrap=True)
    return 0
