"""Correspondence-guided attention (paper 4.2, CGA): blocks of self-attention and attention to candidates."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from looking3d.model.cmt.attention import Candidates, CrossAttention, SelfAttention
from looking3d.model.cmt.config import CmtConfig

EXPANSION = 4
"""Hidden channels of a feed-forward network over its inputs'."""


class Guide(NamedTuple):
    """What tells every block where to look; the same for all of them.

    Attributes:
        candidates: The reference tokens of each patch; None: all that are allowed.
        allowed: (batch or 1, tokens) bool, the reference tokens that [tok] attends to.
        similarity: (batch, patches) of each patch's best candidate; 0 where no block asks.
    """

    candidates: Candidates | None
    allowed: Bool[Tensor, "#batch tokens"]
    similarity: Float[Tensor, "batch patches"]


class KeysValues(NamedTuple):
    """What a block makes of the reference's tokens: this is what an enrolled reference keeps."""

    keys: Float[Tensor, "batch tokens width"]
    values: Float[Tensor, "batch tokens width"]


class Block(nn.Module):
    """One transformer block; `PostNormBlock` and `PreNormBlock` say in which order its parts work.

    Args:
        config: The model's settings.
        context_width: Channels of the reference's tokens.
    """

    def __init__(self, config: CmtConfig, context_width: int) -> None:
        super().__init__()
        width = config.width
        self.grid = config.grid
        self.self_attention_residual = config.self_attention_residual
        inner = width if config.reduce_context else context_width
        self.reduce = nn.Linear(context_width, width) if config.reduce_context else nn.Identity()
        self.self_attention = SelfAttention(width, config.heads)
        self.cross_attention = CrossAttention(width, inner, config.heads)
        self.fusion = ConcatenateFusion(width) if config.fusion == "concatenate" else AddFusion()
        self.local = nn.Conv2d(width, width, 3, 1, 1) if config.local_convolution else None
        self.feed_forward = GeGlu(width) if config.feed_forward == "geglu" else gelu_mlp(width)
        self.norm_cross = nn.LayerNorm(width)
        self.norm_feed_forward = nn.LayerNorm(width)

    def reference(self, context: Float[Tensor, "batch tokens context"]) -> KeysValues:
        """Keys and values of the reference (equations 2 and 5)."""
        context = self.reduce(context)
        return KeysValues(self.cross_attention.to_k(context), self.cross_attention.to_v(context))

    def look(
        self, query: Float[Tensor, "batch items width"], made: KeysValues, guide: Guide
    ) -> Float[Tensor, "batch items width"]:
        """What projected queries find in the reference (equation 6)."""
        return self.cross_attention(query, made.keys, made.values, guide.allowed, guide.candidates)

    def look_around(self, x: Float[Tensor, "batch items width"]) -> Float[Tensor, "batch items width"]:
        """The patches' neighbours added to them, where the model has that; [tok] has no place."""
        if self.local is None:
            return x
        image = x[:, 1:].transpose(1, 2).unflatten(2, (self.grid, self.grid))
        return torch.cat([x[:, :1], x[:, 1:] + self.local(image).flatten(2).transpose(1, 2)], 1)


class PostNormBlock(Block):
    """Equations 3 to 9 to the letter, but for the slip in equation 3: its input is the photo's tokens.

    Unless the settings say otherwise, self-attention has no residual connection; what is added to the
    answer of the cross-attention is the projected query.
    """

    def forward(
        self, x: Float[Tensor, "batch items width"], made: KeysValues, guide: Guide
    ) -> Float[Tensor, "batch items width"]:
        """The tokens of the next block."""
        mixed = self.self_attention(x)
        query = self.cross_attention.to_q(mixed + x if self.self_attention_residual else mixed)
        found = self.look(query, made, guide)
        x = self.norm_cross(self.fusion(query, query, found, guide.similarity))
        x = self.look_around(x)
        return self.norm_feed_forward(self.feed_forward(x) + x)


class PreNormBlock(Block):
    """Three residual steps, each on normalised inputs."""

    def __init__(self, config: CmtConfig, context_width: int) -> None:
        super().__init__(config, context_width)
        self.norm_self = nn.LayerNorm(config.width)

    def forward(
        self, x: Float[Tensor, "batch items width"], made: KeysValues, guide: Guide
    ) -> Float[Tensor, "batch items width"]:
        """The tokens of the next block."""
        x = x + self.self_attention(self.norm_self(x))
        normed = self.norm_cross(x)
        found = self.look(self.cross_attention.to_q(normed), made, guide)
        x = self.fusion(x, normed, found, guide.similarity)
        x = self.look_around(x)
        return x + self.feed_forward(self.norm_feed_forward(x))


class AddFusion(nn.Module):
    """What was found is added (equation 7)."""

    def forward(self, residual: Tensor, query: Tensor, found: Tensor, similarity: Tensor) -> Tensor:
        """The sum."""
        return residual + found


class ConcatenateFusion(nn.Module):
    """An MLP sees query and find side by side, their difference and product, and how alike they can be.

    A sum of the two hides how they differ, which is the question here.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(4 * width + 1, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(
        self,
        residual: Float[Tensor, "batch items width"],
        query: Float[Tensor, "batch items width"],
        found: Float[Tensor, "batch items width"],
        similarity: Float[Tensor, "batch patches"],
    ) -> Float[Tensor, "batch items width"]:
        """The residual, and what the MLP makes of the comparison."""
        alike = F.pad(similarity, (1, 0))[..., None].to(query.dtype)  # [tok] is like nothing
        return residual + self.mlp(torch.cat([query, found, query - found, query * found, alike], -1))


class GeGlu(nn.Module):
    """A feed-forward network with a gate: value * gelu(gate)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.to_value_and_gate = nn.Linear(width, 2 * EXPANSION * width)
        self.to_out = nn.Linear(EXPANSION * width, width)

    def forward(self, x: Float[Tensor, "*batch width"]) -> Float[Tensor, "*batch width"]:
        """The network's answer."""
        value, gate = self.to_value_and_gate(x).chunk(2, -1)
        return self.to_out(value * F.gelu(gate))


def gelu_mlp(width: int) -> nn.Sequential:
    """The feed-forward network of a standard transformer."""
    return nn.Sequential(nn.Linear(width, EXPANSION * width), nn.GELU(), nn.Linear(EXPANSION * width, width))
