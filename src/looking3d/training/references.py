"""The references of a split, unpacked once into arrays that training maps into memory.

A dataset keeps each reference compressed, and unpacking one takes longer than everything else about a
training pair. So before training the views of all shapes of a split, the 3D points of their patches and
their matches are written into one array each. Processes that train at once share the same pages.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from looking3d.dataset.engine import LocalEngine
from looking3d.dataset.load import Dataset
from looking3d.dataset.schema import Sample, read_json, write_json
from looking3d.dataset.stored_reference import StoredReference
from looking3d.errors import DatasetError
from looking3d.files import HIDDEN_PARTIAL
from looking3d.geometry.camera import Camera, ring_angles
from looking3d.geometry.correspondence import seen_at, unproject
from looking3d.model.query import resized
from looking3d.render.raycast import Raycaster
from looking3d.render.reference import PATCH_PX

SURFACE_PX = 64
"""Pixels along each side of what is kept of the reference as a photo's camera sees it."""

_FORMAT = 1
_DESCRIPTION = "references.json"


@dataclass(frozen=True)
class ReferenceArrays:
    """All references of a split. Arrays are memory maps, not to be written to.

    Attributes:
        folder: Where they lie.
        shapes: Ids of the s shapes, in order.
        photos: Photos of the split.
        views: (s, n, size, size) uint8, the grey views.
        points: (s, n, patches, 3) float32, the world point of each patch, row by row; 0 where there is none.
        valid: (s, n, patches) bool, whether a patch shows the object.
        matches: (s, n, n, patches) int16; see `dataset.stored_reference.Patches`.
        cameras: (s, n, 3, 4) float64; see `Camera.projection`.
        angles: (s, n, 2) float64, azimuth from 0 to 2 pi and elevation of the views' cameras.
        surface: (photos, 64, 64) float16, depth of the *reference* as each photo's camera sees it, photos in
            the order of the split; None if it was not asked for.
        seen: (photos, 64, 64, bytes) uint8, a bit for each view: whether it sees that point. Or None.
    """

    folder: Path
    shapes: tuple[str, ...]
    photos: int
    views: np.ndarray
    points: np.ndarray
    valid: np.ndarray
    matches: np.ndarray
    cameras: np.ndarray
    angles: np.ndarray
    surface: np.ndarray | None
    seen: np.ndarray | None

    @property
    def view_count(self) -> int:
        """Views of each reference."""
        return self.views.shape[1]

    def __reduce__(self) -> tuple:
        """Where they lie: another process is to map the files itself, not to be sent what is in them."""
        return _opened, (self.folder, self.shapes, self.photos)


def open_references(
    dataset: Dataset,
    split: str,
    size_px: int,
    cache: Path,
    true_matches: bool = False,
    workers: int = 0,
    on_shape: Callable[[int, int], None] = lambda done, count: None,
) -> ReferenceArrays:
    """The references of a split, from the cache, or unpacked into it if they are not whole there.

    Args:
        dataset: Where they are.
        split: train, val, test, or all.
        size_px: Width and height of the views.
        cache: Folder of the arrays; each dataset, split and size has one of its own in it.
        true_matches: Also what each photo's camera sees of the reference, which needs its mesh.
        workers: Processes that unpack; 0 unpacks in this one.
        on_shape: Called with shapes done and to do, while they are unpacked.

    Raises:
        DatasetError: Two shapes have other numbers of views, or views are not square.
    """
    samples = dataset.by_shape(split)
    settings = {
        "format": _FORMAT,
        "dataset": dataset.fingerprint,
        "split": split,
        "size_px": size_px,
        "true_matches": true_matches,
    }
    key = hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:16]
    folder = cache / f"references-{split}-{size_px}px-{key}"
    whole = functools.partial(_opened, folder, tuple(samples), sum(map(len, samples.values())))
    if (arrays := whole()) is not None:
        return arrays
    cache.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=HIDDEN_PARTIAL, dir=cache))
    try:
        _unpack(dataset, samples, size_px, true_matches, LocalEngine(workers), partial, on_shape)
        write_json(partial / _DESCRIPTION, settings)
        _publish(partial, folder, whole)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    arrays = whole()
    assert arrays is not None
    return arrays


def _publish(partial: Path, folder: Path, whole: Callable[[], ReferenceArrays | None]) -> None:
    """Give a finished folder its name, unless another process was faster; a damaged one makes way."""
    if folder.exists() and whole() is None:
        damaged = Path(tempfile.mkdtemp(prefix=HIDDEN_PARTIAL, dir=folder.parent))
        os.replace(folder, damaged)
        shutil.rmtree(damaged)
    try:
        os.rename(partial, folder)
    except OSError:
        if whole() is None:
            raise


