"""A network and what it learns from a batch, as one module."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from looking3d.training.numbered_batches import Batch

SCORE = "score"
"""Key of what photos are ranked by: the higher, the more likely anomalous."""


class Learner(nn.Module):
    """A network and its losses as one module, so that all that is computed in training is in `forward`.

    Args:
        network: What is trained, and kept.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """What is learnt from a batch; losses are computed in fp32, whatever the network computes in.

        Returns:
            `loss` and its parts, scalars; and `score` (batch,), see SCORE, of a model that detects.
        """
        raise NotImplementedError

    def after_step(self) -> None:
        """What is to be done after each step of the optimiser."""

    def over(self, network: nn.Module) -> Learner:
        """The same losses over another network of the same kind."""
        other = copy.copy(self)
        other._modules = {**self._modules, "network": network}
        return other


class FunctionLearner(Learner):
    """A network that sees the batch's `input`, and a loss that is a function.

    Args:
        network: What is trained.
        loss: Is given the network's answer, and the batch.
    """

    def __init__(self, network: nn.Module, loss: Callable[[Any, Batch], dict[str, Tensor]]) -> None:
        super().__init__(network)
        self.loss = loss

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """What the function says."""
        answer = in_full(self.network(batch["input"]))
        with full_precision(batch["input"]):
            return self.loss(answer, batch)


def in_full(answer: Any) -> Any:
    """A network's answer in fp32: a tensor, or tuples of them; what is no floating-point tensor stays."""
    if isinstance(answer, Tensor):
        return answer.float() if answer.is_floating_point() else answer
    if not isinstance(answer, tuple):
        return answer
    parts = map(in_full, answer)
    return type(answer)(*parts) if hasattr(answer, "_fields") else tuple(parts)


def full_precision(like: Tensor) -> torch.autocast:
    """A context in which losses are computed in the precision of what they are given, on this device."""
    return torch.autocast(like.device.type, enabled=False)
