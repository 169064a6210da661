import numpy as np
import pytest

from looking3d.anomalies import position
from looking3d.anomalies.base import diagonal
from looking3d.anomalies.position import OFFSET
from looking3d.shapes.part_shape import PartShape


@pytest.mark.parametrize("seed", range(8))
def test_all_points_move_alike_by_the_severity(stool: PartShape, seed: int) -> None:
    result = position(stool, stool.parts[seed % 4], [], np.random.default_rng(seed))
    assert result.after is not None
    offsets = result.after.vertices - result.before.vertices
    np.testing.assert_allclose(offsets, np.broadcast_to(offsets[0], offsets.shape), atol=1e-12)
    assert OFFSET[0] <= result.severity <= OFFSET[1]
    assert np.linalg.norm(offsets[0]) == pytest.approx(result.severity * diagonal(stool))
    np.testing.assert_array_equal(result.after.faces, result.before.faces)


def test_directions_are_spread_over_the_sphere(stool: PartShape) -> None:
    results = [position(stool, stool.parts[seed % 4], [], np.random.default_rng(seed)) for seed in range(200)]
    steps = np.stack(
        [result.after.vertices[0] - result.before.vertices[0] for result in results if result.after]
    )
    directions = steps / np.linalg.norm(steps, axis=1, keepdims=True)
    assert (np.abs(directions.mean(0)) < 0.15).all()
    np.testing.assert_allclose((directions**2).mean(0), 1 / 3, atol=0.1)
