"""Networks that judge a photo without its reference: how far an anomaly looks odd by itself."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from looking3d.errors import ConfigError
from looking3d.model.cmt.cga import EXPANSION
from looking3d.model.cmt.heads import BoxHead, VerdictHead
from looking3d.model.encoder import Encoder
from looking3d.model.pair_network import Verdict
from looking3d.model.setting_checks import check_at_least, check_heads, check_image_px

BOX_LAYERS = 4
"""Linear layers of the box head, as CMT has them (paper 5.1, anomaly localization)."""


@dataclass(frozen=True)
class QueryOnlyConfig:
    """Settings that all of them have."""

    image_px: int = 256
    """Side of photos, a multiple of 32."""

    box_head: bool = False
    """Also answer the box of the anomaly."""

    def __post_init__(self) -> None:
        check_image_px(self.image_px)

    @property
    def train_views(self) -> int:
        """Views of the reference in training: the fewest that a training pair can have, and unseen."""
        return 1

    @property
    def test_views(self) -> int:
        """Views of the reference in testing, unseen as well."""
        return 1


@dataclass(frozen=True)
class QueryResnetConfig(QueryOnlyConfig):
    """Settings of `QueryResnet`; the defaults are the paper's ResNet18-FPN (table 2)."""

    encoder_width: int = 64
    """Channels of the first stage of the ResNet."""

    feature_width: int = 128
    """Channels of a local feature."""

    blocks: int = 0
    """Blocks of self-attention over the patches and a [tok]; the paper's second baseline has 3. Without any,
    patches are averaged."""

    heads: int = 8
    """Heads of each attention; they share `feature_width`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_at_least(self, 1, "encoder_width", "feature_width", "heads")
        check_at_least(self, 0, "blocks")
        check_heads(self.feature_width, self.heads, "feature_width")


@dataclass(frozen=True)
class VitConfig(QueryOnlyConfig):
    """Settings of `Vit`; the defaults are ViT-S/16 (Dosovitskiy et al. 2021, Touvron et al. 2021)."""

    patch_px: int = 16
    """Side of a patch; it divides `image_px`."""

    width: int = 384
    """Channels of a token."""

    blocks: int = 12
    """Transformer blocks."""

    heads: int = 6
    """Heads of each attention; they share `width`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_at_least(self, 1, "patch_px", "width", "blocks", "heads")
        check_heads(self.width, self.heads)
        if self.image_px % self.patch_px:
            raise ConfigError(f"patch_px: expected a divisor of {self.image_px}, got {self.patch_px}")


class QueryOnly(nn.Module):
    """A network that looks at the photo alone; subclasses say how, by `state`.

    Args:
        features: Channels of the state.
        box_head: Whether it has one.
    """

    def __init__(self, features: int, box_head: bool) -> None:
        super().__init__()
        self.verdict = VerdictHead(features, 2 * features, sees_patches=False)
        self.box = BoxHead(features, 2 * features, BOX_LAYERS) if box_head else None

    def state(self, query: Float[Tensor, "batch 3 size size"]) -> Float[Tensor, "batch features"]:
        """What the heads read."""
        raise NotImplementedError

    def forward(
        self,
        query: Float[Tensor, "batch 3 size size"],
        views: Float[Tensor, "batch views 3 size size"],
        points: Float[Tensor, "batch views patches 3"],
        valid: Bool[Tensor, "batch views patches"],
    ) -> Verdict:
        """Judge each photo; of the reference nothing is looked at."""
        return self.judge(query)

    def encode_reference(
        self,
        views: Float[Tensor, "batch views 3 size size"],
        points: Float[Tensor, "batch views patches 3"],
        valid: Bool[Tensor, "batch views patches"],
    ) -> None:
        """Nothing."""

    def judge(self, query: Float[Tensor, "batch 3 size size"], reference: None = None) -> Verdict:
        """Judge each photo."""
        state = self.state(query)
        return Verdict(self.verdict(state, None), None if self.box is None else self.box(state))


class QueryResnet(QueryOnly):
    """CMT's encoder and its verdict, without the reference in between (the paper's ResNet18-FPN).

    Args:
        config: Its settings.
    """

    def __init__(self, config: QueryResnetConfig | None = None) -> None:
        config = config or QueryResnetConfig()
        super().__init__(config.feature_width, config.box_head)
        self.config = config
        self.encoder = Encoder(config.encoder_width, config.feature_width)
        self.tokens = (
            TokenTransformer(config.feature_width, config.blocks, config.heads) if config.blocks else None
        )

    def state(self, query: Float[Tensor, "batch 3 size size"]) -> Float[Tensor, "batch features"]:
        """The state of [tok], or the mean of the patches."""
        patches = self.encoder(query).flatten(2).transpose(1, 2)
        return patches.mean(1) if self.tokens is None else self.tokens(patches)


class Vit(QueryOnly):
    """A vision transformer from scratch (Dosovitskiy et al., ICLR 2021).

    Args:
        config: Its settings.
    """

    def __init__(self, config: VitConfig | None = None) -> None:
        config = config or VitConfig()
        super().__init__(config.width, config.box_head)
        self.config = config
        self.patches = nn.Conv2d(3, config.width, config.patch_px, config.patch_px)
        count = (config.image_px // config.patch_px) ** 2
        self.position = nn.Parameter(torch.randn(count, config.width) * 0.02)
        self.tokens = TokenTransformer(config.width, config.blocks, config.heads)

    def state(self, query: Float[Tensor, "batch 3 size size"]) -> Float[Tensor, "batch features"]:
        """The state of [tok]."""
        return self.tokens(self.patches(query).flatten(2).transpose(1, 2) + self.position)


class TokenTransformer(nn.Module):
    """Self-attention over patches and one learned token, [tok], which gathers what they say together.

    Args:
        width: Channels.
        blocks: How many, each with norms before its steps.
        heads: Of each attention.
    """

    def __init__(self, width: int, blocks: int, heads: int) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.randn(width) * 0.02)
        # Not nn.TransformerEncoder, whose layers are copies and so all begin with the same weights
        self.blocks = nn.Sequential(
            *(
                nn.TransformerEncoderLayer(
                    width, heads, EXPANSION * width, 0.0, "gelu", batch_first=True, norm_first=True
                )
                for _ in range(blocks)
            )
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, patches: Float[Tensor, "batch patches width"]) -> Float[Tensor, "batch width"]:
        """The state of [tok] after the last block."""
        token = self.token.expand(len(patches), 1, -1)
        return self.norm(self.blocks(torch.cat([token, patches], 1))[:, 0])
