"""Which way of finding the object serves best, on which ground?

Renders objects that no training saw over white, plain and real grounds, looks for the object in each way
that `looking3d inspect --foreground` offers, and prints a line each: how well the model is laid on the
object, and what the verdicts are worth. Real grounds are pieces of environment maps (a folder of .hdr
files) behind the object, its shadow on them.

    python benchmarks/foregrounds.py --backdrops hdri --shapes chair
"""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import tyro
from rich.console import Console
from rich.table import Table
from sklearn.metrics import roc_auc_score

from looking3d.anomalies import KINDS, AnomalyImpossible
from looking3d.errors import PhotoError
from looking3d.geometry.camera import Camera, orbit
from looking3d.inspection.inspector import Inspector
from looking3d.inspection.reference import Reference
from looking3d.model.checkpoint import load_detector
from looking3d.model.query import Query, mask_iou
from looking3d.photos.foreground import ForegroundConfig
from looking3d.render.ground import Background
from looking3d.render.photo import PhotoScene, draw_scene, get_renderer
from looking3d.render.raycast import Raycaster
from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.procedural import generate
from looking3d.shapes.read import read_shape

FIRST_SHAPE = 600_000  # of a procedural family; in no training set
WIDTH, HEIGHT = 384, 288


@dataclass(frozen=True)
class Settings:
    """What to measure."""

    backdrops: Path | None = None
    """Folder of .hdr environment maps; by default there are no real grounds."""

    shapes: tuple[str, ...] = ("chair",)
    """Names of procedural families, and files or folders of shapes."""

    count: int = 12
    """Shapes of each family."""

    photos: int = 4
    """Of each shape on each ground; half of them anomalous."""

    renderer: str = "preview"
    """What makes the photos."""

    methods: tuple[str, ...] = ("network", "plain", "grabcut", "auto", "box", "mask")
    """Ways to find the object; `box` is given a loose one, `mask` the true outline."""

    seed: int = 0
    """Decides every photo."""


@dataclass(frozen=True, eq=False)
class Backdrop(Background):
    """A piece of an environment map where the sheet would be; the shadow falls on it as on a sheet."""

    piece: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros((1, 1, 3), np.float32))

    def image(self, height: int, width: int) -> np.ndarray:
        """(height, width, 3) float32 sRGB in [0, 1]."""
        return cv2.resize(self.piece, (width, height), interpolation=cv2.INTER_LINEAR)


@dataclass(frozen=True, eq=False)
class Case:
    """A photo of which everything is known."""

    ground: str
    shape: PartShape
    query: Query
    anomalous: bool


