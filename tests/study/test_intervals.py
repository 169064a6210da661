import numpy as np
import pytest

from looking3d.study.intervals import mean_of, over


def test_groups_are_drawn_whole() -> None:
    # Ten answers each: all of one participant are right, all of the other wrong. Whoever is drawn twice
    # decides alone, so the interval is all there is; over pairs, each of which has both, it is a point.
    participant, pair = np.repeat([1, 2], 10), np.tile(np.arange(10), 2)
    mean = mean_of((participant == 1).astype(float), participant, pair, 0)
    assert mean == (0.5, (0.0, 1.0), (0.5, 0.5))


def test_it_is_as_wide_as_theory_says() -> None:
    generator = np.random.default_rng(0)
    values = (generator.random(2000) < 0.7).astype(float)
    found = over(values, np.arange(2000), 1)
    assert found is not None
    expected = 1.96 * np.sqrt(0.7 * 0.3 / 2000)
    assert found[1] - found[0] == pytest.approx(2 * expected, rel=0.15)
    assert found == over(values, np.arange(2000), 1)
    assert found != over(values, np.arange(2000), 2)


def test_one_group_has_no_interval() -> None:
    assert over(np.array([1.0, 0.0]), np.array([5, 5]), 0) is None
    assert mean_of(np.array([]), np.array([]), np.array([]), 0) == (None, None, None)
