import numpy as np
import pytest

from looking3d.study.agreement import agreement


def slow_alpha(answers: np.ndarray, pair: np.ndarray) -> float:
    """The coincidence matrix, filled answer by answer."""
    coincidences = np.zeros((2, 2))
    for name in np.unique(pair):
        values = answers[pair == name].astype(int)
        for i, a in enumerate(values):
            for j, b in enumerate(values):
                if i != j:
                    coincidences[a, b] += 1 / (len(values) - 1)
    each, total = coincidences.sum(0), coincidences.sum()
    return 1 - (total - 1) * coincidences[0, 1] / (each[0] * each[1])


def test_krippendorffs_own_example() -> None:
    # Krippendorff 2011, part A: two observers, ten articles, binary: alpha = 0.095.
    first = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0]
    second = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    found = agreement(np.array(first + second, bool), np.array([*range(10), *range(10)]))
    assert found.alpha == pytest.approx(0.095, abs=5e-4)
    assert found.pairs == 10


def test_by_hand_with_unequal_raters() -> None:
    # Pair 0: yes yes no; pair 1: no no; pair 2 has one answer and does not count.
    # Coincidences that differ: 2 * 2 * 1 / (3 - 1) = 2 (both orders). Five answers, two of them yes.
    # alpha = 1 - (5 - 1) * 2 / (2 * 2 * 3) = 1/3.
    found = agreement(np.array([1, 1, 0, 0, 0, 1], bool), np.array([0, 0, 0, 1, 1, 2]))
    assert found.alpha == pytest.approx(1 / 3)
    assert found.pairs == 2


def test_against_the_slow_way() -> None:
    generator = np.random.default_rng(3)
    pair = generator.integers(0, 30, 150)
    answers = generator.random(150) < np.where(pair % 2 == 0, 0.8, 0.3)
    found = agreement(answers, pair)
    assert found.alpha == pytest.approx(slow_alpha(answers, pair))
    assert found.interval is not None
    assert found.interval[0] < found.alpha < found.interval[1]


def test_perfect_and_undefined() -> None:
    pair = np.repeat(np.arange(6), 3)
    assert agreement(pair % 2 == 0, pair).alpha == 1
    assert agreement(np.ones(18, bool), pair) == (None, None, 6)
    assert agreement(np.array([True, False]), np.array([0, 1])) == (None, None, 0)
