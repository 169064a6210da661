import numpy as np
import pytest
import trimesh

from looking3d.shapes.topology import (
    components,
    consistent,
    dihedral_rad,
    edges,
    half_edges,
    outward,
    without_duplicates,
)

BOX = trimesh.creation.box([1.0, 2.0, 3.0])
VERTICES, FACES = np.asarray(BOX.vertices), np.asarray(BOX.faces, np.int64)


def volume(vertices: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = vertices[faces].transpose(1, 0, 2)
    return float((np.cross(a, b) * c).sum() / 6)


def test_a_closed_box_has_euler_s_edges_and_none_is_open() -> None:
    found = edges(FACES)
    assert len(found.ends) == len(VERTICES) + len(FACES) - 2
    assert not found.open.any()
    assert edges(FACES[1:]).open.sum() == 3
    np.testing.assert_array_equal(np.sort(half_edges(FACES), 1), found.ends[found.of_half_edge])


def test_duplicates_go_whichever_way_they_turn() -> None:
    twice = np.concatenate([FACES, FACES[3:4], FACES[5:6, ::-1], np.roll(FACES[7:8], 1, axis=1)])
    np.testing.assert_array_equal(without_duplicates(twice), FACES)


def test_components_are_told_apart() -> None:
    two = np.concatenate([FACES, FACES + len(VERTICES)])
    labels = components(two)
    assert len(set(labels[: len(FACES)])) == len(set(labels[len(FACES) :])) == 1
    assert labels[0] != labels[-1]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_any_turned_faces_come_out_consistent_and_outward(share: float) -> None:
    sphere = trimesh.creation.icosphere(3)
    generator = np.random.default_rng(3)
    faces = np.asarray(sphere.faces, np.int64).copy()
    flip = generator.random(len(faces)) < share
    faces[flip] = faces[flip][:, ::-1]
    agreed, turned = consistent(faces)
    assert turned == min(flip.sum(), (~flip).sum())
    out, inside_out = outward(sphere.vertices, agreed)
    assert inside_out == int(share > 0.5)
    assert volume(np.asarray(sphere.vertices), out) == pytest.approx(sphere.volume)


def test_a_moebius_band_stays_as_it_is() -> None:
    count = 12
    low, high = np.arange(count), np.arange(count) + count
    next_low, next_high = np.roll(low, -1), np.roll(high, -1)
    next_low[-1], next_high[-1] = count, 0
    faces = np.concatenate([np.stack([low, next_low, next_high], 1), np.stack([low, next_high, high], 1)])
    same, turned = consistent(faces)
    assert turned == 0
    np.testing.assert_array_equal(same, faces)


def test_angles_of_a_box() -> None:
    angles = np.sort(dihedral_rad(VERTICES, FACES))
    np.testing.assert_allclose(angles[:6], 0, atol=1e-6)
    np.testing.assert_allclose(angles[6:], np.pi / 2)
