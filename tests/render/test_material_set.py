import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from looking3d.errors import ConfigError, MapError
from looking3d.render.material_set import SIZES_M, UNFIT, MaterialSet, find_material_sets, kind_of


def lay(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(folder / name)


def roles(found: MaterialSet) -> dict[str, str]:
    return {role: Path(path).name for role, path in found.files}


def test_names_of_ambientcg_poly_haven_matsynth_and_plain_ones(tmp_path):
    lay(
        tmp_path / "Wood049",
        *(f"Wood049_1K-JPG_{name}.jpg" for name in ("Color", "NormalGL", "NormalDX", "Roughness")),
        *(f"Wood049_1K-JPG_{name}.jpg" for name in ("Metalness", "Displacement", "AmbientOcclusion")),
        "Wood049.png",
    )
    lay(
        tmp_path / "green_metal",
        *(
            f"green_metal_{name}_1k.jpg"
            for name in ("diff", "nor_gl", "nor_dx", "rough", "metal", "arm", "ao")
        ),
    )
    lay(
        tmp_path / "m",
        "basecolor.png",
        "diffuse.png",
        "normal.png",
        "roughness.png",
        "metallic.png",
        "height.png",
    )
    lay(tmp_path / "oak", *(f"{name}.jpg" for name in ("albedo", "normal", "roughness", "metallic", "ao")))
    wood, metal, matsynth, oak = find_material_sets([str(tmp_path)])
    assert [found.name for found in (wood, metal, matsynth, oak)] == ["Wood049", "green_metal", "m", "oak"]
    assert set(roles(wood)) == {
        "base", "normal_gl", "normal_dx", "roughness", "metallic", "displacement", "ao"
    }  # fmt: skip
    assert roles(metal) == {
        "base": "green_metal_diff_1k.jpg",
        "normal_gl": "green_metal_nor_gl_1k.jpg",
        "normal_dx": "green_metal_nor_dx_1k.jpg",
        "roughness": "green_metal_rough_1k.jpg",
        "metallic": "green_metal_metal_1k.jpg",
        "arm": "green_metal_arm_1k.jpg",
        "ao": "green_metal_ao_1k.jpg",
    }
    assert roles(matsynth)["base"] == "basecolor.png"
    assert roles(matsynth)["displacement"] == "height.png"
    assert roles(oak)["base"] == "albedo.jpg"
    assert [found.kind for found in (wood, metal, matsynth, oak)] == ["wood", "metal", UNFIT, "wood"]


def test_two_sets_in_one_folder_and_two_sizes_of_one(tmp_path):
    lay(tmp_path, "oak_diff_1k.jpg", "oak_rough_1k.jpg", "oak_diff_2k.jpg", "felt_diff_1k.jpg", "notes.jpg")
    felt, oak = find_material_sets([str(tmp_path)])
    assert (felt.name, oak.name) == (f"{tmp_path.name}/felt", f"{tmp_path.name}/oak")
    assert roles(oak) == {"base": "oak_diff_1k.jpg", "roughness": "oak_rough_1k.jpg"}


def test_metadata_tells_kind_and_size(tmp_path):
    for name, data in {
        "a": {"category": "Fabric", "physical_size": 0.25},
        "b": {"metadata": {"category": "misc", "tags": ["old", "leather"], "physical_size": 120}},
        "c": {"category": "marble"},
    }.items():
        lay(tmp_path / name, "basecolor.png")
        (tmp_path / name / "metadata.json").write_text(json.dumps(data))
    a, b, c = find_material_sets([str(tmp_path)])
    assert (a.kind, a.size_m) == ("fabric", 0.25)
    assert (b.kind, b.size_m) == ("leather", 1.2)
    assert (c.kind, c.size_m) == (UNFIT, SIZES_M[UNFIT])


def test_a_name_tells_the_size_and_else_the_kind_does(tmp_path):
    for name in ("walnut_60cm", "walnut", "wood_1k_0.5m"):
        lay(tmp_path / name, "albedo.jpg")
    sizes = {found.name: found.size_m for found in find_material_sets([str(tmp_path)])}
    assert sizes == {"walnut_60cm": 0.6, "walnut": SIZES_M["wood"], "wood_1k_0.5m": 0.5}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("rosewood_veneer1", "wood"),
        ("rustymetal", "metal"),
        ("PaintedMetal004", "painted"),
        ("Leather011", "leather"),
        ("mossyrock", UNFIT),
        ("bark_willow", UNFIT),
        ("Facade001", UNFIT),
        ("onyx", UNFIT),
        ("Material_0012", ""),
        ("woollen_tweed", "fabric"),
        ("MetalTiles", "metal"),
        ("spinet", ""),
    ],
)
def test_kinds_by_name(name, kind):
    assert kind_of(name) == kind


def test_a_set_survives_json(striped_set):
    assert MaterialSet.from_json(json.loads(json.dumps(striped_set.to_json()))) == striped_set


def test_what_is_no_folder_of_sets_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="nowhere is no folder"):
        find_material_sets([str(tmp_path / "nowhere")])
    lay(tmp_path / "a", "photo.jpg")
    with pytest.raises(MapError, match="holds no sets of maps; expected folders"):
        find_material_sets([str(tmp_path)])
    lay(tmp_path / "b" / "oak", "albedo.jpg")
    lay(tmp_path / "c" / "oak", "albedo.jpg")
    with pytest.raises(ConfigError, match="two sets have the name 'oak'"):
        find_material_sets([str(tmp_path / "b"), str(tmp_path / "c")])
    (tmp_path / "b" / "oak" / "metadata.json").write_text("[1]")
    with pytest.raises(MapError, match=r"metadata\.json: not metadata of a material"):
        find_material_sets([str(tmp_path / "b")])
