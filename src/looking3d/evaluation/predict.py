"""Predictions of a detector on a dataset: a row a photo, saved before anything is scored."""

from __future__ import annotations

import functools
import hashlib
import json
import math
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from looking3d.dataset.engine import run_tasks
from looking3d.dataset.load import Dataset
from looking3d.dataset.quality import changed_patches
from looking3d.dataset.schema import Sample
from looking3d.errors import DatasetError, PhotoError
from looking3d.files import whole
from looking3d.geometry.camera import Camera, orbit, orbit_angles
from looking3d.geometry.correspondence import unproject
from looking3d.model.align.align import AlignDetector, AlignEnrolled
from looking3d.model.align.network import HEAT_CELLS, CompareNet
from looking3d.model.checkpoint import find_weights, load_detector
from looking3d.model.detector import Detection
from looking3d.model.query import Query, crop, whole_window
from looking3d.render.raycast import Raycaster

REPROJECTION_PX = 128
"""Reprojection errors are given in pixels of a photo of this width."""


def predict(
    weights: str,
    dataset: Dataset,
    split: str,
    out: Path,
    camera: str = "estimated",
    workers: int = 1,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Path:
    """Judge every photo of a split from photo and mesh alone, and write predictions.parquet.

    What an earlier run with the same weights and data did before it was stopped is not done again.

    Args:
        weights: What `load_detector` takes.
        dataset: Whose photos.
        split: train, val, test or all.
        out: Folder of the predictions; created.
        camera: `estimated`, or `true` to give the detector the photo's camera, as an upper bound.
        workers: Processes; no digit depends on it.
        on_progress: Called with (shapes done, shapes in all).

    Returns:
        The file.
    """
    by_shape = dataset.by_shape(split)
    work = _claim(out, weights, dataset, split, camera)
    todo = [samples for shape_id, samples in by_shape.items() if not _rows_of(work, shape_id).is_file()]
    done = len(by_shape) - len(todo)
    on_progress(done, len(by_shape))
    task = functools.partial(_predict_shape, weights=weights, dataset_path=dataset.path, camera=camera)
    for samples, rows in run_tasks(task, todo, workers):
        _write(pa.Table.from_pylist(rows), _rows_of(work, samples[0].shape_id))
        done += 1
        on_progress(done, len(by_shape))
    path = out / "predictions.parquet"
    _write(pa.concat_tables([pq.read_table(_rows_of(work, shape_id)) for shape_id in by_shape]), path)
    shutil.rmtree(work)
    return path


def _claim(out: Path, weights: str, dataset: Dataset, split: str, camera: str) -> Path:
    """The folder of the shapes that are done, emptied if they are of other weights or data."""
    if out.exists() and not out.is_dir():
        raise DatasetError(f"{out}: is a file; choose another --out")
    work = out / "predictions.partial"
    weights_hash = hashlib.sha256(find_weights(weights).read_bytes()).hexdigest()
    mine = json.dumps([weights_hash, dataset.fingerprint, split, camera])
    # Compared as text, since a key that a kill cut short is no JSON.
    key = work / "key.json"
    if not key.is_file() or key.read_text() != mine:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        key.write_text(mine)
    return work


def _rows_of(work: Path, shape_id: str) -> Path:
    return work / f"{shape_id}.parquet"


def _write(table: pa.Table, path: Path) -> None:
    with whole(path) as temporary:
        pq.write_table(table, temporary)


@functools.lru_cache(maxsize=1)
def _detector(weights: str) -> AlignDetector:
    torch.set_num_threads(1)
    return load_detector(weights)


@functools.lru_cache(maxsize=1)
def _dataset(path: Path) -> Dataset:
    return Dataset.open(path)


def _predict_shape(samples: list[Sample], weights: str, dataset_path: Path, camera: str) -> list[dict]:
    detector, dataset = _detector(weights), _dataset(dataset_path)
    raycaster = dataset.reference(samples[0].shape_id).raycaster()
    enrolled = detector.enrol(raycaster)
    return [_predict_photo(detector, enrolled, dataset, raycaster, sample, camera) for sample in samples]


def _predict_photo(
    detector: AlignDetector,
    enrolled: AlignEnrolled,
    dataset: Dataset,
    raycaster: Raycaster,
    sample: Sample,
    camera: str,
) -> dict:
    query = Query(dataset.photo(sample), name=sample.photo)
    start = time.perf_counter()
    try:
        if camera == "true":
            detection = detector.detect_at(query, enrolled, sample.camera)
        else:
            detection = detector.detect([query], enrolled)[0]
    except PhotoError:
        detection = _nothing_found(query)
    took = time.perf_counter() - start
    mask = dataset.masks(sample).changed.astype(np.float32)
    changed = crop(mask, detection.window, CompareNet.size_px, border=cv2.BORDER_CONSTANT)
    patches = changed_patches(changed, len(detection.heat_map))
    return {
        "shape_id": sample.shape_id,
        "photo": sample.photo,
        "kind": sample.kind,
        "part_label": sample.part_label,
        "anomalous": sample.anomalous,
        "odd_reference": sample.odd_reference,
        "renderer": sample.renderer,
        "changed_share": sample.changed_px / (sample.camera.width * sample.camera.height),
        "elevation_deg": float(np.degrees(sample.elevation_rad)),
        "probability": detection.probability,
        "alignment": detection.alignment,
        **camera_errors(raycaster, sample.camera, detection),
        "seconds": took,
        "heat_map": np.round(detection.heat_map * 255).astype(np.uint8).tobytes(),
        "patch_labels": np.packbits(patches).tobytes(),
    }


def _nothing_found(query: Query) -> Detection:
    """What counts for a photo in which the detector finds no object: no opinion, from the far side."""
    height, width = query.image.shape[:2]
    window = whole_window(width, height)
    camera = window.photo_camera(orbit(math.pi, 0.0), width, height)
    return Detection(0.5, np.zeros((HEAT_CELLS, HEAT_CELLS), np.float32), window, camera, 0.0)


def camera_errors(raycaster: Raycaster, truth: Camera, detection: Detection) -> dict[str, float]:
    """How far an estimated camera is from the true one.

    Returns:
        rotation_error_deg; reprojection_error_px, the mean over the points that the true camera sees, in
        pixels of a photo 128 px wide; silhouette_iou of the reference drawn from both cameras.
    """
    estimate = detection.camera
    turn = estimate.T_camera_world[:3, :3] @ truth.T_camera_world[:3, :3].T
    angle = np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1)))
    seen, found = raycaster.draw(truth), raycaster.draw(estimate)
    points = unproject(truth, seen.depth)[seen.mask]
    distance = np.linalg.norm(estimate.project(points)[0] - truth.project(points)[0], axis=1)
    overlap = (seen.mask & found.mask).sum() / max((seen.mask | found.mask).sum(), 1)
    azimuth = orbit_angles(estimate)[0] - orbit_angles(truth)[0]
    return {
        "rotation_error_deg": float(angle),
        "azimuth_error_deg": float(abs(np.degrees(np.arctan2(np.sin(azimuth), np.cos(azimuth))))),
        "reprojection_error_px": float(np.nanmean(distance) * REPROJECTION_PX / truth.width),
        "silhouette_iou": float(overlap),
    }
