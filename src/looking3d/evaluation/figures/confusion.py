"""What photos of each kind of anomaly are taken for, as a picture."""

from __future__ import annotations

import matplotlib
import numpy as np

from looking3d.evaluation.plots import png_of


def confusion_picture(taken_for: dict[str, dict[str, int]], name: str) -> bytes:
    """A PNG: a row a kind, a column an answer; colour is the share of the row, numbers are photos.

    Args:
        taken_for: What `confusion` gives.
        name: Of the run, for the title.
    """
    matplotlib.use("Agg")
    from matplotlib import pyplot

    kinds, answers = list(taken_for), list(next(iter(taken_for.values())))
    photos = np.array([list(row.values()) for row in taken_for.values()])
    share = photos / np.maximum(photos.sum(1, keepdims=True), 1)
    size = (2.2 + 0.9 * len(answers), 1.4 + 0.55 * len(kinds))
    figure, axes = pyplot.subplots(figsize=size, layout="constrained")
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), count in np.ndenumerate(photos):
        shade = "white" if share[row, column] > 0.5 else "black"
        text = f"{count}\n{share[row, column]:.0%}"
        axes.text(column, row, text, ha="center", va="center", color=shade, fontsize=8)
    axes.set_xticks(range(len(answers)), answers, fontsize=9)
    axes.set_yticks(range(len(kinds)), kinds, fontsize=9)
    axes.set(xlabel="taken for", ylabel="photos of", title=name)
    return png_of(figure)
