import json

import numpy as np
import pytest

from looking3d.errors import ConfigError
from looking3d.geometry.camera import orbit
from looking3d.render.lighting import (
    Lamp,
    Lighting,
    draw_background,
    draw_lighting,
    ground_light,
    over_hemisphere,
    spread,
)
from looking3d.render.raycast import Raycaster


def sphere_directions(count: int = 200_000) -> np.ndarray:
    d = np.random.default_rng(0).normal(size=(count, 3))
    return (d / np.linalg.norm(d, axis=1, keepdims=True)).astype(np.float32)


def test_ground_irradiance_is_the_integral_of_the_upper_half():
    lighting = draw_lighting(np.random.default_rng(4))
    d = sphere_directions()
    d[:, 1] = abs(d[:, 1])
    light = lighting.environment(d, blur=0.15) * d[:, 1:2]
    np.testing.assert_allclose(2 * light.mean(0), lighting.ground_irradiance, rtol=0.05)


@pytest.mark.parametrize("seed", range(20))
def test_drawn_light_comes_from_above_and_adds_up_to_white(seed):
    lighting = draw_lighting(np.random.default_rng(seed))
    assert np.linalg.norm(lighting.key.direction) == pytest.approx(1)
    assert lighting.key.direction[1] > 0.5
    assert lighting.ground_irradiance[1] == pytest.approx(1, abs=0.1)
    assert Lighting.from_json(json.loads(json.dumps(lighting.to_json()))) == lighting


def test_rays_towards_a_lamp_stay_in_its_disc():
    lamp = Lamp((0.6, 0.8, 0.0), (1, 1, 1), 0.2)
    d = lamp.towards(np.random.default_rng(0).random((1000, 2), np.float32))
    angle = np.arccos(d @ [0.6, 0.8, 0.0] / np.linalg.norm(d, axis=1))
    assert 0.18 < angle.max() < 0.2001
    np.testing.assert_allclose(d.mean(0), [0.6, 0.8, 0], atol=0.02)


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


def test_shadow_falls_away_from_the_key(stool):
    sky = (0.2, 0.2, 0.2)
    lighting = Lighting(Lamp((0.6, 0.8, 0.0), (1, 1, 1), 0.02), Lamp((0, 1, 0), (0, 0, 0), 0.5), sky, sky)
    camera = orbit(0.0, 1.2, 64)
    light = ground_light(Raycaster(stool), stool.bounds, lighting, camera, np.random.default_rng(0))
    floor = stool.bounds[0, 1]
    (left, right), _ = camera.project(np.array([[-0.7, floor, 0.0], [0.7, floor, 0.0]]))
    assert light[int(left[1]), int(left[0])].max() < 0.5
    assert light[int(right[1]), int(right[0])].min() > 0.8


@pytest.mark.parametrize("elevation", [0.0, -0.4])
def test_ground_that_is_not_seen_has_no_shadow(stool, elevation):
    lighting = draw_lighting(np.random.default_rng(0))
    light = ground_light(
        Raycaster(stool), stool.bounds, lighting, orbit(0, elevation, 32), np.random.default_rng(0)
    )
    assert (light[: 16 if elevation == 0 else 32] == 1).all()


def test_unknown_background_lists_the_legal_ones():
    with pytest.raises(ConfigError, match="unknown background 'forest'; choose one of: plain, white"):
        draw_background("forest", np.random.default_rng(0))
