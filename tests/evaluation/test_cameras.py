import dataclasses
import math

import numpy as np
import pytest

from looking3d.evaluation.cameras import camera_errors, disturbed_camera, view_of
from looking3d.geometry.camera import FOCAL_PER_WIDTH, orbit
from looking3d.render.raycast import Raycaster
from looking3d.shapes.procedural import generate

TRUTH = dataclasses.replace(
    orbit(0.5, 0.4, 256, roll_rad=0.1), height=240, center_px=np.array([120.0, 130.0])
)


@pytest.fixture(scope="module")
def raycaster() -> Raycaster:
    return Raycaster(generate("chair", 3).normalized())


def test_the_true_camera_has_no_error(raycaster: Raycaster) -> None:
    errors = camera_errors(raycaster, TRUTH, TRUTH)
    assert errors.pop("silhouette_iou") == 1
    assert list(errors.values()) == pytest.approx([0] * 5, abs=1e-5)


def test_turned_about_the_vertical(raycaster: Raycaster) -> None:
    truth, turned = orbit(3.13, 0.4, 128), orbit(3.13 + math.radians(3), 0.4, 128)
    errors = camera_errors(raycaster, truth, turned)
    assert errors["azimuth_error_deg"] == pytest.approx(3)
    assert errors["rotation_error_deg"] == pytest.approx(3, abs=1e-6)
    assert errors["shift_error_px"] == pytest.approx(0, abs=1e-9)
    assert errors["scale_error_log"] == pytest.approx(0, abs=1e-9)
    assert errors["reprojection_error_px"] > 0.5
    assert 0.5 < errors["silhouette_iou"] < 1


def test_shifted_in_the_image(raycaster: Raycaster) -> None:
    shifted = dataclasses.replace(TRUTH, center_px=TRUTH.center_px + [6.0, -8.0])
    errors = camera_errors(raycaster, TRUTH, shifted)
    # 10 px of 256 are 5 of 128, for the centre and for every point.
    assert errors["shift_error_px"] == pytest.approx(5)
    assert errors["reprojection_error_px"] == pytest.approx(5)
    assert errors["rotation_error_deg"] == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("factor", [1.2, 1 / 1.2])
def test_a_longer_lens_is_a_larger_object_unless_it_stands_farther(
    raycaster: Raycaster, factor: float
) -> None:
    longer = dataclasses.replace(TRUTH, focal_px=TRUTH.focal_px * factor)
    assert camera_errors(raycaster, TRUTH, longer)["scale_error_log"] == pytest.approx(math.log(1.2))
    T_camera_world = longer.T_camera_world.copy()
    T_camera_world[2, 3] *= factor
    farther = dataclasses.replace(longer, T_camera_world=T_camera_world)
    errors = camera_errors(raycaster, TRUTH, farther)
    assert errors["scale_error_log"] == pytest.approx(0, abs=1e-9)
    assert 0 < errors["reprojection_error_px"] < 5


def test_the_view_is_what_the_camera_was_made_of() -> None:
    view = view_of(orbit(-0.3, 1.2, 100, roll_rad=-0.2, focal_px=1.3 * 100 * FOCAL_PER_WIDTH))
    assert view == {
        "azimuth_deg": pytest.approx(360 - math.degrees(0.3)),
        "elevation_deg": pytest.approx(math.degrees(1.2)),
        "roll_deg": pytest.approx(math.degrees(-0.2)),
        "focal_length": pytest.approx(1.3),
    }


def test_a_disturbed_camera_is_off_as_an_estimated_one_is(raycaster: Raycaster) -> None:
    mask = raycaster.draw(TRUTH).mask
    cameras = [disturbed_camera(TRUTH, mask, raycaster, np.random.default_rng(i)) for i in range(12)]
    errors = [camera_errors(raycaster, TRUTH, camera) for camera in cameras]
    assert 0.5 < np.median([error["rotation_error_deg"] for error in errors]) < 6
    assert 0.2 < np.median([error["reprojection_error_px"] for error in errors]) < 3
    assert {(camera.width, camera.height) for camera in cameras} == {(256, 240)}
    again = disturbed_camera(TRUTH, mask, raycaster, np.random.default_rng(0))
    np.testing.assert_array_equal(again.T_camera_world, cameras[0].T_camera_world)
