import contextlib
import io

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from looking3d.evaluation.boxes import box_scores
from looking3d.geometry.box import intersection_over_union

Predictions = dict[str, np.ndarray]


def boxes(truth: list, found: list, scores: list) -> Predictions:
    """A photo each."""
    columns = {"true_boxes": truth, "boxes": found, "box_scores": scores}
    made = {}
    for name, values in columns.items():
        made[name] = np.empty(len(values), object)
        made[name][:] = values
    return made


def slow_precision(predictions: Predictions, iou: float) -> float:
    """Average precision at one IoU, by the rule: greedy by score, 101 recalls, precision made to fall."""
    ranked = sorted(
        (-score, photo, index)
        for photo, scores in enumerate(predictions["box_scores"])
        for index, score in enumerate(scores)
    )
    total = sum(len(true) for true in predictions["true_boxes"])
    taken: set[tuple[int, int]] = set()
    right = []
    for _, photo, index in ranked:
        true = predictions["true_boxes"][photo]
        overlaps = [
            (intersection_over_union(predictions["boxes"][photo][index], box), j)
            for j, box in enumerate(true)
            if (photo, j) not in taken
        ]
        best = max(overlaps, default=(0.0, -1))
        right.append(best[0] >= iou)
        if right[-1]:
            taken.add((photo, best[1]))
    hits = np.cumsum(right)
    recall, precision = hits / total, hits / np.arange(1, len(hits) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    points = [np.flatnonzero(recall >= r - 1e-12) for r in np.linspace(0, 1, 101)]
    return float(np.mean([envelope[at[0]] if len(at) else 0.0 for at in points]))


def coco_stats(predictions: Predictions) -> np.ndarray:
    """pycocotools in its ordinary way: files of annotations, results loaded, summarized."""
    truth, found = [], []
    for image, true in enumerate(predictions["true_boxes"]):
        truth += [{"image_id": image, "category_id": 1, "bbox": list(map(float, box))} for box in true]
        pairs = zip(predictions["boxes"][image], predictions["box_scores"][image], strict=True)
        found += [
            {"image_id": image, "category_id": 1, "bbox": list(map(float, box)), "score": float(score)}
            for box, score in pairs
        ]
    for i, annotation in enumerate(truth, 1):
        annotation |= {"id": i, "iscrowd": 0, "area": annotation["bbox"][2] * annotation["bbox"][3]}
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        images = [{"id": i} for i in range(len(predictions["boxes"]))]
        coco.dataset = {"images": images, "annotations": truth, "categories": [{"id": 1}], "info": {}}
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(found), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation.stats


def random_boxes(photos: int, generator: np.random.Generator) -> Predictions:
    """Up to two true boxes a photo; most are found, more or less well, and some that are not there.

    No two scores are alike, since ties are nobody's rule.
    """
    truth, found, scores = [], [], []
    for _ in range(photos):
        true = generator.integers((0, 0, 20, 20), (60, 60, 50, 40), (generator.integers(3), 4))
        near = true[generator.random(len(true)) < 0.8]
        near = near + generator.integers(-4, 5, near.shape)
        other = generator.integers((0, 0, 20, 20), (60, 60, 50, 40), (generator.integers(2), 4))
        truth.append(true.tolist())
        found.append([*near.tolist(), *other.tolist()])
        scores.append(
            (generator.random(len(found[-1])) + 0.5 * (np.arange(len(found[-1])) < len(near))).tolist()
        )
    return boxes(truth, found, scores)


def test_precision_is_pycocotools_and_that_of_a_slow_loop() -> None:
    made = random_boxes(40, np.random.default_rng(0))
    found = box_scores(made)
    stats = coco_stats(made)
    assert (found["ap"], found["ap50"], found["ap75"]) == pytest.approx(tuple(stats[:3]), abs=1e-12)
    assert found["ap50"] == pytest.approx(slow_precision(made, 0.5), abs=1e-9)
    assert found["ap75"] == pytest.approx(slow_precision(made, 0.75), abs=1e-9)
    assert 0.1 < found["ap75"] < found["ap50"] < 0.95


BOX = [10, 20, 30, 10]


def test_by_hand() -> None:
    perfect = box_scores(boxes([[BOX]], [[BOX]], [[0.9]]))
    assert list(perfect) == ["ap", "ap50", "ap75", "first_iou", "first_hit"]
    assert list(perfect.values()) == pytest.approx([1.0] * 5)
    # A box of a higher score on a normal photo: precision is a half at every recall.
    two = box_scores(boxes([[BOX], []], [[BOX], [BOX]], [[0.6], [0.9]]))
    assert two["ap50"] == pytest.approx(0.5)
    assert two["first_hit"] == 1.0
    # Found in one photo of two: precision 1 up to recall 0.5, which is 51 of 101 recalls.
    half = box_scores(boxes([[BOX], [BOX]], [[BOX], []], [[0.6], []]))
    assert half["ap50"] == pytest.approx(51 / 101)
    assert half["first_iou"] == 0.5
    # Two thirds of the box: it counts at 0.5, 0.55, 0.6 and 0.65.
    part = box_scores(boxes([[BOX]], [[[10, 20, 20, 10]]], [[0.6]]))
    assert part["first_iou"] == pytest.approx(2 / 3)
    assert (part["ap50"], part["ap75"], part["ap"]) == pytest.approx((1.0, 0.0, 0.4))


def test_no_box_found_is_no_precision_and_no_box_to_find_is_no_figure() -> None:
    assert box_scores(boxes([[BOX], []], [[], []], [[], []]))["ap"] == 0.0
    assert set(box_scores(boxes([[]], [[BOX]], [[0.5]])).values()) == {None}


def test_the_first_box_is_held_against_the_true_one_that_it_meets_best() -> None:
    found = box_scores(boxes([[[100, 100, 5, 5], BOX]], [[BOX, [0, 0, 4, 4]]], [[0.9, 0.1]]))
    assert found["first_iou"] == 1.0


@pytest.mark.parametrize(
    ("other", "expected"),
    [(BOX, 1.0), ([40, 20, 30, 10], 0.0), ([25, 25, 30, 10], 75 / 525), ([15, 22, 5, 2], 10 / 300)],
)
def test_intersection_over_union(other: list[int], expected: float) -> None:
    assert intersection_over_union(np.array(BOX), np.array(other)) == pytest.approx(expected)
    assert intersection_over_union(np.array(other), np.array(BOX)) == pytest.approx(expected)
