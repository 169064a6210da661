"""Run tasks on a Ray cluster, or on a Ray that is started in this machine."""

from __future__ import annotations

import importlib
import os
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from looking3d.dataset.engine import RETRIES, Item, Limits, Outcome, Result, measured
from looking3d.errors import ConfigError, EngineError, MissingExtraError, RendererError


@dataclass(frozen=True)
class RayEngine:
    """A Ray cluster. Shapes and datasets must be where every node finds them.

    Attributes:
        address: The cluster, as `ray start --head` prints it, or `auto`; empty starts one here.
        workers: Tasks at once; 0 for as many as the cluster has processors.
        limits: `shape_minutes` holds; memory is watched by Ray itself.
    """

    address: str = ""
    workers: int = 0
    limits: Limits = Limits()  # noqa: RUF009 - frozen

    def __post_init__(self) -> None:
        if self.workers < 0:
            raise ConfigError(f"workers: expected 0 or more, got {self.workers}")

    def run(self, task: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Outcome[Item, Result]]:
        """As `Engine.run`.

        Raises:
            MissingExtraError: Ray is not installed.
            EngineError: No cluster answers at the address.
        """
        ray = self._connect()
        try:
            yield from self._run(ray, task, items)
        finally:
            ray.shutdown()

    def _connect(self) -> Any:
        # No word to its makers about how it is used
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        try:
            ray = importlib.import_module("ray")
        except ImportError as error:
            raise MissingExtraError("--engine ray", "cluster") from error
        self._check_address()
        on_termination = signal.getsignal(signal.SIGTERM)
        here: dict[str, Any] = {} if self.address else {"num_cpus": self.workers or None}
        try:
            ray.init(
                address=self.address or "local",
                include_dashboard=False if not self.address else None,
                logging_level="ERROR",
                log_to_driver=False,
                **here,
            )
        except (OSError, RuntimeError, ValueError) as error:
            raise self._no_answer(error) from error
        if threading.current_thread() is threading.main_thread():
            # Ray's own handler ends the process on the spot
            signal.signal(signal.SIGTERM, on_termination)
        return ray

    def _check_address(self) -> None:
        """Ray itself waits for minutes where nothing listens."""
        host, _, port = self.address.rpartition(":")
        if host and port.isdigit() and "://" not in self.address:
            try:
                socket.create_connection((host, int(port)), timeout=10).close()
            except OSError as error:
                raise self._no_answer(error) from error

    def _no_answer(self, error: Exception) -> EngineError:
        return EngineError(
            f"address: no Ray cluster answers at {self.address!r} ({str(error).splitlines()[0]}); start one "
            "with `ray start --head` and name the address that it prints"
        )

    def _run(
        self, ray: Any, task: Callable[[Item], Result], items: Sequence[Item]
    ) -> Iterator[Outcome[Item, Result]]:
        # A lost worker is counted here, so Ray must not try again by itself
        remote = ray.remote(num_cpus=1, max_retries=0)(measured)
        task_ref = ray.put(task)
        at_once = self.workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
        waiting = deque(range(len(items)))
        running: dict[Any, tuple[int, float]] = {}
        lost: dict[int, list[str]] = {}
        while waiting or running:
            while waiting and len(running) < at_once:
                index = waiting.popleft()
                running[remote.remote(task_ref, items[index])] = (index, time.monotonic())
            ready, _ = ray.wait(list(running), num_returns=1, timeout=1.0)
            late = time.monotonic() - 60 * self.limits.shape_minutes
            ended = [(ref, "") for ref in ready]
            ended += [
                (ref, f"took longer than {self.limits.shape_minutes:g} minutes")
                for ref, (_, start) in running.items()
                if start < late and ref not in ready
            ]
            for ref, reason in ended:
                index, _ = running.pop(ref)
                if reason:
                    ray.cancel(ref, force=True)
                else:
                    try:
                        result, peak = ray.get(ref)
                    except ray.exceptions.OutOfMemoryError:
                        reason = "its node ran out of memory"
                    except (ray.exceptions.WorkerCrashedError, ray.exceptions.NodeDiedError):
                        reason = "its worker died"
                    except RendererError as error:
                        # Ray's own error, which has the task's class and its whole traceback
                        reason = str(getattr(error, "cause", error))
                    else:
                        yield Outcome(items[index], result, "", tuple(lost.get(index, ())), peak)
                        continue
                if len(lost.setdefault(index, [])) < RETRIES:
                    lost[index].append(reason)
                    waiting.append(index)
                else:
                    yield Outcome(items[index], None, reason, tuple(lost[index]))
