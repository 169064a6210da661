"""A slow copy of encoder and correspondence head, for the keys of contrastive alignment."""

from __future__ import annotations

import copy
from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from looking3d.model.correspondence_head import CorrespondenceHead
from looking3d.model.encoder import Encoder


class KeyNetworks(nn.Module):
    """Encoder and correspondence head that follow the trained ones slowly (momentum contrast).

    They learn nothing by themselves and always work as in testing.

    Args:
        encoder, projector: The trained ones; copied.
        momentum: The share that is kept in each step.
    """

    def __init__(self, encoder: Encoder, projector: CorrespondenceHead, momentum: float) -> None:
        super().__init__()
        self.momentum = momentum
        self.encoder, self.projector = copy.deepcopy(encoder), copy.deepcopy(projector)
        self.requires_grad_(False)
        self.eval()

    def train(self, mode: bool = True) -> KeyNetworks:
        """Stay as in testing."""
        return super().train(False)

    def forward(self, images: Float[Tensor, "batch 3 size size"]) -> Float[Tensor, "batch patches channels"]:
        """Projected features of photos or views, as unit vectors."""
        return self.projector(self.encoder(images).flatten(2).transpose(1, 2))

    @torch.no_grad()
    def follow(self, encoder: Encoder, projector: CorrespondenceHead) -> None:
        """Take a step towards the trained networks; to be called after each step of training."""
        for mine, theirs in ((self.encoder, encoder), (self.projector, projector)):
            for old, new in _pairs(mine.parameters(), theirs.parameters()):
                old.lerp_(new, 1 - self.momentum)
            for old, new in _pairs(mine.buffers(), theirs.buffers()):
                old.copy_(new)


def _pairs(a: Iterable[Tensor], b: Iterable[Tensor]) -> Iterable[tuple[Tensor, Tensor]]:
    return zip(a, b, strict=True)
