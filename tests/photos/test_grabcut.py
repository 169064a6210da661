import cv2
import numpy as np
import pytest

from looking3d.errors import PhotoError
from looking3d.photos.grabcut import cut_out_of_box, inside, refine

HEIGHT, WIDTH = 120, 170


@pytest.fixture
def mask() -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.circle(mask, (80, 60), 30, 1, -1)
    return mask > 0


@pytest.fixture
def photo(mask: np.ndarray) -> np.ndarray:
    generator = np.random.default_rng(0)
    ground = generator.normal((70, 110, 160), 18, (HEIGHT, WIDTH, 3))
    thing = generator.normal((190, 120, 60), 18, (HEIGHT, WIDTH, 3))
    return np.clip(np.where(mask[..., None], thing, ground), 0, 255).astype(np.uint8)


def iou(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())


def test_a_rough_guess_is_refined(photo: np.ndarray, mask: np.ndarray) -> None:
    guess = np.roll(mask, 6, 1).astype(np.float32) * 0.8
    assert iou(guess > 0.5, mask) < 0.8
    refined = refine(photo, guess)
    assert iou(refined, mask) > 0.95
    np.testing.assert_array_equal(refine(photo, guess), refined)


def test_nothing_to_learn_from_leaves_the_guess(photo: np.ndarray) -> None:
    nothing, all_of_it = np.zeros((HEIGHT, WIDTH), np.float32), np.ones((HEIGHT, WIDTH), np.float32)
    assert not refine(photo, nothing).any()
    assert refine(photo, all_of_it).all()


def test_cutting_out_of_a_box(photo: np.ndarray, mask: np.ndarray) -> None:
    cut = cut_out_of_box(photo, (45, 25, 72, 70))
    assert iou(cut, mask) > 0.95
    np.testing.assert_array_equal(cut_out_of_box(photo, (45, 25, 72, 70)), cut)
    # A large photo gives as large a mask.
    large = cv2.resize(photo, (6 * WIDTH, 6 * HEIGHT), interpolation=cv2.INTER_NEAREST)
    cut = cut_out_of_box(large, (6 * 45, 6 * 25, 6 * 72, 6 * 70))
    assert cut.shape == large.shape[:2]
    assert iou(cut[::6, ::6], mask) > 0.9


def test_boxes_that_do_not_fit(photo: np.ndarray) -> None:
    assert inside((-10, 5.4, 60, 500), photo, "a.jpg") == (0, 5, 50, HEIGHT)
    with pytest.raises(PhotoError, match=r"a.jpg: the box x 200, y 0, 10 x 10 px lies outside"):
        cut_out_of_box(photo, (200, 0, 10, 10), "a.jpg")
    with pytest.raises(PhotoError, match=r"a.jpg: the box is as large as the photo"):
        cut_out_of_box(photo, (0, 0, WIDTH, HEIGHT), "a.jpg")
