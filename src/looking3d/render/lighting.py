"""Light and ground of a photo, for any renderer, and the shadow that falls on the ground.

Radiances are linear RGB, scaled so that a white surface that faces up and sees all of the light has
radiance 1 before exposure. Directions are in the world, +Y up.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import cv2
import numpy as np

from looking3d.errors import unknown_name
from looking3d.geometry.camera import Camera
from looking3d.render.materials import Color
from looking3d.render.raycast import Raycaster

GROUND_ALBEDO = 0.65
"""How much light the ground gives back to the object, whatever colour the picture shows."""

TILE = 4
"""Samples in a square of this side share one even set of directions, which a filter gathers."""

OFFSET = 2e-3
"""How far from a surface its shadow rays start, in world units."""

REACH = 0.6
"""How far away a surface still takes ambient light from another, in world units."""


def along(vectors: np.ndarray, direction: Color) -> np.ndarray:
    """(n,) float32 scalar products of (n, 3) vectors with one direction.

    Not by BLAS, which rounds differently with another number of threads.
    """
    return np.einsum("ij,j->i", vectors, np.array(direction, np.float32))


@dataclass(frozen=True)
class Lamp:
    """A round light far away: the sun, or a softbox.

    Attributes:
        direction: Unit vector towards the light.
        irradiance: Linear RGB on a surface that faces the light, over pi.
        radius_rad: Angular radius; a large one casts soft shadows.
    """

    direction: Color
    irradiance: Color
    radius_rad: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "direction", tuple(float(c) for c in self.direction))
        object.__setattr__(self, "irradiance", tuple(float(c) for c in self.irradiance))

    def towards(self, points: np.ndarray) -> np.ndarray:
        """(n, 3) float32 directions over the lamp's disc, from (n, 2) points of the unit square."""
        w = np.asarray(self.direction)
        u = np.cross(w, [1.0, 0.0, 0.0] if abs(w[0]) < 0.7 else [0.0, 0.0, 1.0])
        u /= np.linalg.norm(u)
        u, v, w = (axis.astype(np.float32) for axis in (u, np.cross(w, u), w))
        x, y = (_disc(points) * np.float32(np.tan(self.radius_rad))).T
        return x[:, None] * u + y[:, None] * v + w

    def radiance(self, directions: np.ndarray, blur: np.ndarray | float = 0.0) -> np.ndarray:
        """(n, 3) light from unit directions; `blur` in radians widens the disc and keeps its power."""
        radius = np.hypot(self.radius_rad, blur)
        cosine = np.clip(along(directions, self.direction), -1, 1)
        # A disc with a soft rim a fifth of its radius wide
        away = np.sqrt(np.maximum(2 - 2 * cosine, 0)) / radius
        inside = np.clip((1.1 - away) / 0.2, 0, 1)
        solid_angle_over_pi = np.sin(np.minimum(radius, 1.5)) ** 2
        return (inside / solid_angle_over_pi)[:, None] * np.array(self.irradiance, np.float32)


@dataclass(frozen=True)
class Lighting:
    """The light of a photo.

    Attributes:
        key: The light that casts shadows.
        fill: A second, large light.
        sky_top: Linear RGB radiance of the zenith.
        sky_horizon: Linear RGB radiance of the horizon; between them it changes with the sine of
            elevation.
        exposure: Factor on radiance before the tone curve.
    """

    key: Lamp
    fill: Lamp
    sky_top: Color
    sky_horizon: Color
    exposure: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "sky_top", tuple(float(c) for c in self.sky_top))
        object.__setattr__(self, "sky_horizon", tuple(float(c) for c in self.sky_horizon))

    @property
    def ground_irradiance(self) -> np.ndarray:
        """(3,) irradiance over pi on the unshadowed ground."""
        sky = np.asarray(self.sky_horizon) / 3 + np.asarray(self.sky_top) * 2 / 3
        return sky + sum(
            max(lamp.direction[1], 0.0) * np.asarray(lamp.irradiance) for lamp in (self.key, self.fill)
        )

    def sky(self, directions: np.ndarray) -> np.ndarray:
        """(n, 3) light without the lamps from (n, 3) unit directions; from below comes the ground's.

        Right below an object lies its own shadow: the ground darkens towards the nadir.
        """
        up = directions[:, 1:2]
        top, horizon = np.array(self.sky_top, np.float32), np.array(self.sky_horizon, np.float32)
        ground = (GROUND_ALBEDO * self.ground_irradiance).astype(np.float32)
        below = ground * (1 - 0.65 * np.minimum(up, 0) ** 2)
        above = horizon + (top - horizon) * np.maximum(up, 0)
        # A soft horizon, as a paper sweep has
        blend = np.clip(up / 0.1 + 0.5, 0, 1)
        return (below + (above - below) * blend).astype(np.float32)

    def environment(self, directions: np.ndarray, blur: np.ndarray | float = 0.0) -> np.ndarray:
        """(n, 3) light from (n, 3) unit directions, lamps included; `blur` in radians widens lamps."""
        return (
            self.sky(directions) + self.key.radiance(directions, blur) + self.fill.radiance(directions, blur)
        )

    def to_json(self) -> dict[str, object]:
        """A dict of plain numbers and tuples; `from_json` is its inverse."""
        return dataclasses.asdict(self)

    @staticmethod
    def from_json(data: dict) -> Lighting:
        """The lighting that `to_json` wrote."""
        key, fill = Lamp(**data["key"]), Lamp(**data["fill"])
        return Lighting(key, fill, data["sky_top"], data["sky_horizon"], data["exposure"])


