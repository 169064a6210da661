"""The align detector: find the camera, draw the reference from it, compare pixel on pixel."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from looking3d.geometry.camera import FOCAL_PER_WIDTH, Camera
from looking3d.model.align.drawing import PoseDrawing, depth_of, draw_pose
from looking3d.model.align.gauss_newton import Flow, Linearise, gauss_newton
from looking3d.model.align.graphs import Graphs, photo_inputs
from looking3d.model.align.network import ANOMALY_KINDS, CameraNet, CompareNet, ForegroundNet
from looking3d.model.align.outline import Outlines, PhotoOutline, fits, outlines_of
from looking3d.model.align.pose import camera_of, pose_of, project
from looking3d.model.align.templates import (
    TEMPLATES_LAYOUT,
    Templates,
    draw_templates,
    pack_templates,
    unpack_templates,
)
from looking3d.model.detector import Detection, resampled
from looking3d.model.query import (
    Query,
    Window,
    crop,
    crop_mask,
    main_pieces,
    resized,
    whole_window,
    window_around,
)
from looking3d.render.raycast import Raycaster

CANDIDATES = 24
"""Templates whose outlines are fitted to the photo's; chosen by their silhouettes."""

SURVIVORS = (10, 4)
"""Hypotheses that the network scores, chosen by their silhouettes, and that are refined at 128 px."""

OUTLINE_POINTS = 128
"""Points on the outline of a drawing at 128 px; half as many at 64 px."""

PHOTO_POINTS = (96, 160)
"""Points on the outline of the object in the photo that look for a match, for drawings at 64 and 128 px."""

FIRST_SLACKS, SECOND_SLACKS, THIRD_SLACKS = (0.06, 0.05, 0.04), (0.04, 0.03, 0.03), (0.03, 0.02, 0.02)
FINE_SLACKS = ((0.02, 0.02, 0.01), (0.01, 0.01, 0.01))
LAST_SLACKS = (0.01, 0.01, 0.01)
"""Of outlines (see `outline.fits`): of templates, of the first and second drawing of a hypothesis at 64 px,
of those at 128 px, and of that of the chosen one, whose flow counts once more."""

POSE_STEP = 2.0**-10
"""Poses are multiples of this: 0.06 degrees, 0.12 px of 128. Rounded, poses that arithmetic of another
runtime makes differ in the sixth digit are the same, and so are their drawings."""

_MASK_PX = CameraNet.size_px  # silhouettes are compared at this size
FAINTEST = 0.1  # the least probability of foreground that can be an object


@dataclass(frozen=True, eq=False)
class AlignEnrolled:
    """A reference, enrolled: its mesh for drawing, and templates for the first guess."""

    raycaster: Raycaster
    templates: Templates


@dataclass(frozen=True, eq=False)
class _Framed:
    """A photo in the window around its object.

    Attributes:
        window: In pixels of the photo.
        large, small: (1, 3, 128, 128) and (1, 3, 64, 64) float32.
        mask: (64 * 64,) float32 in [0, 1], where the object is.
        solid: (128, 128) bool, the same.
        log_focal: Log of the focal length in the window over the paper's, if the photo tells.
    """

    window: Window
    large: torch.Tensor
    small: torch.Tensor
    mask: np.ndarray
    solid: np.ndarray
    log_focal: float | None


