"""The paper's tables 2 and 3 (section 5), and what figure 7 shows, for any set of evaluated runs."""

from __future__ import annotations

from collections.abc import Iterable

from looking3d.errors import unknown_name
from looking3d.evaluation.compare import Difference, compare
from looking3d.evaluation.runs import Run
from looking3d.evaluation.tables import Table
from looking3d.evaluation.thresholds import THRESHOLD
from looking3d.model.networks import VIEWPOINT
from looking3d.model.pair_detector import ALL

YES, NO, NONE = "✓", "✗", "-"

QUERY_ONLY = ("query-resnet", "vit")
"""Detectors, by the name in the header of their weights, that look at the photo alone."""

_PARTS = {"cga": "CGA", "vlfa": "VLFA", "position_3d": "3DPE"}


def papers_tables(runs: list[Run], against: str = "", seed: int = 0) -> list[Table]:
    """All tables that the runs have rows for.

    Args:
        runs: Evaluated runs; on the same photos if they are to be held against one.
        against: The name of that one; "" holds none against another.
        seed: Of the draws of differences.

    Raises:
        ConfigError: No run is called so.
        DatasetError: Two runs are of different photos.
    """
    detecting = [run for run in runs if run.settings.get("detector") != VIEWPOINT]
    held = _held(detecting, against, seed)
    tables = [table_2(detecting, held), localisation_table(detecting)] if detecting else []
    losses = [run for run in runs if _is_full_cmt(run)]
    if len({alignment_losses(run) for run in losses}) > 1:
        tables.insert(1, table_3(losses, held))
    if any(run.figures["viewpoint"] for run in runs):
        tables.append(viewpoint_table([run for run in runs if run.figures["viewpoint"]]))
    if any(is_cmt(run) for run in runs):
        tables.append(sensitivity_table([run for run in runs if is_cmt(run)]))
    return tables


class Held:
    """Runs held against one of them.

    Args:
        against: That one; None for none.
        differences: Of each other run, by its name.
    """

    def __init__(self, against: str | None, differences: dict[str, dict[str, Difference]]) -> None:
        self.against, self.differences = against, differences

    def heads(self, figures: Iterable[str]) -> tuple[str, ...]:
        """Of the columns."""
        if self.against is None:
            return ()
        return tuple(f"{name.replace('AUROC', 'AUC')} - {self.against}" for name in figures)

    def cells(self, run: Run, figures: Iterable[str]) -> tuple[str, ...]:
        """Of a row: each difference with its interval, a star where that leaves 0 out."""
        if self.against is None:
            return ()
        found = self.differences.get(run.name)
        return tuple(NONE if found is None else _told(found[name]) for name in figures)


def _held(runs: list[Run], against: str, seed: int) -> Held:
    if not against:
        return Held(None, {})
    by_name = {run.name: run for run in runs}
    if against not in by_name:
        raise unknown_name("run", against, by_name)
    chosen = by_name[against]
    return Held(
        against,
        {run.name: compare(run.predictions, chosen.predictions, seed) for run in runs if run is not chosen},
    )


def _told(difference: Difference) -> str:
    if difference.difference is None or difference.interval is None:
        return NONE
    low, high = difference.interval
    star = " *" if difference.is_clear else ""
    return f"{100 * difference.difference:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]{star}"


def table_2(runs: list[Run], held: Held) -> Table:
    """AUC and accuracy of each method, those without a reference first (table 2)."""
    compared = ("AUROC", "accuracy")
    heads = (
        "method",
        "3D ref.",
        "parts",
        "AUC",
        "95 %",
        f"accuracy at {THRESHOLD:g}",
        "95 %",
        "accuracy, threshold of validation",
        *held.heads(compared),
        "photos",
    )
    rows, bars = [], []
    for run in sorted(runs, key=uses_reference):
        figures, validated = run.figures, run.figures["at_validation_threshold"]
        rows.append(
            (
                run.name,
                YES if uses_reference(run) else NO,
                parts_of(run),
                _percent(figures["auroc"]),
                _percents(figures["auroc_interval"]),
                _percent(figures["accuracy"]),
                _percents(figures["accuracy_interval"]),
                NONE if validated is None else _percent(validated["accuracy"]),
                *held.cells(run, compared),
                str(figures["photos"]),
            )
        )
        bars.append(_bar(figures))
    return Table("Table 2: methods", heads, rows, bars)


