import cv2
import numpy as np
import pytest

from looking3d.photos.plain_ground import segment_plain

HEIGHT, WIDTH = 120, 170


@pytest.fixture
def frame() -> np.ndarray:
    """(height, width) bool, a frame with a hole through which the ground is seen."""
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[30:90, 60:120] = True
    mask[45:75, 75:105] = False
    return mask


def graded(top: tuple[int, int, int], bottom: tuple[int, int, int]) -> np.ndarray:
    """(height, width, 3) uint8, one colour fading into another, a little noise on it."""
    t = np.linspace(0, 1, HEIGHT)[:, None, None]
    ground = np.broadcast_to(np.array(top) * (1 - t) + np.array(bottom) * t, (HEIGHT, WIDTH, 3))
    noise = np.random.default_rng(0).normal(0, 2, ground.shape)
    return np.clip(ground + noise, 0, 255).astype(np.uint8)


def iou(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())


@pytest.mark.parametrize(
    ("top", "bottom", "paint"),
    [
        ((255, 255, 255), (255, 255, 255), (120, 70, 40)),
        ((200, 190, 180), (130, 125, 120), (40, 60, 140)),
        ((60, 62, 60), (90, 92, 90), (200, 190, 170)),
        ((40, 90, 160), (60, 120, 190), (45, 45, 45)),
    ],
)
def test_an_object_with_a_hole_on_a_graded_ground(frame, top, bottom, paint) -> None:
    photo = graded(top, bottom)
    photo[frame] = paint
    found = segment_plain(photo)
    assert found.is_even
    assert iou(found.mask, frame) > 0.93
    assert not found.mask[55:65, 85:95].any()


def test_a_soft_shadow_is_ground(frame: np.ndarray) -> None:
    shade = np.zeros((HEIGHT, WIDTH), np.float32)
    shade[70:105, 40:110] = 0.35
    light = 1 - cv2.GaussianBlur(shade, (0, 0), 7)
    photo = (graded((230, 228, 225), (225, 222, 220)) * light[..., None]).astype(np.uint8)
    photo[frame] = (120, 40, 30)
    assert photo[95, 90].mean() < 180
    found = segment_plain(photo)
    assert iou(found.mask, frame) > 0.93


def test_an_object_that_reaches_the_border_does_not_spoil_the_ground() -> None:
    photo = graded((210, 210, 210), (180, 180, 180))
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[50:, 60:110] = True
    photo[mask] = (150, 30, 30)
    found = segment_plain(photo)
    assert found.is_even
    assert found.evenness < 0.95
    assert iou(found.mask, mask) > 0.95


def test_a_busy_ground_is_told(frame: np.ndarray) -> None:
    squares = np.kron(np.random.default_rng(1).integers(0, 255, (6, 10, 3)), np.ones((20, 17, 1)))
    photo = squares.astype(np.uint8)
    photo[frame] = (120, 70, 40)
    found = segment_plain(photo)
    assert not found.is_even
    assert found.evenness < 0.5


def test_specks_are_dropped_and_size_is_kept(frame: np.ndarray) -> None:
    photo = graded((240, 240, 240), (240, 240, 240))
    photo[frame] = (90, 50, 20)
    photo[5:7, 150:153] = (0, 0, 0)
    large = cv2.resize(photo, (5 * WIDTH, 5 * HEIGHT), interpolation=cv2.INTER_NEAREST)
    found = segment_plain(large)
    assert found.mask.shape == (5 * HEIGHT, 5 * WIDTH)
    assert not found.mask[:60].any()
    assert not segment_plain(graded((240, 240, 240), (240, 240, 240))).mask.any()
