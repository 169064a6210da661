"""How every training begins: where it runs, whose the folder is, when it has to stop."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Any, NamedTuple

from looking3d.dataset.load import Dataset
from looking3d.errors import ConfigError
from looking3d.training.devices import Fabric, make_fabric
from looking3d.training.run_folder import RunFolder


class Session(NamedTuple):
    """A training that has begun.

    Attributes:
        fabric: Where it runs.
        folder: Of the run.
        deadline: When it has to stop, by the monotonic clock.
    """

    fabric: Fabric
    folder: RunFolder
    deadline: float


def begin(
    run: Path,
    config: Any,
    datasets: list[Dataset],
    max_minutes: float,
    workers: int,
    device: str,
    processes: int,
) -> Session:
    """Begin a training, or go on with it.

    Args:
        run: The run's folder.
        config: A dataclass of its settings.
        datasets: What it is trained on.
        max_minutes: Stop after this long.
        workers: Processes that prepare batches.
        device: Of the network.
        processes: Processes that train together; see `devices.make_fabric`.

    Raises:
        ConfigError: A limit is out of range, or the device cannot be used.
        CheckpointError: The folder holds a run of another configuration or on other data.
    """
    if not max_minutes >= 0:
        raise ConfigError(f"max-minutes: expected 0 or more, got {max_minutes}")
    if workers < 0:
        raise ConfigError(f"workers: expected 0 or more, got {workers}")
    fabric = make_fabric(device, processes)
    folder = RunFolder(run)
    with fabric.rank_zero_first():
        folder.claim(dataclasses.asdict(config), datasets)
    return Session(fabric, folder, time.monotonic() + 60 * max_minutes)
