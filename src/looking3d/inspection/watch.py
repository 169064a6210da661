"""Watching a folder that a camera writes photos to: each is handed out once, when it is whole."""

from __future__ import annotations

import hashlib
import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from looking3d.errors import ConfigError
from looking3d.photos.photo import PHOTO_SUFFIXES
from looking3d.shapes.source_file import shown

SETTLE_S = 0.5
"""A file counts as whole once its size and time have not changed for so long."""

POLL_S = 0.2
"""Seconds between two looks at the folder."""

_State = tuple[int, int, int]


@dataclass
class FolderWatch:
    """The photos in a folder, or in its sub-folders, and which of them were handed out.

    A file is told by its path. One that is overwritten by another photo is a new one; one that is only
    touched is not. What is gone from the folder is forgotten, so the memory that is needed does not grow with
    the photos that have passed through.

    Attributes:
        folder: Watched.
        in_subfolders: Whether the photos lie in folders in it, rather than in it.
        settle_s: See SETTLE_S.
    """

    folder: Path
    in_subfolders: bool = False
    settle_s: float = SETTLE_S
    _waiting: dict[Path, tuple[_State, float]] = field(default_factory=dict, init=False, repr=False)
    _done: dict[Path, tuple[_State, bytes]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.folder.is_dir():
            raise ConfigError(f"{shown(self.folder)}: is no folder; --watch needs one that is there")

    def poll(self, now_s: float) -> list[Path]:
        """Look once.

        Args:
            now_s: The time, by a clock that is never set back.

        Returns:
            Photos that are whole and were not handed out yet, the oldest first.
        """
        there = self._listed()
        if there is None:
            return []
        for known in (self._waiting, self._done):
            for path in [path for path in known if path not in there]:
                del known[path]
        whole = [path for path, state in there.items() if self._is_whole(path, state, now_s)]
        whole.sort(key=lambda path: (there[path][1], path.name))
        return [path for path in whole if self._is_new(path, there[path])]

    def _listed(self) -> dict[Path, _State] | None:
        """All photos with size, time of change and inode; None if the folder cannot be listed.

        A share that is gone for a while must not make its photos new when it is back.
        """
        try:
            folders = [self.folder]
            if self.in_subfolders:
                with os.scandir(self.folder) as entries:
                    folders = [Path(e.path) for e in entries if e.is_dir() and not e.name.startswith(".")]
            found = {}
            for folder in folders:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        if _may_be_photo(entry):
                            stat = entry.stat()
                            found[Path(entry.path)] = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
        except OSError:
            return None
        return found

    def _is_whole(self, path: Path, state: _State, now_s: float) -> bool:
        if path in self._done and self._done[path][0] == state:
            return False
        seen, since = self._waiting.get(path, (None, now_s))
        if seen != state:
            self._waiting[path] = (state, now_s)
            return False
        return now_s - since >= self.settle_s

    def _is_new(self, path: Path, state: _State) -> bool:
        """Whether the content is new; it is noted as handed out."""
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").digest()
        except OSError:
            digest = b""  # whoever inspects it says why
        del self._waiting[path]
        before = self._done.get(path)
        self._done[path] = (state, digest)
        return before is None or before[1] != digest


def new_photos(
    watch: FolderWatch,
    seconds: float = math.inf,
    most: int | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Path]:
    """Hand out photos as they appear, those that are there already first.

    Args:
        watch: The folder.
        seconds: End after so long.
        most: End after so many photos.
        clock, sleep: The time.
    """
    end_s, count = clock() + seconds, 0
    while most is None or count < most:
        for path in watch.poll(clock()):
            if clock() >= end_s or count == most:
                return
            count += 1
            yield path
        if clock() >= end_s:
            return
        sleep(min(POLL_S, max(end_s - clock(), 0)))


def _may_be_photo(entry: os.DirEntry[str]) -> bool:
    name = entry.name
    return not name.startswith(".") and name.lower().endswith(PHOTO_SUFFIXES) and entry.is_file()
