"""Losses of networks that tell anomalies by how far a photo lies from its reference.

They compare photos and references across a batch. Processes that train together each compare their own.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F


def triplet_losses(
    distances: Float[Tensor, "batch batch"],
    label: Float[Tensor, " batch"],
    reference: Int[Tensor, " batch"],
    margin: float,
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Triplets whose anchor and positive are a normal photo and its reference; the mean over all, 0 for none.

    With d(i, j) the distance of photo i from the reference of photo j, and m the margin:
    - another shape as negative: max(0, m + d(i, i) - d(i, j)), i normal, j of another reference than i;
    - an anomalous photo as negative, whose own reference ought to be further from it than a normal photo's:
      max(0, m + d(i, i) - d(j, j)), i normal, j anomalous.

    Args:
        distances: d.
        label: 1 for anomalous photos.
        reference: Numbers of the references, since photos of one batch may share one.
        margin: m.

    Returns:
        The loss with other shapes, and the loss with anomalous photos.
    """
    own, anomalous = distances.diagonal(), label > 0.5
    normal = ~anomalous[:, None]
    shapes = F.relu(margin + own[:, None] - distances)
    photos = F.relu(margin + own[:, None] - own)
    return _mean_where(shapes, normal & _others(reference)), _mean_where(photos, normal & anomalous)


def instance_contrast(
    distances: Float[Tensor, "batch batch"],
    label: Float[Tensor, " batch"],
    reference: Int[Tensor, " batch"],
    temperature: float,
) -> Float[Tensor, ""]:
    """How well normal photos tell their reference from those of other shapes; the mean over them, 0 for none.

    For photo i it is -log(exp(s(i, i) / t) / sum of exp(s(i, j) / t) over i itself and all j of another
    reference), with s = 1 - distance the cosine and t the temperature (Lin et al. 2021, instance level).

    Args:
        distances: Of photo i from the reference of photo j, as photo i looks at it.
        label: 1 for anomalous photos, which are pictures of no reference.
        reference: Numbers of the references, since photos of one batch may share one.
        temperature: t.
    """
    logits = (1 - distances) / temperature
    itself = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
    logits = logits.masked_fill(~(_others(reference) | itself), torch.finfo(logits.dtype).min)
    loss = -F.log_softmax(logits, 1).diagonal()
    return _mean_where(loss, label < 0.5)


def boundary_losses(
    logit: Float[Tensor, " batch"], label: Float[Tensor, " batch"]
) -> dict[str, Float[Tensor, ""]]:
    """The cross-entropy of a boundary on distances, and the share of photos on the right side of it."""
    return {
        "boundary": F.binary_cross_entropy_with_logits(logit, label),
        "accuracy": ((logit > 0) == (label > 0.5)).to(logit.dtype).mean(),
    }


def _others(reference: Int[Tensor, " batch"]) -> Bool[Tensor, "batch batch"]:
    """Whether two photos have different references."""
    return reference[:, None] != reference


def _mean_where(loss: Float[Tensor, "*shape"], counts: Bool[Tensor, "*shape"]) -> Float[Tensor, ""]:
    return torch.where(counts, loss, 0).sum() / counts.sum().clamp(min=1)
