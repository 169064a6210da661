"""Objects on an even ground: a sheet, a wall, a table top, slightly graded, with a soft shadow on it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage

from looking3d.model.query import main_pieces, resized_mask

WORKING_PX = 384
"""Longer side of the picture that is looked at: what is sought is an outline, not its pixels."""

EVEN_FROM = 0.8
"""Share of the frame's border that has to look like one ground. Border that the object covers counts
against it: one that is cut off at one side leaves 0.75 or more."""

_BORDER_SHARE = 0.03  # width of the border over the longer side
_NEAR = 6.0  # a colour difference (CIE76) that noise, stains and a weak gradient may make
_FAR = 11.0  # one that they do not make
_DEEPEST_SHADOW = 0.3  # lightness in a shadow over that of the ground; darker is an object
_SHADOW_TINT = 5.0  # how far a shadow's hue may be from the ground's
_EDGE = 7.0  # a step of lightness between neighbours that a soft shadow does not make


@dataclass(frozen=True, eq=False)
class PlainGround:
    """What an even ground leaves over.

    Attributes:
        mask: (height, width) bool, the object.
        evenness: Share of the frame's border that looks like one ground, 0 to 1.
        colour: (height, width, 3) float32, the ground everywhere, sRGB in [0, 1].
    """

    mask: np.ndarray
    evenness: float
    colour: np.ndarray

    @property
    def is_even(self) -> bool:
        """Whether the border looks like one ground, so that the mask can be believed."""
        return self.evenness >= EVEN_FROM


def segment_plain(image: np.ndarray) -> PlainGround:
    """Tell an object from an even ground by colour.

    The ground is what the frame's border shows, carried inwards by a quadratic surface in CIELAB. What
    differs in hue, is lighter, or is darker than any shadow is object; what is only darker is object
    where an outline separates it from the ground, and shadow where it fades into it.

    Args:
        image: (height, width, 3) uint8 RGB.
    """
    height, width = image.shape[:2]
    scale = min(1.0, WORKING_PX / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    border = _border(lab.shape[:2])
    ground = _fit_ground(lab, border)
    difference = np.linalg.norm(lab - ground, axis=-1)
    evenness = float((difference[border] < _NEAR).mean())
    mask = main_pieces(_object(lab, ground, difference))
    colour = np.clip(cv2.cvtColor(ground, cv2.COLOR_LAB2RGB), 0, 1)
    return PlainGround(resized_mask(mask, width, height), evenness, cv2.resize(colour, (width, height)))


def _border(size: tuple[int, int]) -> np.ndarray:
    """(height, width) bool, the frame's border."""
    border = np.ones(size, bool)
    line = max(2, round(max(size) * _BORDER_SHARE))
    border[line:-line, line:-line] = False
    return border


def _fit_ground(lab: np.ndarray, border: np.ndarray) -> np.ndarray:
    """(height, width, 3), the colour of the ground everywhere: a robust quadratic fit to the border."""
    height, width = border.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    terms = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], -1)
    at, seen = terms[border], lab[border].astype(np.float64)
    # From the median colour on, what is far from the fit (an object that reaches the border) counts little.
    fitted = np.broadcast_to(np.median(seen, 0), seen.shape)
    surface = np.zeros((6, 3))
    for _ in range(10):
        error = np.linalg.norm(seen - fitted, axis=-1)
        weight = 1 / (1 + (error / (_NEAR / 2)) ** 2) ** 2
        # A ridge on the slopes: a border that shows little ground must not tilt it.
        normal = at.T @ (at * weight[:, None]) + 1e-3 * len(at) * np.diag([0, 1, 1, 1, 1, 1])
        surface = np.linalg.solve(normal, at.T @ (seen * weight[:, None]))
        fitted = at @ surface
    return (terms @ surface).astype(np.float32)


def _object(lab: np.ndarray, ground: np.ndarray, difference: np.ndarray) -> np.ndarray:
    """(height, width) bool. Watershed on the edges, from what is surely ground and surely object."""
    ratio = lab[..., 0] / np.maximum(ground[..., 0], 1.0)
    # A shadow takes colour away with the light.
    tint = np.linalg.norm(lab[..., 1:] - ground[..., 1:] * np.clip(ratio, 0, 1)[..., None], axis=-1)
    darker = (ratio < 1.0) & (ratio > _DEEPEST_SHADOW) & (tint < _SHADOW_TINT)
    edge = _edges(lab)
    markers = np.zeros(difference.shape, np.int16)
    markers[difference < _NEAR] = 1
    markers[(difference > _FAR) & (~darker | (edge > _EDGE))] = 2
    if not (markers == 2).any():
        return difference > _FAR
    levels = np.clip(edge * 16, 0, 65535).astype(np.uint16)
    return ndimage.watershed_ift(levels, markers) == 2


def _edges(lab: np.ndarray) -> np.ndarray:
    """(height, width) float32, the largest colour step to one of the four neighbours."""
    padded = np.pad(lab, ((1, 1), (1, 1), (0, 0)), mode="edge")
    middle = padded[1:-1, 1:-1]
    neighbours = padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]
    return np.max([np.linalg.norm(middle - other, axis=-1) for other in neighbours], axis=0)
