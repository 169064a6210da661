"""Figure 7 of the paper: AUC by the number of candidates, and by views in training and in testing."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes

from looking3d.evaluation.papers_tables import is_cmt, top_k_of, views_of
from looking3d.evaluation.plots import png_of
from looking3d.evaluation.runs import Run
from looking3d.model.pair_detector import ALL


class _Point(NamedTuple):
    at: int
    auroc: float
    interval: tuple[float, float]


def sensitivity_plot(runs: list[Run]) -> bytes | None:
    """A PNG; None where the runs of CMT leave nothing to plot, k and views being the same in all.

    Runs that differ in one of the two alone make a line. Bars are 95 % intervals over shapes.
    """
    chosen = [run for run in runs if is_cmt(run) and run.figures["auroc_interval"] is not None]
    by_k, by_views = _lines(chosen)
    if not by_k and not by_views:
        return None
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
    everything = {name: [point for point in points if point.at == 0] for name, points in by_k.items()}
    for name, points in by_k.items():
        line = _line(left, [point for point in points if point.at > 0], name)
        for point in everything[name]:
            left.axhline(point.auroc, linestyle=":", color=line.get_color(), label=f"{name}, all tokens")
    left.set(xlabel="k, candidates of a patch", ylabel="AUC", title="Sensitivity to k", xscale="log")
    for name, points in by_views.items():
        _line(right, points, name)
    right.set(xlabel="views in testing", ylabel="AUC", title="Sensitivity to the number of views")
    for axes in (left, right):
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize=8)
        else:
            axes.set_axis_off()
    return png_of(figure)


def _lines(runs: list[Run]) -> tuple[dict[str, list[_Point]], dict[str, list[_Point]]]:
    """Points by k, where all tokens are at 0, and by views in testing; lines of one point are left out.

    A line is of the same weights, and called as the first of its runs.
    """
    names: dict[str, str] = {}
    by_k: dict[str, list[_Point]] = defaultdict(list)
    by_views: dict[str, list[_Point]] = defaultdict(list)
    for run in runs:
        trained, tested = views_of(run)
        top_k, figures = top_k_of(run), run.figures
        name = names.setdefault(run.settings["weights_sha256"], run.name)
        scored = figures["auroc"], tuple(figures["auroc_interval"])

        views = f"{name}, {trained} views in training"
        by_k[f"{views}, {tested} in testing"].append(_Point(0 if top_k == ALL else int(top_k), *scored))
        by_views[f"{views}, k = {top_k}"].append(_Point(tested, *scored))
    return _with_several(by_k), _with_several(by_views)


def _with_several(lines: dict[str, list[_Point]]) -> dict[str, list[_Point]]:
    return {name: sorted(points) for name, points in lines.items() if len({p.at for p in points}) > 1}


def _line(axes: Axes, points: list[_Point], name: str) -> Any:
    at, auroc = np.array([point.at for point in points]), np.array([point.auroc for point in points])
    ends = np.array([point.interval for point in points]).reshape(-1, 2)
    around = np.abs(ends.T - auroc)
    return axes.errorbar(at, auroc, around, marker="o", capsize=3, label=name if len(points) else None)[0]
