"""Is a dataset that was killed and resumed, again and again, the one that was not?

Generates a dataset once without interruption. Then, round after round, generates it anew, kills the main
process or one of its workers at a random moment, runs the same command to its end, and compares all bytes.

    python benchmarks/kill.py --out /tmp/kill --rounds 10 --engine local
"""

from __future__ import annotations

import filecmp
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import tyro
from rich.console import Console

SHAPES = 16

COMMAND = [
    *(sys.executable, "-m", "looking3d", "generate"),
    *("--shapes", "chair", "--count", str(SHAPES), "--photos-per-shape", "8", "--renderer", "preview"),
    *("--image-px", "128", "--views", "4", "--views-px", "128", "--workers", "2"),
]


@dataclass(frozen=True)
class Settings:
    """What to try."""

    out: Path
    """Folder for the datasets; emptied first."""

    rounds: int = 10
    """Kills of the main process, and as many of a worker."""

    engine: Literal["local", "ray"] = "local"
    """Where the workers run."""

    seed: int = 0
    """Of the moments."""


def main(settings: Settings) -> None:
    """Print a line a round; exit code 1 if any dataset differs."""
    shutil.rmtree(settings.out, ignore_errors=True)
    settings.out.mkdir(parents=True)
    console, generator = Console(highlight=False), np.random.default_rng(settings.seed)
    whole = settings.out / "whole"
    subprocess.run(_command(whole, settings), check=True, capture_output=True)
    good = True
    for number in range(2 * settings.rounds):
        victim = ("main", "worker")[number % 2]
        again = settings.out / "again"
        shutil.rmtree(again, ignore_errors=True)
        moment = int(generator.integers(SHAPES - 2))
        killed = _run_and_kill(_command(again, settings), again, victim, moment, generator)
        there = len(list((again / "shapes").glob("*/shape.json")))
        subprocess.run(_command(again, settings), check=True, capture_output=True)
        same = _same(whole, again)
        good &= same and killed
        console.print(
            f"{victim} {'' if killed else 'NOT '}killed after {moment} shapes, {there} of {SHAPES} there, "
            f"resumed: {'the same bytes' if same else 'OTHER BYTES'}",
            soft_wrap=True,
        )
    sys.exit(0 if good else 1)


def _command(out: Path, settings: Settings) -> list[str]:
    return [*COMMAND, "--out", str(out), "--engine", settings.engine]


def _run_and_kill(
    command: list[str], out: Path, victim: str, moment: int, generator: np.random.Generator
) -> bool:
    """Kill the main process, or one of its workers, a little after so many shapes are there."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while len(list(out.glob("shapes/*/shape.json"))) < moment and process.poll() is None:
        time.sleep(0.02)
    time.sleep(generator.uniform(0, 0.3))
    target = [process.pid] if victim == "main" else _workers(process.pid)
    while not target and process.poll() is None:
        time.sleep(0.02)
        target = _workers(process.pid)
    if target and process.poll() is None:
        os.kill(target[generator.integers(len(target))], signal.SIGKILL)
    process.wait()
    return bool(target)


def _workers(parent: int) -> list[int]:
    """Processes below another that build shapes."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes()
            if _descends(int(path.name), parent) and (b"spawn_main" in words or b"ray::" in words):
                found.append(int(path.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def _descends(process: int, ancestor: int) -> bool:
    while process > 1:
        process = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
        if process == ancestor:
            return True
    return False


def _same(a: Path, b: Path) -> bool:
    """Whether two folders hold the same files."""
    files = [sorted(p.relative_to(root) for p in root.rglob("*") if p.is_file()) for root in (a, b)]
    return files[0] == files[1] and all(filecmp.cmp(a / name, b / name, shallow=False) for name in files[0])


if __name__ == "__main__":
    main(tyro.cli(Settings))
