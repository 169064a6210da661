"""What is read off the tokens: the anomaly logit, the box, the logit of each patch."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

STRONGEST = 12
"""Patches whose mean logit is told to the verdict, beside the soft maximum of all."""


class Mlp(nn.Module):
    """Linear layers with ReLU between.

    Args:
        inputs, hidden, outputs: Channels.
        layers: How many linear layers, at least 2.
    """

    def __init__(self, inputs: int, hidden: int, outputs: int, layers: int) -> None:
        super().__init__()
        widths = [inputs] + [hidden] * (layers - 1) + [outputs]
        self.layers = nn.ModuleList(nn.Linear(widths[i], widths[i + 1]) for i in range(layers))

    def forward(self, x: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch outputs"]:
        """The last layer's answer."""
        for layer in self.layers[:-1]:
            x = layer(x).relu()
        return self.layers[-1](x)


class BoxHead(nn.Module):
    """The box of the anomaly, from the state of [tok] (paper 5.1, anomaly localization)."""

    def __init__(self, inputs: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.mlp = Mlp(inputs, hidden, 4, layers)

    def forward(self, token: Float[Tensor, "batch features"]) -> Float[Tensor, "batch 4"]:
        """Centre x, centre y, width and height as fractions of the image."""
        return self.mlp(token).sigmoid()


class VerdictHead(nn.Module):
    """The anomaly logit, from the state of [tok] and, if there are any, from the patches' logits.

    Args:
        inputs: Channels of [tok].
        hidden: Channels of the hidden layer.
        sees_patches: Whether patch logits are told.
    """

    def __init__(self, inputs: int, hidden: int, sees_patches: bool) -> None:
        super().__init__()
        self.mlp = Mlp(inputs + 2 * sees_patches, hidden, 1, 2)

    def forward(
        self, token: Float[Tensor, "batch features"], patch_logits: Float[Tensor, "batch patches"] | None
    ) -> Float[Tensor, " batch"]:
        """The logit of the whole photo."""
        if patch_logits is not None:
            token = torch.cat([token, _strongest(patch_logits)], 1)
        return self.mlp(token)[:, 0]


def _strongest(logits: Float[Tensor, "batch patches"]) -> Float[Tensor, "batch 2"]:
    """The soft maximum, about 0 if all logits are, and the mean of the largest few."""
    patches = logits.shape[1]
    soft = logits.logsumexp(1) - math.log(patches)
    largest = logits.topk(min(STRONGEST, patches), 1).values.mean(1)
    return torch.stack([soft, largest], 1)
