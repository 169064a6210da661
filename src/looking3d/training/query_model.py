"""What networks that see the photo alone are trained by."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from looking3d.model.baselines.query_only import QueryOnly
from looking3d.model.query import normalized
from looking3d.training.joint import JointLossConfig, Predicted, joint_loss
from looking3d.training.learner import SCORE, full_precision, in_full
from looking3d.training.numbered_batches import Batch
from looking3d.training.pair_batches import truth
from looking3d.training.pair_model import PairModel, anomalies_a_process


class QueryModel(PairModel):
    """A network that sees the photo alone, with CMT's losses as far as it has heads for them.

    Args:
        network: The network.
    """

    network: QueryOnly

    def __init__(self, network: QueryOnly) -> None:
        super().__init__(network)
        losses = JointLossConfig(alignment=0.0)
        self.losses = losses if network.box is not None else replace(losses, l1=0.0, giou=0.0)

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Cross-entropy of the label, and L1 and GIoU of the box if there is a head; see `PairModel`."""
        photo = normalized(batch["photo"])
        out = in_full(self.network.judge(photo))
        with full_precision(photo):
            count = anomalies_a_process(batch["label"], self.training)
            parts = joint_loss(Predicted(out.logit, out.box), truth(batch), self.losses, count)
        return {**parts, SCORE: out.logit}
