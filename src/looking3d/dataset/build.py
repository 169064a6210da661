"""Build a dataset: one shape -> one folder, then the manifest and the table of samples."""

from __future__ import annotations

import functools
import io
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from looking3d.dataset.engine import Engine, LocalEngine, Outcome, summary_of_losses
from looking3d.dataset.recipe import Recipe
from looking3d.dataset.schema import (
    FORMAT,
    FORMAT_VERSION,
    MANIFEST,
    RECORD,
    SAMPLES,
    SHAPES,
    SPLITS,
    json_bytes,
    parse_manifest,
)
from looking3d.dataset.shape_folder import build_shape
from looking3d.dataset.sources import ShapeSource, donors_of, list_sources, shape_generator
from looking3d.dataset.storage import Store, open_store
from looking3d.errors import DatasetError, ShapeError
from looking3d.render.assets import NO_ASSETS, PhotoAssets


@dataclass(frozen=True)
class BuildReport:
    """What a run made.

    Attributes:
        where: The dataset.
        shapes: Shapes in it.
        built: Shapes built by this run; the others were there already.
        photos: Photos in it.
        kinds: Photos by kind.
        rejections: Draws that were refused, by reason.
        refused: Why shapes cannot be used, by id.
        failed: Why workers were lost on shapes each time they were tried, by id; another run tries again.
        unlisted: Shapes that the split file does not name, and that were left out.
        losses: How often workers were lost, by reason.
        peak_bytes: Most memory that a worker held.
    """

    where: str
    shapes: int
    built: int
    photos: int
    kinds: dict[str, int]
    rejections: dict[str, int]
    refused: dict[str, str]
    failed: dict[str, str]
    unlisted: int
    losses: dict[str, int]
    peak_bytes: int


