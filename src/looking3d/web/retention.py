"""Deleting inspections, one that is asked for or all that are old, with the pictures that only they show."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from looking3d.web.history import History
from looking3d.web.pictures import PictureStore

SWEEP_S = 600.0
"""How often old inspections are looked for."""

_log = logging.getLogger("looking3d.web")


@dataclass(frozen=True)
class KeepRules:
    """Which inspections are kept; see `ServiceConfig`.

    Attributes:
        days: After which they are deleted; None: never.
        inspections: The latest so many are kept, older ones deleted; None: all are kept.
        marked: Whether what somebody marked is kept all the same.
    """

    days: int | None = None
    inspections: int | None = None
    marked: bool = True

    @property
    def keep_all(self) -> bool:
        """Whether nothing is ever deleted by itself."""
        return self.days is None and self.inspections is None


class Retention:
    """Keeps history and pictures as small as its rules say. Any number of threads may use it."""

    def __init__(self, history: History, pictures: PictureStore, rules: KeepRules) -> None:
        self._history, self._pictures, self._rules = history, pictures, rules
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._sweep_now_and_then, name="retention", daemon=True)

    def start(self) -> None:
        """Sweep now and then from now on, in a thread; does nothing if all is kept."""
        if not self._rules.keep_all:
            self._thread.start()

    def close(self) -> None:
        """Sweep no more."""
        self._is_over.set()
        if self._thread.is_alive():
            self._thread.join()

    def delete(self, id: str) -> bool:
        """Delete an inspection, marked or not, and those of its pictures that no other one shows.

        Returns:
            Whether there was one.
        """
        with self._pictures.emptied():
            record = self._history.delete(id)
            if record is not None:
                self._drop(set(record.pictures.values()))
        return record is not None

    def sweep(self, now: datetime | None = None) -> int:
        """Delete what the rules do not keep; returns how many inspections that were.

        Args:
            now: The time; by default the clock's.
        """
        if self._rules.keep_all:
            return 0
        before = None
        if self._rules.days is not None:
            before = (now or datetime.now(UTC)) - timedelta(days=self._rules.days)
        with self._pictures.emptied():
            count, files = self._history.delete_old(before, self._rules.inspections, self._rules.marked)
            self._drop(files)
        if count:
            _log.info("deleted %d old inspections", count)
        return count

    def _drop(self, files: set[str]) -> None:
        """Delete pictures of inspections that are gone, unless another inspection shows them, too."""
        for name in files - self._history.used_of(files):
            self._pictures.remove(name)

    def _sweep_now_and_then(self) -> None:
        while True:
            try:
                self.sweep()
            except Exception:  # a database that is away comes back; the service goes on meanwhile
                _log.exception("old inspections could not be deleted")
            if self._is_over.wait(SWEEP_S):
                return
