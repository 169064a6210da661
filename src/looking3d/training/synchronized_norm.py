"""Batch norm over the batches of all processes, on the CPU as well; PyTorch's own needs a GPU."""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.nn.functional import all_reduce


class SynchronizedBatchNorm2d(nn.BatchNorm2d):
    """In training, normalises by the statistics of what all processes see; they see equally much."""

    def forward(self, input: Tensor) -> Tensor:
        """The normalised maps, (batch, channels, height, width)."""
        if not self.training:
            return super().forward(input)
        x = input.float()
        sums = torch.stack([x.sum((0, 2, 3)), x.square().sum((0, 2, 3))])
        count = x.numel() // x.shape[1] * dist.get_world_size()
        mean, square = all_reduce(sums) / count
        variance = (square - mean.square()).clamp(min=0)
        self._note(mean.detach(), variance.detach(), count)
        scale = self.weight * torch.rsqrt(variance + self.eps)
        normalized = x * scale[:, None, None] + (self.bias - mean * scale)[:, None, None]
        return normalized.to(input.dtype)

    @torch.no_grad()
    def _note(self, mean: Tensor, variance: Tensor, count: int) -> None:
        """Let the running statistics follow."""
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance * count / (count - 1), self.momentum)
        self.num_batches_tracked += 1


def synchronize_norms(module: nn.Module) -> None:
    """Let all batch norms of a module work over all processes; weights and their names stay.

    Layers are changed in place, so that who refers to one refers to the changed one.
    """
    for layer in module.modules():
        if type(layer) is nn.BatchNorm2d:
            layer.__class__ = SynchronizedBatchNorm2d
