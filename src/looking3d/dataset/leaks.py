"""Whether shapes of different splits are the same, by id, source, or geometry."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from looking3d.dataset.load import Dataset
from looking3d.dataset.stored_reference import GeneratedReference

_ROUNDED = 1e-4  # world units; the object's sphere has radius 0.8


@dataclass(frozen=True)
class Leak:
    """Shapes of different splits that are one.

    Attributes:
        what: What they share: id, source, or geometry.
        shapes: (dataset, split, shape id) of each.
    """

    what: str
    shapes: tuple[tuple[str, str, str], ...]

    def __str__(self) -> str:
        where = ", ".join(f"{shape} in {split} of {dataset}" for dataset, split, shape in self.shapes)
        return f"same {self.what}: {where}"


def find_leaks(
    datasets: list[Dataset], on_progress: Callable[[int, int], None] = lambda done, total: None
) -> list[Leak]:
    """Shapes that stand in more than one split, within the datasets and between them.

    Args:
        datasets: Looked at together, so that a test set can be held against a training set.
        on_progress: Called with (shapes done, shapes in all).
    """
    total = sum(len(ids) for dataset in datasets for ids in dataset.splits.values())
    found: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    done = 0
    for dataset in datasets:
        for split, ids in dataset.splits.items():
            for shape_id in ids:
                where = (str(dataset.path), split, shape_id)
                for key in _keys(dataset, shape_id):
                    found.setdefault(key, []).append(where)
                done += 1
                on_progress(done, total)
    return [
        Leak(what, tuple(where))
        for (what, _), where in sorted(found.items())
        if len({split for _, split, _ in where}) > 1
    ]


def _keys(dataset: Dataset, shape_id: str) -> list[tuple[str, str]]:
    reference = dataset.reference(shape_id)
    if isinstance(reference, GeneratedReference):
        geometry = reference.arrays("vertices")["vertices"]
    else:
        geometry = reference.points[reference.valid]
    # Sorted and rounded, so that the order of vertices and the last digits do not matter.
    rounded = np.unique(np.round(geometry.astype(np.float64) / _ROUNDED).astype(np.int64), axis=0)
    digest = hashlib.sha256(rounded.tobytes()).hexdigest()
    return [("id", shape_id), ("source", reference.source), ("geometry", digest)]
