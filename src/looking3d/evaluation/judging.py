"""How each kind of detector judges a dataset's photos: what it is given, and its answer as columns."""

from __future__ import annotations

import functools
import hashlib
import json
import math
import time
from dataclasses import dataclass
from typing import Protocol, cast, runtime_checkable

import numpy as np
import torch

from looking3d.dataset.schema import Sample
from looking3d.dataset.stored_reference import StoredPart, StoredReference
from looking3d.errors import ConfigError, DatasetError, PhotoError
from looking3d.evaluation.cameras import camera_errors, disturbed_camera
from looking3d.evaluation.config import EvaluationConfig
from looking3d.evaluation.framing import Photo
from looking3d.evaluation.viewpoint import found_view
from looking3d.geometry.camera import Camera, by_angle, orbit, ring, ring_angles
from looking3d.model.align.align import AlignDetector
from looking3d.model.align.network import HEAT_CELLS
from looking3d.model.anomaly_boxes import anomaly_boxes
from looking3d.model.baselines.viewpoint import ViewpointResnet
from looking3d.model.checkpoint import find_weights, load_detector
from looking3d.model.concerned_part import concerned_index
from looking3d.model.detector import ALIGNED_FROM, Detection
from looking3d.model.heat_regions import Region, regions_of
from looking3d.model.networks import VIEWPOINT, load_network
from looking3d.model.pair_detector import Box, PairAnswer, PairDetector, framed_as_views, set_options
from looking3d.model.pair_views import PairViews, pair_views, spread
from looking3d.model.query import Query, Window, crop, to_tensor, whole_window
from looking3d.model.stored_weights import read_header
from looking3d.photos.best_outline import detect_best
from looking3d.photos.foreground import ForegroundFinder
from looking3d.photos.foreground_config import ForegroundConfig, Method
from looking3d.photos.on_white import on_white
from looking3d.render.raycast import Raycaster
from looking3d.render.reference import VIEW_ELEVATION_RAD

AnyDetector = AlignDetector | PairDetector | ViewpointResnet


@dataclass(frozen=True, eq=False)
class Judged:
    """An answer.

    Attributes:
        window: What of the photo was looked at.
        heat_map: (cells, cells) float32 over the window.
        columns: The answer's columns of `predictions.SCHEMA`; what a detector does not tell is left out.
    """

    window: Window
    heat_map: np.ndarray
    columns: dict


@runtime_checkable
class Judge(Protocol):
    """A detector that has one reference before it."""

    def judge(self, photo: Photo, sample: Sample) -> Judged:
        """Judge a photo of that reference."""
        ...


@functools.lru_cache(maxsize=1)
def detector_of(weights: str, config: EvaluationConfig) -> AnyDetector:
    """The detector of some weights, as a config wants it used.

    Raises:
        ConfigError: It cannot be used so.
    """
    torch.set_num_threads(1)
    viewpoint = _viewpoint_network(weights)
    if viewpoint is not None:
        if config != EvaluationConfig(reframe=config.reframe, seed=config.seed):
            raise ConfigError(
                f"{weights}: tells viewpoints from the photo alone; leave away camera, framing, views, "
                "top-k, foreground and focal-error"
            )
        return viewpoint
    detector = load_detector(weights)
    if isinstance(detector, PairDetector):
        set_options(detector.network, config.views, config.top_k)
        if config.foreground != "network":
            raise ConfigError(f"foreground: is for align, not for {detector.name}; leave it at `network`")
        if config.focal_error is not None:
            raise ConfigError(f"focal-error: is for align, not for {detector.name}; leave it away")
        if config.camera != "estimated" and not detector.needs_camera:
            raise ConfigError(f"camera: {detector.name} is told no camera; leave it at `estimated`")
        return detector
    for name in ("views", "top_k"):
        if getattr(config, name) is not None:
            raise ConfigError(f"{name.replace('_', '-')}: is for networks of photo and views, not for align")
    if config.framing != "photo":
        raise ConfigError("framing: align frames every photo by itself; leave it at `photo`")
    return detector


def _viewpoint_network(weights: str) -> ViewpointResnet | None:
    """The network of a file that holds one for viewpoints."""
    path = find_weights(weights)
    if path.suffix != ".safetensors" or read_header(path).get("detector") != VIEWPOINT:
        return None
    network = load_network(path)
    assert isinstance(network, ViewpointResnet)
    return network


def judge_of(detector: AnyDetector, reference: StoredReference, config: EvaluationConfig) -> Judge:
    """The detector with a reference before it."""
    if isinstance(detector, ViewpointResnet):
        return ViewpointJudge(detector)
    if isinstance(detector, PairDetector):
        return PairJudge(detector, reference, config)
    return AlignJudge(detector, reference, config)


