import dataclasses

import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation

from looking3d.anomalies import AnomalyImpossible, swapped
from looking3d.anomalies.base import diagonal
from looking3d.anomalies.swapped import DIFFERENCE, STRETCH
from looking3d.shapes.oriented_box import box_of
from looking3d.shapes.part_shape import Part, PartShape

SEEDS = range(8)
TILT = Rotation.from_rotvec([0.0, 0.0, 0.4]).as_matrix()


def part(id: str, label: str, mesh: trimesh.Trimesh, R: np.ndarray | None = None, at=(0.0, 0.0, 0.0)) -> Part:
    return Part(id, label, mesh.vertices, mesh.faces).moved(np.eye(3) if R is None else R, np.array(at))


def block(sides: tuple[float, float, float]) -> trimesh.Trimesh:
    return trimesh.creation.box(sides)


def shape(id: str, *parts: Part) -> PartShape:
    ground = part("ground", "x/ground", block((2.0, 0.1, 2.0)), at=(0, -1, 0))
    return PartShape(id, (*parts, ground))


def cone(height: float, radius: float) -> trimesh.Trimesh:
    """Upright, the tip above, the middle of its box at the origin."""
    upright = trimesh.transformations.rotation_matrix(-np.pi / 2, [1, 0, 0])
    mesh = trimesh.creation.cone(radius, height, sections=16, transform=upright)
    mesh.vertices -= mesh.bounds.mean(0)
    return mesh


@pytest.mark.parametrize("seed", SEEDS)
def test_the_part_is_a_donor_s_of_the_same_label(
    stool: PartShape, donors: list[PartShape], seed: int
) -> None:
    result = swapped(stool, stool.parts[seed % 4], donors, np.random.default_rng(seed))
    before, after, donor = result.before, result.after, result.donor
    assert after is not None
    assert donor is not None
    assert donor.match == "label"
    assert donor.shape_id in ("squat", "tall")
    found = next(shape for shape in donors if shape.id == donor.shape_id)[donor.part_id]
    assert found.label == before.label
    np.testing.assert_array_equal(after.faces, found.faces)
    np.testing.assert_allclose(box_of(after).center, box_of(before).center, atol=1e-6)
    # Scaled along the sides of its box, so that the longest fits and the others stretch within bounds
    scale = box_of(after).extent / box_of(found).extent
    stretch = scale * box_of(found).extent.max() / box_of(before).extent.max()
    assert (stretch > STRETCH[0] - 0.01).all()
    assert (stretch < STRETCH[1] + 0.01).all()
    assert box_of(after).extent.max() == pytest.approx(box_of(before).extent.max(), rel=1e-3)
    assert DIFFERENCE[0] <= result.severity <= DIFFERENCE[1]


def test_a_tilted_donor_stands_in_a_straight_place_and_the_other_way_round() -> None:
    for R_place, R_donor in ((np.eye(3), TILT), (TILT, np.eye(3)), (TILT, TILT.T)):
        place = part("leg", "x/leg", block((0.1, 1.0, 0.1)), R_place, (0.3, 0.0, 0.2))
        donor = part("leg", "x/leg", cone(1.2, 0.06), R_donor)
        result = swapped(shape("a", place), place, [shape("b", donor)], np.random.default_rng(0))
        assert result.after is not None
        tip = result.after.vertices[result.after.vertices[:, 1].argmax()]
        # The tip stays above, and lies on the long axis of the place
        np.testing.assert_allclose(tip, R_place @ [0, 0.5, 0] + [0.3, 0, 0.2], atol=0.01)


def test_the_donor_is_turned_as_little_as_possible() -> None:
    # A wedge is thick in front: in a place that is nearly square it must not turn by a quarter or a half
    corners = [
        (x, y, z) for x in (-0.5, 0.5) for z in (-0.45, 0.45) for y in ((-0.1, 0.1) if z > 0 else (-0.1,))
    ]
    wedge = trimesh.convex.convex_hull(np.array(corners))
    place = part("seat", "x/seat", block((0.9, 0.15, 1.0)))
    donor = part("seat", "x/seat", wedge)
    result = swapped(shape("a", place), place, [shape("b", donor)], np.random.default_rng(0))
    assert result.after is not None
    high = result.after.vertices[result.after.vertices[:, 1] > 0.01]
    assert (high[:, 2] > 0.3).all()


