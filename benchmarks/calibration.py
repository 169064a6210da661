"""Whether calibrated thresholds keep their promise: false alarms on photos that they were not made by.

All photos of a dataset are inspected, each shape's against its reference. Then, again and again, a few normal
photos of a shape are drawn to calibrate by, and the others judged.

    looking3d generate --out data --shapes chair table --count 4 --first-shape 985000 \\
        --photos-per-shape 120 --anomalous-share 0.25 --renderer preview --split 0 0 1
    python benchmarks/calibration.py data
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
from rich.console import Console
from rich.progress import track
from rich.table import Table

from looking3d.dataset.load import Dataset
from looking3d.dataset.schema import SHAPES
from looking3d.inspection.calibration import calibrate_scores
from looking3d.inspection.inspector import DEFAULT_THRESHOLD, Inspector
from looking3d.model.checkpoint import load_detector
from looking3d.model.query import Query


@dataclass(frozen=True)
class Settings:
    """What to measure on."""

    data: Annotated[Path, tyro.conf.Positional]
    """A dataset made by `looking3d generate`, with many photos of each shape."""

    draws: int = 200
    """Calibrations of each shape."""


def main(settings: Settings) -> None:
    """Inspect, calibrate, judge, tell."""
    console = Console(highlight=False, width=120)
    scores = _scores(Dataset.open(settings.data))
    normal = np.concatenate([good for good, _ in scores])
    bad = np.concatenate([odd for _, odd in scores])
    console.print(
        f"{len(scores)} references, {len(normal)} normal and {len(bad)} anomalous photos, aligned; at "
        f"{DEFAULT_THRESHOLD}: {(normal >= DEFAULT_THRESHOLD).mean():.1%} false alarms, by reference "
        f"{_by_reference(scores)}; {(bad >= DEFAULT_THRESHOLD).mean():.1%} found"
    )
    table = Table()
    for head in ("photos", "asked", "promised", "false alarms", "below the 95 % bound", "found"):
        table.add_column(head, justify="right")
    generator = np.random.default_rng(0)
    for count in (10, 20, 40):
        for rate in (0.05, 0.1, 0.2):
            table.add_row(*_row(scores, count, rate, settings.draws, generator))
    console.print(table)


def _scores(dataset: Dataset) -> list[tuple[np.ndarray, np.ndarray]]:
    """Probabilities of normal and of anomalous photos that are aligned, for each shape."""
    detector, found = load_detector("align"), []
    for shape_id, samples in track(dataset.by_shape("all").items(), "references"):
        inspector = Inspector(dataset.path / SHAPES / shape_id / "mesh.glb", detector, foreground="network")
        results = [inspector.inspect_one(Query(dataset.photo(sample))) for sample in samples]
        pairs = [(one.probability, s.anomalous) for one, s in zip(results, samples) if one.aligned]
        found.append(
            tuple(np.array([p for p, anomalous in pairs if anomalous == odd]) for odd in (False, True))
        )
    return found


def _row(
    scores: list[tuple[np.ndarray, np.ndarray]],
    count: int,
    rate: float,
    draws: int,
    generator: np.random.Generator,
) -> list[str]:
    alarms, kept, found = [], [], []
    for good, odd in scores:
        for _ in range(draws):
            order = generator.permutation(len(good))
            made = calibrate_scores(good[order[:count]], (), rate)
            alarms.append((good[order[count:]] >= made.threshold).mean())
            kept.append(alarms[-1] <= made.rate_below)
            found.append((odd >= made.threshold).mean())
    shares = made.promised_rate, np.mean(alarms), np.mean(kept), np.mean(found)
    return [str(count), f"{rate:.0%}", *(f"{share:.1%}" for share in shares)]


def _by_reference(scores: list[tuple[np.ndarray, np.ndarray]]) -> str:
    shares = sorted((good >= DEFAULT_THRESHOLD).mean() for good, _ in scores)
    return f"{shares[0]:.0%} to {shares[-1]:.0%}"


if __name__ == "__main__":
    main(tyro.cli(Settings))
