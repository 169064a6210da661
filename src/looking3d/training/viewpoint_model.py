"""What trains the viewpoint baseline: the sector of azimuth that a normal photo was taken from."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn import functional as F

from looking3d.model.baselines.viewpoint import ViewpointResnet
from looking3d.model.query import normalized
from looking3d.training.learner import full_precision, in_full
from looking3d.training.numbered_batches import Batch
from looking3d.training.pair_model import PairModel


class ViewpointModel(PairModel):
    """`ViewpointResnet` and its loss. It detects nothing, so it answers no score.

    Args:
        network: The network.
    """

    network: ViewpointResnet

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """`loss`, the mean cross-entropy over normal photos, 0 without any, and `top1`, how many are right.

        As in the paper anomalous photos do not count.
        """
        photo = normalized(batch["photo"])
        logits = in_full(self.network(photo))
        with full_precision(photo):
            target = azimuth_bins(batch["camera"], self.network.config.bins)
            normal = batch["label"] < 0.5
            count = normal.sum().clamp(min=1)
            loss = torch.where(normal, F.cross_entropy(logits, target, reduction="none"), 0).sum() / count
            right = (normal & (logits.argmax(1) == target)).sum() / count
        return {"loss": loss, "top1": right.to(loss.dtype)}


def azimuth_bins(cameras: Float[Tensor, "batch 3 4"], bins: int) -> Int64[Tensor, " batch"]:
    """The sector that each camera stands in: bin i is nearest to azimuth 2 pi i / bins.

    Args:
        cameras: See `Camera.projection`.
        bins: Sectors.
    """
    # What a camera projects to nothing is its own centre: azimuth 0 is +Z, and a quarter turn is +X
    center = -torch.linalg.solve(cameras[:, :, :3], cameras[:, :, 3])
    azimuth = torch.atan2(center[:, 0], center[:, 2])
    return (azimuth / (2 * math.pi) * bins).round().long() % bins
