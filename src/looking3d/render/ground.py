"""The ground of a photo: the sheet that lies under and behind the object, and the shadow on it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import cv2
import numpy as np

from looking3d.errors import unknown_name
from looking3d.geometry.camera import Camera
from looking3d.render.backdrop import Dome
from looking3d.render.color import Color, from_linear
from looking3d.render.lighting import Lighting
from looking3d.render.materials import draw_material
from looking3d.render.raycast import Raycaster
from looking3d.render.sampling import OFFSET, REACH, TILE, over_hemisphere, spread


@dataclass(frozen=True)
class Background:
    """The ground and what lies behind it: one seamless sheet, darkened by the object's shadow.

    Attributes:
        top: sRGB colour in [0, 1] at the upper rim of the picture.
        bottom: sRGB colour at the lower rim.
        shadow: Strength of the shadow: 0 leaves none, 1 nine tenths of the physical one.
        dome: Surroundings to be seen instead of the sheet, whose colours are then theirs on average.
    """

    top: Color
    bottom: Color
    shadow: float = 0.8
    dome: Dome | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "top", tuple(float(c) for c in self.top))
        object.__setattr__(self, "bottom", tuple(float(c) for c in self.bottom))

    def image(self, height: int, width: int) -> np.ndarray:
        """(height, width, 3) float32 sRGB in [0, 1], without shadow."""
        t = ((np.arange(height, dtype=np.float32) + 0.5) / height)[:, None, None]
        sheet = np.array(self.top, np.float32) * (1 - t) + np.array(self.bottom, np.float32) * t
        return np.broadcast_to(sheet, (height, width, 3))

    def to_json(self) -> dict[str, object]:
        """A dict of plain numbers and tuples; `from_json` is its inverse."""
        dome = self.dome.to_json() if self.dome else None
        return {"top": self.top, "bottom": self.bottom, "shadow": self.shadow, "dome": dome}

    @staticmethod
    def from_json(data: dict) -> Background:
        """The background that `to_json` wrote."""
        dome = data.get("dome")
        return Background(**{**data, "dome": Dome.from_json(dome) if dome else None})


BACKGROUNDS = ("white", "plain", "environment")
"""`white` as in the paper; `plain`: any quiet colour, slightly graded; `environment`: the surroundings that
the light comes from, or a studio."""


def draw_background(style: str, generator: np.random.Generator) -> Background:
    """A background of one of the `BACKGROUNDS`.

    Raises:
        ConfigError: Unknown style.
    """
    if style not in BACKGROUNDS:
        raise unknown_name("background", style, BACKGROUNDS)
    shadow = generator.uniform(0.6, 1.0)
    if style == "white":
        return Background((1.0, 1.0, 1.0), (1.0, 1.0, 1.0), float(shadow))
    if style == "environment":
        return _draw_dome(generator, 0.6 + 0.4 * float(shadow))
    base = np.clip(generator.uniform(0.3, 0.95) + generator.normal(0, 0.04, 3), 0.1, 0.98)
    grade = generator.uniform(0.85, 1.1)
    return Background(tuple(np.clip(base * grade, 0, 1)), tuple(base), float(shadow))


def _draw_dome(g: np.random.Generator, shadow: float) -> Background:
    """A studio with a floor of some material; an environment map, if the light has one, takes its place."""
    kind = str(g.choice(["painted", "wood", "fabric"], p=[0.5, 0.3, 0.2]))
    floor = draw_material(kind, g)
    if kind == "wood":
        floor = dataclasses.replace(floor, contrast=0.5 * floor.contrast)
    else:
        # Floors are duller than furniture; carpets have no pattern that would be wider than it
        color, color2 = (_dull(np.array(c), 0.3) for c in (floor.color, floor.color2))
        carpet = {"pattern": "mottle", "scale": float(g.uniform(0.03, 0.1))} if kind == "fabric" else {}
        floor = dataclasses.replace(floor, color=color, color2=color2, **carpet)
    grey = g.uniform(0.15, 0.8)
    wall = tuple(np.clip(grey * (1 + g.normal(0, 0.08, 3)), 0.02, 0.85))
    dome = Dome(
        eye_height=float(g.uniform(1.7, 2.6)),
        radius=float(g.uniform(5, 11)),
        defocus=float(g.choice([0.0, g.uniform(0.003, 0.02)])),
        floor=floor,
        wall=wall,
        plank=float(g.uniform(0.1, 0.3)) if kind == "wood" else 0.0,
    )
    return Background(_srgb(wall), _srgb(floor.color), shadow, dome)


def _srgb(linear: np.ndarray | Color) -> Color:
    r, g, b = from_linear(np.clip(linear, 0, 1)).tolist()
    return r, g, b


def _dull(color: np.ndarray, saturation: float) -> Color:
    """A colour with a share of its saturation."""
    r, g, b = color.mean() + (color - color.mean()) * saturation
    return float(r), float(g), float(b)


def in_surroundings(background: Background, lighting: Lighting) -> tuple[Background, Lighting]:
    """A background with a dome and the light that belong together.

    The floor is that of the light's environment map, if it has one, and gives back light of its colour.
    """
    assert background.dome is not None, "a background with a dome"
    environment = lighting.environment
    if environment is None:
        assert background.dome.floor is not None, "a studio has a floor"
        return background, dataclasses.replace(lighting, ground=background.dome.floor.color)
    gain = np.array(environment.gain)
    floor = np.clip(environment.light.floor * gain / lighting.ground_irradiance, 0.03, 0.85)
    horizon = environment.light.horizon * gain
    dome = dataclasses.replace(background.dome, floor=None)
    background = Background(_srgb(horizon), _srgb(floor), background.shadow, dome)
    return background, dataclasses.replace(lighting, ground=tuple(map(float, floor)))


def ground_light(
    raycaster: Raycaster,
    bounds: np.ndarray,
    lighting: Lighting,
    camera: Camera,
    generator: np.random.Generator,
) -> np.ndarray:
    """How much of its light reaches the ground: 1 where the shape throws no shadow.

    The ground is the level plane at the shape's lowest point, seen as if the shape were transparent.

    Args:
        raycaster: The shape.
        bounds: (2, 3) its box.
        lighting: The light.
        camera: Who looks.
        generator: Turns the directions of the shadow rays.

    Returns:
        (height, width, 3) float32, 1 where the ground is not seen.
    """
    origins, directions = camera.rays()
    height, width = directions.shape[:2]
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = (bounds[0, 1] - origins[..., 1]) / directions[..., 1]
        p = origins + directions * distance[..., None]
    # Shadows end where the key's lowest rays from the top of the shape meet the ground
    tall = bounds[1, 1] - bounds[0, 1]
    x, y, z = lighting.key.direction
    throw = np.array([-x, -z]) / max(y, 0.1) * tall
    margin = 0.15 + tall * np.tan(lighting.key.radius_rad) / max(y, 0.1) ** 2
    reach = max(REACH, tall)
    low = bounds[0, [0, 2]] + np.minimum(np.where(throw < 0, throw - margin, 0), -reach)
    high = bounds[1, [0, 2]] + np.maximum(np.where(throw > 0, throw + margin, 0), reach)
    # From below, the ground is a sheet of glass without shadows
    near = (
        (distance > 0) & (directions[..., 1] < 0) & ((p[..., [0, 2]] > low) & (p[..., [0, 2]] < high)).all(-1)
    )
    rows, columns = np.nonzero(near)
    p = p[rows, columns].astype(np.float32)
    p[:, 1] += OFFSET

    # One ray a pixel for each light; the blur gathers those of a tile, which grows with the picture
    tile = TILE << max(round(np.log2(width / 128)), 0)
    up = np.broadcast_to(np.array([0, 1, 0], np.float32), p.shape)
    to_key = lighting.key.towards(spread(generator, rows, columns, tile))
    to_sky = over_hemisphere(up, spread(generator, rows, columns, tile))
    key = 1 - raycaster.occluded(p, to_key)
    sky = np.minimum(raycaster.intersect(p, to_sky).distance / (2 * REACH), 1) ** 2
    key_light = max(y, 0.0) * np.asarray(lighting.key.irradiance)
    key_share = (key_light / lighting.ground_irradiance).astype(np.float32)
    light = np.ones((height, width, 3), np.float32)
    light[rows, columns] = key[:, None] * key_share + sky[:, None] * (1 - key_share)
    for _ in range(2):
        light = cv2.blur(light, (tile, tile), borderType=cv2.BORDER_REPLICATE)
    return light
