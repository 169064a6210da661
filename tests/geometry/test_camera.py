import dataclasses
import json
import math

import numpy as np
import pytest

from looking3d.errors import ConfigError
from looking3d.geometry.camera import (
    REFERENCE_DISTANCE,
    REFERENCE_RADIUS,
    Camera,
    orbit,
    orbit_angles,
    orbit_roll,
    orbit_rotation,
    ring,
)

# Not square, the principal point off the middle, and rolled, so that no two axes can be swapped unseen.
CAMERA = dataclasses.replace(
    orbit(0.7, 0.5, roll_rad=0.3), focal_px=61.0, center_px=np.array([27.3, 17.6]), width=48, height=36
)
AZIMUTHS_RAD = [-3.0, -math.pi / 2, 0.0, 0.4, 2.2]
POLE = math.pi / 2


def points(count: int = 50) -> np.ndarray:
    return np.random.default_rng(0).uniform(-0.8, 0.8, (count, 3))


def pixels(camera: Camera) -> np.ndarray:
    return camera.project(points())[0]


def pixel_centres(camera: Camera, samples: int = 1) -> np.ndarray:
    """(height * samples, width * samples, 2) x, y."""
    x, y = np.meshgrid(np.arange(camera.width * samples) + 0.5, np.arange(camera.height * samples) + 0.5)
    return np.stack([x, y], -1) / samples


def test_projection_is_intrinsics_times_extrinsics() -> None:
    homogeneous = np.column_stack([points(), np.ones(len(points()))])
    image = homogeneous @ CAMERA.T_camera_world[:3].T @ CAMERA.K.T
    xy, depth = CAMERA.project(points())
    np.testing.assert_allclose(xy, image[:, :2] / image[:, 2:], atol=1e-12)
    np.testing.assert_allclose(depth, image[:, 2], atol=1e-12)


def test_projection_keeps_leading_axes() -> None:
    xy, depth = CAMERA.project(points(12).reshape(2, 6, 3))
    np.testing.assert_array_equal(xy.reshape(12, 2), CAMERA.project(points(12))[0])
    assert depth.shape == (2, 6)


def test_points_behind_the_camera_have_no_pixel() -> None:
    behind = CAMERA.origin * 1.5
    xy, depth = CAMERA.project(np.stack([behind, CAMERA.origin, np.zeros(3)]))
    assert np.isnan(xy[:2]).all()
    np.testing.assert_allclose(depth, [-REFERENCE_DISTANCE / 2, 0, REFERENCE_DISTANCE], atol=1e-12)


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("depth", [0.3, 2.5, 40.0])
def test_rays_are_the_inverse_of_projection(samples: int, depth: float) -> None:
    origins, directions = CAMERA.rays(samples)
    assert origins.shape == directions.shape == (36 * samples, 48 * samples, 3)
    assert origins.dtype == directions.dtype == np.float32
    xy, z = CAMERA.project(origins.astype(float) + depth * directions.astype(float))
    np.testing.assert_allclose(xy, pixel_centres(CAMERA, samples), atol=1e-3)
    np.testing.assert_allclose(z, depth, rtol=1e-6)


def test_origin_is_where_the_camera_is() -> None:
    R, t = CAMERA.T_camera_world[:3, :3], CAMERA.T_camera_world[:3, 3]
    np.testing.assert_allclose(R @ CAMERA.origin + t, 0, atol=1e-12)


def test_resizing_scales_pixels() -> None:
    larger = CAMERA.resized(120, 90)
    assert (larger.width, larger.height) == (120, 90)
    np.testing.assert_allclose(pixels(larger), pixels(CAMERA) * 2.5)
    np.testing.assert_allclose(pixels(larger.resized(48, 36)), pixels(CAMERA))


def test_resizing_to_another_shape_is_refused() -> None:
    with pytest.raises(ConfigError, match="cannot resize a 48x36 camera to 36x48: the aspect ratio differs"):
        CAMERA.resized(36, 48)


def test_cropping_shifts_and_scales_pixels() -> None:
    # The window reaches outside on two sides.
    window = CAMERA.cropped(30.5, -6, 28, 14, (56, 28))
    assert (window.width, window.height) == (56, 28)
    np.testing.assert_allclose(pixels(window), (pixels(CAMERA) - [30.5, -6]) * 2, atol=1e-9)


def test_a_crop_of_a_crop_is_a_crop() -> None:
    twice = CAMERA.cropped(4, 8, 20, 10, (40, 20)).cropped(6, 2, 24, 12, (12, 6))
    np.testing.assert_allclose(pixels(twice), pixels(CAMERA.cropped(7, 9, 12, 6, (12, 6))), atol=1e-9)


def test_cropping_the_whole_image_is_resizing() -> None:
    window = CAMERA.cropped(0, 0, 48, 36, (96, 72))
    assert window.to_json() == CAMERA.resized(96, 72).to_json()


def test_json_keeps_every_bit() -> None:
    again = Camera.from_json(json.loads(json.dumps(CAMERA.to_json())))
    assert again.to_json() == CAMERA.to_json()
    np.testing.assert_array_equal(again.T_camera_world, CAMERA.T_camera_world)


@pytest.mark.parametrize("roll_rad", [0.0, -0.4])
@pytest.mark.parametrize("elevation_rad", [-POLE, -0.3, 0.0, 1.2, POLE])
@pytest.mark.parametrize("azimuth_rad", AZIMUTHS_RAD)
def test_orbit_looks_at_the_origin(azimuth_rad: float, elevation_rad: float, roll_rad: float) -> None:
    camera = orbit(azimuth_rad, elevation_rad, 64, 3.0, roll_rad)
    R = camera.T_camera_world[:3, :3]
    np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(R) == pytest.approx(1)
    xy, depth = camera.project(np.zeros(3))
    np.testing.assert_allclose(xy, [32, 32], atol=1e-9)
    assert depth == pytest.approx(3)


