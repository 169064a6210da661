"""Run many independent tasks on a pool of local processes."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TypeVar

from looking3d.errors import ConfigError

Item = TypeVar("Item")
Result = TypeVar("Result")


def run_tasks(
    task: Callable[[Item], Result], items: Sequence[Item], workers: int = 1
) -> Iterator[tuple[Item, Result]]:
    """Run `task` on each item; yield (item, result) as they end, in no fixed order.

    With more than one worker, `task`, items and results are pickled; the workers are fresh
    processes, each on one thread. An exception in a task ends the run and is raised here.
    """
    if workers < 1:
        raise ConfigError(f"workers: expected at least 1, got {workers}")
    if workers == 1 or len(items) <= 1:
        for item in items:
            yield item, task(item)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, len(items)), context, initializer=_one_thread)
    try:
        futures = {pool.submit(task, item): item for item in items}
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _one_thread() -> None:
    """Leave the cores to the other workers, and Ctrl-C to the parent."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
