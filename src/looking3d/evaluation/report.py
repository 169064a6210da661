"""What is written beside predictions: figures as JSON, curves, and a page that is one file."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np

from looking3d import __version__
from looking3d.evaluation.curves import curves
from looking3d.evaluation.tables import Table, tables
from looking3d.files import write_whole
from looking3d.pages import page_template

METRICS, CURVES, PAGE = "metrics.json", "curves.png", "scores.html"


def write_report(figures: dict, predictions: dict[str, np.ndarray], settings: dict, out: Path) -> Path:
    """Write metrics.json, curves.png where there are both classes, and scores.html.

    Args:
        figures: What `score` gives.
        predictions: What it was given.
        settings: How the predictions came about.
        out: Folder.

    Returns:
        The page.
    """
    write_whole(out / METRICS, (json.dumps({"settings": settings, **figures}, indent=1) + "\n").encode())
    picture = curves(figures, predictions)
    if picture is None:
        # Those of an earlier run would not belong to these figures.
        (out / CURVES).unlink(missing_ok=True)
    else:
        write_whole(out / CURVES, picture)
    write_whole(out / PAGE, page(figures, settings, picture).encode())
    return out / PAGE


def page(figures: dict, settings: dict, picture: bytes | None) -> str:
    """The figures as an HTML page with everything in it.

    Args:
        figures: What `score` gives.
        settings: How the predictions came about.
        picture: The curves, a PNG.
    """
    return page_template("looking3d.evaluation", "scores.html.jinja").render(
        settings=settings,
        figures=figures,
        tables=[(table, bars(table)) for table in tables(figures)],
        curves=None if picture is None else base64.b64encode(picture).decode(),
        version=__version__,
    )


def bars(table: Table) -> list[tuple[float, float, float] | None]:
    """For each row the places of its interval's ends and of its AUROC, in % from 0.5 to 1."""

    def place(value: float) -> float:
        return round(100 * min(max((value - 0.5) / 0.5, 0.0), 1.0), 2)

    return [None if bar is None else (place(bar[0]), place(bar[1]), place(bar[2])) for bar in table.intervals]
