"""How to join several photos of one item into one verdict: ways to do it, compared on made items.

Each item is a procedural shape of a seed that no training uses; half of the items have one anomaly, the
same in all photos of the item, which are taken from around the object. It shows in one photo at least.
Every choice of 1, 2, 3 photos of an item, and all of them, is judged by every way.

    python benchmarks/together.py --keep /tmp/together.npz
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sklearn.metrics import roc_auc_score

from looking3d.anomalies import KINDS, AnomalyImpossible
from looking3d.dataset.quality import CHECK_PX, changed_pixels
from looking3d.geometry.camera import Camera, orbit
from looking3d.inspection.inspector import Inspector
from looking3d.inspection.reference import Reference
from looking3d.model.checkpoint import load_detector
from looking3d.model.detector import ALIGNED_FROM
from looking3d.model.query import Query
from looking3d.render.photo import draw_scene, get_renderer
from looking3d.render.raycast import Raycaster
from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.procedural import generate


@dataclass(frozen=True)
class Settings:
    """What to measure."""

    families: tuple[str, ...] = ("chair", "table")
    """Procedural families."""

    items: int = 80
    """Items of each family."""

    first: int = 960_000
    """Seed of the first."""

    photos: int = 4
    """Photos of each item."""

    image_px: int = 192
    """Width and height of the photos."""

    min_changed: float = 0.0025
    """An anomaly shows in a photo if this share of its pixels changes."""

    keep: Path | None = None
    """File to keep the scores in; if it is there, nothing is rendered."""


def main(settings: Settings) -> None:
    """Make the items, judge them, compare."""
    console = Console(highlight=False, width=130)
    if settings.keep is not None and settings.keep.is_file():
        with np.load(settings.keep) as stored:
            scores = {name: stored[name] for name in stored.files}
    else:
        scores = judged(settings)
        if settings.keep is not None:
            np.savez(settings.keep, **scores)
    compare(scores, console)


def judged(settings: Settings) -> dict[str, np.ndarray]:
    """Arrays (items, photos) of logit, alignment, trust (2 high, 1, 0) and shown; (items,) of anomalous."""
    detector = load_detector("align")
    rows = []
    for family in settings.families:
        for number in track(range(settings.items), family):
            rows.append(_item(family, settings.first + number, number % 2 == 1, settings, detector))
    return {
        "logit": np.array([row[0] for row in rows]),
        "alignment": np.array([row[1] for row in rows]),
        "trust": np.array([row[2] for row in rows]),
        "shown": np.array([row[3] for row in rows]),
        "anomalous": np.array([row[4] for row in rows]),
        "family": np.array([row[5] for row in rows]),
    }


def _item(family: str, seed: int, anomalous: bool, settings: Settings, detector):
    generator = np.random.default_rng(seed)
    shape = generate(family, seed).normalized()
    cameras = _around(generator, settings.photos, settings.image_px)
    item, shown = (
        _with_anomaly(family, seed, shape, cameras, generator, settings)
        if anomalous
        else (shape, [0] * len(cameras))
    )
    inspector = Inspector(Reference.of(shape), detector, foreground="network")
    renderer, scene = get_renderer("preview"), draw_scene(shape, generator)
    found = [inspector.inspect_one(Query(renderer.render(item, scene, camera))) for camera in cameras]
    probability = np.clip([one.probability for one in found], 1e-6, 1 - 1e-6)
    trust = [("low", "medium", "high").index(one.trust) for one in found]
    return (
        np.log(probability / (1 - probability)),
        [one.alignment for one in found],
        trust,
        shown,
        anomalous,
        family,
    )


def _around(generator: np.random.Generator, count: int, image_px: int) -> list[Camera]:
    """Cameras that share the round among them, in random order."""
    turn = generator.uniform(0, 2 * math.pi)
    azimuths = turn + 2 * math.pi * (np.arange(count) + generator.uniform(-0.2, 0.2, count)) / count
    elevations = np.radians(generator.uniform(20, 40, count))
    return [orbit(azimuths[i], elevations[i], image_px) for i in generator.permutation(count)]


def _with_anomaly(
    family: str,
    seed: int,
    shape: PartShape,
    cameras: list[Camera],
    generator: np.random.Generator,
    settings: Settings,
) -> tuple[PartShape, list[bool]]:
    """The shape with an anomaly, and in which photos it shows: one at least."""
    donors = [generate(family, seed + 10_000 + i).normalized() for i in range(4)]
    small = [camera.resized(CHECK_PX, CHECK_PX) for camera in cameras]
    raycaster = Raycaster(shape)
    while True:
        kind = list(KINDS)[generator.integers(len(KINDS))]
        part = shape.parts[generator.integers(len(shape.parts))]
        try:
            made = KINDS[kind](shape, part, donors, generator).shape
        except AnomalyImpossible:
            continue
        edited = Raycaster(made)
        changed = [changed_pixels(raycaster.draw(c), edited.draw(c)).mean() for c in small]
        shown = [bool(share >= settings.min_changed) for share in changed]
        if any(shown):
            return made, shown


def _softplus(logit: np.ndarray) -> np.ndarray:
    return np.logaddexp(0, logit)


def _top_2(logit: np.ndarray, weight: np.ndarray) -> np.ndarray:
    ordered = np.sort(np.where(weight > 0, logit, -np.inf), axis=-1)[..., -2:]
    finite = np.isfinite(ordered)
    return np.where(finite, ordered, 0).sum(-1) / np.maximum(finite.sum(-1), 1)


def _mean(logit: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return (logit * weight).sum(-1) / np.maximum(weight.sum(-1), 1e-9)


def _power(sharpness: float) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Between mean (0) and maximum (infinity) of the logits."""

    def rule(logit: np.ndarray, weight: np.ndarray) -> np.ndarray:
        summed = np.log(np.maximum((weight * np.exp(sharpness * logit)).sum(-1), 1e-300))
        return (summed - np.log(np.maximum(weight.sum(-1), 1e-9))) / sharpness

    return rule


