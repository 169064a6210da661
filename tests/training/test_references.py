import json
import shutil
from multiprocessing.reduction import ForkingPickler
from pathlib import Path

import numpy as np
import pytest

from looking3d.dataset.conversion import convert
from looking3d.dataset.load import Dataset
from looking3d.errors import DatasetError
from looking3d.geometry.camera import ring
from looking3d.training import references
from looking3d.training.references import open_references


def only_folder(cache: Path) -> Path:
    (folder,) = cache.iterdir()
    return folder


def test_arrays_hold_what_the_dataset_does(paired: Dataset, tmp_path: Path) -> None:
    done = []
    arrays = open_references(paired, "train", 64, tmp_path, on_shape=lambda *progress: done.append(progress))
    assert done == [(1, 2), (2, 2)]
    assert arrays.shapes == tuple(paired.by_shape("train"))
    for i, shape_id in enumerate(arrays.shapes):
        reference = paired.reference(shape_id)
        np.testing.assert_array_equal(arrays.views[i], reference.views)
        np.testing.assert_array_equal(arrays.points[i].reshape(5, 8, 8, 3), reference.points)
        np.testing.assert_array_equal(arrays.valid[i].reshape(5, 8, 8), reference.valid)
        np.testing.assert_array_equal(arrays.matches[i].reshape(5, 5, 8, 8), reference.patches(8, 8).matches)
        np.testing.assert_array_equal(arrays.cameras[i], [camera.projection for camera in reference.cameras])
    np.testing.assert_allclose(arrays.angles[0][:, 0], 2 * np.pi * np.arange(5) / 5, atol=1e-5)
    np.testing.assert_allclose(arrays.angles[..., 1], np.radians(20))
    assert isinstance(arrays.views, np.memmap)
    assert not arrays.views.flags.writeable
    assert arrays.surface is None


def test_views_can_have_another_size(paired: Dataset, tmp_path: Path) -> None:
    small, large = (open_references(paired, "train", size, tmp_path) for size in (32, 128))
    views = paired.reference(small.shapes[0]).views
    mean = views[0].reshape(32, 2, 32, 2).mean((1, 3))
    np.testing.assert_allclose(small.views[0, 0], mean, atol=0.51)
    assert large.views.shape[2:] == (128, 128)
    assert small.points.shape[2:] == (16, 3)
    assert large.matches.shape[1:] == (5, 5, 256)


