"""The queue: bounded, fair, honest about how long it takes, and finishing what it took."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")

from fastapi import Request
from fastapi.testclient import TestClient

from looking3d.errors import RequestError
from looking3d.web.app_state import get_client
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


def test_clients_take_turns() -> None:
    queue, gate = WorkQueue(workers=1, capacity=100), Gate()
    done: list[str] = []
    queue.submit([gate], "first")
    assert gate.started.wait(30)
    for client, count in (("many", 50), ("few", 3), ("one", 1)):
        queue.submit([lambda client=client: done.append(client) for _ in range(count)], client)
    assert queue.clients == 3
    gate.go.set()
    queue.wait_until_idle()
    assert done == ["many", "few", "one", "many", "few", "many", "few", *["many"] * 47]
    assert queue.clients == 0
    queue.close()


def test_a_client_s_jobs_keep_their_order() -> None:
    queue, done = WorkQueue(workers=1, capacity=40), []
    queue.submit([lambda i=i: done.append(i) for i in range(20)], "a")
    queue.wait_until_idle()
    assert done == list(range(20))
    queue.close()


def test_nobody_can_fill_the_queue_alone() -> None:
    queue, gate = WorkQueue(workers=1, capacity=8), Gate()
    queue.submit([gate], "flood")
    assert gate.started.wait(30)
    for client, taken, why in (
        ("flood", 6, r"your share of the queue is full \(6 of the 6 that wait are yours\); try again in"),
        ("second", 2, r"the queue is full \(8 wait\); try again in"),
        ("third", 0, r"the queue is full \(8 wait\); try again in"),
    ):
        for _ in range(taken):
            queue.submit([gate], client)
        with pytest.raises(RequestError, match=why) as refused:
            queue.submit([gate], client)
        assert refused.value.status == 429
    with pytest.raises(RequestError, match="7 photos in one request; at most 6 are taken"):
        queue.submit([gate] * 7, "second")
    gate.go.set()
    queue.close()


def test_what_nobody_waits_for_is_left_out() -> None:
    queue, gate = WorkQueue(workers=1, capacity=8), Gate()
    queue.submit([gate])
    done: list[int] = []
    given_up, wanted = queue.submit([lambda: done.append(1), lambda: done.append(2)])
    assert given_up.cancel()
    gate.go.set()
    wanted.result(30)
    queue.wait_until_idle()
    assert done == [2]
    assert queue.pending == 0
    queue.close()


class WatchedDetector(SlowDetector):
    """Notes which photo it judges when."""

    def __init__(self) -> None:
        super().__init__()
        self.judged: list[str] = []

    def detect(self, photos: list, enrolled: str) -> list:
        found = super().detect(photos, enrolled)
        self.judged += [photo.name for photo in photos]
        return found


def test_one_that_floods_does_not_starve_the_others(start: Callable[..., TestClient]) -> None:
    detector = WatchedDetector()
    client = start(detector, queue=80, workers=1)
    flood, other = (TestClient(client.app, client=(address, 1)) for address in ("10.0.0.1", "10.0.0.2"))
    photos = [(f"{number}.png", colored(20)) for number in range(1, 51)]
    with ThreadPoolExecutor(2) as pool:
        flooding = pool.submit(inspect, flood, *photos)
        assert detector.gate.started.wait(30)
        one = pool.submit(inspect, other, ("other.png", colored(30)))
        while client.app.state.service.queue.pending < 51:
            assert not one.done()
        assert "looking3d_queue_clients 2.0" in client.get("/metrics").text
        detector.gate.go.set()
        assert one.result(60).status_code == 201
        assert [found["name"] for found in flooding.result(60).json()["inspections"]] == [
            name for name, _ in photos
        ]
    assert "other.png" in detector.judged[:3]
    assert detector.judged[-1] == "50.png"


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("a name", "a name"),
        (None, ""),
    ],
)
def test_a_client_is_an_address(address: str | None, client: str) -> None:
    scope = {"type": "http", "client": None if address is None else (address, 1)}
    assert get_client(Request(scope)) == client


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
