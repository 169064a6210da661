import dataclasses
import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np

from looking3d.dataset.contact_sheet import kind_sheet
from looking3d.dataset.conversion import convert
from looking3d.dataset.leaks import find_leaks
from looking3d.dataset.load import Dataset
from looking3d.dataset.statistics import histograms, rejections, table_1
from looking3d.dataset.statistics_page import write_page


def test_table_1_counts_by_kind(small: Path) -> None:
    dataset = Dataset.open(small)
    rows = {row.name: row for row in table_1([dataset])}
    for kind in {sample.kind for sample in dataset.samples}:
        photos = Counter(sample.shape_id for sample in dataset.samples if sample.kind == kind)
        views = sorted(photos.values())
        assert rows[kind].shapes == len(photos)
        assert rows[kind].images == sum(views)
        assert rows[kind].views == (views[0], views[-1], np.median(views))
    kinds = [rows[name] for name in rows if name not in ("anomalous", "normal")]
    assert rows["anomalous"].images == sum(row.images for row in kinds)
    assert rows["anomalous"].shapes == sum(row.shapes for row in kinds)
    assert list(rows)[-2:] == ["anomalous", "normal"]


def test_histograms_hold_every_photo(small: Path) -> None:
    dataset = Dataset.open(small)
    charts = {chart.title: chart for chart in histograms([dataset])}
    anomalous = sum(sample.anomalous for sample in dataset.samples)
    for title, expected in (
        ("part", anomalous),
        ("changed pixels, % of the photo", anomalous),
        ("visible share of the part, %", anomalous),
        ("azimuth, degrees", 24),
        ("elevation, degrees", 24),
    ):
        assert sum(sum(counts) for counts in charts[title].counts.values()) == expected
        assert all(len(counts) == len(charts[title].bins) for counts in charts[title].counts.values())


def test_rejections_are_those_of_the_manifest(small: Path) -> None:
    assert rejections([Dataset.open(small)]) == json.loads((small / "dataset.json").read_text())["rejections"]


def test_leaks_are_found_by_id_source_and_geometry(small: Path, tmp_path: Path) -> None:
    dataset = Dataset.open(small)
    assert find_leaks([dataset]) == []
    # The same shapes with two splits swapped, as another dataset.
    splits = dataset.splits
    swapped = dataclasses.replace(
        dataset, splits={**splits, "train": splits["test"], "test": splits["train"]}
    )
    leaks = find_leaks([dataset, swapped])
    assert {leak.what for leak in leaks} == {"id", "source", "geometry"}
    assert find_leaks([dataset, dataset]) == []
    # A copy under another name, with its vertices in another order.
    root = tmp_path / "set"
    shutil.copytree(small, root)
    first, other = splits["train"][0], splits["test"][0]
    with np.load(root / "shapes" / first / "reference.npz") as stored:
        held = dict(stored)
    held["vertices"] = held["vertices"][::-1]
    np.savez_compressed(root / "shapes" / other / "reference.npz", **held)
    (leak,) = find_leaks([Dataset.open(root)])
    assert leak.what == "geometry"
    assert f"{first} in train" in str(leak)
    assert f"{other} in test" in str(leak)


def test_page_stands_alone_and_has_a_sheet_a_kind(small: Path, tmp_path: Path) -> None:
    dataset = Dataset.open(small)
    convert(dataset, "brokenchairs", tmp_path / "published")
    for data in (dataset, Dataset.open(tmp_path / "published")):
        write_page([data], find_leaks([data]), tmp_path / "page.html")
        page = (tmp_path / "page.html").read_text()
        assert page.count("data:image/jpeg") == len({sample.kind for sample in dataset.samples})
        assert "No shape is in two splits" in page
        assert "http" not in page.replace('http-equiv="', "")
    sheet = kind_sheet([dataset], "normal", rows=1)
    assert sheet.shape == (218, 1600, 3)
    assert sheet.dtype == np.uint8
