import json
from pathlib import Path

import pytest

from looking3d.dataset.build import build_dataset
from looking3d.dataset.load import Dataset
from looking3d.dataset.recipe import Recipe
from looking3d.dataset.sources import list_sources
from looking3d.dataset.split_file import read_split_file
from looking3d.errors import ConfigError, ShapeError
from looking3d.shapes.part_shape import Part
from looking3d.shapes.procedural import generate


def write(path: Path, held: object) -> Path:
    path.write_text(json.dumps(held))
    return path


def write_obj(path: Path, part: Part) -> None:
    lines = [f"v {x} {y} {z}" for x, y, z in part.vertices.tolist()]
    lines += [f"f {a} {b} {c}" for a, b, c in (part.faces + 1).tolist()]
    path.write_text("\n".join(lines) + "\n")


def partnet(folder: Path) -> Path:
    """As PartNet publishes its splits."""
    folder.mkdir()
    entry = {"model_id": "2ba980d08", "anno_id": ""}
    for name, ids in {
        "Chair.train": ["1", "22"],
        "Chair.val": ["3"],
        "Chair.test": ["4"],
        "Table.train": ["50"],
    }.items():
        write(folder / f"{name}.json", [entry | {"anno_id": shape_id} for shape_id in ids])
    write(folder / "readme.json", {"about": "not a split"})
    return folder


def test_partnet_s_folder_over_all_categories(tmp_path: Path) -> None:
    assert read_split_file(partnet(tmp_path / "splits")) == {
        "1": "train",
        "22": "train",
        "50": "train",
        "3": "val",
        "4": "test",
    }


def test_the_published_split_json(tmp_path: Path) -> None:
    path = write(tmp_path / "split.json", {"train": ["1001", 1002], "val": [], "test": ["7"]})
    assert read_split_file(str(path)) == {"1001": "train", "1002": "train", "7": "test"}


def test_an_id_twice_in_one_split_is_one(tmp_path: Path) -> None:
    assert read_split_file(write(tmp_path / "s.json", {"train": ["1", "1"]})) == {"1": "train"}


@pytest.mark.parametrize(
    ("held", "message"),
    [
        ({"train": ["1"], "test": ["1"]}, "1 is in train and in test; a shape can be in one split only"),
        ({"fold_1": ["1"]}, r"names no split; expected PartNet's folder"),
        (["1", "2"], "holds no lists under train, val and test"),
        ({"train": "1"}, "a split is a str, not a list"),
        ({"train": [{"model_id": "a"}]}, ".*'a'. names no shape"),
        ({"train": [None]}, "None names no shape"),
        ({"train": [True]}, "True names no shape"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, held: object, message: str) -> None:
    with pytest.raises(ConfigError, match=rf"s\.json: {message}"):
        read_split_file(write(tmp_path / "s.json", held))


def test_a_damaged_or_absent_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text('{"train": [')
    with pytest.raises(ConfigError, match=r"s\.json: not valid JSON"):
        read_split_file(tmp_path / "s.json")
    with pytest.raises(ConfigError, match=r"split-file: .*nowhere does not exist; expected PartNet's"):
        read_split_file(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="empty: names no split"):
        read_split_file(tmp_path / "empty")


def test_shapes_go_where_the_file_says_and_the_others_are_left_out(tmp_path: Path) -> None:
    shapes = tmp_path / "shapes"
    for i, name in enumerate(["22", "3", "4", "999"]):
        (shapes / name).mkdir(parents=True)
        for part in generate("chair", i).parts:
            write_obj(shapes / name / f"{part.id}.obj", part)
    recipe = Recipe(
        shapes=(str(shapes),),
        split_file=str(partnet(tmp_path / "splits")),
        photos_per_shape=1,
        renderer="preview",
        image_px=32,
        views=1,
        views_px=32,
        anomalous_share=0.0,
    )
    report = build_dataset(recipe, tmp_path / "set")
    assert report.unlisted == 1
    dataset = Dataset.open(tmp_path / "set")
    assert dataset.splits == {"train": ("22",), "val": ("3",), "test": ("4",)}
    assert {sample.shape_id: sample.split for sample in dataset.samples} == {
        "22": "train",
        "3": "val",
        "4": "test",
    }
    assert json.loads((tmp_path / "set" / "dataset.json").read_text())["unlisted"] == 1


def test_a_file_that_names_none_of_the_shapes_is_refused(tmp_path: Path) -> None:
    recipe = Recipe(count=2, split_file=str(write(tmp_path / "s.json", {"train": ["1"]})))
    with pytest.raises(
        ShapeError, match=r"names none of the 2 shapes; it has ids like '1', .* 'chair_000000'"
    ):
        list_sources(recipe)


def test_procedural_shapes_are_named_by_their_ids(tmp_path: Path) -> None:
    path = write(tmp_path / "s.json", {"test": ["chair_000001"]})
    sources, unlisted = list_sources(Recipe(count=2, split_file=str(path)))
    assert [(source.id, source.split) for source in sources] == [("chair_000001", "test")]
    assert unlisted == ["chair_000000"]
