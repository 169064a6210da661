import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from looking3d.errors import ConfigError
from looking3d.inspection.item import join
from looking3d.inspection.outputs import COLUMNS, append_csv, write_csv, write_overlays
from looking3d.inspection.photo_quality import QualityWarning
from looking3d.inspection.result import Failure, Inspection
from looking3d.photos.foreground import Foreground

Make = Callable[..., Inspection]


def test_a_table_of_values(inspection: Make, tmp_path: Path) -> None:
    found = inspection("=cmd().jpg", probability=0.9)
    doubts = QualityWarning("dark", "Too dark."), QualityWarning("small", "Too small.")
    object.__setattr__(found, "warnings", doubts)
    object.__setattr__(found, "foreground", Foreground("plain", "even ground"))
    failure = Failure("b.jpg", Path("in/b.jpg"), "b.jpg: is empty")
    write_csv([found, failure, inspection(hot=False)], tmp_path / "new" / "t.csv")
    with (tmp_path / "new" / "t.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["name"] == "'=cmd().jpg"
    assert (rows[0]["verdict"], rows[0]["probability"], rows[0]["trust"]) == ("anomalous", "0.9000", "low")
    assert (rows[0]["warnings"], rows[0]["foreground"]) == ("dark; small", "plain")
    assert (rows[0]["part"], rows[0]["part_label"]) == ("foot", "part/foot")
    assert (rows[0]["threshold"], rows[0]["threshold_from"], rows[0]["p_value"]) == ("0.5", "default", "")
    assert [int(rows[0][f"box_{key}"]) for key in ("x", "y", "width", "height")] == list(found.box or ())
    assert (rows[1]["verdict"], rows[1]["error"], rows[1]["path"]) == ("error", "b.jpg: is empty", "in/b.jpg")
    assert rows[1]["probability"] == rows[2]["box_x"] == rows[2]["foreground"] == ""


def test_overlays_are_whole_and_do_not_overwrite_each_other(inspection: Make, tmp_path: Path) -> None:
    failure = Failure("b.jpg", Path("in/b.jpg"), "b.jpg: is empty")
    results = [inspection("a.jpg"), failure, inspection("a.png", probability=0.1)]
    paths = write_overlays(results, tmp_path / "out")
    assert [path.name for path in paths] == ["a.png", "a-2.png"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a-2.png", "a.png"]
    np.testing.assert_array_equal(np.asarray(Image.open(paths[0])), results[0].overlay())


def test_what_cannot_be_written(inspection: Make, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"t.csv: the table cannot be written \(.+\)"):
        write_csv([], tmp_path / "file" / "t.csv")
    with pytest.raises(ConfigError, match=r"file: overlays cannot be written \(.+\)"):
        write_overlays([inspection()], tmp_path / "file")


def test_items_are_told_in_their_photos_rows(inspection: Make, tmp_path: Path) -> None:
    a, b, alone = inspection("a.jpg", probability=0.9), inspection("b.jpg", probability=0.5), inspection()
    write_csv([a, b, alone], tmp_path / "t.csv", [join([a, b], "=7")])
    with (tmp_path / "t.csv").open(newline="") as file:
        rows = [(row["item"], row["item_verdict"], row["item_probability"]) for row in csv.DictReader(file)]
    assert rows == [("'=7", "anomalous", "0.7500")] * 2 + [("", "", "")]


def test_rows_are_added_one_by_one(inspection: Make, tmp_path: Path) -> None:
    path = tmp_path / "new" / "t.csv"
    append_csv(inspection("a.jpg"), path)
    append_csv(Failure("b.jpg", Path("in/b.jpg"), "b.jpg: is empty"), path)
    with path.open("a") as file:
        file.write("c.jpg,half a r")
    append_csv(inspection("d.jpg"), path)
    with path.open(newline="") as file:
        assert [row["name"] for row in csv.DictReader(file)] == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    write_csv([inspection("a.jpg")], path)
    append_csv(inspection("b.jpg"), path)
    assert len(path.read_text().splitlines()) == 3
    (tmp_path / "other.csv").write_text("name,price\n")
    with pytest.raises(ConfigError, match=r"other\.csv: is another table; name a new file"):
        append_csv(inspection(), tmp_path / "other.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    for bad in (tmp_path / "binary.csv", tmp_path):
        with pytest.raises(ConfigError, match="the table cannot be written"):
            append_csv(inspection(), bad)
