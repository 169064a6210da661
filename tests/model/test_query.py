import numpy as np
import pytest

from looking3d.errors import PhotoError
from looking3d.geometry.camera import orbit
from looking3d.model.query import Window, crop, main_pieces, to_tensor, whole_window, window_around


def test_window_frames_the_longer_side() -> None:
    mask = np.zeros((50, 90), bool)
    mask[10:40, 20:80] = True
    window = window_around(mask, fill=0.75)
    assert window.side == 80
    assert window.x + window.side / 2 == 50
    assert window.y + window.side / 2 == 25


def test_empty_mask_is_refused_by_name() -> None:
    with pytest.raises(PhotoError, match=r"seat\.jpg: no object found"):
        window_around(np.zeros((4, 6), bool), "seat.jpg")


@pytest.mark.parametrize("side", [20.0, 40.0, 130.0])
def test_crop_puts_pixels_where_the_window_s_camera_says(side: float) -> None:
    height, width = 90, 120
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    image = np.stack([x, y], -1).astype(np.float32)
    window = Window(30.0, 10.0, side)
    cut = crop(image, window, 32)
    center = (np.arange(32) + 0.5) / 32 * side
    inside = slice(2, 30) if side < 100 else slice(2, 18)
    np.testing.assert_allclose(
        cut[inside, inside, 0], np.tile(center[inside] + 30, (len(center[inside]), 1)), atol=0.6
    )
    np.testing.assert_allclose(
        cut[inside, inside, 1].T, np.tile(center[inside] + 10, (len(center[inside]), 1)), atol=0.6
    )


@pytest.mark.parametrize("side", [10.0, 40.0])
def test_beyond_the_photo_is_its_border_or_what_is_asked_for(side: float) -> None:
    image = np.full((20, 20, 3), 90, np.uint8)
    window = Window(-0.75 * side, 10 - side / 2, side)
    assert (crop(image, window, 16) == 90).all()
    white = crop(image, window, 16, beyond=255)
    assert (white[:, :11] == 255).all()
    assert (white[4:12, 13:] == 90).all()


def test_camera_through_a_window_and_back() -> None:
    camera = orbit(0.4, 0.3, 200).cropped(0, 20, 200, 150, (200, 150))
    window = Window(-10.0, 5.0, 120.0)
    seen = window.camera(camera, 64)
    point = np.array([0.2, -0.1, 0.3])
    expected = (camera.project(point)[0] - [-10, 5]) * 64 / 120
    np.testing.assert_allclose(seen.project(point)[0], expected)
    back = window.photo_camera(seen, 200, 150)
    np.testing.assert_allclose(back.project(point)[0], camera.project(point)[0])


def test_whole_window_holds_all() -> None:
    assert whole_window(40, 100) == Window(-30.0, 0.0, 100.0)


def test_tensor_range_and_layout() -> None:
    images = np.zeros((2, 3, 5, 3), np.uint8)
    images[1, 2, 4] = (255, 0, 255)
    images.setflags(write=False)
    tensor = to_tensor(images)
    assert tensor.shape == (2, 3, 3, 5)
    assert tensor.min() == -1
    assert tensor[1, :, 2, 4].tolist() == [1, -1, 1]


def test_specks_are_dropped_and_holes_stay() -> None:
    mask = np.zeros((60, 90), bool)
    mask[10:50, 10:50] = True
    mask[20:30, 20:30] = False
    mask[10:20, 60:70] = True
    clean = mask.copy()
    mask[5, 80:84] = True
    np.testing.assert_array_equal(main_pieces(mask), clean)
    assert not main_pieces(np.zeros((9, 9), bool)).any()
