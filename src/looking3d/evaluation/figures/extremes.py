"""The photos that a detector judges best, middling and worst, with what it saw there."""

from __future__ import annotations

import json

import cv2
import matplotlib
import numpy as np
from matplotlib.axes import Axes

from looking3d.dataset.load import Dataset
from looking3d.dataset.schema import Sample
from looking3d.evaluation.figures.chosen_photos import samples_as_judged
from looking3d.evaluation.plots import png_of
from looking3d.evaluation.runs import Run
from looking3d.evaluation.score import ordered
from looking3d.geometry.camera import Camera
from looking3d.model.detector import resampled
from looking3d.model.query import Window

COLUMNS = 10
_HOTTEST = 0.6  # share of the photo's colour that the hottest heat covers


def extremes(run: Run, dataset: Dataset, count: int = 20) -> bytes:
    """A PNG of the best, the middle and the worst photos by how far the probability is from the truth.

    Over each photo the heat map in red, and the reference's outline as the camera that was found draws it in
    blue; the true box is yellow.

    Args:
        run: An evaluated run.
        dataset: Whose photos it judged.
        count: Photos of each of the three.

    Raises:
        ConfigError: The photos were framed otherwise than the dataset has them.
        DatasetError: They are of another dataset.
    """
    samples = samples_as_judged(run, dataset)
    rows = ordered(run.predictions)
    matplotlib.use("Agg")
    from matplotlib import pyplot

    groups = ranked(rows["anomalous"].astype(bool), rows["probability"], count)
    columns = min(COLUMNS, max(len(chosen) for chosen in groups.values()))
    lines = {name: -(-len(chosen) // columns) for name, chosen in groups.items()}
    size = (1.7 * columns, 2.0 * sum(lines.values()))
    figure = pyplot.figure(figsize=size, layout="constrained")
    blocks = figure.subfigures(len(groups), 1, height_ratios=list(lines.values()), squeeze=False)[:, 0]
    for block, (name, chosen) in zip(blocks, groups.items(), strict=True):
        block.suptitle(name, fontsize=11)
        axes = block.subplots(lines[name], columns, squeeze=False).ravel()
        for axis in axes:
            axis.set_axis_off()
        for axis, number in zip(axes, chosen.tolist(), strict=False):
            row: dict = {column: values[number] for column, values in rows.items()}
            _draw(axis, dataset, samples[row["shape_id"], row["photo"]], row)
    return png_of(figure)


def ranked(labels: np.ndarray, probability: np.ndarray, count: int) -> dict[str, np.ndarray]:
    """Numbers of the photos nearest to the truth, in the middle, and farthest from it, the worst first.

    Args:
        labels: (n,) bool.
        probability: (n,).
        count: Of each, at most; a photo may be in two where there are few.
    """
    order = np.argsort(np.abs(labels - probability), kind="stable")
    count = min(count, len(order))
    start = (len(order) - count) // 2
    return {"best": order[:count], "median": order[start : start + count], "worst": order[::-1][:count]}


def _draw(axis: Axes, dataset: Dataset, sample: Sample, row: dict) -> None:
    """A photo with heat, outline and box."""
    from matplotlib.patches import Rectangle

    photo = dataset.photo(sample)
    height, width = photo.shape[:2]
    heat = np.frombuffer(row["heat_map"], np.float16).astype(np.float32)
    side = round(len(heat) ** 0.5)
    heat = np.clip(resampled(heat.reshape(side, side), Window(*row["window"]), width, height), 0, 1)
    cover = _HOTTEST * heat[..., None]
    picture = np.round(photo * (1 - cover) + np.array([255, 0, 0]) * cover).astype(np.uint8)
    if row["found_camera"] is not None:
        camera = Camera.from_json(json.loads(row["found_camera"]))
        mask = dataset.reference(sample.shape_id).raycaster().draw(camera).mask
        outline = cv2.findContours(mask.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)[0]
        cv2.drawContours(picture, outline, -1, (31, 95, 191), 1)
    axis.imshow(picture)
    for x, y, box_width, box_height in row["true_boxes"]:
        axis.add_patch(
            Rectangle((x - 0.5, y - 0.5), box_width, box_height, fill=False, color="#e0a800", linewidth=1)
        )
    axis.set_title(f"{row['kind']}, {row['probability']:.2f}", fontsize=8)
