import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from looking3d.inspection.part import ConcernedPart, concerned_part, part_scores
from looking3d.inspection.reference import Reference
from looking3d.inspection.result import Inspection
from looking3d.model.detector import Detection
from looking3d.model.query import Window
from looking3d.shapes.part_shape import PartShape


@pytest.mark.parametrize("index", [0, 1])
def test_a_part_that_is_hot_all_over_is_named(
    index: int, reference: Reference, detection: Callable[..., Detection]
) -> None:
    found = detection()
    drawn = reference.raycaster.draw(found.window.camera(found.camera, 32)).part
    assert {0, 1} <= set(drawn.ravel().tolist())
    hot = dataclasses.replace(found, heat_map=np.where(drawn == index, 0.9, 0.1).astype(np.float32))
    part = concerned_part(hot, reference.shape, reference.raycaster)
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
    reference: Reference, shape: PartShape, detection: Callable[..., Detection]
) -> None:
    assert concerned_part(detection(hot=False), reference.shape, reference.raycaster) is None
    single = Reference.of(shape.with_parts(shape.parts[:1]))
    assert concerned_part(detection(), single.shape, single.raycaster) is None
    # All of the heat is above the photo.
    outside = dataclasses.replace(detection(), window=Window(20.0, -400.0, 160.0))
    assert concerned_part(outside, reference.shape, reference.raycaster) is None


def test_a_photo_that_is_not_aligned_has_no_part(inspection: Callable[..., Inspection]) -> None:
    assert inspection().part == ConcernedPart("foot", "part/foot")
    assert inspection(alignment=0.2).part is None


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
