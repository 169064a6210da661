"""The figures of a dataset: the paper's table 1, and how labels, sizes, severities and cameras spread."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from looking3d.anomalies import KINDS
from looking3d.dataset.load import Dataset
from looking3d.dataset.schema import NORMAL, Sample


@dataclass(frozen=True)
class Row:
    """A column of the paper's table 1.

    Attributes:
        name: A kind, `anomalous`, or `normal`.
        shapes: Reference shapes with photos of the kind; of `anomalous`, the sum over the kinds, as the
            paper counts.
        images: Photos.
        views: Fewest, most, and median photos a shape; zeros if there is none.
    """

    name: str
    shapes: int
    images: int
    views: tuple[int, int, float]


@dataclass(frozen=True)
class Histogram:
    """Counts in bins, stacked by kind.

    Attributes:
        title: What is counted, with its unit.
        bins: Names of the bins.
        counts: For each kind, a count a bin.
    """

    title: str
    bins: tuple[str, ...]
    counts: dict[str, tuple[int, ...]]


def kinds_of(datasets: Sequence[Dataset]) -> list[str]:
    """The kinds of anomaly in datasets, the paper's first and in its order."""
    there = {sample.kind for dataset in datasets for sample in dataset.samples} - {NORMAL}
    return [kind for kind in KINDS if kind in there] + sorted(there - set(KINDS))


def table_1(datasets: Sequence[Dataset]) -> list[Row]:
    """The paper's table 1 over all datasets given: kinds, then `anomalous`, then `normal`."""
    counts: dict[str, list[int]] = {}
    for dataset in datasets:
        photos = Counter((sample.kind, sample.shape_id) for sample in dataset.samples)
        for (kind, _), count in photos.items():
            counts.setdefault(kind, []).append(count)
    kinds = kinds_of(datasets)
    rows = [_row(kind, counts[kind]) for kind in kinds]
    rows.append(_row("anomalous", [count for kind in kinds for count in counts[kind]]))
    rows.append(_row(NORMAL, counts.get(NORMAL, [])))
    return rows


def split_counts(datasets: Sequence[Dataset]) -> dict[str, tuple[int, int, int]]:
    """Shapes, photos and anomalous photos of each split."""
    figures: dict[str, tuple[int, int, int]] = {}
    for dataset in datasets:
        for split, ids in dataset.splits.items():
            photos = [sample for sample in dataset.samples if sample.split == split]
            before = figures.get(split, (0, 0, 0))
            anomalous = sum(sample.anomalous for sample in photos)
            figures[split] = (before[0] + len(ids), before[1] + len(photos), before[2] + anomalous)
    return figures


def rejections(datasets: Sequence[Dataset]) -> dict[str, int]:
    """Draws of anomalies that were refused, by reason, the commonest first."""
    total = sum((Counter(dataset.rejections) for dataset in datasets), Counter())
    return dict(total.most_common())


def histograms(datasets: Sequence[Dataset]) -> list[Histogram]:
    """How labels, visible sizes, severities and cameras spread over the photos, by kind."""
    samples = [sample for dataset in datasets for sample in dataset.samples]
    anomalous = [sample for sample in samples if sample.anomalous]
    charts = []
    if any(sample.part_label for sample in anomalous):
        charts.append(_by_label(anomalous))
    charts.append(
        _of("changed pixels, % of the photo", anomalous, [100 * visible_share(s) for s in anomalous])
    )
    known = [sample for sample in anomalous if sample.visible]
    charts.append(
        _of("visible share of the part, %", known, [100 * s.visible for s in known], np.linspace(0, 100, 21))
    )
    for kind in kinds_of(datasets):
        of_kind = [sample for sample in anomalous if sample.kind == kind and sample.severity]
        if of_kind:
            charts.append(_of(f"severity, {kind}", of_kind, [sample.severity for sample in of_kind]))
    azimuths = [math.degrees(sample.azimuth_rad) % 360 for sample in samples]
    charts.append(_of("azimuth, degrees", samples, azimuths, np.linspace(0, 360, 21)))
    charts.append(_of("elevation, degrees", samples, [math.degrees(s.elevation_rad) for s in samples]))
    return [chart for chart in charts if chart.counts]


def visible_share(sample: Sample) -> float:
    """The share of a photo that changed; where only the box is known, its share."""
    pixels = sample.changed_px or sample.box[2] * sample.box[3]
    return pixels / (sample.camera.width * sample.camera.height)


def _row(name: str, counts: list[int]) -> Row:
    views = (min(counts), max(counts), float(np.median(counts))) if counts else (0, 0, 0.0)
    return Row(name, len(counts), sum(counts), views)


def _by_label(samples: list[Sample]) -> Histogram:
    labels = [sample.part_label.rsplit("/", 1)[-1] for sample in samples]
    bins = [label for label, _ in Counter(labels).most_common(30)]
    both = Counter(zip((sample.kind for sample in samples), labels))
    kinds = sorted({sample.kind for sample in samples})
    return Histogram(
        "part", tuple(bins), {kind: tuple(both[kind, label] for label in bins) for kind in kinds}
    )


def _of(title: str, samples: list[Sample], values: list[float], edges: np.ndarray | None = None) -> Histogram:
    if not samples:
        return Histogram(title, (), {})
    edges = np.histogram_bin_edges(values, 20) if edges is None else edges
    digits = max(0, 2 - math.floor(math.log10(max(edges[-1] - edges[0], 1e-9))))
    bins = tuple(f"{low:.{digits}f} to {high:.{digits}f}" for low, high in itertools.pairwise(edges))
    counts = {}
    for kind in sorted({sample.kind for sample in samples}):
        chosen = [value for sample, value in zip(samples, values) if sample.kind == kind]
        counts[kind] = tuple(int(count) for count in np.histogram(chosen, edges)[0])
    return Histogram(title, bins, counts)
