import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
import torch

from looking3d.geometry.camera import Camera, orbit
from looking3d.inspection.reference import Reference
from looking3d.inspection.result import Inspection
from looking3d.model.align.align import AlignDetector
from looking3d.model.detector import Detection
from looking3d.model.query import Query, Window, window_around
from looking3d.render.reference import grey_image
from looking3d.shapes.part_shape import PartShape
from tests.samples import ell

WIDTH, HEIGHT = 200, 120


@pytest.fixture(scope="session")
def shape() -> PartShape:
    """An L of two boxes, unlike from every side."""
    return ell()


@pytest.fixture(scope="session")
def reference(shape: PartShape) -> Reference:
    return Reference.of(shape, "ell.glb")


@pytest.fixture(scope="session")
def camera() -> Camera:
    """200 x 120 px, from azimuth 40 and elevation 25 degrees, the object right of the middle."""
    base = orbit(np.radians(40), np.radians(25), 128)
    return dataclasses.replace(base, center_px=np.array([120.0, 60.0]), width=WIDTH, height=HEIGHT)


@pytest.fixture(scope="session")
def query(reference: Reference, camera: Camera) -> Query:
    grey = grey_image(reference.raycaster, camera)
    return Query(np.repeat(grey[..., None], 3, 2), reference.raycaster.draw(camera).mask, "photo.png")


@pytest.fixture(scope="session")
def window(query: Query) -> Window:
    return window_around(query.mask)


@pytest.fixture(scope="session")
def detector() -> AlignDetector:
    torch.manual_seed(0)
    return AlignDetector()


class FixedDetector:
    """Says the same of every photo."""

    def __init__(self, detection: Detection) -> None:
        self.detection = detection
        self.enrolments = 0

    def enrol(self, raycaster: object) -> str:
        self.enrolments += 1
        return "enrolled"

    def detect(self, photos: list[Query], enrolled: str) -> list[Detection]:
        assert enrolled == "enrolled"
        return [self.detection for _ in photos]


@pytest.fixture
def detection(camera: Camera, window: Window) -> Callable[..., Detection]:
    """Makes a detection; by default an anomaly at row 20, column 8 of the heat map."""

    def make(probability: float = 0.9, alignment: float = 0.95, hot: bool = True) -> Detection:
        heat_map = np.full((32, 32), 0.02, np.float32)
        if hot:
            heat_map[20, 8] = 0.98
        return Detection(probability, heat_map, window, camera, alignment)

    return make


@pytest.fixture
def fixed(detection: Callable[..., Detection]) -> Callable[..., FixedDetector]:
    return lambda **values: FixedDetector(detection(**values))


@pytest.fixture
def inspection(
    reference: Reference, query: Query, detection: Callable[..., Detection]
) -> Callable[..., Inspection]:
    return lambda name="photo.png", **values: Inspection(name, query, reference, detection(**values), 0.5)
