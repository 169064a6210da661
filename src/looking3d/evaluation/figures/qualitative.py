"""Figure 6 of the paper: photos with what was found in them, errors marked in red."""

from __future__ import annotations

import matplotlib
import numpy as np
from matplotlib.axes import Axes

from looking3d.dataset.load import Dataset
from looking3d.evaluation.figures.chosen_photos import samples_as_judged, taking_turns
from looking3d.evaluation.plots import png_of
from looking3d.evaluation.runs import Run
from looking3d.evaluation.score import ordered
from looking3d.evaluation.thresholds import THRESHOLD

COLUMNS = 6
_TRUE, _FOUND, _WRONG, _RIGHT = "#e0a800", "#1f5fbf", "#c01818", "#2a7a2a"


def qualitative(run: Run, dataset: Dataset, count: int = 12) -> bytes:
    """A PNG of photos: the true box yellow, the box found blue where a photo is called anomalous.

    Photos are not picked by what was found: kinds take turns, and those of a kind are spread evenly over
    the run.

    Args:
        run: An evaluated run.
        dataset: Whose photos it judged.
        count: Photos.

    Raises:
        ConfigError: The photos were framed otherwise than the dataset has them.
        DatasetError: They are of another dataset.
    """
    samples = samples_as_judged(run, dataset)
    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = ordered(run.predictions)
    chosen = taking_turns(rows["kind"], count)
    columns = min(COLUMNS, len(chosen))
    lines = -(-len(chosen) // columns)
    figure, axes = pyplot.subplots(
        lines, columns, figsize=(2 * columns, 2.3 * lines), layout="constrained", squeeze=False
    )
    for place, axis in enumerate(axes.flat):
        axis.set(xticks=[], yticks=[])
        if place >= len(chosen):
            axis.set_axis_off()
            continue
        row = {name: column[chosen[place]] for name, column in rows.items()}
        _draw(axis, dataset.photo(samples[row["shape_id"], row["photo"]]), row)
    return png_of(figure)


def _draw(axis: Axes, photo: np.ndarray, row: dict) -> None:
    """A photo with its boxes, and a frame and a title that say whether the answer is right."""
    from matplotlib.patches import Rectangle

    axis.imshow(photo)
    called = row["probability"] >= THRESHOLD
    found = row["boxes"][:1] if called else []
    for boxes, color in ((row["true_boxes"], _TRUE), (found, _FOUND)):
        for x, y, width, height in boxes:
            axis.add_patch(
                Rectangle((x - 0.5, y - 0.5), width, height, fill=False, color=color, linewidth=1.5)
            )
    color = _RIGHT if called == row["anomalous"] else _WRONG
    axis.set_title(f"{row['kind']}, {row['probability']:.2f}", fontsize=9, color=color)
    for spine in axis.spines.values():
        spine.set(color=color, linewidth=2)
