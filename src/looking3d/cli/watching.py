"""What `inspect --watch` does once a photo has come: print it, note it, go on."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console

from looking3d.cli.console import ANOMALY, messages
from looking3d.errors import Looking3DError
from looking3d.inspection.line import Line
from looking3d.inspection.outputs import append_csv
from looking3d.inspection.report import line as told


def watch_line(
    photos: Iterable[Path], line: Line, csv: Path | None, as_json: bool, fail_on_anomaly: bool
) -> int:
    """Inspect photos as they come, each with a line of its own at once.

    Args:
        photos: Hands out photos.
        line: Inspects them.
        csv: A table that a row is added to for each.
        as_json: Whether lines are JSON.
        fail_on_anomaly: Whether an anomaly changes the exit code.

    Returns:
        The exit code.
    """
    console, counts = Console(soft_wrap=True, highlight=False), Counter()
    for path in photos:
        id, result = line.inspect(path)
        if as_json:
            known = {} if id is None else {"reference": id}
            sys.stdout.write(json.dumps({**known, **result.to_json()}) + "\n")
            sys.stdout.flush()
        else:
            console.print(told(result, path.parent.name if line.by_folder else None))
        if csv is not None:
            append_csv(result, csv)
        counts[result.verdict] += 1
    messages.print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()) or "no photos came")
    if counts["error"]:
        return Looking3DError.exit_code
    return ANOMALY if fail_on_anomaly and counts["anomalous"] else 0
