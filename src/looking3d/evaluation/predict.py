"""Predictions of a detector on a dataset: a row a photo, saved before anything is scored."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import math
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from looking3d.dataset.engine import run_tasks
from looking3d.dataset.load import Dataset
from looking3d.dataset.quality import box_around, changed_patches
from looking3d.dataset.schema import Sample
from looking3d.dataset.stored_reference import StoredPart
from looking3d.errors import DatasetError, PhotoError
from looking3d.evaluation.cameras import camera_errors, disturbed_camera, view_of
from looking3d.evaluation.config import EvaluationConfig
from looking3d.evaluation.framing import Photo, load_photo, reframed
from looking3d.evaluation.pixels import packed_mask
from looking3d.evaluation.predictions import PREDICTIONS, SCHEMA, join_rows, write_rows
from looking3d.geometry.camera import orbit
from looking3d.model.align.align import AlignDetector, AlignEnrolled
from looking3d.model.align.network import HEAT_CELLS, CompareNet
from looking3d.model.checkpoint import find_weights, load_detector
from looking3d.model.concerned_part import concerned_index
from looking3d.model.detector import ALIGNED_FROM, Detection
from looking3d.model.heat_regions import heat_regions
from looking3d.model.query import Query, crop_mask, whole_window
from looking3d.render.raycast import Raycaster


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
def _detector(weights: str) -> AlignDetector:
    torch.set_num_threads(1)
    return load_detector(weights)


@functools.lru_cache(maxsize=1)
def _dataset(path: Path) -> Dataset:
    return Dataset.open(path)


def _predict_shape(
    samples: list[Sample], weights: str, dataset_path: Path, config: EvaluationConfig
) -> list[dict]:
    detector, dataset = _detector(weights), _dataset(dataset_path)
    reference = dataset.reference(samples[0].shape_id)
    raycaster = reference.raycaster()
    enrolled = detector.enrol(raycaster)
    rows = []
    for sample in samples:
        photo = load_photo(dataset, sample)
        if config.reframe > 0:
            photo = reframed(photo, config.reframe, _generator(config, sample, "frame"))
        start = time.perf_counter()
        detection = _detect(detector, enrolled, photo, sample, config)
        took = time.perf_counter() - start
        rows.append(
            {
                **_truth(photo, sample, detection),
                "family": reference.family,
                **_answer(detection, raycaster, reference.parts),
                **camera_errors(raycaster, photo.camera, detection.camera),
                "seconds": took,
            }
        )
    return rows


def _generator(config: EvaluationConfig, sample: Sample, purpose: str) -> np.random.Generator:
    """A photo's own, so that neither its neighbours nor the order change what is drawn."""
    name = hashlib.sha256(f"{purpose} {sample.shape_id}/{sample.photo}".encode()).digest()
    return np.random.default_rng([config.seed, int.from_bytes(name[:8])])


def _detect(
    detector: AlignDetector, enrolled: AlignEnrolled, photo: Photo, sample: Sample, config: EvaluationConfig
) -> Detection:
    query = Query(photo.image, name=sample.photo)
    try:
        if config.camera == "estimated":
            return detector.detect([query], enrolled)[0]
        camera = photo.camera
        if config.camera == "disturbed":
            generator = _generator(config, sample, "camera")
            camera = disturbed_camera(camera, photo.object, enrolled.raycaster, generator)
        return detector.detect_at(query, enrolled, camera)
    except PhotoError:
        return _nothing_found(query)


def _nothing_found(query: Query) -> Detection:
    """What counts for a photo in which the detector finds no object: no opinion, from the far side."""
    height, width = query.image.shape[:2]
    window = whole_window(width, height)
    camera = window.photo_camera(orbit(math.pi, 0.0), width, height)
    return Detection(0.5, np.zeros((HEAT_CELLS, HEAT_CELLS), np.float32), window, camera, 0.0)


def _truth(photo: Photo, sample: Sample, detection: Detection) -> dict:
    """What is known of the photo; the labels of the patches are those of the detector's window."""
    changed = crop_mask(photo.changed, detection.window, CompareNet.size_px)
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
        "patch_labels": np.packbits(changed_patches(changed, len(detection.heat_map))).tobytes(),
    }


def _answer(detection: Detection, raycaster: Raycaster, parts: tuple[StoredPart, ...]) -> dict:
    """What the detector says, as `inspect` would tell it."""
    aligned = detection.alignment >= ALIGNED_FROM
    index = concerned_index(detection, raycaster, len(parts)) if aligned else None
    named = StoredPart("", "") if index is None else parts[index]
    regions = heat_regions(detection)
    window = detection.window
    return {
        "probability": detection.probability,
        "alignment": detection.alignment,
        "aligned": aligned,
        "named_part_id": named.id,
        "named_part_label": named.label,
        "boxes": [list(region.box) for region in regions],
        "box_scores": [detection.probability * region.total / regions[0].total for region in regions],
        "window": [window.x, window.y, window.side],
        "heat_map": detection.heat_map.astype(np.float16).tobytes(),
    }
