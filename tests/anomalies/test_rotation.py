import math

import numpy as np
import pytest
import trimesh
from scipy.spatial.distance import pdist
from scipy.spatial.transform import Rotation

from looking3d.anomalies import AnomalyImpossible, rotation
from looking3d.anomalies.contact import contact
from looking3d.anomalies.rotation import ANGLE_DEG, HINGE
from looking3d.shapes.part_shape import Part, PartShape


@pytest.mark.parametrize("seed", range(8))
def test_a_turn_by_the_severity_about_the_contact(stool: PartShape, seed: int) -> None:
    result = rotation(stool, stool.parts[seed % 4], [], np.random.default_rng(seed))
    assert result.after is not None
    before, after = result.before.vertices, result.after.vertices
    np.testing.assert_allclose(pdist(after), pdist(before), atol=1e-9)
    # The point where the part is held stays, so what is left about it is a rotation.
    pivot = contact(stool, result.before).point
    R, distance = Rotation.align_vectors(after - pivot, before - pivot)
    assert distance == pytest.approx(0, abs=1e-6)
    assert R.magnitude() == pytest.approx(result.severity)
    assert math.radians(ANGLE_DEG[0]) <= result.severity <= math.radians(ANGLE_DEG[1])
    np.testing.assert_array_equal(result.after.faces, result.before.faces)


def test_a_single_part_has_nothing_to_be_held_by(sheet: PartShape) -> None:
    with pytest.raises(AnomalyImpossible, match="only one part"):
        rotation(sheet, sheet.parts[0], [], np.random.default_rng(0))


def box(id: str, size: tuple[float, float, float], at: tuple[float, float, float]) -> Part:
    mesh = trimesh.creation.box(size)
    return Part(id, "part/" + id, mesh.vertices + np.array(at), mesh.faces)


def legs(top: float) -> list[Part]:
    places = [(-0.4, -0.3), (0.4, -0.3), (-0.4, 0.3), (0.4, 0.3)]
    return [box(f"leg_{i}", (0.06, 0.5, 0.06), (x, top - 0.25, z)) for i, (x, z) in enumerate(places)]


def test_a_post_is_held_at_the_end_that_touches() -> None:
    post, slab = box("post", (0.1, 0.8, 0.1), (0.2, 0.4, 0.3)), box("slab", (0.6, 0.1, 0.5), (0.2, 0.85, 0.3))
    held = contact(PartShape("t", (post, slab)), post)
    np.testing.assert_allclose(held.point, [0.2, 0.8, 0.3], atol=0.02)
    assert held.hinge is None
    assert held.gap == pytest.approx(0, abs=1e-6)


def test_a_seat_on_four_legs_turns_about_its_middle_and_has_no_hinge() -> None:
    seat = box("seat", (1.0, 0.06, 0.8), (0, 0.03, 0))
    held = contact(PartShape("s", (seat, *legs(0.0))), seat)
    np.testing.assert_allclose(held.point, [0, 0, 0], atol=0.05)
    assert held.hinge is None


def test_a_back_folds_about_its_lower_edge() -> None:
    seat, back = box("seat", (1.0, 0.06, 0.8), (0, 0.03, 0)), box("back", (0.9, 0.9, 0.05), (0, 0.51, -0.35))
    shape = PartShape("c", (seat, back, *legs(0.0)))
    held = contact(shape, back)
    np.testing.assert_allclose(held.point, [0, 0.06, -0.35], atol=0.06)
    np.testing.assert_allclose(held.hinge, [1, 0, 0], atol=0.01)
    folded = 0
    for seed in range(40):
        after = rotation(shape, back, [], np.random.default_rng(seed)).after
        assert after is not None
        # Points on the hinge's line keep their place along it
        folded += np.allclose(after.vertices[:, 0], back.vertices[:, 0], atol=0.02)
    assert HINGE - 0.2 < folded / 40 < HINGE + 0.2


def test_a_rod_between_two_posts_is_no_hinge() -> None:
    posts = [box(f"post_{i}", (0.1, 1.0, 0.1), (x, 0, 0)) for i, x in enumerate((-0.5, 0.5))]
    rod = box("rod", (0.9, 0.04, 0.04), (0, 0.1, 0))
    held = contact(PartShape("r", (*posts, rod)), rod)
    np.testing.assert_allclose(held.point, [0, 0.1, 0], atol=0.04)
    assert held.hinge is None


def test_a_drawer_between_walls_turns_about_its_middle() -> None:
    drawer = box("drawer", (0.78, 0.2, 0.5), (0, 0, 0))
    walls = [box(f"wall_{i}", (0.02, 0.8, 0.6), (x, 0, 0)) for i, x in enumerate((-0.4, 0.4))]
    held = contact(PartShape("d", (drawer, *walls)), drawer)
    np.testing.assert_allclose(held.point, [0, 0, 0], atol=0.05)
    assert held.hinge is None


def test_a_part_that_touches_nothing_turns_about_its_own_middle() -> None:
    floating, slab = box("floating", (0.2, 0.1, 0.1), (0, 0.7, 0)), box("slab", (1, 0.1, 1), (0, 0, 0))
    held = contact(PartShape("f", (floating, slab)), floating)
    np.testing.assert_allclose(held.point, [0, 0.7, 0], atol=1e-9)
    assert held.gap == pytest.approx(0.6 / np.linalg.norm([1, 0.8, 1]), rel=1e-3)
