"""Pictures of the service's page in use, for the README: a chair is enrolled, photos of it are inspected.

Needs the extra `web`, selenium, and Debian's chromium and chromium-driver.

    python benchmarks/screenshots.py --out docs/images
"""

from __future__ import annotations

import dataclasses
import io
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from PIL import Image
from rich.console import Console
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from serving import served

from looking3d.geometry.camera import orbit
from looking3d.render.photo import draw_scene, get_renderer
from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.procedural import generate
from looking3d.shapes.write import save_glb

WIDTH_PX = 1280
PHOTO_PX = (640, 480)
MISSING = ("leg_front_left", "", "leg_back_right", "")
AZIMUTHS_DEG = (35, 30, 320, 40)
PATIENCE_S = 120


@dataclass(frozen=True)
class Settings:
    """What to picture, and where to put it."""

    out: Path = Path("docs/images")
    """Folder for page-inspect.jpg, page-reference.jpg and page-history.jpg."""

    seed: int = 900_000
    """Of a chair that no training saw."""

    height_px: int = 1200
    """Of the window."""

    quality: int = 82
    """Of the JPEG files."""


def main(settings: Settings) -> None:
    """Start the service, use it by Chromium, and take the pictures."""
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chair = generate("chair", settings.seed).normalized()
        save_glb(chair, folder / "chair.glb")
        photos = photograph(chair, folder, settings.seed)
        with served(folder / "gallery") as (url, _):
            pictures = use(url, folder, photos, settings)
    settings.out.mkdir(parents=True, exist_ok=True)
    for title, picture in pictures.items():
        path = settings.out / f"page-{title}.jpg"
        picture.save(path, quality=settings.quality, optimize=True)
        console.print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


def photograph(chair: PartShape, folder: Path, seed: int) -> list[Path]:
    """Photos of the chair from some sides, some of them with a part missing."""
    generator = np.random.default_rng(seed)
    scene, renderer = draw_scene(chair, generator), get_renderer("mitsuba")
    width, height = PHOTO_PX
    paths = []
    for number, (azimuth, missing) in enumerate(zip(AZIMUTHS_DEG, MISSING, strict=True), 1):
        camera = orbit(np.radians(azimuth), np.radians(24), height)
        center = np.array([width / 2, height / 2])
        camera = dataclasses.replace(camera, center_px=center, width=width, height=height)
        shape = chair.with_parts(part for part in chair.parts if part.id != missing)
        paths.append(folder / f"item-{number}.jpg")
        Image.fromarray(renderer.render(shape, scene, camera)).save(paths[-1], quality=92)
    return paths


def use(url: str, folder: Path, photos: list[Path], settings: Settings) -> dict[str, Image.Image]:
    """Do what a person does; returns a picture of each section."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for option in (
        *("--headless", "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-sync"),
        *("--disable-background-networking", "--disable-component-update", "--hide-scrollbars"),
        # A 3D preview without a graphics card.
        "--enable-unsafe-swiftshader",
        f"--window-size={WIDTH_PX},{settings.height_px}",
        f"--user-data-dir={folder / 'chromium'}",
    ):
        options.add_argument(option)
    driver = webdriver.Chrome(options, webdriver.ChromeService(str(shutil.which("chromedriver"))))
    try:
        return _walk(driver, url, folder, photos)
    finally:
        driver.quit()


def _walk(driver: webdriver.Chrome, url: str, folder: Path, photos: list[Path]) -> dict[str, Image.Image]:
    def seen(selector: str, count: int = 1) -> None:
        WebDriverWait(driver, PATIENCE_S).until(
            lambda _: len(driver.find_elements(By.CSS_SELECTOR, selector)) >= count, f"no {selector}"
        )

    def loaded() -> None:
        still = (
            "return [...document.images].every("
            "(image) => image.offsetParent === null || (image.complete && image.naturalWidth))"
        )
        WebDriverWait(driver, PATIENCE_S).until(
            lambda _: driver.execute_script(still), "pictures are missing"
        )

    def click(selector: str) -> None:
        seen(selector)
        driver.execute_script("arguments[0].click()", driver.find_element(By.CSS_SELECTOR, selector))

    def shot() -> Image.Image:
        loaded()
        driver.execute_script("window.scrollTo(0, 0)")
        return Image.open(io.BytesIO(driver.get_screenshot_as_png())).convert("RGB")

    driver.get(url)
    seen("body[data-ready]")
    driver.find_element(By.ID, "mesh").send_keys(str(folder / "chair.glb"))
    click("#enrol button[type=submit]")
    seen(".viewer[data-kind]")
    seen("#calibration .says")
    pictures = {"reference": shot()}
    click("#reference button.primary")
    for photo in reversed(photos):
        # One after the other, so that the order of the cards is that of the photos.
        before = len(driver.find_elements(By.CSS_SELECTOR, "#results article[data-id]"))
        driver.find_element(By.ID, "photos").send_keys(str(photo))
        seen("#results article[data-id]", before + 1)
    click("#results article[data-verdict=anomalous] [data-mark=right]")
    seen("#results [aria-pressed=true]")
    pictures["inspect"] = shot()
    click("#tab-history")
    click("#history-list li:nth-child(1) button")
    seen("#history-one article")
    pictures["history"] = shot()
    return pictures


if __name__ == "__main__":
    main(tyro.cli(Settings))
