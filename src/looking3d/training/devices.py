"""Where training runs: one process or several, on CPUs or GPUs, by Lightning Fabric."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import torch

from looking3d.errors import ConfigError, MissingExtraError

if TYPE_CHECKING:
    from lightning_fabric import Fabric
else:
    Fabric = Any  # an extra, which need not be there where weights are only read


def make_fabric(device: str = "cpu", processes: int = 1) -> Fabric:
    """Fabric, launched: where there are several processes, each goes on from here.

    Under `torchrun` or `fabric run` their number is what these started.

    Args:
        device: cpu, cuda, or cuda:1 for a certain one.
        processes: How many, each on a GPU of its own if the device is cuda.

    Raises:
        ConfigError: PyTorch cannot use the device, or there are fewer.
        MissingExtraError: Fabric is not installed.
    """
    try:
        import lightning_fabric
        from lightning_fabric.strategies.ddp import DDPStrategy
    except ImportError as error:
        raise MissingExtraError("training", "train") from error
    check_device(device)
    if processes < 1:
        raise ConfigError(f"processes: expected at least 1, got {processes}")
    kind = torch.device(device)
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", processes))
    nodes = int(os.environ.get("GROUP_WORLD_SIZE", 1))
    several = processes * nodes > 1
    devices: int | list[int] = processes
    if kind.type == "cuda":
        there = torch.cuda.device_count()
        if processes > there:
            raise ConfigError(f"processes: expected at most the {there} GPUs there are, got {processes}")
        devices = processes if several else [kind.index or 0]
    # Heads that no loss asks for get no gradient
    strategy = DDPStrategy(find_unused_parameters=True) if several else "auto"
    fabric = lightning_fabric.Fabric(
        accelerator="cuda" if kind.type == "cuda" else "cpu",
        devices=devices,
        num_nodes=nodes,
        strategy=strategy,
    )
    fabric.launch()
    return fabric


def check_device(device: str) -> None:
    """Raise a ConfigError unless PyTorch can use the device."""
    try:
        kind = torch.device(device).type
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"device: {device!r} cannot be used ({reason}); choose cpu") from error
    if kind not in ("cpu", "cuda"):
        raise ConfigError(f"device: expected cpu or cuda, got {device!r}")
