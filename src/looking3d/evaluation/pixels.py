"""How well heat maps tell changed pixels from others: pixel AUROC and AUPRO.

All pixels of all photos are sorted by their heat, which is counted in levels: the numbers that 16-bit
floats can hold. That is exact, takes memory that does not grow with the photos, and depends on no order.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from scipy import ndimage

from looking3d.model.detector import resampled
from looking3d.model.query import Window

PHOTO_PX = 128
"""Photos are scored at this size of their longer side, or at their own if that is less."""

FALSE_POSITIVES_TO = 0.3
"""Rate of false positives up to which the overlap of regions is averaged."""

_LEVELS = int(np.float16(1).view(np.uint16)) + 1


def packed_mask(mask: np.ndarray) -> bytes:
    """A (height, width) bool mask at the size that photos are scored at, eight pixels a byte.

    A pixel belongs to it if at least half of its area does.
    """
    height, width = mask.shape
    size = _scored_size(width, height)
    if size != (width, height):
        mask = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) >= 0.5
    return np.packbits(mask).tobytes()


def pixel_scores(predictions: dict[str, np.ndarray]) -> dict[str, float | None]:
    """Pixel AUROC, and AUPRO up to FALSE_POSITIVES_TO, over all pixels of all photos.

    Returns:
        auroc and aupro; None if no pixel changed, or all did.
    """
    normal, changed = np.zeros(_LEVELS, np.int64), np.zeros(_LEVELS, np.int64)
    covered, regions = np.zeros(_LEVELS), 0
    for heat, mask in _photos(predictions):
        levels = _levels(heat)
        normal += np.bincount(levels[~mask], minlength=_LEVELS)
        if not mask.any():
            continue
        changed += np.bincount(levels[mask], minlength=_LEVELS)
        labels, count = ndimage.label(mask, np.ones((3, 3)))  # pyright: ignore[reportGeneralTypeIssues]
        region = np.asarray(labels)[mask].astype(np.int64)
        covered += np.bincount(levels[mask], 1 / np.bincount(region)[region], minlength=_LEVELS)
        regions += count
    if not normal.any() or not regions:
        return {"auroc": None, "aupro": None}
    return {"auroc": _auroc(normal, changed), "aupro": _aupro(normal, covered / regions)}


def _photos(predictions: dict[str, np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Heat and changed pixels of each photo, both (height, width) at the size that photos are scored at."""
    names = ("heat_map", "changed", "window", "width", "height")
    for heat_map, changed, window, width, height in zip(*(predictions[name] for name in names), strict=True):
        cells = np.frombuffer(heat_map, np.float16).astype(np.float32)
        side = round(len(cells) ** 0.5)
        size = _scored_size(int(width), int(height))
        scale = size[0] / int(width)
        heat = resampled(cells.reshape(side, side), Window(*(float(v) for v in window)), *size, scale)
        mask = np.unpackbits(np.frombuffer(changed, np.uint8), count=size[0] * size[1]).astype(bool)
        yield heat, mask.reshape(size[::-1])


def _scored_size(width: int, height: int) -> tuple[int, int]:
    """Width and height that a photo is scored at."""
    scale = min(1.0, PHOTO_PX / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _levels(heat: np.ndarray) -> np.ndarray:
    """Heat of 0 to 1 as whole numbers in the same order: the bits of 16-bit floats grow with them."""
    return np.abs(np.clip(heat, 0, 1)).astype(np.float16).view(np.uint16)


def _auroc(normal: np.ndarray, changed: np.ndarray) -> float:
    """Share of the pairs of a changed and a normal pixel of which the changed one is hotter; ties count half.

    Args:
        normal, changed: (levels,) pixels of each level of heat.
    """
    colder = np.cumsum(normal) - normal
    wins = (changed * (2.0 * colder + normal)).sum() / 2
    return float(wins / (float(normal.sum()) * float(changed.sum())))


def _aupro(normal: np.ndarray, covered: np.ndarray) -> float:
    """Mean over the regions of the share of each that is covered, averaged over rates of false positives.

    Args:
        normal: (levels,) normal pixels of each level of heat.
        covered: (levels,) share of a region of each level, averaged over the regions.
    """
    false = np.concatenate([[0], np.cumsum(normal[::-1])]) / normal.sum()
    overlap = np.concatenate([[0], np.cumsum(covered[::-1])])
    end = int(np.searchsorted(false, FALSE_POSITIVES_TO, side="right"))
    rates = np.append(false[:end], FALSE_POSITIVES_TO)
    heights = np.append(overlap[:end], np.interp(FALSE_POSITIVES_TO, false, overlap))
    return float(np.trapezoid(heights, rates) / FALSE_POSITIVES_TO)
