import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from PIL import Image

from looking3d.errors import ConfigError, MissingExtraError, PhotoError
from looking3d.model.query import Query
from looking3d.photos import foreground, salient
from looking3d.photos.foreground import Candidate, ForegroundFinder, redrawn
from looking3d.photos.foreground_config import ForegroundConfig

HEIGHT, WIDTH = 100, 150


@pytest.fixture
def mask() -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[20:80, 50:100] = True
    return mask


@pytest.fixture
def photo(mask: np.ndarray) -> Query:
    """A brown thing on a light grey ground."""
    noise = np.random.default_rng(0).normal(0, 3, (HEIGHT, WIDTH, 3))
    image = np.where(mask[..., None], (120, 70, 40), (200, 200, 200)) + noise
    return Query(image.astype(np.uint8), None, "thing.jpg")


@pytest.fixture
def busy(photo: Query, mask: np.ndarray) -> Query:
    squares = np.kron(np.random.default_rng(1).integers(90, 255, (5, 10, 3)), np.ones((20, 15, 1)))
    return dataclasses.replace(photo, image=np.where(mask[..., None], photo.image, squares).astype(np.uint8))


class Network:
    """A detector that knows where the object is, roughly; or that sees nothing."""

    def __init__(self, mask: np.ndarray, blind: bool = False) -> None:
        self.mask, self.blind = mask, blind

    def foreground(self, photo: Query) -> np.ndarray:
        assert photo.mask is None
        if self.blind:
            raise PhotoError(f"{photo.name}: no object found")
        if photo.image.shape[:2] != self.mask.shape:
            return np.full(photo.image.shape[:2], 0.8, np.float32)
        return np.roll(self.mask, 3, 1).astype(np.float32) * 0.9


def find(photo: Query, detector: object = None, **config: object) -> list[Candidate]:
    return list(ForegroundFinder(ForegroundConfig(**config), detector).candidates(photo))  # pyright: ignore


def iou(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())


def test_alpha_is_taken_by_itself(photo: Query, mask: np.ndarray) -> None:
    cut = dataclasses.replace(photo, mask=mask)
    for method in ("auto", "alpha"):
        (found,) = find(cut, Network(mask), foreground=method)
        assert found.foreground.method == "alpha"
        np.testing.assert_array_equal(found.query.mask, mask)
    with pytest.raises(PhotoError, match=r"thing.jpg: has no alpha channel, or one that is opaque"):
        find(photo, foreground="alpha")


def test_alpha_can_be_ignored(photo: Query, mask: np.ndarray) -> None:
    wrong = dataclasses.replace(photo, mask=~mask)
    (found,) = find(wrong, foreground="plain")
    assert iou(found.mask, mask) > 0.95


def test_an_even_ground_is_made_white(photo: Query, mask: np.ndarray) -> None:
    for method in ("plain", "grabcut"):
        (found,) = find(photo, foreground=method)
        assert str(found.foreground) == f"{method} (asked for)"
        assert not found.foreground.is_doubtful
        assert found.query.image[:15].min() > 225
        assert found.query.image[:15].mean() > 245
        np.testing.assert_array_equal(found.query.image[30:70, 60:90], photo.image[30:70, 60:90])


def test_what_is_cut_out_or_on_a_busy_ground_is_laid_on_white(
    photo: Query, busy: Query, mask: np.ndarray
) -> None:
    (cut,) = find(dataclasses.replace(photo, mask=mask), foreground="alpha")
    assert (cut.query.image[:15] == 255).all()
    # One that is on white already is not touched.
    (again,) = find(cut.query, foreground="alpha")
    np.testing.assert_array_equal(again.query.image, cut.query.image)
    grabcut, _ = find(busy, Network(mask))
    far = cv2.dilate(grabcut.mask.astype(np.uint8), np.ones((9, 9), np.uint8)) == 0
    assert (grabcut.query.image[far] == 255).all()


