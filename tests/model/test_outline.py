import numpy as np
import pytest
import torch

from looking3d.model.align.gauss_newton import gauss_newton
from looking3d.model.align.outline import PhotoOutline, contour, fits, outlines_of
from looking3d.model.align.pose import camera_of, project
from looking3d.model.align.templates import framed
from looking3d.model.query import mask_iou
from looking3d.render.raycast import Raycaster
from looking3d.shapes.procedural import generate

SLACKS = ((0.06, 0.05, 0.04), (0.03, 0.02, 0.02), (0.02, 0.01, 0.01), (0.01, 0.01, 0.01))


@pytest.fixture(scope="module")
def raycaster() -> Raycaster:
    return Raycaster(generate("chair", 3).normalized())


def pose_near(raycaster: Raycaster, turned: float = 0.0) -> np.ndarray:
    pose = np.array([0.6 + turned, 0.4 - turned / 2, 0.05, 0, 0, 0, 0.1])
    return framed(pose, raycaster.vertices)


def silhouette(raycaster: Raycaster, pose: np.ndarray) -> np.ndarray:
    return raycaster.depth(camera_of(pose, 128)) > 0


def refined(raycaster: Raycaster, pose: np.ndarray, mask: np.ndarray) -> np.ndarray:
    photo = PhotoOutline(mask, 128)
    for slacks in SLACKS:
        camera = camera_of(pose, 128)
        outlines = outlines_of([camera], raycaster.depth(camera)[None], 128)
        pose = gauss_newton(torch.from_numpy(pose[None]), fits(outlines, photo, slacks))[0].numpy()
    return pose


def test_the_outline_of_a_square_faces_away_from_it() -> None:
    mask = np.zeros((32, 32), bool)
    mask[10:20, 8:25] = True
    pixels, normals = contour(mask)
    assert len(pixels) == 2 * 10 + 2 * 17 - 4
    for (row, column), normal in zip(pixels, normals, strict=True):
        if 14 <= row < 16:  # away from the corners, where it turns
            np.testing.assert_allclose(normal, [-1 if column == 8 else 1, 0], atol=0.02)
        if 13 <= column < 20:
            np.testing.assert_allclose(normal, [0, -1 if row == 10 else 1], atol=0.02)


def test_outline_points_project_onto_the_outline(raycaster: Raycaster) -> None:
    pose = pose_near(raycaster)
    camera = camera_of(pose, 128)
    depth = raycaster.depth(camera)
    outlines = outlines_of([camera, camera], np.stack([depth, np.zeros_like(depth)]), 50)
    points = torch.from_numpy(outlines.points[:1]).double()
    image = project(torch.from_numpy(pose[None]), points)[0][0].numpy()
    rim = {tuple(pixel) for pixel in contour(depth > 0)[0]}
    assert {tuple(pixel) for pixel in np.floor(image[:, ::-1] * 128).astype(int)} <= rim
    np.testing.assert_allclose(np.linalg.norm(outlines.normals[0], axis=1), 1, atol=1e-6)
    assert not outlines.normals[1].any()
    assert not outlines.points[1].any()


@pytest.mark.parametrize("turned", [0.15, -0.2])
def test_a_camera_that_is_off_is_found(raycaster: Raycaster, turned: float) -> None:
    truth, start = pose_near(raycaster), pose_near(raycaster, turned)
    mask = silhouette(raycaster, truth)
    assert mask_iou(silhouette(raycaster, start), mask) < 0.8
    found = refined(raycaster, start, mask)
    assert mask_iou(silhouette(raycaster, found), mask) > 0.95
    assert np.degrees(np.abs(found - truth)[:3]).max() < 2


def test_what_is_missing_does_not_turn_the_camera(raycaster: Raycaster) -> None:
    truth, start = pose_near(raycaster), pose_near(raycaster, 0.1)
    mask = silhouette(raycaster, truth)
    rows = np.flatnonzero(mask.any(1))
    mask[rows[-1] - 30 :, :64] = False  # a leg
    found = refined(raycaster, start, mask)
    assert mask_iou(silhouette(raycaster, found), silhouette(raycaster, truth)) > 0.93


def test_each_hypothesis_is_fitted_as_if_it_were_alone(raycaster: Raycaster) -> None:
    photo = PhotoOutline(silhouette(raycaster, pose_near(raycaster)), 96)
    poses = np.stack([pose_near(raycaster, turned) for turned in (0.1, -0.15, 0.2)])
    cameras = [camera_of(pose, 64) for pose in poses]
    outlines = outlines_of(cameras, np.stack([raycaster.depth(camera) for camera in cameras]), 64)
    together = gauss_newton(torch.from_numpy(poses), fits(outlines, photo, SLACKS[0]))
    for i in range(3):
        one = slice(i, i + 1)
        alone = gauss_newton(torch.from_numpy(poses[one]), fits(outlines[one], photo, SLACKS[0]))
        torch.testing.assert_close(alone, together[one], atol=1e-9, rtol=0)


def test_a_photo_without_an_outline_moves_nothing(raycaster: Raycaster) -> None:
    pose = pose_near(raycaster)
    np.testing.assert_array_equal(refined(raycaster, pose, np.zeros((128, 128), bool)), pose)
    assert not PhotoOutline(np.zeros((128, 128), bool), 96)
