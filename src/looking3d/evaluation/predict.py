"""Predictions of a detector on a dataset: a row a photo, saved before anything is scored."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from looking3d.dataset.engine import run_tasks
from looking3d.dataset.load import Dataset
from looking3d.dataset.quality import box_around, changed_patches
from looking3d.dataset.schema import Sample
from looking3d.errors import DatasetError
from looking3d.evaluation.cameras import view_of
from looking3d.evaluation.config import EvaluationConfig
from looking3d.evaluation.framing import Photo, load_photo, reframed
from looking3d.evaluation.judging import Judged, detector_of, generator_of, judge_of
from looking3d.evaluation.pixels import packed_mask
from looking3d.evaluation.predictions import PREDICTIONS, SCHEMA, join_rows, write_rows
from looking3d.geometry.camera import azimuth_apart
from looking3d.model.align.align import AlignDetector
from looking3d.model.checkpoint import find_weights
from looking3d.model.networks import NAMES
from looking3d.model.query import crop_mask
from looking3d.model.stored_weights import read_header

_CELL_PX = 4
"""Pixels along a cell of the heat map at which what changed in it is counted."""


def predict(
    weights: str,
    dataset: Dataset,
    split: str,
    out: Path,
    config: EvaluationConfig | None = None,
    workers: int = 1,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Path:
    """Judge every photo of a split from photo and mesh alone, and write predictions.parquet.

    What an earlier run with the same weights, data and config did before it was stopped is not done again.

    Args:
        weights: What `load_detector` takes.
        dataset: Whose photos.
        split: train, val, test or all.
        out: Folder of the predictions; created.
        config: How the detector is tested; by default on the photos as they are.
        workers: Processes; no digit depends on it.
        on_progress: Called with (shapes done, shapes in all).

    Returns:
        The file.
    """
    config = config or EvaluationConfig()
    by_shape = dataset.by_shape(split)
    settings = {
        "weights": weights,
        "weights_sha256": hashlib.sha256(find_weights(weights).read_bytes()).hexdigest(),
        "dataset": str(dataset.path),
        "dataset_fingerprint": dataset.fingerprint,
        "split": split,
        **dataclasses.asdict(config),
        **_told_of(weights),
    }
    work = _claim(out, settings)
    todo = [samples for shape_id, samples in by_shape.items() if not _rows_of(work, shape_id).is_file()]
    done = len(by_shape) - len(todo)
    on_progress(done, len(by_shape))
    task = functools.partial(_predict_shape, weights=weights, dataset_path=dataset.path, config=config)
    for samples, rows in run_tasks(task, todo, workers):
        write_rows(rows, _rows_of(work, samples[0].shape_id))
        done += 1
        on_progress(done, len(by_shape))
    path = out / PREDICTIONS
    join_rows((_rows_of(work, shape_id) for shape_id in by_shape), settings, path)
    shutil.rmtree(work)
    return path


def _told_of(weights: str) -> dict:
    """What detector it is, and of a network of photo and views its settings and what was noted with it."""
    path = find_weights(weights)
    header = read_header(path) if path.suffix == ".safetensors" else {}
    if header.get("detector") not in NAMES:
        return {"detector": AlignDetector.name}
    network, notes = (json.loads(header.get(name, "{}")) for name in ("config", "notes"))
    return {"detector": header["detector"], "network": network, "notes": notes}


def _claim(out: Path, settings: dict) -> Path:
    """The folder of the shapes that are done, emptied if they are of other weights, data or settings."""
    if out.exists() and not out.is_dir():
        raise DatasetError(f"{out}: is a file; choose another --out")
    work = out / "predictions.partial"
    # Where weights and data lie does not matter; which columns there are does.
    same = {name: value for name, value in settings.items() if name not in ("weights", "dataset")}
    mine = json.dumps([same, SCHEMA.names])
    # Compared as text, since a key that a kill cut short is no JSON.
    key = work / "key.json"
    if not key.is_file() or key.read_text() != mine:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        key.write_text(mine)
    return work


def _rows_of(work: Path, shape_id: str) -> Path:
    return work / f"{shape_id}.parquet"


@functools.lru_cache(maxsize=1)
def _dataset(path: Path) -> Dataset:
    return Dataset.open(path)


def _predict_shape(
    samples: list[Sample], weights: str, dataset_path: Path, config: EvaluationConfig
) -> list[dict]:
    detector, dataset = detector_of(weights, config), _dataset(dataset_path)
    reference = dataset.reference(samples[0].shape_id)
    judge = judge_of(detector, reference, config)
    rows = []
    for sample in samples:
        photo = load_photo(dataset, sample)
        if config.reframe > 0:
            photo = reframed(photo, config.reframe, generator_of(config, sample, "frame"))
        judged = judge.judge(photo, sample)
        nearest = min(azimuth_apart(view, photo.camera) for view in reference.cameras)
        of_reference = {"family": reference.family, "nearest_view_deg": nearest}
        rows.append({**_truth(photo, sample, judged), **of_reference, **judged.columns})
    return rows


def _truth(photo: Photo, sample: Sample, judged: Judged) -> dict:
    """What is known of the photo; the labels of the cells are those of the detector's window."""
    window, cells = judged.window, len(judged.heat_map)
    changed = crop_mask(photo.changed, window, cells * _CELL_PX)
    height, width = photo.changed.shape
    return {
        "shape_id": sample.shape_id,
        "photo": sample.photo,
        "renderer": sample.renderer,
        "kind": sample.kind,
        "part_id": sample.part_id,
        "part_label": sample.part_label,
        "anomalous": sample.anomalous,
        "odd_reference": sample.odd_reference,
        "width": width,
        "height": height,
        **view_of(photo.camera),
        "changed_share": float(photo.changed.mean()),
        "true_boxes": [list(box_around(photo.changed))] if photo.changed.any() else [],
        "changed": packed_mask(photo.changed),
        "patch_labels": np.packbits(changed_patches(changed, cells)).tobytes(),
        "window": [window.x, window.y, window.side],
        "heat_map": judged.heat_map.astype(np.float16).tobytes(),
    }
