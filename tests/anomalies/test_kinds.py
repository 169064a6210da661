"""What holds for every kind of anomaly."""

import contextlib
import math
from collections.abc import Sequence

import numpy as np
import pytest

from looking3d.anomalies import KINDS, AnomalousShape, AnomalyImpossible
from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.procedural import generate

SEEDS = range(6)


def content(shape: PartShape) -> list[tuple[str, str, bytes, bytes]]:
    return [(part.id, part.label, part.vertices.tobytes(), part.faces.tobytes()) for part in shape.parts]


def make(kind: str, shape: PartShape, donors: Sequence[PartShape], seed: int) -> AnomalousShape:
    generator = np.random.default_rng(seed)
    part = shape.parts[int(generator.integers(len(shape.parts)))]
    return KINDS[kind](shape, part, donors, generator)


@pytest.mark.parametrize("kind", KINDS)
def test_the_input_is_untouched(kind: str, stool: PartShape, donors: list[PartShape]) -> None:
    before = [content(shape) for shape in donors]
    for seed in SEEDS:
        make(kind, stool, donors, seed)
    assert [content(shape) for shape in donors] == before


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_generator_gives_the_same_bytes(
    kind: str, stool: PartShape, donors: list[PartShape]
) -> None:
    for seed in SEEDS:
        one, two = make(kind, stool, donors, seed), make(kind, stool, donors, seed)
        assert content(one.shape) == content(two.shape)
        assert one.severity == two.severity


@pytest.mark.parametrize("kind", KINDS)
def test_another_generator_gives_another_anomaly(
    kind: str, stool: PartShape, donors: list[PartShape]
) -> None:
    assert len({repr(content(make(kind, stool, donors, seed).shape)) for seed in SEEDS}) > 1


@pytest.mark.parametrize("kind", KINDS)
def test_exactly_one_part_changes(kind: str, stool: PartShape, donors: list[PartShape]) -> None:
    for seed in SEEDS:
        result = make(kind, stool, donors, seed)
        assert result.kind == kind
        assert result.before is stool[result.before.id]
        assert (result.donor is not None) == (kind == "swapped")
        expected = [result.after if part is result.before else part for part in stool.parts]
        # Identity: the other parts are the very same objects, in the same places.
        kept = [part for part in expected if part is not None]
        assert [id(part) for part in result.shape.parts] == [id(part) for part in kept]
        if result.after is not None:
            assert (result.after.id, result.after.label) == (result.before.id, result.before.label)
            assert content(result.shape) != content(stool)


@pytest.mark.parametrize("kind", KINDS)
def test_the_shape_keeps_its_name(kind: str, stool: PartShape, donors: list[PartShape]) -> None:
    shape = make(kind, stool, donors, 0).shape
    assert (shape.id, shape.category, shape.source) == ("stool", "chair", "made here")


@pytest.mark.parametrize("kind", KINDS)
def test_procedural_chairs(kind: str) -> None:
    shape, *donors = (generate("chair", seed).normalized() for seed in range(8))
    made = 0
    for seed in SEEDS:
        with contextlib.suppress(AnomalyImpossible):
            result = make(kind, shape, donors, seed)
            assert 0 <= result.severity <= math.pi
            made += 1
    assert made
