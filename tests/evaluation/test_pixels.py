import itertools
from collections.abc import Callable

import numpy as np
import pytest
from scipy import ndimage
from sklearn.metrics import roc_auc_score

from looking3d.evaluation.pixels import FALSE_POSITIVES_TO, packed_mask, pixel_scores
from looking3d.model.detector import resampled
from looking3d.model.query import Window

Predictions = dict[str, np.ndarray]


def maps(rows: list[dict]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Heat and changed pixels of each photo, spelt out; all are smaller than what photos are shrunk to."""
    found = []
    for row in rows:
        width, height = row["width"], row["height"]
        cells = np.frombuffer(row["heat_map"], np.float16).reshape(32, 32).astype(np.float32)
        heat = resampled(cells, Window(*row["window"]), width, height).astype(np.float16)
        bits = np.unpackbits(np.frombuffer(row["changed"], np.uint8))[: width * height]
        found.append((heat, bits.reshape(height, width).astype(bool)))
    return found


def slow_aupro(pictures: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """Every threshold in turn, every region by itself."""
    thresholds = np.unique(np.concatenate([heat.ravel() for heat, _ in pictures]))[::-1]
    points = [(0.0, 0.0)]
    for threshold in thresholds:
        overlaps, false, normal = [], 0, 0
        for heat, mask in pictures:
            called = heat >= threshold
            labels, count = ndimage.label(mask, np.ones((3, 3)))
            overlaps += [called[labels == i].mean() for i in range(1, count + 1)]
            false, normal = false + (called & ~mask).sum(), normal + (~mask).sum()
        points.append((false / normal, float(np.mean(overlaps))))
    area = 0.0
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if x0 >= FALSE_POSITIVES_TO or x1 == x0:
            continue
        end = min(x1, FALSE_POSITIVES_TO)
        y_end = y0 + (y1 - y0) * (end - x0) / (x1 - x0)
        area += (end - x0) * (y0 + y_end) / 2
    return area / FALSE_POSITIVES_TO


def test_auroc_is_scikit_learn_s_and_aupro_that_of_a_slow_loop(
    rows: Callable[..., list[dict]], columns: Callable
) -> None:
    some = rows(9, seed=4)
    pictures = maps(some)
    scores = pixel_scores(columns(some))
    heat, mask = (np.concatenate([picture[i].ravel() for picture in pictures]) for i in (0, 1))
    assert scores["auroc"] == pytest.approx(roc_auc_score(mask, heat.astype(float)), abs=1e-12)
    assert scores["aupro"] == pytest.approx(slow_aupro(pictures), abs=1e-9)
    assert 0.02 < scores["aupro"] < 0.95


def tiny(heat: np.ndarray, mask: np.ndarray) -> Predictions:
    """One square photo that is the window of its heat map."""
    side = len(heat)
    row = {"heat_map": heat.astype(np.float16).tobytes(), "changed": packed_mask(mask), "width": side}
    row |= {"height": side, "window": [0.0, 0.0, float(side)]}
    return {name: np.array([value], object) for name, value in row.items()}


def test_aupro_by_hand() -> None:
    mask = np.zeros((4, 4), bool)
    mask[0, 0] = True  # a region of one pixel
    mask[2:, 2:] = True  # and one of four
    heat = np.zeros((4, 4))
    heat[0, 0] = 0.9
    heat[2, 2] = 0.8
    heat[0, 1] = heat[1, 0] = heat[0, 3] = 0.7  # 3 of 11 normal pixels
    heat[2, 3] = 0.6
    # Overlap 0.5, then (1 + 1/4) / 2 = 0.625 without a false positive; then 3/11 = 0.2727 at the same; then
    # 0.75; the rest is a tie of 8 normal and 2 changed pixels, from there to (1, 1).
    at_end = 0.75 + 0.25 * (0.3 - 3 / 11) / (8 / 11)
    area = 3 / 11 * 0.625 + (0.3 - 3 / 11) * (0.75 + at_end) / 2
    assert pixel_scores(tiny(heat, mask))["aupro"] == pytest.approx(area / 0.3, abs=1e-12)


def test_perfect_and_useless_heat() -> None:
    mask = np.zeros((8, 8), bool)
    mask[2:4, 3:6] = True
    assert pixel_scores(tiny(mask.astype(float), mask)) == pytest.approx({"auroc": 1.0, "aupro": 1.0})
    # All alike: the curve is the diagonal.
    flat = pixel_scores(tiny(np.full((8, 8), 0.25), mask))
    assert flat == {"auroc": 0.5, "aupro": pytest.approx(FALSE_POSITIVES_TO / 2)}


def test_regions_that_touch_by_a_corner_are_one() -> None:
    mask = np.zeros((4, 4), bool)
    mask[0, 0] = mask[1, 1] = mask[2, 2] = True
    heat = np.where(mask, [[0.9], [0.0], [0.0], [0.0]], 0.0)
    # A third of the one region is covered at no false positive, and then the diagonal up to (1, 1).
    expected = (1 / 3 + 1 / 3 + FALSE_POSITIVES_TO * 2 / 3) / 2
    assert pixel_scores(tiny(heat, mask))["aupro"] == pytest.approx(expected)


def test_heat_below_what_a_byte_can_tell_counts() -> None:
    mask = np.zeros((8, 8), bool)
    mask[2:4, 3:6] = True
    assert pixel_scores(tiny(np.where(mask, 2e-4, 1e-4), mask)) == pytest.approx({"auroc": 1.0, "aupro": 1.0})


def test_photos_without_any_change_alone_have_no_scores() -> None:
    assert pixel_scores(tiny(np.zeros((4, 4)), np.zeros((4, 4), bool))) == {"auroc": None, "aupro": None}


def test_what_lies_outside_the_window_is_cold() -> None:
    mask = np.zeros((16, 16), bool)
    mask[:8] = True
    one = tiny(np.full((16, 16), 0.5), mask)
    one["window"][0] = [0.0, 8.0, 16.0]
    # All heat is on the wrong half, but for what the resampling spreads.
    assert pixel_scores(one)["auroc"] == pytest.approx(1 / 16, abs=0.07)


def test_large_photos_are_shrunk_and_pixels_belong_by_half_of_their_area() -> None:
    mask = np.zeros((192, 256), bool)
    mask[10:12, 20:22] = True  # a whole pixel at half the size
    mask[50, 60] = True  # a quarter of one
    mask[70, 80:82] = True  # a half
    small = np.unpackbits(np.frombuffer(packed_mask(mask), np.uint8)).reshape(96, 128)
    assert np.argwhere(small).tolist() == [[5, 10], [35, 40]]
