"""Servers as their users start them: a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Self


class RunningCommand:
    """A command that serves, on a free port, until the block ends."""

    def __init__(self, *command: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "looking3d", *command, "--port", "0"],
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
        )
        self.told: list[str] = []

    def __enter__(self) -> Self:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.told.append(line)
            if found := re.search(r"http://\S+:\d+", line):
                self.url = found[0]
                return self
        raise AssertionError(f"did not start: {''.join(self.told)}")

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        # Not `communicate`, which leaves out what was read ahead for the lines above
        assert self.process.stderr is not None
        with self.process.stderr as rest:
            self.told += rest.read().splitlines()
        self.process.wait(300)


class Running(RunningCommand):
    """`looking3d serve`."""

    def __init__(self, gallery: Path, *options: str, **environment: str) -> None:
        super().__init__("serve", "--gallery", str(gallery), *options, **environment)
