import dataclasses
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import trimesh

from looking3d.anomalies import KINDS
from looking3d.dataset.anomaly_draws import AnomalyDraws
from looking3d.dataset.quality import in_frame, unhidden
from looking3d.dataset.recipe import Recipe
from looking3d.dataset.sources import ShapeSource, donors_of
from looking3d.geometry.camera import Camera, orbit, orbit_rotation
from looking3d.render.raycast import Raycaster
from looking3d.shapes.part_shape import Part, PartShape
from looking3d.shapes.procedural import generate
from looking3d.shapes.write import save_glb

DONORS = [ShapeSource(f"chair_{seed}", "train", "chair", seed) for seed in range(6)]


def box(id: str, sides: tuple[float, float, float], at: tuple[float, float, float], label: str = "") -> Part:
    mesh = trimesh.creation.box(sides)
    return Part(id, label or f"x/{id}", mesh.vertices + np.array(at), mesh.faces)


def draws_of(
    shape: PartShape, recipe: Recipe, seed: int = 0, donors: list[ShapeSource] = DONORS
) -> AnomalyDraws:
    shape = shape.normalized()
    return AnomalyDraws(shape, Raycaster(shape), donors, recipe, np.random.default_rng(seed), Counter())


@pytest.mark.parametrize("image_px", [64, 128, 160])
@pytest.mark.parametrize("kind", KINDS)
def test_what_passes_is_in_the_frame_and_visible_in_the_photo(kind: str, image_px: int) -> None:
    recipe = Recipe(image_px=image_px, min_changed=0.005, min_visible=0.4)
    draws = draws_of(generate("chair", 41), recipe)
    for _ in range(4):
        drawn = draws.draw([kind])
        assert drawn is not None
        camera = drawn.viewpoint.camera(image_px)
        assert all(in_frame(part, camera) for part in drawn.anomaly.shape.parts)
        assert drawn.masks.changed.shape == (image_px, image_px)
        assert drawn.masks.changed.mean() >= 0.005
        assert 0.4 <= drawn.visible <= 1
        seen = drawn.masks.before if kind == "missing" else drawn.masks.after
        part = drawn.anomaly.after or drawn.anomaly.before
        assert drawn.visible == unhidden(part, seen, camera)
        assert drawn.anomaly.kind == kind


def test_cameras_roll_and_change_their_perspective_but_not_the_size() -> None:
    recipe = Recipe(roll_deg=20, focal_length=(0.75, 1.5), elevation_deg=(-10, 80), azimuth_steps=0)
    draws = draws_of(generate("chair", 41), recipe)
    viewpoints = [draws.viewpoint() for _ in range(200)]
    rolls = np.degrees([viewpoint.roll_rad for viewpoint in viewpoints])
    focals = np.array([viewpoint.focal_length for viewpoint in viewpoints])
    assert -20 <= rolls.min() < -15
    assert 15 < rolls.max() <= 20
    assert 0.75 <= focals.min() < 0.8
    assert 1.4 < focals.max() <= 1.5
    for viewpoint in viewpoints[:20]:
        camera, nominal = viewpoint.camera(64), orbit(viewpoint.azimuth_rad, viewpoint.elevation_rad, 64)
        assert camera.focal_px / camera.T_camera_world[2, 3] == pytest.approx(nominal.focal_px / 2.5)
        turned = orbit_rotation(viewpoint.azimuth_rad, viewpoint.elevation_rad, viewpoint.roll_rad)
        np.testing.assert_allclose(camera.T_camera_world[:3, :3], turned)


def test_what_does_not_vary_is_not_drawn() -> None:
    nominal, longer = (
        draws_of(generate("chair", 41), Recipe(focal_length=focal)) for focal in ((1.0, 1.0), (1.2, 1.2))
    )
    for _ in range(5):
        viewpoint = longer.viewpoint()
        assert viewpoint.focal_length == 1.2
        assert dataclasses.replace(viewpoint, focal_length=1.0) == nominal.viewpoint()


def test_each_refusal_is_counted_by_its_reason() -> None:
    recipe = Recipe(image_px=160, min_changed=0.004, min_visible=0.6)
    draws = draws_of(generate("table", 60), recipe)
    for _ in range(16):
        draws.draw(["position"])
        draws.draw(["broken"])
    reasons = {reason.partition(": ")[2] for reason in draws.rejections}
    assert {"not visible", "hidden by other parts", "cropped"} <= reasons


def test_parts_too_small_to_be_seen_are_never_drawn() -> None:
    specks = [box(f"speck_{i}", (0.004,) * 3, (0.1 * i, 0.52, 0), "x/speck") for i in range(5)]
    hidden = box("hidden", (0.5, 0.5, 0.5), (0, 0, 0))
    shell = box("shell", (1, 1, 1), (0, 0, 0))
    draws = draws_of(
        PartShape("s", (shell, hidden, *specks, box("top", (0.6, 0.1, 0.6), (0, 0.6, 0)))), Recipe()
    )
    assert {part.id for part in draws.parts} == {"shell", "top"}
    drawn = {draws.draw(["position"]).anomaly.before.id for _ in range(6)}  # type: ignore[union-attr]
    assert drawn <= {"shell", "top"}


