"""The command line: one thin command a stage. Errors are caught here, once."""

from __future__ import annotations

import dataclasses
import json
import math
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Annotated, Literal

import tyro
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from looking3d.dataset.build import BuildReport
from looking3d.dataset.engine import Limits
from looking3d.dataset.recipe import Recipe
from looking3d.errors import ConfigError, DatasetError, Looking3DError, PhotoError

INTERRUPTED = 130
"""Exit code after Ctrl-C."""

_messages = Console(stderr=True)


def generate(
    out: Annotated[
        str, tyro.conf.arg(help="Folder or URL (s3://...) of the dataset; an unfinished one is completed.")
    ],
    recipe: Annotated[Recipe, tyro.conf.arg(name="")] = Recipe(),  # noqa: B008 - frozen
    workers: Annotated[int, tyro.conf.arg(help="Processes; they do not change the bytes.")] = 1,
    engine: Annotated[
        Literal["local", "ray"], tyro.conf.arg(help="Where they run: this machine, or a Ray cluster.")
    ] = "local",
    address: Annotated[
        str, tyro.conf.arg(help="The Ray cluster, or `auto`; by default Ray is started here.")
    ] = "",
    limits: Annotated[Limits, tyro.conf.arg(name="")] = Limits(),  # noqa: B008 - frozen
    resume: Annotated[
        bool, tyro.conf.arg(help="Go on with a dataset that is there; --no-resume refuses it.")
    ] = True,
    dry_run: Annotated[bool, tyro.conf.arg(help="Only say what it would cost.")] = False,
) -> int:
    """Generate a labelled dataset of photos with and without anomalies from part-based shapes."""
    from looking3d.dataset.build import build_dataset
    from looking3d.dataset.contact_sheet import write_contact_sheet
    from looking3d.dataset.engine import LocalEngine
    from looking3d.dataset.load import Dataset
    from looking3d.dataset.ray_engine import RayEngine
    from looking3d.dataset.storage import open_store
    from looking3d.render.assets import summary

    if workers < 1:
        raise ConfigError(f"workers: expected at least 1, got {workers}")
    if address and engine != "ray":
        raise ConfigError("address: is for --engine ray")
    if dry_run:
        return _print_cost(recipe, workers)
    if not resume and not open_store(out).is_empty():
        raise DatasetError(f"{out}: is not empty; choose another --out, or leave --no-resume away")
    for line in summary(recipe.find_assets()):
        _messages.print(line, soft_wrap=True, highlight=False, markup=False)
    runner = LocalEngine(workers, limits) if engine == "local" else RayEngine(address, workers, limits)
    with _progress() as progress:
        bar = progress.add_task("shapes", total=None)
        report = build_dataset(
            recipe, out, runner, lambda done, total: progress.update(bar, completed=done, total=total)
        )
    _print_build(report, recipe)
    if "://" in out:
        Console().print(f"to use it, copy {out} to a folder", soft_wrap=True)
    else:
        sheet = write_contact_sheet(Dataset.open(out), Path(out) / "contact_sheet.jpg")
        Console().print(f"look at {sheet}")
    return Looking3DError.exit_code if report.failed else 0


def _print_build(report: BuildReport, recipe: Recipe) -> None:
    console = Console(soft_wrap=True, highlight=False)
    console.print(
        f"{report.photos} photos of {report.shapes} shapes in {report.where} ({report.built} shapes new)"
    )
    console.print("kinds: " + ", ".join(f"{kind} {count}" for kind, count in sorted(report.kinds.items())))
    asked = report.shapes * recipe.photos_per_shape
    if report.photos < asked:
        console.print(f"{asked - report.photos} photos short: no draw of an anomaly could be seen")
    if report.rejections:
        refused = ", ".join(f"{reason} {count}" for reason, count in sorted(report.rejections.items()))
        console.print(f"draws refused: {refused}")
    for shape, reason in report.refused.items():
        console.print(f"left out: {shape}: {reason}", markup=False)
    for reason, count in report.losses.items():
        console.print(f"workers lost: {count} ({reason})")
    if report.peak_bytes:
        console.print(f"most memory that a worker held: {report.peak_bytes / 1e9:.2f} GB")
    for shape, reason in report.failed.items():
        _print_error(f"{shape}: {reason}, each time; the same command tries again")


