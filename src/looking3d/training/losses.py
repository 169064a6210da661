"""The losses of the three stages."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from looking3d.model.align.network import Comparison, Motion
from looking3d.training.learner import SCORE

HEAT_POSITIVE_WEIGHT = 8.0
"""An anomalous patch counts as much as this many normal ones: one patch in a hundred is anomalous."""

OUTLINE_PX, OUTLINE_WEIGHT = 9, 5.0
"""Side of the square that counts as around a pixel of a mask, and how much more one counts at an outline."""


def motion_loss(
    motion: Motion, flow: Float[Tensor, "batch 2 cells cells"], valid: Float[Tensor, "batch cells cells"]
) -> Float[Tensor, ""]:
    """L1 of the flow, in tenths of an image, plus half the Laplace negative log likelihood of its error."""
    error = (motion.flow - flow).norm(dim=1)
    likelihood = error.detach() / motion.log_spread.exp() + motion.log_spread
    total = valid.sum().clamp(min=1)
    return (valid * (10 * error + 0.5 * 0.1 * likelihood)).sum() / total


def foreground_loss(logits: Float[Tensor, "batch size size"], batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Cross-entropy and IoU of the mask, in which pixels count more where others around them are unlike them.

    As in F3Net (Wei et al., AAAI 2020): outlines and thin parts are few pixels, and what a mask is for.
    """
    mask = batch["mask"]
    around = F.avg_pool2d(mask[:, None], OUTLINE_PX, 1, OUTLINE_PX // 2)[:, 0]
    weight = 1 + OUTLINE_WEIGHT * (around - mask).abs()
    each = F.binary_cross_entropy_with_logits(logits, mask, reduction="none")
    entropy = (weight * each).sum((1, 2)) / weight.sum((1, 2))
    likely = logits.sigmoid()
    both = (weight * likely * mask).sum((1, 2))
    either = (weight * (likely + mask - likely * mask)).sum((1, 2)).clamp(min=1)
    overlap = ((logits > 0) & (mask > 0.5)).sum((1, 2))
    union = ((logits > 0) | (mask > 0.5)).sum((1, 2)).clamp(min=1)
    return {
        "loss": (entropy + 0.3 * (1 - both / either)).mean(),
        "entropy": entropy.mean(),
        "iou": (overlap / union).mean(),
    }


def camera_loss(answer: tuple[Motion, Tensor], batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Motion, and cross-entropy of how alike photo and drawing look."""
    motion, score = answer
    moved = motion_loss(motion, batch["flow"], batch["valid"])
    alike = F.binary_cross_entropy_with_logits(score, batch["alike"])
    return {
        "loss": moved + 0.5 * alike,
        "flow_px": 128 * _mean_error(motion, batch),
        "alike_error": (score.sigmoid() - batch["alike"]).abs().mean(),
    }


def compare_loss(found: Comparison, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Cross-entropy of the image's label, of the patches', and of the kind of what is anomalous; its box."""
    image = F.binary_cross_entropy_with_logits(found.anomaly, batch["label"])
    patch = patch_loss(found.heat, batch["heat"])
    difference = patch_loss(found.lacking, batch["lacking"]) + patch_loss(found.surplus, batch["surplus"])
    kind = kind_loss(found.kinds, batch["kind"])
    box = box_loss(found.boxes, batch["box"], batch["heat"])
    return {
        "loss": image + 2 * patch + 0.5 * difference + 0.1 * kind + 0.3 * box,
        "image": image,
        "patch": patch,
        "difference": difference,
        "kind": kind,
        "box": box,
        "accuracy": ((found.anomaly > 0) == (batch["label"] > 0.5)).float().mean(),
        SCORE: found.anomaly,
    }


def kind_loss(kinds: Float[Tensor, "batch kinds"], kind: Int[Tensor, " batch"]) -> Float[Tensor, ""]:
    """Mean cross-entropy over the photos that are of a kind; 0 without any.

    Args:
        kinds: Logits.
        kind: Index of the kind, -1 for none.
    """
    each = F.cross_entropy(kinds, kind, ignore_index=-1, reduction="sum")
    return each / (kind >= 0).sum().clamp(min=1)


def box_loss(
    boxes: Float[Tensor, "batch 4 cells cells"],
    box: Float[Tensor, "batch 4"],
    changed: Float[Tensor, "batch cells cells"],
) -> Float[Tensor, ""]:
    """1 - generalised IoU (Rezatofighi et al., CVPR 2019) of what changed patches say of their box.

    Args:
        boxes: Left, top, right, bottom, in image widths, that each patch says.
        box: The true ones.
        changed: 1 where a patch shows the anomaly.

    Returns:
        The mean over the patches of each anomalous photo, and over these; 0 without any.
    """
    left, top, right, bottom = boxes.unbind(1)
    x0, y0, x1, y1 = (edge[:, None, None] for edge in box.unbind(1))
    area, true_area = (right - left) * (bottom - top), (x1 - x0) * (y1 - y0)
    width = (torch.minimum(right, x1) - torch.maximum(left, x0)).clamp(min=0)
    height = (torch.minimum(bottom, y1) - torch.maximum(top, y0)).clamp(min=0)
    union = area + true_area - width * height
    hull = (torch.maximum(right, x1) - torch.minimum(left, x0)) * (
        torch.maximum(bottom, y1) - torch.minimum(top, y0)
    )
    generalised_iou = width * height / union - (hull - union) / hull
    patches = changed.sum((1, 2))
    each = ((1 - generalised_iou) * changed).sum((1, 2)) / patches.clamp(min=1)
    return each.sum() / (patches > 0).sum().clamp(min=1)


def patch_loss(
    logits: Float[Tensor, "*patches"],
    changed: Float[Tensor, "*patches"],
    positive: float = HEAT_POSITIVE_WEIGHT,
) -> Float[Tensor, ""]:
    """Binary cross-entropy, the mean over all patches; a changed one counts `positive` times."""
    return F.binary_cross_entropy_with_logits(logits, changed, pos_weight=logits.new_tensor(positive))


def _mean_error(motion: Motion, batch: dict[str, Tensor]) -> Tensor:
    error = (motion.flow - batch["flow"]).norm(dim=1) * batch["valid"]
    return error.sum() / batch["valid"].sum().clamp(min=1)
