import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from looking3d.geometry.camera import orbit
from looking3d.model.anomaly_boxes import anomaly_boxes
from looking3d.model.detector import Detection
from looking3d.model.query import Window
from looking3d.render.raycast import Raycaster

PX = 128
CAMERA = dataclasses.replace(orbit(0.7, 0.4, 128), width=256, height=256)
WINDOW = Window(0.0, 0.0, 256.0)  # two pixels of the photo to a pixel of the drawing, 8 to a cell


class Drawn(Raycaster):
    """A raycaster whose drawing is known: a seat of 64 x 24 px, and a leg of 8 x 48 below its left end."""

    def __init__(self) -> None:
        self.part = np.full((PX, PX), -1, np.int32)
        self.part[40:64, 32:96] = 0
        self.part[64:112, 32:40] = 1

    def draw(self, camera: object) -> SimpleNamespace:  # pyright: ignore[reportIncompatibleMethodOverride]
        return SimpleNamespace(part=self.part)


def boxes(heat: np.ndarray, window: Window = WINDOW) -> list[tuple[int, int, int, int]]:
    detection = Detection(0.9, heat.astype(np.float32), window, CAMERA, 0.9)
    return [region.box for region in anomaly_boxes(detection, Drawn(), 2)]


def test_heat_that_runs_along_a_part_gets_the_part_s_box() -> None:
    heat = np.zeros((32, 32))
    heat[16:28, 8:10] = 0.55
    heat[16:19, 8:10] = 0.95  # the core
    assert boxes(heat) == [(64, 128, 16, 96)]


def test_a_chipped_corner_keeps_the_box_of_its_core() -> None:
    heat = np.zeros((32, 32))
    heat[9:13, 21:25] = 0.55
    heat[10:12, 22:24] = 0.95
    ((x, y, width, height),) = boxes(heat)
    assert (x, y) == pytest.approx((176, 80), abs=4)
    assert max(width, height) <= 24  # the region is 32 px wide, the seat 128


def test_what_the_drawing_does_not_have_is_boxed_by_its_heat() -> None:
    heat = np.zeros((32, 32))
    heat[2:5, 26:30] = 0.9
    ((x, y, width, height),) = boxes(heat)
    assert (x, y) == pytest.approx((208, 16), abs=2)
    assert (width, height) == pytest.approx((32, 24), abs=4)


def test_each_region_has_a_box_the_hottest_first_all_inside_the_photo() -> None:
    heat = np.zeros((32, 32))
    heat[16:28, 8:10] = 0.55
    heat[16:19, 8:10] = 0.95
    heat[2:4, 30:32] = 0.9
    assert len(boxes(heat)) == 2
    assert boxes(heat)[0] == (64, 128, 16, 96)
    # The same in the lower right corner of a window that sticks out of the photo
    for x, y, width, height in boxes(heat, Window(-20.0, -120.0, 400.0)):
        assert 0 <= x < x + width <= 256
        assert 0 <= y < y + height <= 256


def test_nothing_hot_has_no_box() -> None:
    assert boxes(np.full((32, 32), 0.4)) == []


def said(heat: np.ndarray, boxes: np.ndarray, window: Window = WINDOW) -> list[tuple[int, int, int, int]]:
    detection = Detection(
        0.9, heat.astype(np.float32), window, CAMERA, 0.9, boxes=np.broadcast_to(boxes, (4, 32, 32))
    )
    return [region.box for region in anomaly_boxes(detection, Drawn(), 2)]


def test_a_region_has_the_box_that_its_patches_say_by_their_heat() -> None:
    heat = np.zeros((32, 32))
    heat[4, 4], heat[4, 5] = 1.0, 0.5
    edges = np.zeros((4, 32, 32), np.float32)
    edges[:, 4, 4], edges[:, 4, 5] = (0.1, 0.1, 0.3, 0.2), (0.2, 0.1, 0.4, 0.2)
    # Squared heat: 4 to 1
    assert said(heat, edges) == [(31, 26, 51, 25)]


def test_cells_that_touch_and_say_other_boxes_are_two_places() -> None:
    heat = np.zeros((32, 32))
    heat[4, 4:8], heat[4, 8:12] = 0.9, 0.8
    edges = np.zeros((4, 32, 32), np.float32)
    edges[:, :, :8] = np.reshape([0.1, 0.1, 0.25, 0.3], (4, 1, 1))
    edges[:, :, 8:] = np.reshape([0.25, 0.1, 0.4, 0.2], (4, 1, 1))
    assert said(heat, edges) == [(26, 26, 38, 51), (64, 26, 38, 25)]


def test_a_cell_whose_box_has_no_area_is_a_place() -> None:
    heat = np.zeros((32, 32))
    heat[4, 4] = 0.9
    assert said(heat, np.full((4, 32, 32), 0.25)) == [(64, 64, 1, 1)]


def test_regions_that_say_the_same_box_are_one() -> None:
    heat = np.zeros((32, 32))
    heat[4, 4], heat[20, 4:6], heat[28, 28] = 1.0, 0.9, 0.8
    edges = np.zeros((4, 32, 32), np.float32)
    edges[:, :24] = np.reshape([0.1, 0.1, 0.3, 0.7], (4, 1, 1))
    edges[:, 24:] = np.reshape([0.8, 0.8, 1.2, 0.95], (4, 1, 1))  # it leaves the photo on the right
    assert said(heat, edges) == [(26, 26, 51, 153), (205, 205, 51, 38)]
