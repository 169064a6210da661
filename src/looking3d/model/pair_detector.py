"""A detector over any network of photo and views: CMT, and what it is compared with."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch

from looking3d.errors import ConfigError
from looking3d.geometry.camera import FOCAL_PER_WIDTH, REFERENCE_DISTANCE, Camera
from looking3d.model.align.align import AlignDetector, AlignEnrolled
from looking3d.model.cmt.candidates import Projected, foreground
from looking3d.model.cmt.closest_view import view_distances
from looking3d.model.cmt.cmt import Cmt, CmtOutput
from looking3d.model.cmt.projection import project_reference
from looking3d.model.detector import Detection
from looking3d.model.encoder import STRIDE
from looking3d.model.pair_network import Judgement, PairNetwork
from looking3d.model.pair_views import DRAWN_PX, PairViews, drawn_views
from looking3d.model.query import Query, Window, crop, to_tensor
from looking3d.render.raycast import Raycaster

DEPTH_PX = 64
"""Side of the drawing that tells which points a camera sees; training has it at this size."""

ALL = "all"
"""In place of a number of candidates: every reference patch that shows the object."""

Box = tuple[float, float, float, float]
"""x, y, width, height as fractions of the window; may reach outside."""


@dataclass(frozen=True, eq=False)
class EncodedViews:
    """A reference as a network keeps it.

    Attributes:
        points, valid: (1, n, patches, 3) and (1, n, patches), of the views' patches.
        reference: What the network made of the views.
    """

    points: torch.Tensor
    valid: torch.Tensor
    reference: Any


@dataclass(frozen=True, eq=False)
class PairEnrolled:
    """A reference, enrolled.

    Attributes:
        raycaster: Of its mesh.
        views: Of the reference.
        encoded: What the network made of them.
        guide: The reference as the guide keeps it.
    """

    raycaster: Raycaster
    views: PairViews
    encoded: EncodedViews
    guide: AlignEnrolled


class PairAnswer(NamedTuple):
    """What a network says of a window of a photo.

    Attributes:
        probability: Of an anomaly.
        heat_map: (grid, grid) float32, see `PairDetector`.
        box: Around the anomaly; None of a network without box head.
        distances: (n,) float32, how far the photo's patches lie from where they are found in each view, as
            a fraction of the window; None of a network that compares no patches.
    """

    probability: float
    heat_map: np.ndarray
    box: Box | None
    distances: np.ndarray | None


class PairDetector:
    """Judges photos by N views of the reference.

    The heat map is the patch head's, where there is one. Where there is none, the box says where: each cell
    has the probability times the share of it that the box covers. A network with neither says nothing of
    where, and its heat map is 0.

    Such networks learn from photos that are framed as the views are, and find no camera that photos of
    another framing could be brought to it by. So `detect` lets a guide, the align detector, find the camera
    first: the window is the one in which the object has the size and place that it has in the views, and
    camera and alignment are the guide's. `answer` needs no guide.

    Args:
        network: The network, on the device that it is to run on.
        name: Of the kind of network.
        guide: What finds the camera.
    """

    def __init__(self, network: PairNetwork, name: str, guide: AlignDetector) -> None:
        self.network, self.name, self.guide = network, name, guide
        self.device = guide.device

    @property
    def views(self) -> int:
        """Views that a reference is judged by."""
        return self.network.config.test_views

    @property
    def size_px(self) -> int:
        """Side of the network's images."""
        return self.network.config.image_px

    @property
    def grid(self) -> int:
        """Patches along it."""
        return self.size_px // STRIDE

    @property
    def needs_camera(self) -> bool:
        """Whether the network is to be told where the reference falls in the photo."""
        return isinstance(self.network, Cmt) and self.network.config.ranking == "geometry"

    def enrol(self, raycaster: Raycaster) -> PairEnrolled:
        """Draw and encode the views of a normalised reference."""
        views = drawn_views(raycaster, self.views, self.size_px, self.grid)
        return self._enrolled(raycaster, views, self.guide.enrol(raycaster))

    def enrolment_key(self) -> str:
        """Changes with the settings and weights of network and guide."""
        settings = json.dumps(dataclasses.asdict(self.network.config), sort_keys=True)  # pyright: ignore[reportArgumentType]
        digest = hashlib.sha256(f"views-1 {DRAWN_PX} {settings} {self.guide.enrolment_key()}".encode())
        assert isinstance(self.network, torch.nn.Module)
        for name, tensor in self.network.state_dict().items():
            digest.update(name.encode() + tensor.detach().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()

    def pack(self, enrolled: PairEnrolled) -> dict[str, np.ndarray]:
        """Views and the guide's arrays. What the network made of the views is a hundred times as large, and
        made again in a second."""
        views = {f"views.{name}": array for name, array in vars(enrolled.views).items()}
        return views | {f"guide.{name}": array for name, array in self.guide.pack(enrolled.guide).items()}

    def unpack(self, arrays: dict[str, np.ndarray], raycaster: Raycaster) -> PairEnrolled:
        """What `pack` was given.

        Raises:
            ValueError: The arrays are not what it makes.
        """
        of_views, of_guide = (
            {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
            for prefix in ("views.", "guide.")
        )
        count, size, patches = self.views, self.size_px, self.grid**2
        expected = {
            "images": (np.uint8, (count, size, size)),
            "points": (np.float32, (count, patches, 3)),
            "valid": (np.bool_, (count, patches)),
        }
        if {name: (array.dtype, array.shape) for name, array in of_views.items()} != expected:
            raise ValueError("not the views of this network")
        return self._enrolled(raycaster, PairViews(**of_views), self.guide.unpack(of_guide, raycaster))

    def _enrolled(self, raycaster: Raycaster, views: PairViews, guide: AlignEnrolled) -> PairEnrolled:
        return PairEnrolled(raycaster, views, self.encode(views), guide)

    @torch.inference_mode()
    def encode(self, views: PairViews) -> EncodedViews:
        """What the network makes of views."""
        images, points, valid = views.tensors(self.device)
        return EncodedViews(points, valid, self.network.encode_reference(images, points, valid))

    def foreground(self, photo: Query) -> np.ndarray:
        """(height, width) float32, the probability of each pixel to show the object, by the guide.

        Raises:
            PhotoError: No object is found.
        """
        return self.guide.foreground(photo)

    def detect(self, photos: Sequence[Query], enrolled: PairEnrolled) -> list[Detection]:
        """Judge each photo against one reference.

        Raises:
            PhotoError: No object is found in a photo.
        """
        return [self._detect(photo, enrolled) for photo in photos]

    def _detect(self, photo: Query, enrolled: PairEnrolled) -> Detection:
        camera, alignment = self.guide.find_camera(photo, enrolled.guide)
        window = framed_as_views(camera)
        answer = self.answer(photo.image, window, enrolled.encoded, camera, enrolled.raycaster)
        return Detection(answer.probability, answer.heat_map, window, camera, alignment)

    @torch.inference_mode()
    def answer(
        self,
        image: np.ndarray,
        window: Window,
        encoded: EncodedViews,
        camera: Camera | None = None,
        raycaster: Raycaster | None = None,
    ) -> PairAnswer:
        """Judge a window of a photo. One at a time, since the digits of a batch depend on its size.

        Args:
            image: (height, width, 3) uint8 RGB, the whole photo.
            window: What the network sees of it.
            encoded: The reference.
            camera: Of the photo, and
            raycaster: of the reference: what a network that needs a camera is told by.
        """
        query = self._query(image, window)
        judged = self._judge(query, window, encoded, camera, raycaster)
        probability = float(judged.logit[0].sigmoid())
        box = None if judged.box is None else _corner_box(judged.box[0].cpu().double().numpy())
        heat_map = _heat_map(judged, probability, box, self.grid)
        return PairAnswer(probability, heat_map, box, _distances(judged, query, encoded.valid))

    @torch.inference_mode()
    def judge(self, image: np.ndarray, window: Window, encoded: EncodedViews) -> Judgement:
        """What the network itself says of a window, if it needs no camera; see `answer`."""
        return self._judge(self._query(image, window), window, encoded)

    def _judge(
        self,
        query: torch.Tensor,
        window: Window,
        encoded: EncodedViews,
        camera: Camera | None = None,
        raycaster: Raycaster | None = None,
    ) -> Judgement:
        if not self.needs_camera:
            return self.network.judge(query, encoded.reference)
        if camera is None or raycaster is None:
            raise ValueError("this network needs the photo's camera and the reference's mesh")
        assert isinstance(self.network, Cmt)
        seen = window.camera(camera, DEPTH_PX)
        projected = self._projected(encoded, seen, raycaster.draw(seen).depth)
        return self.network.judge(query, encoded.reference, projected)

    def _query(self, image: np.ndarray, window: Window) -> torch.Tensor:
        """(1, 3, size, size) what the network sees."""
        return to_tensor(crop(image, window, self.size_px)[None]).to(self.device)

    def _projected(self, encoded: EncodedViews, camera: Camera, depth: np.ndarray) -> Projected:
        """Where the reference falls in the window."""
        projection = torch.from_numpy(camera.projection.astype(np.float32)).to(self.device)
        drawn = torch.from_numpy(depth).to(self.device)
        return project_reference(encoded.points, encoded.valid, projection[None], drawn[None])


def framed_as_views(camera: Camera) -> Window:
    """The window of a photo in which the object has the size and place that it has in the views.

    Args:
        camera: Of the photo.
    """
    center, distance = camera.project(np.zeros(3))
    side = float(camera.focal_px / distance * REFERENCE_DISTANCE / FOCAL_PER_WIDTH)
    return Window(float(center[0]) - side / 2, float(center[1]) - side / 2, side)


def set_options(network: PairNetwork, views: int | None = None, top_k: int | str | None = None) -> None:
    """Judge by another number of views or of candidates than the network's settings say.

    Args:
        network: The network; its settings are changed.
        views: Views of the reference.
        top_k: Reference patches that a patch of the photo attends to, or ALL.

    Raises:
        ConfigError: The network cannot be used so.
    """
    changes: dict[str, Any] = {}
    if views is not None:
        if "test_views" not in vars(network.config):
            raise ConfigError("views: this network looks at none; leave it away")
        changes["test_views"] = views
    if top_k is not None:
        if not isinstance(network, Cmt) or not network.config.cga:
            raise ConfigError("top-k: this network chooses no candidates; leave it away")
        if top_k != ALL:
            changes["top_k"] = int(top_k)
        elif network.config.fusion != "add":
            raise ConfigError(f"top-k: {ALL} is for networks that add what they find; give a number")
        else:
            # Attention to all that is allowed is what candidates without end would be.
            changes["cga"] = False
    if changes:
        network.config = dataclasses.replace(network.config, **changes)  # pyright: ignore


def _corner_box(box: np.ndarray) -> Box:
    """x, y, width, height of a box given by its centre."""
    x, y, width, height = (float(value) for value in box)
    return x - width / 2, y - height / 2, width, height


def _heat_map(judged: Judgement, probability: float, box: Box | None, grid: int) -> np.ndarray:
    """(grid, grid) float32; see `PairDetector`."""
    if judged.patch_logits is not None:
        return judged.patch_logits[0].sigmoid().float().cpu().numpy().reshape(grid, grid)
    if box is None:
        return np.zeros((grid, grid), np.float32)
    x, y, width, height = box
    covered = np.outer(_covered(y, y + height, grid), _covered(x, x + width, grid))
    return (probability * covered).astype(np.float32)


def _covered(start: float, stop: float, cells: int) -> np.ndarray:
    """(cells,) the share of each cell of [0, 1] that an interval covers."""
    edges = np.arange(cells + 1) / cells
    return np.clip(np.minimum(edges[1:], stop) - np.maximum(edges[:-1], start), 0, None) * cells


def _distances(judged: Judgement, query: torch.Tensor, valid: torch.Tensor) -> np.ndarray | None:
    """How far the photo is from each view."""
    if not isinstance(judged, CmtOutput) or judged.query is None or judged.views is None:
        return None
    weight = foreground(query, round(judged.query.shape[1] ** 0.5))
    return view_distances(judged.query, judged.views, valid, weight)[0].cpu().numpy()
