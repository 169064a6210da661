"""What lies behind and below an object in a room: an environment map, or a studio, cast on floor and walls.

The surroundings were seen from one point; cast on a level floor and a dome around it (a half sphere that
stands on the floor), they look right from other points too, and the object stands on their floor.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from looking3d.geometry.camera import Camera
from looking3d.render.color import Color, tone
from looking3d.render.lighting import Lighting
from looking3d.render.materials import Material

_COVE = 0.08
"""How soft a studio's wall goes over into its floor, as a share of the dome's radius."""


@dataclass(frozen=True)
class Dome:
    """Surroundings with a floor.

    Attributes:
        eye_height: Height above the floor from which the environment map was taken, in world units.
        radius: How far the floor reaches before the walls begin.
        defocus: Blur of what is far from the object, as a share of the picture's width.
        floor: Of a studio, what its floor is made of; with an environment map None.
        wall: Of a studio, linear RGB of its walls.
        plank: Of a studio, width of the boards of its floor; 0 for a floor of one piece.
    """

    eye_height: float
    radius: float
    defocus: float
    floor: Material | None = None
    wall: Color = (0.5, 0.5, 0.5)
    plank: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "wall", tuple(float(c) for c in self.wall))

    def to_json(self) -> dict[str, object]:
        """A dict that JSON can hold; `from_json` is its inverse."""
        floor = self.floor.to_json() if self.floor else None
        return {
            "eye_height": self.eye_height,
            "radius": self.radius,
            "defocus": self.defocus,
            "floor": floor,
            "wall": self.wall,
            "plank": self.plank,
        }

    @staticmethod
    def from_json(data: dict) -> Dome:
        """The dome that `to_json` wrote."""
        return Dome(**{**data, "floor": Material.from_json(data["floor"]) if data["floor"] else None})

    def image(self, lighting: Lighting, camera: Camera, floor_y: float) -> np.ndarray:
        """(height, width, 3) float32 sRGB in [0, 1], without the object and its shadow.

        Args:
            lighting: The light; its environment map is shown if there is one.
            camera: Who looks.
            floor_y: Height of the floor.
        """
        origins, directions = camera.rays()
        directions = directions.reshape(-1, 3)
        p, on_floor = self._meet(origins.reshape(-1, 3)[0], directions, floor_y)
        if lighting.environment is not None:
            d = p - np.array([0, floor_y + self.eye_height, 0], np.float32)
            light = lighting.environment.shown(d / np.linalg.norm(d, axis=1, keepdims=True))
        else:
            light = self._studio(lighting, p, on_floor, floor_y)
        image = tone(np.float32(lighting.exposure) * light).reshape(camera.height, camera.width, 3)
        sigma = self.defocus * camera.width
        if sigma < 0.3:
            return image
        away = np.linalg.norm(p, axis=1).reshape(camera.height, camera.width, 1)
        far = np.clip((away - 0.9) / 3, 0, 1)
        return image + (cv2.GaussianBlur(image, (0, 0), sigma) - image) * far

    def _meet(self, eye: np.ndarray, directions: np.ndarray, floor_y: float) -> tuple[np.ndarray, np.ndarray]:
        """(n, 3) float32 points where rays meet floor or dome, and (n,) bool, which meet the floor."""
        middle = np.array([0, floor_y, 0], np.float32)
        from_middle = eye - middle
        # Beyond the dome, as from below the floor, one sees what one would from its middle
        if from_middle @ from_middle >= self.radius**2:
            from_middle = np.zeros(3, np.float32)
        squared = np.einsum("ij,ij->i", directions, directions)
        half = np.einsum("ij,j->i", directions, from_middle)
        rest = float(from_middle @ from_middle) - self.radius**2
        distance = (np.sqrt(half**2 - squared * rest) - half) / squared
        p = middle + from_middle + directions * distance[:, None]
        on_floor = (p[:, 1] < floor_y) & (from_middle[1] > 0)
        down = np.minimum(directions[:, 1], -1e-6)
        floor = middle + from_middle - directions * (from_middle[1] / down)[:, None]
        return np.where(on_floor[:, None], floor, p).astype(np.float32), on_floor

    def _studio(self, lighting: Lighting, p: np.ndarray, on_floor: np.ndarray, floor_y: float) -> np.ndarray:
        """(n, 3) float32 light from points of floor and wall."""
        assert self.floor is not None, "a studio has a floor"
        floor = self._floor(p - np.array([0, floor_y, 0], np.float32))
        floor = floor * lighting.ground_irradiance.astype(np.float32)
        inwards = -p * np.array([1, 0, 1], np.float32)
        inwards /= np.maximum(np.linalg.norm(inwards, axis=1, keepdims=True), 1e-6)
        wall = np.array(self.wall, np.float32) * np.maximum(lighting.ambient(inwards), 0)
        # Height above the floor's rim, as a share of the radius, below it by how far the floor still goes
        out = np.linalg.norm(p[:, [0, 2]], axis=1) / np.float32(self.radius)
        rise = np.where(on_floor, out - 1, (p[:, 1] - floor_y) / np.float32(self.radius))
        share = np.clip(rise / (2 * _COVE) + 0.5, 0, 1)
        share = (share * share * (3 - 2 * share))[:, None]
        light = floor + (wall - floor) * share
        # Studio light falls off away from the object
        return light * (1 - 0.35 * np.minimum(out, 1) ** 2)[:, None]

    def _floor(self, p: np.ndarray) -> np.ndarray:
        """(n, 3) float32 linear RGB of the floor at points."""
        assert self.floor is not None, "a studio has a floor"
        up = np.broadcast_to(np.array([0, 1, 0], np.float32), p.shape)
        if not self.plank:
            return self.floor.albedo(p, up)
        # Each board is cut from another place, so that rings end at its edge, and is lighter or darker
        across = p[:, 2] / np.float32(self.plank)
        board = np.floor(across)
        along = p[:, 0] / np.float32(9 * self.plank) + board * np.float32(0.618)
        odd = np.sin(board * np.float32(12.9898) + np.floor(along) * np.float32(78.233)) * np.float32(43.7585)
        odd = odd - np.floor(odd)
        p = p + np.stack([odd * 5, 1 + odd, odd * 2 - board * np.float32(self.plank)], 1)
        seam = np.minimum(np.abs(across - np.round(across)), 9 * np.abs(along - np.round(along)))
        shade = (0.86 + 0.28 * odd) * (0.55 + 0.45 * np.clip(seam * self.plank / 0.006, 0, 1))
        return self.floor.albedo(p.astype(np.float32), up) * shade[:, None].astype(np.float32)