def test_auto_offers_two_ideas_and_says_why(photo: Query, busy: Query, mask: np.ndarray) -> None:
    even = find(photo, Network(mask))
    assert [str(found.foreground) for found in even] == ["grabcut (even ground)", "plain (even ground)"]
    assert all(iou(found.mask, mask) > 0.95 for found in even)
    grabcut, network = find(busy, Network(mask))
    assert str(grabcut.foreground) == "grabcut (busy ground)"
    assert str(network.foreground) == "network (busy ground)"
    assert grabcut.foreground.is_doubtful
    assert network.foreground.is_doubtful
    assert network.query.mask is None
    np.testing.assert_array_equal(network.query.image, busy.image)


def test_a_detector_without_a_network(photo: Query, mask: np.ndarray) -> None:
    assert [found.foreground.method for found in find(photo)] == ["grabcut", "plain"]
    assert all(iou(found.mask, mask) > 0.95 for found in find(photo))
    with pytest.raises(ConfigError, match="--foreground network: this detector has none"):
        find(photo, foreground="network")


def test_nothing_is_found(photo: Query, mask: np.ndarray) -> None:
    empty = dataclasses.replace(photo, image=np.full((HEIGHT, WIDTH, 3), 200, np.uint8))
    for method in ("auto", "plain", "grabcut"):
        with pytest.raises(PhotoError, match=r"thing.jpg: no object found"):
            find(empty, foreground=method)
    with pytest.raises(PhotoError, match=r"thing.jpg: no object found"):
        find(photo, Network(mask, blind=True), foreground="grabcut")
    # Colours tell where the network is blind.
    (found,) = find(photo, Network(mask, blind=True))
    assert found.foreground.method == "plain"


def test_plain_says_when_the_ground_is_not(busy: Query) -> None:
    (found,) = find(busy, foreground="plain")
    assert found.foreground.is_doubtful
    assert "uneven ground: " in found.foreground.reason


def test_masks(photo: Query, mask: np.ndarray, tmp_path: Path) -> None:
    Image.fromarray((mask * 255).astype(np.uint8)).save(tmp_path / "thing.png")
    (found,) = find(photo, masks=tmp_path)
    assert found.foreground.method == "mask"
    np.testing.assert_array_equal(found.mask, mask)


def test_boxes(busy: Query, mask: np.ndarray, tmp_path: Path) -> None:
    seeded, around = find(busy, Network(mask), box=(45, 15, 60, 70))
    assert {seeded.foreground.method, around.foreground.method} == {"box"}
    assert around.foreground.is_doubtful
    assert iou(around.mask, mask) > 0.8
    (only,) = find(busy, Network(mask, blind=True), box=(45, 15, 60, 70))
    np.testing.assert_array_equal(only.mask, around.mask)
    (tmp_path / "boxes.json").write_text('{"thing.jpg": [45, 15, 60, 70]}')
    (listed,) = find(busy, boxes=tmp_path / "boxes.json")
    np.testing.assert_array_equal(listed.mask, around.mask)
    other = dataclasses.replace(busy, name="other.jpg")
    with pytest.raises(PhotoError, match=r"other.jpg: no box in .*boxes.json; add a line"):
        find(other, boxes=tmp_path / "boxes.json")


def test_a_drawing_of_the_model_mends_a_mask(busy: Query, mask: np.ndarray) -> None:
    (_, around) = find(busy, Network(mask), box=(35, 15, 80, 80))
    spoilt = dataclasses.replace(around, mask=mask.copy())
    spoilt.mask[20:50, 50:75] = False
    spoilt.mask[85:95, 20:140] = True
    mended = redrawn(busy, spoilt, mask)
    assert iou(mended.mask, mask) > 0.95 > iou(spoilt.mask, mask)
    assert mended.foreground.method == "box"
    assert mended.foreground.reason.endswith(", then against the 3D model")


