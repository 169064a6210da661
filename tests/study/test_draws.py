from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from looking3d.study.draws import Draws
from looking3d.study.subset import Pair, Subset


def subset_of(normal: int, anomalous: int, shapes: int) -> Subset:
    kinds = ["normal"] * normal + ["missing"] * anomalous
    pairs = [Pair(f"s{i % shapes}", f"{i}.png", kind) for i, kind in enumerate(kinds)]
    order = np.random.default_rng(1).permutation(len(pairs))
    return Subset("f", "test", 0, tuple(pairs[i] for i in order))


def test_every_pair_is_given_as_often_and_half_of_a_draw_is_normal() -> None:
    subset = subset_of(100, 100, 150)
    draws, given = Draws(subset, 10, 0), np.zeros(200, int)
    for number in range(1, 101):
        drawn = draws.of(number)
        assert len(set(drawn)) == 10
        assert subset.labels[list(drawn)].sum() == 5
        assert len({subset.pairs[i].shape_id for i in drawn}) >= 9
        given[list(drawn)] += 1
        # Also while participants are under way.
        assert given.max() - given.min() <= 1
    assert (given == 5).all()


def test_it_is_a_draw() -> None:
    subset = subset_of(100, 100, 200)
    draws = Draws(subset, 10, 0)
    first = np.array([subset.labels[draws.of(number)[0]] for number in range(1, 101)])
    assert 30 <= first.sum() <= 70
    assert Counter(draws.of(1)) != Counter(draws.of(21))


@pytest.mark.parametrize(("normal", "anomalous", "count"), [(30, 30, 5), (12, 48, 7), (3, 4, 7), (1, 9, 4)])
def test_uneven_subsets_and_odd_draws_stay_balanced(normal: int, anomalous: int, count: int) -> None:
    subset = subset_of(normal, anomalous, 200)
    draws, given = Draws(subset, count, 0), np.zeros(normal + anomalous, int)
    for number in range(1, 60):
        drawn = list(draws.of(number))
        assert len(set(drawn)) == count
        due = count * anomalous / (normal + anomalous)
        assert abs(subset.labels[drawn].sum() - due) < 1
        given[drawn] += 1
        for label in (True, False):
            of_class = given[subset.labels == label]
            assert of_class.max() - of_class.min() <= 1
        assert given.max() - given.min() <= 2


def test_seed_and_number_decide_whoever_asks_first() -> None:
    subset = subset_of(20, 20, 40)
    in_order = [Draws(subset, 10, 7).of(number) for number in range(1, 21)]
    draws = Draws(subset, 10, 7)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(draws.of, range(20, 0, -1))) == in_order[::-1]
    assert Draws(subset, 10, 8).of(1) != in_order[0]
