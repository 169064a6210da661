import numpy as np

from looking3d.render.atlas import face_atlas
from looking3d.render.materials import Material
from looking3d.render.prepared import PreparedShape


def test_picture_at_the_texture_coordinates_is_the_texture(stool):
    prepared = PreparedShape(stool)
    faces = np.arange(3, len(prepared.triangles))
    material = Material("wood", (0.6, 0.5, 0.1), (0.1, 0.1, 0.05), "mottle", 0.6, 1.0, seed=5)
    uv, atlas = face_atlas(prepared, material, faces, 0.005)
    picture = atlas.base
    assert uv.min() >= 0
    assert uv.max() <= 1
    weights = np.random.default_rng(0).dirichlet(np.ones(3), len(faces)).astype(np.float32)
    p = np.einsum("mc,mci->mi", weights, prepared.triangles[faces])
    expected = material.albedo(*prepared.in_texture_frame(p, np.ones_like(p), faces))
    height, width = picture.shape[:2]
    column, row = (np.einsum("mc,mci->mi", weights, uv) * [width, height]).astype(int).T
    np.testing.assert_allclose(picture[row, column], expected, atol=0.02)
