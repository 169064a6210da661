"""Photos in groups: by what was changed, from where it is seen, of what."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from looking3d.dataset.schema import NORMAL

CHANGED_PERCENT = (0.25, 0.5, 1.0, 2.0)
ELEVATION_DEG = (-10.0, 5.0, 20.0, 35.0, 50.0, 65.0, 80.0)
NEAREST_VIEW_DEG = (3.0, 6.0, 9.0)
ROLL_DEG = (0.0, 5.0, 10.0, 20.0)
FOCAL_LENGTH = (0.75, 0.9, 1.1, 1.3, 1.5)


@dataclass(frozen=True, eq=False)
class Stratum:
    """A group of photos.

    Attributes:
        members: (n,) bool, the photos in it.
        compared: (n,) bool, those that its AUROC is of: normal photos are in no group of anomalies, so
            these are held against all of them.
    """

    members: np.ndarray
    compared: np.ndarray


def strata(predictions: dict[str, np.ndarray]) -> dict[str, dict[str, Stratum]]:
    """Every way that photos are grouped, and the groups of each that hold any."""
    anomalous = predictions["anomalous"].astype(bool)
    odd = predictions["odd_reference"].astype(bool)
    kinds = {kind: predictions["kind"] == kind for kind in sorted(set(predictions["kind"]) - {NORMAL})}
    sizes = _bins(predictions["changed_share"] * 100, CHANGED_PERCENT, "%")
    last = np.array([label.rsplit("/", 1)[-1] for label in predictions["part_label"]])
    parts = {label: mask for label, mask in _values(last).items() if label}
    of_anomalies = {"kind": kinds, "part": parts, "changed share": sizes}
    of_photos = {
        "azimuth from the nearest view": _bins(predictions["nearest_view_deg"], NEAREST_VIEW_DEG, "degrees"),
        "elevation": _bins(predictions["elevation_deg"], ELEVATION_DEG, "degrees"),
        "roll": _bins(np.abs(predictions["roll_deg"]), ROLL_DEG, "degrees"),
        "focal length": _bins(predictions["focal_length"], FOCAL_LENGTH, "of the paper's"),
        "family": _values(predictions["family"]),
        "renderer": _values(predictions["renderer"]),
        "reference": {"as designed": ~odd, "odd itself": odd},
    }
    if aligns(predictions):
        aligned = predictions["aligned"].astype(bool)
        of_photos["alignment"] = {"aligned": aligned, "could not align": ~aligned}
    found = {
        name: {
            key: Stratum(mask & anomalous, (mask & anomalous) | ~anomalous) for key, mask in groups.items()
        }
        for name, groups in of_anomalies.items()
    }
    found |= {
        name: {key: Stratum(mask, mask) for key, mask in groups.items()} for name, groups in of_photos.items()
    }
    return {
        name: {key: stratum for key, stratum in groups.items() if stratum.members.any()}
        for name, groups in found.items()
    }


def aligns(predictions: dict[str, np.ndarray]) -> bool:
    """Whether the detector aligns photos at all."""
    return not np.isnan(predictions["alignment"].astype(float)).all()


def _values(column: np.ndarray) -> dict[str, np.ndarray]:
    return {str(value): column == value for value in sorted(set(column))}


def _bins(values: np.ndarray, edges: tuple[float, ...], unit: str) -> dict[str, np.ndarray]:
    """Each value from an edge up to the next; what lies outside all edges has bins of its own."""
    number = np.digitize(values, edges)
    names = [f"under {edges[0]:g} {unit}"]
    names += [f"{low:g} to {high:g} {unit}" for low, high in itertools.pairwise(edges)]
    names += [f"{edges[-1]:g} {unit} or more"]
    return {name: number == i for i, name in enumerate(names)}
