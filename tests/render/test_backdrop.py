import dataclasses
import json

import numpy as np
import pytest

from looking3d.geometry.camera import orbit
from looking3d.render.backdrop import Dome
from looking3d.render.color import tone
from looking3d.render.environment import Panorama, turn
from looking3d.render.ground import Background, draw_background, in_surroundings
from looking3d.render.lighting import draw_lighting, environment_lighting

FLOOR_Y = -0.5


@pytest.fixture
def lighting(sunny_map):
    return environment_lighting("sunny", str(sunny_map), 0.0, 1.0)


def marked(lighting, monkeypatch):
    """The lighting with a map that shows each direction as a colour."""
    light = lighting.environment.light

    class Directions(Panorama):
        def look_up(self, directions, blur_rad):
            return (directions + 1) / 2

    shown = Directions(light.shown.picture, light.shown.tops, light.shown.rows)
    monkeypatch.setattr(
        "looking3d.render.environment.read_environment", lambda path: dataclasses.replace(light, shown=shown)
    )
    environment = dataclasses.replace(lighting.environment, gain=(1.0, 1.0, 1.0))
    return dataclasses.replace(lighting, environment=environment)


def test_below_the_object_lies_what_the_map_shows_below(lighting, monkeypatch):
    lighting = marked(lighting, monkeypatch)
    camera = orbit(0.3, 0.6, 64)
    dome = Dome(eye_height=2.0, radius=8.0, defocus=0.0)
    image = dome.image(lighting, camera, FLOOR_Y)
    for point in ([0, FLOOR_Y, 0], [0.5, FLOOR_Y, -0.2]):
        (x, y), _ = camera.project(np.array(point))
        to_point = np.array(point) - [0, FLOOR_Y + 2.0, 0]
        expected = tone(((to_point / np.linalg.norm(to_point) + 1) / 2).astype(np.float32))
        np.testing.assert_allclose(image[int(y), int(x)], expected, atol=0.03)


def test_floor_and_wall_meet_without_a_step(lighting, monkeypatch):
    lighting = marked(lighting, monkeypatch)
    image = Dome(2.0, 4.0, 0.0).image(lighting, orbit(0.3, 0.1, 64), FLOOR_Y)
    assert abs(np.diff(image, axis=0)).max() < 0.1
    assert np.ptp(image[..., 1]) > 0.2


def test_a_camera_below_the_floor_or_beyond_the_dome_sees_something(lighting):
    dome = Dome(2.0, 4.0, 0.0)
    for camera in (orbit(0.3, -0.9, 32), orbit(0.3, 0.3, 32, distance=9.0)):
        assert np.isfinite(dome.image(lighting, camera, FLOOR_Y)).all()


def test_what_is_far_is_blurred_and_what_is_near_is_not(lighting, monkeypatch):
    lighting = marked(lighting, monkeypatch)
    noise = np.random.default_rng(0).random((4096,)).astype(np.float32)

    def grainy(self, directions, blur_rad):
        return noise[(np.abs(directions).sum(1) * 1e4).astype(int) % 4096][:, None].repeat(3, 1)

    light = lighting.environment.light
    monkeypatch.setattr(type(light.shown), "look_up", grainy)
    camera = orbit(0.3, 0.3, 64)
    sharp, blurred = (Dome(2.0, 8.0, blur).image(lighting, camera, FLOOR_Y) for blur in (0.0, 0.05))
    assert blurred[:8].std() < 0.5 * sharp[:8].std()
    (x, y), _ = camera.project(np.array([0, FLOOR_Y, 0]))
    np.testing.assert_array_equal(blurred[int(y), int(x)], sharp[int(y), int(x)])


@pytest.mark.parametrize("seed", range(6))
def test_a_studio_is_neither_black_nor_burnt_and_survives_json(seed):
    generator = np.random.default_rng(seed)
    lighting, background = draw_lighting(generator), draw_background("environment", generator)
    background, lighting = in_surroundings(background, lighting)
    assert lighting.ground == background.dome.floor.color
    image = background.dome.image(lighting, orbit(0.3, 0.4, 48), FLOOR_Y)
    assert 0.05 < image.mean() < 0.97
    assert Background.from_json(json.loads(json.dumps(background.to_json()))) == background


def test_a_maps_floor_gives_back_its_colour(lighting):
    background = draw_background("environment", np.random.default_rng(0))
    background, lighting = in_surroundings(background, lighting)
    assert background.dome.floor is None
    r, g, b = lighting.ground
    assert r > g > b
    assert Background.from_json(json.loads(json.dumps(background.to_json()))) == background


def test_an_old_background_is_read():
    assert Background.from_json({"top": [1, 1, 1], "bottom": [1, 1, 1], "shadow": 0.5}).dome is None


def test_turn_is_a_rotation_about_up():
    np.testing.assert_allclose(turn(0.5) @ turn(-0.5), np.eye(3), atol=1e-12)
    np.testing.assert_allclose(turn(np.pi / 2) @ [0, 0, 1], [1, 0, 0], atol=1e-12)
