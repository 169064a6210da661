"""The paper's tables 2 and 3 at a scale that this machine affords: data, training, evaluation, page.

Generates chairs with odd references, trains every row with `looking3d train`, judges the held-out shapes
with `looking3d evaluate`, and puts the rows side by side with `looking3d tables`. Each row is a process of
its own, and so many at a time. Whatever was done is not done again: run it as often as time allows, with
`--max-minutes` to stop by the clock.

    python benchmarks/tables/reproduce.py --out tables --max-minutes 120
    python benchmarks/tables/reproduce.py --out tables --scale gpu --device cuda
    python benchmarks/tables/reproduce.py --out tables --rows --page docs/RESULTS.md

The last trains nothing more, and writes the page of what there is. The pages to look at besides are
tables/tables.html and each row's scores.html; `looking3d runs tables/runs` tells how far training has got.
"""

from __future__ import annotations

import math
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile
from typing import Literal

import tyro
from results_page import results_page, spent
from rich.console import Console

from looking3d.evaluation.runs import Run, open_run
from looking3d.files import write_whole

console = Console()


@dataclass(frozen=True)
class Scale:
    """How much is done.

    Attributes:
        shapes: Chairs; 80 % to train on, 5 % to validate on, 15 % to test on.
        photos: Of each.
        image_px, views_px: Sizes.
        suffix: Of the models' names.
        batches: Steps of each row.
        batch: Photos of a step.
    """

    shapes: int
    photos: int
    image_px: int
    views_px: int
    suffix: str
    batches: int
    batch: int


