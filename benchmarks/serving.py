"""A service in a process of its own, for scripts that use it from outside."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def served(gallery: Path, *options: str) -> Iterator[tuple[str, int]]:
    """Start `looking3d serve` on a free port; its URL and its process id. It is ended at the end.

    Args:
        gallery: The folder it serves.
        options: More of the command's options.
    """
    command = [sys.executable, "-m", "looking3d", "serve", "--port", "0", "--gallery", str(gallery), *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            yield _url(server), server.pid
        finally:
            server.terminate()
            server.communicate()


def _url(server: subprocess.Popen[str]) -> str:
    assert server.stderr is not None
    for line in server.stderr:
        if found := re.search(r"http://\S+:\d+", line):
            return found[0]
    raise SystemExit("the service did not start")
