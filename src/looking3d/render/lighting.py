"""Light of a photo, for any renderer: two round lamps and a sky, which may be an environment map.

Radiances are linear RGB, scaled so that a white surface that faces up and sees all of the light has
radiance 1 before exposure. Directions are in the world, +Y up.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from looking3d.render.color import Color
from looking3d.render.environment import Environment, read_environment, turn
from looking3d.render.sampling import over_disc
from looking3d.render.vectors import along

GROUND_ALBEDO = 0.65
"""How much light the ground gives back to the object, whatever colour the picture shows."""


@dataclass(frozen=True)
class Lamp:
    """A round light far away: the sun, or a softbox.

    Attributes:
        direction: Unit vector towards the light.
        irradiance: Linear RGB on a surface that faces the light, over pi.
        radius_rad: Angular radius; a large one casts soft shadows.
    """

    direction: tuple[float, float, float]
    irradiance: Color
    radius_rad: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "direction", tuple(float(c) for c in self.direction))
        object.__setattr__(self, "irradiance", tuple(float(c) for c in self.irradiance))

    def towards(self, points: np.ndarray) -> np.ndarray:
        """(n, 3) float32 directions over the lamp's disc, from (n, 2) points of the unit square.

        They are as long as they need to be to end on the disc, at least 1.
        """
        w = np.asarray(self.direction)
        u = np.cross(w, [1.0, 0.0, 0.0] if abs(w[0]) < 0.7 else [0.0, 0.0, 1.0])
        u /= np.linalg.norm(u)
        u, v, w = (axis.astype(np.float32) for axis in (u, np.cross(w, u), w))
        x, y = (over_disc(points) * np.float32(np.tan(self.radius_rad))).T
        return x[:, None] * u + y[:, None] * v + w

    def radiance(self, directions: np.ndarray, blur_rad: np.ndarray | float = 0.0) -> np.ndarray:
        """The light that comes from directions.

        Args:
            directions: (n, 3) float32 unit directions.
            blur_rad: (n,) or one; widens the disc and keeps its power.

        Returns:
            (n, 3) linear RGB.
        """
        radius = np.hypot(self.radius_rad, blur_rad)
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
        ground: How much of its light the ground gives back, linear RGB.
        environment: The sky as a map, which looks different in each direction; `sky_top` and `sky_horizon`
            are then its like, with the same light on the ground.
    """

    key: Lamp
    fill: Lamp
    sky_top: Color
    sky_horizon: Color
    exposure: float = 1.0
    ground: Color = (GROUND_ALBEDO, GROUND_ALBEDO, GROUND_ALBEDO)
    environment: Environment | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "sky_top", tuple(float(c) for c in self.sky_top))
        object.__setattr__(self, "sky_horizon", tuple(float(c) for c in self.sky_horizon))
        object.__setattr__(self, "ground", tuple(float(c) for c in self.ground))

    @property
    def ground_irradiance(self) -> np.ndarray:
        """(3,) float64 irradiance over pi on the unshadowed ground."""
        sky = np.asarray(self.sky_horizon) / 3 + np.asarray(self.sky_top) * 2 / 3
        return sky + sum(
            max(lamp.direction[1], 0.0) * np.asarray(lamp.irradiance) for lamp in (self.key, self.fill)
        )

    def sky(self, directions: np.ndarray, blur_rad: np.ndarray | float = 0.0) -> np.ndarray:
        """(n, 3) float32 light without the lamps from (n, 3) unit directions; from below comes the ground's.

        Right below an object lies its own shadow: the ground darkens towards the nadir.

        Args:
            directions: Where it comes from.
            blur_rad: (n,) or one; how wide an angle of an environment map is averaged.
        """
        up = directions[:, 1:2]
        ground = (np.asarray(self.ground) * self.ground_irradiance).astype(np.float32)
        below = ground * (1 - 0.65 * np.minimum(up, 0) ** 2)
        if self.environment is not None:
            above = self.environment.above(directions, blur_rad)
        else:
            top, horizon = np.array(self.sky_top, np.float32), np.array(self.sky_horizon, np.float32)
            above = horizon + (top - horizon) * np.maximum(up, 0)
        # A soft horizon, as a paper sweep has
        blend = np.clip(up / 0.1 + 0.5, 0, 1)
        return (below + (above - below) * blend).astype(np.float32)

    def ambient(self, n: np.ndarray) -> np.ndarray:
        """(n, 3) float32 light of sky and ground on surfaces with (n, 3) unit normals, over pi."""
        up = n[:, 1:2]
        # Below an object the ground lies in its shadow
        ground = (0.75 * np.asarray(self.ground) * self.ground_irradiance).astype(np.float32)
        if self.environment is not None:
            return self.environment.irradiance(n) + ground * (0.5 - 0.5 * up)
        top, horizon = np.array(self.sky_top, np.float32), np.array(self.sky_horizon, np.float32)
        sky = horizon + (top - horizon) * (np.float32(0.42) + np.float32(0.25) * up)
        return ground + (sky - ground) * (0.5 + 0.5 * up)

    def to_json(self) -> dict[str, object]:
        """A dict of plain numbers and tuples; `from_json` is its inverse."""
        return dataclasses.asdict(self)

    @staticmethod
    def from_json(data: dict) -> Lighting:
        """The lighting that `to_json` wrote."""
        lamps = {name: Lamp(**data[name]) for name in ("key", "fill")}
        environment = data.get("environment")
        return Lighting(
            **{**data, **lamps, "environment": Environment.from_json(environment) if environment else None}
        )


def _direction(azimuth_rad: float, elevation_rad: float) -> np.ndarray:
    """(3,) unit vector; azimuth 0 is +Z and turns towards +X."""
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


def environment_lighting(name: str, path: str, turn_rad: float, exposure: float) -> Lighting:
    """The light of an environment map: its brightest lobe is the key, the rest is the sky.

    Args:
        name: Of the map, to be recorded.
        path: Its file.
        turn_rad: Turn about the vertical.
        exposure: Factor on radiance.

    Raises:
        MapError: The file cannot be used.
    """
    light = read_environment(path)
    on_ground = light.rest_irradiance * light.balance
    horizon = np.minimum(light.horizon * light.balance, 3 * on_ground)
    return Lighting(
        Lamp(tuple(turn(turn_rad) @ light.direction), tuple(light.lamp * light.balance), light.radius_rad),
        Lamp((0.0, 1.0, 0.0), (0.0, 0.0, 0.0), float(np.deg2rad(25))),
        tuple(1.5 * (on_ground - horizon / 3)),
        tuple(horizon),
        exposure,
        environment=Environment(name, path, turn_rad, tuple(light.balance)),
    )