def main(settings: Settings) -> None:
    """Print a table: a row a ground and a way."""
    photos = list(cases(settings))
    table = Table()
    for column in ("ground", "foreground", "drawing IoU", "over 0.8", "aligned", "AUROC", "right", "taken"):
        table.add_column(column)
    generator = np.random.default_rng(settings.seed)
    boxes = {
        case.query.name: loose_box(case.query.mask, generator)
        for case in photos
        if case.query.mask is not None
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "boxes.json"
        path.write_text(json.dumps(boxes))
        configs = {
            method: ForegroundConfig(method) for method in settings.methods if method not in ("box", "mask")
        }
        configs |= {"box": ForegroundConfig("box", boxes=path), "mask": ForegroundConfig()}
        rows = judged(settings.methods, photos, configs)
    grounds = dict.fromkeys(case.ground for case in photos)
    for ground in grounds:
        for method in settings.methods:
            table.add_row(ground, method, *summary(rows[ground, method]))
    Console(width=140).print(table)


def judged(
    methods: tuple[str, ...], photos: list[Case], configs: dict[str, ForegroundConfig]
) -> dict[tuple[str, str], list[tuple]]:
    """What came of each photo, by ground and way."""
    detector = load_detector("align")
    rows: dict[tuple[str, str], list[tuple]] = {}
    for method in methods:
        inspector: Inspector | None = None
        for case in photos:
            if inspector is None or inspector.reference.shape is not case.shape:
                reference = Reference(case.shape.id, case.shape, Raycaster(case.shape))
                inspector = Inspector(reference, detector, 0.5, configs[method])
            rows.setdefault((case.ground, method), []).append(judge(inspector, case, method == "mask"))
    return rows


def judge(inspector: Inspector, case: Case, told: bool) -> tuple[float, float, float, bool, str]:
    """IoU of the drawn model with the object, alignment, probability, truth, and which way was taken."""
    truth = case.query.mask
    assert truth is not None
    query = case.query if told else dataclasses.replace(case.query, mask=None)
    try:
        found = inspector.inspect_one(query)
    except PhotoError:
        return 0.0, 0.0, 0.5, case.anomalous, "none"
    assert found.foreground is not None
    drawn = inspector.reference.raycaster.draw(found.detection.camera).mask
    iou = mask_iou(drawn, truth)
    return iou, found.alignment, found.probability, case.anomalous, found.foreground.method


def loose_box(mask: np.ndarray, generator: np.random.Generator) -> list[float]:
    """x, y, width, height of a box such as a person draws: up to 6 % of its longer side too large."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    left, top, right, bottom = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    slack = generator.uniform(0, 0.06, 4) * max(right - left, bottom - top)
    x, y = float(left - slack[0]), float(top - slack[1])
    return [x, y, float(right + slack[2]) - x, float(bottom + slack[3]) - y]


def summary(rows: list[tuple[float, float, float, bool, str]]) -> list[str]:
    """The cells of a row."""
    iou, alignment, probability, anomalous, taken = (np.array(column) for column in zip(*rows))
    aligned = alignment >= 0.5
    right = aligned & ((probability >= 0.5) == anomalous)
    ways, counts = np.unique(taken, return_counts=True)
    return [
        f"{iou.mean():.3f}",
        f"{(iou > 0.8).mean():.0%}",
        f"{aligned.mean():.0%}",
        f"{roc_auc_score(anomalous, probability):.3f}",
        f"{right.mean():.0%}",
        ", ".join(f"{way} {count}" for way, count in zip(ways, counts)),
    ]


def cases(settings: Settings) -> Iterator[Case]:
    """The photos, shape by shape."""
    backdrops = [] if settings.backdrops is None else sorted(settings.backdrops.glob("*.hdr"))
    maps = [_tone(cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., ::-1]) for path in backdrops]
    renderer = get_renderer(settings.renderer)
    shapes = list(_shapes(settings))
    for number, shape in enumerate(shapes):
        for i in range(settings.photos):
            generator = np.random.default_rng((settings.seed, number, i))
            shown = _anomalous(shape, shapes, generator) if i % 2 else shape
            camera = _camera(generator)
            mask = Raycaster(shown).draw(camera).mask
            for ground in ("white", "plain", *(["real"] if maps else [])):
                style = "white" if ground == "real" else ground
                scene = draw_scene(shape, np.random.default_rng((settings.seed, number, i, 1)), style)
                if ground == "real":
                    scene = _before(scene, maps[generator.integers(len(maps))], camera, generator)
                image = renderer.render(shown, scene, camera)
                yield Case(ground, shape, Query(image, mask, f"{ground}-{shape.id}-{i}"), bool(i % 2))


def _shapes(settings: Settings) -> Iterator[PartShape]:
    for name in settings.shapes:
        if Path(name).exists():
            yield read_shape(Path(name)).normalized()
        else:
            for i in range(settings.count):
                yield generate(name, FIRST_SHAPE + i).normalized()


def _anomalous(shape: PartShape, donors: list[PartShape], generator: np.random.Generator) -> PartShape:
    others = [donor for donor in donors if donor is not shape]
    while True:
        kind = KINDS[str(generator.choice(sorted(KINDS)))]
        part = shape.parts[generator.integers(len(shape.parts))]
        try:
            return kind(shape, part, others, generator).shape
        except AnomalyImpossible:
            continue


def _camera(generator: np.random.Generator) -> Camera:
    """The paper's, but of a photo that is not square, with the object somewhere in it."""
    base = orbit(generator.uniform(0, 2 * np.pi), np.radians(generator.uniform(15, 40)), HEIGHT)
    scale = generator.uniform(0.8, 1.0)
    center_px = np.array([WIDTH / 2 + generator.uniform(-30, 30), HEIGHT / 2])
    return dataclasses.replace(base, focal_px=base.focal_px * scale, center_px=center_px, width=WIDTH)


def _before(
    scene: PhotoScene, radiance: np.ndarray, camera: Camera, generator: np.random.Generator
) -> PhotoScene:
    """The scene with an environment map behind it, as this camera sees it at some turn."""
    _, directions = camera.rays()
    x, y, z = np.moveaxis(directions / np.linalg.norm(directions, axis=-1, keepdims=True), -1, 0)
    height, width = radiance.shape[:2]
    u = ((np.arctan2(x, z) / (2 * np.pi) + generator.random()) % 1.0) * width
    v = np.arccos(np.clip(y, -1, 1)) / np.pi * height
    at = u.astype(np.float32), v.astype(np.float32)
    piece = cv2.remap(radiance, *at, cv2.INTER_LINEAR, None, cv2.BORDER_WRAP)
    background = Backdrop((1, 1, 1), (1, 1, 1), scene.background.shadow, piece=piece)
    return dataclasses.replace(scene, background=background)


def _tone(radiance: np.ndarray) -> np.ndarray:
    """(height, width, 3) float32 sRGB in [0, 1] of an environment map, its median at middle grey."""
    exposed = radiance.astype(np.float32) * (0.25 / np.median(radiance.mean(-1)))
    return np.clip(exposed / (1 + exposed) * 1.6, 0, 1) ** np.float32(1 / 2.2)


if __name__ == "__main__":
    main(tyro.cli(Settings))
