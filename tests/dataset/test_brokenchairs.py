import dataclasses
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from looking3d.dataset import brokenchairs_write
from looking3d.dataset.brokenchairs import EXTRA, camera_from_matrices, read_mask
from looking3d.dataset.conversion import convert
from looking3d.dataset.foreign_npy import load_array_dict
from looking3d.dataset.load import Dataset
from looking3d.errors import DatasetError
from looking3d.geometry.camera import orbit


@pytest.fixture(scope="session")
def published(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("published") / "BrokenChairs"
    convert(Dataset.open(small), "brokenchairs", out)
    return out


def bare(published: Path, tmp_path: Path) -> Path:
    """The layout as others write it: without this package's own labels."""
    shutil.copytree(published, tmp_path / "bare")
    for path in (tmp_path / "bare").rglob(EXTRA):
        path.unlink()
    return tmp_path / "bare"


def test_samples_come_back_the_same(small: Path, published: Path) -> None:
    ours, theirs = Dataset.open(small), Dataset.open(published)
    assert theirs.splits == ours.splits
    assert len(theirs.samples) == len(ours.samples)
    back = {(sample.shape_id, sample.seed): sample for sample in theirs.samples}
    for sample in ours.samples:
        other = back[sample.shape_id, sample.seed]
        changed = {field.name: getattr(sample, field.name) for field in dataclasses.fields(sample)}
        for name in set(changed) - {"photo", "camera"}:
            assert getattr(other, name) == changed[name], name
        np.testing.assert_array_equal(other.camera.T_camera_world, sample.camera.T_camera_world)
        np.testing.assert_array_equal(theirs.photo(other), ours.photo(sample))
        masks, expected = theirs.masks(other), ours.masks(sample)
        for name in ("object", "before", "after", "changed"):
            np.testing.assert_array_equal(getattr(masks, name), getattr(expected, name))


def test_the_published_fields_alone_tell_shape_split_kind_box_part_and_camera(
    small: Path, published: Path, tmp_path: Path
) -> None:
    ours, theirs = Dataset.open(small), Dataset.open(bare(published, tmp_path))
    texture = {int(Path(sample.photo).name.split("_")[2]): sample for sample in theirs.samples}
    assert len(texture) == len(ours.samples)
    for sample in ours.samples:
        other = texture[sample.seed]
        assert other.shape_id == sample.shape_id.replace("_", "-")
        assert (other.split, other.kind, other.box) == (sample.split, sample.kind, sample.box)
        np.testing.assert_allclose(other.camera.T_camera_world, sample.camera.T_camera_world, atol=1e-6)
        masks, expected = theirs.masks(other), ours.masks(sample)
        np.testing.assert_array_equal(masks.before, expected.before)
        np.testing.assert_array_equal(masks.after, expected.after)
        if sample.anomalous and sample.kind != "missing":
            np.testing.assert_array_equal(masks.object, expected.object)


def test_every_published_field_is_there(published: Path) -> None:
    for image in (published / "images").rglob("*.png"):
        info = Path(str(image).replace("images", "annotations").replace("render_", "info_")).with_suffix("")
        info = info.with_name(image.name.replace("render_", "info_").replace(".png", ".json"))
        assert info.is_file() == ("anomaly" in image.name)
        if info.is_file():
            assert {"2d_bbox", "IoU", "K", "RT", "texture_id"} <= set(json.loads(info.read_text()))
            rest = image.name.removeprefix("render_")
            assert (info.parent / f"mask_new_{rest}").is_file()
            assert (info.parent / f"mask_old_{rest}").is_file() != ("missing" in rest)
    for folder in (published / "shapes").iterdir():
        assert (folder / "model_id.txt").read_text().startswith("procedural:chair seed=")
        views = sorted((folder / "mv_images").glob("*.png"))
        assert len(views) == 5
        for view in views:
            stem = str(view).removesuffix(".png")
            assert set(json.loads(Path(stem + ".json").read_text())) == {"K", "RT", "RT_"}
            held = load_array_dict(Path(stem + ".npy"), ("xyz", "pxy", "is_visible"))
            assert held["xyz"].shape == (8, 8, 3)
            assert held["pxy"].shape == (len(held["is_visible"]), 2)
            assert held["is_visible"].dtype == bool
    split = json.loads((published / "split.json").read_text())
    assert {i for ids in split.values() for i in ids} == {
        path.name.removeprefix("shape_") for path in (published / "shapes").iterdir()
    }


def test_the_authors_projection_falls_on_the_silhouette(small: Path, published: Path) -> None:
    """Row = round(y), column = size - round(x), with P = K RT[:3], against what was rendered."""
    ours = Dataset.open(small)
    for shape_id in ours.splits["train"]:
        vertices = ours.reference(shape_id).raycaster().vertices
        folder = published / "shapes" / f"shape_{shape_id.replace('_', '-')}"
        for view in (folder / "mv_images").glob("*.png"):
            stored = json.loads(Path(str(view).removesuffix(".png") + ".json").read_text())
            P = np.array(stored["K"]) @ np.array(stored["RT"])[:3]
            x, y, w = P @ np.concatenate([vertices, np.ones((len(vertices), 1))], 1).T
            silhouette = np.argwhere(np.asarray(Image.open(view)) < 255)
            rows, columns = np.round(y / w), 64 - np.round(x / w)
            low, high = silhouette.min(0), silhouette.max(0)
            assert np.abs(np.array([rows.min(), columns.min()]) - low).max() <= 1.5
            assert np.abs(np.array([rows.max(), columns.max()]) - high).max() <= 1.5
            np.testing.assert_allclose(np.array(stored["RT_"]) @ np.array(stored["RT"]), np.eye(4), atol=1e-9)


def test_read_cameras_draw_the_silhouettes_of_the_views(small: Path, published: Path) -> None:
    theirs = Dataset.open(published)
    ours = Dataset.open(small)
    shape_id = ours.splits["train"][0]
    raycaster, reference = ours.reference(shape_id).raycaster(), theirs.reference(shape_id)
    for camera, view, points, valid in zip(
        reference.cameras, reference.views, reference.points, reference.valid, strict=True
    ):
        drawn = raycaster.draw(camera).mask
        # An outline's pixels are shaded by halves.
        assert (drawn == (view < 255)).mean() > 0.95
        xy, _ = camera.project(points[valid].astype(float))
        rows, columns = np.nonzero(valid)
        np.testing.assert_array_equal(xy // 8, np.stack([columns, rows], -1))


def test_a_mirrored_renderer_is_understood() -> None:
    camera = orbit(0.7, 0.4, 64)
    mirrored = np.diag([-1.0, 1.0, 1.0, 1.0]) @ camera.T_camera_world
    read = camera_from_matrices(camera.K, mirrored, 64, 64, "view")
    np.testing.assert_allclose(read.T_camera_world, camera.T_camera_world)
    with pytest.raises(DatasetError, match="view: RT is no rotation"):
        camera_from_matrices(camera.K, camera.T_camera_world, 64, 64, "view")


def test_azimuths_are_read_as_the_views_name_them(published: Path, tmp_path: Path) -> None:
    """A renderer that turns the other way from another zero: file names change, matrices stay."""
    folder = bare(published, tmp_path)
    expected = {s.photo.split("_")[2]: s.camera.T_camera_world for s in Dataset.open(folder).samples}
    for path in [
        *folder.rglob("mv_images/*"),
        *folder.rglob("render_*.png"),
        *folder.rglob("annotations/*/*"),
    ]:
        fields = path.name.split("_")
        at = 2 if path.parent.name == "mv_images" else len(fields) - (4 if "normal" in path.name else 5)
        fields[at] = f"{(90 - float(fields[at])) % 360:.6f}"
        path.rename(path.with_name("_".join(fields)))
    for sample in Dataset.open(folder).samples:
        np.testing.assert_allclose(
            sample.camera.T_camera_world, expected[sample.photo.split("_")[2]], atol=1e-4
        )


def test_correspondences_show_one_point(small: Path, published: Path) -> None:
    ours, theirs = Dataset.open(small), Dataset.open(published)
    shape_id = ours.splits["train"][0]
    generated, reference = ours.reference(shape_id), theirs.reference(shape_id)
    matches = reference.correspondences(0, 1)
    assert len(matches.a) > 50
    for pixels, view in ((matches.a, 0), (matches.b, 1)):
        x, y = np.floor(pixels).astype(int).T
        assert (generated.depth[view][y, x] > 0).all()


def test_patches_are_nearly_those_that_depth_gives(small: Path, published: Path) -> None:
    ours, theirs = Dataset.open(small), Dataset.open(published)
    shape_id = ours.splits["train"][0]
    expected, got = (dataset.reference(shape_id).patches(8, 8) for dataset in (ours, theirs))
    assert (got.valid == expected.valid).mean() > 0.95
    both = (got.matches >= 0) & (expected.matches >= 0)
    assert both.sum() > 20
    rows, columns = (
        np.abs(f(got.matches[both]) - f(expected.matches[both])) for f in (lambda p: p // 8, lambda p: p % 8)
    )
    assert (np.maximum(rows, columns) <= 1).mean() > 0.9


def test_in_a_grey_mask_the_part_is_white(tmp_path: Path) -> None:
    mask = np.zeros((32, 48), np.uint8)
    mask[4:28, 6:40] = 1
    # A small part of a large change: the object's box is more like the annotated one.
    mask[10:12, 12:14] = 2
    for scale in (1, 127):
        Image.fromarray(mask * np.uint8(scale)).save(tmp_path / "mask.png")
        found, seen = read_mask(tmp_path / "mask.png", (6, 4, 30, 20), (32, 48))
        np.testing.assert_array_equal(found, mask == 2)
        np.testing.assert_array_equal(seen, mask > 0)


def test_in_a_coloured_mask_the_part_fills_the_box(tmp_path: Path) -> None:
    part, rest = np.zeros((2, 32, 48), bool)
    rest[4:28, 6:40] = True
    part[10:20, 12:18] = True
    for first, second in (((255, 0, 0), (0, 255, 0)), ((0, 255, 0), (255, 0, 0))):
        mask = np.zeros((32, 48, 3), np.uint8)
        mask[rest], mask[part] = first, second
        Image.fromarray(mask).save(tmp_path / "mask.png")
        found, seen = read_mask(tmp_path / "mask.png", (12, 10, 6, 10), (32, 48))
        np.testing.assert_array_equal(found, part)
        np.testing.assert_array_equal(seen, rest)


def test_what_the_layout_lacks_is_said(published: Path, tmp_path: Path) -> None:
    reference = Dataset.open(published).reference(Dataset.open(published).samples[0].shape_id)
    with pytest.raises(DatasetError, match="stores views, no mesh"):
        reference.raycaster()
    with pytest.raises(DatasetError, match="stores no depth"):
        _ = reference.depth
    (tmp_path / "images").mkdir()
    with pytest.raises(DatasetError, match="shapes is missing from the published layout"):
        Dataset.open(tmp_path)


def test_an_interrupted_writing_does_not_look_whole_and_goes_on(
    small: Path, published: Path, tmp_path: Path, monkeypatch
) -> None:
    out = tmp_path / "out"
    real, calls = brokenchairs_write._write_views, []

    def stopped(*arguments: object) -> None:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        real(*arguments)  # pyright: ignore

    monkeypatch.setattr(brokenchairs_write, "_write_views", stopped)
    with pytest.raises(KeyboardInterrupt):
        convert(Dataset.open(small), "brokenchairs", out)
    with pytest.raises(DatasetError, match=re.escape("split.json is missing")):
        Dataset.open(out)
    convert(Dataset.open(small), "brokenchairs", out)
    assert len(calls) == 5

    def files(root: Path) -> dict:
        return {p.relative_to(root): p.read_bytes() for p in root.rglob("*") if p.is_file()}

    assert files(out) == files(published)
    with pytest.raises(DatasetError, match="holds another conversion"):
        convert(Dataset.open(small), "coco", out)
