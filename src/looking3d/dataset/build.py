"""Build a dataset: one shape -> one folder, then the manifest and the table of samples."""

from __future__ import annotations

import functools
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from looking3d.dataset.engine import run_tasks
from looking3d.dataset.recipe import Recipe
from looking3d.dataset.schema import (
    FORMAT,
    FORMAT_VERSION,
    MANIFEST,
    PARTIAL,
    SAMPLES,
    SHAPES,
    SPLITS,
    read_manifest,
    write_json,
)
from looking3d.dataset.shape_folder import build_shape
from looking3d.dataset.sources import ShapeSource, list_sources, shape_generator
from looking3d.errors import DatasetError

DONORS = 4
"""Other shapes of the same split that a shape's swapped parts come from."""


@dataclass(frozen=True)
class BuildReport:
    """What a run made.

    Attributes:
        path: The dataset.
        shapes: Shapes in it.
        built: Shapes built by this run; the others were there already.
        photos: Photos in it.
        kinds: Photos by kind.
        rejections: Draws that were refused, by reason.
    """

    path: Path
    shapes: int
    built: int
    photos: int
    kinds: dict[str, int]
    rejections: dict[str, int]


def build_dataset(
    recipe: Recipe,
    out: Path,
    workers: int = 1,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> BuildReport:
    """Generate a dataset, or go on where an earlier run of the same recipe stopped.

    Args:
        recipe: What to make.
        out: Folder of the dataset; created, or holding an unfinished run of this recipe.
        workers: Processes; the bytes do not depend on it.
        on_progress: Called with (shapes done, shapes in all).

    Raises:
        DatasetError: `out` holds something else.
        ConfigError, ShapeError: A source cannot be used.
    """
    sources = list_sources(recipe)
    _claim(out, recipe)
    todo = [source for source in sources if not (out / SHAPES / source.id).is_dir()]
    for leftover in (out / SHAPES).glob(f"*{PARTIAL}"):
        shutil.rmtree(leftover)
    done = len(sources) - len(todo)
    on_progress(done, len(sources))
    task = functools.partial(_build_source, recipe=recipe, sources=sources, out=out)
    for _ in run_tasks(task, todo, workers):
        done += 1
        on_progress(done, len(sources))
    return _finish(out, recipe, sources, built=len(todo))


def _claim(out: Path, recipe: Recipe) -> None:
    """Make `out` this recipe's dataset, or refuse."""
    manifest = out / MANIFEST
    if manifest.is_file():
        _check_same(out, recipe)
    elif out.exists() and not out.is_dir():
        raise DatasetError(f"{out}: is a file; choose another --out")
    elif out.exists() and any(out.iterdir()):
        raise DatasetError(f"{out}: is not empty and holds no dataset; choose another --out")
    (out / SHAPES).mkdir(parents=True, exist_ok=True)
    if not manifest.is_file() or not any((out / SHAPES).glob("*/shape.json")):
        write_json(manifest, _manifest(recipe, complete=False))


def _check_same(out: Path, recipe: Recipe) -> None:
    """Refuse a dataset of another recipe, unless nothing of it was built yet."""
    there = read_manifest(out, "choose another --out")
    theirs, mine = there.get("recipe", {}), recipe.to_json()
    differing = [
        f"{key} {theirs.get(key)!r}, not {mine[key]!r}" for key in mine if theirs.get(key) != mine[key]
    ]
    if differing and any((out / SHAPES).glob("*/shape.json")):
        raise DatasetError(
            f"{out}: holds another dataset ({'; '.join(differing)}); choose another --out or remove it"
        )


def _manifest(recipe: Recipe, complete: bool) -> dict:
    return {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "complete": complete,
        "recipe": recipe.to_json(),
    }


def _finish(out: Path, recipe: Recipe, sources: list[ShapeSource], built: int) -> BuildReport:
    """Write the table of samples and the manifest from the shapes' folders."""
    records = [json.loads((out / SHAPES / source.id / "shape.json").read_text()) for source in sources]
    rows = [row for record in records for row in record["photos"]]
    rejections = sum((Counter(record["rejections"]) for record in records), Counter())
    kinds = Counter(row["kind"] for row in rows)
    temporary = out / (SAMPLES + PARTIAL)
    pq.write_table(pa.Table.from_pylist(rows), temporary)
    os.replace(temporary, out / SAMPLES)
    manifest = _manifest(recipe, complete=True) | {
        "counts": {"shapes": len(records), "photos": len(rows), "kinds": dict(sorted(kinds.items()))},
        "odd_references": sum(record["odd"] is not None for record in records),
        "rejections": dict(sorted(rejections.items())),
        "splits": {split: [source.id for source in sources if source.split == split] for split in SPLITS},
    }
    write_json(out / MANIFEST, manifest)
    return BuildReport(out, len(records), built, len(rows), dict(kinds), dict(rejections))


def _build_source(source: ShapeSource, recipe: Recipe, sources: list[ShapeSource], out: Path) -> None:
    generator = shape_generator(recipe, source.id)
    peers = [peer for peer in sources if peer.split == source.split and peer.id != source.id]
    chosen = generator.permutation(len(peers))[:DONORS]
    build_shape(source, [peers[i] for i in chosen], recipe, generator, out / SHAPES / source.id)
