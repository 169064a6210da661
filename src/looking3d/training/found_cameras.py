"""Cameras that a detector finds for training photos: from these, not from true ones, it will have to compare.

Errors of cameras drawn at random are not those of a search. An anomaly in the outline pulls the camera
towards it, a plain cabinet is found from behind, wire is a pixel off.
"""

from __future__ import annotations

import functools
import json
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from looking3d.dataset.engine import LocalEngine
from looking3d.dataset.load import Dataset
from looking3d.dataset.schema import Sample
from looking3d.errors import CheckpointError, ConfigError, EngineError, PhotoError
from looking3d.geometry.camera import Camera
from looking3d.model.align.align import AlignDetector
from looking3d.model.align.network import CameraNet
from looking3d.model.align.pose import POSE_SIZE, camera_of, pose_of
from looking3d.model.query import Query, whole_window
from looking3d.model.stored_weights import read_tensors
from looking3d.training.align_networks import take_over
from looking3d.training.batches import windowed_photo

PHOTOS_PER_SHAPE = 4
"""Photos of each shape whose camera is looked for: the first ones. A search takes as long as twenty looks
of training at a photo."""

Cameras = dict[tuple[str, str], Camera]
"""By the dataset's path and the photo's, in pixels of the photo."""


@dataclass(frozen=True)
class FoundCameras:
    """A file with the cameras that a detector finds for a split of a dataset: a line of JSON for each shape.

    Half of the photos are cut out, half on grounds as training has them, where the detector's own network
    finds the object.

    Attributes:
        path: The file; what it has is not looked for again.
        dataset: Whose photos.
        split: Which of them.
        weights: Of the detector, as `RunFolder.keep_start` keeps them.
        seed: Decides which photos are cut out, and their grounds.
    """

    path: Path
    dataset: Dataset
    split: str
    weights: Path
    seed: int

    def find(
        self, workers: int, deadline: float, on_shape: Callable[[int, int], None] = lambda done, count: None
    ) -> bool:
        """Look for the cameras that the file lacks.

        Args:
            workers: Processes; 0 looks in this one.
            deadline: When to stop, by the monotonic clock.
            on_shape: Is told shapes done and all of them.

        Returns:
            Whether it has all of them.

        Raises:
            EngineError: Workers died again and again on one shape.
        """
        samples = self.dataset.by_shape(self.split)
        known = self.known()
        left = [shape_id for shape_id in samples if shape_id not in known]
        on_shape(len(samples) - len(left), len(samples))
        if not left:
            return True
        self.path.parent.mkdir(parents=True, exist_ok=True)
        task = functools.partial(
            _find_of_shape, dataset=self.dataset, samples=samples, weights=self.weights, seed=self.seed
        )
        found = LocalEngine(workers).run(task, left)
        with self.path.open("a") as file:
            for done, outcome in enumerate(found, 1 + len(samples) - len(left)):
                if outcome.result is None:
                    raise EngineError(
                        f"{self.dataset.path}: no cameras found for {outcome.item} ({outcome.failure})"
                    )
                file.write(json.dumps({"shape": outcome.item, "poses": outcome.result}) + "\n")
                file.flush()
                on_shape(done, len(samples))
                if time.monotonic() > deadline:
                    return done == len(samples)
        return True

    def cameras(self) -> Cameras:
        """What the file has."""
        known, found = self.known(), {}
        for shape_id, samples in self.dataset.by_shape(self.split).items():
            for sample, pose in zip(samples, known.get(shape_id, ()), strict=False):
                if pose is not None:
                    width, height = sample.camera.width, sample.camera.height
                    camera = camera_of(np.array(pose), CameraNet.large_px)
                    photo = whole_window(width, height).photo_camera(camera, width, height)
                    found[str(self.dataset.path), str(sample.photo)] = photo
        return found

    def known(self) -> dict[str, list]:
        """Poses of each shape; a last line that was cut short is dropped, in the file as well.

        Raises:
            CheckpointError: Another line is damaged.
        """
        if not self.path.is_file():
            return {}
        text = self.path.read_text()
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            self.path.write_text(whole)
        known = {}
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                row = json.loads(line)
                if any(pose is not None and len(pose) != POSE_SIZE for pose in row["poses"]):
                    raise ValueError(f"expected poses of {POSE_SIZE} numbers")
                known[row["shape"]] = row["poses"]
            except (ValueError, KeyError, TypeError) as error:
                raise CheckpointError(
                    f"{self.path}: line {number} is damaged ({error}); remove the file, and the same command "
                    "looks for the cameras anew"
                ) from error
        return known


def _find_of_shape(
    shape_id: str, dataset: Dataset, samples: dict[str, list[Sample]], weights: Path, seed: int
) -> list[list[float] | None]:
    """The pose of each photo, in the square around all of it; None where no object is found."""
    detector = _detector(weights)
    raycaster = dataset.reference(shape_id).raycaster()
    enrolled = detector.enrol(raycaster)
    poses: list[list[float] | None] = []
    for number, sample in enumerate(samples[shape_id][:PHOTOS_PER_SHAPE]):
        generator = np.random.default_rng([seed, zlib.crc32(shape_id.encode()), number])
        photo = windowed_photo(dataset, sample, generator, CameraNet.large_px)
        query = Query(photo.image, photo.mask >= 0.5 if photo.cut_out else None, str(sample.photo))
        try:
            camera, _ = detector.find_camera(query, enrolled)
        except PhotoError:
            poses.append(None)
            continue
        width, height = sample.camera.width, sample.camera.height
        camera = photo.window.photo_camera(camera, width, height)
        poses.append(pose_of(whole_window(width, height).camera(camera, CameraNet.large_px)).tolist())
    return poses


@functools.lru_cache(1)
def _detector(weights: Path) -> AlignDetector:
    """The detector that looks for cameras; what compares is not asked."""
    _, tensors = read_tensors(weights, lambda header: None)
    detector = AlignDetector()
    for stage in ("foreground", "camera"):
        if not take_over(detector.networks[stage], tensors, stage):
            raise ConfigError(f"found-cameras: the weights to start from have no network {stage} that fits")
    return detector