def test_nearly_the_same_part_is_refused(stool: PartShape) -> None:
    copy = dataclasses.replace(stool, id="copy")
    turned = PartShape("turned", tuple(p.moved(TILT * 1.7, np.ones(3)) for p in stool.parts))
    for donors in ([copy], [copy, turned]):
        with pytest.raises(AnomalyImpossible, match="the donors' parts are the same"):
            swapped(stool, stool["seat"], donors, np.random.default_rng(0))


def test_a_part_that_does_not_fit_the_place_is_refused() -> None:
    place, donor = part("p", "x/p", block((2.0, 0.02, 0.02))), part("p", "x/p", block((2.0, 2.0, 2.0)))
    with pytest.raises(AnomalyImpossible, match="no donor's part fits"):
        swapped(shape("a", place), place, [shape("b", donor)], np.random.default_rng(0))


def test_donors_that_differ_more_are_drawn_more_often() -> None:
    place = part("p", "x/p", block((0.5, 0.3, 0.5)))
    alike = shape("alike", part("p", "x/p", block((0.5, 0.18, 0.5))))
    other = shape("other", part("p", "x/p", cone(0.3, 0.25)))
    drawn = [
        swapped(shape("a", place), place, [alike, other], np.random.default_rng(seed)).donor for seed in SEEDS
    ]
    assert sum(donor is not None and donor.shape_id == "other" for donor in drawn) > len(drawn) / 2


def test_a_donor_needs_a_part_of_that_label(stool: PartShape, sheet: PartShape) -> None:
    # The shape itself is no donor, nor is one with other parts.
    for others in ([], [stool], [sheet]):
        with pytest.raises(AnomalyImpossible, match="no donor has a part of that label"):
            swapped(stool, stool["seat"], others, np.random.default_rng(0))


def test_the_part_nearest_to_the_same_place_is_taken() -> None:
    places = {"left": (-0.8, 0.0, 0.0), "right": (0.8, 0.0, 0.0)}
    a = shape("a", *(part(side, "x/leg", block((0.1, 1, 0.1)), at=at) for side, at in places.items()))
    b = shape("b", *(part(side, "x/leg", cone(1, 0.06), at=at) for side, at in list(places.items())[::-1]))
    for side in places:
        donor = swapped(a, a[side], [b], np.random.default_rng(0)).donor
        assert donor is not None
        assert donor.part_id == side


def test_without_semantics_parts_of_like_proportions_are_donors() -> None:
    a = shape("a", part("1", "part/1", block((0.1, 1.0, 0.1))), part("2", "part/2", block((1.0, 0.1, 1.0))))
    b = shape("b", part("1", "part/1", cone(0.15, 0.5)), part("2", "part/2", cone(1.1, 0.05)))
    for id, donor_id in (("1", "2"), ("2", "1")):
        result = swapped(a, a[id], [b], np.random.default_rng(0))
        assert result.donor is not None
        assert (result.donor.part_id, result.donor.match) == (donor_id, "proportions")
    named = shape("c", part("leg", "part/leg", block((0.1, 1.0, 0.1))))
    donor = shape("d", part("leg", "part/leg", cone(1.2, 0.06)), part("rod", "part/rod", cone(1.0, 0.05)))
    found = swapped(named, named["leg"], [donor], np.random.default_rng(0)).donor
    assert found is not None
    assert (found.part_id, found.match) == ("leg", "label")
    with pytest.raises(AnomalyImpossible, match="no donor has a part like it"):
        swapped(
            named, named["leg"], [shape("e", part("1", "part/1", block((1, 1, 1))))], np.random.default_rng(0)
        )


def test_flat_parts_are_fitted_without_dividing_by_zero(sheet: PartShape) -> None:
    oblong = dataclasses.replace(
        sheet, id="oblong", parts=[one.moved(np.diag([2.0, 0.5, 1.0]), np.ones(3)) for one in sheet.parts]
    )
    stand = shape("stand", dataclasses.replace(sheet.parts[0], label="x/sheet"))
    donor = shape("other", dataclasses.replace(oblong.parts[0], label="x/sheet"))
    result = swapped(stand, stand["sheet"], [donor], np.random.default_rng(0))
    assert result.after is not None
    np.testing.assert_allclose(
        np.ptp(result.after.vertices, axis=0), [1.0, 0.25 * STRETCH[1], 0.0], atol=1e-9
    )
    assert result.severity * diagonal(stand) > 0.01
