import numpy as np
import pytest

from looking3d.geometry.camera import orbit
from looking3d.inspection.words import count_of, percent, place, seen_from


@pytest.mark.parametrize(
    ("azimuth_deg", "elevation_deg", "words"),
    [
        (0, 24.4, "front, 24 degrees above"),
        (359, 24, "front, 24 degrees above"),
        (46, 1, "front right, level with it"),
        (90, -12, "right, 12 degrees below"),
        (180, 20, "back, 20 degrees above"),
        (225, 20, "back left, 20 degrees above"),
        (315, 20, "front left, 20 degrees above"),
        (10, 80, "straight above"),
        (10, -80, "straight below"),
    ],
)
def test_where_a_camera_stands(azimuth_deg: float, elevation_deg: float, words: str) -> None:
    assert seen_from(azimuth_deg, elevation_deg) == words


def test_right_is_the_right_hand_of_who_stands_in_front() -> None:
    # What is on the right side (+X) is right in a photo from the front.
    pixel, _ = orbit(0, 0, 100).project(np.array([0.5, 0, 0]))
    assert pixel[0] > 50


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (0.2, 0.2, "upper left"),
        (0.5, 0.3, "top"),
        (0.5, 0.5, "middle"),
        (0.7, 0.5, "right"),
        (0.9, 0.9, "lower right"),
    ],
)
def test_places(x: float, y: float, words: str) -> None:
    assert place(x, y) == words


@pytest.mark.parametrize(
    ("share", "words"),
    [(0, "0 %"), (0.004, "< 1 %"), (0.01, "1 %"), (0.5, "50 %"), (0.999, "> 99 %"), (1, "100 %")],
)
def test_percentages(share: float, words: str) -> None:
    assert percent(share) == words


def test_counts() -> None:
    assert [count_of(n, "photo", "photos") for n in (0, 1, 2)] == ["0 photos", "1 photo", "2 photos"]
