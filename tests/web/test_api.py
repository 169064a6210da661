"""The API as its users meet it: references, inspections, history, marks, calibration."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("fastapi", reason="the extra `web` is not installed")

from fastapi.testclient import TestClient

from tests.web.conftest import colored, files_below, inspect


def size_of(data: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(data)) as image:
        return image.size


def test_a_mesh_becomes_a_reference(client: TestClient, chair_glb: Path) -> None:
    answer = client.post(
        "/v1/references",
        files={"mesh": ("my chair.glb", chair_glb.read_bytes())},
        data={"up": "y", "front": "z", "unit": "m", "scan": "no"},
    )
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["id"] == "my-chair"
    assert made["name"] == made["source"] == "my chair.glb"
    assert made["front"] == {"value": "z", "says": "as given", "confidence": 1.0}
    assert len(made["parts"]) == 13
    listed = client.get("/v1/references").json()["references"]
    assert [one["id"] for one in listed] == ["chair", "my-chair"]
    assert client.get("/v1/references/my-chair").json() == made
    assert size_of(client.get(made["links"]["thumbnail"]).content) == (256, 256)
    assert size_of(client.get(made["links"]["turntable"]).content) == (768, 384)
    assert client.get(made["links"]["confirm"]).headers["content-type"] == "image/png"
    assert client.get(made["links"]["mesh"]).content[:4] == b"glTF"
    assert client.delete("/v1/references/my-chair").status_code == 204
    assert client.get("/v1/references/my-chair").status_code == 404
    assert client.delete("/v1/references/my-chair").status_code == 404


def test_an_id_is_taken_once(client: TestClient, chair_glb: Path) -> None:
    upload = {"mesh": ("other.glb", chair_glb.read_bytes())}
    options = {"id": "chair", "up": "y", "front": "x", "unit": "cm", "scan": "no"}
    answer = client.post("/v1/references", files=upload, data=options)
    assert answer.status_code == 409
    assert "another reference has this id" in answer.json()["detail"]
    answer = client.post("/v1/references", files=upload, data=options | {"replace": "true"})
    assert answer.status_code == 201
    assert answer.json()["unit"]["value"] == "cm"


def test_a_photo_gets_a_verdict_and_pictures(client: TestClient) -> None:
    answer = inspect(client, ("photo.png", colored(230)))
    assert answer.status_code == 201, answer.text
    (found,) = answer.json()["inspections"]
    assert answer.json()["failures"] == []
    assert found["verdict"] == "anomalous"
    assert found["probability"] == pytest.approx(230 / 255)
    assert (found["threshold"], found["threshold_from"]) == (0.5, "default")
    assert (found["name"], found["reference"], found["mark"]) == ("photo.png", "chair", None)
    assert (found["width"], found["height"]) == (80, 64)
    assert "path" not in found
    for name in ("photo", "overlay", "drawing", "heat"):
        assert size_of(client.get(found["links"][name]).content) == (80, 64), name
    assert size_of(client.get(found["links"]["view"]).content) == (256, 256)
    assert client.get(found["links"]["photo"]).headers["content-type"] == "image/jpeg"
    with Image.open(BytesIO(client.get(found["links"]["heat"]).content)) as heat:
        assert heat.mode == "RGBA"
    assert client.get(found["links"]["self"]).json() == found


def test_the_threshold_is_as_given(client: TestClient) -> None:
    (found,) = inspect(client, colored(100), threshold="0.3").json()["inspections"]
    assert (found["verdict"], found["threshold"], found["threshold_from"]) == ("anomalous", 0.3, "given")
    assert inspect(client, colored(100), threshold="1.5").status_code == 422


def test_photos_of_one_item_are_judged_together(client: TestClient) -> None:
    answer = inspect(client, colored(20), colored(240), colored(40), together="true").json()
    assert [one["verdict"] for one in answer["inspections"]] == ["normal", "anomalous", "normal"]
    odds = np.array([20 / 235, 240 / 15, 40 / 215])
    mean = float(np.exp(np.log(odds).mean()))  # all photos are trusted alike
    assert len({one["trust"] for one in answer["inspections"]}) == 1
    assert answer["item"]["probability"] == pytest.approx(mean / (1 + mean), abs=1e-6)
    assert answer["item"]["verdict"] == "normal"
    assert answer["item"]["counted"] == 3
    assert {one["together"] for one in answer["inspections"]} == {answer["item"]["id"]}
    assert inspect(client, colored(20), colored(40)).json()["item"] is None


def test_bad_photos_do_not_stop_good_ones(client: TestClient) -> None:
    answer = inspect(client, colored(20), ("notes.txt", b"not a photo"), colored(40))
    assert answer.status_code == 201
    assert [one["name"] for one in answer.json()["inspections"]] == ["0.png", "2.png"]
    (failure,) = answer.json()["failures"]
    assert failure["name"] == "notes.txt"
    assert "not a photo that can be read" in failure["detail"]
    assert client.get("/v1/inspections").json()["total"] == 2


def test_the_history_is_filtered_and_paged(client: TestClient) -> None:
    for red in (20, 230, 30, 240, 40):
        inspect(client, (f"{red}.png", colored(red)))
    page = client.get("/v1/inspections", params={"limit": 2, "offset": 1}).json()
    assert page["total"] == 5
    assert [one["name"] for one in page["inspections"]] == ["240.png", "30.png"]
    anomalous = client.get("/v1/inspections", params={"verdict": "anomalous", "reference": "chair"}).json()
    assert [one["name"] for one in anomalous["inspections"]] == ["240.png", "230.png"]
    assert client.get("/v1/inspections", params={"reference": "table"}).json()["total"] == 0
    id = anomalous["inspections"][0]["id"]
    marked = client.put(f"/v1/inspections/{id}/mark", json={"mark": "wrong"})
    assert marked.json()["mark"] == "wrong"
    for mark, total in (("wrong", 1), ("any", 1), ("none", 4), ("right", 0)):
        assert client.get("/v1/inspections", params={"mark": mark}).json()["total"] == total, mark
    assert client.put(f"/v1/inspections/{id}/mark", json={"mark": None}).json()["mark"] is None
    assert client.get("/v1/inspections", params={"mark": "none"}).json()["total"] == 5
    assert client.put(f"/v1/inspections/{id}/mark", json={"mark": "perhaps"}).status_code == 422


def test_marks_calibrate_and_can_be_undone(client: TestClient) -> None:
    assert client.get("/v1/references/chair/calibration").status_code == 404
    answer = client.post("/v1/references/chair/calibration", json={"false_alarm_rate": 0.2})
    assert answer.status_code == 422
    assert "no score of a normal photo" in answer.json()["detail"]
    for red, mark in ((100, "right"), (140, "wrong"), (110, "normal"), (120, "right"), (250, "anomalous")):
        (found,) = inspect(client, colored(red)).json()["inspections"]
        client.put(f"{found['links']['self']}/mark", json={"mark": mark})
    inspect(client, colored(255))  # not marked: counts for nothing
    options = {"false_alarm_rate": 0.2, "foreground": "plain"}
    answer = client.post("/v1/references/chair/calibration", json=options)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert np.allclose(sorted(made["normal"]), np.array([100, 110, 120, 140]) / 255)
    assert np.allclose(made["anomalous"], 250 / 255)
    assert 140 / 255 < made["threshold"] <= 250 / 255
    assert client.get("/v1/references/chair/calibration").json() == made
    assert client.get("/v1/references/chair").json()["calibrated"] is True
    (found,) = inspect(client, colored(140)).json()["inspections"]
    assert (found["verdict"], found["threshold_from"]) == ("normal", "calibration")
    # Scores of another way to find the object are others.
    (found,) = inspect(client, colored(140), foreground="grabcut").json()["inspections"]
    assert (found["verdict"], found["threshold_from"]) == ("anomalous", "default")
    assert client.delete("/v1/references/chair/calibration").json() == {"calibration": None}
    assert client.delete("/v1/references/chair/calibration").status_code == 404
    (found,) = inspect(client, colored(140)).json()["inspections"]
    assert found["threshold_from"] == "default"


def test_marks_of_another_mesh_do_not_count(client: TestClient, chair_glb: Path) -> None:
    (found,) = inspect(client, colored(100)).json()["inspections"]
    client.put(f"{found['links']['self']}/mark", json={"mark": "right"})
    options = {"id": "chair", "up": "y", "front": "x", "unit": "m", "scan": "no", "replace": "true"}
    files = {"mesh": ("chair.glb", chair_glb.read_bytes())}
    assert client.post("/v1/references", files=files, data=options).status_code == 201
    answer = client.post("/v1/references/chair/calibration", json={"foreground": "plain"})
    assert answer.status_code == 422


def test_what_is_kept_outlives_the_service(start: Callable[..., TestClient]) -> None:
    (found,) = inspect(start(), colored(230)).json()["inspections"]
    again = start()
    assert again.get(found["links"]["self"]).json() == found
    assert again.get(found["links"]["overlay"]).status_code == 200


def test_the_same_picture_is_kept_once(client: TestClient) -> None:
    inspect(client, colored(230))
    before = files_below(client.app.state.folder)
    inspect(client, colored(230))
    assert files_below(client.app.state.folder) == before
    assert client.get("/v1/inspections").json()["total"] == 2


def test_health_and_metrics(client: TestClient) -> None:
    assert client.get("/health").json()["ready"] is True
    assert client.get("/health/live").status_code == client.get("/health/ready").status_code == 200
    inspect(client, colored(230))
    client.get("/v1/references/nothing")
    text = client.get("/metrics").text
    assert 'looking3d_inspections_total{reference="chair",verdict="anomalous"} 1.0' in text
    assert (
        'looking3d_requests_total{method="POST",route="/v1/references/{id}/inspections",status="201"} 1.0'
        in text
    )
    assert 'looking3d_errors_total{kind="request"} 1.0' in text
    assert "looking3d_queue_waiting 0.0" in text
    assert "looking3d_request_seconds_bucket" in text


def test_the_page_is_served_whole_and_asks_nobody_else(client: TestClient) -> None:
    page = client.get("/")
    assert "<title>Looking3D</title>" in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]
    script = client.get("/page/page.js").text
    imported = [f"page/{name}" for name in re.findall(r'from "\./(\w+\.js)"', script)]
    assert len(imported) == 4
    for path in ("page/page.js", "page/page.css", *imported):
        assert path in imported or path in page.text
        answer = client.get(f"/{path}")
        assert answer.status_code == 200
        assert "http://" not in answer.text
        assert "https://" not in answer.text
    assert client.get("/page/../api.py").status_code == 404


def test_openapi_names_all_of_it(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/v1/references", "/v1/references/{id}/inspections", "/v1/inspections", "/metrics"} <= set(paths)
    assert client.get("/docs").status_code == 404  # its scripts would come from the network
