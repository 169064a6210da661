import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation

from looking3d.shapes.oriented_box import BOX_ROTATIONS, box_of, oriented_box
from looking3d.shapes.part_shape import Part


def corners(extent: list[float]) -> np.ndarray:
    return trimesh.creation.box(extent).vertices


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("extent", [[1.0, 2.0, 3.0], [0.05, 1.0, 0.05], [1.0, 0.02, 1.0], [1.0, 1.0, 0.0]])
def test_a_turned_box_is_found_again(extent: list[float], seed: int) -> None:
    R = Rotation.random(random_state=seed).as_matrix()
    box = oriented_box(corners(extent) @ R.T + [3.0, -1.0, 2.0])
    np.testing.assert_allclose(np.sort(box.extent), np.sort(extent), atol=0.012)
    np.testing.assert_allclose(box.center, [3.0, -1.0, 2.0], atol=0.01)
    np.testing.assert_allclose(box.axes @ box.axes.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(box.axes) == pytest.approx(1)


def test_axes_lean_least_to_the_world() -> None:
    R = Rotation.from_rotvec([0.1, 0.2, -0.15]).as_matrix()
    box = oriented_box(corners([0.5, 1.0, 2.0]) @ R.T)
    np.testing.assert_allclose(box.axes, R.T, atol=0.01)
    np.testing.assert_allclose(box.extent, [0.5, 1.0, 2.0], atol=0.01)


def test_round_and_square_parts_have_straight_boxes() -> None:
    upright = trimesh.transformations.rotation_matrix(np.pi / 2, [1, 0, 0])
    for mesh in (
        trimesh.creation.cylinder(0.1, 2.0, sections=32, transform=upright),
        trimesh.creation.icosphere(3),
        trimesh.creation.box([1, 1, 1]),
    ):
        np.testing.assert_allclose(oriented_box(mesh.vertices).axes, np.eye(3), atol=1e-9)


@pytest.mark.parametrize("points", [np.zeros((1, 3)), np.ones((5, 3)), np.outer(np.arange(4.0), [1, 2, 3])])
def test_a_point_and_a_line_have_boxes(points: np.ndarray) -> None:
    box = oriented_box(points)
    assert np.isfinite(box.axes).all()
    assert np.prod(box.extent) == pytest.approx(0, abs=1e-3)
    assert box.extent.max() == pytest.approx(np.linalg.norm(points[-1] - points[0]), rel=1e-3)


def test_many_points_are_all_inside_and_the_box_is_as_tight() -> None:
    mesh = trimesh.creation.icosphere(4)
    R = Rotation.from_rotvec([0.3, 0.5, 0.1]).as_matrix()
    vertices = mesh.vertices * [1.0, 0.3, 0.2] @ R.T
    box = oriented_box(vertices)
    assert (np.abs((vertices - box.center) @ box.axes.T) <= box.extent / 2 + 1e-9).all()
    np.testing.assert_allclose(np.sort(box.extent), [0.4, 0.6, 2.0], rtol=0.06)


def test_a_part_s_box_is_found_once() -> None:
    part = Part("a", "part/a", corners([1, 2, 3]), trimesh.creation.box([1, 2, 3]).faces)
    assert box_of(part) is box_of(part)


def test_box_rotations_are_the_24_of_the_cube() -> None:
    assert len(np.unique(BOX_ROTATIONS.round(6), axis=0)) == 24
    np.testing.assert_allclose(np.linalg.det(BOX_ROTATIONS), 1)
