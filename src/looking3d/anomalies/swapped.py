"""A part of another shape is fitted, as in an incorrect assembly (paper 3.1, kind 4)."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from looking3d.anomalies.base import AnomalousShape, AnomalyImpossible, draw_part, replace_part
from looking3d.shapes.part_shape import PartShape

STRETCH = (0.7, 1.4)
"""Bounds of the scale of the donor part along each axis, on top of matching the longest extent."""


def swapped(shape: PartShape, donors: Sequence[PartShape], generator: np.random.Generator) -> AnomalousShape:
    """Put a part of the same label from a donor in the place of one part.

    The donor part is scaled so that its box's longest side matches, stretched towards the place's
    box within `STRETCH`, and centred on it. Severity: 1 - IoU of the two boxes.

    Raises:
        AnomalyImpossible: No donor has a part of that label.
    """
    part = draw_part(shape, generator)
    candidates = [
        donor_part
        for donor in donors
        if donor.id != shape.id
        for donor_part in donor.parts
        if donor_part.label == part.label
    ]
    if not candidates:
        raise AnomalyImpossible("no donor has a part of that label")
    donor_part = candidates[generator.integers(len(candidates))]
    low, high = part.bounds
    donor_low, donor_high = donor_part.bounds
    # Flat parts have an extent of 0 along an axis: floor both by a thousandth of the longest side.
    extent = np.maximum(high - low, 1e-3 * (high - low).max())
    donor_extent = np.maximum(donor_high - donor_low, 1e-3 * (donor_high - donor_low).max())
    uniform = extent.max() / donor_extent.max()
    scale = uniform * np.clip(extent / (donor_extent * uniform), *STRETCH)
    vertices = (donor_part.vertices - (donor_low + donor_high) / 2) * scale + (low + high) / 2
    after = dataclasses.replace(part, vertices=vertices, faces=donor_part.faces)
    return AnomalousShape(
        "swapped", replace_part(shape, part, after), part, after, 1 - _box_iou(part.bounds, after.bounds)
    )


def _box_iou(a: np.ndarray, b: np.ndarray) -> float:
    if min((a[1] - a[0]).min(), (b[1] - b[0]).min()) <= 0:
        # Flat boxes have no volume: give both a little thickness.
        margin = 5e-4 * max((a[1] - a[0]).max(), (b[1] - b[0]).max(), 1e-9)
        a, b = (np.stack([box[0] - margin, box[1] + margin]) for box in (a, b))
    overlap = np.prod(np.maximum(np.minimum(a[1], b[1]) - np.maximum(a[0], b[0]), 0))
    return float(overlap / (np.prod(a[1] - a[0]) + np.prod(b[1] - b[0]) - overlap))
