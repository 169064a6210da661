import dataclasses

import numpy as np
import trimesh

from looking3d.geometry.camera import orbit
from looking3d.render.prepared import PreparedShape, corner_normals
from looking3d.render.raycast import Raycaster


def _normals(mesh: trimesh.Trimesh, faces: np.ndarray | None = None, parts: int = 1) -> np.ndarray:
    faces = np.asarray(mesh.faces) if faces is None else faces
    return corner_normals(np.asarray(mesh.vertices), faces, np.arange(len(faces)) % parts)


def test_a_sphere_is_smooth():
    sphere = trimesh.creation.icosphere(3)
    normals = _normals(sphere)
    assert normals.dtype == np.float32
    assert ((normals * sphere.vertices[sphere.faces]).sum(-1) > 0.999).all()


def test_a_box_keeps_its_creases():
    box = trimesh.creation.box([1, 2, 3])
    np.testing.assert_allclose(_normals(box), np.repeat(box.face_normals[:, None], 3, 1), atol=1e-6)


def test_parts_do_not_smooth_one_another():
    sphere = trimesh.creation.icosphere(2)
    alone = _normals(sphere, parts=len(sphere.faces))
    np.testing.assert_allclose(alone, np.repeat(sphere.face_normals[:, None], 3, 1), atol=1e-6)


def test_a_face_turned_inside_out_turns_its_own_normals_only():
    sphere = trimesh.creation.icosphere(2)
    faces = np.array(sphere.faces)
    faces[7] = faces[7, ::-1]
    expected = _normals(sphere)
    expected[7] = -expected[7, ::-1]
    np.testing.assert_allclose(_normals(sphere, faces), expected, atol=1e-6)


def test_smooth_normals_are_the_corners_at_the_corners_and_face_the_viewer(stool):
    prepared = PreparedShape(stool)
    face = np.arange(len(prepared.triangles))
    edges = np.diff(prepared.triangles, axis=1)
    n_face = np.cross(edges[:, 0], edges[:, 1])
    n_face /= np.linalg.norm(n_face, axis=1, keepdims=True)
    for corner in range(3):
        n = prepared.smooth_normals(prepared.triangles[:, corner], face, n_face)
        np.testing.assert_allclose(n, prepared.corner_normals[:, corner], atol=1e-4)
        back = prepared.smooth_normals(prepared.triangles[:, corner], face, -n_face)
        np.testing.assert_allclose(back, -n, atol=1e-6)


def test_window_holds_all_of_the_shape_and_sees_the_same(stool, camera):
    rows, columns, seen = PreparedShape(stool).window(camera)
    whole, part = (Raycaster(stool).draw(c) for c in (camera, seen))
    assert part.part.shape == (rows.stop - rows.start, columns.stop - columns.start)
    assert part.mask.sum() == whole.mask.sum()
    np.testing.assert_array_equal(part.part, whole.part[rows, columns])


def test_window_is_none_where_the_shape_is_not_and_all_around_it(stool, camera):
    prepared = PreparedShape(stool)
    away = dataclasses.replace(camera, center_px=np.array([-500.0, -500.0]))
    assert prepared.window(away) is None
    assert prepared.window(orbit(0.3, 0.2, 32, distance=0.4))[:2] == (slice(0, 32), slice(0, 32))
