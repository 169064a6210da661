import dataclasses

import numpy as np
import pytest

from looking3d.anomalies import broken
from looking3d.geometry.camera import orbit
from looking3d.render.materials import KINDS, Material, draw_material
from looking3d.render.photo import Renderer, draw_scene
from looking3d.render.prepared import PreparedShape
from looking3d.render.raw_materials import raw_material


@pytest.mark.parametrize("kind", KINDS)
def test_a_break_is_dull_and_differs_from_the_skin(kind: str) -> None:
    for seed in range(20):
        skin = draw_material(kind, np.random.default_rng(seed))
        raw = raw_material(skin)
        assert raw != skin
        assert raw == raw_material(skin)
        assert raw.sheen == 0
        assert raw.metallic == skin.metallic
        assert raw.roughness >= (0.3 if kind == "metal" else 0.9)
        assert all(0 < c < 1 for c in (*raw.color, *raw.color2))


def test_wood_splits_paler_along_the_same_rings() -> None:
    dark = Material("wood", (0.05, 0.03, 0.02), (0.02, 0.01, 0.01), "grain", 0.05, 1.0, seed=4)
    raw = raw_material(dark)
    assert raw.pattern == "grain"
    assert raw.seed == dark.seed
    assert min(raw.color) > 3 * max(dark.color)


def test_cloth_and_leather_cover_foam() -> None:
    blue = (0.01, 0.02, 0.5)
    foams = [raw_material(Material(kind, blue, blue, seed=9)).color for kind in ("fabric", "leather")]
    assert foams[0] == foams[1]
    assert foams[0][0] > foams[0][2] > 0.2


@pytest.fixture
def cut(stool):
    """The stool with a piece of its seat cut off, and a scene in which all is dark wood."""
    anomaly = broken(stool, stool["seat"], [], np.random.default_rng(2))
    scene = draw_scene(stool, np.random.default_rng(1))
    dark = Material("wood", (0.05, 0.03, 0.02), (0.02, 0.01, 0.01), "grain", 0.05, 1.0, roughness=0.6, seed=4)
    return anomaly, dataclasses.replace(scene, materials=dict.fromkeys(scene.materials, dark))


def test_faces_of_the_cut_have_the_raw_material(cut) -> None:
    anomaly, scene = cut
    materials, of_face = PreparedShape(anomaly.shape).materials(scene)
    (dark,) = set(scene.materials.values())
    raw = anomaly.shape.raw_faces()
    assert raw.any()
    assert {materials[i] for i in of_face[raw]} == {raw_material(dark)}
    assert {materials[i] for i in of_face[~raw]} == {dark}


def test_shapes_without_a_break_have_the_same_materials_as_ever(stool, cut) -> None:
    materials, of_face = PreparedShape(stool).materials(cut[1])
    assert len(materials) == 1
    assert not of_face.any()


def test_renderers_show_it(cut, renderer: Renderer) -> None:
    anomaly, scene = cut
    skinned = anomaly.shape.with_parts(dataclasses.replace(part, raw=None) for part in anomaly.shape.parts)
    brighter = 0
    for azimuth in np.linspace(0, 2 * np.pi, 6, endpoint=False):
        camera = orbit(azimuth, 0.6, 48)
        raw, skin = (renderer.render(shape, scene, camera).astype(int) for shape in (anomaly.shape, skinned))
        brighter += int(((raw - skin).min(-1) > 15).sum())
    assert brighter > 20


def test_the_edge_of_a_break_is_sharp(cut) -> None:
    anomaly, _ = cut
    prepared = PreparedShape(anomaly.shape)
    raw = anomaly.shape.raw_faces()
    alone = anomaly.shape.with_parts(
        [dataclasses.replace(anomaly.after, faces=anomaly.after.faces[anomaly.after.raw], raw=None)]
    )
    np.testing.assert_allclose(prepared.corner_normals[raw], PreparedShape(alone).corner_normals, atol=1e-6)
