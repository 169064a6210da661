"""Losses of boxes: L1 and generalised IoU (Rezatofighi et al., CVPR 2019)."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def corners(boxes: Float[Tensor, "*n 4"]) -> Float[Tensor, "*n 4"]:
    """Centre x, centre y, width, height -> left, top, right, bottom."""
    center, half = boxes[..., :2], boxes[..., 2:] / 2
    return torch.cat([center - half, center + half], -1)


def generalized_iou(a: Float[Tensor, "*n 4"], b: Float[Tensor, "*n 4"]) -> Float[Tensor, "*n"]:
    """Intersection over union, less the share of the hull of both boxes that neither covers: -1 to 1.

    Args:
        a, b: Centre x, centre y, width, height; widths and heights are not negative.
    """
    first, second = corners(a), corners(b)
    low = torch.maximum(first[..., :2], second[..., :2])
    high = torch.minimum(first[..., 2:], second[..., 2:])
    overlap = (high - low).clamp(min=0).prod(-1)
    union = a[..., 2:].prod(-1) + b[..., 2:].prod(-1) - overlap
    hull_low = torch.minimum(first[..., :2], second[..., :2])
    hull_high = torch.maximum(first[..., 2:], second[..., 2:])
    hull = (hull_high - hull_low).prod(-1)
    # Boxes without area have no union; what is divided by is kept off zero
    least = torch.finfo(union.dtype).eps
    return overlap / union.clamp(min=least) - (hull - union) / hull.clamp(min=least)


def box_losses(
    boxes: Float[Tensor, "batch 4"],
    targets: Float[Tensor, "batch 4"],
    anomalous: Bool[Tensor, " batch"],
    count: Float[Tensor, ""] | None = None,
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """L1 (the sum over the four numbers) and 1 - GIoU, each the mean over the anomalous photos.

    Args:
        boxes: As predicted: centre x, centre y, width, height as fractions of the photo.
        targets: What they should be; of normal photos they do not matter.
        anomalous: Which photos have a box.
        count: Anomalous photos to divide by, by default this batch's, if it has any; processes that
            share a batch give the mean of their counts.
    """
    count = anomalous.sum() if count is None else count
    # Of normal photos both boxes are one with an area, so that no gradient is undefined
    unit = torch.full_like(boxes, 0.5)
    boxes, targets = (torch.where(anomalous[:, None], box, unit) for box in (boxes, targets))
    total = count.to(boxes.dtype).clamp(min=torch.finfo(boxes.dtype).eps)
    l1 = (boxes - targets).abs().sum() / total
    giou = torch.where(anomalous, 1 - generalized_iou(boxes, targets), 0).sum() / total
    return l1, giou
