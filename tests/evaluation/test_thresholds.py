import numpy as np
import pytest
from sklearn.metrics import accuracy_score, precision_recall_curve

from looking3d.evaluation.thresholds import best_accuracy, best_f1


def test_the_best_threshold_is_the_best_of_all() -> None:
    for seed in range(20):
        generator = np.random.default_rng(seed)
        labels = generator.random(37) < 0.4
        probability = np.round(0.3 * labels + 0.7 * generator.random(37), 1 + seed % 3)  # ties among them
        called = [probability >= cut for cut in (0, *np.unique(probability), 2)]
        cut = best_accuracy(labels, probability)
        assert cut.value == pytest.approx(max(accuracy_score(labels, one) for one in called), abs=1e-12)
        assert cut.value == pytest.approx(accuracy_score(labels, probability >= cut.threshold), abs=1e-12)
        precision, recall, _ = precision_recall_curve(labels, probability)
        f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-30)
        cut = best_f1(labels, probability)
        assert cut.value == pytest.approx(f1.max(), abs=1e-12)
        found = probability >= cut.threshold
        assert cut.value == pytest.approx(2 * (found & labels).sum() / (found.sum() + labels.sum()))


def test_a_cut_lies_midway_and_near_the_middle() -> None:
    labels = np.array([False, False, True, True])
    assert best_accuracy(labels, np.array([0.1, 0.2, 0.7, 0.9])) == (pytest.approx(0.45), 1.0)
    # 0.3 and 0.6 do equally well; 0.6 is nearer to a half.
    mixed = np.array([False, True, False, True])
    assert best_accuracy(mixed, np.array([0.2, 0.4, 0.5, 0.7])) == (pytest.approx(0.6), 0.75)


def test_neighbouring_numbers_are_told_apart() -> None:
    low = 0.5
    high = float(np.nextafter(low, 1))
    cut = best_accuracy(np.array([False, True]), np.array([low, high]))
    assert (cut.value, low >= cut.threshold, high >= cut.threshold) == (1.0, False, True)


def test_one_class_alone() -> None:
    probability = np.array([0.2, 1.0])
    none = best_accuracy(np.zeros(2, bool), probability)
    assert none.value == 1.0
    assert not (probability >= none.threshold).any()
    everything = best_f1(np.ones(2, bool), probability)
    assert everything.value == 1.0
    assert (probability >= everything.threshold).all()
