import numpy as np

from looking3d.training.clutter import clutter, put_on, tinted, tints

SIZE = 48


def other() -> tuple[np.ndarray, np.ndarray]:
    photo = np.full((60, 60, 3), 200, np.uint8)
    photo[20:40, 20:40] = (250, 10, 10)
    mask = np.zeros((60, 60), bool)
    mask[20:40, 20:40] = True
    return photo, mask


def test_grounds_are_busy_and_of_many_sorts() -> None:
    grounds = [clutter(SIZE, other, np.random.default_rng(seed)) for seed in range(40)]
    for ground in grounds:
        assert ground.shape == (SIZE, SIZE, 3)
        assert ground.dtype == np.float32
        assert 0 <= ground.min() <= ground.max() <= 1
    assert np.median([ground.std((0, 1)).mean() for ground in grounds]) > 0.05
    means = np.array([ground.mean((0, 1)) for ground in grounds])
    assert (means.std(0) > 0.08).all()


def test_the_same_generator_gives_the_same_ground() -> None:
    a, b = (clutter(SIZE, other, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(a, b)


def test_the_object_stays_as_it_is_and_throws_a_shadow_below() -> None:
    photo = np.full((SIZE, 64, 3), 0.3, np.float32)
    mask = np.zeros((SIZE, 64), np.float32)
    mask[10:30, 20:40] = 1
    ground = np.ones_like(photo)
    shadows = []
    for seed in range(5):
        picture = put_on(photo, mask, ground, np.random.default_rng(seed))
        np.testing.assert_allclose(picture[mask == 1], 0.3)
        np.testing.assert_allclose(picture[:5], 1, atol=0.02)
        shadows.append(1 - picture[31, 20:40].mean())
    assert max(shadows) > 0.05


def test_nothing_to_put_on_a_ground_leaves_it() -> None:
    ground = np.full((SIZE, SIZE, 3), 0.5, np.float32)
    empty = np.zeros((SIZE, SIZE), np.float32)
    np.testing.assert_array_equal(put_on(ground * 0, empty, ground, np.random.default_rng(0)), ground)


def test_a_tinted_ground_keeps_its_shadows_and_the_object() -> None:
    photo = np.full((SIZE, SIZE, 3), 255, np.uint8)
    photo[30:, :24] = 153  # a shadow of 0.6
    photo[10:30, 10:30] = (200, 40, 40)
    mask = np.zeros((SIZE, SIZE), np.float32)
    mask[10:30, 10:30] = 1
    tint = np.broadcast_to(np.float32([0.5, 0.4, 0.2]), photo.shape)
    picture = tinted(photo, mask, tint)
    np.testing.assert_array_equal(picture[mask > 0], photo[mask > 0])
    np.testing.assert_allclose(picture[5, 40], 255 * tint[5, 40], atol=0.5)
    np.testing.assert_allclose(picture[40, 5], 153 * tint[40, 5], atol=0.5)


def test_tints_are_even_and_of_many_colours() -> None:
    grounds = np.array([tints(SIZE, np.random.default_rng(seed)) for seed in range(40)])
    assert grounds.dtype == np.float32
    assert 0 <= grounds.min() <= grounds.max() <= 1
    assert np.abs(np.diff(grounds, axis=1)).max() < 0.03
    assert (grounds.mean((1, 2)).std(0) > 0.15).all()
