"""Inspectors of the references in use, made once each and kept while they are used."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from looking3d.inspection.gallery import Entry
from looking3d.inspection.inspector import Inspector
from looking3d.model.detector import Detector
from looking3d.photos.foreground_config import Method


@dataclass(eq=False)
class _Slot:
    """The inspectors of one reference, by the way in which they find the object."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    by_method: dict[Method, Inspector] = field(default_factory=dict)


class Inspectors:
    """Those used last; any number of threads may ask."""

    def __init__(self, detector: Detector, capacity: int) -> None:
        """Keep none yet.

        Args:
            detector: Of all of them.
            capacity: References to keep.
        """
        self.detector, self.capacity = detector, capacity
        self._lock = threading.Lock()
        self._slots: OrderedDict[tuple[str, str], _Slot] = OrderedDict()

    def get(self, entry: Entry, method: Method) -> Inspector:
        """The inspector of a reference; two threads that ask for a new one wait for the same.

        Raises:
            ShapeError: The reference's mesh is gone or damaged.
        """
        slot = self._slot((entry.id, entry.content))
        with slot.lock:
            if method not in slot.by_method:
                known = next(iter(slot.by_method.values()), None)
                reference = entry.reference() if known is None else known.reference
                slot.by_method[method] = Inspector(reference, self.detector, foreground=method)
            return slot.by_method[method]

    def forget(self, id: str) -> None:
        """Drop a reference that is removed or replaced."""
        with self._lock:
            for key in [key for key in self._slots if key[0] == id]:
                del self._slots[key]

    def __len__(self) -> int:
        return len(self._slots)

    def _slot(self, key: tuple[str, str]) -> _Slot:
        with self._lock:
            slot = self._slots.setdefault(key, _Slot())
            self._slots.move_to_end(key)
            while len(self._slots) > self.capacity:
                self._slots.popitem(last=False)
            return slot
