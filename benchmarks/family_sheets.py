"""Draw a contact sheet of every procedural family: docs/images/family-NAME.jpg.

    python benchmarks/family_sheets.py                  # all families
    python benchmarks/family_sheets.py table lamp       # some
    python benchmarks/family_sheets.py --out /tmp/sheets --first 100 --columns 8 --rows 6 shelf

Shapes of successive seeds, with materials by their labels, in one light; the same arguments draw the
same pictures. The shapes of a sheet are drawn to one radius, whatever their sizes.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from looking3d.geometry.camera import orbit
from looking3d.render.photo import draw_scene
from looking3d.render.preview import PreviewRenderer
from looking3d.shapes.procedural import FAMILIES, generate

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
LIMIT_BYTES = 250_000


def cell(family: str, seed: int, size_px: int) -> np.ndarray:
    """(size_px, size_px, 3) uint8 photo of a seed, from the front and a side that the seed decides."""
    shape = generate(family, seed).normalized()
    generator = np.random.default_rng([seed, 1])
    camera = orbit(
        math.radians(generator.uniform(15, 50)) * generator.choice([-1, 1]),
        math.radians(generator.uniform(14, 28)),
        size_px,
    )
    return PreviewRenderer().render(shape, draw_scene(shape, generator), camera)


def sheet(family: str, first: int, columns: int, rows: int, width_px: int) -> Image.Image:
    """The picture of `columns` * `rows` successive seeds."""
    size = width_px // columns
    cells = [cell(family, first + i, size) for i in range(columns * rows)]
    lines = [np.concatenate(cells[i : i + columns], 1) for i in range(0, len(cells), columns)]
    return Image.fromarray(np.concatenate(lines, 0))


def save(image: Image.Image, path: Path) -> int:
    """Write a JPEG under `LIMIT_BYTES`, at the highest quality that stays below; returns its size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for quality in range(88, 30, -6):
        image.save(path, quality=quality, optimize=True)
        if path.stat().st_size < LIMIT_BYTES:
            break
    return path.stat().st_size


def main() -> None:
    """Draw the sheets that the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("families", nargs="*", metavar="FAMILY", help="all, if none is named")
    parser.add_argument("--out", type=Path, default=IMAGES, help="folder of the pictures")
    parser.add_argument("--first", type=int, default=0, help="seed of the first shape")
    parser.add_argument("--columns", type=int, default=5)
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--width-px", type=int, default=1200)
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.families) - set(FAMILIES))
    if unknown:
        parser.error(f"unknown family {unknown[0]!r}; choose of: {', '.join(sorted(FAMILIES))}")
    for family in arguments.families or sorted(FAMILIES):
        image = sheet(family, arguments.first, arguments.columns, arguments.rows, arguments.width_px)
        path = arguments.out / f"family-{family}.jpg"
        size = save(image, path)
        sys.stdout.write(f"{path}  {image.width} x {image.height} px, {size / 1000:.0f} kB\n")


if __name__ == "__main__":
    main()
