"""What all commands share: where they write, how errors and progress look, exit codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
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


def terminal_table(content: Table) -> TerminalTable:
    """A table of figures for the terminal."""
    table = TerminalTable(box=box.SIMPLE_HEAD, pad_edge=False)
    for i, head in enumerate(content.heads):
        # Folded, not cut off, where the terminal is narrow
        table.add_column(head, justify="right" if i else "left", no_wrap=not i, overflow="fold")
    for row in content.rows:
        table.add_row(*row)
    return table


def say_where(host: str, port: int) -> None:
    """Tell where a server listens."""
    shown = "localhost" if host in ("0.0.0.0", "::") else host
    shown = f"[{shown}]" if ":" in shown else shown
    messages.print(f"listening on http://{shown}:{port}; Ctrl-C ends it", highlight=False, soft_wrap=True)
