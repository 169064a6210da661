"""The figures of datasets as a page that is one file, with a contact sheet a kind."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image

from looking3d import __version__
from looking3d.dataset.contact_sheet import kind_sheet
from looking3d.dataset.leaks import Leak
from looking3d.dataset.load import Dataset
from looking3d.dataset.schema import NORMAL
from looking3d.dataset.statistics import (
    Histogram,
    histograms,
    kinds_of,
    rejections,
    split_counts,
    table_1,
)
from looking3d.files import write_whole
from looking3d.pages import page_template

_COLORS = ("#4878a8", "#c8553d", "#5b8c5a", "#a06cb0", "#d09a3a", "#7a7a7a")


def write_page(datasets: Sequence[Dataset], leaks: Sequence[Leak], path: Path) -> None:
    """Write the page; it appears only when it is whole."""
    kinds = [*kinds_of(datasets), NORMAL]
    colors = {kind: _COLORS[i % len(_COLORS)] for i, kind in enumerate(kinds)}
    page = page_template("looking3d.dataset", "statistics.html.jinja").render(
        names=[str(dataset.path) for dataset in datasets],
        rows=table_1(datasets),
        splits=split_counts(datasets),
        leaks=[str(leak) for leak in leaks],
        rejections=rejections(datasets),
        charts=[_chart(histogram) for histogram in histograms(datasets)],
        colors=colors,
        sheets=[(kind, _jpeg(datasets, kind)) for kind in kinds if _has(datasets, kind)],
        version=__version__,
    )
    write_whole(path, page.encode())


def _has(datasets: Sequence[Dataset], kind: str) -> bool:
    return any(sample.kind == kind for dataset in datasets for sample in dataset.samples)


def _chart(histogram: Histogram) -> dict:
    """Bars of a histogram: for each bin its name, its total, and (kind, count, % of the widest)."""
    totals = [sum(column) for column in zip(*histogram.counts.values(), strict=True)]
    widest = max(totals, default=0) or 1
    bars = []
    for i, name in enumerate(histogram.bins):
        parts = [
            (kind, counts[i], f"{100 * counts[i] / widest:.2f}") for kind, counts in histogram.counts.items()
        ]
        bars.append((name, totals[i], [part for part in parts if part[1]]))
    return {"title": histogram.title, "bars": bars}


def _jpeg(datasets: Sequence[Dataset], kind: str) -> str:
    buffer = BytesIO()
    Image.fromarray(kind_sheet(datasets, kind)).save(buffer, "jpeg", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
