"""What every model that is trained on pairs is: a network, and what it learns from a batch."""

from __future__ import annotations

import torch
import torch.distributed
from jaxtyping import Float
from torch import Tensor, nn

from looking3d.model.cmt.cmt import Cmt, CmtOutput
from looking3d.model.cmt.projection import project_reference
from looking3d.training.alignment import Features
from looking3d.training.joint import JointLossConfig, Predicted, joint_loss
from looking3d.training.numbered_batches import Batch
from looking3d.training.pair_batches import Inputs, inputs, truth

SCORE = "score"
"""Key of what photos are ranked by: the higher, the more likely anomalous."""


class PairModel(nn.Module):
    """A network and its losses as one module, so that all that is computed in training is in `forward`.

    Args:
        network: What is trained, and kept.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """What is learnt from a batch.

        Args:
            batch: See `pairs.PhotoPairs`.

        Returns:
            `loss` and its parts, scalars; and `score` (batch,), see SCORE, of a model that detects.
        """
        raise NotImplementedError

    def after_step(self) -> None:
        """What is to be done after each step of the optimiser."""


class CmtModel(PairModel):
    """CMT, trained by the joint loss.

    Args:
        network: The model.
        losses: Weights of its losses.
    """

    network: Cmt

    def __init__(self, network: Cmt, losses: JointLossConfig) -> None:
        super().__init__(network)
        self.losses = losses

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """What is learnt from a batch; with candidates by geometry it has `estimated_camera` and `depth`."""
        given = inputs(batch)
        projected = None
        if self.network.config.ranking == "geometry":
            projected = project_reference(
                given.points, given.valid, batch["estimated_camera"], batch["depth"]
            )
        out = self.network(*given, projected)
        predicted = Predicted(out.logit, out.box, out.patch_logits, _features(out), self._keys(given))
        parts = joint_loss(predicted, truth(batch), self.losses, anomalies_a_process(batch["label"]))
        return {**parts, SCORE: out.logit}

    def after_step(self) -> None:
        """Let slow copies follow, where there are any."""
        self.network.follow_keys()

    @torch.no_grad()
    def _keys(self, given: Inputs) -> Features | None:
        """What alignment is drawn to; None for the network's own."""
        if self.network.key_networks is None:
            return None
        images = torch.cat([given.query, given.views.flatten(0, 1)])
        keys = self.network.key_networks(images)
        return Features(
            keys[: len(given.query)], keys[len(given.query) :].unflatten(0, given.views.shape[:2])
        )


def _features(out: CmtOutput) -> Features | None:
    return None if out.query is None or out.views is None else Features(out.query, out.views)


def anomalies_a_process(label: Float[Tensor, " batch"]) -> Float[Tensor, ""]:
    """Anomalous photos of a batch; the mean over the processes that share it, if there are several."""
    count = (label > 0.5).sum().to(torch.float32)
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.all_reduce(count)
        count = count / torch.distributed.get_world_size()
    return count
