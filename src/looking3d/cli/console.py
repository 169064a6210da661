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
    widths = _fitted(content, console.width - _GAP * len(content.heads))
    if widths is None:
        console.print(_listed(content), highlight=False, markup=False, soft_wrap=True)
        return
    title = None if content.title == content.heads[0] else content.title
    table = TerminalTable(box=box.SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left")
    for i, (head, width) in enumerate(zip(content.heads, widths, strict=True)):
        table.add_column(escape(head), justify="right" if i else "left", width=width)
    for row in content.rows:
        table.add_row(*map(escape, row))
    console.print(table)


_GAP = 3  # between columns, that of box.SIMPLE_HEAD


def _fitted(content: Table, available: int) -> list[int] | None:
    """Widths of the columns: heads may break between words, cells may not; None if that is not enough."""
    columns = [(head, max(map(len, cells), default=0)) for head, *cells in zip(content.heads, *content.rows)]
    least = [max(cells, *map(len, head.split()), 0) for head, cells in columns]
    widths = [max(cells, len(head)) for head, cells in columns]
    while sum(widths) > available:
        widest = max(range(len(widths)), key=lambda i: widths[i] - least[i])
        if widths[widest] == least[widest]:
            return None
        widths[widest] -= 1
    return widths


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
