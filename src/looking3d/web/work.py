"""A bounded queue with threads that work it off: what it has no room for is refused at once."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from looking3d.errors import RequestError

T = TypeVar("T")

_FIRST_GUESS_S = 0.5  # how long a job takes, until one has been done
_MEMORY = 0.9  # of the running mean of that


class WorkQueue:
    """Jobs that wait and run. What is taken is done; what cannot be taken is refused."""

    def __init__(self, workers: int, capacity: int) -> None:
        """Start.

        Args:
            workers: Threads.
            capacity: Jobs that may wait.
        """
        self.workers, self.capacity = workers, capacity
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="inspection")
        self._changed = threading.Condition()
        self._pending = 0
        self._mean_s = _FIRST_GUESS_S
        self._is_stopping = False

    @property
    def pending(self) -> int:
        """Jobs that wait or run."""
        return self._pending

    @property
    def waiting(self) -> int:
        """Jobs that wait."""
        return max(0, self._pending - self.workers)

    @property
    def is_stopping(self) -> bool:
        """Whether nothing new is taken any more."""
        return self._is_stopping

    def submit(self, jobs: Sequence[Callable[[], T]]) -> list[Future[T]]:
        """Take all of the jobs or none.

        Raises:
            RequestError: There is no room (429), never enough (413), or the service stops (503).
        """
        with self._changed:
            if self._is_stopping:
                raise RequestError(503, "the service is stopping; try again when it is back", 10)
            if len(jobs) > self.capacity:
                raise RequestError(
                    413, f"{len(jobs)} photos in one request; at most {self.capacity} are taken, send fewer"
                )
            if self._pending + len(jobs) > self.capacity + self.workers:
                wait_s = math.ceil(max(1.0, self._pending * self._mean_s / self.workers))
                raise RequestError(
                    429, f"the queue is full ({self.waiting} wait); try again in {wait_s} s", wait_s
                )
            self._pending += len(jobs)
            return [self._pool.submit(self._run, job) for job in jobs]

    def stop_taking(self) -> None:
        """Refuse what comes from now on; what was taken is still done."""
        with self._changed:
            self._is_stopping = True

    def wait_until_idle(self) -> None:
        """Return when nothing waits or runs."""
        with self._changed:
            self._changed.wait_for(lambda: self._pending == 0)

    def close(self) -> None:
        """Finish what was taken, and end the threads."""
        self.stop_taking()
        self._pool.shutdown()

    def _run(self, job: Callable[[], T]) -> T:
        start = time.monotonic()
        try:
            return job()
        finally:
            with self._changed:
                self._mean_s = _MEMORY * self._mean_s + (1 - _MEMORY) * (time.monotonic() - start)
                self._pending -= 1
                self._changed.notify_all()
