"""A service with a chair enrolled, photos of it, and a detector that answers at once."""

from __future__ import annotations

import dataclasses
import math
import shutil
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from looking3d.geometry.camera import Camera, orbit
from looking3d.inspection.enrolment.prepare import EnrolOptions
from looking3d.inspection.gallery import Gallery
from looking3d.model.detector import Detection
from looking3d.model.query import Query, window_around
from looking3d.render.photo import draw_scene, get_renderer
from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.procedural import generate
from looking3d.shapes.write import save_glb
from looking3d.web.config import ServiceConfig

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

SEED = 900_000  # of a chair that no training saw
WIDTH, HEIGHT = 420, 300


class ColorDetector:
    """Says that a photo is as anomalous as its object is red: an answer tells which photo it is for."""

    def enrol(self, raycaster: object) -> str:
        return "enrolled"

    def detect(self, photos: list[Query], enrolled: str) -> list[Detection]:
        return [self._judge(photo) for photo in photos]

    def _judge(self, photo: Query) -> Detection:
        height, width = photo.image.shape[:2]
        assert photo.mask is not None
        probability = float(np.median(photo.image[photo.mask][:, 0])) / 255
        heat = np.full((32, 32), probability, np.float32)
        camera = dataclasses.replace(
            orbit(0.6, 0.4, 64), center_px=np.array([width / 2, height / 2]), width=width, height=height
        )
        return Detection(probability, heat, window_around(photo.mask), camera, 0.9)


def colored(red: int, side_px: int = 64) -> bytes:
    """A photo of something of a colour on white, as PNG."""
    image = np.full((side_px, side_px + 16, 3), 255, np.uint8)
    image[16:-16, 24:-24] = (red, 60, 90)
    return png(image)


def png(image: np.ndarray) -> bytes:
    buffer = BytesIO()
    Image.fromarray(image).save(buffer, "png")
    return buffer.getvalue()


@pytest.fixture(scope="session")
def chair() -> PartShape:
    return generate("chair", SEED).normalized()


@pytest.fixture(scope="session")
def chair_glb(chair: PartShape, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mesh") / "chair.glb"
    save_glb(chair, path)
    return path


def _camera() -> Camera:
    camera = orbit(math.radians(35), math.radians(25), HEIGHT)
    return dataclasses.replace(
        camera, center_px=np.array([WIDTH / 2, HEIGHT / 2]), width=WIDTH, height=HEIGHT
    )


@pytest.fixture(scope="session")
def photos(chair: PartShape, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A photo of the chair, and one without one of its legs."""
    folder = tmp_path_factory.mktemp("photos")
    scene, renderer = draw_scene(chair, np.random.default_rng(SEED)), get_renderer("preview")
    broken = chair.with_parts(part for part in chair.parts if part.id != "leg_front_left")
    paths = {}
    for name, shape in {"normal": chair, "anomalous": broken}.items():
        paths[name] = folder / f"{name}.png"
        Image.fromarray(renderer.render(shape, scene, _camera())).save(paths[name])
    return paths


@pytest.fixture(scope="session")
def enrolled(chair_glb: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gallery with the chair; to be copied, not changed."""
    folder = tmp_path_factory.mktemp("enrolled") / "gallery"
    Gallery(folder).add(chair_glb, EnrolOptions(up="y", front="z", unit="m", scan=False), id="chair")
    return folder


@pytest.fixture
def config(enrolled: Path, tmp_path: Path) -> ServiceConfig:
    shutil.copytree(enrolled, tmp_path / "gallery")
    return ServiceConfig(gallery=tmp_path / "gallery", max_upload_mb=4, max_faces=200_000, workers=2, queue=8)


@pytest.fixture
def start(config: ServiceConfig) -> Iterator[Callable[..., TestClient]]:
    """Starts services with a detector that answers at once; the arguments are settings."""
    from fastapi.testclient import TestClient

    from looking3d.web.app import create_app
    from looking3d.web.service import Service

    services = []

    def make(detector: object | None = None, **settings: object) -> TestClient:
        changed = dataclasses.replace(config, **settings)
        services.append(Service(changed, detector or ColorDetector()))
        client = TestClient(create_app(services[-1]), raise_server_exceptions=False)
        client.app.state.folder = changed.gallery
        return client

    yield make
    for service in services:
        service.close()


@pytest.fixture
def client(start: Callable[..., TestClient]) -> TestClient:
    return start()


def files_below(folder: Path) -> set[str]:
    """All files of a gallery but the database's own."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(("history.sqlite", ".lock"))
    }


def inspect(client: TestClient, *photos: bytes | tuple[str, bytes], **options: object):
    """Sends photos of the chair."""
    named = [photo if isinstance(photo, tuple) else (f"{i}.png", photo) for i, photo in enumerate(photos)]
    return client.post(
        "/v1/references/chair/inspections",
        files=[("photos", photo) for photo in named],
        data={"foreground": "plain"} | options,
    )
