"""Materials: what a surface looks like, and random ones of each kind.

Colours are linear RGB in [0, 1] but for the tables, which are sRGB as on a colour card.
"""

from __future__ import annotations

import colorsys
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from looking3d.errors import ConfigError, unknown_name
from looking3d.render.color import Color, srgb_to_linear
from looking3d.render.maps import load_maps
from looking3d.render.material_set import MaterialSet
from looking3d.render.relief import axes_lean, relief
from looking3d.render.textures import PATTERNS, in_surface, mix


@dataclass(frozen=True, eq=False)
class SurfaceSample:
    """What a surface is like at points.

    Attributes:
        base: (n, 3) float32 linear RGB.
        roughness: (n,) float32, or one for all.
        metallic: (n,) float32, or one for all.
        tilt: (n, 3) float32 that a unit normal leans by, in the texture frame; None where it is smooth.
    """

    base: np.ndarray
    roughness: np.ndarray | float
    metallic: np.ndarray | float
    tilt: np.ndarray | None


@dataclass(frozen=True)
class Material:
    """What a surface looks like.

    Attributes:
        kind: A name of `KINDS`.
        color: Linear RGB of the base.
        color2: Linear RGB that the pattern mixes in.
        pattern: A name of `PATTERNS`.
        scale: Period of the pattern in world units.
        contrast: How much of `color2` the pattern mixes in, 0 to 1.
        direction_rad: Turn of flat patterns (weave, stripes) in the surface.
        seed: Place in the noise the pattern is cut from.
        roughness: 0 is a mirror, 1 is chalk.
        metallic: 1 for bare metal, whose colour is its reflectance.
        sheen: Strength of the bright rim of cloth, 0 to 1.
        maps: Maps that take the place of colour, roughness and metallic, where the set has them.
        map_width: Width of what the maps show, in world units.
        relief: How far the fine structure (threads, grain) leans the surface, as the sine of an angle; 0 is
            smooth. Maps take its place.
        relief_size: Width of a thread or a grain, in world units.
    """

    kind: str
    color: Color
    color2: Color
    pattern: str = "plain"
    scale: float = 0.05
    contrast: float = 0.0
    direction_rad: float = 0.0
    seed: int = 0
    roughness: float = 0.5
    metallic: float = 0.0
    sheen: float = 0.0
    maps: MaterialSet | None = None
    map_width: float = 1.0
    relief: float = 0.0
    relief_size: float = 0.01

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise unknown_name("material kind", self.kind, KINDS)
        if self.pattern not in PATTERNS:
            raise unknown_name("pattern", self.pattern, PATTERNS)
        if self.scale <= 0:
            raise ConfigError(f"material scale: expected a positive length, got {self.scale}")
        object.__setattr__(self, "color", tuple(float(c) for c in self.color))
        object.__setattr__(self, "color2", tuple(float(c) for c in self.color2))

    def surface(self, points: np.ndarray, normals: np.ndarray, texel: float) -> SurfaceSample:
        """What the surface is like at points.

        Args:
            points: (n, 3) float32 in the part's texture frame.
            normals: (n, 3) float32 unit normals in the same frame.
            texel: Length over which maps are averaged, in world units.
        """
        if self.maps is None:
            return self._procedural(points, normals, texel)
        u, v = (axis / np.float32(self.map_width) for axis in in_surface(points, normals, self.direction_rad))
        found = load_maps(self.maps).sample(u, v, texel / self.map_width)
        return SurfaceSample(
            self.albedo(points, normals) if found.base is None else found.base,
            self.roughness if found.roughness is None else found.roughness,
            self.metallic if found.metallic is None else found.metallic,
            None if found.slope is None else axes_lean(found.slope, normals, self.direction_rad),
        )

    def _procedural(self, points: np.ndarray, normals: np.ndarray, texel: float) -> SurfaceSample:
        base = self.albedo(points, normals)
        if self.relief == 0:
            return SurfaceSample(base, self.roughness, self.metallic, None)
        found = relief(self.kind, points, normals, self.direction_rad, self.relief_size, self.relief, texel)
        return SurfaceSample(
            base * found.shade[:, None],
            np.clip(self.roughness * found.gloss, 0.05, 1),
            self.metallic,
            axes_lean(found.slope, normals, self.direction_rad),
        )

    def albedo(self, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        """The colour of the surface at points, but for maps.

        Args:
            points: (n, 3) float32 in the part's texture frame.
            normals: (n, 3) float32 unit normals in the same frame.

        Returns:
            (n, 3) float32 linear RGB in [0, 1].
        """
        color, color2 = np.array(self.color, np.float32), np.array(self.color2, np.float32)
        if self.contrast == 0:
            return np.broadcast_to(color, (len(points), 3)).copy()
        share = mix(self.pattern, points, normals, self.scale, self.direction_rad, self.seed)
        share *= np.float32(self.contrast)
        return np.clip(color + share[:, None] * (color2 - color), 0, 1)

    def to_json(self) -> dict[str, object]:
        """A dict of plain values; `from_json` is its inverse."""
        data: dict[str, object] = dataclasses.asdict(self)
        return data | {"maps": self.maps.to_json() if self.maps else None}

    @staticmethod
    def from_json(data: dict) -> Material:
        """The material that `to_json` wrote."""
        maps = data.get("maps")
        return Material(**{**data, "maps": MaterialSet.from_json(maps) if maps else None})


def _hex(code: str) -> np.ndarray:
    """(3,) float64 in [0, 1] of a colour like `e3cfae`."""
    return np.array([int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)])


