"""Draw a contact sheet of photos as `looking3d generate` would take them, to be looked at.

    python benchmarks/photo_sheet.py --out docs/images/photos-procedural.jpg
    python benchmarks/photo_sheet.py --materials FOLDER --environments FOLDER --out /tmp/sheet.jpg

Successive shapes, each in other materials, light and surroundings, seen from where a dataset's cameras
stand. Shapes are names of procedural families, or folders of part-based shapes. The same arguments draw the
same picture; it is written below 250 kB. Prints which files each row shows, and photos a second.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

from looking3d.dataset.recipe import Recipe
from looking3d.dataset.sources import list_sources
from looking3d.geometry.camera import orbit
from looking3d.render.assets import summary
from looking3d.render.photo import draw_scene, get_renderer

LIMIT_BYTES = 250_000


def main() -> None:
    """Draw the sheet that the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shapes", nargs="+", default=["chair", "table", "cabinet", "shelf"])
    parser.add_argument("--materials", nargs="*", default=[])
    parser.add_argument("--environments", nargs="*", default=[])
    parser.add_argument("--share", type=float, default=0.8, help="how often the files are used")
    parser.add_argument("--background", default="environment")
    parser.add_argument("--renderer", default="mitsuba")
    parser.add_argument("--smooth", action="store_true", help="procedural materials without relief")
    parser.add_argument("--columns", type=int, default=5)
    parser.add_argument("--rows", type=int, default=3)
    parser.add_argument("--size-px", type=int, default=256)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    a = parser.parse_args()
    recipe = Recipe(
        shapes=tuple(a.shapes),
        count=a.columns * a.rows,
        first_shape=a.seed,
        materials=tuple(a.materials),
        environments=tuple(a.environments),
        map_share=a.share,
        background=a.background,
    )
    assets, renderer = recipe.find_assets(), get_renderer(a.renderer)
    for line in summary(assets):
        sys.stdout.write(f"{line}\n")
    sources = list_sources(recipe)
    # In turn from each family or folder
    step = max(len(sources) // len(a.shapes), 1)
    photos, seconds = [], 0.0
    for i in range(a.columns * a.rows):
        shape = sources[(i % len(a.shapes) * step + i // len(a.shapes)) % len(sources)].load()
        generator = np.random.default_rng([a.seed, i])
        turn, rise = generator.uniform(0, 2 * math.pi), math.radians(generator.uniform(20, 40))
        start = time.perf_counter()
        scene = draw_scene(shape, generator, a.background, assets, relief=not a.smooth)
        photos.append(renderer.render(shape, scene, orbit(turn, rise, a.size_px)))
        seconds += time.perf_counter() - start
        sys.stdout.write(f"{i:3d} {scene.environment or '-'} {', '.join(scene.material_sets) or '-'}\n")
    rows = [np.concatenate(photos[i : i + a.columns], 1) for i in range(0, len(photos), a.columns)]
    image = Image.fromarray(np.concatenate(rows, 0))
    a.out.parent.mkdir(parents=True, exist_ok=True)
    for quality in range(90, 30, -6):
        image.save(a.out, quality=quality, optimize=True)
        if a.out.stat().st_size < LIMIT_BYTES:
            break
    sys.stdout.write(f"{a.out}  {len(photos) / seconds:.2f} photos/s, first ones included\n")


if __name__ == "__main__":
    main()
