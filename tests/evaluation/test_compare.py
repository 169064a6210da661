import numpy as np
import pytest

from looking3d.errors import DatasetError
from looking3d.evaluation.auroc import shape_draws
from looking3d.evaluation.compare import compare
from looking3d.evaluation.score import score

Predictions = dict[str, np.ndarray]


@pytest.fixture
def better(predictions: Predictions) -> Predictions:
    """The same run, each anomalous photo a little surer."""
    raised = np.where(predictions["anomalous"], 0.12, 0.0)
    return predictions | {"probability": np.minimum(predictions["probability"] + raised, 1)}


def test_differences_are_those_of_the_scores(predictions: Predictions, better: Predictions) -> None:
    found = compare(better, predictions)
    a, b = score(better), score(predictions)
    for name, first, second in (
        ("AUROC", a["auroc"], b["auroc"]),
        ("AUROC, missing", a["by"]["kind"]["missing"]["auroc"], b["by"]["kind"]["missing"]["auroc"]),
        ("accuracy", a["accuracy"], b["accuracy"]),
    ):
        row = found[name]
        assert (row.first, row.second) == (pytest.approx(first), pytest.approx(second))
        assert row.difference == pytest.approx(first - second)
        assert row.interval is not None
        assert row.interval[0] <= row.difference <= row.interval[1]
    # Every draw gains, though the intervals of the two runs overlap: that is what pairing is for.
    assert found["AUROC"].is_clear
    assert found["AUROC"].turned == 0
    assert a["auroc_interval"][0] < b["auroc_interval"][1]


def test_draws_are_those_of_shapes_drawn_one_by_one(predictions: Predictions, better: Predictions) -> None:
    shapes = np.unique(predictions["shape_id"])
    draws = shape_draws(len(shapes), 5)
    expected = []
    for draw in draws:
        chosen = np.concatenate(
            [
                np.flatnonzero(predictions["shape_id"] == s)
                for s, n in zip(shapes, draw)
                for _ in range(int(n))
            ]
        )
        labels = predictions["anomalous"][chosen]
        right = [((run["probability"][chosen] >= 0.5) == labels).mean() for run in (better, predictions)]
        expected.append(right[0] - right[1])
    interval = compare(better, predictions, seed=5)["accuracy"].interval
    assert interval == pytest.approx(tuple(np.quantile(expected, (0.025, 0.975))))


def test_a_run_is_no_better_than_itself_and_order_changes_nothing(
    predictions: Predictions, better: Predictions
) -> None:
    order = np.random.default_rng(2).permutation(len(predictions["photo"]))
    turned = {name: column[order] for name, column in predictions.items()}
    same = compare(turned, predictions)["AUROC"]
    assert (same.difference, same.interval, same.turned, same.is_clear) == (0, (0, 0), 1, False)
    assert compare(better, turned) == compare(better, predictions)
    other = compare(predictions, better)["accuracy"]
    assert other.difference == -compare(better, predictions)["accuracy"].difference


def test_each_run_has_a_threshold_of_its_own(predictions: Predictions) -> None:
    halved = predictions | {"probability": predictions["probability"] / 2}
    assert compare(halved, predictions, thresholds=(0.25, 0.5))["accuracy"].difference == 0


def test_other_photos_are_refused(predictions: Predictions) -> None:
    fewer = {name: column[1:] for name, column in predictions.items()}
    with pytest.raises(DatasetError, match=r"1 are in the first alone and 0 in the second, as s0/photos/000"):
        compare(predictions, fewer)


def test_one_class_alone(predictions: Predictions) -> None:
    normal = {name: column[~predictions["anomalous"]] for name, column in predictions.items()}
    found = compare(normal, normal)
    assert found["AUROC"].difference is None
    assert found["accuracy"].difference == 0
