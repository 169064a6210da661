"""Batches by number, made in this process or by others ahead of time."""

from __future__ import annotations

import signal
from collections.abc import Callable

import cv2
from torch import Tensor
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

Batch = dict[str, Tensor]


def batch_loader(
    make: Callable[[int], Batch], start: int, stop: int, workers: int = 0, pin: bool = False
) -> DataLoader:
    """Batches from number `start` to before `stop`.

    Args:
        make: Makes the batch of a number, the same whoever asks, and when.
        start, stop: Numbers of batches; a run that goes on starts where it stopped.
        workers: Processes that make batches; 0 makes them in this one.
        pin: Lay batches in memory that a GPU can copy from by itself.
    """
    if workers:
        # OpenCV waits for its threads for ever in a forked process, so there must be none to wait for
        cv2.setNumThreads(1)
    steps = _Numbered(make, start, stop)
    return DataLoader(
        steps, batch_size=None, num_workers=workers, worker_init_fn=_ignore_interrupts, pin_memory=pin
    )


class _Numbered(TorchDataset):
    """Batches from one number to another."""

    def __init__(self, make: Callable[[int], Batch], start: int, stop: int) -> None:
        self.make, self.start, self.stop = make, start, stop

    def __len__(self) -> int:
        return max(0, self.stop - self.start)

    def __getitem__(self, index: int) -> Batch:
        return self.make(self.start + index)


def _ignore_interrupts(worker: int) -> None:
    """Ctrl-C is for the parent, which stops its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
