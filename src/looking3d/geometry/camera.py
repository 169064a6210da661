"""Cameras: pinhole intrinsics, poses on a sphere around the object, projection.

World: right-handed, +Y up. Camera: OpenCV axes (x right, y down, z forward). Pixel centres lie at
+0.5, so a point that projects to (0.5, 0.5) falls on the middle of the top left pixel.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from looking3d.errors import ConfigError

REFERENCE_RADIUS = 0.8
"""Radius of the bounding sphere of a normalised reference, in world units."""

REFERENCE_DISTANCE = 2.5
"""Distance of the paper's cameras from the origin, in world units (paper 3.2)."""

FOCAL_PER_WIDTH = 355.0 / 256.0
"""The paper's focal length over the image width: a field of view of 39.7 degrees."""

_FLIP_YZ = np.diag([1.0, -1.0, -1.0])


@dataclass(frozen=True)
class Camera:
    """A pinhole camera.

    Attributes:
        T_camera_world: (4, 4) float64, rigid; takes world points to camera points.
        focal_px: Focal length in pixels, the same for both axes.
        center_px: (2,) float64, principal point (x, y) in pixels.
        width: Image width in pixels.
        height: Image height in pixels.
    """

    T_camera_world: np.ndarray
    focal_px: float
    center_px: np.ndarray
    width: int
    height: int

    @property
    def K(self) -> np.ndarray:
        """(3, 3) float64 matrix of intrinsics."""
        x, y = self.center_px
        return np.array([[self.focal_px, 0.0, x], [0.0, self.focal_px, y], [0.0, 0.0, 1.0]])

    @property
    def projection(self) -> np.ndarray:
        """(3, 4) float64: takes homogeneous world points to homogeneous fractions of width and height."""
        return np.diag([1 / self.width, 1 / self.height, 1.0]) @ self.K @ self.T_camera_world[:3]

    @property
    def origin(self) -> np.ndarray:
        """(3,) float64, the camera's centre in the world."""
        R, t = self.T_camera_world[:3, :3], self.T_camera_world[:3, 3]
        return -R.T @ t

    def project(self, p_world: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Project points into the image.

        Args:
            p_world: (..., 3) world points.

        Returns:
            (..., 2) float64 pixels (x, y) and (...,) float64 depth along the optical axis. Pixels of
            points that are not in front of the camera (depth <= 0) are NaN.
        """
        p_camera = p_world @ self.T_camera_world[:3, :3].T + self.T_camera_world[:3, 3]
        z = p_camera[..., 2]
        safe = np.where(z > 0, z, np.nan)
        return p_camera[..., :2] / safe[..., None] * self.focal_px + self.center_px, z

    def rays(
        self, samples: int = 1, rows: slice = slice(None), columns: slice = slice(None)
    ) -> tuple[np.ndarray, np.ndarray]:
        """The rays through the pixels, row by row.

        Args:
            samples: Rays along each side of a pixel; 2 gives a regular 2 x 2 pattern.
            rows, columns: Which of them.

        Returns:
            (height * samples, width * samples, 3) float32 origins and directions, or of these the rows
            and columns asked for. A direction's component along the optical axis is 1, so that ray
            distance equals depth.
        """
        x = ((np.arange(self.width * samples) + 0.5) / samples)[columns]
        y = ((np.arange(self.height * samples) + 0.5) / samples)[rows]
        d_camera = np.empty((len(y), len(x), 3))
        d_camera[..., 0] = (x[None, :] - self.center_px[0]) / self.focal_px
        d_camera[..., 1] = (y[:, None] - self.center_px[1]) / self.focal_px
        d_camera[..., 2] = 1.0
        directions = (d_camera @ self.T_camera_world[:3, :3]).astype(np.float32)
        return np.broadcast_to(self.origin.astype(np.float32), directions.shape), directions

    def mirrored(self) -> Camera:
        """The camera that sees a mirrored world (x negated) as the mirror image of what this one sees."""
        flip_x = np.diag([-1.0, 1.0, 1.0, 1.0])
        center_px = np.array([self.width - self.center_px[0], self.center_px[1]])
        return dataclasses.replace(
            self, T_camera_world=flip_x @ self.T_camera_world @ flip_x, center_px=center_px
        )

    def resized(self, width: int, height: int) -> Camera:
        """The same camera for the image scaled to another size of the same shape.

        Raises:
            ConfigError: The new size has another aspect ratio.
        """
        scale = width / self.width
        if abs(height / self.height - scale) > 1e-6:
            raise ConfigError(
                f"cannot resize a {self.width}x{self.height} camera to {width}x{height}: "
                "the aspect ratio differs; crop first"
            )
        return dataclasses.replace(
            self, focal_px=self.focal_px * scale, center_px=self.center_px * scale, width=width, height=height
        )

    def cropped(self, x: float, y: float, width: float, height: float, size: tuple[int, int]) -> Camera:
        """The camera of a window of the image, resampled.

        Args:
            x, y, width, height: The window in pixels; it may reach outside the image.
            size: (width, height) of the resampled window, of the same aspect ratio.
        """
        scale = size[0] / width
        center_px = (self.center_px - np.array([x, y])) * scale
        return dataclasses.replace(
            self, focal_px=self.focal_px * scale, center_px=center_px, width=size[0], height=size[1]
        )

    def to_json(self) -> dict[str, object]:
        """A dict of plain lists and numbers; `from_json` is its inverse."""
        return {
            "T_camera_world": self.T_camera_world.tolist(),
            "focal_px": self.focal_px,
            "center_px": self.center_px.tolist(),
            "width": self.width,
            "height": self.height,
        }

    @staticmethod
    def from_json(data: dict) -> Camera:
        """The camera that `to_json` wrote."""
        return Camera(
            np.asarray(data["T_camera_world"], float),
            float(data["focal_px"]),
            np.asarray(data["center_px"], float),
            int(data["width"]),
            int(data["height"]),
        )


def orbit_rotation(azimuth_rad: float, elevation_rad: float, roll_rad: float = 0.0) -> np.ndarray:
    """(3, 3) rotation world -> camera of a camera that looks at the origin.

    At azimuth 0 and elevation 0 the camera stands on +Z; azimuth turns it towards +X, elevation lifts
    it towards +Y, positive roll turns the image clockwise.
    """
    ca, sa = math.cos(azimuth_rad), math.sin(azimuth_rad)
    ce, se = math.cos(elevation_rad), math.sin(elevation_rad)
    cr, sr = math.cos(roll_rad), math.sin(roll_rad)
    R_azimuth = np.array([[ca, 0.0, -sa], [0.0, 1.0, 0.0], [sa, 0.0, ca]])
    R_elevation = np.array([[1.0, 0.0, 0.0], [0.0, ce, -se], [0.0, se, ce]])
    R_roll = np.array([[cr, -sr, 0.0], [sr, cr, 0.0], [0.0, 0.0, 1.0]])
    return R_roll @ _FLIP_YZ @ R_elevation @ R_azimuth


def orbit(
    azimuth_rad: float,
    elevation_rad: float,
    size_px: int = 256,
    distance: float = REFERENCE_DISTANCE,
    roll_rad: float = 0.0,
    focal_px: float | None = None,
) -> Camera:
    """A square camera on a sphere around the origin, looking at the origin.

    Args:
        azimuth_rad: 0 is +Z, pi/2 is +X.
        elevation_rad: 0 is level, positive looks down.
        size_px: Width and height.
        distance: Distance from the origin in world units.
        roll_rad: Turn about the optical axis.
        focal_px: Focal length; by default the paper's field of view.
    """
    T_camera_world = np.eye(4)
    T_camera_world[:3, :3] = orbit_rotation(azimuth_rad, elevation_rad, roll_rad)
    T_camera_world[2, 3] = distance
    focal_px = FOCAL_PER_WIDTH * size_px if focal_px is None else focal_px
    return Camera(T_camera_world, float(focal_px), np.full(2, size_px / 2.0), size_px, size_px)


def ring(count: int, elevation_rad: float, size_px: int = 256) -> list[Camera]:
    """`count` cameras at equal steps of azimuth, the first at azimuth 0."""
    return [orbit(2 * math.pi * i / count, elevation_rad, size_px) for i in range(count)]


def angle_between(R: np.ndarray, R_other: np.ndarray) -> float:
    """The angle in radians of the rotation that takes one (3, 3) rotation to another, 0 to pi."""
    return math.acos(min(max((np.trace(R @ R_other.T) - 1) / 2, -1.0), 1.0))


def orbit_angles(camera: Camera) -> tuple[float, float]:
    """Azimuth and elevation in radians of the direction from the origin to the camera."""
    x, y, z = camera.origin
    return math.atan2(x, z), math.atan2(y, math.hypot(x, z))


def ring_angles(cameras: Sequence[Camera]) -> np.ndarray:
    """(n, 2) float64, azimuth from 0 to 2 pi, and elevation, of views. Azimuths are rounded, so that a view
    in front is not the last for a tiny minus."""
    angles = np.array([orbit_angles(camera) for camera in cameras])
    angles[:, 0] = np.round(angles[:, 0], 6) % (2 * math.pi)
    return angles


def by_angle(angles: np.ndarray) -> np.ndarray:
    """(n,) int64, the order of views by azimuth, of one azimuth by elevation.

    Args:
        angles: (n, 2) as `ring_angles` gives them.
    """
    return np.lexsort((angles[:, 1], angles[:, 0]))


def azimuth_apart(a: Camera, b: Camera) -> float:
    """How far apart two cameras stand about the vertical, in degrees, 0 to 180."""
    return abs(math.degrees(math.remainder(orbit_angles(a)[0] - orbit_angles(b)[0], 2 * math.pi)))


def orbit_roll(camera: Camera) -> float:
    """Turn in radians about the optical axis of a camera that looks at the origin, as `orbit` takes it."""
    turn = camera.T_camera_world[:3, :3] @ orbit_rotation(*orbit_angles(camera)).T
    return math.atan2(turn[1, 0], turn[0, 0])
