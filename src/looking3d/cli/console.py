"""What all commands share: where they write, how errors and progress look, exit codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table as TerminalTable

if TYPE_CHECKING:
    from looking3d.evaluation.tables import Table

INTERRUPTED = 130
"""Exit code after Ctrl-C."""

ANOMALY = 1
"""Exit code of `inspect --fail-on-anomaly` if a photo is anomalous and none failed."""

messages = Console(stderr=True)
"""For everything that is not the command's answer."""


def print_error(message: str) -> None:
    """Tell what went wrong, in one line."""
    messages.print(f"error: {message}", style="red", highlight=False, soft_wrap=True, markup=False)


def warn(message: str) -> None:
    """Tell what the user should know, in one line."""
    messages.print(f"warning: {message}", style="yellow", highlight=False, soft_wrap=True, markup=False)


def progress_bar(console: Console = messages) -> Progress:
    """A bar that is gone once the work is done.

    Args:
        console: Where it is drawn; what is printed meanwhile should be printed there too.
    """
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


def print_table(content: Table, console: Console | None = None) -> None:
    """Print a table of figures; where the terminal is too narrow for it, row by row."""
    console = console or Console()
    if _width(content) > console.width:
        console.print(_listed(content), highlight=False, markup=False, soft_wrap=True)
        return
    title = None if content.title == content.heads[0] else content.title
    table = TerminalTable(box=box.SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left")
    for i, head in enumerate(content.heads):
        table.add_column(escape(head), justify="right" if i else "left")
    for row in content.rows:
        table.add_row(*map(escape, row))
    console.print(table)


_GAP = 3  # between columns, that of box.SIMPLE_HEAD


def _width(content: Table) -> int:
    """Columns of the terminal that a table needs: heads may break between words, cells may not."""
    columns = zip(content.heads, *content.rows, strict=True)
    widths = [max(*map(len, head.split() or [""]), *map(len, cells), 0) for head, *cells in columns]
    return sum(widths) + _GAP * len(widths)


def _listed(content: Table) -> str:
    """Each row as lines of a head and its cell."""
    lines = ["", content.title]
    for row in content.rows:
        lines += ["", row[0]]
        lines += [f"  {head}: {cell}" for head, cell in zip(content.heads[1:], row[1:], strict=True) if cell]
    return "\n".join(lines)


def say_where(host: str, port: int) -> None:
    """Tell where a server listens."""
    shown = "localhost" if host in ("0.0.0.0", "::") else host
    shown = f"[{shown}]" if ":" in shown else shown
    messages.print(f"listening on http://{shown}:{port}; Ctrl-C ends it", highlight=False, soft_wrap=True)
