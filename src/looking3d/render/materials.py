"""Materials of a photo: what each part is made of, as procedural solid textures any renderer can use.

Colours are linear RGB in [0, 1]. A texture lives in the texture frame of a part (`texture_frames`):
x runs along the part's longest side, so that wood grain follows legs and rails.
"""

from __future__ import annotations

import colorsys
import dataclasses
import functools
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from looking3d.errors import ConfigError, unknown_name
from looking3d.shapes.part_shape import Part, PartShape

Color = tuple[float, float, float]


@dataclass(frozen=True)
class Material:
    """What a surface looks like.

    Attributes:
        kind: `wood`, `fabric`, `leather`, `plastic`, `metal` or `painted`.
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

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise unknown_name("material kind", self.kind, KINDS)
        if self.pattern not in PATTERNS:
            raise unknown_name("pattern", self.pattern, PATTERNS)
        if self.scale <= 0:
            raise ConfigError(f"material scale: expected a positive length, got {self.scale}")
        object.__setattr__(self, "color", tuple(float(c) for c in self.color))
        object.__setattr__(self, "color2", tuple(float(c) for c in self.color2))

    def to_json(self) -> dict[str, object]:
        """A dict of plain numbers and tuples; `from_json` is its inverse."""
        return dataclasses.asdict(self)

    @staticmethod
    def from_json(data: dict) -> Material:
        """The material that `to_json` wrote."""
        return Material(**data)


# --- Textures ---------------------------------------------------------------------------------------


def texture_frames(shape: PartShape) -> tuple[np.ndarray, np.ndarray]:
    """The frame in which each part's texture lives: `R @ p_world + t`.

    The frame depends on a part's id and the order of its box's sides only, so a moved or a broken part
    keeps its texture.

    Returns:
        (parts, 3, 3) float32 permutations that bring the longest side to x, and (parts, 3) float32
        offsets that make parts look cut from different places.
    """
    R = np.zeros((len(shape.parts), 3, 3), np.float32)
    t = np.zeros((len(shape.parts), 3), np.float32)
    for i, part in enumerate(shape.parts):
        # A side must be clearly longer to win, so that a small change does not turn the grain
        sides = np.log(np.maximum(np.ptp(part.bounds, axis=0), 1e-6))
        order = np.argsort(-np.round(sides / 0.25), kind="stable")
        R[i, np.arange(3), order] = 1
        t[i] = np.random.default_rng(zlib.crc32(part.id.encode())).uniform(0, 7, 3)
    return R, t


@functools.cache
def _lattice() -> np.ndarray:
    """(64 * 64 * 64,) float32 values in [-1, 1], the corners of `_noise`."""
    return np.random.default_rng(0).uniform(-1, 1, 64**3).astype(np.float32)


def _noise(x: np.ndarray, y: np.ndarray, z: np.ndarray | float = 0.0) -> np.ndarray:
    """(n,) smooth value noise in [-1, 1] with features of size 1."""
    values = _lattice()
    corners, weights = [], []
    for axis, stride in ((x, 4096), (y, 64), (z, 1)):
        if np.isscalar(axis):
            continue
        floor = np.floor(axis)
        fraction = axis - floor
        low = floor.astype(np.int32) & 63
        corners.append((low * stride, ((low + 1) & 63) * stride))
        weights.append(fraction * fraction * (3 - 2 * fraction))

    def blend(level: int, index: np.ndarray | int) -> np.ndarray:
        if level == len(corners):
            return values.take(index)
        low, high = (blend(level + 1, index + corner) for corner in corners[level])
        return low + (high - low) * weights[level]

    return blend(0, 0)


def _in_surface(p: np.ndarray, n: np.ndarray, turn_rad: float) -> tuple[np.ndarray, np.ndarray]:
    """Two (n,) coordinates along the surface: the plane of the axes that the normal leans to least."""
    axis = np.abs(n).argmax(1)
    rows = np.arange(len(p))
    u, v = p[rows, np.array([1, 0, 0])[axis]], p[rows, np.array([2, 2, 1])[axis]]
    c, s = np.float32(np.cos(turn_rad)), np.float32(np.sin(turn_rad))
    return c * u - s * v, s * u + c * v


def _plain(m: Material, p: np.ndarray, n: np.ndarray) -> np.ndarray:
    x, y, z = p.T / np.float32(m.scale * 4)
    return 0.5 + 0.5 * _noise(x, y, z)


def _grain(m: Material, p: np.ndarray, n: np.ndarray) -> np.ndarray:
    x, y, z = p.T
    f = np.float32(1 / m.scale)
    # Rings around an axis along x, bent by slow noise; fibres are noise stretched along x
    bend = _noise(x * (0.12 * f), y * (0.45 * f), z * (0.45 * f))
    ring = np.hypot(y - 2, z - 3) * f + 1.3 * bend
    ring = ring - np.floor(ring)
    ring = np.where(ring < 0.8, ring / 0.8, (1 - ring) / 0.2)
    fibre = _noise(x * (0.3 * f), y * (6 * f), z * (6 * f))
    return 0.6 * ring * ring + 0.2 + 0.22 * fibre + 0.25 * bend


def _weave(m: Material, p: np.ndarray, n: np.ndarray) -> np.ndarray:
    u, v = _in_surface(p, n, m.direction_rad)
    f = np.float32(1 / m.scale)
    warp, weft = _noise(u * f, v * (0.2 * f)), _noise(u * (0.2 * f) + 31, v * f)
    return 0.5 + 0.35 * (warp + weft) + 0.1 * _noise(u * 9, v * 9)


def _stripes(m: Material, p: np.ndarray, n: np.ndarray) -> np.ndarray:
    u, v = _in_surface(p, n, m.direction_rad)
    wave = np.sin(u * np.float32(2 * np.pi / m.scale))
    return 0.5 + 0.5 * np.clip(wave * 3, -1, 1) + 0.08 * _noise(u * 80, v * 80)


def _check(m: Material, p: np.ndarray, n: np.ndarray) -> np.ndarray:
    u, v = _in_surface(p, n, m.direction_rad)
    f = np.float32(2 * np.pi / m.scale)
    bands = np.clip(3 * np.sin(u * f), -1, 1) + np.clip(3 * np.sin(v * f), -1, 1)
    return 0.5 + 0.25 * bands + 0.06 * _noise(u * 80, v * 80)


def _mottle(m: Material, p: np.ndarray, n: np.ndarray) -> np.ndarray:
    x, y, z = p.T / np.float32(m.scale)
    return 0.5 + 0.35 * _noise(x, y, z) + 0.3 * _noise(x * 4.1, y * 4.1, z * 4.1)


def _speckle(m: Material, p: np.ndarray, n: np.ndarray) -> np.ndarray:
    x, y, z = p.T / np.float32(m.scale)
    return np.clip(4 * (np.abs(_noise(x, y, z)) - 0.5), 0, 1)


def _brushed(m: Material, p: np.ndarray, n: np.ndarray) -> np.ndarray:
    x, y, z = p.T / np.float32(m.scale)
    return 0.5 + 0.5 * _noise(x * 0.08, y, z)


PATTERNS: dict[str, Callable[[Material, np.ndarray, np.ndarray], np.ndarray]] = {
    "plain": _plain,
    "grain": _grain,
    "weave": _weave,
    "stripes": _stripes,
    "check": _check,
    "mottle": _mottle,
    "speckle": _speckle,
    "brushed": _brushed,
}
"""How much of the second colour is at a point: (material, points, normals) -> (n,)."""


def albedo(material: Material, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """The colour of a surface at points.

    Args:
        material: What the surface is made of.
        points: (n, 3) float32 in the part's texture frame.
        normals: (n, 3) float32 unit normals in the same frame.

    Returns:
        (n, 3) float32 linear RGB in [0, 1].
    """
    color, color2 = np.array(material.color, np.float32), np.array(material.color2, np.float32)
    if material.contrast == 0:
        return np.broadcast_to(color, (len(points), 3)).copy()
    shift = np.random.default_rng(material.seed).uniform(0, 60, 3).astype(np.float32)
    # Rings must stay near their axis, which flat patterns do not have
    points = points + (shift * np.float32(0.02 if material.pattern == "grain" else 1))
    mix = PATTERNS[material.pattern](material, points, normals).astype(np.float32)
    mix *= np.float32(material.contrast)
    return np.clip(color + mix[:, None] * (color2 - color), 0, 1)


# --- Drawing materials ------------------------------------------------------------------------------


def srgb_to_linear(color: Color | np.ndarray) -> Color:
    """Linear RGB of an sRGB colour in [0, 1]."""
    c = np.asarray(color, float)
    r, g, b = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return float(r), float(g), float(b)


def _hex(code: str) -> np.ndarray:
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


def _shade(color: np.ndarray, factor: float) -> np.ndarray:
    return np.clip(color * factor, 0, 0.87)


def _wood(g: np.random.Generator) -> Material:
    base = _jitter(_hex(str(g.choice(_WOODS))), g)
    return Material(
        "wood",
        srgb_to_linear(base),
        srgb_to_linear(_shade(base, g.uniform(0.5, 0.8)) * [1.0, 0.96, 0.9]),
        "grain",
        scale=g.uniform(0.025, 0.07),
        contrast=g.uniform(0.4, 1.0),
        roughness=g.uniform(0.3, 0.75),
    )


def _fabric(g: np.random.Generator) -> Material:
    base = _any_color(g, 0.4)
    pattern = str(g.choice(["weave", "mottle", "stripes", "check"], p=[0.7, 0.12, 0.11, 0.07]))
    other = _shade(base, g.choice([g.uniform(0.55, 0.85), g.uniform(1.15, 1.5)]))
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
        srgb_to_linear(_shade(base, g.uniform(0.6, 0.85))),
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
        srgb_to_linear(_shade(base, 0.6 if speckled else 0.95)),
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
        srgb_to_linear(_shade(base, 0.8)),
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
        srgb_to_linear(_shade(base, 0.9)),
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


# --- Assigning them to parts ------------------------------------------------------------------------

# The first role whose words occur in the tail of a label; order matters (`arm_sofa_style` is soft)
_ROLES = {
    "caster": r"wheel|caster",
    "hardware": r"knob|lever|mechanical|hinge|screw|handle|central_support|star_leg|stem",
    "soft": r"cushion|pillow|sofa|headrest|upholster|mattress|shade|seat_single|seat_surface$|seat$",
    "back": r"back_single|back_surface$|back$",
    "arm": r"arm",
    "leg": r"leg|foot|runner|stretcher|rocker|pedestal|base",
    "frame": r"frame|bar|support|connector|rail|slat|top|board|shelf|door|drawer|panel|body",
}

# How often a role is of each kind: wood, fabric, leather, plastic, metal, painted
_KIND_ODDS = {
    "caster": (0.0, 0.0, 0.0, 0.7, 0.3, 0.0),
    "hardware": (0.0, 0.0, 0.0, 0.3, 0.6, 0.1),
    "soft": (0.14, 0.42, 0.2, 0.16, 0.02, 0.06),
    "back": (0.2, 0.38, 0.18, 0.16, 0.02, 0.06),
    "arm": (0.4, 0.06, 0.1, 0.14, 0.18, 0.12),
    "leg": (0.48, 0.0, 0.0, 0.08, 0.26, 0.18),
    "frame": (0.5, 0.0, 0.0, 0.1, 0.22, 0.18),
    "other": (0.36, 0.06, 0.06, 0.18, 0.16, 0.18),
}

# With which role a role shares its material, and how often
_SHARES = {
    "back": ("soft", 0.85),
    "frame": ("leg", 0.85),
    "arm": ("frame", 0.7),
    "caster": ("hardware", 0.25),
}


def _role(label: str) -> str:
    # A leg of a star base is hardware even if its last word is `leg`
    tail = "/".join(label.lower().split("/")[-3:])
    last = tail.rsplit("/", 1)[-1]
    if "star_leg" in tail and "caster" not in tail:
        return "hardware"
    return next((role for role, words in _ROLES.items() if re.search(words, last)), "other")


def _group(part: Part) -> str:
    """What shares a material: the label; without semantics, the name up to its number, or the size."""
    if not part.label.startswith("part/"):
        return part.label
    name = re.sub(r"[\d_.\- ]+$", "", part.label.removeprefix("part/"))
    sides = np.sort(np.maximum(np.ptp(part.bounds, axis=0), 1e-6))
    return name or str(np.round(4 * np.log(sides)).astype(int).tolist())


def assign_materials(shape: PartShape, generator: np.random.Generator) -> dict[str, Material]:
    """A material for each part, by its semantics as PhotoShape does (Park et al., 2018).

    Parts of one label share a material; legs and frame, seat and back mostly do. Parts whose label says
    nothing share one to three materials among them.

    Returns:
        Part id -> material.
    """
    # All draws come before any look at the shape, so that a part more does not change the others
    odds = {role: np.asarray(weights) / sum(weights) for role, weights in _KIND_ODDS.items()}
    drawn = {
        role: draw_material(str(generator.choice(list(KINDS), p=p)), generator) for role, p in odds.items()
    }
    for role in ("caster", "hardware"):
        if drawn[role].kind == "plastic":
            grey = generator.uniform(0.01, 0.1)
            drawn[role] = dataclasses.replace(drawn[role], color=(grey,) * 3, contrast=0.0)
    for role, (with_role, probability) in _SHARES.items():
        if generator.random() < probability:
            drawn[role] = drawn[with_role]
    strangers = [drawn["leg"], drawn["other"], drawn["soft"]][: 1 + int(generator.integers(3))]
    picks = int(generator.integers(2**31))

    materials = {}
    for part in shape.parts:
        role, group = _role(part.label), _group(part)
        pick = zlib.crc32(f"{picks} {group}".encode())
        materials[part.id] = strangers[pick % len(strangers)] if role == "other" else drawn[role]
    return materials
