import dataclasses

import numpy as np
import pytest
import trimesh

from looking3d.anomalies import AnomalousShape, AnomalyImpossible, broken
from looking3d.anomalies.broken import REMOVED
from looking3d.shapes.distance import SurfaceDistance
from looking3d.shapes.part_shape import Part, PartShape

SEEDS = range(8)


def mesh_of(part: Part) -> trimesh.Trimesh:
    return trimesh.Trimesh(part.vertices, part.faces)


def cut(shape: PartShape, seed: int) -> tuple[AnomalousShape, Part]:
    result = broken(shape, shape.parts[seed % len(shape.parts)], [], np.random.default_rng(seed))
    assert result.after is not None
    assert REMOVED[0] <= result.severity <= REMOVED[1]
    return result, result.after


@pytest.mark.parametrize("seed", SEEDS)
def test_a_solid_stays_closed_and_loses_the_stated_volume(stool: PartShape, seed: int) -> None:
    result, after = cut(stool, seed)
    assert mesh_of(after).is_watertight
    assert mesh_of(after).is_winding_consistent
    volume = mesh_of(result.before).volume
    assert mesh_of(after).volume == pytest.approx(volume * (1 - result.severity), rel=1e-4)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_left_lies_inside_what_was(stool: PartShape, seed: int) -> None:
    result, after = cut(stool, seed)
    low, high = result.before.bounds
    assert (after.vertices >= low - 1e-6).all()
    assert (after.vertices <= high + 1e-6).all()


def test_some_corners_of_the_part_are_kept(stool: PartShape) -> None:
    for seed in SEEDS:
        result, after = cut(stool, seed)
        distances = np.linalg.norm(result.before.vertices[:, None] - after.vertices, axis=-1).min(1)
        assert (distances < 1e-6).any()


@pytest.mark.parametrize("seed", SEEDS)
def test_an_open_mesh_loses_the_stated_area(sheet: PartShape, seed: int) -> None:
    result, after = cut(sheet, seed)
    assert not after.vertices[:, 2].any()
    assert (np.abs(after.vertices[:, :2]) <= 0.5).all()
    assert mesh_of(after).area == pytest.approx(1 - result.severity)
    # No vertex is left without a face, and no two triangles overlap: the area is the union's.
    assert set(np.unique(after.faces)) == set(range(len(after.vertices)))
    assert (mesh_of(after).face_normals[:, 2] > 0.99).all()


def test_an_inverted_solid_is_still_broken(stool: PartShape) -> None:
    # Wound inside out, as exporters of mirrored parts leave them: no solid, so it is cut as a surface.
    turned = stool.with_parts(dataclasses.replace(part, faces=part.faces[:, ::-1]) for part in stool.parts)
    result, after = cut(turned, 0)
    assert mesh_of(after).area < mesh_of(result.before).area * (1 - REMOVED[0] / 2)


def test_vertices_that_are_repeated_at_every_face_are_still_a_solid(stool: PartShape) -> None:
    loose = stool.with_parts(
        dataclasses.replace(
            part,
            vertices=part.vertices[part.faces].reshape(-1, 3),
            faces=np.arange(part.faces.size).reshape(-1, 3),
        )
        for part in stool.parts
    )
    _, after = cut(loose, 0)
    assert mesh_of(after).is_watertight


def test_specks_cannot_be_broken() -> None:
    # The smallest tool swallows them whole.
    speck = trimesh.creation.icosphere(1, 0.002)
    places = enumerate([(-0.8, 0, 0), (0.8, 0, 0)])
    parts = [Part(f"{i}", "part/speck", speck.vertices + np.array(at), speck.faces) for i, at in places]
    with pytest.raises(AnomalyImpossible, match="no cut removed a fitting share"):
        broken(PartShape("specks", tuple(parts)), parts[0], [], np.random.default_rng(0))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_faces_of_the_cut_and_no_others_are_raw(stool: PartShape, seed: int) -> None:
    result, after = cut(stool, seed)
    assert after.raw is not None
    assert after.raw.dtype == bool
    assert 0 < after.raw.sum() < len(after.raw)
    surface = SurfaceDistance(result.before.vertices, result.before.faces)
    middles = after.vertices[after.faces].mean(1)
    # A cut runs through the inside; what is left of the skin lies on the old surface
    assert np.median(surface(middles[~after.raw])) < 1e-6
    assert surface(middles[~after.raw]).max() < 0.006
    assert surface(middles[after.raw]).max() > 0.01
    assert result.before.raw is None
    assert result.shape.raw_faces().sum() == after.raw.sum()


def test_raw_faces_stay_with_a_part_that_is_moved_and_normalised(stool: PartShape) -> None:
    result, after = cut(stool, 0)
    moved = after.moved(np.eye(3), np.ones(3))
    np.testing.assert_array_equal(moved.raw, after.raw)
    np.testing.assert_array_equal(result.shape.normalized().raw_faces(), result.shape.raw_faces())


def test_an_open_mesh_has_no_raw_faces(sheet: PartShape) -> None:
    assert cut(sheet, 0)[1].raw is None
    assert not sheet.raw_faces().any()
