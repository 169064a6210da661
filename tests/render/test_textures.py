import numpy as np
import pytest

from looking3d.render.textures import PATTERNS, mix, texture_frames


def test_texture_frame_lays_x_along_the_longest_side_and_stays_when_the_part_moves(stool):
    R, t = texture_frames(stool)
    leg = [part.id for part in stool.parts].index("leg_0")
    np.testing.assert_array_equal(R[leg] @ [0, 1, 0], [1, 0, 0])
    moved = stool.with_parts(part.moved(np.eye(3), np.ones(3)) for part in stool.parts)
    np.testing.assert_array_equal(texture_frames(moved)[0], R)
    np.testing.assert_array_equal(texture_frames(moved)[1], t)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_mix_is_about_a_share_and_changes_with_the_seed(pattern):
    points = np.random.default_rng(0).uniform(-1, 8, (2000, 3)).astype(np.float32)
    normals = np.random.default_rng(1).normal(size=(2000, 3)).astype(np.float32)
    one, other = (mix(pattern, points, normals, 0.1, 0.3, seed) for seed in (5, 6))
    assert one.dtype == np.float32
    assert one.min() > -0.6
    assert one.max() < 1.6
    assert 0.05 < one.mean() < 0.95
    assert (one != other).any()


def test_grain_runs_along_x():
    rng = np.random.default_rng(0)
    points = rng.uniform(0, 7, (2000, 3)).astype(np.float32)
    here = mix("grain", points, points, 0.05, 0.0, 3)
    along, across = (
        mix("grain", points + np.float32(step), points, 0.05, 0.0, 3) for step in ([0.01, 0, 0], [0, 0.01, 0])
    )
    assert abs(along - here).mean() < 0.4 * abs(across - here).mean()
