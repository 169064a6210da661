"""What is under the skin of a material, where a break lays it open."""

from __future__ import annotations

import numpy as np

from looking3d.render.color import Color, srgb_to_linear
from looking3d.render.materials import Material

_FOAM = np.array([0.88, 0.83, 0.68])  # sRGB of the polyurethane in seats
_FIBRE = np.array([0.76, 0.64, 0.47])  # sRGB of fibreboard under paint
_STEEL = np.array([0.80, 0.81, 0.82])  # sRGB of freshly cut metal


def raw_material(material: Material) -> Material:
    """What a broken part shows at the break.

    Wood splits paler and dull, with the rings of its end grain; fabric and leather cover foam; metal is
    bright; plastic is the same, but dull and a little pale; paint covers fibreboard. Nothing is drawn
    anew: the material's own seed gives the shade, so photos of unbroken parts do not change.
    """
    shade = 1 + 0.1 * np.random.default_rng([material.seed, 1]).uniform(-1, 1)
    color = np.array(material.color)
    if material.kind == "wood":
        pale = _between(color, srgb_to_linear(np.array([0.90, 0.78, 0.58])), 0.6) * shade
        return _made(material, pale, 0.62 * pale, "grain", 0.03, 0.9, 0.95)
    if material.kind in ("fabric", "leather"):
        foam = srgb_to_linear(_FOAM * shade)
        return _made(material, foam, 0.65 * np.array(foam), "speckle", 0.012, 0.7, 1.0)
    if material.kind == "metal":
        steel = _between(color, srgb_to_linear(_STEEL), 0.3)
        return _made(material, steel, 0.7 * steel, "brushed", 0.012, 0.8, 0.35, metallic=1.0)
    if material.kind == "painted":
        fibre = np.array(srgb_to_linear(_FIBRE * shade))
        return _made(material, fibre, 0.7 * fibre, "mottle", 0.02, 0.8, 0.95)
    pale = _between(color, np.full(3, 0.6), 0.12)
    return _made(material, pale, 0.8 * pale, "mottle", 0.03, 0.5, 0.9)


def _between(a: np.ndarray, b: Color | np.ndarray, share: float) -> np.ndarray:
    return a + share * (np.array(b) - a)


def _made(
    material: Material,
    color: np.ndarray | Color,
    color2: np.ndarray,
    pattern: str,
    scale: float,
    contrast: float,
    roughness: float,
    metallic: float = 0.0,
) -> Material:
    # A new material, not a copy with changes: whatever else a skin has is not under it
    return Material(
        material.kind,
        tuple(np.clip(color, 0, 1).tolist()),
        tuple(np.clip(color2, 0, 1).tolist()),
        pattern,
        scale,
        contrast,
        seed=material.seed,
        roughness=roughness,
        metallic=metallic,
    )
