"""Small things that tests of several packages look at."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import trimesh

from looking3d.dataset.build import build_dataset
from looking3d.dataset.recipe import Recipe
from looking3d.shapes.part_shape import Part, PartShape


def ell() -> PartShape:
    """An L of two boxes, unlike from every side."""
    boxes = {"foot": ([1.0, 0.2, 0.6], [0, 0, 0]), "post": ([0.2, 0.9, 0.3], [0.4, 0.5, 0.1])}
    parts = []
    for name, (size, at) in boxes.items():
        mesh = trimesh.creation.box(size)
        parts.append(Part(name, f"part/{name}", np.asarray(mesh.vertices) + at, np.asarray(mesh.faces)))
    return PartShape("ell", tuple(parts))


def small_dataset(folder: Path, **settings: Any) -> Path:
    """A dataset of small photos by the fast renderer in a folder; `settings` are those of a recipe."""
    small: dict[str, Any] = {"count": 3, "renderer": "preview", "image_px": 64, "views": 1, "views_px": 64}
    build_dataset(Recipe(**{**small, **settings}), folder / "set")
    return folder / "set"


def digits(predictions: Path) -> list[dict]:
    """All of a file of predictions but what depends on the clock."""
    return [
        {k: v for k, v in row.items() if k != "seconds"} for row in pq.read_table(predictions).to_pylist()
    ]
