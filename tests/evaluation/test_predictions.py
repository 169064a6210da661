from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from looking3d.errors import DatasetError
from looking3d.evaluation.predictions import SCHEMA, join_rows, load_predictions, load_settings, write_rows


def test_rows_come_back_with_what_made_them(rows: Callable[..., list[dict]], tmp_path: Path) -> None:
    some = rows(5)
    # Nothing is found in any photo of a shape: its file has no value to tell the type by.
    some[0] |= {"boxes": [], "box_scores": [], "true_boxes": []}
    write_rows(some[:1], tmp_path / "a.parquet")
    write_rows(some[1:], tmp_path / "b.parquet")
    path = tmp_path / "predictions.parquet"
    join_rows([tmp_path / "a.parquet", tmp_path / "b.parquet"], {"camera": "true"}, path)
    assert pq.read_table(path).to_pylist() == some
    assert load_settings(path) == {"camera": "true"}
    columns = load_predictions(path)
    assert set(columns) == set(SCHEMA.names)
    np.testing.assert_array_equal(columns["probability"], [row["probability"] for row in some])
    assert [[list(box) for box in found] for found in columns["boxes"]] == [row["boxes"] for row in some]


def test_missing_and_damaged_predictions(tmp_path: Path) -> None:
    path = tmp_path / "predictions.parquet"
    with pytest.raises(DatasetError, match="no predictions there"):
        load_predictions(path)
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(DatasetError, match="not readable predictions"):
        load_settings(path)


def test_predictions_of_an_earlier_version_are_refused(
    rows: Callable[..., list[dict]], tmp_path: Path
) -> None:
    path = tmp_path / "predictions.parquet"
    write_rows(rows(3), path)
    pq.write_table(pq.read_table(path).drop_columns(["boxes", "aligned"]), path)
    with pytest.raises(DatasetError, match="without aligned, boxes; run looking3d evaluate again"):
        load_predictions(path)


def test_columns_that_came_later_are_null(rows: Callable[..., list[dict]], tmp_path: Path) -> None:
    path = tmp_path / "predictions.parquet"
    write_rows(rows(3), path)
    later = ["named_kind", "found_camera"]
    pq.write_table(pq.read_table(path).drop_columns(later), path)
    columns = load_predictions(path)
    assert [list(columns[name]) for name in later] == [[None] * 3] * 2
