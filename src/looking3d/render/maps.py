"""The maps of a material in memory: read once a process, looked up at any point in any size."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from looking3d.errors import MapError
from looking3d.render.color import from_linear, to_linear
from looking3d.render.lookup import bilinear, read_picture, wrapped
from looking3d.render.material_set import MaterialSet

MAX_PX = 1024
"""Widest a map is held; a width of 0.8 m then has 1.3 pixels a millimetre."""

_AO_SHARE = 0.5
"""How much of the ambient occlusion map darkens the base; the light in the open is not shadowed by it."""


@dataclass(frozen=True, eq=False)
class MapSample:
    """What a material's maps hold at points; None where it has no such map.

    Attributes:
        base: (n, 3) float32 linear RGB.
        roughness: (n,) float32.
        metallic: (n,) float32.
        slope: (n, 2) float32 sideways parts of the unit normal: along the first and second coordinate.
    """

    base: np.ndarray | None
    roughness: np.ndarray | None
    metallic: np.ndarray | None
    slope: np.ndarray | None


@dataclass(frozen=True, eq=False)
class Maps:
    """The maps of a set, each in all sizes down to a few pixels.

    Attributes:
        color: By size (h + 2, w + 2, 4) uint8: sRGB and roughness, with a margin of the other side.
        form: By size (h + 2, w + 2, 3) uint8: slopes along columns and rows, 128 for none, and metallic.
        has: Which of base, roughness, metallic, normal the set has.
        mean: (3,) linear RGB of the base on average.
    """

    color: tuple[np.ndarray, ...]
    form: tuple[np.ndarray, ...]
    has: frozenset[str]
    mean: np.ndarray

    @property
    def aspect(self) -> float:
        """Height over width."""
        height, width = self.color[0].shape[:2]
        return (height - 2) / (width - 2)

    def sample(self, u: np.ndarray, v: np.ndarray, texel: float) -> MapSample:
        """What the maps hold at points.

        Args:
            u: (n,) float32 coordinates along the grain, in widths of the maps.
            v: (n,) float32 coordinates across it, in widths too.
            texel: How much is averaged, in widths.
        """
        color = self._look_up(self.color, u, v, texel)
        form = self._look_up(self.form, u, v, texel) if self.has & {"normal", "metallic"} else None
        has = self.has
        return MapSample(
            _LINEAR[color[:, :3]] if "base" in has else None,
            color[:, 3] * np.float32(1 / 255) if "roughness" in has else None,
            form[:, 2] * np.float32(1 / 255) if form is not None and "metallic" in has else None,
            (form[:, :2].astype(np.float32) - 128) / 127 if form is not None and "normal" in has else None,
        )

    def _look_up(
        self, levels: tuple[np.ndarray, ...], u: np.ndarray, v: np.ndarray, texel: float
    ) -> np.ndarray:
        width = levels[0].shape[1] - 2
        level = float(np.clip(np.log2(max(texel * width, 1e-9)), 0, len(levels) - 1))
        fine = int(level)
        u, v = u - np.floor(u), v / np.float32(self.aspect)
        v = v - np.floor(v)
        found = self._at(levels[fine], u, v)
        if level > fine:
            coarse = self._at(levels[fine + 1], u, v)
            found = cv2.addWeighted(found, 1 - (level - fine), coarse, level - fine, 0)
        return found

    @staticmethod
    def _at(picture: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        height, width = picture.shape[0] - 2, picture.shape[1] - 2
        return bilinear(picture, u * np.float32(width) + 0.5, v * np.float32(height) + 0.5)


_LINEAR = to_linear(np.arange(256, dtype=np.float32) / 255)


@functools.lru_cache(maxsize=32)
def load_maps(material_set: MaterialSet) -> Maps:
    """The maps of a set, at most `MAX_PX` wide, the grain along columns.

    Raises:
        MapError: A file cannot be read.
    """
    files = dict(material_set.files)
    read = {
        role: read_picture(path, f"the {role.replace('_', ' ')} map of a material")
        for role, path in files.items()
        if role != "displacement"
    }
    for role, picture in read.items():
        if min(picture.shape[:2]) < 4:
            height, width = picture.shape[:2]
            raise MapError(f"{files[role]}: {width} x {height} px, expected at least 4 x 4; export it again")
    if "base" in read:
        # Colours are averaged as light, not as sRGB
        read["base"] = to_linear(np.minimum(read["base"], 1))
    first = read.get("base", next(iter(read.values())))
    height, width = first.shape[:2]
    columns = min(MAX_PX, 2 ** round(np.log2(width)))
    rows = min(MAX_PX, max(2 ** round(np.log2(columns * height / width)), 4))
    read = {role: _resized(picture, rows, columns) for role, picture in read.items()}
    maps = _composed(read, material_set.kind)
    turned = material_set.kind == "wood" and "base" in read and _grain_is_upright(read["base"])
    color, form = (array.swapaxes(0, 1) if turned else array for array in maps)
    if turned:
        form = form[..., [1, 0, 2]]
    has = {"base", "roughness", "metallic"} & set(read)
    has |= {"normal"} if {"normal_gl", "normal_dx"} & set(read) else set()
    has |= {"roughness", "metallic"} if "arm" in read else set()
    return Maps(
        _sizes(color, _encoded_color),
        _sizes(form, _encoded_form),
        frozenset(has),
        color[..., :3].mean((0, 1)),
    )


def _resized(picture: np.ndarray, rows: int, columns: int) -> np.ndarray:
    if picture.shape[:2] == (rows, columns):
        return picture
    shrinks = picture.shape[0] * picture.shape[1] > rows * columns
    return cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def _composed(read: dict[str, np.ndarray], kind: str) -> tuple[np.ndarray, np.ndarray]:
    """(h, w, 4) linear RGB and roughness, and (h, w, 3) slopes and metallic, both float32."""
    shape = next(iter(read.values())).shape[:2]
    color, form = np.full((*shape, 4), 0.5, np.float32), np.zeros((*shape, 3), np.float32)
    arm = read.get("arm")
    if "base" in read:
        color[..., :3] = read["base"]
        occlusion = read["ao"][..., 0] if "ao" in read else arm[..., 0] if arm is not None else None
        if occlusion is not None:
            color[..., :3] *= (1 - _AO_SHARE + _AO_SHARE * occlusion)[..., None]
    # Grey maps are at times stored as packed ones, with roughness in green and metallic in blue
    rough, metallic = read.get("roughness", arm), read.get("metallic", arm)
    if rough is not None:
        color[..., 3] = np.clip(rough[..., 1], 0, 1)
    if metallic is not None:
        form[..., 2] = np.clip(metallic[..., 2], 0, 1)
    normal = read.get("normal_gl", read.get("normal_dx"))
    if normal is not None:
        n = 2 * normal - 1
        n /= np.maximum(np.linalg.norm(n, axis=2, keepdims=True), 1e-6)
        # The green of OpenGL's maps looks up the picture, which is down its rows; DirectX's looks down
        form[..., 0], form[..., 1] = n[..., 0], -n[..., 1] if "normal_gl" in read else n[..., 1]
        # What is level on average stays level
        form[..., :2] -= form[..., :2].mean((0, 1))
    return color, form


def _grain_is_upright(base: np.ndarray) -> bool:
    """Whether a picture changes more along its rows than down its columns."""
    grey = cv2.GaussianBlur(base.mean(2), (0, 0), 1.5)
    return bool(np.abs(np.diff(grey, axis=1)).mean() > np.abs(np.diff(grey, axis=0)).mean())


def _sizes(picture: np.ndarray, encoded: Callable[[np.ndarray], np.ndarray]) -> tuple[np.ndarray, ...]:
    levels = []
    picture = np.ascontiguousarray(picture)
    while True:
        levels.append(wrapped(encoded(picture)))
        height, width = picture.shape[:2]
        if min(height, width) <= 4:
            return tuple(levels)
        picture = cv2.resize(picture, (width // 2, height // 2), interpolation=cv2.INTER_AREA)


def _encoded_color(color: np.ndarray) -> np.ndarray:
    srgb = np.concatenate([from_linear(color[..., :3]), color[..., 3:]], 2)
    return (np.clip(srgb, 0, 1) * 255 + 0.5).astype(np.uint8)


def _encoded_form(form: np.ndarray) -> np.ndarray:
    return (np.clip(form * [127, 127, 255] + [128, 128, 0], 0, 255) + 0.5).clip(0, 255).astype(np.uint8)
