import numpy as np
import pytest

from looking3d.render.sampling import gather, over_hemisphere, spread


def test_hemisphere_is_cosine_weighted_around_any_normal():
    rng = np.random.default_rng(0)
    for n in ([0, 0, -1], [0, 1, 0], [0.6, 0, 0.8]):
        n = np.tile(np.float32(n), (20_000, 1))
        d = over_hemisphere(n, rng.random((20_000, 2), np.float32))
        np.testing.assert_allclose(np.linalg.norm(d, axis=1), 1, atol=1e-5)
        assert (d * n).sum(1).min() > -1e-6
        assert (d * n).sum(1).mean() == pytest.approx(2 / 3, abs=0.01)


def test_every_tile_has_the_same_well_spread_points():
    rows, columns = (a.ravel() for a in np.indices((8, 12)))
    points = spread(np.random.default_rng(0), rows, columns, 4).reshape(8, 12, 2)
    np.testing.assert_array_equal(points[:4, :4], points[4:, 8:])
    tile = points[:4, :4].reshape(-1, 2)
    assert len(np.unique(np.floor(tile * 4), axis=0)) >= 12
    np.testing.assert_allclose(tile.mean(0), 0.5, atol=0.1)


def test_gather_is_the_mean_of_the_square_on_one_surface():
    light = np.random.default_rng(0).random((7, 9, 2), np.float32)
    guide = np.zeros((7, 9, 4), np.float32)
    guide[..., 2] = 1
    gathered = gather(light, guide, -2, 1)
    assert gathered.shape == (7, 9, 2)
    for row, column in ((3, 4), (0, 0), (6, 8), (5, 0)):
        square = light[max(row - 2, 0) : row + 2, max(column - 2, 0) : column + 2]
        np.testing.assert_allclose(gathered[row, column], square.mean((0, 1)), rtol=1e-5)


@pytest.mark.parametrize("other", [(0, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0.1)])
def test_gather_mixes_no_surfaces(other):
    light, guide = np.zeros((6, 10, 1), np.float32), np.zeros((6, 10, 4), np.float32)
    light[:, 5:], guide[:, :5], guide[:, 5:] = 1, (0, 0, 1, 0), other
    np.testing.assert_array_equal(gather(light, guide, -2, 2), light)
