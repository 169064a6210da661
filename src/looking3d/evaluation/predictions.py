"""The table of predictions: its columns, and how it is written and read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from looking3d.errors import DatasetError
from looking3d.files import whole

T = TypeVar("T")

PREDICTIONS = "predictions.parquet"

SCHEMA = pa.schema(
    [
        # Which photo, and what is true of it
        *((name, pa.string()) for name in ("shape_id", "photo", "family", "renderer", "kind")),
        *((name, pa.string()) for name in ("part_id", "part_label")),
        *((name, pa.bool_()) for name in ("anomalous", "odd_reference")),
        *((name, pa.int32()) for name in ("width", "height")),
        *((name, pa.float64()) for name in ("azimuth_deg", "elevation_deg", "roll_deg", "focal_length")),
        ("nearest_view_deg", pa.float64()),
        ("changed_share", pa.float64()),
        ("true_boxes", pa.list_(pa.list_(pa.int32()))),
        ("changed", pa.binary()),
        ("patch_labels", pa.binary()),
        # What the detector answered
        ("probability", pa.float64()),
        ("alignment", pa.float64()),
        ("aligned", pa.bool_()),
        ("named_kind", pa.string()),
        ("named_part_id", pa.string()),
        ("named_part_label", pa.string()),
        ("boxes", pa.list_(pa.list_(pa.float64()))),
        ("box_scores", pa.list_(pa.float64())),
        ("window", pa.list_(pa.float64())),
        ("heat_map", pa.binary()),
        ("seconds", pa.float64()),
        # How far its camera is off
        ("found_camera", pa.string()),
        *((name, pa.float64()) for name in ("rotation_error_deg", "azimuth_error_deg", "shift_error_px")),
        *((name, pa.float64()) for name in ("scale_error_log", "reprojection_error_px", "silhouette_iou")),
        # Which view of the reference it is nearest to
        ("true_view_rank", pa.int32()),
        ("found_view_deg", pa.float64()),
        ("view_error_deg", pa.float64()),
    ]
)
"""A row a photo; `docs/evaluation.md` says what the columns hold."""

_LATER = ("named_kind", "found_camera")
"""Columns that earlier versions did not write; read from their files as null."""

_SETTINGS = b"looking3d"


def write_rows(rows: Sequence[dict], path: Path) -> None:
    """Write rows of SCHEMA; the file appears only when it is whole."""
    _write(pa.Table.from_pylist(list(rows), SCHEMA), path)


def join_rows(parts: Iterable[Path], settings: dict, path: Path) -> None:
    """Write the rows of several files as one, with how they came about."""
    table = pa.concat_tables([pq.read_table(part) for part in parts])
    _write(table.replace_schema_metadata({_SETTINGS: json.dumps(settings)}), path)


def _write(table: pa.Table, path: Path) -> None:
    with whole(path) as temporary:
        pq.write_table(table, temporary)


def load_predictions(path: Path) -> dict[str, np.ndarray]:
    """Columns of a predictions.parquet.

    Raises:
        DatasetError: The file is missing or damaged, or an earlier version wrote it.
    """
    table = _read(path, pq.read_table)
    for name in _LATER:
        if name not in table.column_names:
            table = table.append_column(SCHEMA.field(name), pa.nulls(len(table), SCHEMA.field(name).type))
    missing = [name for name in SCHEMA.names if name not in table.column_names]
    if missing:
        raise DatasetError(
            f"{path}: predictions of another version, without {', '.join(missing)}; "
            "run looking3d evaluate again"
        )
    return {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}


def load_settings(path: Path) -> dict:
    """How the predictions came about: weights, dataset, split, camera, and so on.

    Raises:
        DatasetError: The file is missing or damaged.
    """
    return json.loads((_read(path, pq.read_schema).metadata or {}).get(_SETTINGS, b"{}"))


def _read(path: Path, read: Callable[[Path], T]) -> T:
    if not path.is_file():
        raise DatasetError(f"{path}: no predictions there; make them: looking3d evaluate")
    try:
        return read(path)
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path}: not readable predictions ({error}); run: looking3d evaluate") from error
