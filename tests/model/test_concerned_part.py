import dataclasses

import numpy as np
import pytest

from looking3d.geometry.camera import orbit
from looking3d.model.concerned_part import ConcernedPart, concerned_part, part_scores, shared_words
from looking3d.model.detector import Detection
from looking3d.model.query import Window
from looking3d.render.raycast import Raycaster
from looking3d.shapes.part_shape import PartShape
from tests.samples import ell


@pytest.fixture(scope="module")
def shape() -> PartShape:
    """An L of two boxes."""
    return ell().normalized()


@pytest.fixture(scope="module")
def raycaster(shape: PartShape) -> Raycaster:
    return Raycaster(shape)


@pytest.fixture
def detection() -> Detection:
    """Nothing is hot; 200 x 120 px, from azimuth 40 and elevation 25 degrees."""
    base = orbit(np.radians(40), np.radians(25), 128)
    camera = dataclasses.replace(base, center_px=np.array([120.0, 60.0]), width=200, height=120)
    return Detection(0.9, np.full((32, 32), 0.02, np.float32), Window(50.0, -10.0, 140.0), camera, 0.9)


@pytest.mark.parametrize("index", [0, 1])
def test_a_part_that_is_hot_all_over_is_named(
    index: int, shape: PartShape, raycaster: Raycaster, detection: Detection
) -> None:
    drawn = raycaster.draw(detection.window.camera(detection.camera, 32)).part
    assert {0, 1} <= set(drawn.ravel().tolist())
    hot = dataclasses.replace(detection, heat_map=np.where(drawn == index, 0.9, 0.1).astype(np.float32))
    part = concerned_part(hot, shape, raycaster)
    assert part is not None
    assert part.id == ("foot", "post")[index]


def test_a_small_hot_part_wins_over_the_large_one_around_it() -> None:
    part = np.zeros((40, 60), np.int32)
    part[10:16, 20:26] = 1
    heat = np.zeros((40, 60), np.float32)
    heat[8:18, 18:28] = 0.9  # it spills over, so that the large part has more of the heat
    assert part_scores(heat, part, 2).argmax() == 1
    # Warm all over: that is about the large part.
    assert part_scores(np.full((40, 60), 0.6, np.float32), part, 2).argmax() == 0


def test_heat_beside_the_drawing_belongs_to_the_nearest_part() -> None:
    part = np.full((40, 60), -1, np.int32)
    part[10:20, 10:14] = 0
    part[10:20, 40:44] = 1
    heat = np.zeros((40, 60), np.float32)
    heat[10:20, 37:40] = 0.9
    scores = part_scores(heat, part, 3)
    assert scores.argmax() == 1
    assert scores[0] == scores[2] == 0
    # Farther away it is nobody's.
    assert (part_scores(np.roll(heat, 12, axis=1), part, 3) == 0).all()
    assert (part_scores(heat, np.full((40, 60), -1), 2) == 0).all()


def test_no_part_is_named_where_nothing_stands_out(
    shape: PartShape, raycaster: Raycaster, detection: Detection
) -> None:
    assert concerned_part(detection, shape, raycaster) is None
    hot = dataclasses.replace(detection, heat_map=np.full((32, 32), 0.9, np.float32))
    assert concerned_part(hot, shape, raycaster) is not None
    single = shape.with_parts(shape.parts[:1])
    assert concerned_part(hot, single, Raycaster(single)) is None
    # All of the heat is above the photo.
    outside = dataclasses.replace(hot, window=Window(20.0, -400.0, 160.0))
    assert concerned_part(outside, shape, raycaster) is None


@pytest.mark.parametrize(
    ("id", "label", "name"),
    [
        ("leg_front_left", "chair/leg", "front left leg"),
        ("Hex-Nut.3", "part/x", "Hex Nut 3"),
        ("12", "chair/chair_base/leg", "leg 12"),
        ("a\x1b[31m\nb", "part/x", "a 31m b"),
    ],
)
def test_names(id: str, label: str, name: str) -> None:
    assert ConcernedPart(id, label).name == name


@pytest.mark.parametrize(
    ("ids", "names"),
    [
        (["SheenChair_fabric", "SheenChair_wood"], ["fabric", "wood"]),
        (
            ["old_cabinet", "old_cabinet_door_02", "old_cabinet_left_leg"],
            ["cabinet", "cabinet door 02", "left cabinet leg"],
        ),
        (["leg_front", "leg_back", "seat"], ["front leg", "back leg", "seat"]),
        (["00", "01"], ["leg 00", "leg 01"]),
        (["5_00", "5_01"], ["leg 5 00", "leg 5 01"]),
        (["leg_1", "leg_2"], ["leg 1", "leg 2"]),
        (["a", "a_1"], ["a", "a 1"]),
        (["_", "_"], ["leg", "leg"]),
    ],
)
def test_what_all_parts_are_called_is_left_out(ids: list[str], names: list[str]) -> None:
    shared = shared_words(ids)
    assert [ConcernedPart(id, "chair/leg", shared).name for id in ids] == names
