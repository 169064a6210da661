"""Figures as tables of text, for the terminal and for the page alike."""

from __future__ import annotations

from dataclasses import dataclass, field

from looking3d.evaluation.pixels import FALSE_POSITIVES_TO

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
    return [
        _auroc_table("overall", {"all photos": figures}),
        _threshold_table(figures),
        _where_table(figures),
        _camera_table(figures),
        _verdict_table(figures["verdicts"]),
        *groups,
    ]


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
    heads = ("at a probability of 0.5", "accuracy", "anomalies found", "false alarms", "average precision")
    cells = (
        "all photos",
        *(_share(figures[name]) for name in ("accuracy", "found", "false_alarms")),
        _number(figures["average_precision"]),
    )
    return Table("at a probability of 0.5", heads, [cells])


def _verdict_table(verdicts: dict[str, dict[str, int]]) -> Table:
    heads = ("verdicts of inspect", *verdicts["normal"])
    rows = [(f"{truth} photos", *(str(count) for count in row.values())) for truth, row in verdicts.items()]
    return Table("verdicts of inspect", heads, rows)


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
        ("milliseconds a photo", f"{figures['milliseconds_per_photo']:.0f}", ""),
    ]
    return Table("camera", ("camera", "median or share", "90th percentile"), rows)


def _number(value: float | None) -> str:
    return _NONE if value is None else f"{value:.3f}"


def _small(value: float) -> str:
    return f"{value:.3g}"


def _share(value: float | None) -> str:
    return _NONE if value is None else f"{value:.1%}"
