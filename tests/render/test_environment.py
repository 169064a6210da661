import dataclasses
import json

import cv2
import numpy as np
import pytest

from looking3d.errors import MapError
from looking3d.render.environment import (
    BRIGHTEST,
    LOWEST_LAMP_DEG,
    find_environments,
    read_environment,
    sphere,
    turn,
)
from looking3d.render.lighting import Lighting, environment_lighting
from looking3d.render.mitsuba import environment_map
from looking3d.render.mitsuba_variant import mitsuba

LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


def directions_and_angles() -> tuple[np.ndarray, np.ndarray]:
    directions, solid_angle = sphere(128)
    return directions.reshape(-1, 3), solid_angle.reshape(-1).astype(np.float32)


def test_the_sphere_is_whole_and_columns_turn_right():
    directions, solid_angle = directions_and_angles()
    assert solid_angle.sum() == pytest.approx(4 * np.pi, rel=1e-3)
    image = directions.reshape(128, 256, 3)
    np.testing.assert_allclose(image[64, 0], [0, 0, -1], atol=0.03)
    np.testing.assert_allclose(image[64, 64], [1, 0, 0], atol=0.03)
    np.testing.assert_allclose(image[0, 0], [0, 1, 0], atol=0.03)


def test_the_sun_becomes_a_lamp_of_its_power(sunny_map):
    light = read_environment(str(sunny_map))
    elevation = np.pi / 2 - 18 / 64 * np.pi
    np.testing.assert_allclose(light.direction, [np.cos(elevation), np.sin(elevation), 0], atol=0.02)
    power = 2999.5 * (np.pi / 64) ** 2 * 4 * np.cos(elevation) / np.pi
    assert light.lamp[1] == pytest.approx(power, rel=0.05)
    assert np.rad2deg(light.radius_rad) < 4
    rest = light.rest.look_up(np.array([light.direction], np.float32), 0.0)
    np.testing.assert_allclose(rest @ LUMINANCE, np.array([0.4, 0.5, 0.7]) @ LUMINANCE, rtol=0.1)


@pytest.mark.parametrize("turn_rad", [0.0, 2.0])
def test_a_white_ground_has_radiance_one_and_less_of_a_cast(sunny_map, turn_rad):
    lighting = environment_lighting("sunny", str(sunny_map), turn_rad, 1.0)
    assert lighting.ground_irradiance @ LUMINANCE == pytest.approx(1)
    directions, solid_angle = directions_and_angles()
    up = np.maximum(directions[:, 1:2], 0) * solid_angle[:, None] / np.pi
    light = lighting.sky(directions) + lighting.key.radiance(directions, 0.1)
    np.testing.assert_allclose((light * up).sum(0), lighting.ground_irradiance, rtol=0.05)


def test_irradiance_by_harmonics_is_the_integral(sunny_map):
    environment = environment_lighting("sunny", str(sunny_map), 1.0, 1.0).environment
    directions, solid_angle = directions_and_angles()
    light = np.where(directions[:, 1:2] > 0, environment.above(directions), 0) * solid_angle[:, None] / np.pi
    n = np.array([[0, 1, 0], [1, 0, 0], [0.6, 0.8, 0], [0, 0.28, 0.96]], np.float32)
    expected = np.maximum(n @ directions.T, 0) @ light
    np.testing.assert_allclose(environment.irradiance(n), expected, atol=0.05)


def test_a_turn_turns_sky_lamp_and_harmonics_alike(sunny_map):
    straight, turned = (environment_lighting("sunny", str(sunny_map), angle, 1.0) for angle in (0.0, 0.7))
    d = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    there = (d @ turn(0.7).T).astype(np.float32)
    np.testing.assert_allclose(turned.sky(there), straight.sky(d), atol=0.02)
    np.testing.assert_allclose(turned.ambient(there), straight.ambient(d), atol=1e-5)
    np.testing.assert_allclose(turn(0.7) @ straight.key.direction, turned.key.direction)


def test_blur_goes_towards_the_mean(sunny_map):
    environment = environment_lighting("sunny", str(sunny_map), 0.0, 1.0).environment
    up = np.array([[0, 0.1, -0.995], [0, -0.1, -0.995]], np.float32)
    sharp, blurred = environment.above(up, 0.0), environment.above(up, np.array([1.0, 1.0], np.float32))
    assert abs(np.diff(blurred, axis=0)).max() < abs(np.diff(sharp, axis=0)).max()


