import json

import numpy as np
import pytest

from looking3d.render.lighting import Lamp, Lighting, draw_lighting


def sphere_directions(count: int = 200_000) -> np.ndarray:
    d = np.random.default_rng(0).normal(size=(count, 3))
    return (d / np.linalg.norm(d, axis=1, keepdims=True)).astype(np.float32)


def test_ground_irradiance_is_the_integral_of_the_upper_half():
    lighting = draw_lighting(np.random.default_rng(4))
    d = sphere_directions()
    d[:, 1] = abs(d[:, 1])
    light = lighting.sky(d) + lighting.key.radiance(d, 0.15) + lighting.fill.radiance(d, 0.15)
    np.testing.assert_allclose(2 * (light * d[:, 1:2]).mean(0), lighting.ground_irradiance, rtol=0.05)


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
