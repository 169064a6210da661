"""A bounded queue with threads that work it off: clients take turns, what has no room is refused at once."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from looking3d.errors import RequestError

T = TypeVar("T")

ROOM_LEFT = 3
"""A client may wait with so many jobs for each place that is left: alone, it fills three quarters.

The rule of buffers that many share: with n who want all they can get, each has 3 / (3 n + 1) of the queue,
and there is always room for the next.
"""

_FIRST_GUESS_S = 0.5  # how long a job takes, until one has been done
_MEMORY = 0.9  # of the running mean of that


class WorkQueue:
    """Jobs that wait and run. What is taken is done; what cannot be taken is refused.

    Clients take turns, a job each, so that one with many keeps nobody waiting longer than one with few.
    """

    def __init__(self, workers: int, capacity: int) -> None:
        """Start.

        Args:
            workers: Threads.
            capacity: Jobs that may wait.
        """
        self.workers, self.capacity = workers, capacity
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="inspection")
        self._changed = threading.Condition()
        # By client; the one whose turn is next is first.
        self._jobs: OrderedDict[str, deque[tuple[Future[Any], Callable[[], Any]]]] = OrderedDict()
        self._pending = self._running = 0
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
    def clients(self) -> int:
        """Clients who have jobs that wait."""
        return len(self._jobs)

    @property
    def is_stopping(self) -> bool:
        """Whether nothing new is taken any more."""
        return self._is_stopping

    @property
    def most_at_once(self) -> int:
        """Jobs that a client alone may wait with."""
        return ROOM_LEFT * (self.capacity + 1) // (ROOM_LEFT + 1)

    def submit(self, jobs: Sequence[Callable[[], T]], client: str = "") -> list[Future[T]]:
        """Take all of the jobs or none.

        Args:
            jobs: What to do; those of one client in this order.
            client: Who takes turns with others.

        Raises:
            RequestError: There is no room (429), never enough (413), or the service stops (503).
        """
        with self._changed:
            if self._is_stopping:
                raise RequestError(503, "the service is stopping; try again when it is back", 10)
            if len(jobs) > self.most_at_once:
                raise RequestError(
                    413,
                    f"{len(jobs)} photos in one request; at most {self.most_at_once} are taken, send fewer",
                )
            self._require_room(len(jobs), client)
            futures: list[Future[T]] = [Future() for _ in jobs]
            self._jobs.setdefault(client, deque()).extend(zip(futures, jobs, strict=True))
            self._pending += len(jobs)
            for _ in jobs:
                self._pool.submit(self._run_next)
            return futures

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

    def _require_room(self, count: int, client: str) -> None:
        """Refuse jobs that would not fit, or take more than a client's share."""
        idle = self.workers - self._running
        mine = len(self._jobs.get(client, ()))
        left = self.capacity - max(0, self._pending - self._running + count - idle)
        if left >= 0 and mine + count - idle <= ROOM_LEFT * (left + 1):
            return
        wait_s = math.ceil(max(1.0, self._pending * self._mean_s / self.workers))
        why = (
            f"the queue is full ({self.waiting} wait)"
            if left < 0
            else f"your share of the queue is full ({mine} of the {self.waiting} that wait are yours)"
        )
        raise RequestError(429, f"{why}; try again in {wait_s} s", wait_s)

    def _next(self) -> tuple[Future[Any], Callable[[], Any]]:
        """The next job of the client whose turn it is, who then is the last in turn."""
        with self._changed:
            client, jobs = next(iter(self._jobs.items()))
            job = jobs.popleft()
            if jobs:
                self._jobs.move_to_end(client)
            else:
                del self._jobs[client]
            self._running += 1
            return job

    def _run_next(self) -> None:
        future, job = self._next()
        start, result, raised = time.monotonic(), None, None
        # One that nobody waits for any more is left out.
        is_wanted = future.set_running_or_notify_cancel()
        try:
            result = job() if is_wanted else None
        except BaseException as error:
            raised = error
        with self._changed:
            if is_wanted:
                self._mean_s = _MEMORY * self._mean_s + (1 - _MEMORY) * (time.monotonic() - start)
            self._pending -= 1
            self._running -= 1
            self._changed.notify_all()
        if raised is not None:
            future.set_exception(raised)
        elif is_wanted:
            future.set_result(result)
