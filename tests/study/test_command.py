"""`looking3d study` as a user meets it: a table, a page, and one line for each mistake."""

from __future__ import annotations

import json
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")

from looking3d.cli import main
from looking3d.evaluation.predictions import write_rows
from looking3d.study.config import StudyConfig
from tests.samples import small_dataset

if TYPE_CHECKING:
    from tests.study.conftest import Opened


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(["study", *(str(argument) for argument in arguments)])
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


def mistake(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line that tells a mistake."""
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert "Traceback" not in err
    (line,) = [line for line in err.splitlines() if line.startswith("error: ")]
    return line


def judge(opened: Opened, *answers: int) -> None:
    """Let participants give so many answers each, all of them right but the first of each."""
    for number, count in enumerate(answers):
        token = f"{number:032d}"
        opened.answers.join(token, lambda n: tuple((4 * n + i) % 12 for i in range(4)))
        for position in range(1, count + 1):
            standing = opened.answers.show(token)
            assert standing is not None
            right = bool(opened.subset.labels[standing.pair])
            opened.answers.answer(token, position, right != (position == 1), 2000)


def test_report_in_terminal_json_and_page(
    open_study: Callable[..., Opened], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    opened = open_study()
    judge(opened, 4, 4, 2)
    rows = [
        {"shape_id": pair.shape_id, "photo": pair.photo, "anomalous": pair.anomalous}
        | {"probability": 0.9 if pair.anomalous else 0.1}
        for pair in opened.subset.pairs
    ]
    (tmp_path / "a").mkdir()
    path = tmp_path / "a" / "predictions.parquet"
    write_rows(rows, path)
    report = ("report", "--database", opened.path, "--predictions", path)
    code, out, _ = run(capsys, *report, "--out", tmp_path / "out")
    assert code == 0
    for words in ("people (2)", "75.0%", "-25.0", "1 did not finish", "number 3 (2 of 4)", "study.html"):
        assert words in out
    figures = json.loads((tmp_path / "out" / "study.json").read_text())
    assert figures["people"]["accuracy"]["value"] == 0.75
    assert figures["models"][0]["accuracy"]["value"] == 1
    assert "people (2)" in (tmp_path / "out" / "study.html").read_text()
    assert "people (3)" in run(capsys, *report, "--include-incomplete")[1]
    write_rows(rows[2:], path)
    assert "lacks 2 of the 12 photos of the subset (" in mistake(capsys, *report)


def test_report_of_what_is_not_there(
    open_study: Callable[..., Opened], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    line = mistake(capsys, "report", "--database", tmp_path / "none.sqlite")
    assert "none.subset.json: cannot be read" in line
    opened = open_study()
    assert "no answers to report" in mistake(capsys, "report", "--database", opened.path)
    shutil.copy(tmp_path / "study.subset.json", tmp_path / "none.subset.json")
    line = mistake(capsys, "report", "--database", tmp_path / "none.sqlite")
    assert "none.sqlite: no database of a study here" in line


def test_datasets_that_cannot_be_studied(
    made: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    database = ("--database", tmp_path / "study.sqlite")
    line = mistake(capsys, "serve", "--data", made, *database)
    assert "subset: expected at most the 18 photos of the split 'test', got 200" in line
    training = small_dataset(tmp_path, count=1, photos_per_shape=2, split=(1.0, 0.0, 0.0))
    line = mistake(capsys, "serve", "--data", training, *database)
    assert "the split 'test' is empty (shapes: train 1, val 0, test 0)" in line
    one_class = shutil.copytree(made, tmp_path / "one class")
    table = pq.read_table(one_class / "samples.parquet")
    normal = table.filter(pc.equal(table["kind"], "normal"))
    pq.write_table(normal, one_class / "samples.parquet")
    line = mistake(capsys, "serve", "--data", one_class, *database)
    assert "has normal photos alone; a study needs both classes" in line
    assert not (tmp_path / "study.sqlite").exists()
    assert not (tmp_path / "study.subset.json").exists()


def test_studies_that_began_otherwise(
    open_study: Callable[..., Opened], made: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    opened = open_study()
    serve = ("serve", "--data", made, "--database", opened.path)
    line = mistake(capsys, *serve, "--subset", 14, "--pairs", 4)
    assert "has 12 photos by seed 0, expected 14 by seed 0; pass --subset 12 --seed 0" in line
    assert "holds answers to another subset" in mistake(capsys, *serve, "--subset", 12, "--pairs", 3)
    another = small_dataset(tmp_path, count=2, photos_per_shape=2, views=2, split=(0.0, 0.0, 1.0))
    line = mistake(capsys, *serve, "--data", another, "--subset", 12, "--pairs", 4)
    assert "is not the dataset that the subset was chosen from" in line
    (tmp_path / "study.subset.json").unlink()
    line = mistake(capsys, *serve, "--subset", 12, "--pairs", 4)
    assert "its subset, study.subset.json, is missing" in line


def test_photos_that_went_missing(made: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    data = shutil.copytree(made, tmp_path / "data")
    photo = next(data.glob("shapes/*/photos/*_normal.png"))
    photo.unlink()
    serve = ("serve", "--data", data, "--database", tmp_path / "study.sqlite", "--subset", 18)
    line = mistake(capsys, *serve)
    assert f"lacks 1 photos of the subset, the first of them {photo.parts[-3]}/photos/{photo.name}" in line


def test_a_port_that_is_taken(made: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        database = tmp_path / "study.sqlite"
        line = mistake(
            capsys, "serve", "--data", made, "--database", database, "--subset", 12, "--port", port
        )
    assert f"cannot listen on 127.0.0.1 port {port}; choose another --port" in line


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"subset": 1}, "subset: expected 2 to 1000000, got 1"),
        ({"pairs": 0}, "pairs: expected 1 to 1000, got 0"),
        ({"subset": 9}, "pairs: expected at most the 9 photos of the subset, got 10"),
        ({"port": 70000}, "port: expected 0 to 65535, got 70000"),
        ({"seed": -1}, "seed: expected 0 to"),
        ({"consent": " "}, "consent: is empty"),
    ],
)
def test_settings_that_cannot_be(settings: dict, words: str) -> None:
    from looking3d.errors import ConfigError

    with pytest.raises(ConfigError, match=words):
        StudyConfig(**{"data": Path("data")} | settings)


def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in ("looking3d.study.server", "looking3d.study.answers"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    for arguments in (("serve", "--data", "x"), ("report", "--database", "x")):
        assert "looking3d study needs what is not installed" in mistake(capsys, *arguments)
