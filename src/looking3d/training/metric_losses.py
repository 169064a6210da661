"""Losses of networks that tell anomalies by how far a photo lies from its reference.

They compare photos and references across a batch. Processes that train together each compare their own.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F


def triplet_losses(
    distances: Float[Tensor, "batch references"],
    label: Float[Tensor, " batch"],
    reference: Int[Tensor, " batch"],
    shape: Int[Tensor, " references"],
    margin: float,
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Triplets whose anchor and positive are a normal photo and its reference; the mean over all, 0 for none.

    With d(i, r) the distance of photo i from reference r, o(i) that from its own, and m the margin:
    - another shape as negative: max(0, m + o(i) - d(i, r)), i normal, r of another shape than its own;
    - an anomalous photo as negative, whose own reference ought to be further from it than a normal photo's:
      max(0, m + o(i) - o(j)), i normal, j anomalous.

    Args:
        distances: d.
        label: 1 for anomalous photos.
        reference: The number of each photo's own reference.
        shape: The number of each reference's shape, since several may be of one.
        margin: m.

    Returns:
        The loss with other shapes, and the loss with anomalous photos.
    """
    own, anomalous = own_distances(distances, reference), label > 0.5
    normal, others = ~anomalous[:, None], shape[reference][:, None] != shape
    shapes = F.relu(margin + own[:, None] - distances)
    photos = F.relu(margin + own[:, None] - own)
    return _mean_where(shapes, normal & others), _mean_where(photos, normal & anomalous)


def instance_contrast(
    distances: Float[Tensor, "batch references"],
    label: Float[Tensor, " batch"],
    reference: Int[Tensor, " batch"],
    shape: Int[Tensor, " references"],
    temperature: float,
) -> Float[Tensor, ""]:
    """How well normal photos tell their reference from those of other shapes; the mean over them, 0 for none.

    For photo i it is the cross-entropy of its own reference among that and all references of other shapes,
    whose logits are the cosines, 1 - distance, over the temperature (Lin et al. 2021, instance level).

    Args:
        distances: Of each photo from each reference, as that photo looks at it.
        label: 1 for anomalous photos, which are pictures of no reference.
        reference: The number of each photo's own reference.
        shape: The number of each reference's shape, since several may be of one.
        temperature: What cosines are divided by.
    """
    logits = (1 - distances) / temperature
    own = torch.arange(len(shape), device=shape.device) == reference[:, None]
    counts = own | (shape[reference][:, None] != shape)
    logits = logits.masked_fill(~counts, torch.finfo(logits.dtype).min)
    return _mean_where(F.cross_entropy(logits, reference, reduction="none"), label < 0.5)


def own_distances(
    distances: Float[Tensor, "batch references"], reference: Int[Tensor, " batch"]
) -> Float[Tensor, " batch"]:
    """Of each photo from its own reference."""
    return distances.gather(1, reference[:, None])[:, 0]


def boundary_losses(
    logit: Float[Tensor, " batch"], label: Float[Tensor, " batch"]
) -> dict[str, Float[Tensor, ""]]:
    """The cross-entropy of a boundary on distances, and the share of photos on the right side of it."""
    return {
        "boundary": F.binary_cross_entropy_with_logits(logit, label),
        "accuracy": ((logit > 0) == (label > 0.5)).to(logit.dtype).mean(),
    }


def _mean_where(loss: Float[Tensor, "*shape"], counts: Bool[Tensor, "*shape"]) -> Float[Tensor, ""]:
    return torch.where(counts, loss, 0).sum() / counts.sum().clamp(min=1)
