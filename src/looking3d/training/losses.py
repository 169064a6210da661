"""The losses of the three stages."""

from __future__ import annotations

from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from looking3d.model.align.network import Comparison, Motion
from looking3d.training.learner import SCORE

HEAT_POSITIVE_WEIGHT = 8.0
"""An anomalous patch counts as much as this many normal ones: one patch in a hundred is anomalous."""


def motion_loss(
    motion: Motion, flow: Float[Tensor, "batch 2 16 16"], valid: Float[Tensor, "batch 16 16"]
) -> Float[Tensor, ""]:
    """L1 of the flow, in tenths of an image, plus half the Laplace negative log likelihood of its error."""
    error = (motion.flow - flow).norm(dim=1)
    likelihood = error.detach() / motion.log_spread.exp() + motion.log_spread
    total = valid.sum().clamp(min=1)
    return (valid * (10 * error + 0.5 * 0.1 * likelihood)).sum() / total


def foreground_loss(logits: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Binary cross-entropy of the mask."""
    overlap = ((logits > 0) & (batch["mask"] > 0.5)).sum((1, 2))
    union = ((logits > 0) | (batch["mask"] > 0.5)).sum((1, 2)).clamp(min=1)
    return {
        "loss": F.binary_cross_entropy_with_logits(logits, batch["mask"]),
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
    """Cross-entropy of the image's label, of the patches', and of the kind of what is anomalous."""
    image = F.binary_cross_entropy_with_logits(found.anomaly, batch["label"])
    patch = patch_loss(found.heat, batch["heat"])
    difference = patch_loss(found.lacking, batch["lacking"]) + patch_loss(found.surplus, batch["surplus"])
    kind = kind_loss(found.kinds, batch["kind"])
    return {
        "loss": image + 2 * patch + 0.5 * difference + 0.1 * kind,
        "image": image,
        "patch": patch,
        "difference": difference,
        "kind": kind,
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