class AlignDetector:
    """Find the camera, draw the reference from it, compare pixel on pixel.

    Gauss-Newton fits the outlines of templates whose silhouettes are similar to that of the object in the
    photo. The camera network scores the best of them, and says how what lies inside has to move, which
    Gauss-Newton minds as well; drawing and fitting repeat, at last at 128 px, where the network is asked once
    more and chooses. Then the compare network answers the heat map and the probability.
    """

    name = "align"

    def __init__(
        self,
        foreground: ForegroundNet | None = None,
        camera: CameraNet | None = None,
        compare: CompareNet | None = None,
        device: str | torch.device = "cpu",
    ) -> None:
        self.device = torch.device(device)
        self.networks = torch.nn.ModuleDict(
            {
                "foreground": foreground or ForegroundNet(),
                "camera": camera or CameraNet(),
                "compare": compare or CompareNet(),
            }
        )
        self.networks.to(self.device).eval()
        self.networks.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self.graphs = Graphs.of(self.networks)

    @classmethod
    def over(cls, graphs: Graphs) -> AlignDetector:
        """The detector whose networks run elsewhere, on the CPU; it has none of its own."""
        self = cls.__new__(cls)
        self.device = torch.device("cpu")
        self.networks = torch.nn.ModuleDict()
        self.graphs = graphs
        return self

    def enrol(self, raycaster: Raycaster) -> AlignEnrolled:
        """Draw the templates of a normalised reference."""
        return AlignEnrolled(raycaster, draw_templates(raycaster, CameraNet.size_px))

    def enrolment_key(self) -> str:
        """Changes with the settings of the templates and with the weights."""
        digest = hashlib.sha256(f"{TEMPLATES_LAYOUT} {CameraNet.size_px}{self.graphs.key}".encode())
        # Today's templates need no weights. A cache that outlives a training run must not outlive the day
        # when they do.
        for name, tensor in self.networks.state_dict().items():
            digest.update(name.encode() + tensor.detach().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()

    def pack(self, enrolled: AlignEnrolled) -> dict[str, np.ndarray]:
        """The templates as arrays."""
        return pack_templates(enrolled.templates)

    def unpack(self, arrays: dict[str, np.ndarray], raycaster: Raycaster) -> AlignEnrolled:
        """What `pack` was given.

        Raises:
            ValueError: The arrays are not those of templates.
        """
        return AlignEnrolled(raycaster, unpack_templates(arrays, CameraNet.size_px))

    @torch.inference_mode()
    def detect(self, photos: Sequence[Query], enrolled: AlignEnrolled) -> list[Detection]:
        """Judge each photo against one reference.

        Raises:
            PhotoError: No object is found in a photo.
        """
        detections = []
        for photo in photos:
            framed = self._frame(photo)
            pose = self._find_pose(framed, enrolled)
            detections.append(self._judge(photo, framed, enrolled, pose))
        return detections

    @torch.inference_mode()
    def detect_at(self, photo: Query, enrolled: AlignEnrolled, camera: Camera) -> Detection:
        """Judge a photo whose camera is known: what `detect` could do if alignment were perfect.

        Args:
            camera: In pixels of the photo; its optical axis meets the object's centre.
        """
        framed = self._frame(photo)
        pose = pose_of(framed.window.camera(camera, CameraNet.large_px))
        return self._judge(photo, framed, enrolled, pose)

    @torch.inference_mode()
    def find_camera(self, photo: Query, enrolled: AlignEnrolled) -> tuple[Camera, float]:
        """The estimated camera, in pixels of the photo, and the alignment (see `Detection`).

        Raises:
            PhotoError: No object is found.
        """
        framed = self._frame(photo)
        pose = self._find_pose(framed, enrolled)
        drawing = draw_pose(enrolled.raycaster, pose, CameraNet.large_px)
        return _photo_camera(photo, framed, pose), _alignment(framed, drawing)

    @torch.inference_mode()
    def foreground(self, photo: Query) -> np.ndarray:
        """(height, width) float32, the probability of each pixel to show the object, whatever its mask.

        Raises:
            PhotoError: No object is found.
        """
        height, width = photo.image.shape[:2]
        return resampled(*self._find_foreground(photo), width, height)

    def _find_pose(self, framed: _Framed, enrolled: AlignEnrolled) -> np.ndarray:
        """The (7,) pose of the camera in the window: many hypotheses at 64 px, then a few at 128 px."""
        coarse, fine = (PhotoOutline(framed.solid, samples) for samples in PHOTO_POINTS)
        templates, small_px, large_px = enrolled.templates, CameraNet.size_px, CameraNet.large_px
        best = _highest(_iou(framed.mask, templates.masks), CANDIDATES)
        poses = templates.poses[best]
        poses = _moved(framed, poses, fits(templates.outlines[best], coarse, FIRST_SLACKS))
        depths = _depths(enrolled, poses, small_px)
        best = _highest(_iou(framed.mask, _flat(depths > 0)), SURVIVORS[0])
        outlines = drawn_outlines(poses[best], depths[best])
        poses = _moved(framed, poses[best], fits(outlines, coarse, SECOND_SLACKS))
        drawings = self._draw(enrolled, poses, small_px)
        flow, fit = self._look(framed, poses, drawings)
        best = _highest(fit, SURVIVORS[1])
        poses, depths = poses[best], _depths_of(drawings, poses, best)
        outlines = drawn_outlines(poses, depths)
        poses = _moved(framed, poses, _both(flow.of(best), fits(outlines, coarse, THIRD_SLACKS)))
        for slacks in FINE_SLACKS:
            outlines = drawn_outlines(poses, _depths(enrolled, poses, large_px))
            poses = _moved(framed, poses, fits(outlines, fine, slacks))
        drawings = self._draw(enrolled, poses, large_px)
        flow, fit = self._look(framed, poses, drawings)
        best = _highest(fit, 1)
        outlines = drawn_outlines(poses[best], _depths_of(drawings, poses, best))
        return _moved(framed, poses[best], _both(flow.of(best), fits(outlines, fine, LAST_SLACKS)))[0]

    def _look(
        self, framed: _Framed, poses: np.ndarray, drawings: list[PoseDrawing]
    ) -> tuple[Flow, np.ndarray]:
        """How drawings have to move, and how well they fit the photo.

        The fit is what the network thinks, times the overlap of silhouettes: the two fail in different
        places, so their product picks better than either.

        Args:
            framed: The photo.
            poses: (n, 7).
            drawings: From them, all of 64 or of 128 px.

        Returns:
            The flow, and (n,) fits.
        """
        small = drawings[0].mask.shape[0] == CameraNet.size_px
        photo, mask = (framed.small, framed.mask) if small else (framed.large, _flat(framed.solid[None])[0])
        motion, log_spread, scores = self.graphs.camera(*self._inputs(photo, drawings))
        overlap = _iou(mask, _flat(np.stack([drawing.mask for drawing in drawings])))
        # Small systems: double precision on the CPU, wherever the networks are.
        points = torch.from_numpy(np.stack([drawing.points for drawing in drawings])).double()
        valid = torch.from_numpy(np.stack([drawing.valid for drawing in drawings])).double()
        target = project(torch.from_numpy(poses), points)[0]
        target = target + motion.double().cpu().flatten(2).transpose(1, 2)
        flow = Flow(points, target, log_spread.double().cpu().flatten(1).exp(), valid)
        return flow, overlap / (1 + np.exp(-scores.float().cpu().numpy()))

    def _judge(self, photo: Query, framed: _Framed, enrolled: AlignEnrolled, pose: np.ndarray) -> Detection:
        """Compare, and put the answer in the photo's pixels."""
        drawing = draw_pose(enrolled.raycaster, pose, CompareNet.size_px)
        channels = self._to_device(torch.from_numpy(drawing.channels[None]))
        answers = self.graphs.compare(self._window(photo, framed.window, CompareNet.size_px), channels)
        probability, heat, lacking, surplus, kinds, boxes = (
            answer[0].float().cpu().numpy() for answer in answers
        )
        return Detection(
            probability=float(probability),
            heat_map=heat,
            window=framed.window,
            camera=_photo_camera(photo, framed, pose),
            alignment=_alignment(framed, drawing),
            lacking=lacking,
            surplus=surplus,
            kinds={name: float(share) for name, share in zip(ANOMALY_KINDS, kinds, strict=True)},
            boxes=boxes,
        )

    def _find_foreground(self, photo: Query) -> tuple[np.ndarray, Window]:
        """Where the object is: looked for in the whole photo, then again in the window around it.

        Returns:
            (128, 128) float32 probability in the window, and the window.
        """
        height, width = photo.image.shape[:2]
        window = whole_window(width, height)
        for _ in range(2):
            coarse = main_pieces(_likely(self._foreground(photo, window)))
            found = window_around(coarse, photo.name)
            scale = window.side / len(coarse)
            window = Window(window.x + found.x * scale, window.y + found.y * scale, found.side * scale)
        probability = self._foreground(photo, window)
        return probability * main_pieces(_likely(probability)), window

    def _foreground(self, photo: Query, window: Window) -> np.ndarray:
        probability, _, _ = self.graphs.query(self._window(photo, window))
        return probability[0].cpu().numpy()

    def _window(self, photo: Query, window: Window, size_px: int = CameraNet.large_px) -> torch.Tensor:
        """(1, size_px, size_px, 3) uint8: what of a photo the networks see.

        A photo with a mask is white beyond its edges, as its ground is. Where the object nearly touches an
        edge, pixels that go on from there would be streaks of its colour.
        """
        beyond = None if photo.mask is None else 255.0
        return torch.from_numpy(crop(photo.image, window, size_px, beyond)[None]).to(self.device)

    def _frame(self, photo: Query) -> _Framed:
        if photo.mask is None:
            likely, window = self._find_foreground(photo)
            mask = resized(likely, _MASK_PX)
            solid = _likely(likely)
        else:
            window = window_around(photo.mask, photo.name)
            mask = crop_mask(photo.mask, window, _MASK_PX)
            solid = crop_mask(photo.mask, window, CameraNet.large_px) >= 0.5
        large, small = photo_inputs(self._window(photo, window))
        log_focal = None
        if photo.focal_px is not None:
            log_focal = math.log(photo.focal_px / (FOCAL_PER_WIDTH * window.side))
        return _Framed(window, large, small, mask.reshape(-1), solid, log_focal)

    def _draw(self, enrolled: AlignEnrolled, poses: np.ndarray, size_px: int) -> list[PoseDrawing]:
        return [draw_pose(enrolled.raycaster, pose, size_px) for pose in poses]

    def _inputs(self, photo: torch.Tensor, drawings: list[PoseDrawing]) -> tuple[torch.Tensor, torch.Tensor]:
        """The photo as often as there are drawings, and these."""
        channels = torch.from_numpy(np.stack([drawing.channels for drawing in drawings]))
        return self._to_device(photo.expand(len(drawings), -1, -1, -1)), self._to_device(channels)

    def _to_device(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.to(self.device, memory_format=torch.channels_last)


def _moved(framed: _Framed, poses: np.ndarray, rounds: Sequence[Linearise]) -> np.ndarray:
    """Poses after rounds of Gauss-Newton."""
    moved = gauss_newton(torch.from_numpy(poses), rounds, framed.log_focal).numpy()
    return np.round(moved / POSE_STEP) * POSE_STEP


def _both(flow: Flow, outlines: Sequence[Linearise]) -> list[Linearise]:
    """Rounds in which flow and outlines count; none where the photo has no outline."""

    def of(outline: Linearise) -> Linearise:
        return lambda pose: flow(pose).and_also(outline(pose))

    return [of(outline) for outline in outlines]


def _depths(enrolled: AlignEnrolled, poses: np.ndarray, size_px: int) -> np.ndarray:
    """(n, size_px, size_px) float32 depths of the reference at poses."""
    return np.stack([enrolled.raycaster.depth(camera_of(pose, size_px)) for pose in poses])


def _depths_of(drawings: list[PoseDrawing], poses: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """(k, size, size) depths of the chosen k of drawings at (n, 7) poses."""
    return np.stack([depth_of(drawings[i], poses[i]) for i in chosen])


def drawn_outlines(poses: np.ndarray, depths: np.ndarray) -> Outlines:
    """The outlines of drawings at poses, of so many points as their size affords.

    Args:
        poses: (n, 7).
        depths: (n, size, size), what is seen from them, 0 on the ground.
    """
    size_px = len(depths[0])
    cameras = [camera_of(pose, size_px) for pose in poses]
    return outlines_of(cameras, depths, OUTLINE_POINTS * size_px // CameraNet.large_px)


def _photo_camera(photo: Query, framed: _Framed, pose: np.ndarray) -> Camera:
    """The camera of a pose in the window, in pixels of the photo."""
    height, width = photo.image.shape[:2]
    return framed.window.photo_camera(camera_of(pose, CameraNet.large_px), width, height)


def _alignment(framed: _Framed, drawing: PoseDrawing) -> float:
    """How well a drawing covers the object."""
    drawn = drawing.mask.astype(np.float32)
    silhouette = cv2.resize(drawn, (_MASK_PX, _MASK_PX), interpolation=cv2.INTER_AREA)
    return float(_iou(framed.mask, silhouette.reshape(1, -1))[0])


def _likely(probability: np.ndarray) -> np.ndarray:
    """Where the object is; a faint one counts if nothing is plainer."""
    return probability > max(FAINTEST, min(0.5, 0.5 * float(probability.max())))


def _highest(values: np.ndarray, count: int) -> np.ndarray:
    """Where the highest values are, the highest first."""
    return np.argsort(-values, kind="stable")[:count]


def _flat(masks: np.ndarray) -> np.ndarray:
    """(n, pixels) float32 of n masks."""
    return masks.reshape(len(masks), -1).astype(np.float32)


def _iou(mask: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """(n,) intersection over union of a soft mask (m,) with each of (n, m)."""
    overlap = np.minimum(masks, mask).sum(1)
    return overlap / np.maximum(np.maximum(masks, mask).sum(1), 1e-6)
