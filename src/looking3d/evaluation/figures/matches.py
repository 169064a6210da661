"""Matches between photos and views, as a network of an evaluated run finds them."""

from __future__ import annotations

import matplotlib
import numpy as np
import torch

from looking3d.dataset.load import Dataset
from looking3d.errors import ConfigError
from looking3d.evaluation.config import EvaluationConfig
from looking3d.evaluation.figures.chosen_photos import number_of, samples_of, taking_turns
from looking3d.evaluation.judging import detector_of, stored_views
from looking3d.evaluation.papers_tables import is_cmt
from looking3d.evaluation.plots import png_of
from looking3d.evaluation.runs import Run
from looking3d.evaluation.score import ordered
from looking3d.geometry.camera import azimuth_apart
from looking3d.model.cmt.candidates import foreground
from looking3d.model.cmt.cmt import Cmt
from looking3d.model.cmt.match_lines import MatchStrip, match_strip
from looking3d.model.pair_detector import PairDetector
from looking3d.model.pair_views import PairViews
from looking3d.model.query import crop, to_tensor, whole_window

COLUMNS = 2


def compares_patches(run: Run) -> bool:
    """Whether its network has features that photo and views are compared by."""
    return is_cmt(run) and (run.settings["network"]["cga"] or run.settings["network"]["vlfa"])


@torch.inference_mode()
def matches_of(run: Run, dataset: Dataset, count: int = 12, photo: str = "") -> bytes:
    """A PNG: photos, each beside the view found nearest to it, and lines between what looks alike.

    Args:
        run: An evaluated run, by whose weights matches are found.
        dataset: Whose photos it judged.
        count: Photos; kinds take turns, as in `qualitative`.
        photo: SHAPE/PHOTO, instead of several.

    Raises:
        ConfigError: There is no such photo, or the network compares no patches.
        DatasetError: The run is of another dataset.
        CheckpointError: The weights are gone.
    """
    samples = samples_of(run, dataset)
    rows = ordered(run.predictions)
    chosen = [number_of(photo, run, rows)] if photo else taking_turns(rows["kind"], count)
    detector = detector_of(run.settings["weights"], EvaluationConfig(views=run.settings.get("views")))
    if not isinstance(detector, PairDetector) or not compares_patches(run):
        raise ConfigError(f"{run.path}: its network compares no patches; there are no matches to draw")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    columns = min(COLUMNS, len(chosen))
    lines = -(-len(chosen) // columns)
    figure, axes = pyplot.subplots(
        lines, columns, figsize=(4.4 * columns, 2.5 * lines), layout="constrained", squeeze=False
    )
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, number in zip(axes.flat, chosen, strict=False):
        sample = samples[rows["shape_id"][number], rows["photo"][number]]
        reference = dataset.reference(sample.shape_id)
        views, cameras = stored_views(reference, detector.views, detector.size_px, detector.grid)
        image = dataset.photo(sample)
        square = crop(image, whole_window(image.shape[1], image.shape[0]), detector.size_px)
        strip = _strip(detector, square, views)
        apart = azimuth_apart(cameras[strip.view], sample.camera)
        axis.imshow(strip.image)
        axis.set_title(f"{sample.kind}; view {strip.view}, {apart:.0f}° off", fontsize=9)
    return png_of(figure)


def _strip(detector: PairDetector, photo: np.ndarray, views: PairViews) -> MatchStrip:
    """The matches of a photo, as the network sees it."""
    network = detector.network
    assert isinstance(network, Cmt)
    images, _, valid = views.tensors(detector.device)
    query = to_tensor(photo[None]).to(detector.device)
    shown = foreground(query, detector.grid)[0] > 0
    projected = network.project(images.flatten(0, 1)).cpu()
    return match_strip(
        photo, views.images, network.project(query)[0].cpu(), projected, shown.cpu(), valid[0].cpu()
    )
