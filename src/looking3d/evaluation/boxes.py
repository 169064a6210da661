"""How well boxes are found: average precision by COCO's rule, over all photos, normal ones included."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from looking3d.geometry.box import Box, intersection_over_union

HIT_FROM = 0.5
"""Intersection over union from which on the first box counts as a hit."""


def box_scores(predictions: dict[str, np.ndarray]) -> dict[str, float | None]:
    """Average precision of the boxes, and how well the first box of each anomalous photo meets the truth.

    Returns:
        ap, the mean over IoU 0.50 to 0.95; ap50 and ap75; first_iou, the mean over anomalous photos of the
        IoU of the first box and the true one that it meets best, 0 if there is none; first_hit, the share of
        them in which it is at least HIT_FROM. None if no photo has a true box.
    """
    truth, found = predictions["true_boxes"], predictions["boxes"]
    first = [
        _best_overlap(boxes[0], true) if len(boxes) else 0.0 for boxes, true in zip(found, truth) if len(true)
    ]
    if not first:
        return dict.fromkeys(("ap", "ap50", "ap75", "first_iou", "first_hit"))
    precision = coco_precision(truth, found, predictions["box_scores"])
    return {
        "ap": float(precision.mean()),
        "ap50": float(precision[0].mean()),
        "ap75": float(precision[5].mean()),
        "first_iou": float(np.mean(first)),
        "first_hit": float(np.mean(np.array(first) >= HIT_FROM)),
    }


def coco_precision(truth: np.ndarray, found: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """(10, 101) float64, precision at IoU 0.50 to 0.95 and at recall 0 to 1.

    Args:
        truth, found: Boxes of each photo, x, y, width, height.
        scores: Of the boxes found.
    """
    images = [{"id": i} for i in range(len(truth))]
    true = [_annotation(i, box) for i, boxes in enumerate(truth) for box in boxes]
    answers = [
        {**_annotation(i, box), "score": float(value)}
        for i, (boxes, values) in enumerate(zip(found, scores, strict=True))
        for box, value in zip(boxes, values, strict=True)
    ]
    # It reports its progress by printing.
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(_coco(images, true), _coco(images, answers), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
    # Boxes of all areas, up to 100 a photo
    return evaluation.eval["precision"][:, :, 0, 0, 2]


def _annotation(image: int, box: Box) -> dict:
    x, y, width, height = (float(value) for value in box)
    return {
        "image_id": image,
        "category_id": 1,
        "bbox": [x, y, width, height],
        "area": width * height,
        "iscrowd": 0,
    }


def _coco(images: list[dict], annotations: list[dict]) -> COCO:
    coco: Any = COCO()  # the types of its parts ask for more than it needs
    # An id of 0 would count as no match.
    numbered = [{**annotation, "id": i} for i, annotation in enumerate(annotations, 1)]
    coco.dataset = {"images": images, "annotations": numbered, "categories": [{"id": 1, "name": "anomaly"}]}
    coco.createIndex()
    return coco


def _best_overlap(box: Box, others: Sequence[Box] | np.ndarray) -> float:
    return max(intersection_over_union(box, other) for other in others)
