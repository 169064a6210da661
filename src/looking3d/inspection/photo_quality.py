"""What is wrong with a photo that can be judged all the same: warnings that lower trust in the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from looking3d.model.query import crop, crop_mask, window_around
from looking3d.photos.foreground import Foreground

TRAINED_ELEVATION_DEG = (-10.0, 80.0)
"""Elevations of the photos that the shipped weights were trained on."""

WORKING_PX = 256
"""Side of the window around the object in which sharpness is measured; networks see 128 px."""

BLURRED_BELOW = 0.006
"""Sharpness (see `sharpness`) of a blurred photo.

Of 120 rendered photos of chairs none is below (least 0.020); blurred by a Gaussian with a sigma of 1 px at
WORKING_PX, none; of 2 px, which training goes up to, a quarter; of 3 px 83 %, of 4 px all.
"""

DARK_BELOW = 75.0
"""Luma, 0 to 255, that the brightest twentieth of a photo that is too dark does not reach.

It is 87 or more in 120 rendered photos on grounds of any grey. With a quarter of the light one in ten is
below, with an eighth a third: those on a dark ground.
"""

BRIGHT_FROM = 0.3
"""Share of the object that is pure white, from which on a photo is too bright.

It is 0 in 120 rendered photos, over this in 7 % of them with twice the light, in 27 % with three times.
"""

SMALL_BELOW_PX = 64
"""Longer side of an object that is too small."""

SEVERAL_FROM = 0.35
"""Size of the second largest piece of the mask over the largest, from which on it is another object."""

_ELEVATION_SLACK_DEG = 2.0  # estimated cameras are off by a degree or two
_CLIPPED = 253  # in all channels: white with nothing in it
_TOUCH_SHARE = 0.02  # of the object's longer side that may lie on an edge of the frame: ragged masks do

Kind = Literal["blurred", "dark", "bright", "cut off", "small", "several", "busy ground", "elevation"]
Trust = Literal["high", "medium", "low"]


@dataclass(frozen=True)
class QualityWarning:
    """Something about a photo that makes its verdict less sure.

    Attributes:
        kind: Which, in a word or two.
        message: What it is and what to do, as a sentence.
    """

    kind: Kind
    message: str

    def to_json(self) -> dict[str, str]:
        """A dict of plain values."""
        return {"kind": self.kind, "message": self.message}


def trust_of(warnings: tuple[QualityWarning, ...], aligned: bool) -> Trust:
    """`high` without a warning, `medium` with one, `low` with more or if the photo could not be aligned."""
    if not aligned or len(warnings) > 1:
        return "low"
    return "medium" if warnings else "high"


def assess(
    image: np.ndarray, mask: np.ndarray, foreground: Foreground, elevation_deg: float | None
) -> tuple[QualityWarning, ...]:
    """What is wrong with a photo.

    Args:
        image: (height, width, 3) uint8 RGB.
        mask: (height, width) bool, the object; not empty.
        foreground: How that was found.
        elevation_deg: Where the estimated camera stands; None if it is not known.
    """
    found = [
        _blurred(image, mask),
        _light(image, mask),
        _cut_off(mask, foreground),
        _small(mask),
        _several(mask),
        _busy(foreground),
        _elevation(elevation_deg),
    ]
    return tuple(warning for warning in found if warning is not None)


def sharpness(image: np.ndarray, mask: np.ndarray) -> float:
    """How much of the object's contrast lies in its finest detail.

    The variance of the Laplacian over that of the brightness, in the object and its rim at WORKING_PX, so
    that dark and pale photos compare. A photo that is enlarged to get there counts as blurred for it.
    """
    window = window_around(mask)
    side = min(WORKING_PX, max(32, round(window.side)))
    grey = cv2.cvtColor(crop(image, window, side), cv2.COLOR_RGB2GRAY).astype(np.float32)
    object_ = crop_mask(mask, window, side) > 0.5
    rim = cv2.dilate(object_.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    # Noise is no detail.
    smooth = cv2.GaussianBlur(grey, (0, 0), 0.8)
    return float(cv2.Laplacian(smooth, cv2.CV_32F)[rim].var() / max(grey[rim].var(), 1.0))


def brightest(image: np.ndarray) -> float:
    """The luma, 0 to 255, that a twentieth of the photo reaches."""
    return float(np.percentile(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), 95))


def clipped_share(image: np.ndarray, mask: np.ndarray) -> float:
    """The share of the object that is white with nothing in it."""
    return float((image[mask].min(-1) >= _CLIPPED).mean())


def second_piece(mask: np.ndarray) -> float:
    """Size of the second largest piece of a mask over the largest; gaps of a hundredth are bridged."""
    window = window_around(mask)
    reach = max(1, round(window.side / 100)) * 2 + 1
    bridged = cv2.dilate(mask.astype(np.uint8), np.ones((reach, reach), np.uint8))
    _, _, statistics, _ = cv2.connectedComponentsWithStats(bridged, connectivity=8)
    sizes = np.sort(statistics[1:, cv2.CC_STAT_AREA])[::-1]
    return 0.0 if len(sizes) < 2 else float(sizes[1] / sizes[0])


def _blurred(image: np.ndarray, mask: np.ndarray) -> QualityWarning | None:
    if sharpness(image, mask) >= BLURRED_BELOW:
        return None
    return QualityWarning("blurred", "The photo is blurred; hold still, and let the camera focus.")


def _light(image: np.ndarray, mask: np.ndarray) -> QualityWarning | None:
    if brightest(image) < DARK_BELOW:
        return QualityWarning("dark", "The photo is too dark; use more light, or a longer exposure.")
    if clipped_share(image, mask) >= BRIGHT_FROM:
        return QualityWarning("bright", "Much of the object is pure white; expose the photo less.")
    return None


def _cut_off(mask: np.ndarray, foreground: Foreground) -> QualityWarning | None:
    edges = [mask[0], mask[-1], mask[:, 0], mask[:, -1]]
    allowed = _TOUCH_SHARE * _longer_side(mask)
    touched = [edge.sum() > allowed for edge in edges]
    # A cut-out is often trimmed to its object, and then touches all four edges.
    trimmed = foreground.method in ("alpha", "mask") and all(edge.any() for edge in edges)
    if trimmed or not any(touched):
        return None
    names = ", ".join(
        name for name, is_touched in zip(("top", "bottom", "left", "right"), touched) if is_touched
    )
    return QualityWarning(
        "cut off", f"The object seems to be cut off at the edge of the photo ({names}); step back."
    )


def _small(mask: np.ndarray) -> QualityWarning | None:
    side = _longer_side(mask)
    if side >= SMALL_BELOW_PX:
        return None
    return QualityWarning("small", f"The object is only {side} px large; go closer, or use a larger photo.")


def _several(mask: np.ndarray) -> QualityWarning | None:
    if second_piece(mask) < SEVERAL_FROM:
        return None
    return QualityWarning(
        "several", "There seem to be several objects; photograph one at a time, or name its box."
    )


def _busy(foreground: Foreground) -> QualityWarning | None:
    if not foreground.is_doubtful:
        return None
    return QualityWarning(
        "busy ground",
        "The ground is busy, so the object's outline may be wrong; use a plain ground, or a cut-out.",
    )


def _elevation(elevation_deg: float | None) -> QualityWarning | None:
    low, high = TRAINED_ELEVATION_DEG
    if elevation_deg is None or low - _ELEVATION_SLACK_DEG <= elevation_deg <= high + _ELEVATION_SLACK_DEG:
        return None
    side = "above" if elevation_deg >= 0 else "below"
    where = "low" if elevation_deg < low else "high"
    return QualityWarning(
        "elevation",
        f"Seen from {abs(elevation_deg):.0f} degrees {side}, which is too {where}; photograph from between "
        f"{-low:.0f} degrees below and {high:.0f} above.",
    )


def _longer_side(mask: np.ndarray) -> int:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1)
