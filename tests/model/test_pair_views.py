import numpy as np
import pytest
import torch

from looking3d.geometry.camera import ring
from looking3d.model.pair_views import drawn_views, pair_views, spread
from looking3d.render.raycast import Raycaster
from looking3d.render.reference import VIEW_ELEVATION_RAD, reference_views
from tests.samples import ell


@pytest.fixture(scope="module")
def raycaster() -> Raycaster:
    return Raycaster(ell().normalized())


def test_views_are_those_of_datasets(raycaster: Raycaster) -> None:
    stored = reference_views(raycaster, 4, 256)
    found = drawn_views(raycaster, 4, 256, 32)
    np.testing.assert_array_equal(found.images, stored.images)
    np.testing.assert_array_equal(found.points, stored.points.reshape(4, 1024, 3))
    np.testing.assert_array_equal(found.valid, stored.valid.reshape(4, 1024))
    assert found.points.dtype == np.float32


def test_smaller_views_show_the_same_object(raycaster: Raycaster) -> None:
    small, large = drawn_views(raycaster, 3, 64, 8), drawn_views(raycaster, 3, 256, 32)
    assert small.images.shape == (3, 64, 64)
    averaged = large.images.reshape(3, 64, 4, 64, 4).mean((2, 4))
    assert np.abs(small.images - averaged).max() <= 1
    # A patch of the one is 4 x 4 of the other, and shows the object where any of these does.
    any_of = large.valid.reshape(3, 8, 4, 8, 4).any((2, 4)).reshape(3, 64)
    np.testing.assert_array_equal(small.valid, any_of)
    for camera, points, valid in zip(ring(3, VIEW_ELEVATION_RAD, 64), small.points, small.valid, strict=True):
        cells = (camera.project(points.astype(float))[0] // 8).astype(int)
        expected = np.stack(np.unravel_index(np.arange(64), (8, 8))[::-1], 1)
        np.testing.assert_array_equal(cells[valid], expected[valid])


def test_tensors_are_what_training_makes_of_them(raycaster: Raycaster) -> None:
    views = drawn_views(raycaster, 2, 64, 8)
    images, points, valid = views.tensors(torch.device("cpu"))
    assert images.shape == (1, 2, 3, 64, 64)
    assert points.shape == (1, 2, 64, 3)
    assert valid.dtype == torch.bool
    assert images[0, 0, 1, 0, 0] == 1  # white ground
    torch.testing.assert_close(images[0, 1, 2], torch.from_numpy(views.images[1]).float() / 127.5 - 1)


def test_views_of_another_size_are_brought_to_the_network_s() -> None:
    images = np.full((2, 96, 96), 7, np.uint8)
    views = pair_views(images, np.ones((2, 4, 4, 3)), np.ones((2, 4, 4), bool), 32)
    assert views.images.shape == (2, 32, 32)
    assert views.points.shape == (2, 16, 3)


@pytest.mark.parametrize(
    ("count", "chosen", "expected"),
    [(20, 20, list(range(20))), (20, 5, [0, 4, 8, 12, 16]), (20, 3, [0, 6, 13]), (5, 1, [0])],
)
def test_fewer_views_are_spread(count: int, chosen: int, expected: list[int]) -> None:
    assert spread(count, chosen).tolist() == expected
