"""The queue: bounded, honest about how long it takes, and finishing what it took."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")

from fastapi.testclient import TestClient

from looking3d.errors import RequestError
from looking3d.web.work import WorkQueue
from tests.web.conftest import ColorDetector, colored, inspect


class Gate:
    """A job that ends when it is let go."""

    def __init__(self) -> None:
        self.started, self.go = threading.Event(), threading.Event()

    def __call__(self) -> str:
        self.started.set()
        assert self.go.wait(30)
        return "done"


class SlowDetector(ColorDetector):
    """Answers when it is let go."""

    def __init__(self) -> None:
        self.gate = Gate()

    def detect(self, photos: list, enrolled: str) -> list:
        self.gate()
        return super().detect(photos, enrolled)


def test_what_has_no_room_is_refused() -> None:
    queue, gate = WorkQueue(workers=1, capacity=2), Gate()
    futures = queue.submit([gate])
    futures += queue.submit([gate, gate])
    assert gate.started.wait(30)
    assert (queue.pending, queue.waiting) == (3, 2)
    with pytest.raises(RequestError, match=r"the queue is full \(2 wait\); try again in \d+ s") as full:
        queue.submit([gate])
    assert full.value.status == 429
    assert full.value.retry_after_s is not None
    assert full.value.retry_after_s >= 1
    with pytest.raises(RequestError, match="3 photos in one request; at most 2") as never:
        queue.submit([gate] * 3)
    assert never.value.status == 413
    gate.go.set()
    assert [future.result(30) for future in futures] == ["done"] * 3
    queue.wait_until_idle()
    assert queue.pending == 0
    assert queue.submit([lambda: "again"])[0].result(30) == "again"
    queue.close()


def test_what_fails_makes_room() -> None:
    def fail() -> None:
        raise ValueError("no")

    queue = WorkQueue(workers=1, capacity=1)
    for _ in range(5):
        (future,) = queue.submit([fail])
        with pytest.raises(ValueError, match="no"):
            future.result(30)
        queue.wait_until_idle()
    queue.close()


def test_what_was_taken_is_finished() -> None:
    queue, gate = WorkQueue(workers=1, capacity=4), Gate()
    futures = queue.submit([gate, gate])
    queue.stop_taking()
    with pytest.raises(RequestError, match="the service is stopping") as stopping:
        queue.submit([gate])
    assert stopping.value.status == 503
    gate.go.set()
    queue.close()
    assert [future.result(0) for future in futures] == ["done"] * 2


def test_clients_are_told_to_wait(start: Callable[..., TestClient]) -> None:
    detector = SlowDetector()
    client = start(detector, queue=1, workers=1)
    with ThreadPoolExecutor(2) as pool:
        running = pool.submit(inspect, client, colored(20))
        assert detector.gate.started.wait(30)
        waiting = pool.submit(inspect, client, colored(30))
        while client.get("/health").json()["waiting"] == 0:
            pass
        refused = inspect(client, colored(40))
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
        assert client.get("/v1/references").status_code == 200  # looking needs no worker
        detector.gate.go.set()
        assert running.result(30).status_code == waiting.result(30).status_code == 201
    assert inspect(client, colored(40)).status_code == 201


def test_a_service_that_stops_says_so(start: Callable[..., TestClient]) -> None:
    client = start()
    client.app.state.service.queue.stop_taking()
    refused = inspect(client, colored(20))
    assert refused.status_code == 503
    assert "retry-after" in refused.headers
    assert client.get("/health/ready").status_code == 503
    assert client.get("/health/live").status_code == 200
    assert client.get("/v1/inspections").status_code == 200


def test_twenty_clients_get_their_own_answers(start: Callable[..., TestClient]) -> None:
    client = start(queue=8, workers=3)
    shades = range(5, 245, 4)
    full = 0

    def ask(red: int) -> dict:
        nonlocal full
        while (answer := inspect(client, (f"{red}.png", colored(red)))).status_code == 429:
            full += 1
        assert answer.status_code == 201, answer.text
        return answer.json()["inspections"][0]

    with ThreadPoolExecutor(20) as pool:
        answers = dict(zip(shades, pool.map(ask, shades), strict=True))
    for red, answer in answers.items():
        assert answer["name"] == f"{red}.png"
        assert answer["probability"] == pytest.approx(red / 255, abs=1e-6), red
    kept = client.get("/v1/inspections", params={"limit": 200}).json()
    assert kept["total"] == len(answers)
    for one in kept["inspections"]:
        assert one["probability"] == pytest.approx(int(one["name"].split(".")[0]) / 255, abs=1e-6)
    assert len({json.dumps(one["links"]) for one in kept["inspections"]}) == len(answers)
    assert full > 0, "the queue was never full"


def test_references_in_memory_are_bounded(start: Callable[..., TestClient], chair_glb) -> None:
    client = start(references=2)
    service = client.app.state.service
    for id in ("a", "b"):
        files = {"mesh": ("chair.glb", chair_glb.read_bytes())}
        options = {"id": id, "up": "y", "front": "z", "unit": "m", "scan": "no"}
        assert client.post("/v1/references", files=files, data=options).status_code == 201
    for id in ("chair", "a", "b", "a"):
        answer = client.post(
            f"/v1/references/{id}/inspections",
            files={"photos": colored(20)},
            data={"foreground": "plain"},
        )
        assert answer.status_code == 201
        assert len(service.inspectors) <= 2
    entry = service.reference("a")
    assert service.inspectors.get(entry, "plain") is service.inspectors.get(entry, "plain")
    client.delete("/v1/references/a")
    assert len(service.inspectors) == 1
