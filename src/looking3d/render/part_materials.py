"""Which material each part of a shape gets: by its label, so that a chair looks like a chair."""

from __future__ import annotations

import dataclasses
import re
import zlib

import numpy as np

from looking3d.render.machine_materials import ROOTS, draw_machine_materials, machine_role
from looking3d.render.materials import KINDS, Material, draw_material
from looking3d.shapes.part_shape import Part, PartShape

# The first role whose words occur in the tail of a label; order matters (`arm_sofa_style` is soft)
_ROLES = {
    "caster": r"wheel|caster|bumper|grip",
    "reflector": r"reflector",
    "glass": r"glass",
    "lamp_shade": r"shade",
    "bulb": r"bulb",
    "cord": r"^cord",
    "bag": r"^bag$",
    "sheet": r"^tray$|^bin$",
    "fitting": r"lamp_arm|fitter|finial|^chain|switch|^connector|leg_brace|tube|wire|plate|axle|hook",
    "hardware": r"knob|lever|mechanical|hinge|screw|handle|central_support|star_leg|stem",
    "soft": r"cushion|pillow|sofa|headrest|upholster|mattress|seat_single|seat_surface$|seat$",
    "back": r"back_single|back_surface$|back$",
    "arm": r"arm",
    "leg": r"leg|foot|runner|stretcher|rocker|pedestal|base",
    "frame": r"frame|bar|support|connector|rail|slat|top|board|shelf|door|drawer|panel|body|pole|platform",
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

# Of roles that lamps and carts brought
_LATER_ODDS = {
    "lamp_shade": (0.03, 0.65, 0.0, 0.2, 0.0, 0.12),
    "reflector": (0.0, 0.0, 0.0, 0.2, 0.3, 0.5),
    "glass": (0.0, 0.0, 0.0, 1.0, 0.0, 0.0),
    "bulb": (0.0, 0.0, 0.0, 1.0, 0.0, 0.0),
    "cord": (0.0, 0.0, 0.0, 1.0, 0.0, 0.0),
    "bag": (0.0, 0.8, 0.06, 0.14, 0.0, 0.0),
    "sheet": (0.16, 0.0, 0.0, 0.22, 0.26, 0.36),
    "fitting": (0.0, 0.0, 0.0, 0.1, 0.62, 0.28),
}

# With which role a role shares its material, and how often
_SHARES = {
    "back": ("soft", 0.85),
    "frame": ("leg", 0.85),
    "arm": ("frame", 0.7),
    "caster": ("hardware", 0.25),
}


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


def assign_materials(shape: PartShape, generator: np.random.Generator) -> dict[str, Material]:
    """A material for each part, by its semantics as PhotoShape does (Park et al., 2018).

    Parts of one label share a material; legs and frame, seat and back mostly do. Parts whose label says
    nothing share one to three materials among them. Machines have roles of their own.

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
    # From a stream of their own: what is drawn for furniture, and after it, does not depend on them
    machined = draw_machine_materials(np.random.default_rng([picks, 1]))

    # Of a generator of their own, so that what is drawn next does not depend on how many roles there are
    drawn |= _draw_later(np.random.default_rng(picks), drawn["leg"])
    materials = {}
    for part in shape.parts:
        if part.label.split("/")[0] in ROOTS:
            materials[part.id] = machined[machine_role(part.label)]
            continue
        role, group = _role(part.label), _group(part)
        pick = zlib.crc32(f"{picks} {group}".encode())
        materials[part.id] = strangers[pick % len(strangers)] if role == "other" else drawn[role]
    return materials


def _draw_later(generator: np.random.Generator, leg: Material) -> dict[str, Material]:
    """Materials of `_LATER_ODDS`: slender metal and reflectors often are of the legs', shades often pale."""
    drawn = {
        role: draw_material(str(generator.choice(list(KINDS), p=np.asarray(odds) / sum(odds))), generator)
        for role, odds in _LATER_ODDS.items()
    }
    for role, probability in (("fitting", 0.6), ("reflector", 0.5)):
        if generator.random() < probability and leg.kind in ("metal", "painted"):
            drawn[role] = leg
    if generator.random() < 0.55:
        shade = drawn["lamp_shade"]
        pale, pale2 = (tuple(0.87 - 0.35 * (0.87 - np.array(c))) for c in (shade.color, shade.color2))
        drawn["lamp_shade"] = dataclasses.replace(shade, color=pale, color2=pale2)
    clear, tinted = 0.85 - 0.3 * generator.random(3) ** 2, generator.uniform(0.05, 0.7, 3)
    colors = {
        "glass": tuple(clear if generator.random() < 0.7 else tinted),
        "bulb": (0.85, 0.83, generator.uniform(0.55, 0.82)),
        "cord": (float(generator.choice([0.015, 0.05, 0.6])),) * 3,
    }
    for role, color in colors.items():
        drawn[role] = dataclasses.replace(drawn[role], color=color, contrast=0.0)
    return drawn
