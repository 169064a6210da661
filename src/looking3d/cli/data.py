"""Commands that make, check and convert datasets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console
from rich.table import Table

from looking3d.cli.console import messages, print_error, progress_bar
from looking3d.dataset.build import BuildReport
from looking3d.dataset.engine import Limits
from looking3d.dataset.recipe import Recipe
from looking3d.errors import ConfigError, DatasetError, Looking3DError


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
        messages.print(line, soft_wrap=True, highlight=False, markup=False)
    runner = LocalEngine(workers, limits) if engine == "local" else RayEngine(address, workers, limits)
    with progress_bar() as progress:
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
    if report.unlisted:
        console.print(f"left out: {report.unlisted} shapes that {recipe.split_file} does not name")
    for shape, reason in report.refused.items():
        console.print(f"left out: {shape}: {reason}", markup=False)
    for reason, count in report.losses.items():
        console.print(f"workers lost: {count} ({reason})")
    if report.peak_bytes:
        console.print(f"most memory that a worker held: {report.peak_bytes / 1e9:.2f} GB")
    for shape, reason in report.failed.items():
        print_error(f"{shape}: {reason}, each time; the same command tries again")


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
    with progress_bar() as progress:
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
    with progress_bar() as progress:
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
        print_error(f"the splits leak, {leak}")
    return Looking3DError.exit_code if leaks else 0


def validate(
    data: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(help="A dataset of either layout.")],
    workers: Annotated[int, tyro.conf.arg(help="Processes.")] = 1,
) -> int:
    """Check every file of a dataset against its manifest; exit code 2 if anything is wrong."""
    from looking3d.dataset.validate import validate as check

    with progress_bar() as progress:
        bar = progress.add_task("shapes", total=None)
        problems = check(data, workers, lambda done, total: progress.update(bar, completed=done, total=total))
    for problem in problems:
        print_error(str(problem))
    Console().print(f"{data}: {len(problems)} problems" if problems else f"{data}: every file is right")
    return Looking3DError.exit_code if problems else 0