def _direction(azimuth_rad: float, elevation_rad: float) -> np.ndarray:
    c = np.cos(elevation_rad)
    return np.array([c * np.sin(azimuth_rad), np.sin(elevation_rad), c * np.cos(azimuth_rad)])


def _tint(warmth: float) -> np.ndarray:
    """(3,) white of luminance about 1: positive is warm, negative is cool, of the order of 0.1."""
    return np.array([1 + warmth, 1.0, 1 - 1.3 * warmth])


def draw_lighting(generator: np.random.Generator) -> Lighting:
    """Sun and sky, a studio with two softboxes, or an overcast day, from any side."""
    g = generator
    style = str(g.choice(["sun", "studio", "overcast"], p=[0.35, 0.45, 0.2]))
    # How much of the ground's light is the key's and the fill's; the sky has the rest
    key_share, fill_share, radius_deg = {
        "sun": (g.uniform(0.4, 0.65), 0.0, g.uniform(1.5, 6)),
        "studio": (g.uniform(0.35, 0.6), g.uniform(0.08, 0.2), g.uniform(8, 20)),
        "overcast": (g.uniform(0.1, 0.3), 0.0, g.uniform(15, 30)),
    }[style]
    azimuth, elevation = g.uniform(0, 2 * np.pi), np.deg2rad(g.uniform(32, 72))
    warmth = g.normal(0.0, 0.06) + (0.04 if style == "sun" else 0.0)
    key = _direction(azimuth, elevation)
    fill = _direction(azimuth + g.uniform(0.5, 1.5) * np.pi, np.deg2rad(g.uniform(25, 60)))
    sky_tint = _tint(-0.6 * warmth + g.normal(0, 0.02))
    slope = np.exp(g.uniform(-0.7, 1.2))
    sky_share = 1 - key_share - fill_share
    horizon = sky_share * 3 / (1 + 2 * slope) * sky_tint
    return Lighting(
        Lamp(tuple(key), tuple(key_share / key[1] * _tint(warmth)), float(np.deg2rad(radius_deg))),
        Lamp(tuple(fill), tuple(fill_share / fill[1] * _tint(g.normal(0, 0.06))), float(np.deg2rad(25))),
        tuple(horizon * slope),
        tuple(horizon),
        exposure=float(np.exp(g.normal(0.02, 0.14))),
    )


@dataclass(frozen=True)
class Background:
    """The ground and what lies behind it: one seamless sheet, darkened by the object's shadow.

    Attributes:
        top: sRGB colour in [0, 1] at the upper rim of the picture.
        bottom: sRGB colour at the lower rim.
        shadow: Strength of the shadow: 0 leaves none, 1 is physical.
    """

    top: Color
    bottom: Color
    shadow: float = 0.8

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
        return dataclasses.asdict(self)

    @staticmethod
    def from_json(data: dict) -> Background:
        """The background that `to_json` wrote."""
        return Background(**data)


BACKGROUNDS = ("white", "plain")
"""`white` as in the paper; `plain`: any quiet colour, slightly graded."""


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
    base = np.clip(generator.uniform(0.3, 0.95) + generator.normal(0, 0.04, 3), 0.1, 0.98)
    grade = generator.uniform(0.85, 1.1)
    return Background(tuple(np.clip(base * grade, 0, 1)), tuple(base), float(shadow))


def spread(generator: np.random.Generator, rows: np.ndarray, columns: np.ndarray, side: int) -> np.ndarray:
    """(n, 2) float32 points of the unit square, spread evenly over each square of side x side samples.

    Every square uses the same points, so that a mean over a square has no noise.
    """
    # Neighbours in a Bayer matrix are far apart in the sequence (Roberts, 2018) of the points
    order = np.zeros((1, 1), np.int64)
    while len(order) < side:
        order = np.block([[4 * order, 4 * order + 2], [4 * order + 3, 4 * order + 1]])
    index = np.arange(side * side)[:, None]
    points = (index * [0.7548776662466927, 0.5698402909980532] + generator.random(2)) % 1
    return points.astype(np.float32)[order[rows % side, columns % side]]


def _disc(u: np.ndarray) -> np.ndarray:
    """(n, 2) points of the unit disc from points of the unit square, evenly."""
    radius, angle = np.sqrt(u[:, 0]), np.float32(2 * np.pi) * u[:, 1]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)


def over_hemisphere(n: np.ndarray, u: np.ndarray) -> np.ndarray:
    """(n, 3) directions around normals, as dense as their cosine."""
    # Duff et al., Building an Orthonormal Basis, Revisited, 2017
    sign = np.where(n[:, 2] >= 0, np.float32(1), np.float32(-1))
    a = -1 / (sign + n[:, 2])
    b = n[:, 0] * n[:, 1] * a
    s = np.stack([1 + sign * n[:, 0] ** 2 * a, sign * b, -sign * n[:, 0]], 1)
    t = np.stack([b, sign + n[:, 1] ** 2 * a, -n[:, 1]], 1)
    d = _disc(u)
    up = np.sqrt(np.maximum(1 - (d**2).sum(1), 0))
    return s * d[:, :1] + t * d[:, 1:] + n * up[:, None]


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
