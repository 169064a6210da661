import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from looking3d.errors import ConfigError, DatasetError
from looking3d.study.subset import Subset, choose_subset, shares

SHAPES = [*(f"chair_{i}" for i in range(7)), *(f"lamp_{i}" for i in range(3))]
KINDS = {"normal": 5, "missing": 3, "broken": 2, "swapped": 1}


def test_classes_kinds_families_and_shapes_are_even(labels_alone: Callable) -> None:
    subset = choose_subset(labels_alone(SHAPES, KINDS), "test", 60, 0)
    kinds = Counter(pair.kind for pair in subset.pairs)
    assert kinds == {"normal": 30, "broken": 10, "missing": 10, "swapped": 10}
    assert subset.labels.sum() == 30
    families = Counter(pair.shape_id.split("_")[0] for pair in subset.pairs)
    # Of lamps there are but three swapped ones.
    assert families["lamp"] >= 25
    for family in ("chair", "lamp"):
        each = Counter(pair.shape_id for pair in subset.pairs if pair.shape_id.startswith(family))
        assert max(each.values()) - min(each.values()) <= 2
    assert len(set(subset.pairs)) == 60


def test_what_a_kind_lacks_the_others_make_up_for(labels_alone: Callable) -> None:
    few = labels_alone(SHAPES[:2], {"normal": 1, "missing": 8, "broken": 2})
    subset = choose_subset(few, "test", 14, 0)
    assert Counter(pair.kind for pair in subset.pairs) == {"normal": 2, "broken": 4, "missing": 8}
    assert shares(7, [1, 9, 9]) == [1, 3, 3]
    assert shares(3, [9, 9]) == [2, 1]


def test_the_order_tells_nothing_and_the_seed_decides(labels_alone: Callable) -> None:
    dataset = labels_alone(SHAPES, KINDS)
    subset = choose_subset(dataset, "test", 60, 0)
    # Whoever counted on normal photos first would be right about half the time.
    assert 10 <= subset.labels[:30].sum() <= 20
    backwards = type(dataset)(dataset.path, dataset.samples[::-1], dataset.splits)
    again = choose_subset(backwards, "test", 60, 0)
    assert again == subset
    assert again.digest == subset.digest
    other = choose_subset(dataset, "test", 60, 1)
    assert other.pairs != subset.pairs
    assert other.digest != subset.digest


def test_examples_are_not_judged(labels_alone: Callable) -> None:
    test = labels_alone(SHAPES, KINDS)
    subset = choose_subset(test, "test", 60, 0)
    assert [pair.kind for pair in subset.examples] == ["normal", "broken", "missing"]
    assert not set(subset.examples) & set(subset.pairs)
    # Shapes of other splits come first: who has seen one knows nothing of those that are judged.
    train = labels_alone(["stool_0"], {"normal": 1, "swapped": 1}, "train")
    both = type(test)(test.path, (*test.samples, *train.samples), {**train.splits, **test.splits})
    examples = {pair.kind: pair.shape_id for pair in choose_subset(both, "test", 60, 0).examples}
    assert examples["normal"] == examples["swapped"] == "stool_0"
    assert examples["missing"] in SHAPES


def test_it_is_written_down_and_read_again(labels_alone: Callable, tmp_path: Path) -> None:
    subset = choose_subset(labels_alone(SHAPES, KINDS), "test", 20, 3)
    subset.save(tmp_path / "some" / "s.json")
    assert Subset.load(tmp_path / "some" / "s.json") == subset
    written = json.loads((tmp_path / "some" / "s.json").read_text())
    written["pairs"][4]["kind"] = "position"
    (tmp_path / "s.json").write_text(json.dumps(written))
    with pytest.raises(DatasetError, match="was changed after the study began"):
        Subset.load(tmp_path / "s.json")
    del written["pairs"][4]["kind"]
    (tmp_path / "s.json").write_text(json.dumps(written))
    with pytest.raises(DatasetError, match="not a whole subset"):
        Subset.load(tmp_path / "s.json")
    (tmp_path / "s.json").write_text("{}")
    with pytest.raises(DatasetError, match="expected format looking3d-study-subset"):
        Subset.load(tmp_path / "s.json")


def test_datasets_that_cannot_give_one(labels_alone: Callable) -> None:
    with pytest.raises(DatasetError, match="split 'test' is empty"):
        choose_subset(labels_alone(SHAPES, KINDS, "train"), "test", 20, 0)
    with pytest.raises(DatasetError, match="has normal photos alone; a study needs both classes"):
        choose_subset(labels_alone(SHAPES, {"normal": 3}), "test", 20, 0)
    with pytest.raises(DatasetError, match="has anomalous photos alone"):
        choose_subset(labels_alone(SHAPES, {"missing": 3}), "test", 20, 0)
    with pytest.raises(
        ConfigError, match="at most the 22 photos of the split 'test', got 200; pass --subset 22"
    ):
        choose_subset(labels_alone(SHAPES[:2], KINDS), "test", 200, 0)
