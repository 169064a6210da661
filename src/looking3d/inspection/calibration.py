"""Calibrations, kept in the gallery entry of the reference that they are for; the ones before stay for undo.

Thresholds belong to a reference and the photos of a place; they are never part of weights.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path

from looking3d.errors import ConfigError
from looking3d.files import whole
from looking3d.inspection.conformal import Calibration, Conditions, calibrate_scores
from looking3d.shapes.source_file import shown

__all__ = [
    "FILE",
    "Calibration",
    "Conditions",
    "calibrate_scores",
    "load_calibration",
    "save_calibration",
    "undo_calibration",
]

SCHEMA = 1
"""Version of `calibration.json`; another one is refused."""

FILE = "calibration.json"

HISTORY = 20
"""Calibrations that `undo_calibration` can go back through."""


def load_calibration(entry_path: Path | str) -> Calibration | None:
    """The calibration in use of a gallery's entry; None if there is none.

    Raises:
        ConfigError: The file is damaged or of another version.
    """
    there = _read(Path(entry_path) / FILE)
    return there[-1] if there else None


def save_calibration(entry_path: Path | str, calibration: Calibration) -> None:
    """Put a calibration in use. Those before it are kept, so that `undo_calibration` can go back.

    Raises:
        ConfigError: The entry is gone or cannot be written, or what is there is damaged.
    """
    with _alone(Path(entry_path)) as path:
        _write(path, [*_read(path), calibration][-HISTORY - 1 :])


def undo_calibration(entry_path: Path | str) -> Calibration | None:
    """Go back to the calibration before the one in use.

    Returns:
        What is in use now; None if nothing is.

    Raises:
        ConfigError: There is nothing to undo, or it cannot be written.
    """
    with _alone(Path(entry_path)) as path:
        there = _read(path)[:-1]
        if not path.exists():
            raise ConfigError(f"{shown(path.parent)}: has no calibration; there is nothing to undo")
        _write(path, there)
    return there[-1] if there else None


def _read(path: Path) -> list[Calibration]:
    """All calibrations in a file, the one in use last."""
    advice = "remove the file and calibrate again"
    try:
        data = json.loads(path.read_bytes())
        schema, stored = data["schema"], data["calibrations"]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise ConfigError(f"{shown(path)}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{shown(path)}: damaged ({error}); {advice}") from error
    if schema != SCHEMA:
        raise ConfigError(f"{shown(path)}: has schema {schema}, expected {SCHEMA}; {advice}")
    try:
        return [Calibration.from_json(one) for one in stored]
    except (ConfigError, TypeError) as error:
        raise ConfigError(f"{shown(path)}: {error}; {advice}") from error


def _write(path: Path, calibrations: list[Calibration]) -> None:
    """Write the file whole or not at all; without calibrations there is none."""
    if not calibrations:
        path.unlink()
        return
    data = {"schema": SCHEMA, "calibrations": [one.to_json() for one in calibrations]}
    with whole(path) as temporary:
        temporary.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


@contextlib.contextmanager
def _alone(entry_path: Path) -> Iterator[Path]:
    """The entry's file, which no other process changes meanwhile."""
    try:
        folder = os.open(entry_path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise ConfigError(f"{shown(entry_path)}: is no reference of a gallery ({error.strerror})") from error
    try:
        # Released when the folder is closed, or the process dies.
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield entry_path / FILE
    except OSError as error:
        raise ConfigError(f"{shown(entry_path)}: cannot be written ({error.strerror})") from error
    finally:
        os.close(folder)
