"""Ctrl-C that waits for the step to end."""

from __future__ import annotations

import signal
import threading
from typing import Any


class DeferredInterrupt:
    """Lets a step come to its end before Ctrl-C stops the training; a second Ctrl-C stops at once.

    Attributes:
        came: Whether Ctrl-C was pressed.
    """

    def __init__(self) -> None:
        self.came = False
        self._before: Any = None

    def __enter__(self) -> DeferredInterrupt:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *raised: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _note(self, number: int, frame: object) -> None:
        if self.came:
            raise KeyboardInterrupt
        self.came = True