def _print_cost(recipe: Recipe, workers: int) -> int:
    from looking3d.dataset.cost import estimate

    cost = estimate(recipe)
    hours = cost.worker_hours / workers
    time = f"{hours:.1f} hours" if hours >= 1 else f"{60 * hours:.1f} minutes"
    size = f"{cost.gigabytes:.1f} GB" if cost.gigabytes >= 1 else f"{1000 * cost.gigabytes:.0f} MB"
    Console(highlight=False).print(
        f"{cost.shapes} shapes, {cost.photos} photos and {cost.views} reference views: about {time} with "
        f"{workers} workers, {size} (from {cost.sampled} shapes built to measure; nothing was kept)",
        soft_wrap=True,
    )
    return 0


def convert(
    data: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(help="A dataset of either layout.")],
    to: Annotated[
        Literal["brokenchairs", "coco", "webdataset"],
        tyro.conf.arg(help="The published layout, COCO instances, or tar shards."),
    ],
    out: Annotated[Path, tyro.conf.arg(help="Folder of the result; an unfinished one is completed.")],
    workers: Annotated[int, tyro.conf.arg(help="Processes; they do not change the bytes.")] = 1,
) -> int:
    """Write a dataset in another layout: the published one, COCO, or WebDataset shards."""
    from looking3d.dataset.conversion import convert as write
    from looking3d.dataset.load import Dataset

    dataset = Dataset.open(data)
    with _progress() as progress:
        bar = progress.add_task("shapes", total=None)
        write(
            dataset, to, out, workers, lambda done, total: progress.update(bar, completed=done, total=total)
        )
    Console().print(f"{len(dataset.samples)} photos in {out}", highlight=False, soft_wrap=True)
    return 0


def statistics(
    data: Annotated[
        tuple[Path, ...],
        tyro.conf.Positional,
        tyro.conf.arg(help="Datasets of either layout, taken together."),
    ],
    html: Annotated[Path, tyro.conf.arg(help="The page to write: contact sheets and histograms.")] = Path(
        "statistics.html"
    ),
) -> int:
    """Count shapes, photos and views by kind, look for shapes in two splits, and write a page."""
    from looking3d.dataset.leaks import find_leaks
    from looking3d.dataset.load import Dataset
    from looking3d.dataset.statistics import rejections, table_1
    from looking3d.dataset.statistics_page import write_page

    if not data:
        raise ConfigError("no datasets; name at least one")
    datasets = [Dataset.open(path) for path in data]
    with _progress() as progress:
        bar = progress.add_task("shapes", total=None)
        leaks = find_leaks(datasets, lambda done, total: progress.update(bar, completed=done, total=total))
    rows = table_1(datasets)
    table = Table(title="by kind, as the paper's table 1")
    for column in ("", "shapes", "images", "views \\[min, max, median]"):
        table.add_column(column, justify="right" if column else "left")
    for row in rows:
        views = "\\[{}, {}, {:g}]".format(*row.views)
        table.add_row(row.name, f"{row.shapes:,}", f"{row.images:,}", views)
    console = Console()
    console.print(table)
    refused = rejections(datasets)
    if refused:
        listed = ", ".join(f"{reason} {count}" for reason, count in refused.items())
        console.print(f"draws refused: {listed}", highlight=False)
    write_page(datasets, leaks, html)
    console.print(f"look at {html}", highlight=False, soft_wrap=True)
    if not leaks:
        console.print("no shape is in two splits")
    for leak in leaks:
        _print_error(f"the splits leak, {leak}")
    return Looking3DError.exit_code if leaks else 0


