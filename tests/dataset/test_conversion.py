import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO

from looking3d.dataset import shards
from looking3d.dataset.conversion import convert
from looking3d.dataset.load import Dataset
from looking3d.dataset.schema import Masks
from looking3d.errors import ConfigError, DatasetError


def files(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_coco_is_read_by_pycocotools(small: Path, tmp_path: Path, capsys) -> None:
    dataset = Dataset.open(small)
    convert(dataset, "coco", tmp_path / "coco")
    seen = 0
    for split in ("train", "val", "test"):
        coco = COCO(tmp_path / "coco" / "annotations" / f"instances_{split}.json")
        samples = dataset.split(split)
        assert len(coco.getImgIds()) == len(samples)
        images = {image["id"]: image for image in coco.loadImgs(coco.getImgIds())}
        for number, sample in zip(sorted(images), samples, strict=True):
            path = tmp_path / "coco" / "images" / split / images[number]["file_name"]
            np.testing.assert_array_equal(np.asarray(Image.open(path)), dataset.photo(sample))
            annotations = coco.loadAnns(coco.getAnnIds([number]))
            assert len(annotations) == sample.anomalous
            for annotation in annotations:
                changed = dataset.masks(sample).changed
                np.testing.assert_array_equal(coco.annToMask(annotation).astype(bool), changed)
                assert annotation["area"] == sample.changed_px
                assert tuple(annotation["bbox"]) == sample.box
                assert coco.loadCats([annotation["category_id"]])[0]["name"] == sample.kind
                seen += 1
    assert seen == sum(sample.anomalous for sample in dataset.samples) > 0


def test_shards_hold_photos_masks_labels_and_references(small: Path, tmp_path: Path) -> None:
    dataset = Dataset.open(small)
    convert(dataset, "webdataset", tmp_path / "one")
    members: dict[str, bytes] = {}
    for path in sorted((tmp_path / "one").glob("*.tar")):
        with tarfile.open(path) as tar:
            for info in tar:
                assert (info.mtime, info.uid, info.gid, info.uname) == (0, 0, 0, "")
                file = tar.extractfile(info)
                assert file is not None
                members[info.name] = file.read()
    for shape_id, samples in dataset.by_shape("all").items():
        for number, sample in enumerate(samples):
            key = f"{shape_id}_{number:03d}"
            assert json.loads(members[key + ".json"])["kind"] == sample.kind
            assert members[key + ".png"] == dataset.photo_path(sample).read_bytes()
            (tmp_path / "mask.png").write_bytes(members[key + ".mask.png"])
            np.testing.assert_array_equal(
                Masks.load(tmp_path / "mask.png").changed, dataset.masks(sample).changed
            )
        with np.load(io.BytesIO(members[shape_id + ".npz"])) as stored:
            np.testing.assert_array_equal(stored["views"], dataset.reference(shape_id).views)


def test_shards_have_the_same_bytes_with_two_workers_and_are_cut_by_size(
    small: Path, tmp_path: Path, monkeypatch
) -> None:
    dataset = Dataset.open(small)
    convert(dataset, "webdataset", tmp_path / "one")
    convert(dataset, "webdataset", tmp_path / "two", workers=2)
    assert files(tmp_path / "one") == files(tmp_path / "two")
    monkeypatch.setattr(shards, "SHARD_BYTES", 1000)
    convert(dataset, "webdataset", tmp_path / "cut")
    names = {path.name for path in (tmp_path / "cut").glob("train*.tar")}
    assert names == {"train-000000.tar", "train-000001.tar"}


@pytest.mark.filterwarnings("ignore")  # its own
def test_shards_are_read_by_webdataset(small: Path, tmp_path: Path) -> None:
    import webdataset

    dataset = Dataset.open(small)
    convert(dataset, "webdataset", tmp_path / "one")
    urls = str(tmp_path / "one" / "train-000000.tar")
    read = list(webdataset.WebDataset(urls, shardshuffle=False).decode("rgb8"))
    samples = dataset.split("train")
    assert len(read) == len(samples)
    for row, sample in zip(read, samples, strict=True):
        assert row["json"]["shape_id"] == sample.shape_id
        np.testing.assert_array_equal(row["png"], dataset.photo(sample))
        assert row["mask.png"].shape[:2] == row["png"].shape[:2]


def test_a_published_dataset_is_converted_too(small: Path, tmp_path: Path) -> None:
    convert(Dataset.open(small), "brokenchairs", tmp_path / "published")
    published = Dataset.open(tmp_path / "published")
    convert(published, "coco", tmp_path / "coco")
    convert(published, "webdataset", tmp_path / "shards")
    assert len(list((tmp_path / "coco").rglob("*.png"))) == len(published.samples)
    with pytest.raises(DatasetError, match="stores views, no mesh"):
        convert(published, "brokenchairs", tmp_path / "again")


def test_bad_targets_are_refused(small: Path, tmp_path: Path) -> None:
    dataset = Dataset.open(small)
    with pytest.raises(
        ConfigError, match="unknown layout 'yolo'; choose one of: brokenchairs, coco, webdataset"
    ):
        convert(dataset, "yolo", tmp_path / "out")
    (tmp_path / "thesis.txt").write_text("all of it")
    with pytest.raises(DatasetError, match="is not empty; choose another --out"):
        convert(dataset, "coco", tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "all of it"
