from collections import Counter

import numpy as np
import pytest

from looking3d.anomalies import AnomalyImpossible, PartCycle
from looking3d.shapes.part_shape import Part, PartShape

TRIANGLE = np.eye(3), np.array([[0, 1, 2]])


def parts(**counts: int) -> list[Part]:
    return [Part(f"{name}{i}", name, *TRIANGLE) for name, count in counts.items() for i in range(count)]


def test_each_label_has_its_turn_before_one_comes_twice() -> None:
    cycle = PartCycle(parts(seat=1, leg=4, slat=12), np.random.default_rng(0))
    drawn = []
    for _ in range(9):
        drawn.append(cycle.draw("broken"))
        cycle.keep(drawn[-1])
    for i in range(0, 9, 3):
        assert {part.label for part in drawn[i : i + 3]} == {"seat", "leg", "slat"}


def test_any_part_of_a_label_comes(stool: PartShape) -> None:
    cycle, drawn = PartCycle(stool.parts, np.random.default_rng(0)), Counter()
    for _ in range(60):
        part = cycle.draw("position")
        drawn[part.id] += 1
        cycle.keep(part)
    assert drawn["seat"] == 30
    assert set(drawn) == {part.id for part in stool.parts}


def test_the_order_of_labels_is_random() -> None:
    first = {PartCycle(parts(a=1, b=1, c=1), np.random.default_rng(i)).draw("x").label for i in range(20)}
    assert first == {"a", "b", "c"}


def test_a_refused_label_lets_the_others_pass_but_comes_again() -> None:
    cycle = PartCycle(parts(a=1, b=1), np.random.default_rng(1))
    one = cycle.draw("missing")
    cycle.refuse("missing", one)
    other = cycle.draw("missing")
    assert other.label != one.label
    cycle.keep(other)
    # The other one had its turn; this one is still owed one, for any kind
    assert cycle.draw("missing").label == one.label
    assert cycle.draw("broken").label == one.label


def test_what_is_impossible_for_a_kind_is_left_to_the_other_kinds() -> None:
    cycle = PartCycle(parts(a=1, b=1), np.random.default_rng(1))
    one = cycle.draw("swapped")
    cycle.refuse("swapped", one, impossible=True)
    for _ in range(2):
        cycle.refuse("swapped", cycle.draw("swapped"))
    assert cycle.draw("swapped").label != one.label
    assert cycle.draw("missing").label == one.label


def test_no_parts_to_draw() -> None:
    with pytest.raises(AnomalyImpossible, match="no part is large enough to be seen"):
        PartCycle([], np.random.default_rng(0)).draw("missing")
