"""From how far a photo lies from its reference to a verdict."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

FIRST_THRESHOLD, FIRST_SCALE = 0.5, 10.0


class DistanceBoundary(nn.Module):
    """A scaled distance less a threshold: the logit of a logistic regression on the distance alone."""

    def __init__(self) -> None:
        super().__init__()
        self.threshold = nn.Parameter(torch.tensor(FIRST_THRESHOLD))
        self.log_scale = nn.Parameter(torch.tensor(math.log(FIRST_SCALE)))

    def forward(self, distance: Float[Tensor, " batch"]) -> Float[Tensor, " batch"]:
        """The logit; it always grows with the distance."""
        return self.log_scale.exp() * (distance - self.threshold)


def cosine_distance(
    a: Float[Tensor, "*#batch channels"], b: Float[Tensor, "*#batch channels"]
) -> Float[Tensor, "*batch"]:
    """1 - cosine of the angle between vectors: half the squared distance of those of unit length."""
    return 1 - F.cosine_similarity(a, b, -1)
