"""From a file to a reference's shape: cleaned if it is a scan, upright, facing the front, in metres."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from looking3d.errors import ConfigError, ShapeError, unknown_name
from looking3d.inspection.enrolment.facing import guess_front
from looking3d.inspection.enrolment.units import guess_unit
from looking3d.inspection.enrolment.upright import AXES, guess_up
from looking3d.render.raycast import Raycaster
from looking3d.shapes.cleanup import CleanupOptions, CleanupReport, clean_scan, decimated, scan_reason
from looking3d.shapes.face_count import count_faces
from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.partnet import is_partnet
from looking3d.shapes.read import UNITS, UP_AXES, in_components, read_shape
from looking3d.shapes.source_file import shown
from looking3d.shapes.surface import spread_points

AUTO = "auto"

MOST_FACES = 2_000_000
"""A mesh with more is refused unless it may be reduced."""

MOST_FACES_READ = 12_000_000
"""A mesh with more is refused in any case: reading it takes more memory than a laptop has."""

SURE_FROM = 0.8
"""A guess of less confidence is said to need a look."""

_SAMPLES = 5000  # points of the surface to judge by
UP_PRIOR = {
    ".glb": {"y": 4.0},
    ".gltf": {"y": 4.0},
    ".stl": {"z": 1.0, "y": 0.3},
}
"""What formats say of up, as log odds: glTF states it, STL comes from CAD and printing."""

UP_HABIT = {"y": 0.7, "z": 0.5}
"""What other formats leave open, as log odds."""

_FRONT_PRIOR = 1.0


@dataclass(frozen=True)
class EnrolOptions:
    """How a reference is made of a file.

    Attributes:
        up: The axis of the file that points up: `auto`, x, y, z, -x, -y, -z, or a direction as `0,0.1,1`.
        front: What the front faces: `auto`, an axis of the file, or degrees about up as the picture to
            confirm tells.
        unit: `auto`, or one of UNITS.
        scan: Whether to clean it up as a scan; None: if it seems to be one.
        cleanup: How.
    """

    up: str = AUTO
    front: str = AUTO
    unit: str = AUTO
    scan: bool | None = None
    cleanup: CleanupOptions = field(default_factory=CleanupOptions)

    def __post_init__(self) -> None:
        if self.unit not in (AUTO, *UNITS):
            raise unknown_name("unit", self.unit, (AUTO, *UNITS))
        if self.up != AUTO:
            _direction(self.up)
        if self.front != AUTO and self.front not in AXES:
            _degrees(self.front)


@dataclass(frozen=True)
class Choice:
    """What was settled on.

    Attributes:
        value: As an option takes it.
        says: Why, in a sentence.
        confidence: 0 to 1; 1 where the user said it.
    """

    value: str
    says: str
    confidence: float

    def to_json(self) -> dict[str, object]:
        """A dict of plain values."""
        return {"value": self.value, "says": self.says, "confidence": round(self.confidence, 4)}


@dataclass(frozen=True, eq=False)
class Prepared:
    """A reference's shape, and how it came about.

    Attributes:
        shape: +Y up, the front faces +Z, in metres.
        up, front, unit: What was settled on.
        scan: Whether, and why, it was taken for a scan.
        cleanup: What was done to it; None if it is no scan.
        azimuth_deg: What `front` is in degrees about up, before it was turned.
    """

    shape: PartShape
    up: Choice
    front: Choice
    unit: Choice
    scan: Choice
    cleanup: CleanupReport | None
    azimuth_deg: float


def prepare(path: Path | str, options: EnrolOptions | None = None) -> Prepared:
    """Make a reference's shape of a file. The same file and options give the same shape.

    Args:
        path: What `read_shape` takes.
        options: By default all is found out.

    Raises:
        ShapeError: The path is missing, too large, or no usable shape.
    """
    path, options = Path(path), options or EnrolOptions()
    _refuse_large(path, options)
    shape = read_shape(path, single_mesh="whole")
    shape, scan, report, floor_up = _cleaned(shape, options)
    R_up, up = _upright(shape, path, options.up, floor_up, turned=scan.value == "yes")
    shape = _turned(shape, R_up)
    azimuth, front = _front(shape, R_up, path, options.front, turned=scan.value == "yes")
    shape = _turned(shape, Rotation.from_euler("y", -azimuth, degrees=True).as_matrix())
    size = float(np.ptp(shape.bounds, axis=0).max())
    unit = (
        Choice(*guess_unit(size, path.suffix.lower()), 0.5)
        if options.unit == AUTO
        else Choice(options.unit, "as given", 1.0)
    )
    shape = _turned(shape, np.eye(3) * UNITS[unit.value])
    return Prepared(shape, up, front, unit, scan, report, azimuth)


def _refuse_large(path: Path, options: EnrolOptions) -> None:
    if not os.path.exists(path):
        return
    count = count_faces(path)
    if count > MOST_FACES_READ:
        raise ShapeError(
            f"{shown(path)}: has {count:,} faces; at most {MOST_FACES_READ:,} can be read; reduce it first, "
            "for instance in MeshLab or Blender (Decimate)"
        )
    if count > MOST_FACES and options.cleanup.faces is None:
        raise ShapeError(
            f"{shown(path)}: has {count:,} faces; at most {MOST_FACES:,} are taken as they are; "
            "pass --faces 100000 to reduce them"
        )


def _cleaned(
    shape: PartShape, options: EnrolOptions
) -> tuple[PartShape, Choice, CleanupReport | None, np.ndarray | None]:
    """The shape, cleaned if it is a scan; whether it is; what was done; and up, if it stood on a floor."""
    reason = scan_reason(shape) if options.scan is None else None
    if options.scan or reason is not None:
        up = None if options.up == AUTO else _direction(options.up)
        clean = clean_scan(shape, options.cleanup, up)
        says = "as given" if reason is None else f"{reason}; pass --scan no if it is CAD"
        return clean.shape, Choice("yes", says, 1.0), clean.report, clean.up
    says = "as given" if options.scan is False else "parts, flat faces, or too few of them to be one"
    shape = in_components(shape)
    if options.cleanup.faces is not None:
        shape = decimated(shape, options.cleanup.faces)
    return shape, Choice("no", says, 1.0), None, None


def _upright(
    shape: PartShape, path: Path, up: str, floor_up: np.ndarray | None, turned: bool
) -> tuple[np.ndarray, Choice]:
    """(3, 3) rotation that takes up to +Y, and why."""
    if up != AUTO:
        direction = _direction(up)
        if floor_up is not None:
            # The floor is level more exactly than a person can say.
            return _to_y(floor_up), Choice(up, "as given, levelled by the floor", 1.0)
        return UP_AXES.get(up, _to_y(direction)), Choice(up, "as given", 1.0)
    if floor_up is not None:
        return _to_y(floor_up), Choice(
            _vector(floor_up), "at right angles to the floor that it stood on", 0.99
        )
    points, normals = sampled(shape)
    prior = UP_PRIOR.get(path.suffix.lower(), {"y": 4.0} if path.is_dir() and is_partnet(path) else UP_HABIT)
    best, *others = guess_up(points, normals, prior, turned)
    second = f"; else {others[0].name} ({others[0].confidence:.0%})"
    name = best.name if best.name in UP_AXES else _vector(best.up)
    R = UP_AXES[name] if name in UP_AXES else _to_y(best.up)
    says = f"it stands so, {best.confidence:.0%} sure" + (second if best.confidence < SURE_FROM else "")
    return R, Choice(name, says, best.confidence)


def _front(shape: PartShape, R_up: np.ndarray, path: Path, front: str, turned: bool) -> tuple[float, Choice]:
    """The azimuth in degrees that the front faces, and why."""
    if front in AXES:
        x, y, z = R_up @ AXES[front]
        if abs(y) > 0.7:
            raise ConfigError(f"front: {front} points up or down; choose another axis, or pass --up")
        return float(np.degrees(np.arctan2(x, z))), Choice(front, "as given", 1.0)
    if front != AUTO:
        return _degrees(front), Choice(front, "as given", 1.0)
    normalized = shape.normalized()
    points, _ = sampled(normalized)
    prior = 0.0 if turned else _FRONT_PRIOR
    best, other, *_ = guess_front(Raycaster(normalized), points, turned, prior)
    second = f"; else {other.azimuth_deg:.4g} ({other.confidence:.0%})"
    says = f"left and right are alike, the back is closed or high; {best.confidence:.0%} sure"
    says += second if best.confidence < SURE_FROM else ""
    return best.azimuth_deg, Choice(f"{best.azimuth_deg:.4g}", says, best.confidence)


def sampled(shape: PartShape) -> tuple[np.ndarray, np.ndarray]:
    """(n, 3) points spread evenly over a shape, and the unit normals of their faces."""
    vertices, faces, _ = shape.merged()
    points, face = spread_points(vertices, faces, _SAMPLES)
    a, b, c = vertices[faces[face]].transpose(1, 0, 2)
    normals = np.cross(b - a, c - a)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)
    return points, normals


def _turned(shape: PartShape, R: np.ndarray) -> PartShape:
    return shape.with_parts(part.moved(R, np.zeros(3)) for part in shape.parts)


def _to_y(up: np.ndarray) -> np.ndarray:
    """(3, 3), the shortest rotation that takes a unit vector to +Y."""
    axis = np.cross(up, [0.0, 1.0, 0.0])
    sine, cosine = float(np.linalg.norm(axis)), float(up[1])
    if sine < 1e-9:
        return np.eye(3) if cosine > 0 else UP_AXES["-y"]
    return Rotation.from_rotvec(axis / sine * np.arctan2(sine, cosine)).as_matrix()


def _direction(up: str) -> np.ndarray:
    """(3,) unit vector of an axis or of three numbers."""
    if up in AXES:
        return AXES[up]
    words = up.split(",")
    try:
        vector = np.array([float(word) for word in words])
    except ValueError:
        vector = np.zeros(0)
    if len(vector) != 3 or not np.isfinite(vector).all() or np.linalg.norm(vector) == 0:
        raise ConfigError(
            f"unknown up axis {up!r}; choose one of: {AUTO}, {', '.join(sorted(AXES))}, "
            "or three numbers as 0,0.1,1"
        )
    return vector / np.linalg.norm(vector)


def _degrees(front: str) -> float:
    try:
        degrees = float(front)
    except ValueError:
        degrees = np.nan
    if not np.isfinite(degrees):
        raise ConfigError(
            f"unknown front {front!r}; choose one of: {AUTO}, {', '.join(sorted(AXES))}, "
            "or degrees about up as 90"
        )
    return degrees % 360


def _vector(direction: np.ndarray) -> str:
    return ",".join(f"{value:.5f}" for value in direction)
