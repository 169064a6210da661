import numpy as np

from looking3d.inspection.heat import blended, heat_layer


def test_a_layer_is_opaque_where_the_heat_is_strong() -> None:
    heat = np.array([[0.0, 0.1, 0.576, 1.0]], np.float32)
    layer = heat_layer(heat)
    assert layer.shape == (1, 4, 4)
    assert layer.dtype == np.uint8
    assert layer[0, :, 3].tolist() == [0, 0, 128, 255]
    assert (layer[..., 0] > layer[..., 1]).all()


def test_what_is_faint_is_not_painted() -> None:
    image = np.full((1, 2, 3), 40, np.uint8)
    painted = blended(image, np.array([[0.1, 1.0]], np.float32))
    assert len(set(painted[0, 0].tolist())) == 1
    assert painted[0, 1, 0] > painted[0, 1, 1] + 50
