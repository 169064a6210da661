"""Files that appear only when they are whole, so that what was cut short never looks finished."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

PARTIAL = ".partial"
"""What the name of a file or folder ends with until it is whole."""

HIDDEN_PARTIAL = ".partial-"
"""What it begins with instead where several processes may write it at once."""


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Where to write a file; it gets its own name at the end, and nothing is left if writing raises."""
    temporary = path.with_name(path.name + PARTIAL)
    try:
        yield temporary
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    os.replace(temporary, path)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file, and its folder if there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as temporary:
        temporary.write_bytes(data)


@contextlib.contextmanager
def whole_by_one_of_many(path: Path) -> Iterator[IO[bytes]]:
    """As `whole`, where others may write the same file at once; nothing is left if writing raises.

    Args:
        path: The file; its folder is made if there is none.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=HIDDEN_PARTIAL, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