def test_a_shape_that_allows_no_anomaly_is_given_up_after_a_bounded_number_of_draws() -> None:
    # Two coincident boxes: what is done to one is hidden by the other
    twins = PartShape("t", (box("a", (1, 1, 1), (0, 0, 0)), box("b", (1, 1, 1), (0, 0, 0))))
    draws = draws_of(twins, Recipe(kinds=("missing", "broken")))
    assert all(draws.draw(["missing", "broken"]) is None for _ in range(20))
    assert sum(count for reason, count in draws.rejections.items() if "given up" not in reason) <= 2 * 2 * 12
    assert draws.rejections["missing: given up"] == 2


def test_labels_take_turns_over_the_photos_of_a_shape() -> None:
    shape = PartShape(
        "s",
        (
            box("seat", (1.0, 0.15, 1.0), (0, 0, 0)),
            box("back", (1.0, 0.8, 0.1), (0, 0.4, -0.5)),
            *(
                box(f"leg_{i}", (0.15, 0.6, 0.15), (x, -0.35, z), "x/leg")
                for i, (x, z) in enumerate([(-0.4, -0.4), (0.4, -0.4), (-0.4, 0.4), (0.4, 0.4)])
            ),
        ),
    )
    draws = draws_of(shape, Recipe(min_visible=0.0, min_changed=0.001))
    for shown in (True, False):
        labels = [draws.draw(["position"], shown).anomaly.before.label for _ in range(9)]  # type: ignore[union-attr]
        assert set(Counter(labels).values()) == {3}


def test_donors_are_loaded_when_needed_and_unreadable_ones_passed_over(tmp_path: Path) -> None:
    (tmp_path / "bad.glb").write_bytes(b"no mesh")
    other = generate("chair", 11).parts
    cube = trimesh.creation.box([1, 1, 1])
    swollen = [Part(part.id, part.label, cube.vertices * (0.3, 1, 0.3), cube.faces) for part in other]
    save_glb(PartShape("good", tuple(swollen)), tmp_path / "good.glb")
    donors = [ShapeSource("bad", "train", path=str(tmp_path / "bad.glb"))]
    donors += [ShapeSource("good", "train", path=str(tmp_path / "good.glb"))]
    draws = draws_of(generate("chair", 11), Recipe(min_changed=0.0, min_visible=0.0), donors=donors)
    drawn = [draws.draw(["swapped"]) for _ in range(4)]
    assert {one.anomaly.donor.shape_id for one in drawn if one and one.anomaly.donor} == {"good"}


def test_donors_are_of_the_same_split_and_its_own_family_first() -> None:
    sources = [
        ShapeSource(f"{family}_{i}", split, family, i)
        for family in ("chair", "table")
        for i in range(20)
        for split in (("train", "test")[i % 2],)
    ]
    chosen = donors_of(sources[0], sources, np.random.default_rng(0))
    assert [donor.family for donor in chosen] == ["chair"] * 9 + ["table"] * 3
    assert {donor.split for donor in chosen} == {"train"}
    assert sources[0] not in chosen
    other = donors_of(sources[0], sources, np.random.default_rng(1))
    assert [donor.id for donor in other] != [donor.id for donor in chosen]


def test_a_part_half_behind_another_is_half_visible() -> None:
    back = Part(
        "back",
        "x/back",
        np.array([[-1.0, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]),
        np.array([[0, 1, 2], [0, 2, 3]]),
    )
    front = dataclasses.replace(back.moved(np.diag([0.5, 1.0, 1.0]), np.array([0.5, 0, 1e-3])), id="front")
    camera = orbit(0.0, 0.0, 96, distance=6.0)
    part_of = Raycaster(PartShape("s", (back, front))).draw(camera).part
    assert unhidden(back, part_of == 0, camera) == pytest.approx(0.5, abs=0.03)
    assert unhidden(front, part_of == 1, camera) == 1
    far = back.moved(np.eye(3), np.array([50.0, 0, 0]))
    assert unhidden(far, np.zeros_like(part_of, bool), camera) == 0


def test_a_part_must_keep_off_the_edge_of_the_frame() -> None:
    camera = Camera(np.eye(4), 100.0, np.array([30.0, 20.0]), 60, 40)
    part = box("p", (1e-9, 1e-9, 1e-9), (0, 0, 1))
    for (x, y), inside in {
        (0.0, 0.0): True,
        (0.28, 0.0): True,
        (0.295, 0.0): False,
        (0.0, 0.18): True,
        (0.0, -0.195): False,
        (0.5, 0.0): False,
    }.items():
        assert in_frame(part.moved(np.eye(3), np.array([x, y, 0.0])), camera) is inside
    assert not in_frame(part.moved(np.eye(3), np.array([0.0, 0.0, -2.0])), camera)
