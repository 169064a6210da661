"""Published splits: which shapes are for training, validation and test, as others have decided."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from looking3d.dataset.schema import SPLITS
from looking3d.errors import ConfigError
from looking3d.shapes.source_file import shown

_EXPECTED = (
    "expected PartNet's folder train_val_test_split (NAME.train.json, NAME.val.json, NAME.test.json, each a "
    'list of {"anno_id": ...}), or one JSON file like {"train": [ids], "val": [ids], "test": [ids]}'
)


def read_split_file(path: Path | str) -> dict[str, str]:
    """The split of each shape that a split file names, by the name of the shape's file or folder.

    Args:
        path: A folder as PartNet publishes it, or one JSON file with a list of ids a split. An id is a
            string, a number, or an object with an `anno_id`.

    Raises:
        ConfigError: There is nothing at the path, or something else, or an id is in two splits.
    """
    path = Path(path)
    if path.is_dir():
        files = sorted(path.glob("*.json"))
        lists = [(_split_of(file), file, _json(file)) for file in files if _split_of(file)]
    elif path.is_file():
        held = _json(path)
        if not isinstance(held, dict):
            raise ConfigError(f"{shown(path)}: holds no lists under train, val and test; {_EXPECTED}")
        lists = [(split, path, held[split]) for split in SPLITS if split in held]
    else:
        raise ConfigError(f"split-file: {shown(path)} does not exist; {_EXPECTED}")
    if not lists:
        raise ConfigError(f"{shown(path)}: names no split; {_EXPECTED}")
    splits: dict[str, str] = {}
    for split, file, entries in lists:
        for shape_id in _ids(entries, file):
            if splits.setdefault(shape_id, split) != split:
                raise ConfigError(
                    f"{shown(file)}: {shape_id} is in {splits[shape_id]} and in {split}; "
                    "a shape can be in one split only, remove one of them"
                )
    return splits


def _split_of(file: Path) -> str:
    """The split that a name like `Chair.train.json` states, or nothing."""
    found = re.search(rf"(?:^|\.)({'|'.join(SPLITS)})$", file.stem)
    return found[1] if found else ""


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes())
    except OSError as error:
        raise ConfigError(f"{shown(file)}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{shown(file)}: not valid JSON ({error}); {_EXPECTED}") from error


def _ids(entries: Any, file: Path) -> list[str]:
    if not isinstance(entries, list):
        raise ConfigError(f"{shown(file)}: a split is a {type(entries).__name__}, not a list; {_EXPECTED}")
    ids = [entry.get("anno_id") if isinstance(entry, dict) else entry for entry in entries]
    for entry, shape_id in zip(entries, ids):
        if not isinstance(shape_id, str | int) or isinstance(shape_id, bool):
            raise ConfigError(f"{shown(file)}: {entry!r} names no shape; {_EXPECTED}")
    return [str(shape_id) for shape_id in ids]
