"""Figure 5 of the paper: what a patch of a photo is alike in the views, and which patches it attends to."""

from __future__ import annotations

import matplotlib
import numpy as np
import torch

from looking3d.dataset.load import Dataset
from looking3d.dataset.schema import Sample
from looking3d.errors import ConfigError
from looking3d.evaluation.config import EvaluationConfig
from looking3d.evaluation.figures.chosen_photos import number_of, samples_of
from looking3d.evaluation.judging import detector_of, stored_views
from looking3d.evaluation.papers_tables import is_cmt, top_k_of
from looking3d.evaluation.plots import png_of
from looking3d.evaluation.runs import Run
from looking3d.evaluation.score import ordered
from looking3d.model.cmt.cmt import CmtOutput
from looking3d.model.pair_detector import ALL, PairDetector
from looking3d.model.pair_views import PairViews
from looking3d.model.query import crop, whole_window

SHOWN = 5
"""Views that are shown: those with most of the patches attended to, by azimuth."""


def chooses_patches(run: Run) -> bool:
    """Whether its network attends to the patches that are most alike."""
    return is_cmt(run) and run.settings["network"]["ranking"] == "similarity" and top_k_of(run) != ALL


def attention_of(run: Run, dataset: Dataset, photo: str = "", at: tuple[float, float] | None = None) -> bytes:
    """`attention` for a photo of an evaluated run, by the weights that it was made with.

    Args:
        run: The run.
        dataset: Whose photos it judged.
        photo: SHAPE/PHOTO; by default the first anomalous one, or the first.
        at: As in `attention`; by default the middle of the anomaly's box, or of the photo.

    Raises:
        ConfigError: There is no such photo, or nothing to show.
        DatasetError: The run is of another dataset.
        CheckpointError: The weights are gone.
    """
    samples, rows = samples_of(run, dataset), ordered(run.predictions)
    number = number_of(photo, run, rows) if photo else int(np.argmax(rows["anomalous"]))
    sample = samples[rows["shape_id"][number], rows["photo"][number]]
    config = EvaluationConfig(views=run.settings.get("views"), top_k=run.settings.get("top_k"))
    detector = detector_of(run.settings["weights"], config)
    assert isinstance(detector, PairDetector)
    reference = dataset.reference(sample.shape_id)
    views, _ = stored_views(reference, detector.views, detector.size_px, detector.grid)
    image = dataset.photo(sample)
    return attention(detector, views, image, _middle(sample, image) if at is None else at)


def _middle(sample: Sample, photo: np.ndarray) -> tuple[float, float]:
    """The middle of the anomaly's box, or of the photo, as fractions of the photo made square."""
    if not sample.anomalous:
        return 0.5, 0.5
    window = whole_window(photo.shape[1], photo.shape[0])
    x, y, width, height = sample.box
    return (x + width / 2 - window.x) / window.side, (y + height / 2 - window.y) / window.side


@torch.inference_mode()
def attention(detector: PairDetector, views: PairViews, photo: np.ndarray, at: tuple[float, float]) -> bytes:
    """A PNG: the photo with a dot on the patch; below each other, similarity and top-k of the views.

    Args:
        detector: Of CMT.
        views: Of the reference.
        photo: (height, width, 3) uint8 RGB, shown to the network whole.
        at: (x, y) of the patch as fractions of the photo, made square.

    Raises:
        ConfigError: The network compares no patches or chooses none, or needs a camera.
    """
    if detector.needs_camera:
        raise ConfigError(f"{detector.name}: ranks by geometry, not by similarity; there is nothing to show")
    window = whole_window(photo.shape[1], photo.shape[0])
    judged = detector.judge(photo, window, detector.encode(views))
    if not isinstance(judged, CmtOutput) or judged.query is None or judged.candidates is None:
        raise ConfigError(f"{detector.name}: chooses no patches to attend to; there is nothing to show")
    grid = detector.grid
    column, row = (min(max(int(place * grid), 0), grid - 1) for place in at)
    patch = row * grid + column
    assert judged.views is not None
    alike = (judged.views[0] @ judged.query[0, patch]).float().cpu().numpy()
    chosen = np.zeros(alike.size + 1, bool)  # the last stands for an empty token
    index, allowed = (part[0, patch].cpu().numpy() for part in judged.candidates)
    chosen[index[allowed]] = True
    span = chosen[: alike.size].reshape(alike.shape)
    shown = np.sort(np.argsort(-span.sum(1), kind="stable")[:SHOWN])
    square = crop(photo, window, detector.size_px)
    return _drawn(square, views, alike, span, shown, (column, row), grid)


def _drawn(
    photo: np.ndarray,
    views: PairViews,
    alike: np.ndarray,
    span: np.ndarray,
    shown: np.ndarray,
    cell: tuple[int, int],
    grid: int,
) -> bytes:
    matplotlib.use("Agg")
    from matplotlib import pyplot

    size = len(photo)
    extent = (-0.5, size - 0.5, size - 0.5, -0.5)
    seen = np.where(views.valid, alike, np.nan)[shown]
    limits = {"vmin": float(np.nanmin(seen)), "vmax": float(np.nanmax(seen))}
    figure, axes = pyplot.subplots(
        2, len(shown) + 1, figsize=(2 * (len(shown) + 1), 4.2), layout="constrained"
    )
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
    axes[0, 0].imshow(photo)
    axes[0, 0].plot(*((place + 0.5) * size / grid - 0.5 for place in cell), "o", color="#ffd200", mec="k")
    axes[0, 0].set_title("photo", fontsize=9)
    axes[1, 0].set_axis_off()
    for place, (view, heat) in enumerate(zip(shown, seen, strict=True), 1):
        for axis in axes[:, place]:
            axis.imshow(views.images[view], cmap="gray", vmin=0, vmax=255)
        axes[0, place].imshow(heat.reshape(grid, grid), cmap="jet", alpha=0.6, extent=extent, **limits)
        marked = np.where(span[view], 1.0, np.nan).reshape(grid, grid)
        axes[1, place].imshow(marked, cmap="autumn", alpha=0.7, extent=extent, vmin=0, vmax=2)
        axes[0, place].set_title(f"view {view}: similarity", fontsize=9)
        axes[1, place].set_title(f"{int(span[view].sum())} of top-k", fontsize=9)
    return png_of(figure)
