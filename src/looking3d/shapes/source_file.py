"""Files as they come from people: names fit for a message, and bytes or an error that says why not."""

from __future__ import annotations

import os
from pathlib import Path

from looking3d.errors import ShapeError

_LFS_POINTER = b"version https://git-lfs"


def shown(path: Path) -> str:
    """The path as given, always printable: bytes of its name that are not UTF-8 become `\ufffd`."""
    return os.fsencode(path).decode("utf-8", "replace")


def printable(name: str) -> str:
    """A name from a file on one line, without the halves of characters that cannot be printed."""
    return " ".join(name.encode("utf-8", "replace").decode("utf-8").split())


def quoted(name: str) -> str:
    """A name that somebody typed, in quotes, short and in plain letters."""
    return ascii(name if len(name) <= 80 else name[:77] + "...")


def read_bytes(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        ShapeError: It cannot be read, is empty, or is a pointer of Git LFS in place of the file.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ShapeError(f"{shown(path)}: cannot be read ({error.strerror})") from error
    if not data:
        raise ShapeError(f"{shown(path)}: is empty (0 bytes); copy or export it again")
    if data.startswith(_LFS_POINTER):
        raise ShapeError(f"{shown(path)}: is a Git LFS pointer, not the mesh; run 'git lfs pull' beside it")
    return data