def test_they_are_unpacked_once(paired: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = open_references(paired, "train", 32, tmp_path)
    monkeypatch.setattr(references, "_unpack", None)
    again = open_references(paired, "train", 32, tmp_path)
    np.testing.assert_array_equal(first.views, again.views)
    with pytest.raises(TypeError):
        open_references(paired, "val", 32, tmp_path)
    with pytest.raises(TypeError):
        open_references(paired, "train", 32, tmp_path, true_matches=True)


@pytest.mark.parametrize(
    "damage", ["cut short", "header", "missing", "another count", "description", "leftover"]
)
def test_what_is_damaged_is_unpacked_again(paired: Dataset, tmp_path: Path, damage: str) -> None:
    whole = np.array(open_references(paired, "train", 32, tmp_path).views)
    folder = only_folder(tmp_path)
    views = folder / "views.npy"
    if damage == "cut short":
        views.write_bytes(views.read_bytes()[:-1])
    elif damage == "header":
        views.write_bytes(b"not an array")
    elif damage == "missing":
        (folder / "matches.npy").unlink()
    elif damage == "another count":
        np.save(views, whole[:1])
    elif damage == "description":
        (folder / "references.json").write_text("{")
    else:
        # What a process leaves that is killed while it unpacks
        folder.rename(tmp_path / ".partial-0")
    again = open_references(paired, "train", 32, tmp_path)
    np.testing.assert_array_equal(again.views, whole)
    assert folder.is_dir()
    assert {path.name for path in tmp_path.iterdir()} - {".partial-0"} == {folder.name}


def test_a_process_that_fails_leaves_nothing(
    paired: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken_off(shape_id: str, **rest: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(references, "_unpack_shape", broken_off)
    with pytest.raises(KeyboardInterrupt):
        open_references(paired, "train", 32, tmp_path)
    assert not list(tmp_path.iterdir())


def test_of_two_processes_the_faster_one_is_followed(
    paired: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_json = references.write_json

    def overtaken(path: Path, data: dict) -> None:
        monkeypatch.setattr(references, "write_json", write_json)
        open_references(paired, "train", 32, tmp_path)
        write_json(path, data)

    monkeypatch.setattr(references, "write_json", overtaken)
    assert open_references(paired, "train", 32, tmp_path).view_count == 5
    assert len(list(tmp_path.iterdir())) == 1


def test_another_process_maps_the_files_itself(paired: Dataset, tmp_path: Path) -> None:
    arrays = open_references(paired, "train", 64, tmp_path)
    sent = ForkingPickler.dumps(arrays)
    assert len(sent) < 1000
    got = ForkingPickler.loads(sent)
    np.testing.assert_array_equal(got.views, arrays.views)
    assert isinstance(got.views, np.memmap)


def test_workers_do_not_change_the_arrays(paired: Dataset, tmp_path: Path) -> None:
    one = open_references(paired, "train", 32, tmp_path / "one", true_matches=True)
    two = open_references(paired, "train", 32, tmp_path / "two", true_matches=True, workers=2)
    for path in only_folder(tmp_path / "one").iterdir():
        assert (two.folder / path.name).read_bytes() == (one.folder / path.name).read_bytes()


def with_other_views(paired: Dataset, tmp_path: Path, views: np.ndarray) -> Dataset:
    """The dataset, whose last training shape has other views."""
    copy = tmp_path / "copy"
    shutil.copytree(paired.path, copy)
    path = copy / "shapes" / list(paired.by_shape("train"))[-1] / "reference.npz"
    with np.load(path) as stored:
        arrays = dict(stored)
    count = len(views)
    cameras = ring(count, 0.35, 64)
    arrays |= {
        "views": views,
        "depth": np.full(views.shape, 2.5, np.float32),
        "T_camera_world": np.stack([camera.T_camera_world for camera in cameras]),
        "focal_px": np.array([camera.focal_px for camera in cameras]),
        "center_px": np.stack([camera.center_px for camera in cameras]),
    }
    np.savez(path, **arrays)
    return Dataset.open(copy)


def test_views_that_differ_in_number_are_refused(paired: Dataset, tmp_path: Path) -> None:
    dataset = with_other_views(paired, tmp_path, np.zeros((4, 64, 64), np.uint8))
    with pytest.raises(DatasetError, match=r"has 4 views, .* has 5; expected as many of each shape"):
        open_references(dataset, "train", 32, tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


def test_views_that_are_not_square_are_refused(paired: Dataset, tmp_path: Path) -> None:
    dataset = with_other_views(paired, tmp_path, np.zeros((5, 64, 72), np.uint8))
    with pytest.raises(DatasetError, match="expected square views, got 72 x 64 px"):
        open_references(dataset, "train", 32, tmp_path / "cache")


def test_the_published_layout_is_unpacked_too(paired: Dataset, tmp_path: Path) -> None:
    convert(paired, "brokenchairs", tmp_path / "published")
    ours = open_references(paired, "train", 64, tmp_path / "cache")
    theirs = open_references(Dataset.open(tmp_path / "published"), "train", 64, tmp_path / "cache")
    assert theirs.views.shape == ours.views.shape
    assert (theirs.matches >= 0).mean() > 0.5 * (ours.matches >= 0).mean() > 0
    np.testing.assert_allclose(theirs.cameras, ours.cameras, atol=1e-3)


def test_the_description_says_what_it_was_made_from(paired: Dataset, tmp_path: Path) -> None:
    arrays = open_references(paired, "train", 32, tmp_path)
    description = json.loads((arrays.folder / "references.json").read_text())
    assert description["dataset"] == paired.fingerprint
    assert (description["split"], description["size_px"]) == ("train", 32)
