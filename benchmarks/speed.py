"""How fast shapes become photos and reference views, and how much memory a worker needs.

Each worker process draws the same scenes by each renderer, one photo after the other, so that figures of
one run can be compared. Then whole datasets are generated, quality control, masks and files included.

    python benchmarks/speed.py --workers 2
    python benchmarks/speed.py --workers 2 --renderers preview mitsuba blender --shapes chair valve
"""

from __future__ import annotations

import functools
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tyro
from rich.console import Console
from rich.table import Table

from looking3d.dataset.build import build_dataset
from looking3d.dataset.engine import LocalEngine, Outcome
from looking3d.dataset.recipe import Recipe
from looking3d.geometry.camera import orbit
from looking3d.render.photo import draw_scene, get_renderer
from looking3d.render.raycast import Raycaster
from looking3d.render.reference import reference_views
from looking3d.shapes.procedural import generate

VIEWS = 20


@dataclass(frozen=True)
class Settings:
    """What to measure."""

    shapes: tuple[str, ...] = ("chair",)
    """Procedural families."""

    renderers: tuple[str, ...] = ("preview", "mitsuba")
    """Renderers to compare; ratios are to the last."""

    count: int = 8
    """Shapes of each family."""

    photos: int = 4
    """Photos of each shape and renderer."""

    image_px: int = 256
    """Width and height of photos and views."""

    samples: int = 16
    """Paths a pixel, where a renderer traces paths."""

    workers: int = 2
    """Processes at once."""

    whole: bool = True
    """Generate whole datasets, too."""


def main(settings: Settings) -> None:
    """Print a table of speeds, and one of whole datasets."""
    console = Console()
    task = functools.partial(measure, settings=settings)
    items = [(family, seed) for family in settings.shapes for seed in range(settings.count)]
    outcomes = list(LocalEngine(settings.workers).run(task, items))
    times = _joined(outcomes)
    table = Table(title=f"{settings.image_px} px, {settings.workers} processes, {len(items)} shapes")
    for column in ("", "seconds each, median", "a second, all processes", "speed, last = 1"):
        table.add_column(column, justify="right" if column else "left")
    last = float(np.median(times[settings.renderers[-1]]))
    for name, seconds in times.items():
        median = float(np.median(seconds))
        ratio = f"{last / median:.1f}" if name in settings.renderers else ""
        table.add_row(name, f"{median:.3f}", f"{settings.workers / median:.1f}", ratio)
    console.print(table)
    peak = max(outcome.peak_bytes for outcome in outcomes)
    console.print(f"most memory that a process held: {peak / 1e9:.2f} GB")
    if settings.whole:
        for renderer in settings.renderers:
            _print_whole(settings, renderer, console)


def measure(item: tuple[str, int], settings: Settings) -> dict[str, list[float]]:
    """Seconds of each photo by renderer, and of each reference view, for one shape."""
    family, seed = item
    shape = generate(family, seed).normalized()
    scenes = [draw_scene(shape, np.random.default_rng([seed, i])) for i in range(settings.photos)]
    times: dict[str, list[float]] = {}
    for name in settings.renderers:
        renderer = get_renderer(name, **({} if name == "preview" else {"samples": settings.samples}))
        # The first photo pays for imports and for what is kept of the shape
        renderer.render(shape, scenes[0], orbit(0.0, 0.5, 32))
        times[name] = [
            _seconds(functools.partial(renderer.render, shape, scene, orbit(0.7 * i, 0.5, settings.image_px)))
            for i, scene in enumerate(scenes)
        ]
    raycaster = Raycaster(shape)
    seconds = _seconds(lambda: reference_views(raycaster, VIEWS, settings.image_px))
    return times | {"reference view": [seconds / VIEWS]}


def _seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _joined(outcomes: list[Outcome]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {}
    for outcome in outcomes:
        if outcome.result is None:
            raise SystemExit(f"{outcome.item}: {outcome.failure}")
        for name, seconds in outcome.result.items():
            times.setdefault(name, []).extend(seconds)
    return times


def _print_whole(settings: Settings, renderer: str, console: Console) -> None:
    """Generate a dataset and say how long it took, from start to finished files."""
    recipe = Recipe(
        shapes=settings.shapes,
        count=settings.count,
        renderer=renderer,
        samples=settings.samples,
        image_px=settings.image_px,
        views_px=settings.image_px,
        views=VIEWS,
    )
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        report = build_dataset(recipe, Path(folder) / "set", LocalEngine(settings.workers))
        seconds = time.perf_counter() - start
    console.print(
        f"whole dataset by {renderer}: {report.photos} photos and {report.shapes * VIEWS} views in "
        f"{seconds:.0f} s, {report.photos / seconds:.1f} photos a second, {report.peak_bytes / 1e9:.2f} GB "
        "a worker",
        soft_wrap=True,
    )


if __name__ == "__main__":
    main(tyro.cli(Settings))