def build_dataset(
    recipe: Recipe,
    out: Path | str,
    engine: Engine | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> BuildReport:
    """Generate a dataset, or go on where an earlier run of the same recipe stopped.

    A shape that cannot be used is left out and listed in the manifest with the reason, and so is one on
    which workers died again and again; neither stops the run.

    Args:
        recipe: What to make.
        out: Folder or fsspec URL; created, or holding an unfinished run of this recipe.
        engine: What runs the work, by default this process; the bytes do not depend on it.
        on_progress: Called with (shapes done, shapes in all).

    Raises:
        DatasetError: `out` holds something else.
        ConfigError: The recipe cannot be followed.
        ShapeError: No source can be used.
        MapError: A file of the materials or environments cannot be used.
    """
    (sources, unlisted), assets = list_sources(recipe), recipe.find_assets()
    store = open_store(out)
    claim(store, recipe, assets)
    store.clear_leftovers()
    there = store.finished()
    todo = [source for source in sources if source.id not in there]
    done = len(sources) - len(todo)
    on_progress(done, len(sources))
    task = functools.partial(build_source, recipe=recipe, sources=sources, store=store, assets=assets)
    outcomes: list[Outcome[ShapeSource, str]] = []
    for outcome in (engine or LocalEngine()).run(task, todo):
        outcomes.append(outcome)
        done += 1
        on_progress(done, len(sources))
    return _finish(store, recipe, assets, sources, unlisted, outcomes)


def claim(store: Store, recipe: Recipe, assets: PhotoAssets = NO_ASSETS) -> None:
    """Make a store this recipe's dataset.

    Raises:
        DatasetError: It holds something else.
    """
    data = store.read(MANIFEST)
    if data is None:
        if not store.is_empty():
            raise DatasetError(f"{store}: is not empty and holds no dataset; choose another --out")
    elif store.finished():
        _check_same(store, data, recipe, assets)
        return
    store.write(MANIFEST, json_bytes(_manifest(recipe, assets, complete=False)))


def _check_same(store: Store, data: bytes, recipe: Recipe, assets: PhotoAssets) -> None:
    """Refuse a dataset of another recipe, or of other files."""
    there = parse_manifest(data, str(store), "choose another --out")
    if "min_visible" not in there.get("recipe", {}):
        raise DatasetError(
            f"{store}: holds another dataset (an earlier version made it, which draws anomalies in other "
            "ways); choose another --out"
        )
    # A setting that is younger than the dataset had its default
    theirs, mine = Recipe().to_json() | there.get("recipe", {}), recipe.to_json()
    differing = [
        f"{key} {theirs.get(key)!r}, not {mine[key]!r}" for key in mine if theirs.get(key) != mine[key]
    ]
    if differing:
        raise DatasetError(
            f"{store}: holds another dataset ({'; '.join(differing)}); choose another --out or remove it"
        )
    for what, mine in assets.fingerprint().items():
        theirs = there.get("assets", {}).get(what, {})
        changed = sorted(name for name in mine | theirs if mine.get(name) != theirs.get(name))
        if changed:
            raise DatasetError(
                f"{store}: was begun with other files in --{what}: {', '.join(changed[:5])} "
                f"{'are' if len(changed) > 1 else 'is'} new, gone or changed; choose another --out, or "
                "bring the files back"
            )


def _manifest(recipe: Recipe, assets: PhotoAssets, complete: bool) -> dict:
    return {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "complete": complete,
        "recipe": recipe.to_json(),
        "assets": assets.fingerprint(),
    }


def _finish(
    store: Store,
    recipe: Recipe,
    assets: PhotoAssets,
    sources: list[ShapeSource],
    unlisted: list[str],
    outcomes: list[Outcome[ShapeSource, str]],
) -> BuildReport:
    """Write the table of samples and the manifest from the shapes' records."""
    refused = {outcome.item.id: outcome.result for outcome in outcomes if outcome.result}
    failed = {outcome.item.id: outcome.failure for outcome in outcomes if outcome.failure}
    left = [source for source in sources if source.id not in refused and source.id not in failed]
    if not left:
        reasons = refused | failed
        first = min(reasons)
        raise ShapeError(f"none of the {len(sources)} shapes could be used; {first}: {reasons[first]}")
    records = [json.loads(store.read(f"{SHAPES}/{source.id}/{RECORD}") or b"") for source in left]
    rows = [row for record in records for row in record["photos"]]
    if not rows:
        raise DatasetError(f"{store}: no photo was kept; allow more kinds or a smaller --min-changed")
    rejections = sum((Counter(record["rejections"]) for record in records), Counter())
    kinds = Counter(row["kind"] for row in rows)
    table = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), table)
    store.write(SAMPLES, table.getvalue())
    manifest = _manifest(recipe, assets, complete=True) | {
        "counts": {"shapes": len(records), "photos": len(rows), "kinds": dict(sorted(kinds.items()))},
        "odd_references": sum(record["odd"] is not None for record in records),
        "rejections": dict(sorted(rejections.items())),
        "refused": dict(sorted(refused.items())),
        "failed": dict(sorted(failed.items())),
        "unlisted": len(unlisted),
        "splits": {split: [source.id for source in left if source.split == split] for split in SPLITS},
    }
    store.write(MANIFEST, json_bytes(manifest))
    return BuildReport(
        where=str(store),
        shapes=len(records),
        built=len(outcomes) - len(refused) - len(failed),
        photos=len(rows),
        kinds=dict(kinds),
        rejections=dict(rejections),
        refused=manifest["refused"],
        failed=manifest["failed"],
        unlisted=len(unlisted),
        losses=summary_of_losses(outcomes),
        peak_bytes=max((outcome.peak_bytes for outcome in outcomes), default=0),
    )


def build_source(
    source: ShapeSource,
    recipe: Recipe,
    sources: list[ShapeSource],
    store: Store,
    assets: PhotoAssets = NO_ASSETS,
) -> str:
    """Why the shape cannot be used; empty if its folder was built."""
    generator = shape_generator(recipe, source.id)
    donors = donors_of(source, sources, generator)
    try:
        store.add_shape(
            source.id, lambda folder: build_shape(source, donors, recipe, generator, folder, assets)
        )
    except ShapeError as error:
        return str(error)
    return ""
