"""Positional encoding of the 3D points that reference patches show (paper 4.2, 3DPE)."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn


def fourier(points: Float[Tensor, "*batch axes"], frequencies: int) -> Float[Tensor, "*batch encoded"]:
    """[x, sin(x), cos(x), sin(2 x), cos(2 x), sin(4 x), ...], all axes together at each step.

    Args:
        points: Coordinates of order 1.
        frequencies: How many octaves; the answer has axes * (1 + 2 * frequencies) channels.
    """
    parts = [points]
    for octave in range(frequencies):
        # Powers of two, so that scaling loses no digit.
        scaled = points * 2.0**octave
        parts += [scaled.sin(), scaled.cos()]
    return torch.cat(parts, -1)


class Position3D(nn.Module):
    """From a 3D point to a feature (the paper's gamma): Fourier encoding, then an MLP.

    Args:
        features: Channels of the answer.
        frequencies: Octaves of the Fourier encoding.
        layers: Linear layers of the MLP.
    """

    def __init__(self, features: int, frequencies: int = 10, layers: int = 2) -> None:
        super().__init__()
        self.frequencies = frequencies
        widths = [3 * (1 + 2 * frequencies)] + [features] * layers
        steps: list[nn.Module] = [nn.Linear(widths[0], widths[1])]
        for i in range(1, layers):
            steps += [nn.GELU(), nn.Linear(widths[i], widths[i + 1])]
        self.mlp = nn.Sequential(*steps)

    def forward(self, points: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch features"]:
        """The encoding of world points."""
        return self.mlp(fourier(points, self.frequencies))