def validate(
    data: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(help="A dataset of either layout.")],
    workers: Annotated[int, tyro.conf.arg(help="Processes.")] = 1,
) -> int:
    """Check every file of a dataset against its manifest; exit code 2 if anything is wrong."""
    from looking3d.dataset.validate import validate as check

    with _progress() as progress:
        bar = progress.add_task("shapes", total=None)
        problems = check(data, workers, lambda done, total: progress.update(bar, completed=done, total=total))
    for problem in problems:
        _print_error(str(problem))
    Console().print(f"{data}: {len(problems)} problems" if problems else f"{data}: every file is right")
    return Looking3DError.exit_code if problems else 0


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
    seed: Annotated[int, tyro.conf.arg(help="Decides first weights and every batch.")] = 0,
) -> int:
    """Train the align detector: foreground, camera and compare networks, one after the other."""
    import torch

    if threads < 1:
        raise ConfigError(f"threads: expected at least 1, got {threads}")
    from looking3d.dataset.load import Dataset
    from looking3d.training.curves import write_curves
    from looking3d.training.loop import preset as find_preset
    from looking3d.training.loop import train_detector

    config = dataclasses.replace(find_preset(preset), seed=seed)
    torch.set_num_threads(threads)
    console = Console()

    def on_log(stage: str, step: int, steps: int, row: dict[str, float]) -> None:
        values = "  ".join(f"{key} {value:.4g}" for key, value in row.items())
        console.print(f"{stage} {step}/{steps}  {values}", highlight=False, soft_wrap=True)

    try:
        results = train_detector(
            [Dataset.open(path) for path in data], out, config, stages, max_minutes, workers, device, on_log
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
    out: Annotated[Path, tyro.conf.arg(help="Folder for predictions.parquet, metrics.json, curves.png.")],
    weights: Annotated[str, tyro.conf.arg(help="A run's folder, a .safetensors file, or `align`.")] = "align",
    split: Annotated[str, tyro.conf.arg(help="train, val, test or all.")] = "test",
    camera: Annotated[
        Literal["estimated", "true"],
        tyro.conf.arg(help="`true` gives the detector each photo's camera, as an upper bound."),
    ] = "estimated",
    workers: Annotated[int, tyro.conf.arg(help="Processes; they change no digit.")] = 1,
) -> int:
    """Judge every photo of a split from photo and mesh alone, and score the answers."""
    from looking3d.dataset.load import Dataset
    from looking3d.evaluation.predict import predict
    from looking3d.evaluation.score import load_predictions, score, write_scores

    dataset = Dataset.open(data)
    with _progress() as progress:
        bar = progress.add_task("shapes", total=None)
        path = predict(
            weights,
            dataset,
            split,
            out,
            camera,
            workers,
            lambda done, total: progress.update(bar, completed=done, total=total),
        )
    predictions = load_predictions(path)
    figures = score(predictions)
    write_scores(figures, predictions, out)
    _print_scores(figures)
    return 0


def export(
    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(help="Folder of a training run.")],
    out: Annotated[Path, tyro.conf.arg(help="The .safetensors file to write.")],
    unfinished: Annotated[bool, tyro.conf.arg(help="Take the checkpoints as they are.")] = False,
    half: Annotated[bool, tyro.conf.arg(help="Store 16-bit numbers: half the size.")] = True,
) -> int:
    """Write the weights of a training run as one small file."""
    import torch

    from looking3d.model.checkpoint import load_detector, save_weights
    from looking3d.training.loop import assemble, steps_done

    detector = assemble(run) if unfinished else load_detector(run)
    dtype = torch.float16 if half else torch.float32
    save_weights(detector, out, dtype, {"steps": steps_done(run)})
    Console().print(f"{out}: {out.stat().st_size / 1e6:.1f} MB", highlight=False, soft_wrap=True)
    return 0


