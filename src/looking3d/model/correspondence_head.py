"""The correspondence head: local features into a space where equal places of an object lie together."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


class CorrespondenceHead(nn.Module):
    """A four-layer MLP on each local feature, then a channel-wise L2 norm (the paper's beta, equation 12).

    Args:
        inputs: Channels of a local feature.
        hidden: Channels of the three hidden layers.
        outputs: Channels of the answer.
    """

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        # The last layer has no bias: one vector added to all would make all alike.
        self.mlp = nn.Sequential(
            nn.Linear(inputs, hidden),
            nn.ReLU(True),
            nn.Linear(hidden, hidden),
            nn.ReLU(True),
            nn.Linear(hidden, hidden),
            nn.ReLU(True),
            nn.Linear(hidden, outputs, bias=False),
        )

    def forward(self, features: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch outputs"]:
        """Unit vectors whose dot products say how alike two patches are."""
        return F.normalize(self.mlp(features), dim=-1)
