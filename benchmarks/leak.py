"""Does anything but geometry tell anomalous photos from normal ones?

Makes a dataset in which the photos that are labelled anomalous show the reference itself, then trains two
detectors that see no reference: a network that sees the photo, and boosted trees that see everything
around it (size and number of the file, camera, mean colours). Both should stay at an AUROC of 0.50. As a
control that the network can learn at all, it is trained on the same photos to tell whether the camera
stands in front of the object or behind it.

    python benchmarks/leak.py --out data/leak --renderer mitsuba --workers 2
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import torch
import tyro
from rich.console import Console
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from torch import nn

from looking3d.dataset.build import build_dataset
from looking3d.dataset.engine import LocalEngine
from looking3d.dataset.load import Dataset
from looking3d.dataset.recipe import Recipe
from looking3d.dataset.schema import Sample

INPUT_PX = 64


@dataclass(frozen=True)
class Settings:
    """What to measure."""

    out: Path
    """Folder of the dataset; made if it is not there."""

    shapes: tuple[str, ...] = ("chair",)
    """As of `looking3d generate`."""

    count: int = 63
    """Shapes of each family; 16 photos each."""

    renderer: Literal["mitsuba", "preview", "blender"] = "mitsuba"
    """What makes the photos."""

    workers: int = 1
    """Processes that make them."""

    epochs: int = 12
    """Passes of the network over its photos."""

    folds: int = 5
    """Parts of the shapes; each is predicted by a detector that was trained on the others."""


def main(settings: Settings) -> None:
    """Make the photos, train, print a line a detector."""
    recipe = Recipe(
        shapes=settings.shapes,
        count=settings.count,
        first_shape=700000,
        renderer=settings.renderer,
        image_px=128,
        views=1,
        views_px=32,
        placebo=True,
    )
    build_dataset(recipe, settings.out, LocalEngine(settings.workers))
    dataset = Dataset.open(settings.out)
    samples = dataset.split("all")
    photos = np.stack([_small(dataset.photo(sample)) for sample in samples])
    shape_of = np.unique([sample.shape_id for sample in samples], return_inverse=True)[1]
    anomalous = np.array([sample.anomalous for sample in samples])
    behind = np.array([math.cos(sample.azimuth_rad) < 0 for sample in samples])
    facts = np.array([_facts(dataset, sample) for sample in samples])
    console = Console()
    console.print(f"{len(samples)} photos of {shape_of.max() + 1} shapes, {anomalous.sum()} called anomalous")
    for name, target, predict, x in (
        ("network on photos", anomalous, _network, photos),
        ("trees on all else", anomalous, _trees, facts),
        ("control: network, front or back", behind, _network, photos),
    ):
        scores = _held_out(predict, x, target, shape_of, settings)
        low, high = _interval(target, scores, shape_of)
        console.print(f"{name}: AUROC {roc_auc_score(target, scores):.3f} ({low:.3f} to {high:.3f})")


def _small(photo: np.ndarray) -> np.ndarray:
    """(3, INPUT_PX, INPUT_PX) float32 in [-1, 1]."""
    small = cv2.resize(photo, (INPUT_PX, INPUT_PX), interpolation=cv2.INTER_AREA)
    return small.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1


def _facts(dataset: Dataset, sample: Sample) -> list[float]:
    """Everything around a photo that might tell its class."""
    path = dataset.path / "shapes" / sample.shape_id / sample.photo
    photo = dataset.photo(sample)
    return [
        path.stat().st_size,
        int(path.name[:3]),
        sample.azimuth_rad,
        sample.elevation_rad,
        sample.seed,
        *photo.mean((0, 1)),
        *photo.std((0, 1)),
        float((photo < 250).any(-1).mean()),
    ]


def _held_out(predict, x, target, shape_of, settings: Settings) -> np.ndarray:
    """(n,) scores of each photo by a detector that saw no photo of its shape."""
    scores = np.zeros(len(x))
    for train, test in GroupKFold(settings.folds).split(x, target, shape_of):
        scores[test] = predict(x[train], target[train], x[test], settings)
    return scores


def _trees(x: np.ndarray, target: np.ndarray, unseen: np.ndarray, settings: Settings) -> np.ndarray:
    model = HistGradientBoostingClassifier(max_iter=100, random_state=0)
    return model.fit(x, target).predict_proba(unseen)[:, 1]


def _network(x: np.ndarray, target: np.ndarray, unseen: np.ndarray, settings: Settings) -> np.ndarray:
    torch.manual_seed(0)
    widths = (3, 32, 64, 128, 128)
    layers = [
        nn.Sequential(nn.Conv2d(a, b, 3, 2, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU())
        for a, b in itertools.pairwise(widths)
    ]
    network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(widths[-1], 1))
    batch = 32
    steps = settings.epochs * math.ceil(len(x) / batch)
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    generator = np.random.default_rng(0)
    network.train()
    for _ in range(settings.epochs):
        order = generator.permutation(len(x))
        for start in range(0, len(x), batch):
            chosen = order[start : start + batch]
            logits = network(torch.from_numpy(x[chosen]))[:, 0]
            wanted = torch.from_numpy(target[chosen].astype(np.float32))
            loss = nn.functional.binary_cross_entropy_with_logits(logits, wanted)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    network.eval()
    with torch.no_grad():
        return network(torch.from_numpy(unseen))[:, 0].numpy()


def _interval(target: np.ndarray, scores: np.ndarray, shape_of: np.ndarray) -> tuple[float, float]:
    """95 % interval of the AUROC by bootstrap over shapes."""
    generator = np.random.default_rng(0)
    rows = [np.flatnonzero(shape_of == shape) for shape in range(shape_of.max() + 1)]
    values = []
    for _ in range(500):
        drawn = np.concatenate([rows[i] for i in generator.integers(len(rows), size=len(rows))])
        if target[drawn].any() and not target[drawn].all():
            values.append(roc_auc_score(target[drawn], scores[drawn]))
    return float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975))


if __name__ == "__main__":
    main(tyro.cli(Settings))
