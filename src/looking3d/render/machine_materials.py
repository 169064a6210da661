"""Which material each part of a machine gets: machined steel, painted cast iron, rubber, bright wheels."""

from __future__ import annotations

import re

import numpy as np

from looking3d.render.color import srgb_to_linear
from looking3d.render.materials import Material, draw_material

ROOTS = ("bracket", "valve")
"""First steps of the labels of machines."""

# The first role whose words begin or end the last step of a label, or are it
_ROLES = {
    "fastener": "bolt screw stud nut washer rivet clip cotter",
    "seal": "gasket seal spider packing grip knob tyre",
    "dial": "dial",
    "needle": "needle",
    "accent": "rim spoke wheel_hub lever pointer",
    "machined": "shaft stem spindle pin rod eye bush spacer ring collar nipple glass pulley gear gland "
    "ball disc bezel finial coupling_hub tie_rod plug lens sight",
    "plate": "base_plate wall_plate deck_plate foundation plinth skid",
    "support": "cradle saddle rail tie post foot bridge pillar web strap",
    "pipe": "pipe spool tube tee elbow reducer cross",
    "cover": "cap cover bonnet end_cap end_plate upper_half cylinder pilot",
}

# How often the surface of a role is machined steel, cast and painted, rubber, plastic, or wood
_SURFACES = {
    "fastener": {"steel": 0.75, "blackened": 0.25},
    "seal": {"rubber": 1.0},
    "dial": {"white": 1.0},
    "needle": {"black": 0.6, "bright": 0.4},
    "accent": {"bright": 0.65, "black": 0.2, "steel": 0.15},
    "machined": {"steel": 0.85, "brass": 0.15},
    "plate": {"steel": 0.4, "paint": 0.4, "blackened": 0.1, "wood": 0.1},
    "support": {"steel": 0.25, "paint": 0.55, "blackened": 0.2},
    "pipe": {"steel": 0.5, "paint": 0.4, "plastic": 0.1},
    "cover": {"steel": 0.35, "paint": 0.65},
    "cast": {"paint": 0.68, "steel": 0.22, "blackened": 0.04, "brass": 0.06},
}

# With which role a role shares its material, and how often
_SHARES = {"plate": ("cast", 0.3), "support": ("cast", 0.4), "pipe": ("cast", 0.45), "cover": ("cast", 0.6)}

_PAINTS = {
    "2b5287": 3,
    "1f3d66": 2,
    "3d6b4d": 2,
    "2f5a58": 1,
    "7c8083": 4,
    "a3a7a8": 2,
    "c9c7bd": 1.5,
    "9a2f27": 2,
    "c05f2a": 1,
    "cfa02f": 1.2,
    "2c2e30": 2,
    "6b4f3a": 0.6,
}
"""sRGB of machine paints (blues, greens, greys, ivory, reds, orange, yellow, black, primer), and odds."""

_BRIGHTS = ("b3261e", "1d4f9c", "e0a416", "c4521c", "2f7a3d")
"""sRGB of what hands are meant to find: red, blue, yellow, orange, green."""


def machine_role(label: str) -> str:
    """A key of the roles, from the last step of a label."""
    last = label.lower().rsplit("/", 1)[-1]
    for role, words in _ROLES.items():
        if re.search(rf"(?:^|_)(?:{'|'.join(words.split())})$", last):
            return role
    return "cast"


def draw_machine_materials(generator: np.random.Generator) -> dict[str, Material]:
    """A material for each role of a machine, whatever parts it has."""
    drawn = {}
    for role, odds in _SURFACES.items():
        surface = str(generator.choice(list(odds), p=list(odds.values())))
        drawn[role] = _surface(surface, generator)
    for role, (with_role, probability) in _SHARES.items():
        if generator.random() < probability:
            drawn[role] = drawn[with_role]
    return drawn


def _surface(name: str, g: np.random.Generator) -> Material:
    if name in ("wood", "plastic"):
        return draw_material(name, g)
    if name in ("steel", "brass", "blackened"):
        return _metal(name, g)
    roughness = g.uniform(0.35, 0.7)
    if name == "paint":
        odds = np.array(list(_PAINTS.values()))
        color = _shade(str(g.choice(list(_PAINTS), p=odds / odds.sum())), g)
    elif name == "bright":
        color = _shade(str(g.choice(_BRIGHTS)), g)
    elif name == "white":
        color = np.full(3, g.uniform(0.78, 0.86))
    elif name == "rubber":
        roughness = g.uniform(0.7, 0.95)
        color = _shade(str(g.choice(["1e1e1f", "2d2d2e", "5d2a22", "3f5240", "8a8378"])), g)
    else:
        color = np.full(3, g.uniform(0.08, 0.16))
    kind = "plastic" if name == "rubber" else "painted"
    pattern = "mottle" if name == "paint" and g.random() < 0.5 else "plain"
    return Material(
        kind,
        srgb_to_linear(color),
        srgb_to_linear(color * 0.85),
        pattern,
        scale=g.uniform(0.02, 0.08),
        contrast=g.uniform(0.2, 0.7),
        roughness=roughness,
        seed=int(g.integers(2**31)),
    )


def _metal(name: str, g: np.random.Generator) -> Material:
    """Bare metal: grey steel, brass or bronze, or steel blackened against rust."""
    grey = g.uniform(0.5, 0.78) if name == "steel" else g.uniform(0.14, 0.26)
    color = np.full(3, grey) + g.normal(0, 0.012, 3)
    if name == "brass":
        color = _shade(str(g.choice(["c9a45c", "b58a4e", "a9744f"])), g)
    brushed = g.random() < 0.4
    return Material(
        "metal",
        srgb_to_linear(np.clip(color, 0.02, 0.87)),
        srgb_to_linear(np.clip(color * 0.8, 0.02, 0.87)),
        "brushed" if brushed else "plain",
        scale=g.uniform(0.01, 0.03),
        contrast=g.uniform(0.3, 0.8) if brushed else 0.0,
        roughness=g.uniform(0.25, 0.5),
        metallic=1.0,
        seed=int(g.integers(2**31)),
    )


def _shade(code: str, g: np.random.Generator) -> np.ndarray:
    """An sRGB colour of a card, a little lighter or darker."""
    color = np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)]) / 255
    return np.clip(color * g.uniform(0.85, 1.15) + g.normal(0, 0.01, 3), 0.02, 0.87)
