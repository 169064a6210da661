"""A line camera: photos that appear one after the other in a folder, inspected against one reference.

Prints how fast they are inspected and how much memory the process holds, as it goes. Photos are made first;
then each is moved into the watched folder as soon as the one before is done, and goes through all that
`inspect --watch --csv` does.

    python benchmarks/line.py
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from PIL import Image
from rich.console import Console

from looking3d.geometry.camera import orbit
from looking3d.inspection.inspector import Inspector
from looking3d.inspection.line import Line
from looking3d.inspection.outputs import append_csv
from looking3d.inspection.reference import Reference
from looking3d.inspection.watch import FolderWatch
from looking3d.model.checkpoint import load_detector
from looking3d.render.photo import draw_scene, get_renderer
from looking3d.shapes.procedural import generate


@dataclass(frozen=True)
class Settings:
    """What to measure."""

    family: str = "chair"
    """Procedural family of the reference."""

    seed: int = 980_000
    """Of the reference."""

    photos: int = 200
    """Photos to inspect."""

    different: int = 20
    """Different photos among them; the others are copies under other names."""

    width_px: int = 1600
    """Of the photos; they are 4 by 3."""

    every: int = 20
    """Photos between two lines."""


def main(settings: Settings) -> None:
    """Make photos, inspect them, tell."""
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shape = generate(settings.family, settings.seed).normalized()
        _make_photos(settings, folder / "made")
        detector = load_detector("align")
        line = Line(lambda loaded, made: Inspector(loaded, detector, calibration=made), Reference.of(shape))
        (folder / "in").mkdir()
        verdicts: list[str] = []
        start = last = time.perf_counter()
        console.print(f"{'photos':>6} {'photos/s':>9} {'RSS':>9}")
        for path in _arriving(settings, folder):
            _, result = line.inspect(path)
            append_csv(result, folder / "t.csv")
            verdicts.append(result.verdict)
            if len(verdicts) % settings.every == 0:
                now = time.perf_counter()
                rate = settings.every / (now - last)
                console.print(f"{len(verdicts):6} {rate:9.2f} {_rss_mb():6.0f} MB")
                last = now
        rows = len((folder / "t.csv").read_text().splitlines()) - 1
        console.print(
            f"{len(verdicts) / (time.perf_counter() - start):.2f} photos/s without the wait to settle; "
            f"{rows} rows; verdicts: {', '.join(sorted(set(verdicts)))}"
        )


def _make_photos(settings: Settings, folder: Path) -> None:
    folder.mkdir()
    generator = np.random.default_rng(settings.seed)
    shape = generate(settings.family, settings.seed).normalized()
    renderer, scene = get_renderer("preview"), draw_scene(shape, generator, "plain")
    for number in range(settings.different):
        camera = orbit(generator.uniform(0, 2 * np.pi), np.radians(generator.uniform(20, 40)), 512)
        picture = Image.fromarray(renderer.render(shape, scene, camera))
        side = settings.width_px * 3 // 4
        photo = Image.new("RGB", (settings.width_px, side), picture.getpixel((2, 2)))
        photo.paste(
            picture.resize((side, side), Image.Resampling.LANCZOS), ((settings.width_px - side) // 2, 0)
        )
        photo.save(folder / f"{number}.jpg", quality=92)


def _arriving(settings: Settings, folder: Path) -> Iterator[Path]:
    """Photos, each moved into the folder when the one before is done."""
    watch, now_s = FolderWatch(folder / "in"), 0.0
    for number in range(settings.photos):
        shutil.copy(folder / "made" / f"{number % settings.different}.jpg", folder / "copy")
        (folder / "copy").rename(folder / "in" / f"{number}.jpg")
        # The clock is turned, so that the rate is that of the work and not of waiting for files to settle.
        for _ in itertools.count():
            now_s += 1.0
            if found := watch.poll(now_s):
                break
        yield from found


def _rss_mb() -> float:
    for row in Path("/proc/self/status").read_text().splitlines():
        if row.startswith("VmRSS:"):
            return int(row.split()[1]) / 1024
    return float("nan")


if __name__ == "__main__":
    main(tyro.cli(Settings))
