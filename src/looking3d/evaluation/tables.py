"""Figures as tables of text, for the terminal and for the page alike."""

from __future__ import annotations

from dataclasses import dataclass, field

from looking3d.evaluation.calibration_error import BINS
from looking3d.evaluation.compare import Difference
from looking3d.evaluation.pixels import FALSE_POSITIVES_TO
from looking3d.evaluation.thresholds import THRESHOLD
from looking3d.evaluation.viewpoint import TOP

_NONE = "-"


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        title: What it is about.
        heads: Of the columns.
        rows: Cells; the first of each row names it.
        intervals: For each row lower end, value and upper end of its AUROC, where it has them; else None.
    """

    title: str
    heads: tuple[str, ...]
    rows: list[tuple[str, ...]]
    intervals: list[tuple[float, float, float] | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.intervals:
            self.intervals.extend([None] * len(self.rows))


def tables(figures: dict) -> list[Table]:
    """All figures, the most important first.

    Args:
        figures: What `score` gives.
    """
    groups = [_auroc_table(f"by {name}", rows) for name, rows in figures["by"].items()]
    found = [
        _auroc_table("overall", {"all photos": figures}),
        _threshold_table(figures),
        _probability_table(figures),
        _where_table(figures),
        None if figures["camera"] is None else _camera_table(figures),
        None if figures["viewpoint"] is None else _viewpoint_table(figures["viewpoint"]),
        None if figures["verdicts"] is None else _verdict_table(figures["verdicts"]),
        _confusion_table(figures["taken_for"]),
    ]
    return [table for table in found if table is not None] + groups


def _auroc_table(title: str, rows: dict[str, dict]) -> Table:
    heads = (
        title,
        "AUROC",
        "95 % interval",
        "photos",
        "anomalous",
        "could not align",
        "silhouette IoU > 0.9",
    )
    cells, intervals = [], []
    for name, row in rows.items():
        value, interval = row["auroc"], row["auroc_interval"]
        cells.append(
            (
                name,
                _number(value),
                _NONE if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}",
                str(row["photos"]),
                str(row["anomalous"]),
                _share(row["could_not_align"]),
                _share(row["silhouette_iou_over_0.9"]),
            )
        )
        intervals.append(None if value is None or interval is None else (interval[0], value, interval[1]))
    return Table(title, heads, cells, intervals)


def _threshold_table(figures: dict) -> Table:
    heads = ("called anomalous from", "accuracy", "95 % interval", "anomalies found", "false alarms")
    rows = [(f"a probability of {THRESHOLD:g}", *_called(figures))]
    validated = figures["at_validation_threshold"]
    if validated is not None:
        rows.append((f"{validated['threshold']:.3f}, chosen on validation photos", *_called(validated)))
    return Table("called anomalous", heads, rows)


def _called(figures: dict) -> tuple[str, ...]:
    interval = figures["accuracy_interval"]
    shares = [_share(figures[name]) for name in ("accuracy", "found", "false_alarms")]
    told = _NONE if interval is None else f"{interval[0]:.1%} to {interval[1]:.1%}"
    return shares[0], told, *shares[1:]


def _probability_table(figures: dict) -> Table:
    best, calibration = figures["f1_max"], figures["calibration"]
    rows = [
        ("average precision", _number(figures["average_precision"])),
        (
            "F1, the largest",
            _NONE if best is None else f"{best['value']:.3f} from {best['threshold']:.3f} on",
        ),
        (f"expected calibration error, {BINS} bins", _number(calibration["ece"])),
        ("Brier score", _number(calibration["brier"])),
        ("milliseconds a photo", f"{figures['milliseconds_per_photo']:.0f}"),
    ]
    return Table("probabilities and time", ("probabilities and time", ""), rows)


def _viewpoint_table(viewpoint: dict[str, dict]) -> Table:
    shares = tuple(f"among the first {count}" if count > 1 else "found first" for count in TOP)
    heads = ("nearest view", *shares, "error, median", "mean", "90th percentile, degrees", "photos")
    rows = [
        (
            f"{name} photos",
            *(_share(row[f"top{count}"]) for count in TOP),
            *(_small(row[f"error_{name}_deg"]) for name in ("median", "mean", "p90")),
            str(row["photos"]),
        )
        for name, row in viewpoint.items()
    ]
    return Table("nearest view", heads, rows)


def _verdict_table(verdicts: dict[str, dict[str, int]]) -> Table:
    heads = ("verdicts of inspect", *verdicts["normal"])
    rows = [(f"{truth} photos", *(str(count) for count in row.values())) for truth, row in verdicts.items()]
    return Table("verdicts of inspect", heads, rows)


def _confusion_table(taken_for: dict[str, dict[str, int]]) -> Table:
    answers = next(iter(taken_for.values()))
    rows = [
        (kind, *(f"{count} ({count / max(sum(row.values()), 1):.0%})" for count in row.values()))
        for kind, row in taken_for.items()
    ]
    return Table("taken for", ("photos of, taken for", *answers), rows)


def _where_table(figures: dict) -> Table:
    pixels, boxes, parts = figures["pixels"], figures["boxes"], figures["parts"]
    rows = [
        ("pixel AUROC", _number(pixels["auroc"])),
        (f"AUPRO, false positives up to {FALSE_POSITIVES_TO:g}", _number(pixels["aupro"])),
        ("AUROC of the heat map's cells", _number(pixels["patch_auroc"])),
        ("box AP50", _number(boxes["ap50"])),
        ("box AP75", _number(boxes["ap75"])),
        ("box AP 0.50 to 0.95", _number(boxes["ap"])),
        ("IoU of the first box, mean", _number(boxes["first_iou"])),
        ("first box of IoU 0.5 or more", _share(boxes["first_hit"])),
    ]
    if parts["true_positives"] is not None:
        rows += [
            (f"right part, of {parts['true_positives']} anomalies found", _share(parts["right_part"])),
            ("right label of the part", _share(parts["right_label"])),
            ("a part named at all", _share(parts["named"])),
        ]
    return Table("where it is", ("where it is", ""), rows)


def _camera_table(figures: dict) -> Table:
    camera = figures["camera"]
    names = {
        "rotation error, degrees": "rotation_error_deg",
        "azimuth error, degrees": "azimuth_error_deg",
        "shift error, px of 128": "shift_error_px",
        "scale error, logarithm": "scale_error_log",
        "reprojection error, px of 128": "reprojection_error_px",
    }
    rows = [
        (text, _small(camera[name]["median"]), _small(camera[name]["p90"])) for text, name in names.items()
    ]
    rows += [
        ("silhouette IoU", _number(camera["silhouette_iou"]["median"]), ""),
        ("silhouette IoU over 0.9", _share(camera["silhouette_iou"]["over_0.9"]), ""),
        ("rotation error under 5 degrees", _share(camera["rotation_under_5_deg"]), ""),
        ("could not align", _share(figures["could_not_align"]), ""),
    ]
    return Table("camera", ("camera", "median or share", "90th percentile"), rows)


def difference_table(found: dict[str, Difference], first: str, second: str) -> Table:
    """Differences of two runs.

    Args:
        found: What `compare` gives.
        first, second: What the runs are called.
    """
    heads = ("", first, second, "difference", "95 % interval", "other sign in")
    rows = []
    for name, row in found.items():
        interval = _NONE if row.interval is None else f"{row.interval[0]:+.3f} to {row.interval[1]:+.3f}"
        difference = _NONE if row.difference is None else f"{row.difference:+.3f}"
        rows.append((name, _number(row.first), _number(row.second), difference, interval, _share(row.turned)))
    return Table("differences", heads, rows)


def _number(value: float | None) -> str:
    return _NONE if value is None else f"{value:.3f}"


def _small(value: float) -> str:
    return f"{value:.3g}"


def _share(value: float | None) -> str:
    return _NONE if value is None else f"{value:.1%}"
