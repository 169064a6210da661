"""A reference as a dataset stores it: mesh, grey views, depth, cameras, the points of patches."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np

from looking3d.dataset.schema import read_json
from looking3d.errors import ConfigError, DatasetError
from looking3d.geometry.camera import Camera
from looking3d.geometry.correspondence import grid_points, match_points, match_views, unproject
from looking3d.render.raycast import Raycaster


class Matches(NamedTuple):
    """Pixels of two views that show the same points of the surface.

    Attributes:
        a, b: (n, 2) float64 pixels (x, y) in the one view and in the other.
    """

    a: np.ndarray
    b: np.ndarray


class Patches(NamedTuple):
    """The patches of n views, and which of them show the same points.

    Attributes:
        points: (n, rows, columns, 3) float32, the world point of each patch; 0 where there is none.
        valid: (n, rows, columns) bool, whether a patch shows the object.
        matches: (n, n, rows, columns) int16: [a, b] is the patch of view b, row by row, that shows the
            point of each patch of view a; -1 where b does not show it.
    """

    points: np.ndarray
    valid: np.ndarray
    matches: np.ndarray


class StoredPart(NamedTuple):
    """A part's id, and its semantic label path."""

    id: str
    label: str


@dataclass(frozen=True)
class StoredReference(ABC):
    """A reference in a dataset; what it holds is read when it is asked for, and then kept.

    Attributes:
        path: The shape's folder.
    """

    path: Path

    @property
    @abstractmethod
    def source(self) -> str:
        """Where the shape came from: a family and seed, a file, a ShapeNet id."""

    @property
    @abstractmethod
    def family(self) -> str:
        """What it is one of: a procedural family or a category; `object` where nothing is known."""

    @property
    @abstractmethod
    def parts(self) -> tuple[StoredPart, ...]:
        """The parts, in the order of the raycaster's; none where the dataset does not tell."""

    @property
    @abstractmethod
    def views(self) -> np.ndarray:
        """(n, height, width) uint8, the grey views."""

    @property
    @abstractmethod
    def depth(self) -> np.ndarray:
        """(n, height, width) float32 along the optical axes, 0 where there is nothing."""

    @property
    @abstractmethod
    def cameras(self) -> tuple[Camera, ...]:
        """The views' n cameras."""

    @property
    @abstractmethod
    def points(self) -> np.ndarray:
        """(n, rows, columns, 3) float32, the world point of each patch; 0 where there is none."""

    @property
    @abstractmethod
    def valid(self) -> np.ndarray:
        """(n, rows, columns) bool, whether a patch shows the object."""

    @abstractmethod
    def correspondences(self, a: int, b: int, step_px: int = 4) -> Matches:
        """Pixels of views `a` and `b` that show the same point, hidden ones left out.

        Args:
            a, b: Numbers of two views.
            step_px: Spacing of the pixels of view `a` that are matched, where the dataset leaves a choice.

        Raises:
            ConfigError: There is no such view.
        """

    @abstractmethod
    def patches(self, rows: int, columns: int) -> Patches:
        """The patches of the views on a grid, which need not be the stored one."""

    @property
    @abstractmethod
    def mesh_path(self) -> Path:
        """The reference as a GLB."""

    @abstractmethod
    def raycaster(self) -> Raycaster:
        """The mesh, made ready for rays."""

    def check_view(self, number: int) -> None:
        """Refuse a view that does not exist."""
        if not 0 <= number < len(self.cameras):
            raise ConfigError(f"{self.path}: expected a view from 0 to {len(self.cameras) - 1}, got {number}")


