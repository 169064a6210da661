"""Curves of a training run, to look at."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np

_SHOWN = {"foreground": ("loss", "iou"), "camera": ("flow_px", "alike_error"), "compare": ("loss", "auroc")}


def write_curves(run: Path) -> Path | None:
    """curves.png: two figures a stage, training and validation; None while nothing is logged."""
    matplotlib.use("Agg")
    from matplotlib import pyplot

    stages = [stage for stage in _SHOWN if (run / f"log-{stage}-train.csv").is_file()]
    if not stages:
        return None
    figure, axes = pyplot.subplots(
        len(stages), 2, figsize=(10, 3 * len(stages)), layout="constrained", squeeze=False
    )
    for row, stage in zip(axes, stages, strict=True):
        for axis, name in zip(row, _SHOWN[stage], strict=True):
            for split in ("train", "val"):
                path = run / f"log-{stage}-{split}.csv"
                columns = np.genfromtxt(path, delimiter=",", names=True) if path.is_file() else None
                if columns is not None and name in (columns.dtype.names or ()):
                    axis.plot(np.atleast_1d(columns["step"]), np.atleast_1d(columns[name]), label=split)
            axis.set(title=f"{stage}: {name}", xlabel="step")
            axis.legend()
    path = run / "curves.png"
    figure.savefig(path, dpi=100)
    pyplot.close(figure)
    return path