_WOODS = (
    "e3cfae",
    "d9bf96",
    "d8b27a",
    "c49a6c",
    "b98548",
    "c99a70",
    "9c5a3c",
    "8f6238",
    "6f3a26",
    "5c402c",
    "35261e",
)
"""sRGB of birch, maple, pine, oak, honey oak, beech, cherry, teak, mahogany, walnut and wenge."""

_LEATHERS = (
    "1c1b1b",
    "33312f",
    "3f2a20",
    "5d3a26",
    "8a4b26",
    "a9764a",
    "b98f60",
    "d9c9ae",
    "e4e0d8",
    "4a1718",
    "8c2320",
    "232c40",
    "34402f",
    "77736e",
)
"""sRGB of black, charcoal, browns to cream and white, oxblood, red, navy, green and grey leather."""

_METALS = {
    "d9dadb": 0.3,
    "b9bbbd": 0.27,
    "c9c1b3": 0.1,
    "6a6c70": 0.13,
    "cfae6a": 0.1,
    "c08566": 0.05,
    "7d6243": 0.05,
}
"""sRGB of chrome, steel, nickel, gunmetal, brass, copper and bronze, and how often each is drawn."""


def _jitter(color: np.ndarray, generator: np.random.Generator, amount: float = 0.04) -> np.ndarray:
    """A colour a little lighter or darker, and a little off in hue."""
    shade = generator.normal(0, amount) + generator.normal(0, amount / 3, 3)
    return np.clip(color + shade, 0.02, 0.87)


def _any_color(generator: np.random.Generator, neutral: float) -> np.ndarray:
    """An sRGB colour: black to white with probability `neutral`, else of any hue, more often muted."""
    if generator.random() < neutral:
        value = generator.choice([generator.uniform(0.08, 0.25), generator.uniform(0.25, 0.85), 0.85])
        return _jitter(np.full(3, value), generator, 0.015)
    # Dyes and paints are seldom vivid and bright at once
    hue, saturation = generator.random(), 0.9 * generator.beta(1.7, 2.4)
    value = generator.uniform(0.22, 0.86 - 0.25 * saturation)
    return np.array(colorsys.hsv_to_rgb(hue, saturation, value))


def _scaled(color: np.ndarray, factor: float) -> np.ndarray:
    """A darker (factor below 1) or lighter colour, but never white."""
    return np.clip(color * factor, 0, 0.87)


def _wood(g: np.random.Generator) -> Material:
    base = _jitter(_hex(str(g.choice(_WOODS))), g)
    return Material(
        "wood",
        srgb_to_linear(base),
        srgb_to_linear(_scaled(base, g.uniform(0.5, 0.8)) * [1.0, 0.96, 0.9]),
        "grain",
        scale=g.uniform(0.025, 0.07),
        contrast=g.uniform(0.4, 1.0),
        roughness=g.uniform(0.3, 0.75),
    )


def _fabric(g: np.random.Generator) -> Material:
    base = _any_color(g, 0.4)
    pattern = str(g.choice(["weave", "mottle", "stripes", "check"], p=[0.7, 0.12, 0.11, 0.07]))
    other = _scaled(base, g.choice([g.uniform(0.55, 0.85), g.uniform(1.15, 1.5)]))
    if pattern in ("stripes", "check") and g.random() < 0.5:
        other = _any_color(g, 0.6)
    scale = {"weave": (0.005, 0.014), "mottle": (0.03, 0.12)}.get(pattern, (0.06, 0.2))
    return Material(
        "fabric",
        srgb_to_linear(base),
        srgb_to_linear(other),
        pattern,
        scale=g.uniform(*scale),
        contrast=g.uniform(0.5, 1.0),
        direction_rad=float(g.choice([0.0, np.pi / 2, g.uniform(0, np.pi)], p=[0.45, 0.4, 0.15])),
        roughness=g.uniform(0.8, 1.0),
        sheen=g.choice([0.0, g.uniform(0.2, 1.0)]),
    )


