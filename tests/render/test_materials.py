import json

import numpy as np
import pytest

from looking3d.errors import ConfigError
from looking3d.render.materials import (
    KINDS,
    PATTERNS,
    Material,
    albedo,
    assign_materials,
    draw_material,
    texture_frames,
)
from looking3d.shapes.part_shape import Part, PartShape

TRIANGLE = np.eye(3), np.array([[0, 1, 2]])


def shape_of(*labels: str) -> PartShape:
    return PartShape("s", tuple(Part(f"p{i}", label, *TRIANGLE) for i, label in enumerate(labels)))


def test_parts_of_one_label_share_a_material(stool):
    for seed in range(20):
        materials = assign_materials(stool, np.random.default_rng(seed))
        assert set(materials) == {part.id for part in stool.parts}
        assert len({materials[f"leg_{i}"] for i in range(4)}) == 1


def test_legs_are_never_upholstered_and_seats_are_often():
    shape = shape_of(
        "chair/chair_base/regular_leg_base/leg", "chair/chair_seat/seat_surface/seat_single_surface"
    )
    drawn = [assign_materials(shape, np.random.default_rng(seed)) for seed in range(200)]
    assert {m["p0"].kind for m in drawn} == {"wood", "metal", "plastic", "painted"}
    soft = [m["p1"].kind in ("fabric", "leather") for m in drawn]
    assert 0.4 < np.mean(soft) < 0.8


def test_parts_without_semantics_share_up_to_three_materials():
    shape = shape_of(*(f"part/thing {i}" for i in range(5)), *(f"part/{name}" for name in "abcdefgh"))
    counts = set()
    for seed in range(30):
        materials = assign_materials(shape, np.random.default_rng(seed))
        assert len({materials[f"p{i}"] for i in range(5)}) == 1
        counts.add(len(set(materials.values())))
    assert counts == {1, 2, 3}


def test_numbered_parts_of_one_size_share_a_material():
    vertices, faces = TRIANGLE
    parts = [
        Part(str(i), f"part/{i}", vertices * size, faces) for i, size in enumerate((1, 1, 1, 9, 81, 243))
    ]
    drawn = [
        assign_materials(PartShape("s", tuple(parts)), np.random.default_rng(seed)) for seed in range(20)
    ]
    assert all(len({materials[i] for i in "012"}) == 1 for materials in drawn)
    assert any(materials["3"] != materials["0"] for materials in drawn)


def test_another_part_changes_no_other(stool):
    all_parts = assign_materials(stool, np.random.default_rng(3))
    fewer = assign_materials(stool.with_parts(stool.parts[1:]), np.random.default_rng(3))
    assert all(fewer[id] == all_parts[id] for id in fewer)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_albedo_is_a_colour_between_the_two_and_the_same_each_time(pattern):
    points = np.random.default_rng(0).uniform(-1, 8, (500, 3)).astype(np.float32)
    normals = np.random.default_rng(1).normal(size=(500, 3)).astype(np.float32)
    material = Material("wood", (0.6, 0.5, 0.1), (0.2, 0.1, 0.05), pattern, 0.1, 0.8, 0.3, seed=5)
    colors = albedo(material, points, normals)
    assert colors.shape == (500, 3)
    assert colors.dtype == np.float32
    assert colors.min() >= 0
    assert colors.max() <= 1
    assert colors[:, 0].std() > 0.01
    np.testing.assert_array_equal(albedo(material, points[::-1], normals[::-1])[::-1], colors)


def test_albedo_without_contrast_is_the_colour():
    material = Material("plastic", (0.1, 0.2, 0.3), (1, 1, 1))
    np.testing.assert_allclose(albedo(material, np.ones((2, 3)), np.ones((2, 3))), [[0.1, 0.2, 0.3]] * 2)


def test_drawn_materials_leave_room_below_white_and_survive_json():
    for seed, kind in enumerate(list(KINDS) * 10):
        material = draw_material(kind, np.random.default_rng(seed))
        assert material.kind == kind
        assert min(material.color) > 0
        assert max(material.color) < 0.76
        assert Material.from_json(json.loads(json.dumps(material.to_json()))) == material


def test_texture_frame_lays_x_along_the_longest_side_and_stays_when_the_part_moves(stool):
    R, t = texture_frames(stool)
    leg = [part.id for part in stool.parts].index("leg_0")
    np.testing.assert_array_equal(R[leg] @ [0, 1, 0], [1, 0, 0])
    moved = stool.with_parts(part.moved(np.eye(3), np.ones(3)) for part in stool.parts)
    np.testing.assert_array_equal(texture_frames(moved)[0], R)
    np.testing.assert_array_equal(texture_frames(moved)[1], t)


def test_unknown_names_list_the_legal_ones():
    with pytest.raises(ConfigError, match="unknown material kind 'glass'; choose one of: fabric, leather"):
        draw_material("glass", np.random.default_rng(0))
    with pytest.raises(ConfigError, match="unknown pattern 'dots'"):
        Material("wood", (0, 0, 0), (0, 0, 0), "dots")
    with pytest.raises(ConfigError, match="expected a positive length, got 0"):
        Material("wood", (0, 0, 0), (0, 0, 0), scale=0)
