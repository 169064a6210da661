"""Batch norm over the batches of all processes, on the CPU as well; PyTorch's own needs a GPU."""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import Tensor, nn


class _SumOverProcesses(torch.autograd.Function):
    """The sum of what all processes have; each of them learns from the losses of all."""

    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        total = x.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        total = gradient.contiguous().clone()
        dist.all_reduce(total)
        return total


class SynchronizedBatchNorm2d(nn.BatchNorm2d):
    """In training, normalises by the statistics of what all processes see; they see equally much."""

    def forward(self, input: Tensor) -> Tensor:
        """The normalised maps, (batch, channels, height, width)."""
        if not self.training:
            return super().forward(input)
        x = input.to(torch.promote_types(input.dtype, torch.float32))
        count = x.numel() // x.shape[1] * dist.get_world_size()
        # In two passes, since the mean of squares less the square of the mean loses digits
        mean = _SumOverProcesses.apply(x.sum((0, 2, 3))) / count
        centered = x - mean[:, None, None]
        variance = _SumOverProcesses.apply(centered.square().sum((0, 2, 3))) / count
        self._note(mean.detach(), variance.detach(), count)
        scale = self.weight * torch.rsqrt(variance + self.eps)
        normalized = centered * scale[:, None, None] + self.bias[:, None, None]
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
