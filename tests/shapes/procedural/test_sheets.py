import math

import numpy as np

from looking3d.shapes.procedural.sheets import (
    closed_curve,
    curve_length,
    draped,
    panel_rows,
    reclined,
    resampled,
    smooth,
    square_to,
)


def test_a_smooth_curve_goes_through_its_points():
    points = np.array([(0.0, 0.0), (0.2, 0.1), (0.5, 0.1), (0.6, 0.5)])
    fine = smooth(points, 4001)
    for point in points:
        assert np.linalg.norm(fine - point, axis=1).min() < 1e-3
    np.testing.assert_allclose(fine[[0, -1]], points[[0, -1]], atol=1e-12)


def test_points_on_a_line_stay_on_it():
    points = np.array([(0.0, 0.0, 1.0), (0.1, 0.2, 1.0), (0.3, 0.6, 1.0)])
    fine = smooth(points, 50)
    np.testing.assert_allclose(fine[:, 1], 2 * fine[:, 0], atol=1e-12)


def test_a_closed_curve_through_a_circle_is_about_that_circle():
    angle = 2 * math.pi * np.arange(12) / 12
    loop = closed_curve(np.stack([np.cos(angle), np.sin(angle)], 1), 48)
    np.testing.assert_allclose(np.linalg.norm(loop, axis=1), 1, atol=0.01)
    steps = np.linalg.norm(np.roll(loop, -1, 0) - loop, axis=1)
    np.testing.assert_allclose(steps, steps.mean(), rtol=0.02)


def test_resampling_makes_equal_steps():
    path = np.array([(0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (1.0, 3.0, 0.0)])
    np.testing.assert_allclose(resampled(path, 5), [(0, 0, 0), (1, 0, 0), (1, 1, 0), (1, 2, 0), (1, 3, 0)])


def test_a_draped_sheet_keeps_lengths_and_stands_square_to_its_curve():
    angle = np.linspace(0, math.pi / 2, 200)
    # From the front of a seat (z = 1) back and up, about the middle (1, 1)
    curve = np.stack([1 - np.sin(angle), 1 - np.cos(angle)], 1)
    assert abs(curve_length(curve) - math.pi / 2) < 1e-3
    v = np.linspace(0.1, 1.4, 9)
    sheet = draped(curve)(np.stack([0 * v + 0.3, v, 0 * v], 1))
    raised = draped(curve)(np.stack([0 * v + 0.3, v, 0 * v + 0.2], 1))
    np.testing.assert_allclose(np.hypot(sheet[:, 2] - 1, sheet[:, 1] - 1), 1, atol=1e-3)
    # Towards the sitter is towards the middle
    np.testing.assert_allclose(np.hypot(raised[:, 2] - 1, raised[:, 1] - 1), 0.8, atol=1e-3)
    np.testing.assert_allclose(square_to(curve, 0.0), [0, 1, 0], atol=0.01)


def test_a_reclined_sheet_leans_back():
    low, high, front = reclined(0.4, -0.3, 0.2)(np.array([(0, 0, 0), (0, 0.5, 0), (0, 0, 0.1)], float))
    np.testing.assert_allclose(low, [0, 0.4, -0.3])
    np.testing.assert_allclose(high - low, [0, 0.5 * math.cos(0.2), -0.5 * math.sin(0.2)])
    assert front[2] > low[2]


def test_rows_of_a_panel_rise_and_are_rounded_at_their_corners():
    half, v = panel_rows(0.1, 0.7, (0.3, 0.2), (0.02, 0.08))
    assert (np.diff(v) > 0).all()
    np.testing.assert_allclose(v[[0, -1]], [0.1, 0.7])
    np.testing.assert_allclose(half[[0, -1]], [0.28, 0.12])
    straight = (v > 0.125) & (v < 0.61)
    np.testing.assert_allclose(half[straight], 0.3 - (v[straight] - 0.1) / 6, atol=1e-9)