def inspect(
    photos: Annotated[
        tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(help="Photos, and folders of photos.")
    ],
    reference: Annotated[
        Path, tyro.conf.arg(help="The 3D model: GLB, glTF, OBJ, STL, PLY, or a folder of parts.")
    ],
    weights: Annotated[str, tyro.conf.arg(help="A run's folder, a .safetensors file, or `align`.")] = "align",
    threshold: Annotated[float, tyro.conf.arg(help="A photo is anomalous from this probability on.")] = 0.5,
    html: Annotated[Path | None, tyro.conf.arg(help="Write a page to look at.")] = None,
    as_json: Annotated[bool, tyro.conf.arg(name="json", help="Print JSON instead of a table.")] = False,
    up: Annotated[
        str, tyro.conf.arg(help="The axis of the model that points up: y, z, x, -y, -z, -x.")
    ] = "y",
    unit: Annotated[str, tyro.conf.arg(help="The model's unit: m, cm, mm, in.")] = "m",
) -> int:
    """Tell for each photo whether the object is what its 3D model says, and show where it is not."""
    from looking3d.inspection.inspector import Failure, Inspector, inspect_paths
    from looking3d.inspection.photo import find_photos
    from looking3d.inspection.reference import load_reference
    from looking3d.inspection.report import table, write_html
    from looking3d.model.checkpoint import load_detector

    if not photos:
        raise PhotoError("no photos; name at least one photo, or a folder of photos")
    found = find_photos(photos)
    inspector = Inspector(load_reference(reference, up=up, unit=unit), load_detector(weights), threshold)
    with _progress() as progress:
        bar = progress.add_task("photos", total=len(found))
        results = inspect_paths(
            inspector, found, lambda done, total: progress.update(bar, completed=done, total=total)
        )
    if as_json:
        sys.stdout.write(json.dumps([result.to_json() for result in results], indent=1) + "\n")
    else:
        Console().print(table(results))
    if html is not None:
        write_html(results, inspector.reference, html)
        _messages.print(f"page: {html}", highlight=False, soft_wrap=True)
    failed = [result for result in results if isinstance(result, Failure)]
    for failure in failed:
        _print_error(failure.message)
    return Looking3DError.exit_code if failed else 0


def demo(
    out: Annotated[Path, tyro.conf.arg(help="Folder for the photos and the page.")] = Path("demo"),
) -> int:
    """Make photos of objects that the shipped weights never saw, inspect them, and write a page."""
    from looking3d.demo import run_demo

    run_demo(out, Console())
    return 0


COMMANDS = {
    "generate": generate,
    "convert": convert,
    "statistics": statistics,
    "validate": validate,
    "train": train,
    "evaluate": evaluate,
    "inspect": inspect,
    "export": export,
    "demo": demo,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; exit code 0, 2 for the user's mistakes, 130 after Ctrl-C or a termination."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = tyro.extras.subcommand_cli_from_dict(
            COMMANDS, prog="looking3d", args=arguments, description=_DESCRIPTION
        )
    except Looking3DError as error:
        _print_error(str(error))
        code = error.exit_code
    except OSError as error:
        # A disk that is full, a folder that may not be written: the user's to mend, wherever it came up.
        if error.filename is None:
            raise
        _print_error(f"{error.filename}: {error.strerror}")
        code = Looking3DError.exit_code
    except KeyboardInterrupt:
        _messages.print("stopped; what is finished is kept, and the same command goes on")
        code = INTERRUPTED
    sys.exit(code)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Do what Ctrl-C does."""
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler):
        raise KeyboardInterrupt
    handler(signal.SIGINT, frame)


_DESCRIPTION = (
    "Tells from a photo whether an object is what its 3D model says it should be, and shows where it is not."
)


def _print_error(message: str) -> None:
    _messages.print(f"error: {message}", style="red", highlight=False, soft_wrap=True, markup=False)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=_messages,
        transient=True,
    )


def _print_scores(figures: dict) -> None:
    table = Table(title=f"{figures['photos']} photos of {figures['shapes']} shapes")
    for column in ("", "AUROC", "95 % interval", "anomalous photos"):
        table.add_column(column, justify="left" if not column else "right")
    rows = [("all", figures), *figures["by_kind"].items(), *figures["by_reference"].items()]
    for name, row in rows:
        interval = row["auroc_interval"]
        table.add_row(
            name,
            "-" if row["auroc"] is None else f"{row['auroc']:.3f}",
            "-" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}",
            str(row["count"]),
        )
    console = Console()
    console.print(table)
    camera = figures["camera"]
    console.print(
        f"accuracy at 0.5: {figures['accuracy']:.3f}; reprojection error, median: "
        f"{camera['reprojection_error_px']['median']:.2f} px of 128; rotation error, median: "
        f"{camera['rotation_error_deg']['median']:.1f} degrees, under 5 degrees: "
        f"{camera['rotation_under_5_deg']:.1%}; {figures['milliseconds_per_photo']:.0f} ms a photo"
    )
