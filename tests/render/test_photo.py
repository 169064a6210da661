import dataclasses
import json

import numpy as np
import pytest

from looking3d.errors import ConfigError
from looking3d.geometry.camera import orbit
from looking3d.render.photo import PhotoScene, draw_scene, get_renderer
from looking3d.render.raycast import Raycaster
from looking3d.shapes.part_shape import Part


def scene_of(shape, seed: int = 1, background: str = "white") -> PhotoScene:
    return draw_scene(shape, np.random.default_rng(seed), background)


def without_shadow(scene: PhotoScene) -> PhotoScene:
    return dataclasses.replace(scene, background=dataclasses.replace(scene.background, shadow=0.0))


def painted(scene: PhotoScene, color: tuple[float, float, float]) -> PhotoScene:
    """The scene with all parts of one plain colour."""
    return dataclasses.replace(
        scene,
        materials={
            name: dataclasses.replace(material, color=color, color2=color, contrast=0.0, metallic=0.0)
            for name, material in scene.materials.items()
        },
    )


def test_same_scene_gives_the_same_bytes(renderer, stool, camera):
    scene = scene_of(stool)
    image = renderer.render(stool, scene, camera)
    assert image.shape == (40, 48, 3)
    assert image.dtype == np.uint8
    again = type(renderer)()
    np.testing.assert_array_equal(again.render(stool, scene, camera), image)
    np.testing.assert_array_equal(renderer.render(stool, scene, camera), image)
    other = dataclasses.replace(scene, seed=scene.seed + 1)
    assert (renderer.render(stool, other, camera) != image).any()


def test_silhouette_is_the_raycasters(renderer, stool, camera):
    # Black on white, so that brightness tells what is covered; half a pixel is for neither
    large = dataclasses.replace(
        camera, focal_px=camera.focal_px * 3, center_px=camera.center_px * 3, width=144, height=120
    )
    scene = painted(without_shadow(scene_of(stool)), (0.0, 0.0, 0.0))
    brightness = renderer.render(stool, scene, large).max(-1).astype(int)
    decided = abs(brightness - 130) > 40
    assert decided.mean() > 0.97
    seen, mask = (brightness < 130)[decided], Raycaster(stool).draw(large).mask[decided]
    assert (seen & mask).sum() / (seen | mask).sum() > 0.99


def test_white_ground_is_white_but_for_the_shadow(renderer, stool):
    camera = orbit(0.4, 0.5, 48)
    scene = scene_of(stool)
    image = renderer.render(stool, scene, camera).astype(int)
    clear = renderer.render(stool, without_shadow(scene), camera).astype(int)
    ground = ~Raycaster(stool).draw(camera).mask
    assert image[0, 0].min() >= 250
    assert image[0, -1].min() >= 250
    assert (image <= clear).all()
    assert (clear - image)[ground].max() > 20


def test_plain_background_is_smooth_and_not_white(renderer, stool, camera):
    image = renderer.render(stool, without_shadow(scene_of(stool, 2, "plain")), camera).astype(int)
    assert abs(image[0, 0] - image[-1, -1]).max() < 40
    assert image[0, 0].min() < 250


def test_white_furniture_differs_from_the_ground_and_black_is_not_a_hole(renderer, stool, camera):
    mask = Raycaster(stool).draw(camera).mask
    for seed in range(3):
        scene = without_shadow(scene_of(stool, seed))
        white = renderer.render(stool, painted(scene, (0.72, 0.72, 0.72)), camera)[mask]
        black = renderer.render(stool, painted(scene, (0.02, 0.02, 0.02)), camera)[mask]
        assert (white.mean(-1) < 245).mean() > 0.8
        assert white.mean() > black.mean() + 60
        assert (black.max(-1) > 8).mean() > 0.9


def test_faces_turned_inside_out_look_the_same(renderer, stool, camera):
    scene = without_shadow(scene_of(stool))
    inverted = stool.with_parts(dataclasses.replace(p, faces=p.faces[:, ::-1]) for p in stool.parts)
    difference = renderer.render(inverted, scene, camera).astype(int) - renderer.render(stool, scene, camera)
    assert abs(difference).mean() < 1.5


def test_a_camera_that_looks_away_sees_only_ground(renderer, stool, camera):
    away = dataclasses.replace(camera, center_px=np.array([-500.0, -500.0]))
    image = renderer.render(stool, without_shadow(scene_of(stool)), away)
    assert image.min() == 255


def test_a_camera_in_the_midst_of_the_shape_sees_it(renderer, stool):
    image = renderer.render(stool, scene_of(stool), orbit(0.3, 0.2, 32, distance=0.4))
    assert image.shape == (32, 32, 3)
    assert image.min() < 240


def test_mitsuba_bytes_do_not_depend_on_threads(stool, camera):
    scene = scene_of(stool)
    one, two = (get_renderer("mitsuba", threads=n, samples=4).render(stool, scene, camera) for n in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_renderers_see_about_the_same(renderer, stool, camera):
    scene = scene_of(stool, 5)
    a, b = (r.render(stool, scene, camera).astype(int) for r in (renderer, get_renderer("preview")))
    assert abs(a - b).mean() < 12


def test_the_lit_side_is_the_same_in_all_renderers(renderer, stool):
    scene = painted(without_shadow(scene_of(stool, 0)), (0.4, 0.4, 0.4))
    key = scene.lighting.key
    for sign in (1.0, -1.0):
        sideways = dataclasses.replace(key, direction=(0.8 * sign, 0.6, 0.0), irradiance=(1.0, 1.0, 1.0))
        lit = dataclasses.replace(scene, lighting=dataclasses.replace(scene.lighting, key=sideways))
        right, left = (
            renderer.render(stool, lit, orbit(azimuth, 0.1, 48))[10:30, 14:34].mean()
            for azimuth in (np.pi / 2, -np.pi / 2)
        )
        assert (right - left) * sign > 8


def test_scene_survives_json(stool):
    scene = scene_of(stool, 3, "plain")
    assert PhotoScene.from_json(json.loads(json.dumps(scene.to_json()))) == scene


def test_material_is_found_by_id_then_label_then_any(stool):
    scene = scene_of(stool)
    leg = stool["leg_0"]
    assert scene.material(leg) == scene.materials["leg_0"]
    assert scene.material(dataclasses.replace(leg, id="new")) == scene.materials[leg.label]
    stranger = Part("new", "lamp/shade", leg.vertices, leg.faces)
    assert scene.material(stranger) in scene.materials.values()


def test_scene_depends_on_nothing_but_the_generator(stool):
    assert scene_of(stool, 9) == scene_of(stool, 9)
    assert scene_of(stool, 9) != scene_of(stool, 10)


def test_unknown_renderer_lists_the_legal_ones():
    with pytest.raises(
        ConfigError, match="unknown renderer 'povray'; choose one of: blender, mitsuba, preview"
    ):
        get_renderer("povray")


def test_mitsuba_refuses_settings_below_one():
    with pytest.raises(ConfigError, match="samples must be at least 1, got 0"):
        get_renderer("mitsuba", samples=0)
