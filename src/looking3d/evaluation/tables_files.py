"""Tables as files: Markdown, LaTeX, CSV, and a page that is one file."""

from __future__ import annotations

import base64
import csv
import io
from pathlib import Path

from looking3d import __version__
from looking3d.evaluation.report import bars
from looking3d.evaluation.runs import Run
from looking3d.evaluation.sensitivity import sensitivity_plot
from looking3d.evaluation.tables import Table
from looking3d.files import write_whole
from looking3d.pages import page_template

_PLOT = "sensitivity.png"
_LATEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_LATEX |= {letter: f"\\{letter}" for letter in "&%$#_{}"}
_LATEX |= {"✓": r"\checkmark{}", "✗": r"$\times$"}


def write_tables(tables: list[Table], runs: list[Run], out: Path) -> Path:
    """Write tables.md, tables.tex, tables.csv, tables.html, and figure 7 where runs differ in k or views.

    Args:
        tables: What to write.
        runs: What they are of.
        out: Folder.

    Returns:
        The page.
    """
    write_whole(out / "tables.md", "\n".join(markdown(table) for table in tables).encode())
    write_whole(out / "tables.tex", "\n".join(latex(table) for table in tables).encode())
    write_whole(out / "tables.csv", as_csv(tables).encode())
    plot = sensitivity_plot(runs)
    if plot is None:
        # That of an earlier run would not belong to these tables.
        (out / _PLOT).unlink(missing_ok=True)
    else:
        write_whole(out / _PLOT, plot)
    page = page_template("looking3d.evaluation", "tables.html.jinja").render(
        tables=[(table, bars(table)) for table in tables],
        runs=runs,
        plot=None if plot is None else base64.b64encode(plot).decode(),
        version=__version__,
    )
    write_whole(out / "tables.html", page.encode())
    return out / "tables.html"


def markdown(table: Table) -> str:
    """A heading and a table of Markdown."""

    def line(cells: tuple[str, ...]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    rule = ("---", *("---:" for _ in table.heads[1:]))
    return "\n".join([f"## {table.title}", "", line(table.heads), line(rule), *map(line, table.rows), ""])


def latex(table: Table) -> str:
    """A table for a paper that uses booktabs and amssymb."""

    def line(cells: tuple[str, ...]) -> str:
        return " & ".join(_escaped(cell) for cell in cells) + r" \\"

    columns = "l" + "r" * (len(table.heads) - 1)
    body = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", line(table.heads), r"\midrule"]
    body += [*map(line, table.rows), r"\bottomrule", r"\end{tabular}"]
    head = [r"\begin{table}", r"\centering", rf"\caption{{{_escaped(table.title)}}}"]
    return "\n".join([*head, *body, r"\end{table}", ""])


def as_csv(tables: list[Table]) -> str:
    """All tables below each other: title, heads, rows, and an empty line after each."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for table in tables:
        writer.writerows([[table.title], table.heads, *table.rows, []])
    return buffer.getvalue()


def _escaped(text: str) -> str:
    return "".join(_LATEX.get(letter, letter) for letter in text)