def _leather(g: np.random.Generator) -> Material:
    base = _jitter(_hex(str(g.choice(_LEATHERS))), g)
    return Material(
        "leather",
        srgb_to_linear(base),
        srgb_to_linear(_scaled(base, g.uniform(0.6, 0.85))),
        "mottle",
        scale=g.uniform(0.06, 0.2),
        contrast=g.uniform(0.3, 0.9),
        roughness=g.uniform(0.35, 0.6),
    )


def _plastic(g: np.random.Generator) -> Material:
    base = _any_color(g, 0.5)
    speckled = g.random() < 0.08
    return Material(
        "plastic",
        srgb_to_linear(base),
        srgb_to_linear(_scaled(base, 0.6 if speckled else 0.95)),
        "speckle" if speckled else "plain",
        scale=g.uniform(0.015, 0.04) if speckled else g.uniform(0.05, 0.2),
        contrast=g.uniform(0.4, 0.9),
        roughness=g.uniform(0.15, 0.55),
    )


def _metal(g: np.random.Generator) -> Material:
    base = _jitter(_hex(str(g.choice(list(_METALS), p=list(_METALS.values())))), g, 0.02)
    brushed = g.random() < 0.5
    return Material(
        "metal",
        srgb_to_linear(base),
        srgb_to_linear(_scaled(base, 0.8)),
        "brushed" if brushed else "plain",
        scale=g.uniform(0.01, 0.03),
        contrast=g.uniform(0.3, 0.9) if brushed else 0.0,
        roughness=g.uniform(0.3, 0.5) if brushed else g.uniform(0.12, 0.3),
        metallic=1.0,
    )


def _painted(g: np.random.Generator) -> Material:
    base = _any_color(g, 0.55)
    return Material(
        "painted",
        srgb_to_linear(base),
        srgb_to_linear(_scaled(base, 0.9)),
        "plain",
        scale=g.uniform(0.05, 0.3),
        contrast=g.uniform(0.2, 0.8),
        roughness=g.uniform(0.25, 0.7),
    )


KINDS: dict[str, Callable[[np.random.Generator], Material]] = {
    "wood": _wood,
    "fabric": _fabric,
    "leather": _leather,
    "plastic": _plastic,
    "metal": _metal,
    "painted": _painted,
}
"""How a material of each kind is drawn."""


def draw_material(kind: str, generator: np.random.Generator) -> Material:
    """A random material of a kind.

    Raises:
        ConfigError: Unknown kind.
    """
    if kind not in KINDS:
        raise unknown_name("material kind", kind, KINDS)
    return dataclasses.replace(KINDS[kind](generator), seed=int(generator.integers(2**31)))


def mapped(material: Material, maps: MaterialSet, metres_per_unit: float) -> Material:
    """A material with the maps of a set; what the set lacks is as before.

    Args:
        material: Of the set's kind.
        maps: The set.
        metres_per_unit: How long a world unit is.

    Raises:
        MapError: A map cannot be read.
    """
    material = dataclasses.replace(material, maps=maps, map_width=maps.size_m / metres_per_unit)
    if "base" in (held := load_maps(maps)).has:
        mean = tuple(held.mean)
        material = dataclasses.replace(material, color=mean, color2=mean, pattern="plain", contrast=0.0)
    return material


_RELIEFS = {
    "fabric": ((0.006, 0.02), (0.25, 0.6)),
    "leather": ((0.008, 0.03), (0.1, 0.35)),
    "wood": ((0.004, 0.008), (0.03, 0.12)),
    "metal": ((0.003, 0.006), (0.05, 0.2)),
    "plastic": ((0.02, 0.06), (0.005, 0.02)),
    "painted": ((0.02, 0.06), (0.01, 0.03)),
}
"""Range of size in world units, and of how far it leans, of each kind's fine structure."""


def with_relief(material: Material) -> Material:
    """A material with a fine structure of its kind, which its own seed decides."""
    generator = np.random.default_rng([material.seed, 1])
    (smallest, largest), depths = _RELIEFS[material.kind]
    size = float(np.exp(generator.uniform(np.log(smallest), np.log(largest))))
    depth = float(generator.uniform(*depths))
    # Polished metal has no brush marks
    if material.kind == "metal" and material.pattern != "brushed":
        depth = 0.0
    return dataclasses.replace(material, relief=depth, relief_size=size)
