import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from looking3d.dataset.conversion import convert
from looking3d.dataset.load import Dataset
from looking3d.dataset.schema import Masks, mask_name
from looking3d.dataset.validate import validate


def test_a_fresh_dataset_has_no_problems(small: Path) -> None:
    calls = []
    assert validate(small, on_progress=lambda done, total: calls.append((done, total))) == []
    assert calls[-1] == (4, 4)


def photo(root: Path, anomalous: bool) -> tuple[Path, Path]:
    dataset = Dataset.open(root)
    sample = next(sample for sample in dataset.samples if sample.anomalous == anomalous)
    path = dataset.photo_path(sample)
    return path, path.parent.parent / mask_name(sample.photo)


def cut_photo(root: Path) -> tuple[Path, str]:
    path, _ = photo(root, False)
    path.write_bytes(path.read_bytes()[:-200])
    return path, "not a readable picture"


def flip_a_bit(root: Path) -> tuple[Path, str]:
    path, _ = photo(root, True)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    return path, "not a readable picture"


def small_photo(root: Path) -> tuple[Path, str]:
    path, _ = photo(root, False)
    Image.new("RGB", (32, 40)).save(path)
    return path, "is 32 x 40 px, expected 64 x 64"


def other_mask(root: Path) -> tuple[Path, str]:
    _, path = photo(root, True)
    masks = Masks.load(path)
    changed = masks.changed.copy()
    changed[:3, :3] = True
    Masks(masks.object, masks.before, masks.after, changed).save(path)
    return path, "pixels changed, "


def missing_mask(root: Path) -> tuple[Path, str]:
    _, path = photo(root, True)
    path.unlink()
    return path, "is missing"


def other_object(root: Path) -> tuple[Path, str]:
    _, path = photo(root, False)
    masks = Masks.load(path)
    Masks(np.roll(masks.object, 12, 1), masks.before, masks.after, masks.changed).save(path)
    return path, "agrees with the drawn mesh in "


def stray(root: Path) -> tuple[Path, str]:
    path = next((root / "shapes").iterdir()) / "photos" / "holiday.jpg"
    path.write_text("")
    return path, "belongs to no photo"


def leftover(root: Path) -> tuple[Path, str]:
    (root / "shapes" / "chair_9.partial").mkdir()
    return root / "shapes" / "chair_9.partial", "was left by an interrupted run"


def lost_shape(root: Path) -> tuple[Path, str]:
    path = min((root / "shapes").iterdir())
    shutil.rmtree(path)
    return path, "is missing"


def other_record(root: Path) -> tuple[Path, str]:
    path = min((root / "shapes").iterdir()) / "shape.json"
    record = json.loads(path.read_text())
    record["photos"][0]["seed"] += 1
    path.write_text(json.dumps(record))
    return root / "samples.parquet", "are not the"


def other_array(root: Path) -> tuple[Path, str]:
    path = min((root / "shapes").iterdir()) / "reference.npz"
    with np.load(path) as stored:
        held = dict(stored)
    held["depth"] = held["depth"][:, :32]
    np.savez_compressed(path, **held)
    return path, "depth is float32 (5, 32, 64), expected (5, 64, 64)"


def moved_mesh(root: Path) -> tuple[Path, str]:
    first, second, *_ = sorted((root / "shapes").iterdir())
    shutil.copy(second / "mesh.glb", first / "mesh.glb")
    return first / "mesh.glb", "is another mesh than reference.npz holds"


def wrong_count(root: Path) -> tuple[Path, str]:
    path = root / "dataset.json"
    manifest = json.loads(path.read_text())
    manifest["counts"]["photos"] += 1
    path.write_text(json.dumps(manifest))
    return path, "states photos 25, there are 24"


@pytest.mark.parametrize(
    "damage",
    [
        cut_photo,
        flip_a_bit,
        small_photo,
        other_mask,
        missing_mask,
        other_object,
        stray,
        leftover,
        lost_shape,
        other_record,
        other_array,
        moved_mesh,
        wrong_count,
    ],
)
def test_damage_is_named(small: Path, tmp_path: Path, damage) -> None:
    root = tmp_path / "set"
    shutil.copytree(small, root)
    path, what = damage(root)
    problems = validate(root)
    assert any(problem.path == path and what in problem.what for problem in problems), problems
    assert all(problem.advice for problem in problems)


def test_the_published_layout_is_checked_too(small: Path, tmp_path: Path) -> None:
    root = tmp_path / "published"
    convert(Dataset.open(small), "brokenchairs", root)
    assert validate(root, workers=2) == []
    view = min(root.rglob("mv_images/*.json"))
    matrices = json.loads(view.read_text())
    matrices["RT"][0][3] += 0.5
    view.write_text(json.dumps(matrices))
    image = min(root.rglob("render_*normal.png"))
    image.write_bytes(image.read_bytes()[:100])
    (root / "annotations" / "info_lost.json").write_text("{}")
    found = "\n".join(str(problem) for problem in validate(root))
    for words in ("of its points project into their patches", "not a readable picture", "annotates no photo"):
        assert words in found
