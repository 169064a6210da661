import json

import numpy as np
import pytest

from looking3d.errors import ConfigError
from looking3d.render.materials import KINDS, Material, draw_material
from looking3d.render.textures import PATTERNS


@pytest.mark.parametrize("pattern", PATTERNS)
def test_albedo_is_a_colour_between_the_two_and_the_same_each_time(pattern):
    points = np.random.default_rng(0).uniform(-1, 8, (500, 3)).astype(np.float32)
    normals = np.random.default_rng(1).normal(size=(500, 3)).astype(np.float32)
    material = Material("wood", (0.6, 0.5, 0.1), (0.2, 0.1, 0.05), pattern, 0.1, 0.8, 0.3, seed=5)
    colors = material.albedo(points, normals)
    assert colors.shape == (500, 3)
    assert colors.dtype == np.float32
    assert colors.min() >= 0
    assert colors.max() <= 1
    assert colors[:, 0].std() > 0.01
    np.testing.assert_array_equal(material.albedo(points[::-1], normals[::-1])[::-1], colors)


def test_albedo_without_contrast_is_the_colour():
    material = Material("plastic", (0.1, 0.2, 0.3), (1, 1, 1))
    np.testing.assert_allclose(material.albedo(np.ones((2, 3)), np.ones((2, 3))), [[0.1, 0.2, 0.3]] * 2)


def test_drawn_materials_leave_room_below_white_and_survive_json():
    for seed, kind in enumerate(list(KINDS) * 10):
        material = draw_material(kind, np.random.default_rng(seed))
        assert material.kind == kind
        assert min(material.color) > 0
        assert max(material.color) < 0.76
        assert Material.from_json(json.loads(json.dumps(material.to_json()))) == material


def test_unknown_names_list_the_legal_ones():
    with pytest.raises(ConfigError, match="unknown material kind 'glass'; choose one of: fabric, leather"):
        draw_material("glass", np.random.default_rng(0))
    with pytest.raises(ConfigError, match="unknown pattern 'dots'"):
        Material("wood", (0, 0, 0), (0, 0, 0), "dots")
    with pytest.raises(ConfigError, match="expected a positive length, got 0"):
        Material("wood", (0, 0, 0), (0, 0, 0), scale=0)
