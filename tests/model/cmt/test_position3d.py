import math

import torch

from looking3d.model.cmt.position3d import Position3D, fourier


def test_fourier_against_a_loop() -> None:
    points = torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(0))
    encoded = fourier(points, 10)
    assert encoded.shape == (2, 5, 63)
    for i in range(2):
        for j in range(5):
            expected = [float(v) for v in points[i, j]]
            for octave in range(10):
                for wave in (math.sin, math.cos):
                    expected += [wave(2**octave * float(v)) for v in points[i, j]]
            torch.testing.assert_close(encoded[i, j], torch.tensor(expected), rtol=1e-4, atol=1e-4)


def test_the_encoding_is_an_mlp_of_that_for_each_point_alone() -> None:
    torch.manual_seed(0)
    network = Position3D(12, frequencies=4, layers=2)
    points = torch.randn(2, 3, 5, 3)
    together = network(points)
    first, _, second = network.mlp
    for point, encoded in zip(points.reshape(-1, 3), together.reshape(-1, 12), strict=True):
        hidden = torch.nn.functional.gelu(fourier(point, 4) @ first.weight.T + first.bias)
        torch.testing.assert_close(encoded, hidden @ second.weight.T + second.bias)


def test_one_layer_is_linear() -> None:
    assert len(Position3D(128, layers=1).mlp) == 1
    assert Position3D(128, layers=1).mlp[0].weight.shape == (128, 63)
