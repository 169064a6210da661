"""A reference to inspect against: a 3D model, read, normalised and ready for rays."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from looking3d.geometry.camera import Camera, ring
from looking3d.inspection.features import FeatureCache
from looking3d.model.detector import Detector
from looking3d.render.raycast import Raycaster
from looking3d.render.reference import VIEW_ELEVATION_RAD, grey_image
from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.read import read_shape
from looking3d.shapes.source_file import shown

VIEWS = 20
"""Views of a reference, on a ring at 20 degrees elevation; the first from the front."""

VIEW_PX = 256


@dataclass(frozen=True, eq=False)
class Reference:
    """What photos are inspected against.

    Attributes:
        name: For messages and pages.
        shape: Normalised.
        raycaster: Of that shape.
        features: Where what detectors compute of it is kept; None keeps nothing.
    """

    name: str
    shape: PartShape
    raycaster: Raycaster
    features: FeatureCache | None = None
    _drawn: dict[int, np.ndarray] = field(default_factory=dict, init=False, repr=False)

    @staticmethod
    def of(shape: PartShape, name: str | None = None, features: FeatureCache | None = None) -> Reference:
        """The reference that a shape of any place and size is; by default called as the shape is."""
        normalized = shape.normalized()
        return Reference(shape.id if name is None else name, normalized, Raycaster(normalized), features)

    def enrolled(self, detector: Detector) -> Any:
        """What `detector.enrol` makes of it, or what the cache holds of that."""
        if self.features is None:
            return detector.enrol(self.raycaster)
        return self.features.enrolled(detector, self.raycaster)

    def view(self, index: int) -> np.ndarray:
        """(256, 256) uint8, a grey picture; drawn when it is first asked for.

        Args:
            index: 0 to 19; view i is seen from azimuth 18 i degrees.
        """
        if index not in self._drawn:
            self._drawn[index] = grey_image(self.raycaster, view_camera(index))
        return self._drawn[index]


def load_reference(path: Path | str, up: str = "y", unit: str = "m") -> Reference:
    """Read a reference.

    Args:
        path: What `read_shape` takes: GLB, glTF, OBJ, STL, PLY, OFF, a folder of them, a PartNet folder.
        up: The axis of the file that points up.
        unit: The unit of the file.

    Returns:
        The reference, called as the file.

    Raises:
        ShapeError: The path is missing or not a usable shape.
        ConfigError: Unknown axis or unit.
    """
    path = Path(path)
    return Reference.of(read_shape(path, up=up, unit=unit), shown(Path(path.resolve().name)))


def view_camera(index: int) -> Camera:
    """The camera of a view."""
    return ring(VIEWS, VIEW_ELEVATION_RAD, VIEW_PX)[index]


def view_azimuth_deg(index: int) -> float:
    """The azimuth of a view, 0 to 342 degrees."""
    return 360.0 * index / VIEWS


def closest_view(camera: Camera) -> int:
    """The view whose camera stands closest to the direction of this one."""
    x, _, z = camera.origin
    # All views are at one elevation, so the azimuth alone decides.
    return round(math.degrees(math.atan2(x, z)) / (360.0 / VIEWS)) % VIEWS
