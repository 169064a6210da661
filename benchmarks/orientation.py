"""Which way is up, and where is the front: fits the weights of the guesses, and measures them.

Without folders it fits the weights to the procedural families and prints them. With folders of shapes that
stand with +Y up, each is turned to each of six axes, written in each format, and judged as `enrol` does.

    python benchmarks/orientation.py
    python benchmarks/orientation.py --shapes my/models
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from rich.console import Console
from scipy.optimize import minimize

from looking3d.inspection.enrolment import facing, upright
from looking3d.inspection.enrolment.mirror import Mirror
from looking3d.inspection.enrolment.prepare import UP_HABIT, UP_PRIOR, sampled
from looking3d.render.raycast import Raycaster
from looking3d.shapes.find import find_shapes
from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.procedural import FAMILIES, generate
from looking3d.shapes.read import UP_AXES, read_shape

FRONTED = ("cabinet", "chair", "shelf")
"""Families whose front can be told from their back."""


@dataclass(frozen=True)
class Settings:
    """What is measured."""

    shapes: tuple[Path, ...] = ()
    """Folders of shapes, +Y up; without any, the weights are fitted."""
    count: int = 50
    """Shapes of each family to fit to."""
    seed: int = 1000
    """Of the first of them."""


def main(settings: Settings) -> None:
    """Fit, or measure."""
    console = Console(highlight=False, soft_wrap=True)
    if settings.shapes:
        measure([path for folder in settings.shapes for path in find_shapes(folder)], console)
    else:
        fit(settings, console)


def fit(settings: Settings, console: Console) -> None:
    """Print the weights of a conditional logit for either guess."""
    up, front = [], []
    for family in sorted(FAMILIES):
        for seed in range(settings.seed, settings.seed + settings.count):
            shape = generate(family, seed).normalized()
            points, normals = sampled(shape)
            mirror = Mirror(points)
            residuals = np.array([mirror.residual(axis) for axis in np.eye(3)])
            axes = ("y", *(name for name in upright.AXES if name != "y"))
            up.append([upright.features(points, normals, upright.AXES[a], mirror, residuals) for a in axes])
            if family in FRONTED:
                raycaster = Raycaster(shape)
                sides = (0.0, 90.0, 180.0, 270.0)
                front.append([facing.features(raycaster, points, side, mirror) for side in sides])
    for name, rows in (("up", np.array(up)), ("front", np.array(front))):
        weights = logit(rows)
        right = float(((rows @ weights).argmax(1) == 0).mean())
        console.print(f"{name}: {np.round(weights, 2).tolist()}; right: {right:.1%}")


def logit(rows: np.ndarray, decay: float = 0.01) -> np.ndarray:
    """(features,) weights that make the first of (n, candidates, features) the likeliest."""

    def loss(weights: np.ndarray) -> float:
        scores = rows @ weights
        scores = scores - scores.max(1, keepdims=True)
        return float((np.log(np.exp(scores).sum(1)) - scores[:, 0]).mean() + decay * weights @ weights)

    return minimize(loss, np.zeros(rows.shape[2])).x


def measure(paths: list[Path], console: Console) -> None:
    """Print how often up is right, by the axis that is up in the file and by the format."""
    formats = {
        "geometry alone": {},
        "OBJ, PLY, OFF": UP_HABIT,
        "STL": UP_PRIOR[".stl"],
        "glTF": UP_PRIOR[".glb"],
    }
    right = {(axis, name): 0 for axis in ("y", "z") for name in formats}
    wrong: dict[str, list[str]] = {}
    for path in paths:
        shape = read_shape(path)
        for axis in ("y", "z"):
            points, normals = sampled(turned(shape, UP_AXES[axis].T))
            for name, prior in formats.items():
                best = upright.guess_up(points, normals, prior, turned=False)[0]
                right[axis, name] += best.name == axis
                if best.name != axis:
                    wrong.setdefault(f"{axis} up, {name}", []).append(
                        f"{path.parent.name}/{path.stem} ({best.name}, {best.confidence:.0%})"
                    )
    for (axis, name), count in right.items():
        console.print(f"{axis} is up, {name}: {count} of {len(paths)} right")
    for case, shapes in wrong.items():
        console.print(f"wrong, {case}: {', '.join(shapes)}")


def turned(shape: PartShape, R: np.ndarray) -> PartShape:
    """The shape, turned."""
    return shape.with_parts(part.moved(R, np.zeros(3)) for part in shape.parts)


if __name__ == "__main__":
    main(tyro.cli(Settings))
