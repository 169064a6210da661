"""How many training pairs a second the loader makes, by itself, with no network.

For each number of processes batches are drawn for a while, the first of each left out, since it waits for
the processes to start. A trainer has to be slower than this to be kept busy.

    python benchmarks/pair_loader.py --data train-preview --views 5 --workers 0 1 2
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from rich.console import Console
from rich.table import Table

from looking3d.dataset.load import Dataset
from looking3d.training.augment import STRONG_AUGMENTATION, Augmentation
from looking3d.training.pair_batches import Share, batch_loader
from looking3d.training.pairs import PairConfig, PhotoPairs


@dataclass(frozen=True)
class Settings:
    """What to measure."""

    data: tuple[Path, ...]
    """Datasets."""

    views: int = 5
    """Views of each pair."""

    size_px: int = 256
    """Width and height of photo and views."""

    batch: int = 8
    """Pairs of a batch."""

    workers: tuple[int, ...] = (0, 1, 2)
    """Numbers of processes; 0 makes batches in this one."""

    true_matches: bool = False
    """Also tell true matches of photo and views."""

    seconds: float = 20.0
    """How long to draw for each row."""

    cache: Path | None = None
    """Folder of the unpacked references; by default a temporary one."""


def main(settings: Settings) -> None:
    """Print a table."""
    with tempfile.TemporaryDirectory(prefix="looking3d-") as scratch:
        _measure(settings, settings.cache or Path(scratch))


def _measure(settings: Settings, cache: Path) -> None:
    datasets = [Dataset.open(path) for path in settings.data]
    table = Table(title=f"{settings.views} views, {settings.size_px} px, batches of {settings.batch}")
    for column in ("augmentation", "processes", "pairs a second", "ms a pair and process"):
        table.add_column(column, justify="left" if column == "augmentation" else "right")
    console = Console()
    for name, how in (("the paper's", Augmentation()), ("strong", STRONG_AUGMENTATION)):
        config = PairConfig(
            size_px=settings.size_px,
            views=settings.views,
            true_matches=settings.true_matches,
            augmentation=how,
        )
        start = time.perf_counter()
        pairs = PhotoPairs(datasets, "train", config, 0, cache)
        shapes = sum(len(references.shapes) for references in pairs.references)
        console.print(f"references of {shapes} shapes opened in {time.perf_counter() - start:.1f} s")
        for workers in settings.workers:
            rate = _rate(pairs, settings, workers)
            table.add_row(name, str(workers), f"{rate:.0f}", f"{1000 * max(1, workers) / rate:.1f}")
    console.print(table)


def _rate(pairs: PhotoPairs, settings: Settings, workers: int) -> float:
    """Pairs a second."""
    batches = iter(batch_loader(pairs, Share(settings.batch), 0, 10**9, workers))
    next(batches)
    start, done = time.perf_counter(), []
    while not done or done[-1] - start < settings.seconds:
        next(batches)
        done.append(time.perf_counter())
    return float(settings.batch * len(done) / np.subtract(done[-1], start))


if __name__ == "__main__":
    main(tyro.cli(Settings))
