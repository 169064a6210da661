import json
import math

import numpy as np
import pytest
from scipy import stats

from looking3d.errors import ConfigError
from looking3d.inspection.conformal import Calibration, Conditions, calibrate_scores, photos_for
from looking3d.photos.foreground_config import ForegroundConfig

UNDER = Conditions("align-0123", "auto")


@pytest.mark.parametrize("rate", [0.02, 0.05, 0.1, 0.25, 0.29, 0.7])
@pytest.mark.parametrize("n", [1, 3, 9, 19, 20, 99])
@pytest.mark.parametrize("ties", [False, True])
def test_the_threshold_is_where_the_p_value_is_small_enough(rate: float, n: int, ties: bool) -> None:
    generator = np.random.default_rng(n)
    normal = generator.random(n)
    if ties:
        normal = np.round(normal * 4) / 4
    made = calibrate_scores(normal.tolist(), false_alarm_rate=rate)
    # All scores that could matter: the normal ones, their neighbours, and some between.
    scores = np.concatenate(
        [normal, np.nextafter(normal, 2), np.nextafter(normal, -1), np.linspace(0, 1, 41)]
    )
    for score in np.clip(scores, 0, 1).tolist():
        assert (score >= made.threshold) == (made.p_value(score) <= made.promised_rate + 1e-12)
    assert made.is_kept == (n >= photos_for(rate))
    if made.is_kept:
        assert rate - 1 / (n + 1) < made.promised_rate <= rate + 1e-12
    else:
        assert made.promised_rate == 1 / (n + 1)


def test_p_values_by_hand() -> None:
    made = calibrate_scores([0.1, 0.2, 0.2, 0.6])
    assert [made.p_value(score) for score in (0.05, 0.1, 0.2, 0.3, 0.6, 0.7)] == [1, 1, 0.8, 0.4, 0.4, 0.2]


def test_how_many_photos_a_rate_needs() -> None:
    assert [photos_for(rate) for rate in (0.05, 0.1, 0.01, 0.3, 0.9)] == [19, 9, 99, 3, 1]


def test_the_real_rate_is_what_was_promised() -> None:
    """Over many calibrations by 20 photos, the mean rate and its 95 % bound come out as told."""
    generator = np.random.default_rng(3)
    rates, bounds = [], []
    for _ in range(2000):
        made = calibrate_scores(generator.random(20).tolist(), false_alarm_rate=0.1)
        rates.append(1 - made.threshold)  # of uniform scores
        bounds.append(made.rate_below)
    assert made.promised_rate == pytest.approx(2 / 21)
    assert np.mean(rates) == pytest.approx(2 / 21, abs=0.005)
    assert np.mean(np.array(rates) < bounds) == pytest.approx(0.95, abs=0.015)


def test_bounds_in_closed_form() -> None:
    # With n photos and the largest score as bound, the rate's distribution function is 1 - (1 - x)^n.
    made = calibrate_scores([0.1, 0.2, 0.3, 0.4])
    assert made.rate_below == pytest.approx(1 - 0.05 ** (1 / 4))
    found = calibrate_scores([0.1, 0.4], [0.3, 0.5, 0.6, 0.9], 0.5)
    # All that are over 0.4: three of four. The tail of the binomial at either end is 2.5 %.
    assert (found.found, found.threshold) == (3, math.nextafter(0.4, 1))
    low, high = found.found_interval or (0, 0)
    assert stats.binom.sf(2, 4, low) == pytest.approx(0.025)
    assert stats.binom.cdf(3, 4, high) == pytest.approx(0.025)
    assert calibrate_scores([0.1]).found_interval is None


def test_a_better_trade_off() -> None:
    normal = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    # Nothing is found over 0.9, all over 0.7: three alarms of ten.
    better = calibrate_scores(normal, [0.75, 0.76, 0.8, 0.72], 0.1).better
    assert better is not None
    assert (better.rate, better.found, better.threshold) == (0.3, 4, math.nextafter(0.7, 1))
    # The same is found with fewer false alarms.
    fewer = calibrate_scores(normal, [0.95, 0.99], 0.5).better
    assert fewer is not None
    assert (fewer.rate, fewer.found) == (0.1, 2)
    assert calibrate_scores(normal, [0.95, 0.99], 0.1).better is None
    assert calibrate_scores(normal, [], 0.1).better is None


def test_good_photos_that_score_1_leave_nothing_to_find() -> None:
    made = calibrate_scores([1.0], [1.0])
    assert made.threshold > 1
    assert made.found == 0
    assert Calibration.from_json(json.loads(json.dumps(made.to_json()))) == made


def test_conditions(fixed, detector) -> None:
    made = calibrate_scores([0.1], conditions=UNDER)
    assert made.mismatch(UNDER) is None
    assert made.mismatch(Conditions("align-4567", "auto")) == (
        "it was made with other weights (align-0123, not align-4567)"
    )
    assert made.mismatch(Conditions("align-0123", "plain")) == "it was made with --foreground auto, not plain"
    assert made.mismatch(Conditions("align-0123", "auto", True)) == "it was made without --shadow"
    assert "does not say" in str(calibrate_scores([0.1]).mismatch(UNDER))
    box = ForegroundConfig(box=(0, 0, 10, 10))
    assert Conditions.of(fixed(), box) == Conditions("FixedDetector", "box")
    assert Conditions.of(detector, box).detector == f"align-{detector.enrolment_key()[:16]}"


def test_json_and_back() -> None:
    made = calibrate_scores(
        [0.1, 1 / 3], [0.9], 0.2, conditions=UNDER, created="2026-05-04", unused=[("a.jpg", "is empty")]
    )
    data = json.loads(json.dumps(made.to_json(), allow_nan=False))
    assert Calibration.from_json(data) == made
    assert data["counts"] == {"normal": 2, "anomalous": 1, "unused": 1}
    with pytest.raises(ConfigError, match=r"threshold 0\.5 does not follow from its scores"):
        Calibration.from_json({**data, "threshold": 0.5})
    with pytest.raises(ConfigError, match="damaged"):
        Calibration.from_json({**data, "normal": None})


def test_mistakes() -> None:
    with pytest.raises(ConfigError, match=r"no score of a normal photo; .* 19 or more for a rate of 0\.05"):
        calibrate_scores([])
    for rate in (0, 1, float("nan")):
        with pytest.raises(ConfigError, match=f"expected a rate over 0 and under 1, got {rate}"):
            calibrate_scores([0.1], [], rate)
    for score in (-0.1, 1.1, float("nan")):
        with pytest.raises(ConfigError, match=f"expected a probability, 0 to 1, got {score}"):
            calibrate_scores([0.1], [score])
