"""Whether an export answers what the detector answers, and how long each takes.

Photos of procedural shapes that no training saw are judged by PyTorch and by ONNX Runtime, in turns and on
one thread. Each graph is also given what the other one got, so that differences of the arithmetic are told
from what the search for the pose makes of them.

    python benchmarks/parity.py
    python benchmarks/parity.py --export exported --photos 200
"""

from __future__ import annotations

import dataclasses
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import tyro
from rich.console import Console
from rich.table import Table

from looking3d.geometry.camera import orbit, orbit_angles
from looking3d.model.align.align import AlignDetector
from looking3d.model.checkpoint import load_detector
from looking3d.model.detector import Detection
from looking3d.model.export.ports import PORTS
from looking3d.model.export.write import write_export
from looking3d.model.query import Query
from looking3d.render.photo import draw_scene, get_renderer
from looking3d.render.raycast import Raycaster
from looking3d.shapes.procedural import generate

CLOSE = 1e-4
"""The largest difference that passes."""

PHOTOS_PER_SHAPE = 5


@dataclass(frozen=True)
class Settings:
    """What to measure."""

    weights: str = "align"
    """What `load_detector` takes."""

    export: Path | None = None
    """An export of these weights; by default one for ONNX Runtime is made."""

    photos: int = 50
    """Photos, five of each shape."""

    shapes: tuple[str, ...] = ("chair", "table", "cabinet")
    """Procedural families, in turns."""

    first_shape: int = 900_100
    """Seed of the first shape."""

    image_px: int = 256
    """Width of the photos."""


@dataclass
class Watched:
    """Graphs of one runtime, whose every call the other runtime has to answer, too."""

    differences: dict[str, float] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)

    def watch(self, detector: AlignDetector, other: AlignDetector) -> AlignDetector:
        """A detector that answers as the first does, and compares."""
        graphs = {name: self._both(name, detector, other) for name in PORTS}
        return AlignDetector.over(dataclasses.replace(detector.graphs, **graphs))

    def _both(self, name: str, one: AlignDetector, two: AlignDetector) -> Callable[..., Any]:
        def run(*tensors: torch.Tensor) -> Any:
            answers, others = getattr(one.graphs, name)(*tensors), getattr(two.graphs, name)(*tensors)
            self.calls[name] = self.calls.get(name, 0) + 1
            for port, a, b in zip(PORTS[name].outputs, answers, others, strict=True):
                key = f"{name}: {port.name}"
                self.differences[key] = max(self.differences.get(key, 0.0), float((a - b).abs().max()))
            return answers

        return run


def main(settings: Settings) -> None:
    """Print the largest differences and the times; exit code 1 if a difference is too large."""
    torch.set_num_threads(1)
    console, ours = Console(), load_detector(settings.weights)
    with tempfile.TemporaryDirectory() as folder:
        path = settings.export
        if path is None:
            path = Path(folder) / "export"
            write_export(ours, path)
        theirs = load_detector(path, trusted=settings.export is None)
        watched = Watched()
        both = watched.watch(ours, theirs)
        rows = [
            (
                *_timed(ours, photo, reference),
                *_timed(theirs, photo, reference),
                both.detect([photo], reference),
            )
            for photo, reference in photos(settings, ours)
        ]
    before = [row[0] for row in rows]
    after = [row[2] for row in rows]
    milliseconds = [1000 * float(np.median([row[i] for row in rows])) for i in (1, 3)]
    worst = _print_differences(watched, before, after, console)
    console.print(
        f"milliseconds of processor time a photo, one thread, medians of {len(rows)}: "
        f"PyTorch {milliseconds[0]:.0f}, "
        f"export {milliseconds[1]:.0f} ({milliseconds[0] / milliseconds[1]:.2f} times as fast)",
        soft_wrap=True,
    )
    close = sum(abs(a.probability - b.probability) <= CLOSE for a, b in zip(before, after, strict=True))
    console.print(f"probabilities within {CLOSE:g}: {close} of {len(rows)}")
    raise SystemExit(worst > CLOSE)


def photos(settings: Settings, detector: AlignDetector) -> Iterator[tuple[Query, Any]]:
    """Photos, each with its reference; of every other shape the object's mask is known."""
    renderer = get_renderer("preview")
    for i in range(settings.photos):
        number, view = divmod(i, PHOTOS_PER_SHAPE)
        seed = settings.first_shape + number
        if view == 0:
            shape = generate(settings.shapes[number % len(settings.shapes)], seed).normalized()
            raycaster = Raycaster(shape)
            reference = detector.enrol(raycaster)
        rng = np.random.default_rng([seed, view])
        camera = orbit(rng.uniform(0, 2 * np.pi), rng.uniform(0.35, 0.7), settings.image_px)
        image = renderer.render(shape, draw_scene(shape, rng), camera)
        mask = raycaster.draw(camera).mask if number % 2 else None
        yield Query(image, mask, f"{shape.id} {view}"), reference


def _is_turned(one: Detection, other: Detection) -> bool:
    """Whether the cameras stand more than 45 degrees apart, as happens where a shape looks the same."""
    directions = [d.camera.origin / np.linalg.norm(d.camera.origin) for d in (one, other)]
    return float(directions[0] @ directions[1]) < np.cos(np.pi / 4)


def _timed(detector: AlignDetector, photo: Query, reference: Any) -> tuple[Detection, float]:
    # Of the processor, so that what else runs on the machine counts as little as can be
    start = time.process_time()
    (detection,) = detector.detect([photo], reference)
    return detection, time.process_time() - start


def _print_differences(
    watched: Watched, before: list[Detection], after: list[Detection], console: Console
) -> float:
    """Print the largest differences and return the largest of those that have to be small."""
    table = Table(title=f"largest differences, {len(before)} photos")
    table.add_column("")
    table.add_column("difference", justify="right")
    for name, difference in watched.differences.items():
        table.add_row(f"{name} ({watched.calls[name.split(':')[0]]} calls, same inputs)", f"{difference:.1e}")
    pairs = list(zip(before, after, strict=True))
    probability = [abs(a.probability - b.probability) for a, b in pairs]
    turned = [_is_turned(a, b) for a, b in pairs]
    heat = [float(np.abs(a.heat_map - b.heat_map).max()) for a, b in pairs]
    camera = [float(np.abs(a.camera.T_camera_world - b.camera.T_camera_world).max()) for a, b in pairs]
    window = [abs(a.window.side - b.window.side) for a, b in pairs]
    for name, values in (
        ("probability", probability),
        ("heat map", heat),
        ("T_camera_world", camera),
        ("window, px", window),
    ):
        for side, wanted in (("same side", False), ("other side", True)):
            chosen = [value for value, other in zip(values, turned, strict=True) if other == wanted]
            if chosen:
                table.add_row(f"detection from the {side} ({len(chosen)}): {name}", f"{max(chosen):.1e}")
    console.print(table)
    spread = [detection.probability for detection in before]
    console.print(f"probabilities: {min(spread):.3f} to {max(spread):.3f}")
    for i, (a, b) in enumerate(pairs):
        if turned[i]:
            azimuths = [np.degrees(orbit_angles(one.camera)[0]) for one in (a, b)]
            console.print(
                f"photo {i} fits from both sides: azimuths {azimuths[0]:.3f}, {azimuths[1]:.3f} degrees; "
                f"probabilities {a.probability:.6f}, {b.probability:.6f}",
                soft_wrap=True,
            )
    return max([*watched.differences.values(), *probability])


if __name__ == "__main__":
    main(tyro.cli(Settings))
