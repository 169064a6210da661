import numpy as np
import pytest

from looking3d.model.align.pose import AZIMUTH, LOG_FOCAL, camera_of
from looking3d.model.align.residual import RESIDUAL_SHIFT, RESIDUAL_SIGMA, disturbed
from looking3d.render.raycast import Raycaster
from looking3d.shapes.procedural import generate

POSE = np.array([0.6, 0.4, 0.1, 0.05, 0.02, -0.03, 0.1])


@pytest.fixture(scope="module")
def raycaster() -> Raycaster:
    return Raycaster(generate("chair", 3).normalized())


def test_without_strength_nothing_moves(raycaster: Raycaster) -> None:
    pose = disturbed(POSE, raycaster, 0.0, np.random.default_rng(0))
    np.testing.assert_allclose(pose, POSE, atol=1e-12)


def test_errors_are_as_large_as_said_and_the_shift_makes_up_for_them(raycaster: Raycaster) -> None:
    generator = np.random.default_rng(0)
    poses = np.stack([disturbed(POSE, raycaster, 1.0, generator) for _ in range(300)])
    spread = (poses - POSE).std(0)
    assert spread[AZIMUTH] == pytest.approx(RESIDUAL_SIGMA[0], rel=0.15)
    assert spread[LOG_FOCAL] == pytest.approx(RESIDUAL_SIGMA[3], rel=0.15)
    # All of the vertices that the fit sees; their middle stays but for the shift's own error.
    step = max(1, len(raycaster.vertices) // 300)
    points = raycaster.vertices[::step].astype(float)
    moved = [
        camera_of(pose, 1).project(points)[0].mean(0) - camera_of(POSE, 1).project(points)[0].mean(0)
        for pose in poses
    ]
    assert np.std(moved) == pytest.approx(RESIDUAL_SHIFT, rel=0.15)


def test_the_generator_alone_decides(raycaster: Raycaster) -> None:
    one, two, other = (disturbed(POSE, raycaster, 1.0, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)
