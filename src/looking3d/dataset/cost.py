"""What a dataset will cost, from a few of its shapes built for real."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from looking3d.dataset.build import build_source
from looking3d.dataset.recipe import Recipe
from looking3d.dataset.sources import list_sources
from looking3d.dataset.storage import LocalStore
from looking3d.errors import ShapeError

SAMPLED = 3
"""Shapes that are built to learn what one costs, after one that warms up."""

_ENOUGH_SECONDS = 60.0


@dataclass(frozen=True)
class Estimate:
    """What a dataset will cost.

    Attributes:
        shapes: Shapes in it.
        photos: Photos in it.
        views: Reference views in it.
        worker_hours: Time of one worker.
        gigabytes: On disk.
        sampled: Shapes that were built to find out.
    """

    shapes: int
    photos: int
    views: int
    worker_hours: float
    gigabytes: float
    sampled: int


def estimate(recipe: Recipe) -> Estimate:
    """Build a few of the recipe's shapes in a temporary folder, and multiply.

    Raises:
        ConfigError: The recipe cannot be followed.
        ShapeError: None of the shapes tried can be used.
    """
    (sources, _), assets = list_sources(recipe), recipe.find_assets()
    seconds: list[float] = []
    sizes: list[int] = []
    refused = ""
    with tempfile.TemporaryDirectory(prefix="looking3d-") as scratch:
        store = LocalStore(Path(scratch))
        # Spread over the sources, whose shapes may differ; the first also pays for what is loaded once
        tried = np.unique(np.linspace(0, len(sources) - 1, 1 + SAMPLED).round().astype(int))
        for i in np.roll(tried, 1):
            start = time.perf_counter()
            reason = build_source(sources[i], recipe, sources, store, assets)
            taken = time.perf_counter() - start
            if reason:
                refused = f"{sources[i].id}: {reason}"
                continue
            folder = Path(scratch) / "shapes" / sources[i].id
            sizes.append(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()))
            seconds.append(taken)
            if sum(seconds) > _ENOUGH_SECONDS:
                break
    if not seconds:
        raise ShapeError(f"none of {len(tried)} shapes could be used; {refused}")
    warm = seconds[1:] or seconds
    return Estimate(
        shapes=len(sources),
        photos=len(sources) * recipe.photos_per_shape,
        views=len(sources) * recipe.views,
        worker_hours=float(np.mean(warm)) * len(sources) / 3600,
        gigabytes=float(np.mean(sizes)) * len(sources) / 1e9,
        sampled=len(warm),
    )
