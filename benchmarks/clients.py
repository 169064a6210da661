"""Many clients at once against the service: is every answer the one for the client's own photo?

A chair is enrolled in a service of its own process. Each photo is inspected first by itself; then all
clients send theirs, over and over, and compare each answer with what is expected of that photo, which they
know by its hash.

    python benchmarks/clients.py --clients 20 --requests 200
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import httpx2
import numpy as np
import tyro
from PIL import Image
from rich.console import Console
from serving import served

from looking3d.geometry.camera import orbit
from looking3d.render.photo import draw_scene, get_renderer
from looking3d.shapes.procedural import generate
from looking3d.shapes.write import save_glb

SEED = 900_000  # of a chair that no training saw
PHOTO_PX = 320


@dataclass(frozen=True)
class Settings:
    """What to measure."""

    clients: int = 20
    """Clients at once."""

    requests: int = 200
    """Photos in all."""

    photos: int = 24
    """Different photos, every other one with a part missing."""

    workers: int = 1
    """Of the service."""

    queue: int = 8
    """Of the service; less than clients, so that some are told to wait."""


@dataclass
class Tally:
    """What came of the requests."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def main(settings: Settings) -> int:
    """Start the service, load it, and tell; 1 if any answer was lost or was another photo's."""
    console = Console(highlight=False)
    photos = photograph(settings.photos)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_glb(generate("chair", SEED), folder / "chair.glb")
        options = ("--workers", str(settings.workers), "--queue", str(settings.queue))
        with served(folder / "gallery", *options) as (url, process):
            return load(url, folder / "chair.glb", photos, settings, process, console)


def photograph(count: int) -> list[bytes]:
    """Photos of the chair from all sides, as PNG; no two are alike."""
    chair = generate("chair", SEED).normalized()
    broken = chair.with_parts(part for part in chair.parts if part.id != "leg_front_left")
    renderer, photos = get_renderer("preview"), []
    for number in range(count):
        scene = draw_scene(chair, np.random.default_rng(number))
        camera = orbit(2 * np.pi * number / count, np.radians(25), PHOTO_PX)
        buffer = BytesIO()
        picture = renderer.render(broken if number % 2 else chair, scene, camera)
        Image.fromarray(picture).save(buffer, "png")
        photos.append(buffer.getvalue())
    return photos


def load(
    url: str, mesh: Path, photos: list[bytes], settings: Settings, process: int, console: Console
) -> int:
    """Learn what is expected, then send all at once."""
    with httpx2.Client(base_url=url, timeout=600) as client:
        made = client.post("/v1/references", files={"mesh": ("chair.glb", mesh.read_bytes())})
        made.raise_for_status()
        expected = {hash_of(photo): ask(client, photo).json()["inspections"][0] for photo in photos}
    tally, before_mb = Tally(), memory_mb(process)
    waiting = iter([photos[number % len(photos)] for number in range(settings.requests)])
    start = time.perf_counter()
    with ThreadPoolExecutor(settings.clients) as pool:
        for done in [pool.submit(work, url, waiting, expected, tally) for _ in range(settings.clients)]:
            done.result()
    wall_s = time.perf_counter() - start
    answered = len(tally.seconds)
    with httpx2.Client(base_url=url, timeout=600) as client:
        kept = client.get("/v1/inspections").json()["total"] - len(photos)
    console.print(
        f"{answered} photos answered in {wall_s:.1f} s by {settings.workers} workers: "
        f"{answered / wall_s:.1f} a second, median {np.median(tally.seconds):.2f} s, "
        f"95 % within {np.quantile(tally.seconds, 0.95):.2f} s (waits after 429 included)"
    )
    others = {status: n for status, n in tally.statuses.items() if status not in (201, 429)}
    lost = settings.requests - answered
    console.print(
        f"429: {tally.statuses[429]}; other errors: {others or 'none'}; lost: {lost}; "
        f"wrong or mixed up: {len(tally.wrong)}; kept in the history: {kept}; "
        f"memory of the service: {before_mb:.0f} MB before, {memory_mb(process):.0f} MB after"
    )
    for line in tally.wrong[:10]:
        console.print(line)
    return int(bool(tally.wrong or others or lost or kept != answered))


def work(url: str, waiting, expected: dict[str, dict], tally: Tally) -> None:
    """One client: the next photo, until there is none."""
    with httpx2.Client(base_url=url, timeout=600) as client:
        while True:
            with tally.lock:
                photo = next(waiting, None)
            if photo is None:
                return
            start = time.perf_counter()
            answer = ask(client, photo)
            while answer.status_code == 429:
                with tally.lock:
                    tally.statuses[429] += 1
                time.sleep(float(answer.headers["retry-after"]))
                answer = ask(client, photo)
            with tally.lock:
                tally.statuses[answer.status_code] += 1
                if answer.status_code != 201:
                    continue
                tally.seconds.append(time.perf_counter() - start)
                check(answer.json()["inspections"][0], expected[hash_of(photo)], hash_of(photo), tally)


def check(found: dict, wanted: dict, name: str, tally: Tally) -> None:
    """Note an answer that is not the photo's own."""
    for key in ("name", "probability", "alignment", "verdict", "box", "azimuth_deg"):
        if found[key] != wanted[key]:
            tally.wrong.append(f"{name}: {key} is {found[key]}, expected {wanted[key]}")


def ask(client: httpx2.Client, photo: bytes) -> httpx2.Response:
    """Send a photo, called by its hash."""
    files = {"photos": (f"{hash_of(photo)}.png", photo)}
    return client.post("/v1/references/chair/inspections", files=files)


def hash_of(photo: bytes) -> str:
    """What a photo is known by."""
    return hashlib.sha256(photo).hexdigest()[:16]


def memory_mb(process: int) -> float:
    """Of the service, in use now."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


if __name__ == "__main__":
    sys.exit(main(tyro.cli(Settings)))
