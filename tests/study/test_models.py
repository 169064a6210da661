from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from looking3d.errors import DatasetError
from looking3d.evaluation.predictions import join_rows, write_rows
from looking3d.study.models import load_answers
from looking3d.study.subset import Subset


@pytest.fixture
def written(subset: Subset, tmp_path: Path) -> Callable[..., Path]:
    """Writes predictions of the subset's pairs, and of one more photo, last pair first."""

    def write(without: int = 0, settings: dict | None = None, **changed: object) -> Path:
        rows = [
            {"shape_id": pair.shape_id, "photo": pair.photo, "anomalous": pair.anomalous}
            | {"probability": i / 10, **changed}
            for i, pair in enumerate(subset.pairs)
        ]
        another = {"shape_id": "s9", "photo": "photos/normal.png", "anomalous": False, "probability": 0.9}
        rows = [another, *rows[without:][::-1]]
        write_rows(rows, tmp_path / "part.parquet")
        path = tmp_path / "predictions.parquet"
        join_rows([tmp_path / "part.parquet"], settings or {}, path)
        return path

    return write


def test_rows_are_found_whatever_their_order(written: Callable[..., Path], subset: Subset) -> None:
    found = load_answers(written(settings={"weights": "align", "camera": "true"}), subset)
    assert found.probability.tolist() == [i / 10 for i in range(8)]
    assert found.name == "align, camera true"


def test_predictions_that_lack_photos_name_and_count_them(
    written: Callable[..., Path], subset: Subset
) -> None:
    first = "s0/photos/normal.png, s0/photos/missing.png, s1/photos/normal.png"
    with pytest.raises(DatasetError, match=rf"lacks 5 of the 8 photos of the subset \({first} and 2 more\)"):
        load_answers(written(without=5), subset)
    with pytest.raises(DatasetError, match=r"lacks 1 of the 8 photos of the subset \(s0/photos/normal.png\)"):
        load_answers(written(without=1), subset)


def test_predictions_of_another_dataset(written: Callable[..., Path], subset: Subset, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is of the dataset ff, the subset of 0123456789abcdef"):
        load_answers(written(settings={"dataset_fingerprint": "ff"}), subset)
    with pytest.raises(DatasetError, match="labels 4 photos otherwise than the subset"):
        load_answers(written(anomalous=True), subset)
    with pytest.raises(DatasetError, match="no predictions there"):
        load_answers(tmp_path / "none.parquet", subset)
