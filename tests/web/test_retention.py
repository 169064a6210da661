"""What is deleted, by rule or because somebody asks, and what stays."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")

from fastapi.testclient import TestClient

from looking3d.web import retention as retention_module
from looking3d.web.history import History, Record
from looking3d.web.pictures import PictureStore
from looking3d.web.retention import KeepRules, Retention
from tests.web.conftest import colored, files_below, inspect
from tests.web.test_history import record

NOW = datetime(2030, 5, 20, 12, tzinfo=UTC)


@pytest.fixture
def history(tmp_path: Path):
    opened = History(f"sqlite:///{tmp_path / 'history.sqlite'}")
    yield opened
    opened.close()


@pytest.fixture
def store(tmp_path: Path) -> PictureStore:
    return PictureStore(tmp_path / "pictures")


def add(history: History, store: PictureStore, name: str, days: float, mark: str | None = None) -> Record:
    """An inspection so many days old, with a picture of its own and one that all have."""
    created = (NOW - timedelta(days=days)).isoformat(timespec="milliseconds")
    pictures = {"photo": store.put(name.encode(), "jpg"), "view": store.put(b"the same", "png")}
    return history.add(record(name=name, created=created, mark=mark, pictures=pictures))


def left(history: History) -> list[str]:
    return [found.name for found in reversed(history.page().records)]


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        (KeepRules(), ["a", "b", "c", "d", "e"]),
        (KeepRules(days=30), ["b", "c", "d", "e"]),
        (KeepRules(days=10), ["b", "d", "e"]),
        (KeepRules(days=10, marked=False), ["d", "e"]),
        (KeepRules(inspections=1), ["b", "e"]),
        (KeepRules(inspections=3, marked=False), ["c", "d", "e"]),
        (KeepRules(inspections=5), ["a", "b", "c", "d", "e"]),
        (KeepRules(days=15, inspections=2), ["b", "d", "e"]),
        (KeepRules(days=10, inspections=4), ["b", "d", "e"]),
    ],
)
def test_rules(history: History, store: PictureStore, rules: KeepRules, kept: list[str]) -> None:
    all_of_them = [
        add(history, store, name, days, mark)
        for name, days, mark in (
            ("a", 40, None),
            ("b", 20, "right"),
            ("c", 12, None),
            ("d", 5, None),
            ("e", 0.5, "wrong"),
        )
    ]
    assert Retention(history, store, rules).sweep(NOW) == 5 - len(kept)
    assert left(history) == kept
    for one in all_of_them:
        assert (store.get(one.pictures["photo"]) is not None) == (one.name in kept), one.name
    assert store.get(all_of_them[0].pictures["view"]) == b"the same"
    assert Retention(history, store, rules).sweep(NOW) == 0


def test_a_picture_goes_with_the_last_that_shows_it(history: History, store: PictureStore) -> None:
    retention = Retention(history, store, KeepRules())
    first, second = add(history, store, "first", 1), add(history, store, "second", 1, "right")
    assert retention.delete(first.id)
    assert not retention.delete(first.id)
    assert store.get(first.pictures["photo"]) is None
    assert store.get(second.pictures["view"]) == b"the same"
    assert retention.delete(second.id)
    assert not [path for path in store.folder.rglob("*.*") if path.is_file() and path.name != ".lock"]


def test_files_that_are_gone_already_do_no_harm(history: History, store: PictureStore) -> None:
    one = add(history, store, "one", 50)
    store.remove(one.pictures["photo"])
    assert Retention(history, store, KeepRules(days=1)).sweep(NOW) == 1


def test_nothing_is_removed_while_an_inspection_is_noted(history: History, store: PictureStore) -> None:
    old = add(history, store, "old", 50)
    sweep = threading.Thread(target=Retention(history, store, KeepRules(days=1)).sweep, args=(NOW,))
    with store.filled(), PictureStore(store.folder).filled():
        sweep.start()
        sweep.join(0.2)
        assert sweep.is_alive()
        # Its view is there already, and not written again.
        new = add(history, store, "new", 0)
    sweep.join(30)
    assert history.get(old.id) is None
    assert store.get(new.pictures["view"]) == b"the same"


def test_it_sweeps_at_start_and_goes_on_when_the_database_is_away(
    history: History, store: PictureStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(retention_module, "SWEEP_S", 0.01)
    real, calls = history.delete_old, []

    def failing(*given: object) -> tuple[int, set[str]]:
        calls.append(given)
        if len(calls) == 2:
            raise OSError("away")
        return real(*given)

    monkeypatch.setattr(history, "delete_old", failing)
    add(history, store, "old", 10_000)
    retention = Retention(history, store, KeepRules(days=1))
    retention.start()
    deadline = time.monotonic() + 30
    while len(calls) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    retention.close()
    assert len(calls) >= 4
    assert left(history) == []
    assert "old inspections could not be deleted" in caplog.text


def test_by_default_nothing_is_deleted_and_no_thread_runs(start: Callable[..., TestClient]) -> None:
    before = {thread.name for thread in threading.enumerate()}
    start()
    assert "retention" not in {thread.name for thread in threading.enumerate()} - before


def test_the_service_keeps_what_it_is_told_to(start: Callable[..., TestClient]) -> None:
    client = start(keep_inspections=2)
    for red in (20, 40, 60, 80):
        assert inspect(client, (f"{red}.png", colored(red))).status_code == 201
    newest_first = client.get("/v1/inspections").json()["inspections"]
    oldest = newest_first[-1]["links"]
    client.put(f"{oldest['self']}/mark", json={"mark": "right"})
    gone = newest_first[-2]["links"]
    assert client.app.state.service.retention.sweep() == 1
    names = [one["name"] for one in client.get("/v1/inspections").json()["inspections"]]
    assert names == ["80.png", "60.png", "20.png"]
    assert client.get(oldest["photo"]).status_code == 200
    assert client.get(gone["photo"]).status_code == client.get(gone["self"]).status_code == 404


def test_an_inspection_can_be_deleted(start: Callable[..., TestClient]) -> None:
    client = start()
    before = files_below(client.app.state.folder)
    links = inspect(client, colored(20)).json()["inspections"][0]["links"]
    client.put(f"{links['self']}/mark", json={"mark": "right"})
    assert files_below(client.app.state.folder) != before
    assert client.delete(links["self"]).status_code == 204
    for path in (links["self"], links["photo"], links["overlay"]):
        assert client.get(path).status_code == 404
    assert client.get("/v1/inspections").json()["total"] == 0
    # Of the reference's features, which are its own, some were computed meanwhile.
    assert not [path for path in files_below(client.app.state.folder) - before if ".service" in path]
    again = client.delete(links["self"])
    assert again.status_code == 404
    assert again.json()["detail"].startswith("no inspection")
    assert client.put(f"{links['self']}/mark", json={"mark": "right"}).status_code == 404
    assert client.delete("/v1/inspections/..%2f..%2fx").status_code in (404, 422)


def test_a_calibration_outlives_its_photos(start: Callable[..., TestClient]) -> None:
    client = start()
    made = [inspect(client, colored(red)).json()["inspections"][0]["links"]["self"] for red in (20, 24, 28)]
    for path in made:
        client.put(f"{path}/mark", json={"mark": "normal"})
    asked = {"false_alarm_rate": 0.3, "foreground": "plain"}
    calibration = client.post("/v1/references/chair/calibration", json=asked).json()
    for path in made:
        assert client.delete(path).status_code == 204
    assert client.get("/v1/references/chair/calibration").json() == calibration
