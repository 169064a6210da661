import dataclasses

import numpy as np
import pytest

from looking3d.geometry.camera import orbit
from looking3d.geometry.correspondence import patch_pixels, patch_points, unproject

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
