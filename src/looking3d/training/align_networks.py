"""The networks of align, a stage of training each, and the weights that they start from."""

from __future__ import annotations

from torch import Tensor, nn

from looking3d.model.align.network import CameraNet, CompareNet, ForegroundNet

STAGES = ("foreground", "camera", "compare")
"""In the order in which they are trained."""

NETWORKS: dict[str, type[nn.Module]] = {
    "foreground": ForegroundNet,
    "camera": CameraNet,
    "compare": CompareNet,
}


def take_over(network: nn.Module, weights: dict[str, Tensor], stage: str) -> bool:
    """Start a stage's network from a detector's weights.

    What the weights do not have stays as it is; if what they have is of other shapes, all of it does.

    Returns:
        Whether they were taken.
    """
    mine = network.state_dict()
    common = {name: weights[f"{stage}.{name}"] for name in mine if f"{stage}.{name}" in weights}
    fits = bool(common) and all(tensor.shape == mine[name].shape for name, tensor in common.items())
    if fits:
        network.load_state_dict(common, strict=False)
    return fits


def begins_with(start: dict[str, Tensor] | None, stage: str) -> bool:
    """Whether the weights to start from have a stage's network."""
    return start is not None and take_over(NETWORKS[stage](), start, stage)
