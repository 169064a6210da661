"""Which part is concerned: ways to tell it from the heat map, measured on photos of known anomalies.

Counted are photos of anomalies that were found: aligned, of a probability of 0.5 or more, with a cell that
stands out. `seen`: only those whose part the reference shows from that side at all.

    looking3d generate --out data --shapes chair --first-shape 940000 --renderer preview --split 0 0 1
    python benchmarks/parts.py data
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import tyro
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy import ndimage

from looking3d.dataset.load import Dataset
from looking3d.dataset.schema import SHAPES
from looking3d.errors import PhotoError
from looking3d.inspection.reference import load_reference
from looking3d.model.checkpoint import load_detector
from looking3d.model.concerned_part import part_scores
from looking3d.model.detector import ALIGNED_FROM
from looking3d.model.heat_regions import HEAT_FROM
from looking3d.model.query import Query

PX = 128
NEAR_PX = 4.0


@dataclass(frozen=True)
class Settings:
    """What to measure on."""

    data: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """Datasets made by `looking3d generate`; every photo with an anomaly is used."""


@dataclass(frozen=True)
class Found:
    """A photo whose anomaly was found: heat and parts in its window, the truth."""

    heat: np.ndarray
    part: np.ndarray
    truth: int
    labels: list[str]
    kind: str


def main(settings: Settings) -> None:
    """Inspect, then compare the rules."""
    found = [one for path in settings.data for one in _found(Dataset.open(path))]
    compare(found, Console(width=140))


def _found(dataset: Dataset) -> list[Found]:
    detector = load_detector("align")
    found = []
    for shape_id, samples in track(dataset.by_shape("all").items(), str(dataset.path)):
        reference = load_reference(dataset.path / SHAPES / shape_id / "mesh.glb")
        enrolled = detector.enrol(reference.raycaster)
        ids = [part.id for part in reference.shape.parts]
        labels = [part.label for part in reference.shape.parts]
        for sample in samples:
            if not sample.anomalous:
                continue
            try:
                detection = detector.detect([Query(dataset.photo(sample))], enrolled)[0]
            except PhotoError:
                continue
            stands_out = detection.heat_map.max() >= HEAT_FROM
            if detection.probability < 0.5 or detection.alignment < ALIGNED_FROM or not stands_out:
                continue
            part = reference.raycaster.draw(detection.window.camera(detection.camera, PX)).part
            found.append(Found(detection.heat_map, part, ids.index(sample.part_id), labels, sample.kind))
    return found


def spread(part: np.ndarray) -> np.ndarray:
    """The part map, with pixels just outside given to the nearest part."""
    distance, (rows, columns) = ndimage.distance_transform_edt(part < 0, return_indices=True)
    return np.where(distance <= NEAR_PX, part[rows, columns], -1)


def tversky(misses: float, extra: float, power: float = 1.0, near: bool = True) -> Callable:
    """Overlap of heat and part, over itself and what either has alone, weighted."""

    def rule(heat: np.ndarray, part: np.ndarray, count: int) -> np.ndarray:
        heat = heat**power
        both, size = _sums(heat, part, count, near)
        return both / (both + misses * (heat.sum() - both) + extra * (size - both) + 1e-9)

    return rule


def over_size(exponent: float, power: float = 1.0, near: bool = True) -> Callable:
    """Heat on the part over its size to a power: 0 is the sum, 1 the mean."""

    def rule(heat: np.ndarray, part: np.ndarray, count: int) -> np.ndarray:
        both, size = _sums(heat**power, part, count, near)
        return both / np.maximum(size, 1) ** exponent

    return rule


def likelihood(heat: np.ndarray, part: np.ndarray, count: int) -> np.ndarray:
    """How likely the heat is if just this part is hot."""
    near = spread(part)
    logit = np.log(np.clip(heat, 0.01, 0.99) / (1 - np.clip(heat, 0.01, 0.99)))
    return np.array([logit[near == i].sum() if (near == i).any() else -np.inf for i in range(count)])


def _sums(heat: np.ndarray, part: np.ndarray, count: int, near: bool) -> tuple[np.ndarray, np.ndarray]:
    owner = spread(part) if near else part
    both = np.bincount(owner[owner >= 0], heat[owner >= 0], minlength=count)
    return both, np.bincount(part[part >= 0], minlength=count).astype(float)


RULES: dict[str, Callable[[np.ndarray, np.ndarray, int], np.ndarray]] = {
    "heat": over_size(0),
    "heat, not spread": over_size(0, near=False),
    "heat / size^0.25": over_size(0.25),
    "heat / size^0.5": over_size(0.5),
    "heat / size^0.75": over_size(0.75),
    "mean heat": over_size(1),
    "heat^2 / size^0.5": over_size(0.5, 2),
    "Dice": tversky(0.5, 0.5),
    "Dice, not spread": tversky(0.5, 0.5, near=False),
    "Dice of heat^2": tversky(0.5, 0.5, 2),
    "Tversky 0.3 0.7": tversky(0.3, 0.7),
    "Tversky 0.7 0.3": tversky(0.7, 0.3),
    "Tversky 0.9 0.1": tversky(0.9, 0.1),
    "Jaccard": tversky(1, 1),
    "Tversky 0.3 0.7 of heat^2": tversky(0.3, 0.7, 2),
    "likelihood": likelihood,
    "as inspect does": part_scores,
}


def compare(found: list[Found], console: Console) -> None:
    """Print how often each rule names the right part, and a part of the right label."""
    kinds = sorted({one.kind for one in found})
    seen = [bool((one.part == one.truth).any()) for one in found]
    console.print(f"{len(found)} photos; the reference shows the part in {np.mean(seen):.1%}")
    table = Table()
    for head in ("", *kinds, "overall", "seen", "right label", "chance"):
        table.add_column(head, justify="right" if head else "left")
    for name, rule in RULES.items():
        chosen = [int(np.argmax(rule(_large(one.heat), one.part, len(one.labels)))) for one in found]
        right = np.array([choice == one.truth for choice, one in zip(chosen, found)])
        label = [one.labels[choice] == one.labels[one.truth] for choice, one in zip(chosen, found)]
        chance = [1 / max(len(np.unique(one.part[one.part >= 0])), 1) for one in found]
        by_kind = [np.mean([r for r, one in zip(right, found) if one.kind == kind]) for kind in kinds]
        figures = [*by_kind, right.mean(), right[seen].mean(), np.mean(label), np.mean(chance)]
        table.add_row(name, *(f"{figure:.0%}" for figure in figures))
    console.print(table)


def _large(heat: np.ndarray) -> np.ndarray:
    return cv2.resize(heat, (PX, PX), interpolation=cv2.INTER_LINEAR)


if __name__ == "__main__":
    main(tyro.cli(Settings))
