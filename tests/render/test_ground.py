import numpy as np
import pytest

from looking3d.errors import ConfigError
from looking3d.geometry.camera import orbit
from looking3d.render.ground import Background, draw_background, ground_light
from looking3d.render.lighting import Lamp, Lighting, draw_lighting
from looking3d.render.raycast import Raycaster


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
    with pytest.raises(
        ConfigError, match="unknown background 'forest'; choose one of: environment, plain, white"
    ):
        draw_background("forest", np.random.default_rng(0))


def test_sheet_goes_from_top_to_bottom():
    image = Background((1.0, 0.5, 0.0), (0.0, 0.5, 1.0)).image(40, 3)
    assert image.shape == (40, 3, 3)
    np.testing.assert_allclose(image[0, 0], [79 / 80, 0.5, 1 / 80], atol=1e-6)
    np.testing.assert_allclose(image[-1, 2], [1 / 80, 0.5, 79 / 80], atol=1e-6)
