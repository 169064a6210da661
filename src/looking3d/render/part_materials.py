"""Which material each part of a shape gets: by its label, so that furniture looks like furniture."""

from __future__ import annotations

import dataclasses
import re
import zlib

import numpy as np

from looking3d.geometry.camera import REFERENCE_RADIUS
from looking3d.render.assets import NO_ASSETS, PhotoAssets
from looking3d.render.materials import KINDS, Material, draw_material, mapped, with_relief
from looking3d.shapes.part_shape import Part, PartShape

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

# How often a role is of each of the `KINDS`: wood, fabric, leather, plastic, metal, painted
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

_SMALLEST_M, _LARGEST_M = 0.25, 4.0

_TYPICAL_M = {"chair": 1.1, "table": 1.6, "shelf": 2.0, "cabinet": 1.6, "lamp": 1.0, "cart": 1.1}
"""Diameter of the sphere around an object, by category."""


def _role(label: str) -> str:
    """A key of `_KIND_ODDS`, from the last words of a label."""
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


def unit_metres(shape: PartShape) -> float:
    """How many metres a unit of a normalised shape is.

    A shape between 0.25 and 4 units across came in metres, up to 400 in centimetres, up to 4000 in
    millimetres. Others are as large as their category mostly is, and so are those that somebody has scaled
    to a sphere of diameter 1 or 2, as those of ShapeNet and PartNet are.
    """
    across = 2 * REFERENCE_RADIUS * shape.unit
    scaled = min(abs(across - 1), abs(across - 2)) < 0.005
    if not scaled and _SMALLEST_M <= across < 1000 * _LARGEST_M:
        return shape.unit / next(per_metre for per_metre in (1, 100, 1000) if across < per_metre * _LARGEST_M)
    return _TYPICAL_M.get(shape.category, _TYPICAL_M["chair"]) / (2 * REFERENCE_RADIUS)


def _with_maps(
    material: Material, assets: PhotoAssets, metres_per_unit: float, generator: np.random.Generator
) -> Material:
    """The material, or as often as `assets.share` says a set of maps of its kind, if there is one."""
    wanted, pick, turn = generator.random(), int(generator.integers(2**31)), int(generator.integers(2))
    sets = assets.sets_of(material.kind)
    if wanted >= assets.share or not sets:
        return material
    # Grain and brushing follow the long side, cloth is cut either way
    direction_rad = turn * np.pi / 2 if material.kind in ("fabric", "leather") else 0.0
    material = dataclasses.replace(material, direction_rad=direction_rad)
    return mapped(material, sets[pick % len(sets)], metres_per_unit)


def assign_materials(
    shape: PartShape,
    generator: np.random.Generator,
    assets: PhotoAssets = NO_ASSETS,
    relief: bool = False,
) -> dict[str, Material]:
    """A material for each part, by its semantics as PhotoShape does (Park et al., 2018).

    Parts of one label share a material; legs and frame, seat and back mostly do. Parts whose label says
    nothing share one to three materials among them.

    Args:
        shape: The shape; ids and labels of its parts matter, and its size.
        generator: Where the draws come from.
        assets: Sets of maps; where some are of the kind that was drawn, one of them is taken as often as
            `assets.share` says.
        relief: Whether procedural materials have a fine structure; the draws are the same.

    Returns:
        Part id -> material.

    Raises:
        MapError: A map cannot be read.
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
    if relief:
        drawn = {role: with_relief(material) for role, material in drawn.items()}
    if assets.material_sets:
        metres_per_unit = unit_metres(shape)
        drawn = {
            role: _with_maps(material, assets, metres_per_unit, generator) for role, material in drawn.items()
        }
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
