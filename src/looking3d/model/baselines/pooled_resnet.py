"""A whole image as one vector: ResNet18 as it classifies."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from looking3d.model.encoder import ResNet18


class PooledResnet(nn.Module):
    """ResNet18 from scratch, the mean over the image, and one linear layer (He et al. 2016).

    Args:
        width: Channels of the first stage; 64 is ResNet18.
        outputs: Channels of the answer.
    """

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        self.trunk = ResNet18(width)
        self.out = nn.Linear(8 * width, outputs)

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch outputs"]:
        """A vector for each RGB image in [-1, 1]."""
        return self.out(self.trunk(images)[-1].mean((2, 3)))
