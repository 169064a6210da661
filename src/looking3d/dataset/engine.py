"""Run many independent tasks, here or in worker processes that may die, hang or eat up the memory."""

from __future__ import annotations

import multiprocessing
import os
import queue
import resource
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, TimeoutError
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, cast, runtime_checkable

from pebble import ProcessExpired, ProcessPool

from looking3d.errors import ConfigError, EngineError, RendererError

Item = TypeVar("Item")
Result = TypeVar("Result")

RETRIES = 2
"""Times a task is tried again after its worker died, hung or used too much memory, or lost its renderer."""

_OUT_OF_MEMORY = 77  # exit code of a worker that stopped itself
_WATCH_SECONDS = 0.25
_GRACE_SECONDS = 60


@dataclass(frozen=True)
class Limits:
    """What a task may use before its worker is ended and the task tried again."""

    shape_minutes: float = 30.0
    """Longest that one shape may take."""

    worker_gb: float = 4.0
    """Most memory that a worker process may hold."""

    def __post_init__(self) -> None:
        for name in ("shape_minutes", "worker_gb"):
            value = getattr(self, name)
            if not value > 0:
                raise ConfigError(f"{name.replace('_', '-')}: expected more than 0, got {value}")


@dataclass(frozen=True)
class Outcome(Generic[Item, Result]):
    """How a task ended.

    Attributes:
        item: What it was run on.
        result: What it returned; None if it failed.
        failure: Why it failed, every time it was tried; empty if it did not.
        lost: Why each attempt before the last was lost.
        peak_bytes: Most memory that the process which ran it had held by then.
    """

    item: Item
    result: Result | None
    failure: str = ""
    lost: tuple[str, ...] = ()
    peak_bytes: int = 0


@runtime_checkable
class Engine(Protocol):
    """What runs tasks."""

    def run(self, task: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Outcome[Item, Result]]:
        """Run `task` on each item; yield outcomes as they come, in no fixed order.

        `task`, items and results are pickled where other processes run them. An exception in a task is
        raised here and ends the run; a worker that is lost, or loses its renderer, costs its task a retry.
        """
        ...


@dataclass(frozen=True)
class LocalEngine:
    """Processes of this machine, each on one thread.

    Attributes:
        workers: How many; 0 runs the tasks in this process, which protects from nothing.
        limits: What a task may use.
    """

    workers: int = 0
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        if self.workers < 0:
            raise ConfigError(f"workers: expected 0 or more, got {self.workers}")

    def run(self, task: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Outcome[Item, Result]]:
        """As `Engine.run`; when the caller stops early, so do the workers."""
        if self.workers == 0 or not items:
            for item in items:
                result, peak = measured(task, item)
                yield Outcome(item, result, peak_bytes=peak)
            return
        waiting = deque(range(len(items)))
        lost: dict[int, list[str]] = {}
        while waiting:
            for index, done in self._ends(task, items, waiting):
                reason = self._loss(done)
                if not reason:
                    result, peak = done.result()
                    yield Outcome(items[index], result, "", tuple(lost.get(index, ())), peak)
                elif len(lost.setdefault(index, [])) < RETRIES:
                    lost[index].append(reason)
                    waiting.append(index)
                else:
                    yield Outcome(items[index], None, reason, tuple(lost[index]))

    def _ends(
        self, task: Callable[[Item], Result], items: Sequence[Item], waiting: deque[int]
    ) -> Iterator[tuple[int, Future]]:
        """Run what waits in a pool of its own: (index, how it ended) until none waits or the pool broke."""
        pool = ProcessPool(
            min(self.workers, len(waiting)),
            context=multiprocessing.get_context("spawn"),
            initializer=start_worker,
            initargs=(os.getpid(), self.limits.worker_gb),
        )
        longest = 60 * self.limits.shape_minutes
        ended: queue.SimpleQueue[tuple[int, Future]] = queue.SimpleQueue()
        running: dict[int, Future] = {}
        broken = False
        try:
            while running or (waiting and not broken):
                # Few at a time: a task that waits in the pool is lost with the pool's pipe
                while waiting and len(running) < 2 * self.workers and not broken:
                    try:
                        future: Any = pool.schedule(measured, args=(task, items[waiting[0]]), timeout=longest)
                    except RuntimeError:
                        broken = True
                        break
                    index = waiting.popleft()
                    running[index] = future
                    future.add_done_callback(lambda done, index=index: ended.put((index, done)))
                if not running:
                    break
                try:
                    index, done = ended.get(timeout=2 * longest + _GRACE_SECONDS)
                except queue.Empty:
                    # A worker that dies as it takes a task takes it along without a word
                    waiting.extend(running)
                    break
                del running[index]
                broken |= isinstance(done.exception(), BrokenProcessPool)
                yield index, done
        finally:
            pool.stop()
            pool.join()

    def _loss(self, done: Future) -> str:
        """Why a worker was lost; empty if it was not."""
        error = done.exception()
        if isinstance(error, TimeoutError):
            return f"took longer than {self.limits.shape_minutes:g} minutes"
        if isinstance(error, BrokenProcessPool):
            # A worker died between two tasks, which takes the whole pool with it
            return "its workers died"
        if isinstance(error, ProcessExpired):
            if error.exitcode == _OUT_OF_MEMORY:
                return f"needed more than {self.limits.worker_gb:g} GB of memory"
            code = error.exitcode or 0
            return f"its worker died ({f'signal {-code}' if code < 0 else f'exit code {code}'})"
        if isinstance(error, RendererError):
            return str(error)
        return ""


def run_tasks(
    task: Callable[[Item], Result], items: Sequence[Item], workers: int = 1
) -> Iterator[tuple[Item, Result]]:
    """Run `task` on each item in this process or several; yield (item, result) as they end.

    Raises:
        EngineError: Workers died again and again on one item.
    """
    if workers < 1:
        raise ConfigError(f"workers: expected at least 1, got {workers}")
    for outcome in LocalEngine(0 if workers == 1 else workers).run(task, items):
        if outcome.failure:
            raise EngineError(f"a task failed {1 + len(outcome.lost)} times: {outcome.failure}")
        yield outcome.item, cast(Result, outcome.result)


def summary_of_losses(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """How often each reason cost an attempt, failures included."""
    reasons = Counter(reason for outcome in outcomes for reason in outcome.lost)
    reasons.update(outcome.failure for outcome in outcomes if outcome.failure)
    return dict(sorted(reasons.items()))


def measured(task: Callable[[Item], Result], item: Item) -> tuple[Result, int]:
    """The task's result, and the most bytes of memory that this process has held."""
    result = task(item)
    return result, 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def start_worker(parent: int, memory_gb: float) -> None:
    """Leave the cores to the other workers and Ctrl-C to the parent; end with the parent, or when too big.

    Args:
        parent: Process id; 0 if the parent sees to its workers' end itself.
        memory_gb: Most memory that this process may hold.
    """
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    threading.Thread(target=_watch, args=(parent, memory_gb * 1e9), daemon=True).start()


def _watch(parent: int, most_bytes: float) -> None:
    page = resource.getpagesize()
    while True:
        if parent and os.getppid() != parent:
            os._exit(1)
        held = page * int(Path("/proc/self/statm").read_text().split()[1])
        if held > most_bytes:
            os._exit(_OUT_OF_MEMORY)
        time.sleep(_WATCH_SECONDS)
