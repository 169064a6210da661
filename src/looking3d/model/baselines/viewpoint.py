"""The viewpoint of a photo by a network that is told it in training (the paper's baseline, 5.1)."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from looking3d.model.baselines.pooled_resnet import PooledResnet
from looking3d.model.setting_checks import check_at_least, check_image_px


@dataclass(frozen=True)
class ViewpointConfig:
    """Settings of `ViewpointResnet`; the defaults are the paper's."""

    image_px: int = 256
    """Side of photos, a multiple of 32."""

    encoder_width: int = 64
    """Channels of the first stage of the ResNet."""

    bins: int = 20
    """Sectors of azimuth, all of one size; the middle of the first is azimuth 0. 20 are the paper's views."""

    def __post_init__(self) -> None:
        check_image_px(self.image_px)
        check_at_least(self, 1, "encoder_width")
        check_at_least(self, 2, "bins")

    @property
    def train_views(self) -> int:
        """Views of the reference in training: the fewest that a training pair can have, and unseen."""
        return 1


class ViewpointResnet(nn.Module):
    """Which of the reference's views a photo is nearest to, from the photo alone; it detects nothing.

    Args:
        config: Its settings.
    """

    def __init__(self, config: ViewpointConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or ViewpointConfig()
        self.resnet = PooledResnet(config.encoder_width, config.bins)

    def bin_logits(self, query: Float[Tensor, "batch 3 size size"]) -> Float[Tensor, "batch bins"]:
        """A logit for each sector: bin i reaches half a sector to either side of 2 pi i / bins."""
        return self.resnet(query)

    def forward(self, query: Float[Tensor, "batch 3 size size"]) -> Float[Tensor, "batch bins"]:
        """`bin_logits`."""
        return self.bin_logits(query)
