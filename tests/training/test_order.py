from collections import Counter

import numpy as np
import pytest

from looking3d.training.order import GroupedOrder, PhotoOrder

# As uneven as can be: kinds of 1, 3 and 20 photos, 7 normal ones.
KINDS = ["normal"] * 7 + ["broken"] * 20 + ["missing"] * 3 + ["swapped"]


def test_classes_and_kinds_have_equal_shares() -> None:
    order = PhotoOrder(KINDS, balanced=True, seed=0)
    drawn = Counter(KINDS[order.photo(place)] for place in range(120))
    assert drawn == {"normal": 60, "broken": 20, "missing": 20, "swapped": 20}
    # Any stretch of two times the number of kinds is balanced, too
    for start in (0, 2, 50):
        some = Counter(KINDS[order.photo(place)] for place in range(start, start + 6))
        assert some == {"normal": 3, "broken": 1, "missing": 1, "swapped": 1}


def test_all_photos_of_a_kind_come_once_before_any_comes_again() -> None:
    order = PhotoOrder(KINDS, balanced=True, seed=3)
    drawn = [order.photo(place) for place in range(240)]
    for kind in set(KINDS):
        numbers = [i for i, k in enumerate(KINDS) if k == kind]
        of_kind = [photo for photo in drawn if KINDS[photo] == kind]
        rounds = [of_kind[i : i + len(numbers)] for i in range(0, len(of_kind), len(numbers))]
        assert all(sorted(round_) == numbers for round_ in rounds if len(round_) == len(numbers))
        assert len(numbers) < 3 or rounds[0] != rounds[1]


def test_unbalanced_all_photos_come_once_a_round() -> None:
    order = PhotoOrder(KINDS, balanced=False, seed=0)
    first, second = ([order.photo(place + start) for place in range(31)] for start in (0, 31))
    assert sorted(first) == sorted(second) == list(range(31))
    assert first != second


@pytest.mark.parametrize("balanced", [False, True])
def test_places_can_be_asked_for_in_any_order(balanced: bool) -> None:
    order = PhotoOrder(KINDS, balanced, seed=5)
    places = np.random.default_rng(0).permutation(200).tolist()
    backward = {place: order.photo(place) for place in places}
    fresh = PhotoOrder(KINDS, balanced, seed=5)
    assert [fresh.photo(place) for place in range(200)] == [backward[place] for place in range(200)]
    other = PhotoOrder(KINDS, balanced, seed=6)
    assert [other.photo(place) for place in range(200)] != [backward[place] for place in range(200)]


def grouped(balanced: bool, seed: int = 0) -> tuple[GroupedOrder, list[int], list[str]]:
    """Three shapes of 8 photos, of which the last one has no anomaly."""
    shapes = [number // 8 for number in range(24)]
    kinds = ["normal" if number >= 16 or number % 8 < 5 else "broken" for number in range(24)]
    return GroupedOrder(shapes, kinds, 4, balanced, seed), shapes, kinds


@pytest.mark.parametrize("balanced", [False, True])
def test_photos_of_a_shape_come_together(balanced: bool) -> None:
    order, shapes, kinds = grouped(balanced)
    for round_start in range(0, 120, 12):
        groups = [[order.photo(round_start + 4 * g + i) for i in range(4)] for g in range(3)]
        assert sorted(shapes[group[0]] for group in groups) == [0, 1, 2]
        for group in groups:
            assert len({shapes[photo] for photo in group}) == 1
            # Balanced, a group may lie across two rounds of a class, and then show a photo twice
            assert balanced or len(set(group)) == 4
            if balanced and shapes[group[0]] < 2:
                assert [kinds[photo] for photo in group] == ["normal", "broken"] * 2


@pytest.mark.parametrize("balanced", [False, True])
def test_all_photos_of_a_shape_and_class_come_once_before_any_comes_again(balanced: bool) -> None:
    order, shapes, kinds = grouped(balanced, 3)
    drawn = [order.photo(place) for place in range(12 * 15)]
    for shape in range(3):
        for kind in ("normal", "broken") if balanced else (None,):
            numbers = [n for n in range(24) if shapes[n] == shape and kind in (None, kinds[n])]
            if not numbers:
                continue
            of_class = [n for n in drawn if n in numbers]
            rounds = [of_class[i : i + len(numbers)] for i in range(0, len(of_class), len(numbers))]
            assert all(sorted(r) == numbers for r in rounds if len(r) == len(numbers))


def test_grouped_places_can_be_asked_for_in_any_order() -> None:
    forward = [grouped(True)[0].photo(place) for place in range(60)]
    order = grouped(True)[0]
    assert [order.photo(place) for place in reversed(range(60))] == forward[::-1]
    assert [grouped(True, 1)[0].photo(place) for place in range(60)] != forward
