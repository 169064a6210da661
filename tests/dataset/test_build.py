import dataclasses
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from looking3d.dataset.build import build_dataset
from looking3d.dataset.cost import estimate
from looking3d.dataset.engine import LocalEngine
from looking3d.dataset.load import Dataset
from looking3d.dataset.recipe import Recipe
from looking3d.dataset.validate import validate
from looking3d.errors import ConfigError, DatasetError, MapError, MissingExtraError, ShapeError
from looking3d.render.blender_process import find_blender
from looking3d.shapes.part_shape import Part, PartShape
from looking3d.shapes.procedural import generate
from looking3d.shapes.write import save_glb

RECIPE = Recipe(
    count=3,
    photos_per_shape=4,
    renderer="preview",
    image_px=64,
    views=3,
    views_px=64,
    odd_reference_share=0.4,
    split=(0.4, 0.3, 0.3),
)


def digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("data") / "set"
    build_dataset(RECIPE, out)
    return out


def test_same_bytes_with_two_workers(built: Path, tmp_path: Path) -> None:
    build_dataset(RECIPE, tmp_path / "again", LocalEngine(2))
    assert digest(tmp_path / "again") == digest(built)


def test_same_bytes_after_kill_and_resume(built: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    code = (
        "import sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path\n"
        "from looking3d.dataset.build import build_dataset\n"
        "from looking3d.dataset.recipe import Recipe; import json\n"
        "build_dataset(Recipe.from_json(json.loads(sys.argv[3])), Path(sys.argv[1]))\n"
    )
    arguments = [sys.executable, "-c", code, str(out), "", json.dumps(RECIPE.to_json())]
    process = subprocess.Popen(arguments, env=os.environ)
    deadline = time.monotonic() + 60
    while not list(out.glob("shapes/chair_??????/shape.json")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (out / "samples.parquet").exists()
    with pytest.raises(DatasetError, match="unfinished; run the same `looking3d generate` again"):
        Dataset.open(out)
    report = build_dataset(RECIPE, out)
    assert report.built < 3
    assert digest(out) == digest(built)


def test_labels_agree_with_masks(built: Path) -> None:
    dataset = Dataset.open(built)
    assert len(dataset.samples) == 12
    for sample in dataset.samples:
        masks = dataset.masks(sample)
        assert dataset.photo(sample).shape == (64, 64, 3)
        assert masks.changed.any() == sample.anomalous
        assert masks.changed.sum() == sample.changed_px
        x, y, width, height = sample.box
        outside = masks.changed.copy()
        outside[y : y + height, x : x + width] = False
        assert not outside.any()
        assert masks.object.any()
        if sample.kind == "missing":
            assert not masks.after.any()
            assert masks.before.any()


def test_splits_are_by_shape(built: Path) -> None:
    dataset = Dataset.open(built)
    for sample in dataset.samples:
        assert sample.shape_id in dataset.splits[sample.split]
    assert sum(len(ids) for ids in dataset.splits.values()) == 3


def test_stored_mesh_draws_the_object_mask(built: Path) -> None:
    dataset = Dataset.open(built)
    for sample in dataset.split("all"):
        if not sample.anomalous:
            drawing = dataset.reference(sample.shape_id).raycaster().draw(sample.camera)
            assert (drawing.mask == dataset.masks(sample).object).mean() > 0.999


def test_another_recipe_is_refused(built: Path) -> None:
    with pytest.raises(DatasetError, match=r"holds another dataset \(seed 0, not 1\); choose another --out"):
        build_dataset(dataclasses.replace(RECIPE, seed=1), built)


def test_foreign_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("all of it")
    with pytest.raises(DatasetError, match="is not empty and holds no dataset"):
        build_dataset(RECIPE, tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "all of it"


def test_fused_mesh_is_refused(tmp_path: Path) -> None:
    triangle = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    shape = PartShape("one", (Part("all", "part/all", triangle, np.array([[0, 1, 2]])),))
    save_glb(shape, tmp_path / "one.glb")
    with pytest.raises(ShapeError, match="its parts are one fused mesh"):
        build_dataset(Recipe(shapes=(str(tmp_path / "one.glb"),)), tmp_path / "out")


def test_unknown_source_lists_families(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"neither a procedural family .*chair.* nor an existing path"):
        build_dataset(Recipe(shapes=("chiar",)), tmp_path / "out")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"count": 0}, "count: expected at least 1, got 0"),
        ({"anomalous_share": 1.5}, "anomalous-share: expected 0 to 1, got 1.5"),
        ({"image_px": 100}, "image-px: expected a multiple of 8 from 32 up, got 100"),
        ({"background": "pink"}, "background: expected white, plain, environment or mixed, got 'pink'"),
        ({"map_share": -0.1}, "map-share: expected 0 to 1, got -0.1"),
        ({"split": (0.5, 0.1, 0.1)}, "split: expected three shares that sum to 1"),
        ({"elevation_deg": (40.0, 20.0)}, "elevation-deg: expected"),
        ({"roll_deg": -5.0}, "roll-deg: expected 0 to 180, got -5.0"),
        ({"focal_length": (1.5, 0.75)}, "focal-length: expected 0.5 <= low <= high, got 1.5 0.75"),
        ({"focal_length": (0.2, 1.0)}, "focal-length: expected 0.5 <= low"),
        ({"kinds": ("melted",)}, "unknown anomaly kind 'melted'; choose one of: broken, missing"),
    ],
)
def test_bad_recipes(change: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Recipe(**change)


def test_recipe_round_trip() -> None:
    assert Recipe.from_json(json.loads(json.dumps(RECIPE.to_json()))) == RECIPE


def test_a_run_that_failed_at_once_does_not_hold_the_folder(tmp_path: Path) -> None:
    triangle = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    shape = PartShape("one", (Part("all", "part/all", triangle, np.array([[0, 1, 2]])),))
    save_glb(shape, tmp_path / "one.glb")
    with pytest.raises(ShapeError):
        build_dataset(Recipe(shapes=(str(tmp_path / "one.glb"),)), tmp_path / "out")
    small = dataclasses.replace(RECIPE, count=1, photos_per_shape=1)
    assert build_dataset(small, tmp_path / "out").shapes == 1


def test_an_unknown_renderer_is_refused_before_anything_is_written() -> None:
    with pytest.raises(
        ConfigError, match="unknown renderer 'crayon'; choose one of: blender, mitsuba, preview"
    ):
        Recipe(renderer="crayon")


@pytest.mark.parametrize("name", ["samples.parquet", "dataset.json"])
def test_a_damaged_table_is_named(built: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(built, tmp_path / "set")
    (tmp_path / "set" / name).write_text("half of")
    with pytest.raises(DatasetError, match=f"{re.escape(name)}: .*generate the dataset again"):
        Dataset.open(tmp_path / "set")


def test_a_damaged_reference_is_named(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built, tmp_path / "set")
    dataset = Dataset.open(tmp_path / "set")
    reference = dataset.reference(dataset.samples[0].shape_id)
    (reference.path / "reference.npz").write_bytes((reference.path / "reference.npz").read_bytes()[:500])
    with pytest.raises(DatasetError, match=r"reference\.npz: not a readable reference"):
        reference.raycaster()


def test_a_negative_number_of_workers_is_refused() -> None:
    with pytest.raises(ConfigError, match="workers: expected 0 or more, got -1"):
        LocalEngine(-1)


def test_neither_number_nor_camera_tells_the_class(tmp_path: Path) -> None:
    recipe = dataclasses.replace(RECIPE, count=12, photos_per_shape=8, placebo=True, min_changed=0.05)
    build_dataset(recipe, tmp_path / "set", LocalEngine(2))
    dataset = Dataset.open(tmp_path / "set")
    anomalous = np.array([sample.anomalous for sample in dataset.samples])
    number = np.array([int(sample.photo[7:10]) for sample in dataset.samples])
    elevation = np.array([sample.elevation_rad for sample in dataset.samples])
    assert anomalous.mean() == pytest.approx(0.5, abs=0.02)
    for feature in (number, elevation):
        assert 0.35 < roc_auc_score(anomalous, feature) < 0.65


def test_a_placebo_shows_the_reference(tmp_path: Path) -> None:
    recipe = dataclasses.replace(RECIPE, count=2, odd_reference_share=0.0, split=(1.0, 0.0, 0.0))
    build_dataset(dataclasses.replace(recipe, placebo=True), tmp_path / "placebo")
    build_dataset(recipe, tmp_path / "real")
    placebo, real = Dataset.open(tmp_path / "placebo"), Dataset.open(tmp_path / "real")
    assert [s.to_json() for s in placebo.samples] == [s.to_json() for s in real.samples]
    for sample in placebo.samples:
        same = np.array_equal(placebo.photo(sample), real.photo(sample))
        assert same is (not sample.anomalous)


@pytest.mark.slow
@pytest.mark.parametrize("round_", range(3))
def test_same_bytes_after_the_main_process_or_a_worker_is_killed(
    built: Path, tmp_path: Path, round_: int
) -> None:
    out = tmp_path / "set"
    code = (
        "import json, sys\n"
        "from pathlib import Path\n"
        "from looking3d.dataset.build import build_dataset\n"
        "from looking3d.dataset.engine import LocalEngine\n"
        "from looking3d.dataset.recipe import Recipe\n"
        "if __name__ == '__main__':\n"
        "    build_dataset(Recipe.from_json(json.loads(sys.argv[2])), Path(sys.argv[1]), LocalEngine(2))\n"
    )
    (tmp_path / "main.py").write_text(code)
    command = [sys.executable, tmp_path / "main.py", out, json.dumps(RECIPE.to_json())]
    process = subprocess.Popen(command)
    time.sleep(np.random.default_rng(round_).uniform(0.8, 2.5))
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    below = [int(child) for child in children.read_text().split()] if children.exists() else []
    os.kill(below[-1] if round_ % 2 and below else process.pid, signal.SIGKILL)
    process.wait()
    build_dataset(RECIPE, out, LocalEngine(2))
    assert digest(out) == digest(built)


def test_a_shape_that_cannot_be_used_is_left_out_and_listed(tmp_path: Path) -> None:
    shapes = tmp_path / "shapes"
    shapes.mkdir()
    for seed in range(3):
        save_glb(generate("chair", seed), shapes / f"chair{seed}.glb")
    (shapes / "broken.glb").write_bytes(b"glTF, but not really")
    recipe = dataclasses.replace(RECIPE, shapes=(str(shapes),), split=(1.0, 0.0, 0.0))
    reports = [
        build_dataset(recipe, tmp_path / "one"),
        build_dataset(recipe, tmp_path / "two", LocalEngine(2)),
        build_dataset(recipe, tmp_path / "two"),
    ]
    for report in reports:
        assert list(report.refused) == ["broken"]
        assert "broken.glb" in report.refused["broken"]
        assert report.shapes == 3
    assert digest(tmp_path / "one") == digest(tmp_path / "two")
    dataset = Dataset.open(tmp_path / "one")
    assert "broken" not in dataset.splits["train"]


def test_a_url_gets_the_same_bytes(built: Path, tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    url = f"file://{tmp_path}/bucket/set"
    build_dataset(RECIPE, url, LocalEngine(2))
    assert digest(tmp_path / "bucket" / "set") == digest(built)
    # A shape whose record is not there is built again
    (tmp_path / "bucket" / "set" / "shapes" / "chair_000001" / "shape.json").unlink()
    assert build_dataset(RECIPE, url).built == 1
    assert digest(tmp_path / "bucket" / "set") == digest(built)
    with pytest.raises(DatasetError, match="holds another dataset"):
        build_dataset(dataclasses.replace(RECIPE, seed=1), url)


def test_an_unknown_kind_of_url_is_named(tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    with pytest.raises(DatasetError, match="nowhere://x: no file system serves this"):
        build_dataset(RECIPE, "nowhere://x")


def test_what_it_costs_is_measured() -> None:
    cost = estimate(RECIPE)
    assert (cost.shapes, cost.photos, cost.views) == (3, 12, 9)
    assert 0 < cost.worker_hours < 0.1
    assert 0 < cost.gigabytes < 0.01


def test_photos_from_files_are_recorded_and_resumed_with_the_same_files_alone(tmp_path: Path) -> None:
    (tmp_path / "maps" / "walnut").mkdir(parents=True)
    stripes = np.tile(np.array([60, 160], np.uint8).repeat(4), (16, 2))
    Image.fromarray(stripes).save(tmp_path / "maps" / "walnut" / "albedo.png")
    light = np.full((16, 32, 3), 0.5, np.float32)
    light[3, 5] = 100
    cv2.imwrite(str(tmp_path / "room.hdr"), light)
    recipe = dataclasses.replace(
        RECIPE,
        count=2,
        background="mixed",
        materials=(str(tmp_path / "maps"),),
        environments=(str(tmp_path / "room.hdr"),),
        map_share=0.8,
        relief=True,
    )
    out = tmp_path / "set"
    build_dataset(recipe, out)
    dataset = Dataset.open(out)
    assert {sample.environment for sample in dataset.samples} == {"", "room"}
    assert {sample.material_sets for sample in dataset.samples} == {(), ("walnut",)}
    assert not validate(out)
    build_dataset(recipe, tmp_path / "two", LocalEngine(2))
    assert digest(tmp_path / "two") == digest(out)
    Image.fromarray(255 - stripes).save(tmp_path / "maps" / "walnut" / "albedo.png")
    with pytest.raises(DatasetError, match="begun with other files in --materials: walnut is new, gone or"):
        build_dataset(recipe, out)


def test_a_damaged_map_stops_the_run_by_name(tmp_path: Path) -> None:
    (tmp_path / "room.hdr").write_bytes(b"#?RADIANCE\n")
    recipe = dataclasses.replace(RECIPE, count=2, environments=(str(tmp_path),), map_share=1.0)
    with pytest.raises(MapError, match=r"room\.hdr: not a readable picture"):
        build_dataset(recipe, tmp_path / "set")


def test_a_dataset_from_before_a_setting_was_there_is_read_and_completed(built: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    shutil.copytree(built, old)
    manifest = json.loads((old / "dataset.json").read_text())
    del manifest["recipe"]["materials"], manifest["recipe"]["relief"], manifest["assets"]
    (old / "dataset.json").write_text(json.dumps(manifest))
    rows = pq.read_table(old / "samples.parquet").drop_columns(["material_sets", "environment"])
    pq.write_table(rows, old / "samples.parquet")
    before, now = ([s.to_json() for s in Dataset.open(path).samples] for path in (old, built))
    assert before == now
    build_dataset(RECIPE, old)


def test_blender_makes_the_same_bytes_with_two_workers(tmp_path: Path) -> None:
    try:
        find_blender()
    except MissingExtraError as error:
        pytest.skip(str(error))
    recipe = dataclasses.replace(
        RECIPE, renderer="blender", samples=2, count=2, photos_per_shape=2, relief=True
    )
    build_dataset(recipe, tmp_path / "here")
    build_dataset(recipe, tmp_path / "workers", LocalEngine(2))
    assert digest(tmp_path / "workers") == digest(tmp_path / "here")
    assert estimate(recipe).photos == 4
