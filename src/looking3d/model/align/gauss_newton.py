"""From residuals to a better camera: weighted Gauss-Newton on the seven numbers of a pose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from looking3d.model.align.pose import LOG_FOCAL, ROLL, project

# Standard deviations of the step that one call may take, and of what is nominal. Weak: they keep the
# system regular where the residuals say nothing.
STEP_SIGMA = (0.35, 0.25, 0.15, 0.15, 0.1, 0.1, 0.15)
NOMINAL_SIGMA = {ROLL: 0.25, LOG_FOCAL: 0.2}

KNOWN_FOCAL_SIGMA = 0.05
"""Of the log focal length where the photo says it: lenses breathe, and crops are not always told."""


class Equations(NamedTuple):
    """Normal equations of weighted residuals, linearised at a pose.

    Attributes:
        normal: Sum over residuals of weight times the outer product of the derivative with itself.
        gradient: Sum of weight times derivative times residual; a step along it makes residuals smaller.
    """

    normal: Float[Tensor, "batch 7 7"]
    gradient: Float[Tensor, "batch 7"]

    def and_also(self, other: Equations) -> Equations:
        """Those of both sets of residuals."""
        return Equations(self.normal + other.normal, self.gradient + other.gradient)


Linearise = Callable[[Float[Tensor, "batch 7"]], Equations]
"""The equations of some residuals at a pose."""


def gauss_newton(
    start: Float[Tensor, "batch 7"], rounds: Sequence[Linearise], log_focal: float | None = None
) -> Float[Tensor, "batch 7"]:
    """The pose that makes residuals small.

    Gaussian priors hold roll and focal length near nominal and bound the step.

    Args:
        start: Where to start.
        rounds: What is linearised and solved, one after the other.
        log_focal: Log of the focal length over the paper's, if it is known.
    """
    step_weight = torch.tensor(STEP_SIGMA, dtype=start.dtype, device=start.device) ** -2
    nominal_weight = torch.zeros_like(step_weight)
    nominal = torch.zeros_like(step_weight)
    for index, sigma in NOMINAL_SIGMA.items():
        nominal_weight[index] = sigma**-2
    if log_focal is not None:
        nominal[LOG_FOCAL], nominal_weight[LOG_FOCAL] = log_focal, KNOWN_FOCAL_SIGMA**-2
    pose = start
    for linearise in rounds:
        normal, gradient = linearise(pose)
        normal = normal + torch.diag(step_weight + nominal_weight)
        gradient = gradient - step_weight * (pose - start) - nominal_weight * (pose - nominal)
        pose = pose + torch.linalg.solve(normal, gradient)
    return pose


class Flow(NamedTuple):
    """Where points of the reference should be seen.

    Attributes:
        points: World points.
        target: Where the photo shows them, in image widths.
        spread: b, the expected error of each target, in image widths.
        valid: 1 for points that count, 0 for padding.
    """

    points: Float[Tensor, "batch n 3"]
    target: Float[Tensor, "batch n 2"]
    spread: Float[Tensor, "batch n"]
    valid: Float[Tensor, "batch n"]

    def of(self, chosen: Sequence[int] | np.ndarray) -> Flow:
        """That of some of the batch."""
        numbers = torch.as_tensor(chosen, device=self.points.device)
        return Flow(*(each[numbers] for each in self))

    def __call__(self, pose: Float[Tensor, "batch 7"]) -> Equations:
        """The equations of what is left of the way to the targets.

        A residual e weighs 1 / (b max(e, b/2)): least squares for errors below what is expected, least
        absolute deviations above.
        """
        image, jacobian = project(pose, self.points)
        residual = self.target - image
        weight = self.valid * robust_weight(residual.norm(dim=-1), self.spread)
        weighted = jacobian * weight[..., None, None]
        return Equations(
            torch.einsum("bnci,bncj->bij", weighted, jacobian),
            torch.einsum("bnci,bnc->bi", weighted, residual),
        )


def robust_weight(error: Tensor, spread: Tensor | float) -> Tensor:
    """1 / (b max(e, b/2)) of errors e >= 0 of which b is expected."""
    return 1 / (spread * torch.maximum(error, torch.as_tensor(spread, dtype=error.dtype) / 2))
