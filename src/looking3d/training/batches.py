"""Training examples: photos with drawings at disturbed cameras; a batch depends on seed and number alone."""

from __future__ import annotations

import dataclasses
import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch

from looking3d.dataset.load import Dataset
from looking3d.dataset.quality import changed_patches
from looking3d.dataset.schema import Masks, Sample
from looking3d.geometry.camera import Camera, angle_between, orbit_rotation
from looking3d.model.align.align import FINE_SLACKS, PHOTO_POINTS, SECOND_SLACKS, drawn_outlines
from looking3d.model.align.drawing import draw_pose
from looking3d.model.align.gauss_newton import gauss_newton
from looking3d.model.align.network import (
    ANOMALY_KINDS,
    HEAT_CELLS,
    INPUT_CHANNELS,
    CameraNet,
    CompareNet,
    ForegroundNet,
)
from looking3d.model.align.outline import PhotoOutline, fits
from looking3d.model.align.pose import (
    AZIMUTH,
    ELEVATION,
    LOG_FOCAL,
    LOG_SCALE,
    ROLL,
    SHIFT_X,
    SHIFT_Y,
    camera_of,
    pose_of,
)
from looking3d.model.align.residual import disturbed
from looking3d.model.align.templates import ROLLS_DEG, framed
from looking3d.model.query import Window, crop, crop_mask, to_tensor, window_around
from looking3d.render.raycast import Raycaster
from looking3d.training.augment import augment_photo, cut_out
from looking3d.training.clutter import Cutout, clutter, tinted, tints
from looking3d.training.numbered_batches import Batch

PHOTOS_PER_SHAPE = 8
"""Photos of one shape that share a batch, since making its mesh ready for rays costs more than a photo."""

CLUTTERED = 0.55
"""Share of the photos that the foreground network sees on a busy ground."""

TINTED = 0.6
"""Of the others, the share whose ground has another colour, shadows and all."""

CLOSE = 0.5
"""Share of the photos that the foreground network sees framed closely."""

CUT_OUT = 0.5
"""Share of the photos whose object the other networks see cut out, on white."""

OUTLINED = 0.3
"""Share of the drawings whose outlines have been fitted to the object's, as the detector does before it asks
the camera network: it has to tell what outlines cannot."""

# How far cameras are off (see `residual`), as silhouettes of the estimator's drawings overlap the true ones:
# half of them by 0.96 to 0.98, a tenth by less than 0.9.
_STRENGTHS = (1.8, 1.0, 0.45, 0.2, 0.1)
_STRENGTH_SHARES = (0.04, 0.12, 0.3, 0.3, 0.24)

OTHER_SIDE = 0.45
"""Share of the hypotheses of the larger size that look from another side; a few of these are the true one."""

OUTLINED_RIVALS = 0.6
"""Of each of two fits at the larger size, the share of the drawings that has it."""

FOUND = 0.75
"""Share of the drawings at the larger size from a camera that a detector found, of photos that have one."""

_FOUND_STRENGTH = 0.1  # how far found cameras are off what was found, so that none is seen twice
_KEPT_SHAPES = 4000  # meshes kept ready for rays
_FLOW_TURN_RAD = math.radians(38)  # beyond this a drawing has little to do with the photo


