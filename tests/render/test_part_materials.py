import numpy as np

from looking3d.render.part_materials import assign_materials
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
