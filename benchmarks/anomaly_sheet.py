"""Draw shapes with each kind of anomaly beside the normal one: docs/images/anomalies.jpg.

    python benchmarks/anomaly_sheet.py
    python benchmarks/anomaly_sheet.py --shapes folder/of/shapes --out sheet.jpg --renderer preview

A row a shape that allows every kind, a column a kind; all photos of a row have one material and one light.
The box is around what changed. The photos are made as `looking3d generate` makes them, quality control
included; the same arguments draw the same picture.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import sys
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from looking3d.anomalies import KINDS
from looking3d.dataset.anomaly_draws import AnomalyDraws
from looking3d.dataset.quality import box_around
from looking3d.dataset.recipe import Recipe
from looking3d.dataset.sources import ShapeSource, donors_of, list_sources, shape_generator
from looking3d.geometry.camera import orbit
from looking3d.render.photo import Renderer, draw_scene, get_renderer
from looking3d.render.raycast import Raycaster

IMAGE = Path(__file__).resolve().parent.parent / "docs" / "images" / "anomalies.jpg"
LIMIT_BYTES = 250_000
HEADER_PX = 22


def row(
    source: ShapeSource, sources: list[ShapeSource], recipe: Recipe, renderer: Renderer
) -> np.ndarray | None:
    """(image_px, 6 * image_px, 3) uint8: the normal shape, then the kinds, each from where it shows; None
    if this shape does not allow every kind."""
    generator = shape_generator(recipe, source.id)
    shape = source.load()
    donors = donors_of(source, sources, generator)
    draws = AnomalyDraws(shape, Raycaster(shape), donors, recipe, generator, Counter())
    scene = draw_scene(shape, generator)
    camera = orbit(np.deg2rad(30), np.deg2rad(25), recipe.image_px)
    cells = [renderer.render(shape, scene, camera)]
    for kind in KINDS:
        shown = draws.draw([kind]) or draws.draw([kind])
        if shown is None:
            return None
        photo = renderer.render(shown.anomaly.shape, scene, orbit(*shown.angles, recipe.image_px))
        x, y, width, height = box_around(shown.masks.changed)
        cells.append(cv2.rectangle(photo.copy(), (x, y), (x + width, y + height), (222, 60, 50), 1))
    return np.concatenate(cells, 1)


def header(size_px: int) -> np.ndarray:
    """(HEADER_PX, 6 * size_px, 3) uint8: the names of the columns."""
    strip = np.full((HEADER_PX, size_px * (1 + len(KINDS)), 3), 255, np.uint8)
    for i, name in enumerate(("normal", *KINDS)):
        place = (i * size_px + 8, HEADER_PX - 7)
        cv2.putText(strip, name, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (40, 40, 40), 1, cv2.LINE_AA)
    return strip


def main() -> None:
    """Draw the sheet that the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shapes", nargs="+", default=["chair", "table", "cabinet", "shelf"])
    parser.add_argument("--first", type=int, default=20, help="seed of the first procedural shape")
    parser.add_argument("--seed", type=int, default=5, help="seed of anomalies, cameras, materials and light")
    parser.add_argument("--rows", type=int, default=2, help="shapes of each source")
    parser.add_argument("--size-px", type=int, default=176)
    parser.add_argument("--renderer", default="mitsuba")
    parser.add_argument("--out", type=Path, default=IMAGE)
    arguments = parser.parse_args()
    recipe = Recipe(
        count=10,
        first_shape=arguments.first,
        image_px=arguments.size_px,
        # A thumbnail is looked at in passing: larger changes than a dataset needs
        min_changed=0.007,
        min_visible=0.5,
        split=(1.0, 0.0, 0.0),
        seed=arguments.seed,
    )
    options = {"samples": 32} if arguments.renderer == "mitsuba" else {}
    renderer = get_renderer(arguments.renderer, **options)
    rows = [header(arguments.size_px)]
    for name in arguments.shapes:
        sources, _ = list_sources(dataclasses.replace(recipe, shapes=(name,)))
        found = (row(source, sources, recipe, renderer) for source in sources)
        rows += itertools.islice((cells for cells in found if cells is not None), arguments.rows)
    image = Image.fromarray(np.concatenate(rows, 0))
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    for quality in range(90, 30, -5):
        image.save(arguments.out, quality=quality, optimize=True)
        if arguments.out.stat().st_size < LIMIT_BYTES:
            break
    size = arguments.out.stat().st_size
    sys.stdout.write(f"{arguments.out}  {image.width} x {image.height} px, {size / 1000:.0f} kB\n")


if __name__ == "__main__":
    main()
