"""How many training pairs a second the loader makes, by itself, with no network.

For each number of processes batches are drawn for a while, the first of each left out, since it waits for
the processes to start. A trainer has to be slower than this to be kept busy. Where this process alone makes
the batches, time of the processor is told too, which hardly depends on what else the machine does.

    python benchmarks/pair_loader.py --data train-preview --views 5 --workers 0 1 2
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

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

    seconds: float = 10.0
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
    columns = ("augmentation", "processes", "pairs a second", "ms a pair and process", "of the processor")
    for column in columns:
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
            rate, busy = _rate(pairs, settings, workers)
            per_pair = f"{1000 * max(1, workers) / rate:.1f}"
            of_processor = "" if workers else f"{1000 * busy:.1f}"
            table.add_row(name, str(workers), f"{rate:.0f}", per_pair, of_processor)
    console.print(table)


def _rate(pairs: PhotoPairs, settings: Settings, workers: int) -> tuple[float, float]:
    """Pairs a second, and seconds of this process's processor for each."""
    batches = iter(batch_loader(pairs, Share(settings.batch), 0, 10**9, workers))
    next(batches)
    count, busy, start = 0, time.process_time(), time.perf_counter()
    while (took := time.perf_counter() - start) < settings.seconds:
        next(batches)
        count += settings.batch
    return count / took, (time.process_time() - busy) / count


if __name__ == "__main__":
    main(tyro.cli(Settings))
