"""Environment maps: light photographed all around, split into one lamp and the rest."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from looking3d.errors import MapError
from looking3d.render.color import Color
from looking3d.render.lookup import bilinear, read_picture, wrapped

ROWS = 256
"""Height of the map that gives light."""

SHOWN_ROWS = 1024
"""Largest height of the map that is shown as a backdrop."""

BRIGHTEST = 25.0
"""Brightest that the rest without its lamp may be, in units of a white ground: lamps by the dozen, or suns in
mirrors, would speckle the photo."""

LOWEST_LAMP_DEG = 25.0
"""Least elevation of the lamp: the shadow of a lower one, such as a window, would leave the picture."""

_WHITE_BALANCE = 0.7
"""How much of a colour cast is taken away, as cameras do."""


@dataclass(frozen=True)
class Environment:
    """A map as a photo's surroundings.

    Attributes:
        name: Of the map.
        path: Its file.
        turn_rad: Turn about the vertical.
        gain: Factor on its red, green and blue.
    """

    name: str
    path: str
    turn_rad: float
    gain: Color

    def __post_init__(self) -> None:
        object.__setattr__(self, "gain", tuple(float(c) for c in self.gain))

    @property
    def light(self) -> EnvironmentLight:
        """What the file holds."""
        return read_environment(self.path)

    def above(self, directions: np.ndarray, blur_rad: np.ndarray | float = 0.0) -> np.ndarray:
        """(n, 3) float32 light without the lamp from (n, 3) unit directions.

        Args:
            directions: Where it comes from, in the world.
            blur_rad: (n,) or one; how wide an angle is averaged.
        """
        return self.light.rest.look_up(self._in_map(directions), blur_rad) * self._gain

    def shown(self, directions: np.ndarray) -> np.ndarray:
        """(n, 3) float32 light from (n, 3) unit directions, lamp and floor and all."""
        return self.light.shown.look_up(self._in_map(directions), 0.0) * self._gain

    def irradiance(self, n: np.ndarray) -> np.ndarray:
        """(n, 3) float32 irradiance over pi from above the horizon, without the lamp, for unit normals."""
        return (
            np.maximum(np.einsum("nk,kc->nc", _harmonics(self._in_map(n)), self.light.harmonics), 0)
            * self._gain
        )

    @property
    def _gain(self) -> np.ndarray:
        return np.array(self.gain, np.float32)

    def _in_map(self, directions: np.ndarray) -> np.ndarray:
        return np.einsum("ij,nj->ni", turn(-self.turn_rad).astype(np.float32), directions)

    def to_json(self) -> dict[str, object]:
        """A dict of plain numbers and tuples; `from_json` is its inverse."""
        return dataclasses.asdict(self)

    @staticmethod
    def from_json(data: dict) -> Environment:
        """The environment that `to_json` wrote."""
        return Environment(**data)


def turn(angle_rad: float) -> np.ndarray:
    """(3, 3) rotation about +Y."""
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


@dataclass(frozen=True, eq=False)
class Panorama:
    """A latitude-longitude picture in several sizes, below one another in one picture.

    Attributes:
        picture: (h, w, 3) float32; each size has a margin of a pixel.
        tops: (levels,) first row of each.
        rows: Height of the largest.
    """

    picture: np.ndarray
    tops: np.ndarray
    rows: int

    @staticmethod
    def of(picture: np.ndarray, levels: int) -> Panorama:
        """A panorama of a (h, 2 h, 3) float32 picture, in `levels` sizes."""
        pieces, rows, width = [], len(picture), picture.shape[1] + 2
        for _ in range(levels):
            piece = wrapped(picture, rows_too=False)
            pieces.append(np.pad(piece, ((0, 0), (0, width - piece.shape[1]), (0, 0))))
            picture = cv2.resize(
                picture, (picture.shape[1] // 2, picture.shape[0] // 2), interpolation=cv2.INTER_AREA
            )
        tops = np.cumsum([0] + [len(piece) for piece in pieces[:-1]])
        return Panorama(np.concatenate(pieces), tops.astype(np.float32), rows)

    def look_up(self, directions: np.ndarray, blur_rad: np.ndarray | float) -> np.ndarray:
        """(n, 3) float32 light from (n, 3) unit directions, averaged over about an angle."""
        u = np.arctan2(directions[:, 0], -directions[:, 2]) * np.float32(0.5 / np.pi)
        u, v = u - np.floor(u), np.arccos(np.clip(directions[:, 1], -1, 1)) * np.float32(1 / np.pi)
        if len(self.tops) == 1:
            return self._at(np.zeros(len(u), int), u, v)
        level = np.log2(np.maximum(np.asarray(blur_rad, np.float32) * np.float32(self.rows / np.pi), 1))
        level = np.broadcast_to(np.minimum(level, len(self.tops) - 1.001), u.shape)
        fine = level.astype(int)
        near = self._at(fine, u, v)
        if not level.any():
            return near
        return near + (self._at(fine + 1, u, v) - near) * (level - fine)[:, None].astype(np.float32)

    def _at(self, level: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        rows = (self.rows >> level).astype(np.float32)
        return bilinear(self.picture, u * (2 * rows) + 0.5, self.tops[level] + (v * rows + 0.5))


@dataclass(frozen=True, eq=False)
class EnvironmentLight:
    """What an environment map holds, in its own units and turn.

    The brightest lobe above the horizon, such as the sun or a window, is a lamp, so that it can throw
    shadows; the rest is a sky.

    Attributes:
        shown: The map as it is, to be looked at.
        rest: Without the lamp, and clamped to `BRIGHTEST`.
        harmonics: (9, 3) float32 for irradiance over pi of the rest above the horizon.
        rest_irradiance: (3,) irradiance over pi of the rest on the ground.
        horizon: (3,) mean radiance of the rest just above the horizon.
        floor: (3,) mean radiance below 45 degrees under the horizon.
        direction: (3,) unit vector to the lamp.
        lamp: (3,) its irradiance over pi on a surface that faces it.
        radius_rad: Its angular radius.
        balance: (3,) factors after which a white ground has radiance 1, most of a cast taken away.
    """

    shown: Panorama
    rest: Panorama
    harmonics: np.ndarray
    rest_irradiance: np.ndarray
    horizon: np.ndarray
    floor: np.ndarray
    direction: np.ndarray
    lamp: np.ndarray
    radius_rad: float
    balance: np.ndarray


@functools.lru_cache(maxsize=12)
def read_environment(path: str) -> EnvironmentLight:
    """The light of a latitude-longitude map, RGBE (.hdr) or EXR.

    Raises:
        MapError: It cannot be read, is not twice as wide as high, or is black.
    """
    picture = read_picture(path, "a latitude-longitude environment map")
    height, width = picture.shape[:2]
    if height < 16 or abs(width - 2 * height) > 0.02 * width:
        raise MapError(
            f"{path}: {width} x {height} px, expected a latitude-longitude map, twice as wide as high"
        )
    small = cv2.resize(picture, (2 * ROWS, ROWS), interpolation=cv2.INTER_AREA)
    directions, solid_angle = sphere(ROWS)
    rest, direction, lamp, radius_rad = _split(small, directions, solid_angle)
    up = np.maximum(directions[..., 1], 0) * solid_angle / np.pi

    def on_ground(light: np.ndarray) -> np.ndarray:
        return np.einsum("hw,hwc->c", up, light) + direction[1] * lamp

    white = float(_luminance(on_ground(rest)))
    if not white > 0:
        raise MapError(f"{path}: is black above the horizon; expected a map that gives light")
    rest = _clamped(rest, BRIGHTEST * white)
    ground = on_ground(rest)
    white = float(_luminance(ground))
    balance = np.maximum(ground / white, 0.1) ** -_WHITE_BALANCE
    balance /= _luminance(balance * ground)
    rows = min(SHOWN_ROWS, height)
    shown = cv2.resize(np.minimum(picture, 100 * white), (2 * rows, rows), interpolation=cv2.INTER_AREA)
    elevation = np.arcsin(np.clip(directions[..., 1], -1, 1))
    weights = np.where(directions[..., 1:2] > 0, solid_angle[..., None], 0) * _HARMONICS_FACTORS
    basis = _harmonics(directions.reshape(-1, 3)).reshape(*directions.shape[:2], 9)
    return EnvironmentLight(
        shown=Panorama.of(shown.astype(np.float32), 1),
        rest=Panorama.of(rest, 6),
        harmonics=np.einsum("hwk,hwc->kc", basis * weights, rest).astype(np.float32),
        rest_irradiance=np.einsum("hw,hwc->c", up, rest),
        horizon=_mean(rest, solid_angle * ((elevation > 0) & (elevation < np.deg2rad(25)))),
        floor=_mean(small, solid_angle * (elevation < -np.deg2rad(45))),
        direction=direction,
        lamp=lamp,
        radius_rad=radius_rad,
        balance=balance,
    )


def sphere(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """(rows, 2 rows, 3) float32 directions of a latitude-longitude picture, and (rows, 2 rows) solid angles.

    The middle of the first row is up, and columns go from -Z towards +X.
    """
    theta = (np.arange(rows) + 0.5) / rows * np.pi
    phi = (np.arange(2 * rows) + 0.5) / rows * np.pi
    x, z = np.outer(np.sin(theta), np.sin(phi)), -np.outer(np.sin(theta), np.cos(phi))
    y = np.broadcast_to(np.cos(theta)[:, None], x.shape)
    solid_angle = np.repeat(np.sin(theta)[:, None] * (np.pi / rows) ** 2, 2 * rows, 1)
    return np.stack([x, y, z], -1).astype(np.float32), solid_angle


def _split(
    picture: np.ndarray, directions: np.ndarray, solid_angle: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """The map without its brightest lobe, and that lobe as a lamp: direction, irradiance over pi, radius."""
    luminance = _luminance(picture)
    around = np.concatenate([luminance[:, -32:], luminance, luminance[:, :32]], 1)
    blurred = cv2.GaussianBlur(around, (0, 0), 7)[:, 32:-32]
    high = directions[..., 1] > np.sin(np.deg2rad(12))
    peak = directions.reshape(-1, 3)[np.argmax(np.where(high, blurred, -1))]
    cosine = np.einsum("hwc,c->hw", directions, peak)
    above = directions[..., 1] > np.sin(np.deg2rad(5))
    near, ring = (cosine > np.cos(np.deg2rad(28))) & above, (cosine > np.cos(np.deg2rad(50))) & above
    level = float(np.quantile(luminance[ring & ~near], 0.75))
    excess = np.where(near, np.clip(1 - level / np.maximum(luminance, 1e-9), 0, 1), 0)[..., None] * picture
    power = _luminance(excess) * solid_angle
    total = float(power.sum())
    if total <= 0:
        return picture, _raised(peak.astype(float)), np.zeros(3), float(np.deg2rad(20))
    direction = np.einsum("hw,hwc->c", power, directions) / total
    direction /= np.linalg.norm(direction)
    # Of a disc, the mean square of the distance from its middle is half of its radius squared
    away = 2 - 2 * np.einsum("hwc,c->hw", directions, direction)
    spread = float((power * np.maximum(away, 0)).sum() / total)
    radius = float(np.clip(np.sqrt(2 * spread), np.deg2rad(1.5), np.deg2rad(25)))
    lamp = np.einsum("hw,hwc->c", solid_angle, excess) / np.pi
    return picture - excess, _raised(direction), lamp, radius


def _raised(direction: np.ndarray) -> np.ndarray:
    """A unit direction at `LOWEST_LAMP_DEG` or higher, of the same azimuth."""
    sine = np.sin(np.deg2rad(LOWEST_LAMP_DEG))
    if direction[1] >= sine:
        return direction
    level = direction * [1, 0, 1] * np.cos(np.deg2rad(LOWEST_LAMP_DEG)) / np.hypot(direction[0], direction[2])
    return level + [0, sine, 0]


def _luminance(light: np.ndarray) -> np.ndarray:
    """(...) luminance of (..., 3) linear RGB."""
    return np.einsum("...c,c->...", light, np.array([0.2126, 0.7152, 0.0722]))


def _clamped(light: np.ndarray, most: float) -> np.ndarray:
    """Light whose luminance is at most `most`, its colours kept."""
    luminance = _luminance(light)
    return (light * np.minimum(most / np.maximum(luminance, 1e-9), 1)[..., None]).astype(np.float32)


def _mean(light: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.einsum("hw,hwc->c", weights, light) / weights.sum()


def _harmonics(d: np.ndarray) -> np.ndarray:
    """(n, 9) real spherical harmonics up to order 2 of (n, 3) unit directions, without their factors."""
    x, y, z = d.T
    one = np.ones_like(x)
    return np.stack([one, y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y], 1)


# Squares of the factors of the harmonics, times the cosine's share in each order, over pi
# (Ramamoorthi and Hanrahan, 2001)
_HARMONICS_FACTORS = np.array(
    [0.282095**2]
    + [0.488603**2 * 2 / 3] * 3
    + [1.092548**2 / 4] * 2
    + [0.315392**2 / 4, 1.092548**2 / 4, 0.546274**2 / 4]
)


def find_environments(paths: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """(name, path) of the .hdr and .exr files named, and of those in and below folders, by name.

    Raises:
        MapError: There is none, or two have one name.
    """
    found: dict[str, str] = {}
    for root in map(Path, paths):
        files = [root] if root.is_file() else sorted(p for p in root.rglob("*") if p.is_file())
        files = [path for path in files if path.suffix.lower() in (".hdr", ".exr")]
        if not files:
            raise MapError(
                f"{root}: holds no environment maps; expected .hdr or .exr files, latitude-longitude"
            )
        for path in files:
            name = path.stem if root.is_file() else path.relative_to(root).with_suffix("").as_posix()
            if name in found:
                raise MapError(f"{path}: another environment map has the name {name!r}; rename one")
            found[name] = str(path.resolve())
    return tuple(sorted(found.items()))
