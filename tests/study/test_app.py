"""The pages over HTTP."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")
pytest.importorskip("httpx2", reason="httpx2 is not installed")

from PIL import Image

from looking3d.study.answers import load_judgements

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from tests.study.conftest import Opened

AGREE = {"agree": "yes"}


def position(client: TestClient) -> int | None:
    """Which pair the page shows."""
    found = re.search(r'name="position" value="(\d+)"', client.get("/").text)
    return None if found is None else int(found[1])


def answer(client: TestClient, position: int, answer: str = "normal", **more: object):
    return client.post("/answer", data={"position": position, "answer": answer, **more})


def begin(opened: Opened) -> TestClient:
    client = opened.new_client()
    client.get("/")
    assert client.post("/start", data=AGREE).status_code == 303
    return client


def test_a_person_takes_part(open_study: Callable[..., Opened]) -> None:
    opened = open_study(consent="I agree to <everything>.")
    client = opened.new_client()
    welcome = client.get("/")
    assert "You will see 4 photos" in welcome.text
    assert "I agree to &lt;everything&gt;." in welcome.text
    assert welcome.headers["cache-control"] == "no-store"
    assert "default-src 'self'" in welcome.headers["content-security-policy"]
    cookie = welcome.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    sent = client.post("/start", data=AGREE)
    assert (sent.status_code, sent.headers["location"]) == (303, "./")
    for number in range(1, 5):
        page = client.get("/").text
        assert f"{number} of 4" in page
        assert position(client) == number
        sent = answer(client, number, ("normal", "anomalous")[number % 2], milliseconds=1000 + number)
        assert (sent.status_code, sent.headers["location"]) == (303, "./")
    thanks = client.get("/").text
    assert "Thank you" in thanks
    assert "next person" not in thanks
    found = load_judgements(opened.path, opened.subset.digest)
    assert found.anomalous.tolist() == [True, False, True, False]
    assert len(set(found.pair.tolist())) == 4
    assert found.incomplete == {}


def test_no_answer_is_shown_nor_any_label(open_study: Callable[..., Opened]) -> None:
    opened = open_study()
    client = begin(opened)
    page = client.get("/").text
    for label in ("missing", "broken", "position_", "rotation", "swapped", "_normal"):
        assert label not in page
    for path in re.findall(r'src="(pictures/[^"]+)"', page):
        picture = client.get(f"/{path}")
        image = Image.open(BytesIO(picture.content))
        # Pixels alone, no texts that the dataset's files may have.
        assert (picture.headers["content-type"], image.info) == ("image/png", {})


def test_pictures_are_those_of_the_pair(open_study: Callable[..., Opened], made) -> None:
    from looking3d.dataset.load import Dataset

    opened, dataset = open_study(), Dataset.open(made)
    client = begin(opened)
    pair = opened.subset.pairs[opened.answers.standing(client.cookies["looking3d_study"]).pair]
    sample = next(s for s in dataset.samples if (s.shape_id, s.photo) == (pair.shape_id, pair.photo))
    photo, *views = re.findall(r'<img[^>]* src="(pictures/[^"]+)"', client.get("/").text)

    def pixels(path: str) -> np.ndarray:
        return np.asarray(Image.open(BytesIO(client.get(f"/{path}").content)))

    assert np.array_equal(pixels(photo), dataset.photo(sample))
    stored = dataset.reference(pair.shape_id).views
    # The first is the large one.
    assert len(views) == 1 + len(stored)
    for path, view in zip(views[1:], stored, strict=True):
        assert np.array_equal(pixels(path), view)
    digest = opened.subset.digest
    for path in ("pairs/99/photo.png", "pairs/0/views/3.png", "examples/99/photo.png", "pairs/-1/photo.png"):
        assert client.get(f"/pictures/{digest}/{path}").status_code == 404
    assert client.get(f"/pictures/{digest[::-1]}/pairs/0/photo.png").status_code == 404


def test_a_photo_that_breaks_while_the_study_runs(open_study: Callable[..., Opened], made, tmp_path) -> None:
    data = shutil.copytree(made, tmp_path / "data")
    opened = open_study(data=data)
    for path in data.glob("shapes/*/photos/*.png"):
        path.write_bytes(b"not a picture")
    broken = begin(opened).get(f"/pictures/{opened.subset.digest}/pairs/0/photo.png")
    assert broken.status_code == 500
    assert "Please tell whoever runs this study" in broken.text
    assert str(data) not in broken.text


def test_examples_say_what_they_show(open_study: Callable[..., Opened]) -> None:
    opened = open_study()
    client = opened.new_client()
    page = client.get("/").text
    assert page.count("<figure>") == len(opened.subset.examples) > 1
    assert page.count("<rect") == sum(pair.anomalous for pair in opened.subset.examples)
    assert "As it should be" in page
    for number in range(len(opened.subset.examples)):
        for what, side in (("photo", 64), ("view", 48)):
            path = f"pictures/{opened.subset.digest}/examples/{number}/{what}.png"
            assert path in page
            assert Image.open(BytesIO(client.get(f"/{path}").content)).size == (side, side)


def test_two_presses_and_two_tabs_count_once(open_study: Callable[..., Opened]) -> None:
    opened = open_study()
    client = begin(opened)
    # Begun twice: the same participant.
    assert client.post("/start", data=AGREE).status_code == 303
    position(client)
    for word in ("anomalous", "anomalous", "normal"):
        assert answer(client, 1, word).status_code == 303
    # Another tab that still shows the first pair, after the second was answered.
    position(client)
    answer(client, 2, "normal")
    assert answer(client, 1, "normal").status_code == 303
    assert position(client) == 3
    found = load_judgements(opened.path, opened.subset.digest)
    assert found.participants.tolist() == [1]
    assert found.anomalous.tolist() == [True, False]


def test_a_reload_changes_nothing_but_the_clock(open_study: Callable[..., Opened]) -> None:
    opened = open_study()
    client = begin(opened)
    page = client.get("/").text
    assert client.get("/").text == page
    answer(client, 1, milliseconds=700)
    position(client)
    answer(client, 2, milliseconds="soon")
    found = load_judgements(opened.path, opened.subset.digest)
    assert len(found.pair) == 2
    assert np.isnan(found.milliseconds).all()


def test_participants_do_not_mix(open_study: Callable[..., Opened]) -> None:
    opened = open_study()
    first, second = begin(opened), begin(opened)
    for number in range(1, 5):
        assert position(first) == position(second) == number
        answer(first, number, "anomalous")
        answer(second, number, "normal")
    found = load_judgements(opened.path, opened.subset.digest)
    assert found.anomalous[found.participant == 1].all()
    assert not found.anomalous[found.participant == 2].any()
    assert len(found.pair) == len(set(found.pair.tolist())) == 8


def test_what_is_refused(open_study: Callable[..., Opened]) -> None:
    opened = open_study()
    stranger = opened.new_client()
    refused = stranger.post("/start", data=AGREE)
    assert refused.status_code == 400
    assert "needs a cookie" in refused.text
    assert answer(stranger, 1).status_code == 409
    stranger.get("/")
    assert "please agree first" in stranger.post("/start").text
    assert answer(stranger, 1).status_code == 409
    client = begin(opened)
    early = answer(client, 1)
    assert early.status_code == 409
    assert "was not shown to you yet" in early.text
    position(client)
    for given in ({"position": 2}, {"position": -1}, {"position": "x"}, {"position": "9" * 30}):
        assert client.post("/answer", data={"answer": "normal", **given}).status_code == 409
    assert client.post("/answer", data={"position": 1, "answer": "perhaps"}).status_code == 400
    assert client.post("/answer", data={"position": 1, "answer": "x" * 5000}).status_code == 413
    assert client.post("/another").status_code == 403
    assert len(load_judgements(opened.path, opened.subset.digest).pair) == 0


def test_a_shared_device_lets_the_next_person_begin(open_study: Callable[..., Opened]) -> None:
    opened = open_study(shared_device=True, pairs=2)
    client = begin(opened)
    # A stray press in the middle loses nothing.
    assert client.post("/another").status_code == 303
    assert position(client) == 1
    for number in (1, 2):
        position(client)
        answer(client, number)
    assert "The next person may begin" in client.get("/").text
    assert client.post("/another").status_code == 303
    assert "You will see 2 photos" in client.get("/").text
    client.post("/start", data=AGREE)
    assert position(client) == 1
    assert load_judgements(opened.path, opened.subset.digest).incomplete == {2: 0}