def _half(logit: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Halfway between the mean and the maximum."""
    return (_mean(logit, weight) + _maximum(logit, weight)) / 2


def _maximum(logit: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return np.where(weight > 0, logit, -30).max(-1)


RULES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "maximum": _maximum,
    "mean of top 2": _top_2,
    "mean probability": lambda logit, weight: np.log(
        np.maximum(_mean(1 / (1 + np.exp(-logit)), weight), 1e-9)
        / np.maximum(1 - _mean(1 / (1 + np.exp(-logit)), weight), 1e-9)
    ),
    "mean logit": _mean,
    "noisy or": lambda logit, weight: np.log(np.maximum(np.expm1((weight * _softplus(logit)).sum(-1)), 1e-9)),
    "soft maximum, 0.25": _power(0.25),
    "soft maximum, 0.5": _power(0.5),
    "soft maximum, 1": _power(1.0),
    "mean and maximum": _half,
}
"""(items, photos) logits and weights -> (items,) logits."""

WEIGHTS: dict[str, Callable[[dict[str, np.ndarray]], np.ndarray]] = {
    "all alike": lambda s: np.ones_like(s["logit"]),
    "aligned": lambda s: (s["alignment"] >= ALIGNED_FROM).astype(float),
    "aligned, by trust": lambda s: (s["alignment"] >= ALIGNED_FROM) * np.array([0.25, 0.5, 1.0])[s["trust"]],
    "by alignment": lambda s: np.clip((s["alignment"] - ALIGNED_FROM) / 0.4, 0, 1),
}


def compare(scores: dict[str, np.ndarray], console: Console) -> None:
    """Print AUROC by the number of photos, and what happens at 0.5 with all of them."""
    anomalous = scores["anomalous"].astype(bool)
    count = scores["logit"].shape[1]
    shown = scores["shown"][anomalous].sum(1).mean()
    unaligned = (scores["alignment"] < ALIGNED_FROM).mean()
    console.print(
        f"{len(anomalous)} items, {anomalous.sum()} anomalous; the anomaly shows in {shown:.1f} of {count} "
        f"photos; {unaligned:.1%} of photos not aligned"
    )
    for name, weigh in WEIGHTS.items():
        table = Table(title=f"weights: {name}", title_justify="left")
        for head in (
            "",
            *(f"{n} photos" for n in range(1, count + 1)),
            f"found at 0.5, {count}",
            "false alarms",
        ):
            table.add_column(head, justify="right" if head else "left")
        for rule_name, rule in RULES.items():
            table.add_row(rule_name, *_figures(rule, scores["logit"], weigh(scores), anomalous))
        console.print(table)


def _figures(rule, logit: np.ndarray, weight: np.ndarray, anomalous: np.ndarray) -> list[str]:
    count = logit.shape[1]

    def joined_by(photos: list[int]) -> np.ndarray:
        # An item without a photo that counts has no opinion.
        counts = weight[:, photos].sum(1) > 0
        return np.where(counts, rule(logit[:, photos], weight[:, photos]), 0)

    cells = []
    for size in range(1, count + 1):
        values = []
        for chosen in itertools.combinations(range(count), size):
            values.append(roc_auc_score(anomalous, joined_by(list(chosen))))
        cells.append(f"{np.mean(values):.3f}")
    joined = (joined_by(list(range(count))) >= 0) & (weight.sum(1) > 0)
    return [*cells, f"{joined[anomalous].mean():.0%}", f"{joined[~anomalous].mean():.0%}"]


if __name__ == "__main__":
    main(tyro.cli(Settings))
