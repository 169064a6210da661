"""What trains cross-modal instance contrast: photos near their references, anomalous ones less so."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from looking3d.errors import ConfigError
from looking3d.model.baselines.cmic import Cmic
from looking3d.training.learner import SCORE, full_precision, in_full
from looking3d.training.metric_losses import boundary_losses, instance_contrast, triplet_losses
from looking3d.training.numbered_batches import Batch
from looking3d.training.pair_batches import inputs
from looking3d.training.pair_model import PairModel


@dataclass(frozen=True)
class CmicLossConfig:
    """The losses of `CmicModel`."""

    temperature: float = 0.1
    """What similarities are divided by in the instance loss."""

    margin: float = 0.2
    """How much further anomalous photos ought to lie from their references than normal ones."""

    anomaly: float = 1.0
    """Weight of the triplets with anomalous photos, beside the instance loss."""

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise ConfigError(f"temperature: expected more than 0, got {self.temperature}")
        for name in ("margin", "anomaly"):
            if not getattr(self, name) >= 0:
                raise ConfigError(f"{name}: expected 0 or more, got {getattr(self, name)}")


class CmicModel(PairModel):
    """`Cmic` and its losses.

    Args:
        network: The network.
        losses: Their settings.
    """

    network: Cmic

    def __init__(self, network: Cmic, losses: CmicLossConfig | None = None) -> None:
        super().__init__(network)
        self.losses = losses or CmicLossConfig()

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """The instance loss, the triplets with anomalous photos, the boundary's loss; see `PairModel`."""
        given, label, reference = inputs(batch), batch["label"], batch["reference"]
        out = in_full(self.network(*given, reference))
        with full_precision(given.query):
            distances = self.network.distance(out.query[:, None], out.views[None])
            compared = distances, label, reference, batch["shape"]
            parts = {
                "instance": instance_contrast(*compared, self.losses.temperature),
                "anomaly": triplet_losses(*compared, self.losses.margin)[1],
                # The boundary is fitted to the distances, and not they to it
                **boundary_losses(self.network.boundary(out.distance.detach()), label),
            }
            loss = parts["instance"] + self.losses.anomaly * parts["anomaly"] + parts["boundary"]
        return {"loss": loss, **parts, SCORE: out.logit}
