from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from looking3d.errors import ConfigError, PhotoError
from looking3d.photos.mask_files import load_mask, read_boxes

WIDTH, HEIGHT = 90, 60


@pytest.fixture
def mask() -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[10:40, 20:80] = True
    return mask


def save(path: Path, mask: np.ndarray) -> Path:
    Image.fromarray((mask * 255).astype(np.uint8)).save(path)
    return path


def test_a_mask_is_found_by_stem_or_named(mask: np.ndarray, tmp_path: Path) -> None:
    (tmp_path / "chair.txt").touch()
    save(tmp_path / "chair.bmp", mask)
    one = save(tmp_path / "one.png", ~mask)
    np.testing.assert_array_equal(load_mask(tmp_path, "chair.jpg", WIDTH, HEIGHT), mask)
    np.testing.assert_array_equal(load_mask(one, "chair.jpg", WIDTH, HEIGHT), ~mask)


def test_photos_and_masks_in_one_folder(mask: np.ndarray, tmp_path: Path) -> None:
    Image.new("RGB", (WIDTH, HEIGHT), "white").save(tmp_path / "chair.jpg")
    save(tmp_path / "chair.png", mask)
    np.testing.assert_array_equal(load_mask(tmp_path, "chair.jpg", WIDTH, HEIGHT), mask)


def test_alpha_is_a_mask(mask: np.ndarray, tmp_path: Path) -> None:
    pixels = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    pixels[..., 3] = mask * 255
    Image.fromarray(pixels).save(tmp_path / "chair.png")
    np.testing.assert_array_equal(load_mask(tmp_path, "chair.jpg", WIDTH, HEIGHT), mask)


def test_a_smaller_mask_is_scaled(mask: np.ndarray, tmp_path: Path) -> None:
    save(tmp_path / "chair.png", mask)
    loaded = load_mask(tmp_path, "chair.jpg", 2 * WIDTH, 2 * HEIGHT + 1)
    assert loaded.shape == (2 * HEIGHT + 1, 2 * WIDTH)
    assert (loaded[:-1] == np.kron(mask, np.ones((2, 2), bool))).mean() > 0.97


def test_masks_that_do_not_fit(mask: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match=r"no mask of chair.jpg; expected chair.png or another image chair"):
        load_mask(tmp_path, "chair.jpg", WIDTH, HEIGHT)
    with pytest.raises(PhotoError, match=r"gone: no such file or folder; expected masks"):
        load_mask(tmp_path / "gone", "chair.jpg", WIDTH, HEIGHT)
    path = save(tmp_path / "chair.png", mask)
    with pytest.raises(PhotoError, match=r"chair.png: is 90 x 60 px, the photo chair.jpg is 60 x 90 px"):
        load_mask(path, "chair.jpg", HEIGHT, WIDTH)
    save(path, np.zeros_like(mask))
    with pytest.raises(PhotoError, match=r"chair.png: is black everywhere"):
        load_mask(path, "chair.jpg", WIDTH, HEIGHT)


def test_boxes_from_json_and_csv(tmp_path: Path) -> None:
    (tmp_path / "boxes.json").write_text('{"a.jpg": [1, 2.5, 30, 40]}')
    (tmp_path / "boxes.csv").write_text("\ufeffname,y,x,width,height,note\na.jpg,2.5,1,30,40,fine\n")
    for name in ("boxes.json", "boxes.csv"):
        assert read_boxes(tmp_path / name) == {"a.jpg": (1.0, 2.5, 30.0, 40.0)}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("b.json", "{", "not JSON"),
        ("b.json", "[1]", r"expected \{\"photo.jpg\": \[x, y, width, height\]"),
        ("b.json", '{"a.jpg": [1, 2, 3]}', r"a.jpg: expected x, y, width, height in pixels, got \[1, 2, 3\]"),
        ("b.json", '{"a.jpg": [1, 2, 0, 9]}', "a.jpg: expected x, y, width, height"),
        ("b.csv", "name,x,y\na.jpg,1,2\n", "no column width, height; expected a head line name,x,y,width"),
        ("b.csv", "name,x,y,width,height\na.jpg,1,2,3,z\n", "a.jpg: expected x, y, width, height in pixels"),
    ],
)
def test_boxes_that_say_something_else(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_boxes(tmp_path / name)
    with pytest.raises(ConfigError, match=r"gone.json: cannot be read"):
        read_boxes(tmp_path / "gone.json")
