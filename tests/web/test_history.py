"""The history in its database."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="the extra `web` is not installed")

from looking3d.errors import ConfigError
from looking3d.web.config import ServiceConfig
from looking3d.web.history import History, Record


def record(verdict: str = "normal", **values: object) -> Record:
    given = {
        "reference": "chair",
        "content": "c",
        "detector": "d",
        "foreground": "auto",
        "name": "photo.jpg",
        "verdict": verdict,
        "probability": 0.25,
        "threshold": 0.5,
        "result": {"verdict": verdict},
        "pictures": {},
    }
    return Record(**given | values)


@pytest.fixture
def history(tmp_path: Path):
    opened = History(f"sqlite:///{tmp_path / 'some' / 'history.sqlite'}")
    yield opened
    opened.close()


def test_marks_tell_the_truth(history: History) -> None:
    for verdict, mark, truth in (
        ("normal", "right", "normal"),
        ("normal", "wrong", "anomalous"),
        ("anomalous", "right", "anomalous"),
        ("anomalous", "wrong", "normal"),
        ("unsure", "right", None),
        ("unsure", "normal", "normal"),
        ("normal", "anomalous", "anomalous"),
        ("normal", None, None),
    ):
        kept = history.add(record(verdict, mark=mark))
        found = history.get(kept.id)
        assert found is not None
        assert found.truth == truth, (verdict, mark)


def test_only_marks_under_the_same_conditions_count(history: History) -> None:
    mine = history.add(record(mark="right"))
    for other in ("reference", "content", "detector", "foreground"):
        history.add(record(mark="right", **{other: "other"}))
    history.add(record())
    assert [found.id for found in history.marked("chair", "c", "d", "auto")] == [mine.id]


def test_it_is_there_again_after_closing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'history.sqlite'}"
    first = History(url)
    kept = first.add(record())
    first.close()
    again = History(url)
    found = again.get(kept.id)
    assert found is not None
    assert found.result == {"verdict": "normal"}
    assert again.get("0" * 32) is None
    assert again.mark("0" * 32, "right") is None
    again.close()


def test_databases_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "text.sqlite").write_text("this is no database, but some text " * 40)
    with pytest.raises(ConfigError, match="cannot be opened"):
        History(f"sqlite:///{tmp_path / 'text.sqlite'}")
    with pytest.raises(ConfigError, match=r"expected a URL as sqlite:///history\.sqlite"):
        History("history.sqlite")
    with pytest.raises(ConfigError, match="its driver is not installed"):
        History("oracle+nothing://host/name")
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be opened"):
        History(f"sqlite:///{tmp_path / 'file' / 'history.sqlite'}")


def test_a_database_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    History(f"sqlite:///{path}").close()
    with sqlite3.connect(path) as database:
        database.execute("UPDATE looking3d SET schema = 9")
    database.close()
    with pytest.raises(ConfigError, match="has schema 9, expected 1"):
        History(f"sqlite:///{path}")


def test_places_follow_from_the_gallery(tmp_path: Path) -> None:
    config = ServiceConfig(gallery=tmp_path)
    assert config.database_url == f"sqlite:///{tmp_path}/.service/history.sqlite"
    assert config.pictures_folder == tmp_path / ".service" / "pictures"
    other = ServiceConfig(gallery=tmp_path, database="sqlite:////var/lib/some.sqlite")
    assert other.pictures_folder == Path("/var/lib/pictures")
    remote = ServiceConfig(gallery=tmp_path, database="postgresql://host/name")
    assert remote.pictures_folder == tmp_path / ".service" / "pictures"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"port": 70000}, "port: expected 0 to 65535, got 70000"),
        ({"workers": 0}, "workers: expected 1"),
        ({"queue": 0}, "queue"),
        ({"max_upload_mb": 0}, "max_upload_mb"),
        ({"keep_days": 0}, "keep_days: expected 1 to 100000, got 0"),
        ({"keep_inspections": 0}, "keep_inspections: expected 1"),
        ({"api_key": " "}, "api_key: is empty"),
    ],
)
def test_settings_out_of_range(values: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ServiceConfig(**values)


def test_a_key_is_not_shown() -> None:
    assert "secret" not in repr(ServiceConfig(api_key="secret"))
    assert ServiceConfig(host="0.0.0.0").is_open
    assert not ServiceConfig(host="0.0.0.0", api_key="secret").is_open
    assert not ServiceConfig().is_open
