import dataclasses

import numpy as np
import pytest

from looking3d.anomalies import AnomalyImpossible, swapped
from looking3d.anomalies.swapped import STRETCH
from looking3d.shapes.part_shape import Part, PartShape

SEEDS = range(8)


def extent(vertices: np.ndarray) -> np.ndarray:
    return np.ptp(vertices, axis=0)


def is_fitted(after: Part, before: Part, donor_part: Part) -> bool:
    if not np.array_equal(after.faces, donor_part.faces):
        return False
    scale = extent(after.vertices) / extent(donor_part.vertices)
    stretch = scale * extent(donor_part.vertices).max() / extent(before.vertices).max()
    centred = after.vertices - after.bounds.mean(0)
    return (
        np.allclose(centred, (donor_part.vertices - donor_part.bounds.mean(0)) * scale)
        and (stretch >= STRETCH[0] - 1e-9).all()
        and (stretch <= STRETCH[1] + 1e-9).all()
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_the_part_is_a_donor_s_fitted_to_the_place(
    stool: PartShape, donors: list[PartShape], seed: int
) -> None:
    result = swapped(stool, donors, np.random.default_rng(seed))
    before, after = result.before, result.after
    assert after is not None
    np.testing.assert_allclose(after.bounds.mean(0), before.bounds.mean(0), atol=1e-9)
    # It is some donor's part of that label, scaled along each axis within bounds.
    candidates = [part for donor in donors[1:] for part in donor.parts if part.label == before.label]
    assert any(is_fitted(after, before, part) for part in candidates)


@pytest.mark.parametrize("seed", SEEDS)
def test_severity_is_what_the_boxes_do_not_share(
    stool: PartShape, donors: list[PartShape], seed: int
) -> None:
    result = swapped(stool, donors, np.random.default_rng(seed))
    assert result.after is not None
    (low, high), (low_after, high_after) = result.before.bounds, result.after.bounds
    shared = np.prod(np.minimum(high, high_after) - np.maximum(low, low_after))
    union = np.prod(high - low) + np.prod(high_after - low_after) - shared
    assert result.severity == pytest.approx(1 - shared / union)
    assert 0 <= result.severity < 1


def test_the_same_part_of_a_copy_changes_nothing(stool: PartShape) -> None:
    copy = dataclasses.replace(stool, id="copy", parts=stool.parts[:2])
    for seed in SEEDS:
        result = swapped(stool, [copy], np.random.default_rng(seed))
        assert result.after is not None
        np.testing.assert_allclose(result.after.vertices, result.before.vertices, atol=1e-9)
        assert result.severity == pytest.approx(0, abs=1e-9)


def test_a_donor_needs_a_part_of_that_label(stool: PartShape, sheet: PartShape) -> None:
    # The shape itself is no donor, nor is one with other parts.
    for others in ([], [stool], [sheet]):
        with pytest.raises(AnomalyImpossible, match="no donor has a part of that label"):
            swapped(stool, others, np.random.default_rng(0))


def test_flat_parts_are_fitted_without_dividing_by_zero(sheet: PartShape) -> None:
    oblong = dataclasses.replace(
        sheet, id="oblong", parts=[part.moved(np.diag([2.0, 0.5, 1.0]), np.ones(3)) for part in sheet.parts]
    )
    result = swapped(sheet, [oblong], np.random.default_rng(0))
    assert result.after is not None
    np.testing.assert_allclose(extent(result.after.vertices), [1.0, 0.25 * STRETCH[1], 0.0], atol=1e-9)
