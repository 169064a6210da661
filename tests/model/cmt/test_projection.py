from collections.abc import Sequence

import numpy as np
import pytest
import torch

from looking3d.geometry.camera import Camera, orbit
from looking3d.model.cmt.candidates import patch_centers
from looking3d.model.cmt.closest_view import view_distances
from looking3d.model.cmt.projection import project_reference
from looking3d.render.raycast import Raycaster
from looking3d.render.reference import reference_views
from looking3d.shapes.procedural import generate


def off_center(camera: Camera) -> Camera:
    return Camera(camera.T_camera_world, camera.focal_px, camera.center_px + [9.0, -5.0], 128, 128)


def projections(cameras: Sequence[Camera]) -> torch.Tensor:
    return torch.from_numpy(np.stack([camera.projection for camera in cameras])).float()


@pytest.fixture(scope="module")
def cameras() -> list[Camera]:
    return [orbit(0.3, 0.4, 128), off_center(orbit(2.0, 0.6, 128, 3.0, 0.2))]


def test_positions_are_the_camera_s(cameras: list[Camera]) -> None:
    points = torch.rand(2, 3, 5, 3, generator=torch.Generator().manual_seed(0)) - 0.5
    projected = project_reference(points, torch.ones(2, 3, 5, dtype=torch.bool), projections(cameras))
    for i, camera in enumerate(cameras):
        pixels, _ = camera.project(points[i].double().numpy())
        np.testing.assert_allclose(projected.position[i].numpy(), pixels / 128, atol=1e-5)


def test_a_ball_s_far_side_is_hidden(cameras: list[Camera]) -> None:
    directions = torch.randn(1, 13, 256, 3, generator=torch.Generator().manual_seed(0))
    points = 0.6 * torch.nn.functional.normalize(directions, dim=-1).expand(2, -1, -1, -1)
    valid = torch.ones(2, 13, 256, dtype=torch.bool)
    valid[:, 12] = False
    projected = project_reference(points, valid, projections(cameras))
    assert not bool(projected.visible[:, 12].any())
    for i, camera in enumerate(cameras):
        to_camera = torch.from_numpy(camera.origin).float() - points[i, :12]
        faces = (to_camera * points[i, :12]).sum(-1) / (to_camera.norm(dim=-1) * 0.6)
        visible = projected.visible[i, :12]
        assert visible[faces > 0.4].float().mean() > 0.97
        assert visible[faces < -0.4].float().mean() < 0.03


def test_what_is_behind_the_camera_or_beside_the_photo_is_not_seen(cameras: list[Camera]) -> None:
    origin, forward = cameras[0].origin, cameras[0].T_camera_world[2, :3]
    aside = 3 * cameras[0].T_camera_world[0, :3]
    points = np.stack([origin - forward, origin, origin + 2 * forward + aside, origin + 2 * forward])
    tensor = torch.from_numpy(points).float()[None, None]
    projected = project_reference(tensor, torch.ones(1, 1, 4, dtype=torch.bool), projections(cameras[:1]))
    assert projected.visible[0, 0].tolist() == [False, False, False, True]


def test_depth_tells_what_is_seen() -> None:
    raycaster = Raycaster(generate("chair", 3).normalized())
    views = reference_views(raycaster, 12, 128)
    photo = orbit(0.4, 0.5, 96)
    depth = torch.from_numpy(raycaster.draw(photo).depth)[None]
    points = torch.from_numpy(views.points).flatten(1, 2)[None]
    valid = torch.from_numpy(views.valid).flatten(1)[None]
    cameras = projections([photo])
    seen = project_reference(points, valid, cameras, depth).visible
    # A ray from the camera to each point either meets the surface before or does not.
    target = points[valid].double().numpy()
    directions = (target - photo.origin).astype(np.float32)
    origins = np.broadcast_to(photo.origin.astype(np.float32), directions.shape)
    free = torch.from_numpy(raycaster.intersect(origins, directions).distance > 0.999)
    assert 0.2 < free.float().mean() < 0.8
    assert seen[valid][free].float().mean() > 0.95
    assert seen[valid][~free].float().mean() < 0.35
    roughly = project_reference(points, valid, cameras).visible
    assert roughly[valid][free].float().mean() > 0.7
    assert roughly[valid][~free].float().mean() < roughly[valid][free].float().mean() - 0.1
    assert not bool((seen & ~valid).any())


def test_a_view_s_own_patches_fall_into_themselves() -> None:
    views = reference_views(Raycaster(generate("chair", 3).normalized()), 2, 128)
    points = torch.from_numpy(views.points).flatten(1, 2)[None]
    valid = torch.from_numpy(views.valid).flatten(1)[None]
    depth = torch.from_numpy(views.depth[:1])
    projected = project_reference(points, valid, projections(views.cameras[:1]), depth)
    far = (projected.position[0, 0] - patch_centers(16, points)[0]).abs().amax(-1)[valid[0, 0]]
    assert far.max() <= 0.5 / 16 + 1e-6
    assert bool(projected.visible[0, 0][valid[0, 0]].all())


def test_view_distances_against_a_loop() -> None:
    generator = torch.Generator().manual_seed(0)
    query, views = torch.randn(2, 16, 5, generator=generator), torch.randn(2, 3, 16, 5, generator=generator)
    valid = torch.rand(2, 3, 16, generator=generator) < 0.5
    valid[1, 2] = False
    weight = torch.rand(2, 16, generator=generator)
    distances = view_distances(query, views, valid, weight)
    assert distances[1, 2] == torch.inf
    for i, n in ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1)):
        total = 0.0
        for p in range(16):
            alike = {t: float(query[i, p] @ views[i, n, t]) for t in range(16) if bool(valid[i, n, t])}
            best = max(alike, key=lambda t: alike[t])
            total += float(weight[i, p]) * np.hypot(p // 4 - best // 4, p % 4 - best % 4) / 4
        assert float(distances[i, n]) == pytest.approx(total / float(weight[i].sum()), rel=1e-4)


def test_a_photo_that_is_a_view_is_nearest_to_it() -> None:
    generator = torch.Generator().manual_seed(0)
    views = torch.nn.functional.normalize(torch.randn(2, 4, 16, 8, generator=generator), dim=-1)
    valid = torch.ones(2, 4, 16, dtype=torch.bool)
    distances = view_distances(views[[0, 1], [2, 1]], views, valid, torch.ones(2, 16))
    assert distances.argmin(1).tolist() == [2, 1]
    assert distances.amin(1).tolist() == [0, 0]