def table_3(runs: list[Run], held: Held) -> Table:
    """AUC and accuracy by which alignment losses trained the model (table 3)."""
    compared = ("AUROC", "accuracy")
    heads = (
        "method",
        "view-view",
        "query-view",
        "AUC",
        "95 %",
        f"accuracy at {THRESHOLD:g}",
        "95 %",
        *held.heads(compared),
    )
    rows, bars = [], []
    for run in sorted(runs, key=alignment_losses):
        figures = run.figures
        rows.append(
            (
                run.name,
                *(YES if used else NO for used in alignment_losses(run)),
                _percent(figures["auroc"]),
                _percents(figures["auroc_interval"]),
                _percent(figures["accuracy"]),
                _percents(figures["accuracy_interval"]),
                *held.cells(run, compared),
            )
        )
        bars.append(_bar(figures))
    return Table("Table 3: losses of alignment", heads, rows, bars)


def localisation_table(runs: list[Run]) -> Table:
    """How well boxes are found (5.1, anomaly localization)."""
    heads = ("method", "box AP50", "AP75", "AP 0.50 to 0.95", "pixel AUROC", "AUPRO", "AUC", "accuracy")
    rows = []
    for run in runs:
        boxes, pixels = run.figures["boxes"], run.figures["pixels"]
        values = [boxes[name] for name in ("ap50", "ap75", "ap")]
        values += [pixels["auroc"], pixels["aupro"], run.figures["auroc"], run.figures["accuracy"]]
        rows.append((run.name, *(_percent(value) for value in values)))
    return Table("Localisation (5.1)", heads, rows)


def viewpoint_table(runs: list[Run]) -> Table:
    """How well the nearest view is found, in normal photos (5.1, viewpoint prediction)."""
    heads = ("method", "found first", "among the first 3", "error, median", "error, mean, degrees", "photos")
    rows = []
    for run in runs:
        found = run.figures["viewpoint"]
        row = found.get("normal", found["all"])
        shares = (_percent(row["top1"]), _percent(row["top3"]))
        errors = (f"{row['error_median_deg']:.1f}", f"{row['error_mean_deg']:.1f}")
        rows.append((run.name, *shares, *errors, str(row["photos"])))
    return Table("Viewpoint, normal photos (5.1)", heads, rows)


def sensitivity_table(runs: list[Run]) -> Table:
    """AUC by candidates and by views in training and testing (figure 7)."""
    heads = ("method", "k", "views in training", "views in testing", "AUC", "95 %")
    rows, bars = [], []
    for run in runs:
        views, figures = views_of(run), run.figures
        numbers = (str(top_k_of(run)), *(str(count) for count in views))
        rows.append((run.name, *numbers, _percent(figures["auroc"]), _percents(figures["auroc_interval"])))
        bars.append(_bar(figures))
    return Table("Figure 7: candidates and views", heads, rows, bars)


def is_cmt(run: Run) -> bool:
    """Whether it is a run of CMT."""
    return run.settings.get("detector") == "cmt"


def uses_reference(run: Run) -> bool:
    """Whether its detector looks at the reference at all."""
    return run.settings.get("detector") not in QUERY_ONLY


def parts_of(run: Run) -> str:
    """What of CMT it has; nothing for other detectors."""
    if not is_cmt(run):
        return ""
    network = run.settings["network"]
    missing = [text for name, text in _PARTS.items() if not network[name]]
    parts = f"without {', '.join(missing)}" if missing else "all"
    return f"{parts}, candidates by geometry" if network["ranking"] == "geometry" else parts


def alignment_losses(run: Run) -> tuple[bool, bool]:
    """Whether the view-view and the query-view loss trained it: as was noted with its weights, else both if
    its preset is aligned at all."""
    notes, aligned = run.settings.get("notes", {}), run.settings["network"]["vlfa"]
    return bool(notes.get("view_view", aligned)), bool(notes.get("query_view", aligned))


def top_k_of(run: Run) -> int | str:
    """Candidates that it was tested with; ALL where it attends to all."""
    given, network = run.settings.get("top_k"), run.settings["network"]
    return (network["top_k"] if network["cga"] else ALL) if given is None else given


def views_of(run: Run) -> tuple[int, int]:
    """Views in training, as was noted with its weights or else as its settings say, and in testing."""
    network, given = run.settings["network"], run.settings.get("views")
    trained = run.settings.get("notes", {}).get("views", network["train_views"])
    return trained, network["test_views"] if given is None else given


def _is_full_cmt(run: Run) -> bool:
    """Whether it has all that table 3 keeps."""
    return is_cmt(run) and run.settings["network"]["cga"] and run.settings["network"]["position_3d"]


def _percent(value: float | None) -> str:
    return NONE if value is None else f"{100 * value:.1f}"


def _percents(interval: list[float] | None) -> str:
    return NONE if interval is None else f"{100 * interval[0]:.1f} to {100 * interval[1]:.1f}"


def _bar(figures: dict) -> tuple[float, float, float] | None:
    interval = figures["auroc_interval"]
    return None if interval is None else (interval[0], figures["auroc"], interval[1])
