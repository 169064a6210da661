"""Which way is up: how a thing stands, what its mirror images look like, where its mass is.

What speaks for an axis is weighed by a conditional logit, fitted to the procedural families
(`benchmarks/orientation.py`), and what the file's format says is added.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from looking3d.inspection.enrolment.mirror import Mirror
from looking3d.shapes.surface import face_areas

AXES: dict[str, np.ndarray] = {
    f"{sign}{name}": (1.0 if not sign else -1.0) * np.eye(3)[i]
    for i, name in enumerate("xyz")
    for sign in ("", "-")
}
"""The six axes of a file, by the names that `--up` takes."""

FEATURES = ("stable", "support", "contact", "contact_above", "centroid", "mirror_level", "mirror_upright")
WEIGHTS = np.array([1.69, -0.39, -2.35, 1.02, 0.84, 1.76, -0.75])
"""Of FEATURES, in their order."""

_BOTTOM = 0.015  # of the height: what is so low stands on the ground
_FLAT = np.cos(np.radians(20))


@dataclass(frozen=True, eq=False)
class UpGuess:
    """A direction that may be up.

    Attributes:
        up: (3,) unit vector in the file's axes.
        name: `y`, `-z`, ...; `(0.02, -0.99, 0.12)` where it is no axis.
        confidence: That it is up, 0 to 1.
    """

    up: np.ndarray
    name: str
    confidence: float


def guess_up(points: np.ndarray, normals: np.ndarray, prior: dict[str, float], turned: bool) -> list[UpGuess]:
    """Directions that may be up, the likeliest first.

    Args:
        points: (n, 3), spread evenly over the surface.
        normals: (n, 3) unit normals at them.
        prior: What the format says for an axis, as log odds.
        turned: Whether the file may stand at any angle, as scans do; else one of its axes is up.
    """
    candidates = list(AXES.values()) + (resting_directions(points) if turned else [])
    mirror = Mirror(points)
    residuals = np.array([mirror.residual(axis) for axis in np.eye(3)])
    scores = []
    for up in candidates:
        name = _name(up)
        known = residuals if name in AXES else None
        scores.append(float(features(points, normals, up, mirror, known) @ WEIGHTS) + prior.get(name, 0.0))
    weights = np.exp(np.array(scores) - max(scores))
    weights /= weights.sum()
    order = np.argsort(-weights, kind="stable")
    return [UpGuess(candidates[i], _name(candidates[i]), float(weights[i])) for i in order]


def features(
    points: np.ndarray,
    normals: np.ndarray,
    up: np.ndarray,
    mirror: Mirror,
    axis_residuals: np.ndarray | None = None,
) -> np.ndarray:
    """What speaks for a direction being up, as FEATURES names it.

    Args:
        points, normals: Of the surface.
        up: (3,) unit vector.
        mirror: Of the same points.
        axis_residuals: (3,) of the mirrors across x, y and z if `up` is one of these axes.
    """
    height = points @ up
    low, tall = height.min(), max(float(np.ptp(height)), 1e-12)
    side = _across(up)
    on_ground = points @ side.T
    bottom = height < low + _BOTTOM * tall
    top = height > low + (1 - _BOTTOM) * tall
    level = np.abs(normals @ up) > _FLAT
    footprint = hull_area(on_ground)
    support = hull_area(on_ground[bottom])
    center = on_ground.mean(0)
    margin = _inside_by(on_ground[bottom], center) / max(np.sqrt(footprint), 1e-12)
    if axis_residuals is None:
        axis_residuals = np.array([mirror.residual(axis) for axis in (*side, up)])
        upright, across = axis_residuals[:2].min(), axis_residuals[2]
    else:
        own = int(np.argmax(np.abs(up)))
        upright, across = np.delete(axis_residuals, own).min(), axis_residuals[own]
    return np.array(
        [
            float(np.clip(margin, -0.2, 0.2) * 5),
            support / max(footprint, 1e-12),
            float((bottom & level).mean() * 5),
            float((top & level).mean() * 5),
            float((height.mean() - low) / tall),
            float(min(across * 30, 1.5)),
            float(min(upright * 30, 1.5)),
        ]
    )


def resting_directions(points: np.ndarray, count: int = 12) -> list[np.ndarray]:
    """Unit vectors that are up when the thing lies on one of the largest faces of its convex hull and does
    not tip over."""
    hull = ConvexHull(points)
    normals = hull.equations[:, :3]
    areas = face_areas(points, hull.simplices)
    # Facets of noisy feet are many and small: those within 5 degrees are one.
    near = normals @ normals.T > np.cos(np.radians(5))
    totals = near @ areas
    found: list[np.ndarray] = []
    for i in np.argsort(-totals, kind="stable"):
        mean = (near[i] * areas) @ normals
        up = -mean / np.linalg.norm(mean)
        if all(up @ other < np.cos(np.radians(8)) for other in found):
            found.append(up)
        if len(found) == count:
            break
    return found


def hull_area(points: np.ndarray) -> float:
    """The area of the convex hull of (n, 2) points."""
    try:
        return float(ConvexHull(points).volume) if len(points) > 2 else 0.0
    except QhullError:
        return 0.0


def _inside_by(points: np.ndarray, at: np.ndarray) -> float:
    """How far a point lies inside the convex hull of (n, 2) points; negative outside, -1 without a hull."""
    try:
        equations = ConvexHull(points).equations if len(points) > 2 else None
    except QhullError:
        equations = None
    return -1.0 if equations is None else float(-(equations[:, :2] @ at + equations[:, 2]).max())


def _across(up: np.ndarray) -> np.ndarray:
    """(2, 3) unit vectors at right angles to a direction and to each other; axes for an axis."""
    other = np.eye(3)[int(np.argmin(np.abs(up)))]
    first = np.cross(up, other)
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(up, first)])


def _name(up: np.ndarray) -> str:
    for name, axis in AXES.items():
        if np.allclose(up, axis, atol=1e-9):
            return name
    return "(" + ", ".join(f"{value:.3f}" for value in up) + ")"