SCALES = {
    "laptop": Scale(1000, 16, 160, 128, "-small", 800, 32),
    "gpu": Scale(4000, 20, 288, 256, "", 31_250, 32),
}
"""`laptop`: 26,000 photos a row, about 25 minutes of a core each. `gpu`: a million photos a row."""


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Attributes:
        name: What the table calls it.
        model: What `looking3d train` calls it, without the scale's suffix; "" is `align` as it ships.
        options: Further ones.
    """

    name: str
    model: str
    options: tuple[str, ...] = ()


ROWS = (
    Row("ResNet18-FPN", "resnet18-fpn"),
    Row("ResNet18-FPN, SA blocks", "resnet18-fpn-sa"),
    Row("ViT", "vit"),
    Row("LFD", "lfd"),
    Row("Lin et al.", "cmic"),
    Row("A: CMT without CGA, VLFA, 3DPE", "cmt-a"),
    Row("B: CMT without VLFA, 3DPE", "cmt-b"),
    Row("C: CMT without CGA, 3DPE", "cmt-c"),
    Row("D: CMT without 3DPE", "cmt-d"),
    Row("CMT", "cmt"),
    Row("CMT, query-view alone", "cmt", ("--alignment-terms", "query-view")),
    Row("CMT, view-view alone", "cmt", ("--alignment-terms", "view-view")),
    Row("CMT, no alignment", "cmt", ("--alignment-terms", "none")),
    Row("CMT, 2 views in training", "cmt", ("--views", "2")),
    Row("CMT to the letter", "cmt-letter"),
    Row("CMT plus", "cmt-plus"),
    Row("ViT, boxes", "vit-box"),
    Row("ResNet18, viewpoint", "resnet18-viewpoint"),
    Row("Align", ""),
)


_CANDIDATES = tuple(("--top-k", k) for k in ("1", "5", "100", "all"))
_VIEWS = tuple(("--views", views) for views in ("2", "5", "20"))

SENSITIVITY = {"cmt": (*_CANDIDATES, *_VIEWS), "cmt-2": _VIEWS}
"""How the rows of figure 7 are tested besides, by their folders."""

NOTES = Path(__file__).with_name("notes.md")
"""Why the rows are as they are at the scale of a laptop; goes into its page."""

SHOWN = ("resnet18-fpn", "cmt", "cmt-plus", "align")
"""Folders of the rows whose figures are drawn."""


@dataclass(frozen=True)
class Settings:
    """What to do."""

    out: Path
    """Folder of data, runs, scores and tables."""

    scale: Literal["laptop", "gpu"] = "laptop"
    """How much."""

    rows: tuple[str, ...] | None = None
    """Folders of the rows to do now, as `cmt` or `cmt-none`; by default all."""

    page: Path | None = None
    """Write the page of the rows that are done, .md; its pictures go to images/results beside it."""

    at_a_time: int = 2
    """Rows that are trained at once."""

    device: str = "cpu"
    """Of the networks."""

    workers: int = 0
    """Processes of each training that prepare batches."""

    max_minutes: float = math.inf
    """Stop training after this long."""

    seed: int = 0
    """Of all trainings."""


def main(settings: Settings) -> None:
    """Do what is left to do."""
    deadline = time.monotonic() + 60 * settings.max_minutes
    scale = SCALES[settings.scale]
    data = settings.out / "data"
    command("generate", *data_options(scale), "--out", data, "--workers", settings.at_a_time)
    rows = [row for row in ROWS if settings.rows is None or slug(row) in settings.rows]
    with ThreadPoolExecutor(settings.at_a_time) as pool:
        done = list(pool.map(lambda row: do_row(row, settings, scale, data, deadline), rows))
    finished = [row for row in ROWS if judged(scores_of(row, settings))]
    waiting = [row.name for row, good in zip(rows, done, strict=True) if not good]
    if finished:
        runs, tested = opened(finished, settings)
        command("tables", *(f"{run.name}={run.path}" for run in [*runs, *tested]), "--out", settings.out)
        if settings.page is not None:
            write_page(settings, settings.page, scale, data, finished, runs, tested)
    if waiting:
        console.print(f"not done yet: {', '.join(waiting)}; the same command goes on", soft_wrap=True)


def data_options(scale: Scale) -> list[str]:
    """Chairs as the paper photographs them, a third of the references odd themselves."""
    return [
        *("--shapes", "chair", "--renderer", "preview", "--odd-reference-share", "0.35", "--seed", "11"),
        *(
            "--count",
            str(scale.shapes),
            "--photos-per-shape",
            str(scale.photos),
            "--split",
            "0.8",
            "0.05",
            "0.15",
        ),
        *("--image-px", str(scale.image_px), "--views-px", str(scale.views_px)),
    ]


def do_row(row: Row, settings: Settings, scale: Scale, data: Path, deadline: float) -> bool:
    """Train and judge a row; False if time ran out first."""
    run = settings.out / "runs" / slug(row)
    if row.model and not (run / "weights.safetensors").is_file():
        minutes = (deadline - time.monotonic()) / 60
        if minutes <= 0:
            return False
        command("train", *train_options(row, settings, scale), "--data", data, "--out", run,
                "--max-minutes", minutes, log=run.with_suffix(".log"))  # fmt: skip
        if not (run / "weights.safetensors").is_file():
            return False
    weights, scores = run if row.model else "align", scores_of(row, settings)
    evaluate(data, weights, scores, "--validation", "split")
    for options in SENSITIVITY.get(slug(row), ()):
        evaluate(data, weights, varied(scores, options), *options)
    return True


def evaluate(data: Path, weights: Path | str, scores: Path, *options: str) -> None:
    """Judge the held-out shapes, unless that was done."""
    if not judged(scores):
        command("evaluate", "--data", data, "--weights", weights, "--out", scores, *options,
                log=scores.with_suffix(".log"))  # fmt: skip


def judged(scores: Path) -> bool:
    """Whether the folder holds figures."""
    return (scores / "metrics.json").is_file()


def varied(scores: Path, options: tuple[str, ...]) -> Path:
    """Where the figures of a row are that is tested with another k or number of views."""
    return scores.with_name("-".join([scores.name, *(text.removeprefix("--") for text in options)]))


def opened(finished: list[Row], settings: Settings) -> tuple[list[Run], list[Run]]:
    """The rows as evaluated runs, and those tested with another k or number of views."""
    runs = [open_run(f"{row.name}={scores_of(row, settings)}") for row in finished]
    tested: list[Run] = []
    for row in finished:
        for options in SENSITIVITY.get(slug(row), ()):
            scores = varied(scores_of(row, settings), options)
            tested += [open_run(f"{row.name}, {' '.join(options)}={scores}")] if judged(scores) else []
    return runs, tested


def write_page(
    settings: Settings,
    page: Path,
    scale: Scale,
    data: Path,
    finished: list[Row],
    runs: list[Run],
    tested: list[Run],
) -> None:
    """Write the page of what there is, with the paper's figures 5, 6 and 7."""
    images = page.parent / "images" / "results"
    pictures = {"figure-7.png": settings.out / "sensitivity.png"}
    for row in (row for row in finished if slug(row) in SHOWN):
        drawn = settings.out / "figures" / slug(row)
        command("figures", scores_of(row, settings), "--data", data, "--out", drawn)
        for name in ("qualitative", "attention", "matches"):
            pictures[f"{slug(row)}-{name}.png"] = drawn / f"{name}.png"
    for name, path in pictures.items():
        if path.is_file():
            images.mkdir(parents=True, exist_ok=True)
            copyfile(path, images / name)
    shown = [f"images/results/{name}" for name, path in pictures.items() if path.is_file()]
    times = {row.name: spent(settings.out / "runs" / slug(row), scale.batch) for row in finished}
    told = (
        f"{scale.shapes} chairs of {scale.photos} photos at {scale.image_px} px, a third of the references "
        f"odd themselves, 80 % of them to train on and 15 % held out; {scale.batches} steps of {scale.batch} "
        "photos for each row."
    )
    waiting = [row.name for row in ROWS if row not in finished]
    notes = NOTES.read_text() if settings.scale == "laptop" else ""
    write_whole(page, results_page(runs, tested, times, waiting, told, shown, notes).encode())
    console.print(f"page: {page}")


def train_options(row: Row, settings: Settings, scale: Scale) -> list[str]:
    """All rows see the same photos as often, at one learning rate."""
    return [
        *("--model", row.model + scale.suffix, "--seed", str(settings.seed)),
        *("--steps", str(scale.batches), "--batch", str(scale.batch), "--photos-per-reference", "8"),
        *(() if "--views" in row.options else ("--views", "5")),
        *row.options,
        *("--learning-rate", "1e-3", "--clip", "5", "--precision", "bf16"),
        *("--device", settings.device, "--workers", str(settings.workers)),
        *("--cache", str(settings.out / "references")),
    ]


def slug(row: Row) -> str:
    """A row's folder."""
    return "-".join(
        [row.model or "align", *(option for option in row.options if not option.startswith("--"))]
    )


def scores_of(row: Row, settings: Settings) -> Path:
    """Where a row's figures are."""
    return settings.out / "scores" / slug(row)


def command(*arguments: object, log: Path | None = None) -> None:
    """Run looking3d; what it says goes to the terminal, or to a log."""
    words = [sys.executable, "-m", "looking3d", *map(str, arguments)]
    console.print("looking3d", *words[3:], soft_wrap=True, highlight=False)
    if log is None:
        subprocess.run(words, check=True)
        return
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as file:
        subprocess.run(words, check=True, stdout=file, stderr=file)


if __name__ == "__main__":
    main(tyro.cli(Settings))
