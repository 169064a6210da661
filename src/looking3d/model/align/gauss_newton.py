"""From flow to a better camera: weighted Gauss-Newton on the seven numbers of a pose."""

from __future__ import annotations

import torch
from jaxtyping import Float

from looking3d.model.align.pose import LOG_FOCAL, ROLL, project

# Standard deviations of the step that one call may take, and of what is nominal. Weak: they keep the
# system regular where the flow says nothing.
STEP_SIGMA = (0.35, 0.25, 0.15, 0.15, 0.1, 0.1, 0.15)
NOMINAL_SIGMA = {ROLL: 0.25, LOG_FOCAL: 0.2}

KNOWN_FOCAL_SIGMA = 0.05
"""Of the log focal length where the photo says it: lenses breathe, and crops are not always told."""

ITERATIONS = 4
"""Linearisations of one step."""


def gauss_newton(
    pose: Float[torch.Tensor, "batch 7"],
    points: Float[torch.Tensor, "batch n 3"],
    target: Float[torch.Tensor, "batch n 2"],
    spread: Float[torch.Tensor, "batch n"],
    valid: Float[torch.Tensor, "batch n"],
    iterations: int = ITERATIONS,
    log_focal: float | None = None,
) -> Float[torch.Tensor, "batch 7"]:
    """The pose that takes `points` to `target`, robustly.

    Each point's residual e is weighted by 1 / (b max(e, b/2)): least squares for errors below what the
    network expects, least absolute deviations above. Gaussian priors hold roll and focal length near
    nominal and bound the step.

    Args:
        pose: Where to start.
        points: World points on the reference.
        target: Where the photo shows them, in image widths.
        spread: b, the expected error of each target, in image widths.
        valid: 1 for points that count, 0 for padding.
        iterations: Linearisations.
        log_focal: Log of the focal length over the paper's, if it is known.
    """
    start = pose
    step_weight = torch.tensor(STEP_SIGMA, dtype=pose.dtype, device=pose.device) ** -2
    nominal_weight = torch.zeros_like(step_weight)
    nominal = torch.zeros_like(step_weight)
    for index, sigma in NOMINAL_SIGMA.items():
        nominal_weight[index] = sigma**-2
    if log_focal is not None:
        nominal[LOG_FOCAL], nominal_weight[LOG_FOCAL] = log_focal, KNOWN_FOCAL_SIGMA**-2
    for _ in range(iterations):
        image, jacobian = project(pose, points)
        residual = target - image
        error = residual.norm(dim=-1)
        weight = valid / (spread * torch.maximum(error, spread / 2))
        weighted = jacobian * weight[..., None, None]
        normal = torch.einsum("bnci,bncj->bij", weighted, jacobian)
        normal = normal + torch.diag(step_weight + nominal_weight)
        gradient = torch.einsum("bnci,bnc->bi", weighted, residual)
        gradient = gradient - step_weight * (pose - start) - nominal_weight * (pose - nominal)
        pose = pose + torch.linalg.solve(normal, gradient)
    return pose
