"""Datasets that earlier versions wrote can still be read."""

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from looking3d.dataset.build import build_dataset
from looking3d.dataset.conversion import convert
from looking3d.dataset.load import Dataset, GeneratedDataset
from looking3d.dataset.recipe import Recipe
from looking3d.dataset.statistics import histograms
from looking3d.dataset.validate import validate
from looking3d.errors import DatasetError

NEW_COLUMNS = ["visible", "donor", "donor_match"]
NEW_SETTINGS = ["min_visible", "split_file"]


@pytest.fixture
def old(small: Path, tmp_path: Path) -> Path:
    """A dataset as it was before those columns and settings came."""
    path = tmp_path / "old"
    shutil.copytree(small, path)
    table = pq.read_table(path / "samples.parquet")
    pq.write_table(table.drop_columns(NEW_COLUMNS), path / "samples.parquet")
    for record in path.glob("shapes/*/shape.json"):
        held = json.loads(record.read_text())
        for photo in held["photos"]:
            for name in NEW_COLUMNS:
                del photo[name]
        record.write_text(json.dumps(held))
    manifest = json.loads((path / "dataset.json").read_text())
    for name in NEW_SETTINGS:
        del manifest["recipe"][name]
    del manifest["unlisted"]
    (path / "dataset.json").write_text(json.dumps(manifest))
    return path


def test_samples_and_recipe_have_defaults(old: Path, small: Path) -> None:
    dataset, now = Dataset.open(old), Dataset.open(small)
    assert isinstance(dataset, GeneratedDataset)
    assert dataset.recipe.min_visible == Recipe().min_visible
    assert dataset.recipe.split_file == ""
    for sample, new in zip(dataset.samples, now.samples, strict=True):
        assert (sample.visible, sample.donor, sample.donor_match) == (0.0, "", "")
        same = new.to_json() | {"visible": 0.0, "donor": "", "donor_match": ""}
        assert sample.to_json() == same


def test_what_reads_datasets_takes_it(old: Path, tmp_path: Path) -> None:
    assert validate(old) == []
    dataset = Dataset.open(old)
    assert not any("visible share of" in chart.title for chart in histograms([dataset]))
    convert(dataset, "coco", tmp_path / "coco")


def test_it_is_not_gone_on_with(old: Path, small: Path) -> None:
    recipe = Dataset.open(small).recipe  # type: ignore[attr-defined]
    with pytest.raises(DatasetError, match="holds another dataset"):
        build_dataset(recipe, old)