@dataclass(frozen=True)
class GeneratedReference(StoredReference):
    """The folder of a shape that `looking3d generate` made."""

    @property
    def source(self) -> str:
        """Where the shape came from: a family and seed, or a file."""
        return str(self.record["source"])

    @cached_property
    def record(self) -> dict:
        """What shape.json holds."""
        return read_json(self.path / "shape.json", "generate the dataset again")

    @property
    def family(self) -> str:
        """The procedural family that made it, or the category of what was read from files."""
        made = re.match(r"procedural:(\S+) ", self.source)
        return made[1] if made else str(self.record.get("category", "object"))

    @property
    def parts(self) -> tuple[StoredPart, ...]:
        """The parts, in the order of the raycaster's."""
        try:
            return tuple(StoredPart(part["id"], part["label"]) for part in self.record["parts"])
        except (KeyError, TypeError) as error:
            raise DatasetError(
                f"{self.path / 'shape.json'}: expected parts with id and label; generate the dataset again"
            ) from error

    @property
    def mesh_path(self) -> Path:
        """The reference as a GLB."""
        return self.path / "mesh.glb"

    def arrays(self, *names: str) -> dict[str, np.ndarray]:
        """Arrays of reference.npz by their names; only these are unpacked."""
        path = self.path / "reference.npz"
        try:
            # Opened here, because numpy leaves the file open when it is no archive.
            with path.open("rb") as file, np.load(file) as stored:
                return {name: stored[name] for name in names}
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            reason = str(error).splitlines()[0]
            raise DatasetError(
                f"{path}: not a readable reference ({reason}); generate the dataset again"
            ) from error

    @cached_property
    def views(self) -> np.ndarray:
        """(n, height, width) uint8, the grey views."""
        return self.arrays("views")["views"]

    @cached_property
    def depth(self) -> np.ndarray:
        """(n, height, width) float32 along the optical axes, 0 where there is nothing."""
        return self.arrays("depth")["depth"]

    @cached_property
    def points(self) -> np.ndarray:
        """(n, rows, columns, 3) float32, the world point of each patch; 0 where there is none."""
        return self.arrays("points")["points"]

    @cached_property
    def valid(self) -> np.ndarray:
        """(n, rows, columns) bool, whether a patch shows the object."""
        return self.arrays("valid")["valid"]

    @cached_property
    def cameras(self) -> tuple[Camera, ...]:
        """The views' n cameras."""
        stored = self.arrays("T_camera_world", "focal_px", "center_px")
        height, width = self.views.shape[1:]
        rows = zip(stored["T_camera_world"], stored["focal_px"], stored["center_px"], strict=True)
        return tuple(Camera(pose, float(focal), center, width, height) for pose, focal, center in rows)

    def correspondences(self, a: int, b: int, step_px: int = 4) -> Matches:
        """Pixels of views `a` and `b` that show the same point, hidden ones left out."""
        self.check_view(a)
        self.check_view(b)
        grid = np.zeros(self.depth[a].shape, bool)
        grid[step_px // 2 :: step_px, step_px // 2 :: step_px] = True
        pixels = np.argwhere(grid & (self.depth[a] > 0))
        xy, seen = match_views(self.cameras[a], self.depth[a], self.cameras[b], self.depth[b], pixels)
        return Matches(pixels[seen][:, ::-1] + 0.5, xy[seen])

    def patches(self, rows: int, columns: int) -> Patches:
        """The patches of the views on a grid, matched by depth and pose with an occlusion test."""
        surfaces = [unproject(camera, depth) for camera, depth in zip(self.cameras, self.depth, strict=True)]
        grids = [grid_points(surface, rows, columns) for surface in surfaces]
        points, valid = (np.stack(arrays) for arrays in zip(*grids, strict=True))
        shown = np.where(valid[..., None], points, np.nan)
        matches = match_points(shown, self.cameras, self.depth, rows, columns)
        return patches_of(points, valid, matches.swapaxes(0, 1))

    def raycaster(self) -> Raycaster:
        """The mesh, made ready for rays."""
        return Raycaster.from_arrays(**self.arrays("vertices", "faces", "part_of_face"))


def patches_of(points: np.ndarray, valid: np.ndarray, matches: np.ndarray) -> Patches:
    """Patches of arrays of any number type; matches with patches that show no object are left out.

    Args:
        points, valid: As `Patches` has them.
        matches: (n, n, rows, columns) integers, likewise.
    """
    views, count = len(valid), valid[0].size
    target_valid = np.zeros((views, count + 1), bool)  # the last stands for -1
    target_valid[:, :count] = valid.reshape(views, count)
    shown = target_valid[np.arange(views)[None, :, None, None], matches]
    kept = np.where(shown & valid[:, None], matches, -1)
    return Patches(points.astype(np.float32), valid, kept.astype(np.int16))
