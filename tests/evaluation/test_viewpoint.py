import math
from collections.abc import Callable

import numpy as np
import pytest

from looking3d.evaluation.viewpoint import found_view, view_angles, viewpoint_scores
from looking3d.geometry.camera import azimuth_apart, by_angle, orbit, ring, ring_angles

VIEWS = ring(20, math.radians(20))


def photo(azimuth_deg: float, elevation_deg: float = 30.0):
    return orbit(math.radians(azimuth_deg), math.radians(elevation_deg))


def distances(first: int, second: int) -> np.ndarray:
    """Of 20 views, two are nearer than the others."""
    far = np.ones(20, np.float32)
    far[first], far[second] = 0.1, 0.2
    return far


def test_the_error_goes_round() -> None:
    assert azimuth_apart(photo(359), photo(3)) == pytest.approx(4)
    assert azimuth_apart(photo(90), photo(270)) == pytest.approx(180)
    found = found_view(distances(19, 0), VIEWS, photo(4))
    assert found["found_view_deg"] == pytest.approx(342)
    assert found["view_error_deg"] == pytest.approx(22)
    assert found["true_view_rank"] == 2


def test_of_equal_distances_the_first_view_counts_as_nearer() -> None:
    assert found_view(np.ones(20, np.float32), VIEWS, photo(36))["true_view_rank"] == 3
    # A view that shows no object is at no distance at all.
    nowhere = np.full(20, np.inf, np.float32)
    assert found_view(nowhere, VIEWS, photo(0))["true_view_rank"] == 1


def test_the_true_view_is_nearest_in_direction() -> None:
    angles = view_angles([photo(0, 0), photo(0, 60), photo(180, 0)], photo(10, 50))
    assert angles.argmin() == 1
    assert angles[2] == pytest.approx(
        math.degrees(math.acos(math.cos(math.radians(50)) * math.cos(math.radians(170))))
    )
    assert view_angles(VIEWS, VIEWS[7]).argmin() == 7


def test_views_are_ordered_by_azimuth_whatever_their_signs() -> None:
    cameras = [photo(18), photo(-18), photo(-1e-9), photo(180)]
    assert by_angle(ring_angles(cameras)).tolist() == [2, 0, 3, 1]


def test_shares_and_errors(rows: Callable[..., list[dict]], columns: Callable) -> None:
    some = rows(4)
    told = [(1, 0.0, False), (3, 18.0, False), (4, 90.0, True), (math.nan, math.nan, True)]
    for row, (rank, error, anomalous) in zip(some, told, strict=True):
        row |= {"true_view_rank": rank, "view_error_deg": error, "anomalous": anomalous}
    figures = viewpoint_scores(columns(some))
    assert figures is not None
    assert figures["all"]["photos"] == 3
    assert figures["all"]["top1"] == pytest.approx(1 / 3)
    assert figures["all"]["top3"] == pytest.approx(2 / 3)
    assert figures["all"]["error_mean_deg"] == pytest.approx(36)
    assert figures["normal"] == pytest.approx(
        {
            "photos": 2,
            "top1": 0.5,
            "top3": 1.0,
            "error_median_deg": 9.0,
            "error_mean_deg": 9.0,
            "error_p90_deg": 16.2,
        }
    )
    for row in some:
        row["true_view_rank"] = math.nan
    assert viewpoint_scores(columns(some)) is None