def test_azimuth_and_elevation_start_and_turn_as_stated() -> None:
    np.testing.assert_allclose(orbit(0, 0, distance=2.0).origin, [0, 0, 2], atol=1e-12)
    np.testing.assert_allclose(orbit(POLE, 0, distance=2.0).origin, [2, 0, 0], atol=1e-12)
    np.testing.assert_allclose(orbit(1.0, POLE, distance=2.0).origin, [0, 2, 0], atol=1e-12)


@pytest.mark.parametrize("azimuth_rad", AZIMUTHS_RAD)
def test_up_is_up_and_the_image_is_not_mirrored(azimuth_rad: float) -> None:
    camera = orbit(azimuth_rad, 0.6, 100)
    (x, y), _ = camera.project(np.array([0, 0.1, 0]))
    assert x == pytest.approx(50)
    assert y < 50
    # What lies counter-clockwise of the camera, seen from above, is on the right.
    (x, _), _ = camera.project(orbit(azimuth_rad + 0.2, 0.6).origin * 0.1)
    assert x > 50


def test_positive_roll_turns_the_image_clockwise() -> None:
    p_world = orbit_rotation(0.7, 0.5).T @ np.array([0.2, 0, 0])
    (x, y), _ = orbit(0.7, 0.5, 100).project(p_world)
    assert x > 50
    assert y == pytest.approx(50)
    # What was on the right goes down by that angle.
    rolled, _ = orbit(0.7, 0.5, 100, roll_rad=0.3).project(p_world)
    np.testing.assert_allclose(rolled - 50, (x - 50) * np.array([math.cos(0.3), math.sin(0.3)]))


@pytest.mark.parametrize("elevation_rad", [-POLE + 1e-6, -0.3, 0.0, 1.2, POLE - 1e-6])
@pytest.mark.parametrize("azimuth_rad", AZIMUTHS_RAD)
def test_angles_are_the_inverse_of_orbit(azimuth_rad: float, elevation_rad: float) -> None:
    angles = orbit_angles(orbit(azimuth_rad, elevation_rad, roll_rad=0.2))
    np.testing.assert_allclose(angles, [azimuth_rad, elevation_rad], atol=1e-8)


@pytest.mark.parametrize("elevation_rad", [-POLE, POLE])
def test_elevation_at_the_poles(elevation_rad: float) -> None:
    assert orbit_angles(orbit(0.4, elevation_rad))[1] == pytest.approx(elevation_rad)


def test_a_reference_is_in_the_paper_s_frame() -> None:
    camera = orbit(0.3, 0.4, 256)
    assert camera.focal_px == pytest.approx(355)
    assert math.degrees(2 * math.atan(128 / camera.focal_px)) == pytest.approx(39.7, abs=0.05)
    directions = np.random.default_rng(0).standard_normal((2000, 3))
    sphere = REFERENCE_RADIUS * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    xy, _ = camera.project(sphere)
    assert xy.min() > 0
    assert xy.max() < 256


@pytest.mark.parametrize("count", [1, 7])
def test_ring_is_evenly_spaced(count: int) -> None:
    cameras = ring(count, 0.35, 40)
    angles = np.array([orbit_angles(camera) for camera in cameras])
    np.testing.assert_allclose(
        angles[:, 0] % (2 * math.pi), 2 * math.pi * np.arange(count) / count, atol=1e-9
    )
    np.testing.assert_allclose(angles[:, 1], 0.35)
    assert {(camera.width, camera.height) for camera in cameras} == {(40, 40)}


def test_projection_gives_fractions_of_the_image() -> None:
    homogeneous = np.column_stack([points(), np.ones(len(points()))]) @ CAMERA.projection.T
    xy, depth = CAMERA.project(points())
    np.testing.assert_allclose(homogeneous[:, :2] / homogeneous[:, 2:], xy / (48, 36), atol=1e-12)
    np.testing.assert_allclose(homogeneous[:, 2], depth, atol=1e-12)


def test_a_mirrored_camera_sees_the_mirrored_world_mirrored() -> None:
    xy, depth = CAMERA.project(points())
    mirrored_xy, mirrored_depth = CAMERA.mirrored().project(points() * (-1, 1, 1))
    np.testing.assert_allclose(mirrored_xy, np.array([48, 0]) + xy * (-1, 1), atol=1e-9)
    np.testing.assert_allclose(mirrored_depth, depth, atol=1e-12)
    rotation = CAMERA.mirrored().T_camera_world[:3, :3]
    assert np.linalg.det(rotation) == pytest.approx(1)
    azimuth, elevation = orbit_angles(CAMERA.mirrored())
    assert (azimuth, elevation) == pytest.approx((-0.7, 0.5))
    np.testing.assert_allclose(CAMERA.mirrored().mirrored().projection, CAMERA.projection, atol=1e-12)


@pytest.mark.parametrize("elevation_rad", [-0.3, 0.0, 1.4])
@pytest.mark.parametrize("azimuth_rad", AZIMUTHS_RAD)
def test_roll_is_told_whatever_the_direction(azimuth_rad: float, elevation_rad: float) -> None:
    assert orbit_roll(orbit(azimuth_rad, elevation_rad, roll_rad=-0.3)) == pytest.approx(-0.3)
