import json
from pathlib import Path

import numpy as np
import pytest

from looking3d.dataset.load import Dataset
from looking3d.dataset.stored_reference import GeneratedReference
from looking3d.errors import ConfigError, DatasetError
from looking3d.shapes.read import read_shape


def test_views_depth_and_points_agree_with_the_mesh(small: Path) -> None:
    dataset = Dataset.open(small)
    reference = dataset.reference(dataset.samples[0].shape_id)
    assert reference.views.shape == reference.depth.shape == (5, 64, 64)
    assert reference.points.shape == (*reference.valid.shape, 3) == (5, 8, 8, 3)
    raycaster = reference.raycaster()
    for camera, depth, points, valid in zip(
        reference.cameras, reference.depth, reference.points, reference.valid, strict=True
    ):
        np.testing.assert_allclose(raycaster.draw(camera).depth, depth, atol=1e-5)
        xy, _ = camera.project(points[valid].astype(float))
        rows, columns = np.nonzero(valid)
        np.testing.assert_array_equal(xy // 8, np.stack([columns, rows], -1))


def test_correspondences_are_one_point_seen_by_both(small: Path) -> None:
    dataset = Dataset.open(small)
    reference = dataset.reference(dataset.samples[0].shape_id)
    raycaster = reference.raycaster()
    matches = reference.correspondences(0, 1, step_px=2)
    assert len(matches.a) > 50
    points = []
    for pixels, camera in zip(matches, reference.cameras[:2], strict=True):
        # The ray through each pixel, cast anew against the mesh.
        directions = (
            np.stack([*((pixels - camera.center_px) / camera.focal_px).T, np.ones(len(pixels))], -1)
            @ camera.T_camera_world[:3, :3]
        )
        hits = raycaster.intersect(np.broadcast_to(camera.origin, directions.shape), directions)
        points.append(camera.origin + directions * hits.distance[:, None])
    distance = np.linalg.norm(points[0] - points[1], axis=1)
    # Two pixels' width at this size and distance is 0.056.
    assert (distance < 0.06).mean() > 0.97
    same = reference.correspondences(2, 2)
    np.testing.assert_allclose(same.a, same.b, atol=1e-3)


def test_an_unknown_view_is_refused(small: Path) -> None:
    dataset = Dataset.open(small)
    with pytest.raises(ConfigError, match="expected a view from 0 to 4, got 5"):
        dataset.reference(dataset.samples[0].shape_id).correspondences(0, 5)


def test_patches_match_where_two_views_show_one_point(small: Path) -> None:
    dataset = Dataset.open(small)
    reference = dataset.reference(dataset.samples[0].shape_id)
    patches = reference.patches(8, 8)
    np.testing.assert_array_equal(patches.points, reference.points)
    np.testing.assert_array_equal(patches.valid, reference.valid)
    assert patches.matches.shape == (5, 5, 8, 8)
    assert (patches.matches[0, 1] >= 0).sum() > 5
    for a, b, row, column in np.argwhere(patches.matches >= 0):
        match = patches.matches[a, b, row, column]
        assert patches.valid[a, row, column]
        assert patches.valid[b].ravel()[match]
        xy, _ = reference.cameras[b].project(patches.points[a, row, column].astype(float))
        assert match == int(xy[1] // 8) * 8 + int(xy[0] // 8)


def test_patches_of_another_grid_are_coarser_or_finer(small: Path) -> None:
    dataset = Dataset.open(small)
    reference = dataset.reference(dataset.samples[0].shape_id)
    fine, coarse = reference.patches(16, 16), reference.patches(4, 4)
    pooled = fine.valid.reshape(5, 4, 4, 4, 4).any((2, 4))
    np.testing.assert_array_equal(coarse.valid, pooled)
    xy, _ = reference.cameras[2].project(fine.points[2][fine.valid[2]].astype(float))
    rows, columns = np.nonzero(fine.valid[2])
    np.testing.assert_array_equal(xy // 4, np.stack([columns, rows], -1))


def test_parts_are_those_of_the_mesh(small: Path) -> None:
    dataset = Dataset.open(small)
    reference = dataset.reference(dataset.samples[0].shape_id)
    assert reference.family == "chair"
    names = [tuple(part) for part in reference.parts]
    assert names == [(part.id, part.label) for part in read_shape(reference.mesh_path).parts]
    assert len(names) == reference.raycaster().part_of_face.max() + 1


def test_a_record_without_parts_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shape.json").write_text('{"parts": ["leg"]}')
    reference = GeneratedReference(tmp_path)
    with pytest.raises(DatasetError, match="expected parts with id and label; generate the dataset again"):
        _ = reference.parts


@pytest.mark.parametrize(
    ("source", "category", "family"),
    [
        ("procedural:armchair seed=7", "chair", "armchair"),
        ("shapes/billy.obj", "shelf", "shelf"),
        ("shapes/billy.obj", None, "object"),
    ],
)
def test_families(source: str, category: str | None, family: str, tmp_path: Path) -> None:
    record = {"source": source} | ({} if category is None else {"category": category})
    (tmp_path / "shape.json").write_text(json.dumps(record))
    assert GeneratedReference(tmp_path).family == family
