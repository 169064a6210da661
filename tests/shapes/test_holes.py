import numpy as np
import pytest
import trimesh

from looking3d.shapes.holes import border_loops, mend_holes
from looking3d.shapes.topology import edges

SPHERE = trimesh.creation.icosphere(3)
VERTICES, FACES = np.asarray(SPHERE.vertices), np.asarray(SPHERE.faces, np.int64)


def with_hole(radius: float, *towards: tuple[float, float, float]) -> np.ndarray:
    middle = VERTICES[FACES].mean(1)
    near = [np.linalg.norm(middle - np.array(at), axis=1) < radius for at in towards]
    return FACES[~np.any(near, axis=0)]


def test_holes_are_closed_and_face_outwards() -> None:
    holed = with_hole(0.4, (0, 1, 0), (1, 0, 0))
    assert len(border_loops(holed)) == 2
    vertices, faces, mended, left = mend_holes(VERTICES, holed, np.inf)
    assert (mended, left) == (2, 0)
    assert not edges(faces).open.any()
    assert trimesh.Trimesh(vertices, faces, process=False).is_winding_consistent
    assert trimesh.Trimesh(vertices, faces).volume == pytest.approx(SPHERE.volume, rel=0.05)


def test_one_missing_triangle_gets_one_triangle() -> None:
    vertices, faces, mended, _ = mend_holes(VERTICES, FACES[1:], np.inf)
    assert (len(vertices), len(faces), mended) == (len(VERTICES), len(FACES), 1)
    assert not edges(faces).open.any()


def test_long_borders_stay_open() -> None:
    holed = with_hole(0.4, (0, 1, 0))
    vertices, faces, mended, left = mend_holes(VERTICES, holed, 1.0)
    assert (mended, left) == (0, 1)
    assert len(faces) == len(holed)
    assert len(vertices) == len(VERTICES)


def test_borders_that_touch_in_a_vertex_are_two_loops() -> None:
    fan = np.flatnonzero((FACES == 0).any(1))
    opposite = fan[[0, 2]] if not set(FACES[fan[0]]) & set(FACES[fan[2]]) - {0} else fan[[0, 3]]
    loops = border_loops(np.delete(FACES, opposite, axis=0))
    assert sorted(len(loop) for loop in loops) in ([3, 3], [4])
    for loop in loops:
        assert len(set(loop)) == len(loop)


def test_borders_that_do_not_close_end() -> None:
    # The second face disagrees with the first: no loop runs along both.
    faces = np.array([[0, 1, 2], [1, 2, 3]])
    for loop in border_loops(faces):
        assert len(loop) >= 3
