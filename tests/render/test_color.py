import numpy as np

from looking3d.render.color import srgb_to_linear, tone


def test_tone_is_the_inverse_of_srgb_to_linear_below_its_shoulder():
    for level in (0.0, 0.02, 0.3, 0.75):
        color = np.array([level, level / 2, level / 4])
        np.testing.assert_allclose(tone(np.array(srgb_to_linear(color))), color, atol=1e-6)


def test_tone_rises_to_white_and_no_further():
    levels = tone(np.linspace(0, 50, 2000, dtype=np.float32))
    assert levels.dtype == np.float32
    assert (np.diff(levels) >= 0).all()
    assert 0.999 < levels[-1] <= 1
