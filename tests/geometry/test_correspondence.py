import dataclasses

import numpy as np
import pytest

from looking3d.geometry.camera import Camera, orbit, ring
from looking3d.geometry.correspondence import (
    farthest_points,
    grid_pixels,
    grid_points,
    match_points,
    patch_at,
    patch_pixels,
    patch_points,
    unproject,
)

CAMERA = dataclasses.replace(
    orbit(0.7, 0.5, roll_rad=0.3), focal_px=61.0, center_px=np.array([27.3, 17.6]), width=48, height=32
)


def random_mask(share: float, height: int = 32, width: int = 48) -> np.ndarray:
    return np.random.default_rng(0).random((height, width)) < share


def random_depth(share: float) -> np.ndarray:
    depth = np.random.default_rng(1).uniform(1.7, 3.3, (32, 48)).astype(np.float32)
    return np.where(random_mask(share), depth, np.float32(0))


def slow_patch_pixels(mask: np.ndarray, patch_px: int) -> tuple[np.ndarray, np.ndarray]:
    """By looking at every pixel of every patch; of equals the first counts, row by row."""
    rows, columns = mask.shape[0] // patch_px, mask.shape[1] // patch_px
    pixels, valid = np.zeros((rows, columns, 2), int), np.zeros((rows, columns), bool)
    for row, column in np.ndindex(rows, columns):
        cell = [(row * patch_px + y, column * patch_px + x) for y in range(patch_px) for x in range(patch_px)]
        shown = [pixel for pixel in cell if mask[pixel]]
        # Twice the distance to the centre, squared, is an integer.
        center = (patch_px * (2 * row + 1), patch_px * (2 * column + 1))
        valid[row, column] = bool(shown)
        pixels[row, column] = min(
            shown or cell, key=lambda p: (2 * p[0] + 1 - center[0]) ** 2 + (2 * p[1] + 1 - center[1]) ** 2
        )
    return pixels, valid


def test_unprojected_points_project_to_their_pixels() -> None:
    depth = random_depth(0.6)
    points = unproject(CAMERA, depth)
    xy, z = CAMERA.project(points)
    hit = depth > 0
    rows, columns = np.nonzero(hit)
    np.testing.assert_allclose(xy[hit], np.stack([columns, rows], -1) + 0.5, atol=1e-3)
    np.testing.assert_allclose(z[hit], depth[hit], rtol=1e-6)
    assert np.isnan(points[~hit]).all()


def test_a_plane_that_faces_the_camera() -> None:
    camera = orbit(0.0, 0.0, 16, distance=2.0)
    points = unproject(camera, np.full((16, 16), 2.0, np.float32))
    np.testing.assert_allclose(points[..., 2], 0, atol=1e-6)
    np.testing.assert_allclose(points[0, :, 0], (np.arange(16) + 0.5 - 8) * 2 / camera.focal_px, atol=1e-6)
    np.testing.assert_allclose(points[:, 0, 1], -(np.arange(16) + 0.5 - 8) * 2 / camera.focal_px, atol=1e-6)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 1.0])
@pytest.mark.parametrize(("height", "width", "patch_px"), [(32, 48, 8), (16, 24, 4), (15, 9, 3), (3, 5, 1)])
def test_patch_pixels_are_those_of_the_slow_way(share: float, height: int, width: int, patch_px: int) -> None:
    mask = random_mask(share, height, width)
    pixels, valid = patch_pixels(mask, patch_px)
    slow_pixels, slow_valid = slow_patch_pixels(mask, patch_px)
    np.testing.assert_array_equal(valid, slow_valid)
    np.testing.assert_array_equal(pixels, slow_pixels)


