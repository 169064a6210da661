import numpy as np
import pytest

from looking3d.photos.on_white import on_white, whitened, with_shadow

HEIGHT, WIDTH = 120, 160


@pytest.fixture
def mask() -> np.ndarray:
    """A table: a top on two legs."""
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[30:40, 40:120] = True
    mask[40:90, 45:50] = mask[40:90, 110:115] = True
    return mask


def test_the_object_is_kept_and_the_rest_is_white(mask: np.ndarray) -> None:
    image = np.random.default_rng(0).integers(0, 200, (HEIGHT, WIDTH, 3), np.uint8)
    laid = on_white(image, mask)
    np.testing.assert_array_equal(laid[35, 60:100], image[35, 60:100])
    assert (laid[60, 60:100] == 255).all()
    np.testing.assert_array_equal(on_white(laid, mask), laid)
    assert on_white(laid, mask) is laid


@pytest.mark.parametrize("colour", [(250, 250, 250), (90, 120, 200), (25, 25, 25)])
def test_an_even_ground_becomes_white_and_what_the_mask_lost_is_seen(
    mask: np.ndarray, colour: tuple[int, int, int]
) -> None:
    noise = np.random.default_rng(0).normal(0, 2, (HEIGHT, WIDTH, 3))
    ground = np.broadcast_to(np.array(colour, np.float32) / 255, (HEIGHT, WIDTH, 3))
    for paint in ((120, 70, 40), (215, 205, 60)):  # darker or lighter than the ground
        image = np.clip(np.where(mask[..., None], paint, 255 * ground) + noise, 0, 255).astype(np.uint8)
        lost = mask.copy()
        lost[40:, 100:] = False  # a leg
        white = whitened(image, lost, ground)
        np.testing.assert_array_equal(white[33:37, 60:100], image[33:37, 60:100])
        assert np.median(white[100:]) > 245
        assert white[100:].min() > 210
        assert (white[50:85, 111:114].min(-1) < 225).all()


def test_the_shadow_lies_under_the_object(mask: np.ndarray) -> None:
    white = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    white[mask] = (120, 70, 40)
    shaded = with_shadow(white, mask)
    np.testing.assert_array_equal(shaded[35, 60:100], white[35, 60:100])
    dark = 255 - shaded[~mask].astype(int)
    assert dark.max() > 30
    rows, _ = np.nonzero((255 - shaded.max(-1).astype(int) > 15) & ~mask)
    assert 65 < rows.mean() < 100
    assert (shaded[:20] == 255).all()
    np.testing.assert_array_equal(with_shadow(white, mask), shaded)
