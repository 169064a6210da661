"""Check every file of a dataset against its manifest, and say what is wrong with which."""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from PIL import Image

from looking3d.dataset.brokenchairs import PublishedDataset, annotation_path, view_camera
from looking3d.dataset.engine import run_tasks
from looking3d.dataset.foreign_npy import load_array_dict
from looking3d.dataset.load import Dataset, GeneratedDataset
from looking3d.dataset.problems import REMOVE, Problem, check_picture, points_in_patches
from looking3d.dataset.schema import MANIFEST, SAMPLES, SHAPES, SPLITS, Sample, read_json
from looking3d.dataset.validate_shape import REBUILD, check_shape
from looking3d.errors import DatasetError
from looking3d.files import PARTIAL

_KNOWN = (MANIFEST, SAMPLES, SHAPES, "contact_sheet.jpg", "statistics.html")


def validate(
    path: Path, workers: int = 1, on_progress: Callable[[int, int], None] = lambda done, total: None
) -> list[Problem]:
    """Check a dataset of either layout.

    Args:
        path: Its folder.
        workers: Processes.
        on_progress: Called with (shapes done, shapes in all).

    Returns:
        What is wrong, by file; empty if nothing is.

    Raises:
        DatasetError: There is no dataset, or its manifest is of no use.
    """
    dataset = Dataset.open(path)
    ids = sorted({shape_id for shapes in dataset.splits.values() for shape_id in shapes})
    problems = list(_check_splits(dataset))
    if isinstance(dataset, GeneratedDataset):
        problems += _check_generated(dataset, ids)
    elif isinstance(dataset, PublishedDataset):
        problems += _check_published(dataset)
    on_progress(0, len(ids))
    task = functools.partial(_check_one, path=path)
    for done, (_, found) in enumerate(run_tasks(task, ids, workers), 1):
        problems += found
        on_progress(done, len(ids))
    return sorted(set(problems), key=lambda problem: (str(problem.path), problem.what))


@functools.lru_cache(maxsize=1)
def _opened(path: Path, fingerprint: str) -> tuple[Dataset, dict[str, list[Sample]]]:
    dataset = Dataset.open(path)
    return dataset, dataset.by_shape("all")


def _check_one(shape_id: str, path: Path) -> list[Problem]:
    """What is wrong with a shape; runs in a worker."""
    stamp = (path / MANIFEST if (path / MANIFEST).is_file() else path / "split.json").stat()
    dataset, by_shape = _opened(path, f"{stamp.st_mtime_ns} {stamp.st_ino}")
    samples = by_shape.get(shape_id, [])
    if isinstance(dataset, GeneratedDataset):
        return list(check_shape(dataset, shape_id, samples))
    assert isinstance(dataset, PublishedDataset)
    return list(_check_published_shape(dataset, shape_id, samples))


def _check_splits(dataset: Dataset) -> Iterator[Problem]:
    counts = Counter(shape_id for ids in dataset.splits.values() for shape_id in ids)
    for shape_id, count in counts.items():
        if count > 1:
            yield Problem(dataset.path, f"the shape {shape_id} is in {count} splits", REBUILD)
    split_of = {shape_id: split for split, ids in dataset.splits.items() for shape_id in ids}
    for sample in dataset.samples:
        if split_of.get(sample.shape_id) != sample.split:
            what = f"{sample.shape_id}/{sample.photo} is labelled {sample.split}"
            yield Problem(dataset.path, f"{what}, its shape is in {split_of.get(sample.shape_id)}", REBUILD)


