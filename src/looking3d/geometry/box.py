"""Boxes in images: x, y, width, height, in pixels or in any other unit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Box = Sequence[float] | np.ndarray


def intersection_over_union(a: Box, b: Box) -> float:
    """Of two boxes; 0 if neither has an area."""
    (ax, ay, aw, ah), (bx, by, bw, bh) = ([float(value) for value in box] for box in (a, b))
    width = min(ax + aw, bx + bw) - max(ax, bx)
    height = min(ay + ah, by + bh) - max(ay, by)
    both = max(width, 0.0) * max(height, 0.0)
    either = aw * ah + bw * bh - both
    return both / either if either else 0.0