def test_patch_points_are_seen_in_their_patches() -> None:
    depth = random_depth(0.02)
    points, valid = patch_points(CAMERA, depth, 8)
    assert points.shape == (4, 6, 3)
    assert 0 < valid.sum() < valid.size
    assert not points[~valid].any()
    xy, z = CAMERA.project(points[valid])
    rows, columns = np.nonzero(valid)
    np.testing.assert_array_equal(xy // 8, np.stack([columns, rows], -1))
    x, y = np.floor(xy).astype(int).T
    np.testing.assert_allclose(z, depth[y, x], rtol=1e-6)


def test_grid_points_of_whole_patches_are_patch_points() -> None:
    depth = random_depth(0.1)
    points, valid = grid_points(unproject(CAMERA, depth), 4, 6)
    expected, expected_valid = patch_points(CAMERA, depth, 8)
    np.testing.assert_array_equal(valid, expected_valid)
    np.testing.assert_array_equal(points, expected)


@pytest.mark.parametrize(("rows", "columns"), [(5, 7), (10, 12), (40, 60), (32, 48)])
def test_grid_points_lie_in_cells_of_any_size(rows: int, columns: int) -> None:
    points, valid = grid_points(unproject(CAMERA, random_depth(0.5)), rows, columns)
    assert valid.shape == (rows, columns)
    assert valid.sum() > 0
    assert not points[~valid].any()
    xy, _ = CAMERA.project(points[valid])
    y, x = np.nonzero(valid)
    # A pixel that stands for a cell overlaps it, or is the nearest there is
    size = np.array([48 / columns, 32 / rows])
    distance = np.abs(xy - (np.stack([x, y], -1) + 0.5) * size)
    assert (distance <= size / 2 + 0.51).all()
    if rows > 32:
        assert valid.sum() >= (random_depth(0.5) > 0).sum()


def test_grid_pixels_of_a_window_are_those_of_the_picture_cut_out() -> None:
    mask = random_mask(0.2)
    pixels, valid = grid_pixels(mask, 4, 6, (12 / 48, 8 / 32, 24 / 48, 16 / 32))
    cut, cut_valid = patch_pixels(mask[8:24, 12:36], 4)
    np.testing.assert_array_equal(valid, cut_valid)
    np.testing.assert_array_equal(pixels, cut + (8, 12))


def slow_match(point: np.ndarray, camera: Camera, depth: np.ndarray, rows: int, columns: int) -> int:
    """One point in one view, by hand."""
    p_camera = camera.T_camera_world @ np.append(point, 1)
    if not p_camera[2] > 0:
        return -1
    x = camera.focal_px * p_camera[0] / p_camera[2] + camera.center_px[0]
    y = camera.focal_px * p_camera[1] / p_camera[2] + camera.center_px[1]
    if not (0 <= x < camera.width and 0 <= y < camera.height):
        return -1
    surface = depth[int(y), int(x)]
    if surface == 0 or abs(surface - p_camera[2]) > 2 * p_camera[2] / camera.focal_px:
        return -1
    return int(y * rows / camera.height) * columns + int(x * columns / camera.width)


def sphere_depth(camera: Camera, radius: float = 0.6) -> np.ndarray:
    """(height, width) float32, in closed form."""
    _, directions = camera.rays()
    directions = directions.astype(np.float64)
    a = (directions**2).sum(-1)
    b = directions @ camera.origin
    root = b**2 - a * (camera.origin @ camera.origin - radius**2)
    nearer = (-b - np.sqrt(np.maximum(root, 0))) / a
    return np.where(root > 0, nearer, 0).astype(np.float32)


def wide_ring(count: int) -> list[Camera]:
    """Cameras that are wider than high."""
    return [
        dataclasses.replace(camera, width=96, center_px=np.array([48.0, 32.0]))
        for camera in ring(count, 0.3, 64)
    ]


def test_matches_are_those_of_the_slow_way() -> None:
    cameras = [CAMERA, *wide_ring(3)]
    cameras = [dataclasses.replace(camera, width=48, height=32) for camera in cameras]
    depth = np.stack([sphere_depth(camera) for camera in cameras])
    points = np.stack([grid_points(unproject(c, d), 4, 6)[0] for c, d in zip(cameras, depth, strict=True)])
    points[0, 0, 0] = np.nan
    matches = match_points(points, cameras, depth, 4, 6)
    assert matches.shape == (4, 4, 4, 6)
    assert 50 < (matches >= 0).sum() < matches.size / 2
    for view, a, row, column in np.ndindex(matches.shape):
        expected = slow_match(points[a, row, column], cameras[view], depth[view], 4, 6)
        assert matches[view, a, row, column] == expected


def test_matches_on_a_sphere_are_the_points_that_face_both_views() -> None:
    cameras = wide_ring(6)
    depth = np.stack([sphere_depth(camera) for camera in cameras])
    found = [patch_points(camera, d, 8) for camera, d in zip(cameras, depth, strict=True)]
    points = np.stack([np.where(valid[..., None], points, np.nan) for points, valid in found])
    matches = match_points(points, cameras, depth, 8, 12)
    for view, camera in enumerate(cameras):
        toward = camera.origin - points
        facing = (points * toward).sum(-1) / (0.6 * np.linalg.norm(toward, axis=-1))
        # Near the rim a pixel's depth says little of its neighbour's
        assert (matches[view][facing > 0.3] >= 0).all()
        assert (matches[view][facing < -0.1] == -1).all()
        xy, _ = camera.project(points)
        at = patch_at(xy / (96, 64), 8, 12)
        seen = matches[view] >= 0
        np.testing.assert_array_equal(matches[view][seen], at[seen])
    same = np.arange(96).reshape(8, 12)
    for view in range(6):
        valid = np.isfinite(points[view, ..., 0])
        np.testing.assert_array_equal(matches[view, view], np.where(valid, same, -1))


def test_a_plate_hides_what_is_behind_it() -> None:
    camera = orbit(0, 0, 64)
    depth = np.full((64, 64), 2.0, np.float32)
    depth[:, 32:] = 0
    before, behind = np.array([-0.2, 0.0, 0.5]), np.array([-0.2, 0.0, -0.3])
    beside = np.array([0.2, 0.0, 0.5])
    matches = match_points(np.stack([before, behind, beside]), [camera], depth[None], 8, 8)
    assert matches[0, 0] == 4 * 8 + 2
    assert (matches[0, 1:] == -1).all()


def test_patch_at_counts_row_by_row() -> None:
    xy = np.array([[0.0, 0.0], [0.999, 0.0], [0.0, 0.999], [0.5, 0.5], [1.0, 0.5], [-0.01, 0.5], [np.nan, 0]])
    np.testing.assert_array_equal(patch_at(xy, 4, 6), [0, 5, 18, 15, -1, -1, -1])


def test_farthest_points_are_far_from_each_other() -> None:
    points = np.random.default_rng(3).normal(size=(40, 3))
    chosen = farthest_points(points, 12, np.random.default_rng(0))
    assert len(set(chosen.tolist())) == 12
    for i in range(1, 12):
        distance = np.linalg.norm(points[:, None] - points[chosen[:i]], axis=-1).min(1)
        assert distance[chosen[i]] == pytest.approx(distance.max())
    again = farthest_points(points, 12, np.random.default_rng(0))
    np.testing.assert_array_equal(chosen, again)


def test_farthest_points_of_few_or_of_one_place_are_each_chosen_once() -> None:
    generator = np.random.default_rng(0)
    assert farthest_points(np.zeros((0, 3)), 5, generator).shape == (0,)
    assert sorted(farthest_points(np.zeros((4, 3)), 9, generator)) == [0, 1, 2, 3]