def _opened(folder: Path, shapes: tuple[str, ...], photos: int) -> ReferenceArrays | None:
    """The arrays of a folder, or None if there are none, or not all of them whole."""
    try:
        description = read_json(folder / _DESCRIPTION, "")
        names = ["views", "points", "valid", "matches", "cameras", "angles"]
        names += ["surface", "seen"] if description["true_matches"] else []
        arrays: dict[str, Any] = {
            # A file that is shorter than its header says is refused
            name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            for name in names
        }
    except (DatasetError, OSError, ValueError, KeyError, EOFError):
        return None
    lengths = {"surface": photos, "seen": photos}
    if any(len(array) != lengths.get(name, len(shapes)) for name, array in arrays.items()):
        return None
    return ReferenceArrays(folder, shapes, photos, **{"surface": None, "seen": None, **arrays})


_PER_PHOTO = ("surface", "seen")  # the other arrays have a row for each shape


def _unpack(
    dataset: Dataset,
    samples: dict[str, list[Sample]],
    size_px: int,
    true_matches: bool,
    engine: LocalEngine,
    folder: Path,
    on_shape: Callable[[int, int], None],
) -> None:
    """Write the arrays of all shapes into a folder."""
    task = functools.partial(
        _unpack_shape, dataset=dataset, samples=samples, size_px=size_px, true_matches=true_matches
    )
    shape_number = {shape_id: number for number, shape_id in enumerate(samples)}
    first_photo = dict(zip(samples, np.cumsum([0, *map(len, samples.values())]).tolist()))
    photos = sum(map(len, samples.values()))
    maps: dict[str, np.memmap] = {}
    first = ""
    for done, outcome in enumerate(engine.run(task, list(samples)), 1):
        shape_id, arrays = outcome.item, outcome.result
        if arrays is None:
            raise DatasetError(f"{dataset.path}: {shape_id} could not be unpacked ({outcome.failure})")
        if not maps:
            first = shape_id
            maps = {
                name: np.lib.format.open_memmap(
                    folder / f"{name}.npy",
                    "w+",
                    array.dtype,
                    (photos if name in _PER_PHOTO else len(samples), *array.shape[1:]),
                )
                for name, array in arrays.items()
            }
        if (count := arrays["views"].shape[1]) != maps["views"].shape[1]:
            raise DatasetError(
                f"{dataset.path}: {shape_id} has {count} views, {first} has {maps['views'].shape[1]}; "
                "expected as many of each shape; generate the dataset again"
            )
        for name, array in arrays.items():
            start = (first_photo if name in _PER_PHOTO else shape_number)[shape_id]
            maps[name][start : start + len(array)] = array
        on_shape(done, len(samples))
    for name, array in maps.items():
        array.flush()
        # What gets its name must be on the disk, or a machine that stops would leave whole-looking zeros
        with (folder / f"{name}.npy").open("rb") as file:
            os.fsync(file.fileno())


def _unpack_shape(
    shape_id: str, dataset: Dataset, samples: dict[str, list[Sample]], size_px: int, true_matches: bool
) -> dict[str, np.ndarray]:
    """Arrays of one shape, as `ReferenceArrays` has them: one row each, or one for each of its photos."""
    reference = dataset.reference(shape_id)
    height, width = reference.views.shape[1:]
    if height != width:
        raise DatasetError(f"{reference.path}: expected square views, got {width} x {height} px")
    cells = size_px // PATCH_PX
    patches = reference.patches(cells, cells)
    count = len(reference.views)
    of_shape = {
        "views": np.stack([resized(view, size_px) for view in reference.views]),
        "points": patches.points.reshape(count, -1, 3),
        "valid": patches.valid.reshape(count, -1),
        "matches": patches.matches.reshape(count, count, -1),
        "cameras": np.stack([camera.projection for camera in reference.cameras]),
        "angles": ring_angles(reference.cameras),
    }
    arrays = {name: array[None] for name, array in of_shape.items()}
    if true_matches:
        raycaster = reference.raycaster()
        seen = [_photo_surface(reference, raycaster, sample.camera) for sample in samples[shape_id]]
        arrays["surface"], arrays["seen"] = (np.stack(part) for part in zip(*seen, strict=True))
    return arrays


def _photo_surface(
    reference: StoredReference, raycaster: Raycaster, camera: Camera
) -> tuple[np.ndarray, np.ndarray]:
    """(64, 64) float16 depth of the reference from a photo's camera, (64, 64, bytes) who else sees it."""
    small = coarse_camera(camera)
    depth = raycaster.draw(small).depth.astype(np.float16)
    points = unproject(small, depth.astype(np.float32))
    seen = [
        seen_at(view, view_depth, *view.project(points))
        for view, view_depth in zip(reference.cameras, reference.depth, strict=True)
    ]
    return depth, np.packbits(np.stack(seen, -1), axis=-1)


def coarse_camera(camera: Camera) -> Camera:
    """The camera of the square around a photo, at 64 x 64 px."""
    side = max(camera.width, camera.height)
    x, y = (camera.width - side) / 2, (camera.height - side) / 2
    return camera.cropped(x, y, side, side, (SURFACE_PX, SURFACE_PX))
