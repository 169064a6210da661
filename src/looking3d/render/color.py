"""Colours: linear light, the sRGB a picture holds, and the way from one to the other."""

from __future__ import annotations

import numpy as np

Color = tuple[float, float, float]
"""Red, green and blue; who uses it says whether linear or sRGB. White is 1; light may be brighter."""


def srgb_to_linear(color: np.ndarray) -> Color:
    """Linear RGB of a (3,) sRGB colour in [0, 1]."""
    r, g, b = np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)
    return float(r), float(g), float(b)


def to_linear(srgb: np.ndarray) -> np.ndarray:
    """Linear light of sRGB in [0, 1], of any shape."""
    return np.where(srgb <= 0.04045, srgb / np.float32(12.92), ((srgb + 0.055) / 1.055) ** np.float32(2.4))


def from_linear(linear: np.ndarray) -> np.ndarray:
    """sRGB in [0, 1] of linear light in [0, 1], of any shape."""
    return np.where(
        linear <= 0.0031308,
        12.92 * linear,
        1.055 * np.maximum(linear, 0.0031308) ** np.float32(1 / 2.4) - np.float32(0.055),
    )


def tone(radiance: np.ndarray) -> np.ndarray:
    """sRGB in [0, 1] of linear light, of any shape.

    Straight at first, then a shoulder that reaches white at infinity.
    """
    knee = np.float32(0.6)
    over = np.maximum(radiance - knee, 0)
    x = np.minimum(radiance, knee) + (1 - knee) * (1 - np.exp(-over / (1 - knee)))
    return np.where(
        x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 0.0031308) ** np.float32(1 / 2.4) - 0.055
    )
