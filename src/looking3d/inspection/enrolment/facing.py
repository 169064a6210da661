"""Which side is the front, once up is known: left and right are alike, backs are closed and high.

As in `upright`, a conditional logit weighs what speaks for a side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from looking3d.inspection.enrolment.mirror import Mirror
from looking3d.render.raycast import Raycaster

FEATURES = ("mirror_sides", "mirror_ends", "lean", "slim", "openness", "relief", "seat")
WEIGHTS = np.array([-1.19, 1.19, -1.27, 1.72, 1.72, 0.93, 0.65])
"""Of FEATURES, in their order."""

_RAYS = 40
_RADIUS = 0.85  # a little more than a normalised reference's
_LIFT_RAD = np.radians(25)
_TURNS_DEG = (-10.0, -5.0, 0.0, 5.0, 10.0)


@dataclass(frozen=True, eq=False)
class FrontGuess:
    """A side that may be the front.

    Attributes:
        azimuth_deg: Of its direction about +Y: 0 is +Z, 90 is +X.
        confidence: That it is the front, 0 to 1.
    """

    azimuth_deg: float
    confidence: float


def guess_front(
    raycaster: Raycaster, points: np.ndarray, turned: bool, prior: float = 0.0
) -> list[FrontGuess]:
    """The four sides that may be the front, the likeliest first.

    Args:
        raycaster: Of the shape, normalised, +Y up.
        points: (n, 3), spread evenly over it.
        turned: Whether it may stand at any angle, as scans do; else the front is +Z, +X, -Z or -X.
        prior: What the format says for +Z, as log odds.
    """
    mirror = Mirror(points)
    start = mirror_azimuth_deg(mirror) if turned else 0.0
    sides = [start + quarter * 90.0 for quarter in range(4)]
    scores = np.array([float(features(raycaster, points, side, mirror) @ WEIGHTS) for side in sides])
    if not turned:
        scores[0] += prior
    weights = np.exp(scores - scores.max())
    weights /= weights.sum()
    order = np.argsort(-weights, kind="stable")
    return [FrontGuess(float(sides[i] % 360), float(weights[i])) for i in order]


def mirror_azimuth_deg(mirror: Mirror) -> float:
    """The azimuth, 0 to 180, of the upright mirror plane that fits best: coarsely, then finely."""
    coarse = np.arange(0.0, 180.0, 5.0)
    best = coarse[int(np.argmin([mirror.residual(_normal(azimuth)) for azimuth in coarse]))]
    for step in (2.0, 0.5):
        fine = best + step * np.arange(-2, 3)
        best = fine[int(np.argmin([mirror.residual(_normal(azimuth)) for azimuth in fine]))]
    return float(best % 180)


def features(raycaster: Raycaster, points: np.ndarray, azimuth_deg: float, mirror: Mirror) -> np.ndarray:
    """What speaks for a side being the front, as FEATURES names it."""
    front, right = _direction(azimuth_deg), _normal(azimuth_deg)
    along, across, height = points @ front, points @ right, points[:, 1]
    depth, width = max(float(np.ptp(along)), 1e-9), max(float(np.ptp(across)), 1e-9)
    tall = height > height.min() + 0.6 * np.ptp(height)
    lean = (along[tall].mean() - along[~tall].mean()) / depth if tall.any() and not tall.all() else 0.0
    seen, seen_behind = _look(raycaster, azimuth_deg), _look(raycaster, azimuth_deg + 180)
    return np.array(
        [
            min(mirror.residual(right) * 30, 1.5),
            min(mirror.residual(front) * 30, 1.5),
            float(lean),
            float(np.clip(np.log(width / depth), -1, 1)),
            (seen[0] - seen_behind[0]) / depth,
            (seen[1] - seen_behind[1]) / depth,
            seen[2] - seen_behind[2],
        ]
    )


def _look(raycaster: Raycaster, azimuth_deg: float) -> tuple[float, float, float]:
    """From one side: how deep rays go on average, how much that varies, and, from a little above, which
    share of what is seen faces up."""
    _, distance, _ = _cast(raycaster, azimuth_deg, 0.0)
    mean, spread = (float(distance.mean()), float(distance.std())) if len(distance) else (0.0, 0.0)
    normal, _, _ = _cast(raycaster, azimuth_deg, _LIFT_RAD)
    return mean, spread, float((normal[:, 1] > 0.8).mean()) if len(normal) else 0.0


def _cast(raycaster: Raycaster, azimuth_deg: float, lift_rad: float) -> tuple[np.ndarray, np.ndarray, int]:
    """Parallel rays against the object: normals and distances of those that hit, and how many were cast."""
    right, level = _normal(azimuth_deg), _direction(azimuth_deg)
    back = level * np.cos(lift_rad) + np.array([0.0, np.sin(lift_rad), 0.0])
    up = np.cross(back, right)
    steps = (np.arange(_RAYS) + 0.5) / _RAYS * 2 * _RADIUS - _RADIUS
    x, y = np.meshgrid(steps, steps)
    origins = back * 2 * _RADIUS + x[..., None] * right + y[..., None] * up
    hits = raycaster.intersect(origins, np.broadcast_to(-back, origins.shape))
    hit = hits.face >= 0
    return hits.normal[hit], hits.distance[hit], hit.size


def _direction(azimuth_deg: float) -> np.ndarray:
    return np.array([np.sin(np.radians(azimuth_deg)), 0.0, np.cos(np.radians(azimuth_deg))])


def _normal(azimuth_deg: float) -> np.ndarray:
    """The direction to the right of who looks out of the front's opposite: across the front."""
    return np.array([np.cos(np.radians(azimuth_deg)), 0.0, -np.sin(np.radians(azimuth_deg))])
