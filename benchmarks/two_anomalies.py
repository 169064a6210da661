"""Two anomalies in one photo: are both found?

Each photo shows a procedural shape of a seed that no training uses, with two of its parts edited in places
that lie apart in the picture. A place is hit if a region that stands out touches what changed there; it is
boxed if a box of its own overlaps that around the change by 0.3 or more.

    python benchmarks/two_anomalies.py --sheet two.png
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import tyro
from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

from looking3d.anomalies import KINDS, AnomalyImpossible
from looking3d.dataset.quality import CHECK_PX, box_around, changed_pixels
from looking3d.geometry.box import intersection_over_union
from looking3d.geometry.camera import Camera, orbit
from looking3d.inspection.inspector import Inspection, Inspector
from looking3d.inspection.reference import Reference
from looking3d.model.checkpoint import load_detector
from looking3d.model.heat_regions import HEAT_FROM
from looking3d.model.query import Query
from looking3d.photos.foreground_config import Method
from looking3d.render.photo import draw_scene, get_renderer
from looking3d.render.raycast import Drawing, Raycaster
from looking3d.shapes.part_shape import Part, PartShape
from looking3d.shapes.procedural import FAMILIES, generate

_APART_PX = 4  # of 128: what lies nearer is one place
_OVERLAP = 0.3


@dataclass(frozen=True)
class Settings:
    """What to measure."""

    families: tuple[str, ...] = tuple(FAMILIES)
    """Procedural families."""

    photos: int = 20
    """Photos of each family, of a shape each."""

    first: int = 970_000
    """Seed of the first shape."""

    weights: str = "align"
    """What `looking3d evaluate --weights` takes."""

    elevation_deg: tuple[float, float] = (10.0, 60.0)
    """Lowest and highest elevation of the cameras."""

    min_changed: float = 0.004
    """Each anomaly changes at least this share of the image's pixels."""

    foreground: Method = "network"
    """How the object is found."""

    sheet: Path | None = None
    """A picture of the photos, boxes of what changed in green, of what was found in red."""


@dataclass(frozen=True, eq=False)
class Shown:
    """A photo of two anomalies.

    Attributes:
        shape: The item.
        kinds: Of its anomalies.
        changed: (2, size, size) bool, where each of them shows.
    """

    shape: PartShape
    kinds: tuple[str, str]
    changed: np.ndarray


