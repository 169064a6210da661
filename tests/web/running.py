"""The service as its users start it: a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path


class Running:
    """`looking3d serve` on a free port, until the block ends."""

    def __init__(self, gallery: Path, *options: str, **environment: str) -> None:
        command = [sys.executable, "-m", "looking3d", "serve", "--gallery", str(gallery), "--port", "0"]
        self.process = subprocess.Popen(
            [*command, *options],
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
        )
        self.told: list[str] = []

    def __enter__(self) -> Running:
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
        self.told += self.process.communicate(timeout=300)[1].splitlines()
