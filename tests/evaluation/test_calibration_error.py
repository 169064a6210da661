import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from looking3d.evaluation.calibration_error import BINS, brier_score, expected_error, reliability


def test_two_bins_by_hand() -> None:
    labels = np.array([True, False, True, True])
    probability = np.array([0.01, 0.03, 0.98, 1.0])  # 1 is in the last bin
    bins = reliability(labels, probability)
    assert [row["photos"] for row in bins] == [2, *[0] * (BINS - 2), 2]
    assert bins[0]["probability"] == pytest.approx(0.02)
    assert bins[0]["anomalous"] == 0.5
    assert bins[1] == {"photos": 0, "probability": None, "anomalous": None}
    assert expected_error(bins) == pytest.approx(0.5 * 0.48 + 0.5 * 0.01)


def test_against_plain_sums() -> None:
    generator = np.random.default_rng(0)
    probability = generator.random(500)
    labels = generator.random(500) < probability**2
    expected = 0.0
    for i in range(BINS):
        inside = (probability >= i / BINS) & (probability < (i + 1) / BINS)
        expected += abs(probability[inside].sum() - labels[inside].sum()) / 500
    assert expected_error(reliability(labels, probability)) == pytest.approx(expected)
    assert brier_score(labels, probability) == pytest.approx(brier_score_loss(labels, probability))


def test_probabilities_that_mean_what_they_say() -> None:
    probability = np.repeat([0.25, 0.75], 400)
    labels = (
        np.tile([True, False, False, False], 100).tolist() + np.tile([True, True, True, False], 100).tolist()
    )
    assert expected_error(reliability(np.array(labels), probability)) == pytest.approx(0)
