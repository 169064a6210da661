import numpy as np
import pytest

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


def test_machines_are_of_metal_paint_and_rubber():
    labels = ["bolt", "body", "gasket", "hand_wheel/rim", "support/base_plate", "hand_wheel/wheel_hub"]
    shape = shape_of(*(f"valve/{label}" for label in labels))
    drawn = [assign_materials(shape, np.random.default_rng(seed)) for seed in range(200)]
    kinds = [{materials[f"p{i}"].kind for materials in drawn} for i in range(len(labels))]
    assert kinds[0] == {"metal"}
    assert kinds[1] == kinds[3] == {"metal", "painted"}
    assert kinds[2] == {"plastic"}
    assert kinds[4] == {"metal", "painted", "wood"}
    # Gaskets are dull and dark, bolts of grey steel or black
    assert all(m["p2"].roughness > 0.6 and max(m["p2"].color) < 0.4 for m in drawn)
    assert all(np.ptp(m["p0"].color) < 0.1 for m in drawn)
    assert all(m["p3"] == m["p5"] for m in drawn)


def test_machines_change_no_furniture():
    leg = "chair/chair_base/regular_leg_base/leg"
    alone, beside = (shape_of(leg, *more) for more in ([], ["bracket/fastener/bolt"]))
    for seed in range(20):
        generators = [np.random.default_rng(seed) for _ in range(2)]
        a, b = (assign_materials(s, g)["p0"] for s, g in zip((alone, beside), generators, strict=True))
        assert a == b
        assert generators[0].random() == generators[1].random()


HEAD = "lamp/table_or_floor_lamp/lamp_unit/lamp_head"


@pytest.mark.parametrize(
    ("label", "kinds"),
    [
        (f"{HEAD}/lamp_cover/lamp_shade", {"wood", "fabric", "plastic", "painted"}),
        (f"{HEAD}/lamp_cover/lamp_reflector", {"plastic", "metal", "painted"}),
        (f"{HEAD}/lamp_cover/lamp_cover_glass", {"plastic"}),
        (f"{HEAD}/light_bulb", {"plastic"}),
        (f"{HEAD}/lamp_wireframe_fitter", {"plastic", "metal", "painted"}),
        ("lamp/table_or_floor_lamp/lamp_unit/connector", {"plastic", "metal", "painted"}),
        ("cart/cart_frame/frame_tube", {"plastic", "metal", "painted"}),
        ("cart/cart_body/basket/bag", {"fabric", "leather", "plastic"}),
        ("cart/cart_body/tray", {"wood", "plastic", "metal", "painted"}),
        ("cart/cart_handle/grip", {"plastic", "metal", "painted"}),
    ],
)
def test_parts_of_lamps_and_carts_are_of_kinds_that_become_them(label, kinds):
    shape = shape_of(label)
    drawn = [assign_materials(shape, np.random.default_rng(seed))["p0"].kind for seed in range(150)]
    assert set(drawn) == kinds


def test_bulbs_are_bright_and_shades_mostly_cloth():
    shape = shape_of(f"{HEAD}/light_bulb", f"{HEAD}/lamp_cover/lamp_shade")
    drawn = [assign_materials(shape, np.random.default_rng(seed)) for seed in range(150)]
    assert min(min(m["p0"].color) for m in drawn) > 0.5
    assert 0.5 < np.mean([m["p1"].kind == "fabric" for m in drawn]) < 0.8


def test_a_shape_draws_as_often_whatever_its_labels():
    after = []
    for label in ("chair/chair_seat", "cart/cart_body/tray"):
        generator = np.random.default_rng(5)
        assign_materials(shape_of(label), generator)
        after.append(generator.random())
    assert after[0] == after[1]


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
