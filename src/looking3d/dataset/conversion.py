"""Write a dataset in another layout: shape by shape, resumable, never half whole."""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, runtime_checkable

from looking3d.dataset.engine import run_tasks
from looking3d.dataset.load import Dataset
from looking3d.dataset.schema import Sample, read_json, write_json
from looking3d.errors import DatasetError, unknown_name
from looking3d.files import PARTIAL

RECORD = "looking3d.json"
"""Says what was converted; written last."""

_WORK = "conversion" + PARTIAL


@runtime_checkable
class Layout(Protocol):
    """How one layout is written."""

    def write_shape(self, dataset: Dataset, samples: list[Sample], first: int, out: Path) -> dict:
        """Write the files of one shape, each whole or not at all, and return its record as plain values.

        Args:
            dataset: What is converted.
            samples: The shape's photos.
            first: Number of the first of them in the dataset.
            out: Folder of the result.
        """
        ...

    def finish(self, dataset: Dataset, records: list[Path], out: Path) -> None:
        """Write what needs all shapes, from the files of their records in the dataset's order."""
        ...


def layouts() -> dict[str, Layout]:
    """The layouts that a dataset can be written in."""
    from looking3d.dataset.brokenchairs_write import BrokenChairs
    from looking3d.dataset.coco import Coco
    from looking3d.dataset.shards import WebDataset

    return {"brokenchairs": BrokenChairs(), "coco": Coco(), "webdataset": WebDataset()}


def convert(
    dataset: Dataset,
    to: str,
    out: Path,
    workers: int = 1,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Write a dataset in another layout, or go on where an earlier run stopped.

    Args:
        dataset: What to convert; it is left as it is.
        to: A name of `layouts`.
        out: Folder of the result; created, or holding an unfinished run.
        workers: Processes; the bytes do not depend on it.
        on_progress: Called with (shapes done, shapes in all).

    Raises:
        ConfigError: There is no such layout.
        DatasetError: `out` holds something else.
    """
    if to not in layouts():
        raise unknown_name("layout", to, layouts())
    by_shape = dataset.by_shape("all")
    key = {"layout": to, "dataset": dataset.fingerprint}
    if not _claim(out, key):
        on_progress(len(by_shape), len(by_shape))
        return
    first, numbered = 0, {}
    for shape_id, samples in by_shape.items():
        numbered[shape_id] = (samples, first)
        first += len(samples)
    records = {shape_id: out / _WORK / f"{shape_id}.json" for shape_id in by_shape}
    todo = [numbered[shape_id] for shape_id in by_shape if not records[shape_id].is_file()]
    done = len(by_shape) - len(todo)
    on_progress(done, len(by_shape))
    task = functools.partial(_write_shape, path=dataset.path, to=to, out=out)
    for _ in run_tasks(task, todo, workers):
        done += 1
        on_progress(done, len(by_shape))
    layouts()[to].finish(dataset, list(records.values()), out)
    write_json(out / RECORD, key)
    shutil.rmtree(out / _WORK)


def _claim(out: Path, key: dict) -> bool:
    """Make `out` this conversion's, or refuse; False if it is whole already."""
    if out.exists() and not out.is_dir():
        raise DatasetError(f"{out}: is a file; choose another --out")
    for path in (out / RECORD, out / _WORK / "key.json"):
        if path.is_file():
            if read_json(path, "choose another --out") != key:
                raise DatasetError(f"{out}: holds another conversion; choose another --out or remove it")
            whole = path.name == RECORD
            if whole:
                shutil.rmtree(out / _WORK, ignore_errors=True)
            return not whole
    if out.exists() and any(path.name != _WORK for path in out.iterdir()):
        raise DatasetError(f"{out}: is not empty; choose another --out")
    (out / _WORK).mkdir(parents=True, exist_ok=True)
    write_json(out / _WORK / "key.json", key)
    return True


@functools.lru_cache(maxsize=1)
def _opened(path: Path) -> Dataset:
    return Dataset.open(path)


def _write_shape(item: tuple[list[Sample], int], path: Path, to: str, out: Path) -> None:
    samples, first = item
    record = layouts()[to].write_shape(_opened(path), samples, first, out)
    write_json(out / _WORK / f"{samples[0].shape_id}.json", record)


def read_records(paths: list[Path]) -> Iterator[dict]:
    """The records one after the other, so that not all are held."""
    for path in paths:
        yield json.loads(path.read_text())
