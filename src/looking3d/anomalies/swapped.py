"""A part of another shape is fitted, as in an incorrect assembly (paper 3.1, kind 4)."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from looking3d.anomalies.base import AnomalousShape, AnomalyImpossible, Donor, diagonal, replace_part
from looking3d.shapes.distance import SurfaceDistance
from looking3d.shapes.oriented_box import BOX_ROTATIONS, OrientedBox, box_of
from looking3d.shapes.part_shape import Part, PartShape
from looking3d.shapes.surface import spread_points

STRETCH = (0.7, 1.4)
"""Bounds of the scale of the donor part along each side of its box, on top of matching the longest."""

DIFFERENCE = (0.004, 0.08)
"""Bounds of the mean distance between the old surface and the new one, in diagonals of the shape: below,
the donor part is nearly the same shape; above, it does not fit the place."""

SIMILAR = 1.7
"""Parts whose labels say nothing are alike if each side of their boxes, and their size in diagonals of their
shapes, agree within this factor."""

_TURN = 0.25  # what turning the donor part by a radian costs, against a misfit of e in one side
_THIN = 0.02  # sides below this share of the longest are all thin
_FLAT = 1e-3
_POINTS = 250
_DENSE = 1500


def swapped(
    shape: PartShape, part: Part, donors: Sequence[PartShape], generator: np.random.Generator
) -> AnomalousShape:
    """Put a part of a donor in the place of one part.

    A donor gives its part of the same label that sits nearest to the same place. Labels of files without
    semantics (`part/...`) are names, so there the boxes have to be alike as well, and if no name agrees
    the boxes alone decide. The donor part is fitted by its oriented box: turned as little as lets the
    sides agree, scaled so that the longest side matches, stretched towards the place's box within
    `STRETCH`, and centred on it. Donors that differ more are drawn more often.

    Severity: the mean distance between old and new surface, in diagonals of the shape.

    Raises:
        AnomalyImpossible: No donor has such a part, or those that have are nearly the same or do not fit.
    """
    candidates = [
        (donor, found, match)
        for donor in donors
        if donor.id != shape.id
        for found, match in [_counterpart(shape, part, donor)]
        if found is not None
    ]
    if not candidates:
        what = "part of that label" if _has_semantics(part) else "part like it"
        raise AnomalyImpossible(f"no donor has a {what}")
    fitted = [_fitted(part, found) for _, found, _ in candidates]
    difference = _Difference(part)
    differences = np.array([difference(other) for other in fitted]) / diagonal(shape)
    fits = (differences >= DIFFERENCE[0]) & (differences <= DIFFERENCE[1])
    if not fits.any():
        nearly = (differences < DIFFERENCE[0]).any()
        raise AnomalyImpossible("the donors' parts are the same" if nearly else "no donor's part fits")
    weights = np.where(fits, differences, 0)
    chosen = int(generator.choice(len(candidates), p=weights / weights.sum()))
    after, (donor, found, match) = fitted[chosen], candidates[chosen]
    return AnomalousShape(
        "swapped",
        replace_part(shape, part, after),
        part,
        after,
        float(differences[chosen]),
        Donor(donor.id, found.id, match),
    )


def has_counterpart(part: Part, donor: PartShape) -> bool:
    """Whether a donor has a part of the same label, if the label means anything."""
    return not _has_semantics(part) or any(other.label == part.label for other in donor.parts)


def _has_semantics(part: Part) -> bool:
    return not part.label.startswith("part/")


def _counterpart(shape: PartShape, part: Part, donor: PartShape) -> tuple[Part | None, str]:
    """The donor's part for the place of a part, and why this one."""
    same = [other for other in donor.parts if other.label == part.label]
    if _has_semantics(part):
        return _nearest(shape, part, donor, same), "label"
    # A name that is a number says nothing
    named = any(letter.isalpha() for letter in part.label.removeprefix("part/"))
    like = [other for other in donor.parts if _alike(shape, part, donor, other)]
    found = _nearest(shape, part, donor, [other for other in same if other in like]) if named else None
    if found is not None:
        return found, "label"
    return _nearest(shape, part, donor, like), "proportions"


def _nearest(shape: PartShape, part: Part, donor: PartShape, candidates: Sequence[Part]) -> Part | None:
    """The candidate that sits in its shape most nearly where the part sits in its own."""
    place = _place(shape, part)
    return min(
        candidates,
        key=lambda other: round(float(np.linalg.norm(_place(donor, other) - place)), 9),
        default=None,
    )


def _place(shape: PartShape, part: Part) -> np.ndarray:
    """(3,) the middle of a part's box in that of its shape, 0 to 1 along each side."""
    low, high = shape.bounds
    return (part.bounds.mean(0) - low) / np.maximum(high - low, 1e-9)


def _alike(shape: PartShape, part: Part, donor: PartShape, other: Part) -> bool:
    sides = [_sorted_sides(one) for one in (part, other)]
    proportions = [np.maximum(side / side[-1], _THIN) for side in sides]
    sizes = [side[-1] / diagonal(owner) for side, owner in zip(sides, (shape, donor))]
    ratios = np.log([*(proportions[0] / proportions[1]), sizes[0] / sizes[1]])
    return bool((np.abs(ratios) <= np.log(SIMILAR)).all())


def _sorted_sides(part: Part) -> np.ndarray:
    sides = np.sort(box_of(part).extent)
    return np.maximum(sides, max(_FLAT * sides[-1], 1e-12))


def _fitted(part: Part, donor_part: Part) -> Part:
    """The part with the donor's mesh, fitted to its place."""
    box, donor_box = box_of(part), box_of(donor_part)
    extent = _thick(box)
    best = None
    for turn in BOX_ROTATIONS:
        sides = np.abs(turn) @ _thick(donor_box)
        uniform = extent.max() / sides.max()
        scale = uniform * np.clip(extent / (sides * uniform), *STRETCH)
        R = box.axes.T @ turn @ donor_box.axes
        angle = np.arccos(np.clip((np.trace(R) - 1) / 2, -1, 1))
        cost = np.linalg.norm(np.log(extent / (sides * scale))) + _TURN * angle
        if best is None or cost < best[0] - 1e-6:
            best = cost, turn, scale
    assert best is not None
    _, turn, scale = best
    local = (donor_part.vertices - donor_box.center) @ donor_box.axes.T
    vertices = (local @ turn.T * scale) @ box.axes + box.center
    return dataclasses.replace(part, vertices=vertices, faces=donor_part.faces, raw=donor_part.raw)


def _thick(box: OrientedBox) -> np.ndarray:
    """(3,) the sides of a box; flat ones count a thousandth of the longest."""
    return np.maximum(box.extent, max(_FLAT * box.extent.max(), 1e-12))


class _Difference:
    """Mean distances between a part's surface and others, both ways, in world units."""

    def __init__(self, part: Part) -> None:
        self._points, self._surface = _sampled(part)

    def __call__(self, other: Part) -> float:
        points, surface = _sampled(other)
        return float(surface(self._points).mean() + self._surface(points).mean()) / 2


def _sampled(part: Part) -> tuple[np.ndarray, SurfaceDistance]:
    points, _ = spread_points(part.vertices, part.faces, _POINTS)
    return points, SurfaceDistance(part.vertices, part.faces, _DENSE)