def _check_generated(dataset: GeneratedDataset, ids: list[str]) -> Iterator[Problem]:
    """The manifest and the table against the shapes' records, and files that nothing names."""
    root, manifest = dataset.path, dataset.manifest
    for path in sorted(root.iterdir()):
        if path.name not in _KNOWN or path.name.endswith(PARTIAL):
            yield Problem(path, "belongs to no dataset", REMOVE)
    for path in sorted((root / SHAPES).iterdir()):
        if path.name not in ids:
            what = "was left by an interrupted run" if path.name.endswith(PARTIAL) else "is in no split"
            yield Problem(path, what, REMOVE)
    recorded, refused = [], Counter()
    for split in SPLITS:
        for shape_id in dataset.splits.get(split, ()):
            try:
                record = read_json(root / SHAPES / shape_id / "shape.json", REBUILD)
            except DatasetError:
                continue  # named when the shape is checked
            recorded += record.get("photos", [])
            refused.update(record.get("rejections", {}))
    table = pq.read_table(root / SAMPLES).to_pylist()
    if sorted(map(_text, table)) != sorted(map(_text, recorded)):
        what = f"its {len(table)} rows are not the {len(recorded)} photos of the shapes' shape.json"
        yield Problem(root / SAMPLES, what, REBUILD)
    kinds = dict(sorted(Counter(row["kind"] for row in table).items()))
    counts = {"shapes": len(ids), "photos": len(table), "kinds": kinds}
    for name, count in counts.items():
        stated = manifest.get("counts", {}).get(name)
        if stated != count:
            yield Problem(root / MANIFEST, f"states {name} {stated}, there are {count}", REBUILD)
    if manifest.get("rejections") != dict(sorted(refused.items())):
        yield Problem(root / MANIFEST, "its rejections are not the sum of the shapes'", REBUILD)


def _text(row: dict) -> str:
    return json.dumps(row, sort_keys=True)


def _check_published(dataset: PublishedDataset) -> Iterator[Problem]:
    """Annotations without a photo, folders in no split, and files left half written."""
    root = dataset.path
    needed = set()
    for sample in dataset.samples:
        if sample.anomalous:
            photo = dataset.photo_path(sample)
            info = annotation_path(photo, "info_")
            needed.add(info.with_name(info.name.removesuffix(".png") + ".json"))
            needed |= {annotation_path(photo, prefix) for prefix in ("mask_new_", "mask_old_")}
    if (root / "annotations").is_dir():
        for path in sorted((root / "annotations").rglob("*.*")):
            if path.is_file() and path not in needed:
                yield Problem(path, "annotates no photo", REMOVE)
    known = set(dataset.folders.values())
    for path in sorted((root / "shapes").iterdir()):
        if path not in known:
            yield Problem(path, "is in no split", REMOVE)
    for path in sorted(root.rglob(f"*{PARTIAL}")):
        yield Problem(path, "was left by an interrupted run", REMOVE)


def _check_published_shape(
    dataset: PublishedDataset, shape_id: str, samples: list[Sample]
) -> Iterator[Problem]:
    copy = "copy it again"
    reference = dataset.reference(shape_id)
    for sample in samples:
        path = dataset.photo_path(sample)
        yield from check_picture(path, (sample.camera.width, sample.camera.height), copy)
        if sample.anomalous:
            x, y, w, h = sample.box
            if (
                w <= 0
                or h <= 0
                or x < 0
                or y < 0
                or x + w > sample.camera.width
                or y + h > sample.camera.height
            ):
                yield Problem(path, f"its box {sample.box} is empty or leaves the photo", copy)
            try:
                dataset.masks(sample)
            except (DatasetError, ValueError) as error:
                yield Problem(annotation_path(path, "mask_new_"), str(error), copy)
    try:
        _ = reference.source
        views = reference.view_paths
    except DatasetError as error:
        yield Problem(reference.path, str(error), copy)
        return
    for view in views:
        try:
            with Image.open(view) as image:
                size = image.size
            yield from check_picture(view, size, copy)
            camera = view_camera(view)
            npy = view.with_name(view.name.removesuffix(".png") + ".npy")
            held = load_array_dict(npy, ("xyz", "pxy", "is_visible"))
        except (DatasetError, OSError) as error:
            yield Problem(view, str(error), copy)
            continue
        if held["xyz"].ndim != 3 or held["xyz"].shape[2] != 3 or len(held["pxy"]) != len(held["is_visible"]):
            yield Problem(npy, "expected xyz (rows, columns, 3), pxy (n, 2) and is_visible (n,)", copy)
            continue
        valid = (held["xyz"] != -1).any(-1)
        share = points_in_patches(camera, np.asarray(held["xyz"], float), valid)
        if share < 0.9:
            yield Problem(npy, f"only {share:.0%} of its points project into their patches", copy)