def main(settings: Settings) -> None:
    """Make the photos, inspect them, count."""
    detector, renderer = load_detector(settings.weights), get_renderer("preview")
    rows, tiles = [], []
    for family in settings.families:
        for seed in track(range(settings.first, settings.first + settings.photos), family):
            generator = np.random.default_rng(seed)
            reference = generate(family, seed).normalized()
            donors = [generate(family, seed + 500_000 + i).normalized() for i in range(3)]
            elevation = np.radians(generator.uniform(*settings.elevation_deg))
            camera = orbit(generator.uniform(0, 2 * np.pi), elevation, 256)
            shown = _two(reference, donors, camera, generator, settings.min_changed)
            if shown is None:
                continue
            photo = renderer.render(shown.shape, draw_scene(reference, generator), camera)
            inspector = Inspector(Reference.of(reference), detector, foreground=settings.foreground)
            found = inspector.inspect_one(Query(photo))
            rows.append((family, shown.kinds, *_hits(found, shown.changed)))
            tiles.append(_tile(photo, found, shown.changed))
    _print(rows)
    if settings.sheet is not None and tiles:
        Image.fromarray(_sheet(tiles[:: max(1, len(tiles) // 48)][:48])).save(settings.sheet)


def _two(
    reference: PartShape,
    donors: list[PartShape],
    camera: Camera,
    generator: np.random.Generator,
    min_changed: float,
) -> Shown | None:
    """The reference with two anomalies that this camera sees in places apart; None if none is drawn."""
    check = camera.cropped(0, 0, camera.width, camera.height, (CHECK_PX, CHECK_PX))
    before = Raycaster(reference).draw(check)
    first = _one(reference, reference.parts, donors, before, check, generator, min_changed)
    if first is None:
        return None
    shape, kind, part = first
    middle = Raycaster(shape).draw(check)
    near = cv2.dilate(changed_pixels(before, middle).astype(np.uint8), np.ones((2 * _APART_PX + 1,) * 2)) > 0
    for _ in range(4):
        others = [other for other in shape.parts if other.id != part]
        second = _one(shape, others, donors, middle, check, generator, min_changed)
        if second is None:
            return None
        changed = changed_pixels(middle, Raycaster(second[0]).draw(check))
        if not (changed & near).any():
            large = [
                cv2.resize(mask.astype(np.uint8), (camera.width, camera.height)) > 0
                for mask in (changed_pixels(before, middle), changed)
            ]
            return Shown(second[0], (kind, second[1]), np.stack(large))
    return None


def _one(
    shape: PartShape,
    parts: tuple[Part, ...] | list[Part],
    donors: list[PartShape],
    seen: Drawing,
    camera: Camera,
    generator: np.random.Generator,
    min_changed: float,
) -> tuple[PartShape, str, str] | None:
    """An anomaly that shows: the shape, its kind, the id of the part."""
    for _ in range(12):
        kind = str(generator.choice(list(KINDS)))
        part = parts[generator.integers(len(parts))]
        try:
            anomaly = KINDS[kind](shape, part, donors, generator)
        except AnomalyImpossible:
            continue
        drawing = Raycaster(anomaly.shape).draw(camera)
        if changed_pixels(seen, drawing).mean() >= min_changed and drawing.mask.mean() > 0.01:
            return anomaly.shape, kind, part.id
    return None


def _hits(found: Inspection, changed: np.ndarray) -> tuple[bool, int, int]:
    """Whether it is called anomalous; how many places are hit; how many have a box of their own."""
    boxes = list(found.boxes) if found.aligned else []
    width, height = found.size
    heat = found.detection.heat_map_at(width, height)
    hit = sum(bool((heat[place] >= HEAT_FROM).any()) for place in changed) if found.aligned else 0
    boxed = 0
    for place in changed:
        overlaps = [intersection_over_union(box, box_around(place)) for box in boxes]
        if overlaps and max(overlaps) >= _OVERLAP:
            boxed += 1
            boxes.pop(int(np.argmax(overlaps)))
    return found.verdict == "anomalous", hit, boxed


def _print(rows: list[tuple]) -> None:
    table = Table(title=f"{len(rows)} photos of two anomalies")
    for head in ("", "photos", "called anomalous", "one hit", "both hit", "both boxed"):
        table.add_column(head, justify="right" if head else "left")
    for family in [*dict.fromkeys(row[0] for row in rows), "all"]:
        of_it = [row for row in rows if family in (row[0], "all")]
        shares = (
            np.mean([row[2] for row in of_it]),
            np.mean([row[3] >= 1 for row in of_it]),
            np.mean([row[3] == 2 for row in of_it]),
            np.mean([row[4] == 2 for row in of_it]),
        )
        table.add_row(family, str(len(of_it)), *(f"{share:.0%}" for share in shares))
    Console().print(table)


def _tile(photo: np.ndarray, found: Inspection, changed: np.ndarray) -> np.ndarray:
    tile = np.concatenate([photo, found.overlay()], 1)
    for place in changed:
        x, y, width, height = box_around(place)
        cv2.rectangle(tile, (x, y), (x + width, y + height), (0, 140, 0), 1)
    for x, y, width, height in found.boxes:
        cv2.rectangle(tile, (256 + x, y), (256 + x + width, y + height), (200, 0, 0), 1)
    return tile


def _sheet(tiles: list[np.ndarray], columns: int = 4) -> np.ndarray:
    tiles = tiles + [np.full_like(tiles[0], 255)] * (-len(tiles) % columns)
    rows = [np.concatenate(tiles[i : i + columns], 1) for i in range(0, len(tiles), columns)]
    return np.concatenate(rows)


if __name__ == "__main__":
    main(tyro.cli(Settings))