@pytest.fixture
def rembg(mask: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """rembg as it is used, which finds the mask; answers the networks that it was asked to open."""
    opened: list[str] = []

    def remove(image: np.ndarray, session: str, only_mask: bool) -> np.ndarray:
        assert (image.shape, session, only_mask) == ((HEIGHT, WIDTH, 3), salient.MODEL, True)
        return (mask * 255).astype(np.uint8)

    def new_session(name: str) -> str:
        opened.append(name)
        return name

    monkeypatch.setitem(sys.modules, "rembg", SimpleNamespace(remove=remove, new_session=new_session))
    for module in (salient, foreground):
        monkeypatch.setattr(module, "is_installed", lambda: True)
    salient._opened.cache_clear()
    yield opened
    salient._opened.cache_clear()


def test_rembg_finds_what_stands_out_and_is_opened_once(
    photo: Query, mask: np.ndarray, rembg: list[str]
) -> None:
    for _ in range(2):
        (found,) = find(photo, foreground="rembg")
        np.testing.assert_array_equal(found.mask, mask)
    assert rembg == [salient.MODEL]


def test_without_rembg_it_says_what_to_install(photo: Query, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(salient, "is_installed", lambda: False)
    with pytest.raises(MissingExtraError, match=r"pip install 'looking3d\[segment\]'"):
        find(photo, foreground="rembg")


def test_auto_asks_rembg_first_on_a_busy_ground(
    photo: Query, busy: Query, mask: np.ndarray, rembg: list[str]
) -> None:
    ideas = ForegroundFinder(ForegroundConfig(), Network(mask)).candidates(photo)
    assert [next(ideas).foreground.method for _ in range(2)] == ["grabcut", "plain"]
    assert rembg == []  # nobody has asked for a third
    assert next(ideas).foreground.method == "rembg"
    methods = [idea.foreground.method for idea in find(busy, Network(mask))]
    assert methods == ["rembg", "grabcut", "network"]
    assert rembg == [salient.MODEL]


def test_a_mended_mask_lies_on_the_ground_of_the_first(photo: Query, mask: np.ndarray) -> None:
    (plain,) = find(photo, foreground="plain")
    mended = redrawn(photo, plain, mask)
    assert mended.ground is plain.ground
    assert 245 < mended.query.image[:15].mean() < 255  # the noise of the ground is there still


def test_weights_that_cannot_be_fetched(
    busy: Query, mask: np.ndarray, rembg: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def new_session(name: str) -> str:
        rembg.append(name)
        raise OSError("no route\nto host")

    monkeypatch.setattr(sys.modules["rembg"], "new_session", new_session)
    with pytest.raises(
        ConfigError, match=r"put isnet-general-use.onnx into ~/.u2net, .* \(OSError: no route to host\)"
    ):
        find(busy, Network(mask), foreground="rembg")
    ideas = find(busy, Network(mask))
    assert [str(idea.foreground) for idea in ideas] == [
        "grabcut (busy ground, and no weights for rembg)",
        "network (busy ground, and no weights for rembg)",
    ]
    assert len(rembg) == 1  # once is enough


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"foreground": "magic"}, "unknown foreground 'magic'; choose one of: alpha, auto, box"),
        ({"foreground": "mask"}, "name a folder of masks with --masks"),
        ({"foreground": "box"}, "name a file of boxes with --boxes, or one with --box"),
        ({"foreground": "plain", "masks": Path("m")}, "--masks: is for --foreground mask, not plain"),
        ({"foreground": "plain", "box": (0, 0, 1, 1)}, "are for --foreground box, not plain"),
        ({"box": (0, 0, 1, 1), "boxes": Path("b")}, "--boxes and --box: name one"),
        ({"masks": Path("m"), "boxes": Path("b")}, "--masks and --boxes: name one"),
    ],
)
def test_settings_that_contradict(config: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ForegroundConfig(**config)