@dataclass(eq=False)
class TrainingPhotos:
    """The photos of a split, ready to be drawn from.

    Attributes:
        datasets: Where the photos are.
        split: Which of them: train, val, test.
        seed: Decides every batch.
        found: Cameras that a detector finds, by the dataset's path and the photo's; see `found_cameras`.
    """

    datasets: list[Dataset]
    split: str
    seed: int
    found: Mapping[tuple[str, str], Camera] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._shapes: list[tuple[Dataset, list[Sample]]] = []
        for dataset in self.datasets:
            self._shapes += [(dataset, samples) for samples in dataset.by_shape(self.split).values()]
        self._raycasters: OrderedDict[tuple[str, str], Raycaster] = OrderedDict()

    def batch(self, stage: str, step: int, size: int) -> Batch:
        """Batch number `step` of a stage: the same tensors whoever asks, and when."""
        generator = np.random.default_rng([self.seed, sorted(STAGE_EXAMPLES).index(stage), step])
        example = STAGE_EXAMPLES[stage]
        examples = []
        for _ in range(max(1, size // PHOTOS_PER_SHAPE)):
            dataset, samples = self._shapes[generator.integers(len(self._shapes))]
            chosen = generator.permutation(len(samples))[: min(PHOTOS_PER_SHAPE, size)]
            raycaster = self._raycaster(dataset, samples[0])
            for sample in (samples[i] for i in chosen):
                found = self.found.get((str(dataset.path), str(sample.photo)))
                examples.append(example(TrainingPhoto(dataset, sample, raycaster, found), generator, step))
        return {
            key: torch.from_numpy(np.stack([example[key] for example in examples])) for key in examples[0]
        }

    def _raycaster(self, dataset: Dataset, sample: Sample) -> Raycaster:
        key = (str(dataset.path), sample.shape_id)
        if key not in self._raycasters:
            self._raycasters[key] = dataset.reference(sample.shape_id).raycaster()
            if len(self._raycasters) > _KEPT_SHAPES:
                self._raycasters.popitem(last=False)
        self._raycasters.move_to_end(key)
        return self._raycasters[key]


@dataclass(frozen=True, eq=False)
class TrainingPhoto:
    """A photo that an example is made of.

    Attributes:
        dataset: Where it is.
        sample: Which it is.
        raycaster: Of its reference.
        found: The camera that a detector finds for it, in pixels of the photo, if one was looked for.
    """

    dataset: Dataset
    sample: Sample
    raycaster: Raycaster
    found: Camera | None = None


@dataclass(frozen=True, eq=False)
class WindowedPhoto:
    """A photo in a window, with the camera seen through it.

    Attributes:
        image: (size, size, 3) uint8, augmented.
        mask, changed, lacking, surplus: (size, size) float32 in [0, 1]; where the object is, where it
            differs from the reference, where it does in a part that should be seen, and in the edited one.
        box: (4,) float32 left, top, right, bottom edge of what differs, in widths of the window; if anything.
        pose: (7,) the camera in the window.
        window: In pixels of the photo.
        cut_out: Whether the object is cut out.
    """

    image: np.ndarray
    mask: np.ndarray
    changed: np.ndarray
    lacking: np.ndarray
    surplus: np.ndarray
    box: np.ndarray
    pose: np.ndarray
    window: Window
    cut_out: bool = False


def windowed_photo(
    dataset: Dataset, sample: Sample, generator: np.random.Generator, size_px: int
) -> WindowedPhoto:
    """The photo in a window as `query.window_around` finds it, a little off; at times cut out."""
    masks = dataset.masks(sample)
    window = window_around(masks.object)
    side = window.side * math.exp(generator.normal(0, 0.04))
    shift = generator.normal(0, 0.02, 2) * side + (window.side - side) / 2
    photo = _in_window(
        dataset, sample, masks, Window(window.x + shift[0], window.y + shift[1], side), generator, size_px
    )
    if generator.random() < CUT_OUT:
        image = cut_out(photo.image, photo.mask, generator)
        photo = dataclasses.replace(photo, image=image, cut_out=True)
    return photo


def _in_window(
    dataset: Dataset,
    sample: Sample,
    masks: Masks,
    window: Window,
    generator: np.random.Generator,
    size_px: int,
    ground: np.ndarray | None = None,
    tint: np.ndarray | None = None,
) -> WindowedPhoto:
    def cut(mask: np.ndarray) -> np.ndarray:
        return crop_mask(mask, window, size_px)

    mask = cut(masks.object)
    image = crop(dataset.photo(sample), window, size_px)
    if tint is not None:
        image = tinted(image, mask, tint)
    image = augment_photo(image, mask, generator, ground)
    pose = pose_of(window.camera(sample.camera, size_px))
    lacking, surplus = cut(masks.changed & masks.before), cut(masks.changed & masks.after)
    x, y, width, height = sample.box
    box = (np.array([x, y, x + width, y + height]) - [window.x, window.y] * 2) / window.side
    box = box.astype(np.float32)
    return WindowedPhoto(image, mask, cut(masks.changed), lacking, surplus, box, pose, window)


def _camera_example(
    source: TrainingPhoto, generator: np.random.Generator, step: int
) -> dict[str, np.ndarray]:
    """A photo with a drawing from a wrong camera: where each cell should move, and how alike they look.

    Every other batch is of `CameraNet.large_px`, of cameras that were found and of hypotheses between which
    the search chooses at last.
    """
    if step % 2 == 0:
        size = CameraNet.size_px
        photo = windowed_photo(source.dataset, source.sample, generator, size)
        hypothesis = _hypothesis(photo.pose, source.raycaster, generator)
        if generator.random() < OUTLINED:
            hypothesis = _outlined(hypothesis, photo.mask, source.raycaster, SECOND_SLACKS)
    else:
        size = CameraNet.large_px
        photo = windowed_photo(source.dataset, source.sample, generator, size)
        hypothesis = _found_pose(source, photo, generator)
        if hypothesis is None:
            hypothesis = _rival(photo.pose, generator)
            for slacks in (SECOND_SLACKS, FINE_SLACKS[0]):
                if generator.random() < OUTLINED_RIVALS:
                    hypothesis = _outlined(hypothesis, photo.mask, source.raycaster, slacks)
    drawn = draw_pose(source.raycaster, hypothesis, size)
    truth = draw_pose(source.raycaster, photo.pose, size)
    flow, valid = _flow(drawn.points, drawn.valid, hypothesis, photo.pose)
    if _turn(hypothesis, photo.pose) > _FLOW_TURN_RAD:
        valid = np.zeros_like(valid)
    facing = np.clip((drawn.channels[1:4] * truth.channels[1:4]).sum(0), 0, 1)
    alike = facing[drawn.mask & truth.mask].sum() / max((drawn.mask | truth.mask).sum(), 1)
    return _mirrored(
        {
            "input": _input(photo.image, drawn.channels),
            "flow": flow,
            "valid": valid,
            "alike": np.array(alike, np.float32),
        },
        generator,
    )


def _compare_example(
    source: TrainingPhoto, generator: np.random.Generator, step: int
) -> dict[str, np.ndarray]:
    """A photo with a drawing from a camera that was found, or nearly the right one: what differs."""
    size = CompareNet.size_px
    photo = windowed_photo(source.dataset, source.sample, generator, size)
    hypothesis = _found_pose(source, photo, generator)
    if hypothesis is None:
        # Large camera errors from the start stall the training: they come in over the first steps.
        ease = min(1.0, 0.1 + step / 3000)
        strength = generator.choice(_STRENGTHS, p=_STRENGTH_SHARES) * ease
        hypothesis = disturbed(photo.pose, source.raycaster, strength, generator)
    drawn = draw_pose(source.raycaster, hypothesis, size)
    return _mirrored(
        {
            "input": _input(photo.image, drawn.channels),
            "heat": changed_patches(photo.changed, HEAT_CELLS).astype(np.float32),
            "lacking": changed_patches(photo.lacking, HEAT_CELLS).astype(np.float32),
            "surplus": changed_patches(photo.surplus, HEAT_CELLS).astype(np.float32),
            "label": np.array(source.sample.anomalous, np.float32),
            "kind": np.array(ANOMALY_KINDS.index(source.sample.kind) if source.sample.anomalous else -1),
            "box": photo.box,
        },
        generator,
    )


def _foreground_example(
    source: TrainingPhoto, generator: np.random.Generator, step: int
) -> dict[str, np.ndarray]:
    """A photo with the object's mask, framed loosely, or as closely as the detector frames what it found."""
    dataset, sample = source.dataset, source.sample
    masks = dataset.masks(sample)
    window = window_around(masks.object)
    # Loosely: from filling the window to a fifth of it, anywhere in it; among other things, the largest.
    busy = generator.random() < CLUTTERED
    if generator.random() < CLOSE:
        side = window.side * math.exp(generator.normal(0, 0.1))
        free = 0.16 * side
    else:
        side = window.side * math.exp(generator.uniform(-0.2, 0.7 if busy else 1.3))
        free = max(side - window.side, 0.1 * side)
    x, y = generator.uniform(-0.5, 0.5, 2) * free + (window.side - side) / 2
    size = ForegroundNet.size_px

    def other() -> Cutout:
        chosen = dataset.samples[generator.integers(len(dataset.samples))]
        while chosen.split != sample.split:
            chosen = dataset.samples[generator.integers(len(dataset.samples))]
        return dataset.photo(chosen), dataset.masks(chosen).object

    ground = clutter(size, other, generator) if busy else None
    tint = None if busy or generator.random() >= TINTED else tints(size, generator)
    window = Window(window.x + x, window.y + y, side)
    photo = _in_window(dataset, sample, masks, window, generator, size, ground, tint)
    return _mirrored({"input": _to_chw(photo.image), "mask": photo.mask}, generator)


STAGE_EXAMPLES: dict[str, Callable[..., dict[str, np.ndarray]]] = {
    "foreground": _foreground_example,
    "camera": _camera_example,
    "compare": _compare_example,
}


def _found_pose(
    source: TrainingPhoto, photo: WindowedPhoto, generator: np.random.Generator
) -> np.ndarray | None:
    """The camera that was found, hardly off, for most of the photos that have one."""
    if source.found is None or generator.random() >= FOUND:
        return None
    pose = pose_of(photo.window.camera(source.found, len(photo.mask)))
    return disturbed(pose, source.raycaster, _FOUND_STRENGTH, generator)


def _hypothesis(pose: np.ndarray, raycaster: Raycaster, generator: np.random.Generator) -> np.ndarray:
    """A camera as the detector meets them: a template, a half-refined one, or a wrong one."""
    draw = generator.random()
    guess = pose.copy()
    if draw < 0.55:
        if draw < 0.2:
            # From another side, or as in a mirror: silhouettes of furniture cannot tell these apart.
            if generator.random() < 0.8:
                guess[AZIMUTH] = _other_side(pose[AZIMUTH], generator)
            else:
                guess[AZIMUTH] = generator.uniform(-math.pi, math.pi)
        if draw < 0.06:
            guess[ELEVATION] = math.radians(generator.uniform(-10, 80))
        guess[AZIMUTH] += generator.normal(0, math.radians(9))
        guess[ELEVATION] += generator.normal(0, math.radians(7))
        # Templates are drawn at a few rolls and at one focal length; mostly the nearest roll comes up.
        rolls = np.radians(ROLLS_DEG)
        near = int(np.argmin(np.abs(rolls - guess[ROLL])))
        guess[ROLL] = rolls[near if generator.random() < 0.8 else generator.integers(len(rolls))]
        guess[LOG_FOCAL] = 0.0
        guess = framed(guess, raycaster.vertices)
        sigma_scale, sigma_shift = 0.04, 0.015
    else:
        sigma = math.radians(4.0 if draw < 0.8 else 1.5)
        guess[AZIMUTH] += generator.normal(0, sigma)
        guess[ELEVATION] += generator.normal(0, sigma)
        guess[ROLL] += generator.normal(0, sigma / 2)
        guess[LOG_FOCAL] += generator.normal(0, 0.08)
        sigma_scale, sigma_shift = 0.5 * sigma, 0.2 * sigma
    guess[LOG_SCALE] += generator.normal(0, sigma_scale)
    guess[[SHIFT_X, SHIFT_Y]] += generator.normal(0, sigma_shift, 2)
    return guess


def _rival(pose: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A camera near the true one, or one from which outlines look much the same."""
    guess = pose.copy()
    if generator.random() < OTHER_SIDE:
        guess[AZIMUTH] = _other_side(pose[AZIMUTH], generator)
        guess[AZIMUTH] += generator.normal(0, math.radians(6))
        guess[ELEVATION] += generator.normal(0, math.radians(5))
        guess[LOG_FOCAL] += generator.normal(0, 0.1)
    else:
        sigma = math.radians(generator.choice((0.5, 2.0, 5.0)))
        guess[[AZIMUTH, ELEVATION]] += generator.normal(0, sigma, 2)
        guess[ROLL] += generator.normal(0, sigma / 2)
        guess[LOG_FOCAL] += generator.normal(0, 0.08)
        guess[LOG_SCALE] += generator.normal(0, 0.4 * sigma)
        guess[[SHIFT_X, SHIFT_Y]] += generator.normal(0, 0.15 * sigma, 2)
    return guess


def _other_side(azimuth: float, generator: np.random.Generator) -> float:
    """Quarters of a turn away, none at times, or from there as in a mirror."""
    side = 1 if generator.random() < 0.5 else -1
    return side * azimuth + generator.integers(4) * math.pi / 2


def _outlined(
    pose: np.ndarray, mask: np.ndarray, raycaster: Raycaster, slacks: tuple[float, ...]
) -> np.ndarray:
    """A (7,) camera after the detector's fit of outlines to the object's, (size, size) in [0, 1]."""
    depth = raycaster.depth(camera_of(pose, len(mask)))
    outlines = drawn_outlines(pose[None], depth[None])
    photo = PhotoOutline(mask >= 0.5, PHOTO_POINTS[len(mask) > CameraNet.size_px])
    return gauss_newton(torch.from_numpy(pose[None]), fits(outlines, photo, slacks))[0].numpy()


def _turn(pose: np.ndarray, other: np.ndarray) -> float:
    """The angle in radians between two cameras."""
    R, R_other = (orbit_rotation(p[AZIMUTH], p[ELEVATION], p[ROLL]) for p in (pose, other))
    return angle_between(R, R_other)


def _flow(
    points: np.ndarray, valid: np.ndarray, hypothesis: np.ndarray, truth: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(2, cells, cells) flow in image widths and (cells, cells) float32, where it counts."""
    wanted, got = (camera_of(pose, 1).project(points.astype(np.float64))[0] for pose in (truth, hypothesis))
    flow = np.where(valid[:, None], wanted - got, 0.0)
    cells = math.isqrt(len(points))
    grid = (cells, cells)
    return flow.T.reshape(2, *grid).astype(np.float32), valid.reshape(grid).astype(np.float32)


def _to_chw(image: np.ndarray) -> np.ndarray:
    return to_tensor(image[None])[0].numpy()


def _input(image: np.ndarray, channels: np.ndarray) -> np.ndarray:
    stacked = np.empty((INPUT_CHANNELS, *image.shape[:2]), np.float32)
    stacked[:3], stacked[3:] = _to_chw(image), channels
    return stacked


def _mirrored(example: dict[str, np.ndarray], generator: np.random.Generator) -> dict[str, np.ndarray]:
    """Half of the time, the same world in a mirror: photo and drawing together."""
    if generator.random() < 0.5:
        return example
    mirrored = {
        key: np.ascontiguousarray(value[..., ::-1]) if value.ndim else value for key, value in example.items()
    }
    if "flow" in mirrored:
        mirrored["flow"][0] *= -1
    if "box" in mirrored:
        left, top, right, bottom = example["box"]
        mirrored["box"] = np.array([1 - right, top, 1 - left, bottom], np.float32)
    if len(mirrored["input"]) == INPUT_CHANNELS:
        mirrored["input"][4] *= -1  # the normal's x
    return mirrored
