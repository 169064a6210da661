import numpy as np
import pytest
import trimesh

from looking3d.shapes.distance import SurfaceDistance
from looking3d.shapes.surface import spread_points


def test_distances_to_a_box_are_the_closed_form() -> None:
    box = trimesh.creation.box([1.0, 2.0, 3.0])
    distance = SurfaceDistance(box.vertices, np.asarray(box.faces))
    points = np.array([[0.0, 0, 0], [0.5, 1, 1.5], [2.0, 0, 0], [0.6, 1.1, 0.2], [0.1, 0.2, 1.45]])
    np.testing.assert_allclose(distance(points), [0.5, 0, 1.5, np.hypot(0.1, 0.1), 0.05], atol=1e-9)


def test_agrees_with_a_dense_cloud() -> None:
    mesh = trimesh.creation.icosphere(2)
    generator = np.random.default_rng(0)
    points = generator.normal(size=(50, 3))
    cloud, _ = spread_points(np.asarray(mesh.vertices), np.asarray(mesh.faces), 40_000)
    slow = np.linalg.norm(points[:, None] - cloud, axis=-1).min(1)
    fast = SurfaceDistance(np.asarray(mesh.vertices), np.asarray(mesh.faces))(points)
    np.testing.assert_allclose(fast, slow, atol=0.01)
    assert (fast <= slow + 1e-9).all()


def test_slivers_and_faces_without_area_give_finite_distances() -> None:
    vertices = np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0], [0, 1e-12, 0]])
    for faces in ([[0, 1, 2]], [[0, 1, 3], [0, 1, 1]]):
        distances = SurfaceDistance(vertices, np.array(faces), 10)(np.array([[0.5, 1.0, 0]]))
        assert distances == pytest.approx(1.0, abs=0.6)


def test_points_are_spread_evenly_and_always_the_same() -> None:
    box = trimesh.creation.box([1.0, 1.0, 1.0])
    points, face = spread_points(box.vertices, np.asarray(box.faces), 1200)
    assert (np.bincount(face) == 100).all()
    np.testing.assert_allclose(points.mean(0), 0, atol=0.01)
    np.testing.assert_array_equal(points, spread_points(box.vertices, np.asarray(box.faces), 1200)[0])
