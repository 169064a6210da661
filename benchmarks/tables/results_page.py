"""What came of the rows, as a page: tables, the paper's order against ours, hours, figures."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from looking3d.evaluation.compare import Difference, compare
from looking3d.evaluation.papers_tables import is_cmt, papers_tables, sensitivity_table, uses_reference
from looking3d.evaluation.runs import Run
from looking3d.evaluation.tables_files import markdown

PAPER = {
    "ResNet18-FPN": 74.6,
    "ResNet18-FPN, SA blocks": 75.2,
    "ViT": 75.4,
    "A: CMT without CGA, VLFA, 3DPE": 76.1,
    "B: CMT without VLFA, 3DPE": 76.3,
    "C: CMT without CGA, 3DPE": 80.8,
    "D: CMT without 3DPE": 82.6,
    "CMT": 84.7,
    "CMT, no alignment": 78.5,
    "CMT, query-view alone": 78.6,
    "CMT, view-view alone": 81.6,
}
"""AUC in percent, of the paper's tables 2 and 3; LFD and Lin et al. have none there."""

CAPTIONS = {
    "qualitative": "verdicts and boxes (figure 6)",
    "attention": "where a patch looks in the views (figure 5)",
    "matches": "matches of the photo and the nearest view",
}
"""Of the pictures of a row, by the ends of their names."""

TABLE_2 = tuple(PAPER)[:8]
TABLE_3 = ("CMT, no alignment", "CMT, query-view alone", "CMT, view-view alone", "CMT")


@dataclass(frozen=True)
class Spent:
    """What a training took.

    Attributes:
        photos: That it saw.
        hours: Of its steps, without validations.
    """

    photos: int
    hours: float


def spent(run: Path, batch: int) -> Spent | None:
    """What the log of a training run tells; None without one."""
    log = run / "log-joint-train.csv"
    if not log.is_file():
        return None
    with log.open() as file:
        rows = list(csv.DictReader(file))
    steps, seconds, before = 0, 0.0, 0
    for row in rows:
        steps = int(row["step"])
        seconds += (steps - before) * batch / float(row["photos_per_second"])
        before = steps
    return Spent(steps * batch, seconds / 3600)


def results_page(
    runs: Sequence[Run],
    tested: Sequence[Run],
    times: dict[str, Spent | None],
    waiting: Sequence[str],
    scale: str,
    images: Sequence[str],
    notes: str = "",
) -> str:
    """The page, Markdown.

    Args:
        runs: Evaluated rows, by the names of `PAPER` where the paper has them.
        tested: Rows of CMT that were tested with other k and numbers of views.
        times: What each took, by its name.
        waiting: Names of the rows that are not done.
        scale: A sentence on the data and the steps of each row.
        images: Of figures, as paths from the page.
        notes: Markdown with what no figure tells: why, and what was tried.
    """
    parts = [
        "# The paper's tables at small scale",
        f"Made by `benchmarks/tables/reproduce.py`, which writes this page. {scale} Rows are judged on "
        "held-out shapes; intervals are 95 % bootstraps over these, differences are paired "
        "([evaluation.md](evaluation.md)). One training a row, so what another seed would give is not in the "
        "intervals.",
    ]
    if waiting:
        parts.append(f"**Not trained yet:** {'; '.join(waiting)}.")
    parts += [markdown(table).strip() for table in papers_tables(list(runs))]
    if tested:
        varied = [*(run for run in runs if is_cmt(run)), *tested]
        parts[-1] = markdown(sensitivity_table(varied)).strip()
    by_name = {run.name: run for run in runs}
    for title, names in (("table 2", TABLE_2), ("table 3", TABLE_3)):
        steps = order_of(by_name, names)
        if steps:
            parts += [f"## The order of {title}, and ours", _order_table(steps)]
    beaten = against_query_only(by_name)
    if beaten:
        parts += ["## Does the reference help?", _difference_table(beaten)]
    parts += [notes.strip()] * bool(notes.strip())
    parts += ["## What it took", _hours_table(times)]
    parts += ["## Figures"] * bool(images) + [_captioned(image) for image in images]
    return "\n\n".join(parts) + "\n"


def _captioned(image: str) -> str:
    """A picture below its caption; its name tells the row and what is drawn."""
    stem = Path(image).stem
    row, _, drawn = stem.rpartition("-")
    caption = f"{row}: {CAPTIONS[drawn]}" if drawn in CAPTIONS else stem.replace("-", " ").capitalize()
    return f"{caption}\n\n![{caption}]({image})"


@dataclass(frozen=True)
class Step:
    """Two rows that follow on each other in the paper.

    Attributes:
        worse, better: Their names, as the paper has them.
        paper: How far apart they are there, percent points of AUC.
        ours: The better's less the worse's.
    """

    worse: str
    better: str
    paper: float
    ours: Difference

    @property
    def verdict(self) -> str:
        """Whether ours agree."""
        if not self.ours.is_clear or self.ours.difference is None:
            return "not told apart"
        return "as in the paper" if self.ours.difference > 0 else "the other way round"


def order_of(runs: dict[str, Run], names: Sequence[str]) -> list[Step]:
    """The rows that are there, each against the one that the paper has below it."""
    there = sorted((name for name in names if name in runs), key=PAPER.__getitem__)
    return [
        Step(a, b, PAPER[b] - PAPER[a], compare(runs[b].predictions, runs[a].predictions)["AUROC"])
        for a, b in itertools.pairwise(there)
    ]


def against_query_only(runs: dict[str, Run]) -> dict[tuple[str, str], Difference]:
    """CMT and what was made of it against each row that sees the photo alone."""
    alone = [name for name, run in runs.items() if not uses_reference(run)]
    return {
        (one, name): compare(runs[one].predictions, runs[name].predictions)["AUROC"]
        for one in ("CMT", "CMT plus", "Align")
        if one in runs
        for name in alone
    }


def _told(difference: Difference) -> str:
    assert difference.difference is not None
    assert difference.interval is not None
    low, high = difference.interval
    return f"{100 * difference.difference:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"


def _order_table(steps: list[Step]) -> str:
    lines = [
        "| better in the paper | than | there | here, AUC points | |",
        "| --- | --- | ---: | ---: | --- |",
    ]
    lines += [
        f"| {step.better} | {step.worse} | {step.paper:+.1f} | {_told(step.ours)} | {step.verdict} |"
        for step in steps
    ]
    return "\n".join(lines)


def _difference_table(found: dict[tuple[str, str], Difference]) -> str:
    lines = ["| | against | AUC points | interval leaves 0 out |", "| --- | --- | ---: | --- |"]
    lines += [
        f"| {one} | {other} | {_told(difference)} | {'yes' if difference.is_clear else 'no'} |"
        for (one, other), difference in found.items()
    ]
    return "\n".join(lines)


def _hours_table(times: dict[str, Spent | None]) -> str:
    lines = ["| row | photos seen | hours of one core |", "| --- | ---: | ---: |"]
    for name, took in times.items():
        cells = ("-", "-") if took is None else (f"{took.photos:,}", f"{took.hours:.2f}")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    hours = sum(took.hours for took in times.values() if took is not None)
    return "\n".join([*lines, f"| all | | {hours:.1f} |"])
