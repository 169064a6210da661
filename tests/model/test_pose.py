import numpy as np
import pytest
import torch

from looking3d.geometry.camera import orbit
from looking3d.model.align.gauss_newton import KNOWN_FOCAL_SIGMA, STEP_SIGMA, Flow, gauss_newton
from looking3d.model.align.pose import LOG_FOCAL, LOG_SCALE, camera_of, pose_of, project

POSES = np.array([[0.3, 0.4, 0.1, 0.05, 0.02, -0.03, 0.1], [2.0, 0.6, -0.1, -0.1, 0.0, 0.1, -0.05]])


def points(count: int = 40) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).normal(0, 0.3, (len(POSES), count, 3)))


def test_projection_is_the_camera_s() -> None:
    image, _ = project(torch.from_numpy(POSES), points())
    for pose, p, i in zip(POSES, points(), image, strict=True):
        np.testing.assert_allclose(camera_of(pose, 100).project(p.numpy())[0] / 100, i, atol=1e-12)


def test_derivatives_are_autograd_s() -> None:
    pose = torch.from_numpy(POSES)
    _, jacobian = project(pose, points(9))
    full = torch.autograd.functional.jacobian(lambda x: project(x, points(9))[0], pose)
    for i in range(len(POSES)):
        torch.testing.assert_close(full[i, :, :, i], jacobian[i])


def test_pose_of_is_the_inverse_of_camera_of() -> None:
    for pose in POSES:
        np.testing.assert_allclose(pose_of(camera_of(pose, 96)), pose, atol=1e-12)
    np.testing.assert_allclose(pose_of(orbit(0.5, 0.7, 64)), [0.5, 0.7, 0, 0, 0, 0, 0], atol=1e-12)


def test_pose_of_refuses_a_camera_that_looks_elsewhere() -> None:
    camera = orbit(0.5, 0.7, 64)
    camera.T_camera_world[0, 3] = 0.2
    with pytest.raises(ValueError, match="optical axis meets the origin"):
        pose_of(camera)


def test_gauss_newton_finds_the_camera_from_exact_flow() -> None:
    truth = torch.from_numpy(POSES)
    start = truth + torch.tensor([0.2, -0.15, 0.02, 0.05, 0.02, -0.02, 0.01])
    target, _ = project(truth, points(200))
    # Confident targets outweigh the priors.
    spread, valid = torch.full((2, 200), 1e-4, dtype=torch.double), torch.ones(2, 200, dtype=torch.double)
    found = gauss_newton(start, [Flow(points(200), target, spread, valid)] * 10)
    torch.testing.assert_close(project(found, points(200))[0], target, atol=2e-4, rtol=0)
    torch.testing.assert_close(found[:, :2], truth[:, :2], atol=5e-3, rtol=0)


def test_gauss_newton_shrugs_off_outliers_and_padding() -> None:
    truth = torch.from_numpy(POSES[:1])
    start = truth + torch.tensor([0.1, 0.05, 0.0, 0.02, 0.01, 0.0, 0.0])
    p = points(200)[:1]
    target = project(truth, p)[0].clone()
    target[:, :30] += 0.2
    spread, valid = torch.full((1, 200), 2e-3, dtype=torch.double), torch.ones(1, 200, dtype=torch.double)
    found = gauss_newton(start, [Flow(p, target, spread, valid)] * 12)
    assert (found - truth)[:, :2].abs().max() < 0.02
    target[:, :30] = 50.0
    valid[:, :30] = 0
    found = gauss_newton(start, [Flow(p, target, spread, valid)] * 12)
    assert (found - truth)[:, :2].abs().max() < 0.01


def test_without_valid_points_nothing_moves_but_the_nominal() -> None:
    start = torch.from_numpy(POSES[:1])
    zero = torch.zeros(1, 40, dtype=torch.double)
    found = gauss_newton(start, [Flow(points()[:1], project(start, points()[:1])[0], zero + 1, zero)] * 4)
    torch.testing.assert_close(found[:, [0, 1, 3, 4, 5]], start[:, [0, 1, 3, 4, 5]])


def test_a_known_focal_length_holds() -> None:
    start, zero = torch.zeros(1, 7, dtype=torch.double), torch.zeros(1, 1, dtype=torch.double)
    p = points()[:1, :1]
    found = gauss_newton(start, [Flow(p, project(start, p)[0], zero + 1, zero)] * 4, log_focal=0.3)
    step, known = STEP_SIGMA[LOG_FOCAL] ** -2, KNOWN_FOCAL_SIGMA**-2
    assert float(found[0, LOG_FOCAL]) == pytest.approx(0.3 * known / (known + step))
    # Many steps on, it is as known; the apparent size stays
    for _ in range(5):
        found = gauss_newton(found, [Flow(p, project(start, p)[0], zero + 1, zero)] * 4, log_focal=0.3)
    assert float(found[0, LOG_FOCAL]) == pytest.approx(0.3, abs=1e-3)
    assert float(found[0, LOG_SCALE]) == pytest.approx(0, abs=1e-9)