class AlignJudge:
    """The align detector, which draws the reference's mesh."""

    def __init__(self, detector: AlignDetector, reference: StoredReference, config: EvaluationConfig) -> None:
        self.detector, self.config, self.parts = detector, config, reference.parts
        self.raycaster = reference.raycaster()
        self.enrolled = detector.enrol(self.raycaster)
        self.finder = None
        if config.foreground not in ("network", "mask"):
            self.finder = ForegroundFinder(ForegroundConfig(cast(Method, config.foreground)), detector)

    def judge(self, photo: Photo, sample: Sample) -> Judged:
        """Judge a photo from photo and mesh, or with a camera, as the config says."""
        start = time.perf_counter()
        detection = self._detect(photo, sample)
        seconds = time.perf_counter() - start
        regions = anomaly_boxes(detection, self.raycaster, len(self.parts))
        columns = {
            "probability": detection.probability,
            "named_kind": _most_probable(detection.kinds),
            **_boxes(regions, detection.probability),
            **_aligned(detection, self.raycaster, self.parts, photo),
            "seconds": seconds,
        }
        return Judged(detection.window, detection.heat_map, columns)

    def _detect(self, photo: Photo, sample: Sample) -> Detection:
        focal_px = told_focal_px(photo, sample, self.config)
        query = Query(photo.image, None, sample.photo, focal_px)
        if self.config.foreground == "mask":
            query = Query(on_white(photo.image, photo.object), photo.object, sample.photo, focal_px)
        try:
            if self.finder is None:
                return self._detect_in(query, photo, sample)
            detect = functools.partial(self._detect_in, photo=photo, sample=sample)
            return detect_best(query, self.finder, detect, self.raycaster)[0]
        except PhotoError:
            return _nothing_found(query)

    def _detect_in(self, query: Query, photo: Photo, sample: Sample) -> Detection:
        if self.config.camera == "estimated":
            return self.detector.detect([query], self.enrolled)[0]
        camera = given_camera(photo, sample, self.raycaster, self.config)
        return self.detector.detect_at(query, self.enrolled, camera)


class PairJudge:
    """A network of photo and views, by the views that the dataset stores.

    It sees the whole photo, as it does in training but for the random crop, or with `framing="object"` what
    `PairDetector.detect` shows it. Only that, and a network that is to be told a camera, needs a mesh.
    """

    def __init__(self, detector: PairDetector, reference: StoredReference, config: EvaluationConfig) -> None:
        self.detector, self.config, self.parts = detector, config, reference.parts
        views, self.cameras = stored_views(reference, detector.views, detector.size_px, detector.grid)
        self.encoded = detector.encode(views)
        self.raycaster = self.guide = None
        if detector.needs_camera or config.framing == "object":
            self.raycaster = reference.raycaster()
            if config.camera == "estimated":
                self.guide = detector.guide.enrol(self.raycaster)

    def judge(self, photo: Photo, sample: Sample) -> Judged:
        """Judge a photo."""
        start = time.perf_counter()
        height, width = photo.object.shape
        window, camera, alignment = whole_window(width, height), None, 0.0
        try:
            if self.raycaster is not None:
                camera, alignment = self._camera(photo, sample, self.raycaster)
                window = framed_as_views(camera) if self.config.framing == "object" else window
            answer = self.detector.answer(photo.image, window, self.encoded, camera, self.raycaster)
        except PhotoError:
            grid = self.detector.grid
            answer = PairAnswer(0.5, np.zeros((grid, grid), np.float32), None, None)
            camera = _far_side(window, width, height)
        seconds = time.perf_counter() - start
        columns = {
            "probability": answer.probability,
            "aligned": True,
            **self._where(answer, window, photo),
            **self._from_camera(answer, window, camera, alignment, photo),
            **self._viewpoint(answer, photo.camera),
            "seconds": seconds,
        }
        return Judged(window, answer.heat_map, columns)

    def _camera(self, photo: Photo, sample: Sample, raycaster: Raycaster) -> tuple[Camera, float]:
        """The guide's camera and its alignment, or the given camera, which is taken to be aligned."""
        if self.guide is None:
            return given_camera(photo, sample, raycaster, self.config), 1.0
        return self.detector.guide.find_camera(Query(photo.image, name=sample.photo), self.guide)

    def _where(self, answer: PairAnswer, window: Window, photo: Photo) -> dict:
        if answer.box is None:
            height, width = photo.object.shape
            return _boxes(regions_of(answer.heat_map, window, width, height), answer.probability)
        box = in_photo(answer.box, window, *photo.object.shape[::-1])
        return {"boxes": [] if box is None else [box], "box_scores": [answer.probability] * (box is not None)}

    def _from_camera(
        self, answer: PairAnswer, window: Window, camera: Camera | None, alignment: float, photo: Photo
    ) -> dict:
        if camera is None or self.raycaster is None:
            return {}
        detection = Detection(answer.probability, answer.heat_map, window, camera, alignment)
        columns = _aligned(detection, self.raycaster, self.parts, photo)
        # Nobody aligns anything where the camera is given.
        return columns if self.guide is not None else {**columns, "alignment": None}

    def _viewpoint(self, answer: PairAnswer, truth: Camera) -> dict:
        return {} if answer.distances is None else found_view(answer.distances, self.cameras, truth)


