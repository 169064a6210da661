import dataclasses

import numpy as np
import pytest

from looking3d.geometry.camera import orbit
from looking3d.model.detector import Detection
from looking3d.model.heat_regions import heat_regions
from looking3d.model.query import Window

CAMERA = dataclasses.replace(orbit(0.7, 0.4, 128), width=200, height=120)


def heat_boxes(detection: Detection) -> list[tuple[int, int, int, int]]:
    return [region.box for region in heat_regions(detection)]


def test_the_strongest_region_has_the_most_heat_inside_the_photo() -> None:
    heat_map = np.zeros((8, 16), np.float32)
    heat_map[5, 2] = 1.0
    heat_map[5, 12], heat_map[6, 13] = 0.6, 0.6  # they touch by a corner, and are 1.2 together
    heat_map[0, :] = 0.9  # above the photo
    window = Window(20.0, -20.0, 160.0)
    boxes = heat_boxes(Detection(0.9, heat_map, window, CAMERA, 0.9))
    # Cells are 10 x 20 px.
    assert boxes == [(140, 80, 20, 40), (40, 80, 10, 20)]


def test_a_box_is_cut_at_the_edge_of_the_photo() -> None:
    heat_map = np.ones((4, 4), np.float32)
    boxes = heat_boxes(Detection(0.9, heat_map, Window(-40.0, -100.0, 400.0), CAMERA, 0.9))
    assert boxes == [(0, 0, 200, 120)]
    assert heat_boxes(Detection(0.9, heat_map / 3, Window(0.0, 0.0, 200.0), CAMERA, 0.9)) == []


def test_a_region_knows_its_sum_and_its_peak() -> None:
    heat_map = np.zeros((8, 8), np.float32)
    heat_map[2, 2:5] = 0.5, 0.75, 0.625
    heat_map[6, 6] = 1.0
    heat_map[0, 0] = 0.49
    first, second = heat_regions(Detection(0.9, heat_map, Window(0.0, 0.0, 80.0), CAMERA, 0.9))
    assert first[:3] == ((20, 20, 30, 10), pytest.approx(1.875), 0.75)
    assert second[:3] == ((60, 60, 10, 10), 1.0, 1.0)
    np.testing.assert_array_equal(np.argwhere(first.cells), [[2, 2], [2, 3], [2, 4]])
