"""Photos whose materials and light come from files, in all renderers."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from looking3d.errors import MapError
from looking3d.geometry.camera import orbit
from looking3d.render.assets import NO_ASSETS, PhotoAssets, find_assets, summary
from looking3d.render.atlas import face_atlas
from looking3d.render.materials import Material, mapped
from looking3d.render.part_materials import assign_materials, unit_metres
from looking3d.render.photo import PhotoScene, draw_scene, get_renderer
from looking3d.render.prepared import PreparedShape
from looking3d.render.raycast import Raycaster


@pytest.fixture(scope="module")
def assets(striped_set, sunny_map) -> PhotoAssets:
    kinds = ("wood", "metal", "plastic", "painted", "fabric", "leather")
    sets = tuple(dataclasses.replace(striped_set, name=f"{kind}_set", kind=kind) for kind in kinds)
    return PhotoAssets(sets, (("sunny", str(sunny_map)),), share=1.0)


def plain(striped, **changes) -> Material:
    material = Material("plastic", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    return dataclasses.replace(mapped(material, striped, 0.5), **changes)


def scene_with(stool, material: Material, seed: int = 1) -> PhotoScene:
    scene = draw_scene(stool, np.random.default_rng(seed))
    background = dataclasses.replace(scene.background, shadow=0.0)
    materials = dict.fromkeys((part.id for part in stool.parts), material)
    return dataclasses.replace(scene, materials=materials, background=background)


@pytest.mark.parametrize("background", ["white", "environment"])
def test_same_scene_gives_the_same_bytes_after_json(renderer, background, stool, camera, assets):
    scene = draw_scene(stool, np.random.default_rng(4), background, assets)
    assert scene.environment == "sunny"
    assert scene.material_sets
    again = PhotoScene.from_json(json.loads(json.dumps(scene.to_json())))
    assert again == scene
    a, b = (renderer.render(stool, s, camera) for s in (scene, again))
    np.testing.assert_array_equal(a, b)
    assert 20 < a.mean() < 250


def test_renderers_show_about_the_same(renderer, stool, assets):
    camera = orbit(0.7, 0.5, 64)
    for background in ("white", "environment"):
        scene = draw_scene(stool, np.random.default_rng(3), background, assets)
        a, b = (r.render(stool, scene, camera).astype(int) for r in (renderer, get_renderer("preview")))
        assert abs(a - b).mean() < 14


@pytest.mark.parametrize("towards_key", [(0.8, 0.6, 0.0), (0.0, 0.6, 0.8)])
def test_bumps_lean_the_same_way_in_all_renderers(renderer, stool, striped_set, towards_key):
    camera = orbit(0.5, 0.6, 96)
    seat = Raycaster(stool).draw(camera).part == 0
    bumps = dataclasses.replace(striped_set, files=tuple(f for f in striped_set.files if f[0] == "normal_gl"))
    flat = Material("plastic", (0.4, 0.4, 0.4), (0.4, 0.4, 0.4), roughness=1.0)
    bumpy = dataclasses.replace(flat, maps=bumps, map_width=0.8)
    changes = []
    for one in (renderer, get_renderer("preview")):
        photos = []
        for material in (bumpy, flat):
            scene = scene_with(stool, material)
            key = dataclasses.replace(scene.lighting.key, direction=towards_key, irradiance=(1.0, 1.0, 1.0))
            scene = dataclasses.replace(scene, lighting=dataclasses.replace(scene.lighting, key=key))
            photos.append(one.render(stool, scene, camera)[seat].astype(float).mean(-1))
        changes.append(photos[0] - photos[1])
    assert min(change.std() for change in changes) > 8
    assert np.corrcoef(*changes)[0, 1] > 0.8


def test_what_the_maps_say_is_where_the_atlas_says(stool, striped_set):
    prepared = PreparedShape(stool)
    # Round legs' faces are thin; seat and back tell enough
    faces = np.flatnonzero(prepared.part_of_face < 2)
    material = plain(striped_set, map_width=1.5)
    uv, atlas = face_atlas(prepared, material, faces, 0.004)
    weights = np.random.default_rng(0).dirichlet(np.ones(3), len(faces)).astype(np.float32)
    p = np.einsum("mc,mci->mi", weights, prepared.triangles[faces])
    e = np.diff(prepared.triangles[faces], axis=1)
    n = np.cross(e[:, 0], e[:, 1])
    n /= np.linalg.norm(n, axis=1, keepdims=True)
    found, tilt = prepared.sample(material, p, n, faces, 0.004)
    height, width = atlas.base.shape[:2]
    column, row = (np.einsum("mc,mci->mi", weights, uv) * [width, height]).astype(int).T
    away = abs(atlas.base[row, column] - found.base).max(1)
    assert np.median(away) < 0.02
    assert np.median(abs(atlas.roughness[row, column] - found.roughness)) < 0.02
    assert np.median(abs(atlas.metallic[row, column] - found.metallic)) < 0.02
    # Columns and rows of a face run along its longest edge and off it
    longest = np.linalg.norm(
        np.roll(prepared.triangles[faces], -1, 1) - prepared.triangles[faces], axis=2
    ).argmax(1)
    corner = prepared.triangles[faces]
    index = np.arange(len(faces))
    x = corner[index, (longest + 1) % 3] - corner[index, longest]
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    y = np.cross(n, x)
    expected = np.stack([(tilt * x).sum(1), (tilt * y).sum(1)], 1)
    assert np.median(abs(atlas.normal[row, column, :2] - expected).max(1)) < 0.05
    assert abs(expected).max() > 0.2


def test_without_assets_the_draws_are_as_if_there_were_none(stool, assets):
    scene = draw_scene(stool, np.random.default_rng(5))
    assert scene == draw_scene(stool, np.random.default_rng(5), assets=NO_ASSETS)
    assert scene.material_sets == ()
    assert scene.environment == ""
    never = dataclasses.replace(assets, share=0.0)
    drawn = draw_scene(stool, np.random.default_rng(5), assets=never)
    assert drawn.material_sets == ()
    assert drawn.environment == ""


def test_another_part_changes_no_other(stool, assets):
    half = dataclasses.replace(assets, share=0.5)
    for seed in range(5):
        whole = assign_materials(stool, np.random.default_rng(seed), half)
        fewer = assign_materials(stool.with_parts(stool.parts[1:]), np.random.default_rng(seed), half)
        assert all(fewer[id] == whole[id] for id in fewer)


def test_sets_are_drawn_for_their_kind_as_often_as_asked(stool, assets):
    half = dataclasses.replace(assets, share=0.5)
    drawn = [assign_materials(stool, np.random.default_rng(seed), half)["leg_0"] for seed in range(200)]
    assert 0.4 < np.mean([material.maps is not None for material in drawn]) < 0.6
    assert all(material.maps.kind == material.kind for material in drawn if material.maps)


def test_a_part_that_moves_takes_its_texture_along(stool, striped_set):
    material = plain(striped_set)
    p, n = np.zeros((50, 3), np.float32), np.tile(np.array([0, 1, 0], np.float32), (50, 1))
    p[:, 0] = np.linspace(-0.3, 0.3, 50)
    face = np.zeros(50, int)
    moved = stool.with_parts(part.moved(np.eye(3), [0.0, 0.1, 0.0]) for part in stool.parts)
    there = p + np.array([0, 0.1, 0], np.float32)
    a = PreparedShape(stool).sample(material, p, n, face, 0.01)[0].base
    b = PreparedShape(moved).sample(material, there, n, face, 0.01)[0].base
    np.testing.assert_allclose(a, b, atol=1e-5)
    assert a.std(0).max() > 0.1


def test_texture_is_of_the_size_that_the_maps_have_in_the_world(stool):
    def metres(factor: float) -> float:
        scaled = stool.with_parts(part.moved(np.eye(3) * factor, np.zeros(3)) for part in stool.parts)
        return unit_metres(dataclasses.replace(scaled, unit=1.0).normalized())

    # The stool is 1.6 units across
    assert [metres(factor) for factor in (1, 0.5, 100, 1000)] == pytest.approx([1, 0.5, 1, 1])
    assert [metres(factor) for factor in (1e-3, 1e5, 1 / 1.6, 2 / 1.6)] == pytest.approx([1.1 / 1.6] * 4)


def test_a_set_without_colour_keeps_the_drawn_one(striped_set):
    bare = dataclasses.replace(striped_set, files=tuple(f for f in striped_set.files if f[0] != "base"))
    material = Material("plastic", (0.1, 0.2, 0.3), (0.3, 0.2, 0.1), "mottle", contrast=0.5)
    assert mapped(material, bare, 1.0).color == (0.1, 0.2, 0.3)
    p = np.random.default_rng(0).random((9, 3)).astype(np.float32)
    n = np.tile(np.array([0, 1, 0], np.float32), (9, 1))
    np.testing.assert_array_equal(mapped(material, bare, 1.0).surface(p, n, 0.01).base, material.albedo(p, n))


def test_folders_are_summed_up_and_told_apart(striped_set, sunny_map, tmp_path):
    folder = str(sunny_map.parent)
    materials = striped_set.files[0][1].rsplit("/", 2)[0]
    assets = find_assets((materials,), (folder,), 0.3)
    assert summary(assets) == ["materials: plastic 1", "environments: sunny"]
    assert summary(NO_ASSETS) == []
    one = assets.fingerprint()
    assert set(one["materials"]) == {"Plastic007"}
    copy = tmp_path / "sunny.hdr"
    copy.write_bytes(sunny_map.read_bytes())
    assert find_assets((), (str(copy),)).fingerprint()["environments"] == one["environments"]
    copy.write_bytes(sunny_map.read_bytes()[:-1] + b"x")
    assert find_assets((), (str(copy),)).fingerprint()["environments"] != one["environments"]


def test_folders_without_anything_for_furniture_are_refused(striped_set, tmp_path):
    (tmp_path / "bark").mkdir()
    path = tmp_path / "bark" / "albedo.png"
    path.write_bytes(Path(striped_set.files[0][1]).read_bytes())
    with pytest.raises(MapError, match=r"none of its 1 sets of maps \(bark\) is known to be wood"):
        find_assets((str(tmp_path),), ())
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(MapError, match=r"albedo\.png: not a whole picture, its end is missing"):
        find_assets((str(tmp_path),), ())
