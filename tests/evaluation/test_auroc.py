import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from looking3d.evaluation.auroc import BOOTSTRAPS, auroc_over_shapes


def sample(count: int = 80, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = generator.random(count) < 0.4
    scores = np.round(generator.random(count) * 0.8 + labels * 0.2, 1)  # many ties
    shapes = np.array([f"s{i}" for i in generator.integers(9, size=count)], object)
    return labels, scores, shapes


def test_the_value_is_scikit_learn_s_and_the_interval_that_of_a_slow_bootstrap() -> None:
    labels, scores, shapes = sample()
    found = auroc_over_shapes(labels, scores, shapes, seed=3)
    assert found.value == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    generator = np.random.default_rng(3)
    groups = [np.flatnonzero(shapes == name) for name in np.unique(shapes)]
    values = []
    for _ in range(BOOTSTRAPS):
        drawn = np.concatenate([groups[i] for i in generator.integers(len(groups), size=len(groups))])
        if 0 < labels[drawn].mean() < 1:
            values.append(roc_auc_score(labels[drawn], scores[drawn]))
    assert found.interval == pytest.approx(tuple(np.quantile(values, (0.025, 0.975))), abs=1e-9)


def test_a_tie_counts_half() -> None:
    found = auroc_over_shapes(np.array([True, False, False]), np.array([0.5, 0.5, 0.2]), np.array(["a"] * 3))
    assert found == (0.75, pytest.approx((0.75, 0.75)))


def test_draws_without_both_classes_are_left_out() -> None:
    # Only a draw of both shapes has a pair, and wins it.
    found = auroc_over_shapes(np.array([True, False]), np.array([0.9, 0.1]), np.array(["a", "b"]))
    assert found == (1.0, (1.0, 1.0))


@pytest.mark.parametrize("label", [True, False])
def test_one_class_alone_has_none(label: bool) -> None:
    assert auroc_over_shapes(np.full(3, label), np.arange(3.0), np.array(["a", "b", "b"])) == (None, None)