def test_many_lamps_are_clamped_and_a_low_one_is_raised(tmp_path):
    picture = np.full((64, 128, 3), 0.2, np.float32)
    picture[29, 10:12] = 900.0
    picture[10, ::16] = 5000.0
    cv2.imwrite(str(tmp_path / "lamps.hdr"), picture)
    light = read_environment(str(tmp_path / "lamps.hdr"))
    directions, _ = directions_and_angles()
    brightest = (light.rest.look_up(directions, 0.0) * light.balance @ LUMINANCE).max()
    # The unit was a white ground before lamps were clamped
    assert brightest < 3 * BRIGHTEST
    low = np.full((64, 128, 3), 0.2, np.float32)
    low[27, 10:12] = 900.0
    cv2.imwrite(str(tmp_path / "low.hdr"), low)
    direction = read_environment(str(tmp_path / "low.hdr")).direction
    assert np.rad2deg(np.arcsin(direction[1])) == pytest.approx(LOWEST_LAMP_DEG)
    assert np.linalg.norm(direction) == pytest.approx(1)


def test_a_map_that_is_the_same_all_around_has_no_lamp(tmp_path):
    cv2.imwrite(str(tmp_path / "grey.hdr"), np.full((32, 64, 3), 0.5, np.float32))
    lighting = environment_lighting("grey", str(tmp_path / "grey.hdr"), 0.0, 1.0)
    np.testing.assert_allclose(lighting.key.irradiance, 0, atol=1e-6)
    np.testing.assert_allclose(lighting.sky(np.array([[0, 1, 0]], np.float32)), 1, rtol=0.02)


def test_mitsubas_map_holds_the_power_of_the_lamp(sunny_map):
    lighting = environment_lighting("sunny", str(sunny_map), 0.4, 1.0)
    picture = environment_map(lighting)
    directions, solid_angle = sphere(len(picture))
    up = (np.maximum(directions[..., 1], 0) * solid_angle)[..., None] / np.pi
    np.testing.assert_allclose((picture * up).sum((0, 1)), lighting.ground_irradiance, rtol=0.03)


def test_exr_is_read_as_rgbe_is(sunny_map, tmp_path):
    picture = cv2.imread(str(sunny_map), cv2.IMREAD_UNCHANGED)[..., ::-1]
    mitsuba().Bitmap(np.ascontiguousarray(picture)).write(str(tmp_path / "sunny.exr"))
    a, b = read_environment(str(sunny_map)), read_environment(str(tmp_path / "sunny.exr"))
    np.testing.assert_array_equal(a.lamp, b.lamp)


def test_lighting_survives_json(sunny_map):
    lighting = environment_lighting("sunny", str(sunny_map), 0.4, 1.1)
    assert Lighting.from_json(json.loads(json.dumps(lighting.to_json()))) == lighting
    old = dataclasses.asdict(dataclasses.replace(lighting, environment=None))
    del old["environment"], old["ground"]
    assert Lighting.from_json(old).environment is None


def test_bad_maps_are_refused_by_name(tmp_path, sunny_map):
    cv2.imwrite(str(tmp_path / "square.hdr"), np.ones((64, 64, 3), np.float32))
    with pytest.raises(MapError, match=r"square\.hdr: 64 x 64 px, expected a latitude-longitude map"):
        read_environment(str(tmp_path / "square.hdr"))
    cv2.imwrite(str(tmp_path / "black.hdr"), np.zeros((32, 64, 3), np.float32))
    with pytest.raises(MapError, match=r"black\.hdr: is black above the horizon"):
        read_environment(str(tmp_path / "black.hdr"))
    for name, data in (("text.hdr", b"hello"), ("empty.hdr", b""), ("text.exr", b"hello")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(MapError, match=f"{name}: not a readable picture"):
            read_environment(str(tmp_path / name))
    (tmp_path / "none").mkdir()
    with pytest.raises(MapError, match="none: holds no environment maps"):
        find_environments((str(tmp_path / "none"),))
    with pytest.raises(MapError, match="another environment map has the name 'sunny'"):
        find_environments((str(sunny_map), str(sunny_map.parent)))