class ViewpointJudge:
    """The network that tells viewpoints from the photo alone. It detects nothing: all probabilities are 0.5.

    The views are those of as many as it has sectors, on the ring that datasets have theirs on.
    """

    def __init__(self, network: ViewpointResnet) -> None:
        self.network = network
        self.cameras = ring(network.config.bins, VIEW_ELEVATION_RAD)

    @torch.inference_mode()
    def judge(self, photo: Photo, sample: Sample) -> Judged:
        """Tell a photo's viewpoint."""
        start = time.perf_counter()
        height, width = photo.object.shape
        window = whole_window(width, height)
        query = to_tensor(crop(photo.image, window, self.network.config.image_px)[None])
        logits = self.network.bin_logits(query)[0].numpy()
        seconds = time.perf_counter() - start
        columns = {
            "probability": 0.5,
            "aligned": True,
            "boxes": [],
            "box_scores": [],
            **found_view(-logits, self.cameras, photo.camera),
            "seconds": seconds,
        }
        return Judged(window, np.zeros((HEAT_CELLS, HEAT_CELLS), np.float32), columns)


def stored_views(
    reference: StoredReference, count: int, size_px: int, grid: int
) -> tuple[PairViews, list[Camera]]:
    """Views that a dataset stores, by azimuth, and their cameras; if fewer are asked for, spread evenly.

    Raises:
        DatasetError: There are fewer.
    """
    stored = len(reference.cameras)
    if stored < count:
        raise DatasetError(
            f"{reference.path}: has {stored} views, which is fewer than the {count} asked for; "
            f"ask for fewer (--views {stored}), or generate a dataset with more"
        )
    chosen = by_angle(ring_angles(reference.cameras))[spread(stored, count)]
    patches = reference.patches(grid, grid)
    views = pair_views(reference.views[chosen], patches.points[chosen], patches.valid[chosen], size_px)
    return views, [reference.cameras[view] for view in chosen]


def generator_of(config: EvaluationConfig, sample: Sample, purpose: str) -> np.random.Generator:
    """A photo's own, so that neither its neighbours nor the order change what is drawn."""
    name = hashlib.sha256(f"{purpose} {sample.shape_id}/{sample.photo}".encode()).digest()
    return np.random.default_rng([config.seed, int.from_bytes(name[:8])])


def given_camera(photo: Photo, sample: Sample, raycaster: Raycaster, config: EvaluationConfig) -> Camera:
    """The photo's camera, true or disturbed, as the config says."""
    if config.camera == "true":
        return photo.camera
    generator = generator_of(config, sample, "camera")
    return disturbed_camera(photo.camera, photo.object, raycaster, generator)


def told_focal_px(photo: Photo, sample: Sample, config: EvaluationConfig) -> float | None:
    """The focal length that align is told, in pixels of the photo; None if it is told none."""
    if config.focal_error is None:
        return None
    sign = generator_of(config, sample, "focal length").choice((-1, 1))
    return float(photo.camera.focal_px * (1 + sign * config.focal_error))


def in_photo(box: Box, window: Window, width: int, height: int) -> list[float] | None:
    """x, y, width, height in pixels of the photo, of what of a box lies in it; None if nothing does.

    Args:
        box: As fractions of the window.
        window: In pixels of the photo.
        width, height: Of the photo.
    """
    left, top = max(window.x + box[0] * window.side, 0.0), max(window.y + box[1] * window.side, 0.0)
    right = min(window.x + (box[0] + box[2]) * window.side, float(width))
    bottom = min(window.y + (box[1] + box[3]) * window.side, float(height))
    return [left, top, right - left, bottom - top] if right > left and bottom > top else None


def _boxes(regions: list[Region], probability: float) -> dict:
    """The boxes of regions, ranked by the photo, by how hot they get and by how much heat they hold."""
    return {
        "boxes": [list(region.box) for region in regions],
        "box_scores": [probability * region.peak * region.total / regions[0].total for region in regions],
    }


def _most_probable(kinds: dict[str, float] | None) -> str | None:
    return None if kinds is None else max(kinds, key=kinds.__getitem__)


def _aligned(detection: Detection, raycaster: Raycaster, parts: tuple[StoredPart, ...], photo: Photo) -> dict:
    """What only a detection with a camera tells."""
    aligned = detection.alignment >= ALIGNED_FROM
    index = concerned_index(detection, raycaster, len(parts)) if aligned else None
    named = StoredPart("", "") if index is None else parts[index]
    return {
        "alignment": detection.alignment,
        "aligned": aligned,
        "named_part_id": named.id,
        "named_part_label": named.label,
        "found_camera": json.dumps(detection.camera.to_json()),
        **camera_errors(raycaster, photo.camera, detection.camera),
    }


def _nothing_found(query: Query) -> Detection:
    """What counts for a photo in which the detector finds no object: no opinion, from the far side."""
    height, width = query.image.shape[:2]
    window = whole_window(width, height)
    camera = _far_side(window, width, height)
    return Detection(0.5, np.zeros((HEAT_CELLS, HEAT_CELLS), np.float32), window, camera, 0.0)


def _far_side(window: Window, width: int, height: int) -> Camera:
    return window.photo_camera(orbit(math.pi, 0.0), width, height)
