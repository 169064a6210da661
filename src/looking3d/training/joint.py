"""Everything that a detector of photo and views is trained by, in one weighted sum."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from looking3d.errors import ConfigError
from looking3d.training.alignment import AlignmentConfig, Features, Subsets, alignment_loss
from looking3d.training.boxes import box_losses
from looking3d.training.losses import HEAT_POSITIVE_WEIGHT, patch_loss

Head = TypeVar("Head")


@dataclass(frozen=True)
class JointLossConfig:
    """Weights of the losses; a loss of weight 0 is not computed."""

    classification: float = 1.0
    """Binary cross-entropy of the photo's label."""

    alignment: float = 1.0
    """Both alignment losses together, as equation 15 adds them."""

    l1: float = 5.0
    """L1 of the box, of anomalous photos alone."""

    giou: float = 2.0
    """1 - generalised IoU of the box, of anomalous photos alone."""

    patch: float = 0.0
    """Binary cross-entropy of the patches: whether each shows a change. The paper has none."""

    patch_positive: float = HEAT_POSITIVE_WEIGHT
    """A changed patch counts as much as this many others."""

    aligned: AlignmentConfig = field(default_factory=AlignmentConfig)
    """Of the alignment losses."""

    def __post_init__(self) -> None:
        for name in ("classification", "alignment", "l1", "giou", "patch", "patch_positive"):
            value = getattr(self, name)
            if not value >= 0:
                raise ConfigError(f"{name}: expected 0 or more, got {value}")

    @property
    def boxes(self) -> bool:
        """Whether boxes count."""
        return self.l1 > 0 or self.giou > 0


@dataclass(frozen=True, eq=False)
class Predicted:
    """What a detector answers to a batch; what it has no head for is None.

    Attributes:
        logit: Of an anomaly.
        box: Centre x, centre y, width, height as fractions of the photo.
        patch_logit: Of a change in each patch of the photo.
        features: Projected features of unit length.
        keys: Those of a running average of the network, for the alignment losses.
    """

    logit: Float[Tensor, " batch"] | None = None
    box: Float[Tensor, "batch 4"] | None = None
    patch_logit: Float[Tensor, "batch patches"] | None = None
    features: Features | None = None
    keys: Features | None = None


@dataclass(frozen=True, eq=False)
class Truth:
    """What it should have answered; `pairs.truth` makes it from a batch.

    Attributes:
        label: 1 for an anomaly.
        box: As predicted boxes are.
        changed: Which patches of the photo show a change.
        valid: Which patches of the views show the object.
        subsets: Which patches, views and pairs are to be aligned.
    """

    label: Float[Tensor, " batch"]
    box: Float[Tensor, "batch 4"]
    changed: Float[Tensor, "batch patches"]
    valid: Bool[Tensor, "batch views patches"]
    subsets: Subsets


def joint_loss(
    predicted: Predicted,
    truth: Truth,
    config: JointLossConfig,
    boxes_in_batch: Float[Tensor, ""] | None = None,
) -> dict[str, Tensor]:
    """The weighted sum as `loss`, and each part by its name, as scalars.

    Args:
        predicted: What the detector answered.
        truth: What it should have answered.
        config: Weights.
        boxes_in_batch: See `boxes.box_losses`.

    Raises:
        ConfigError: A loss has a weight and the detector no head for it.
    """
    parts: dict[str, Tensor] = {}
    weighted: list[Tensor] = []
    if config.classification:
        logit = _needed(predicted.logit, "classification", "label")
        parts["classification"] = F.binary_cross_entropy_with_logits(logit, truth.label.to(logit.dtype))
        parts["accuracy"] = ((logit > 0) == (truth.label > 0.5)).to(logit.dtype).mean()
        weighted.append(config.classification * parts["classification"])
    if config.boxes:
        box = _needed(predicted.box, "l1 and giou", "box")
        target = truth.box.to(box.dtype)
        parts["l1"], parts["giou"] = box_losses(box, target, truth.label > 0.5, boxes_in_batch)
        weighted += [config.l1 * parts["l1"], config.giou * parts["giou"]]
    if config.patch:
        patch_logit = _needed(predicted.patch_logit, "patch", "patch")
        parts["patch"] = patch_loss(patch_logit, truth.changed.to(patch_logit.dtype), config.patch_positive)
        weighted.append(config.patch * parts["patch"])
    if config.alignment and (config.aligned.query_view or config.aligned.view_view):
        features = _needed(predicted.features, "alignment", "feature")
        aligned = alignment_loss(features, predicted.keys, truth.valid, truth.subsets, config.aligned)
        for name in ("query_view", "view_view"):
            if getattr(config.aligned, name):
                parts[name], parts[f"{name}_right"] = getattr(aligned, name)
        weighted.append(config.alignment * aligned.loss)
    if not weighted:
        raise ConfigError("losses: all weights are 0, so there is nothing to train; give one a weight")
    return {"loss": torch.stack([term.reshape(()) for term in weighted]).sum(), **parts}


def _needed(head: Head | None, loss: str, name: str) -> Head:
    if head is None:
        raise ConfigError(f"{loss}: has a weight, but this detector has no {name} head; set the weight to 0")
    return head
