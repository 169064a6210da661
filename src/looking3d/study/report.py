"""What a study came to: figures as JSON, and a page that is one file."""

from __future__ import annotations

import json
from pathlib import Path

from looking3d import __version__
from looking3d.evaluation.tables import Table
from looking3d.files import write_whole
from looking3d.pages import page_template
from looking3d.study.tables import tables

FIGURES, PAGE = "study.json", "study.html"


def write_report(figures: dict, out: Path) -> Path:
    """Write study.json and study.html.

    Args:
        figures: What `study_figures` gives.
        out: Folder.

    Returns:
        The page.
    """
    write_whole(out / FIGURES, (json.dumps(figures, indent=1) + "\n").encode())
    write_whole(out / PAGE, page(figures).encode())
    return out / PAGE


def page(figures: dict) -> str:
    """The figures as an HTML page with everything in it."""
    return page_template("looking3d.study", "report.html.jinja").render(
        figures=figures, tables=[(table, _bars(table)) for table in tables(figures)], version=__version__
    )


def _bars(table: Table) -> list[tuple[float, float, float] | None]:
    """For each row the places of its interval's ends and of its value, in % from 0 to 1."""
    return [
        None if bar is None else (round(100 * bar[0], 2), round(100 * bar[1], 2), round(100 * bar[2], 2))
        for bar in table.intervals
    ]
