"""Which view of the reference a photo is nearest to: what is true, what was found, how far it is off."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from looking3d.geometry.camera import Camera, azimuth_apart, orbit_angles

TOP = (1, 3)
"""Shares of photos are told whose true view is among so many found first."""


def view_angles(cameras: Sequence[Camera], camera: Camera) -> np.ndarray:
    """(n,) angles in degrees between the directions that views and a camera stand in, 0 to 180."""
    directions = np.array([one.origin / np.linalg.norm(one.origin) for one in (*cameras, camera)])
    return np.degrees(np.arccos(np.clip(directions[:-1] @ directions[-1], -1, 1)))


def found_view(distances: np.ndarray, cameras: Sequence[Camera], truth: Camera) -> dict:
    """A prediction of the nearest view as columns.

    Args:
        distances: (n,) of the photo from each view, the nearest having the smallest; of equal ones the first
            counts as nearer.
        cameras: The views'.
        truth: The photo's true camera.

    Returns:
        `true_view_rank`, the place, from 1 on, that the truly nearest view has; `found_view_deg`, the
        azimuth of the view that was found; `view_error_deg`, how far it is from the photo's azimuth.
    """
    order = np.argsort(distances, kind="stable")
    true = int(np.argmin(np.round(view_angles(cameras, truth), 6)))
    found = cameras[int(order[0])]
    return {
        "true_view_rank": int(np.flatnonzero(order == true)[0]) + 1,
        "found_view_deg": math.degrees(orbit_angles(found)[0]) % 360.0,
        "view_error_deg": azimuth_apart(found, truth),
    }


def viewpoint_scores(predictions: dict[str, np.ndarray]) -> dict | None:
    """How well the nearest view is found, in all photos and, as the paper has it, in normal ones.

    Returns:
        For `all` and `normal` the count of photos, the shares with the true view among the first (`top1`,
        `top3`), and median, mean and 90th percentile of the error in degrees; None if the detector finds
        no views.
    """
    rank, error = (predictions[name].astype(float) for name in ("true_view_rank", "view_error_deg"))
    told, normal = np.isfinite(rank), ~predictions["anomalous"].astype(bool)
    groups = {"all": told, "normal": told & normal}
    figures = {name: _figures(rank[chosen], error[chosen]) for name, chosen in groups.items() if chosen.any()}
    return figures or None


def _figures(rank: np.ndarray, error: np.ndarray) -> dict:
    return {
        "photos": len(rank),
        **{f"top{count}": float((rank <= count).mean()) for count in TOP},
        "error_median_deg": float(np.median(error)),
        "error_mean_deg": float(error.mean()),
        "error_p90_deg": float(np.quantile(error, 0.9)),
    }
