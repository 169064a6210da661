import dataclasses

import numpy as np
import pytest

from looking3d.errors import ConfigError
from looking3d.model.query import Window
from looking3d.training.augment import (
    KEPT_BOX,
    NO_AUGMENTATION,
    STRONG_AUGMENTATION,
    Augmentation,
    box_in_window,
    crop_window,
    vary_photo,
)

EFFECTS = ("color", "grey", "blur", "noise", "jpeg", "ground", "clutter")


def photo() -> tuple[np.ndarray, np.ndarray]:
    image = np.random.default_rng(0).integers(0, 256, (40, 64, 3)).astype(np.uint8)
    mask = np.zeros((40, 64), np.float32)
    mask[10:30, 20:40] = 1
    return image, mask


def busy_ground() -> np.ndarray:
    return np.full((40, 64, 3), 0.5, np.float32)


def varied(how: Augmentation, seed: int = 0) -> np.ndarray:
    return vary_photo(*photo(), how, np.random.default_rng(seed), busy_ground)


def only(effect: str) -> Augmentation:
    return dataclasses.replace(NO_AUGMENTATION, **{effect: 1.0})


def test_without_augmentation_a_photo_stays_as_it_is() -> None:
    for how in (NO_AUGMENTATION, Augmentation()):
        np.testing.assert_array_equal(varied(how), photo()[0])


@pytest.mark.parametrize("effect", EFFECTS)
def test_each_effect_changes_the_photo(effect: str) -> None:
    image, mask = photo()
    changed = varied(only(effect))
    assert changed.shape == image.shape
    assert changed.dtype == np.uint8
    assert not np.array_equal(changed, image)
    np.testing.assert_array_equal(changed, varied(only(effect)))
    assert not np.array_equal(changed, varied(only(effect), seed=1))
    if effect in ("ground", "clutter"):
        np.testing.assert_array_equal(changed[mask == 1], image[mask == 1])


def test_effects_come_as_often_as_asked() -> None:
    how = dataclasses.replace(NO_AUGMENTATION, blur=0.3)
    changed = [not np.array_equal(varied(how, seed), photo()[0]) for seed in range(300)]
    assert 0.2 < np.mean(changed) < 0.4


def test_a_jpeg_is_nearly_the_photo() -> None:
    image, mask = photo()
    smooth = np.broadcast_to(np.linspace(0, 255, 64).astype(np.uint8)[None, :, None], image.shape)
    got = vary_photo(smooth, mask, only("jpeg"), np.random.default_rng(0), busy_ground)
    assert np.abs(got.astype(int) - smooth).mean() < 4


def test_all_effects_together() -> None:
    how = dataclasses.replace(STRONG_AUGMENTATION, ground=0.5, clutter=0.5)
    for seed in range(20):
        assert varied(how, seed).shape == (40, 64, 3)


def slow_box(box: tuple[int, int, int, int], window: Window) -> list[float] | None:
    """By the pixels of the photo, each cut in ten, that lie in both."""
    x, y, width, height = box
    xs = [x + (i + 0.5) / 10 for i in range(10 * width) if 0 <= x + (i + 0.5) / 10 - window.x < window.side]
    ys = [y + (i + 0.5) / 10 for i in range(10 * height) if 0 <= y + (i + 0.5) / 10 - window.y < window.side]
    if not xs or not ys:
        return None
    left, right = (xs[0] - 0.05 - window.x), (xs[-1] + 0.05 - window.x)
    top, bottom = (ys[0] - 0.05 - window.y), (ys[-1] + 0.05 - window.y)
    edges = np.array([left + right, top + bottom, 2 * (right - left), 2 * (bottom - top)])
    return list(edges / 2 / window.side)


def test_boxes_follow_a_crop() -> None:
    generator = np.random.default_rng(0)
    cut = 0
    for _ in range(200):
        box = tuple(int(v) for v in (*generator.integers(0, 60, 2), *generator.integers(1, 40, 2)))
        window = Window(*generator.uniform(-5, 40, 2), generator.uniform(20, 60))
        expected = slow_box(box, window)
        got = box_in_window(box, window)
        if expected is None:
            assert got[2] * got[3] < 0.01
        else:
            cut += got[2] * got[3] * window.side**2 < 0.99 * box[2] * box[3]
            np.testing.assert_allclose(got, expected, atol=0.01)
    assert 20 < cut < 180


def test_crops_are_anywhere_and_keep_most_of_an_anomaly() -> None:
    for box, width, height in (((0, 0, 0, 0), 80, 60), ((70, 2, 9, 9), 80, 60), ((0, 50, 60, 10), 60, 80)):
        windows = [crop_window(width, height, box, 0.6, np.random.default_rng(seed)) for seed in range(300)]
        assert all(w.side == 48 for w in windows)
        # Of the smallest square that holds the photo
        x, y = (np.array([getattr(w, axis) for w in windows]) for axis in "xy")
        low_x, low_y = (width - 80) / 2, (height - 80) / 2
        assert (x >= low_x).all()
        assert (x + 48 <= low_x + 80).all()
        assert (y >= low_y).all()
        assert (y + 48 <= low_y + 80).all()
        for window in windows:
            kept = box_in_window(box, window)
            assert kept[2] * kept[3] * 48**2 >= KEPT_BOX * box[2] * box[3]
        if box[2] == 0:
            assert x.std() == pytest.approx(32 / 12**0.5, rel=0.1)


def test_a_box_that_no_crop_can_keep_keeps_the_whole_photo() -> None:
    window = crop_window(80, 60, (0, 0, 80, 60), 0.3, np.random.default_rng(0))
    assert window == Window(0, -10, 80)


def test_bad_shares_are_refused() -> None:
    with pytest.raises(ConfigError, match="crop: expected more than 0 and at most 1, got 0"):
        Augmentation(crop=0)
    with pytest.raises(ConfigError, match="jpeg: expected 0 to 1, got 2"):
        Augmentation(jpeg=2)
