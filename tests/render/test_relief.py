import numpy as np
import pytest

from looking3d.render.materials import KINDS, Material, draw_material, with_relief
from looking3d.render.relief import relief


def plane(count: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    p = np.random.default_rng(0).random((count, 3)).astype(np.float32)
    p[:, 1] = 0.3
    return p, np.broadcast_to(np.array([0, 1, 0], np.float32), p.shape)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_relief_leans_no_way_on_average_and_fades_with_distance(kind):
    p, n = plane()
    near = relief(kind, p, n, 0.0, 0.02, 0.3, 0.002)
    assert abs(near.slope.mean(0)).max() < 0.02
    assert 0.02 < abs(near.slope).max() <= 0.36
    assert near.shade.min() > 0.4
    assert near.shade.max() <= 1
    far = relief(kind, p, n, 0.0, 0.02, 0.3, 0.2)
    assert abs(far.slope).max() <= 0.2 * abs(near.slope).max()


def test_brush_marks_lean_across_the_grain_alone():
    p, n = plane()
    assert not relief("metal", p, n, 0.0, 0.01, 0.3, 0.001).slope[:, 0].any()


def test_relief_changes_no_draw_and_is_decided_by_the_seed():
    for kind in KINDS:
        material = draw_material(kind, np.random.default_rng(3))
        assert material.relief == 0
        raised = with_relief(material)
        assert raised == with_relief(material)
        assert raised.color == material.color
        assert raised.relief > 0 or kind == "metal"
        assert Material.from_json(raised.to_json()) == raised


def test_tilt_lies_in_the_surface():
    p, n = plane()
    sample = with_relief(draw_material("fabric", np.random.default_rng(1))).surface(p, n, 0.001)
    assert sample.tilt is not None
    np.testing.assert_allclose((sample.tilt * n).sum(1), 0, atol=1e-6)
    assert np.abs(sample.tilt).max() > 0.05
