import numpy as np

from looking3d.render.unwrapped import MARGIN, texels, world_per_uv

SQUARE = np.array([[[0.2, 0.1], [0.8, 0.1], [0.8, 0.7]], [[0.2, 0.1], [0.2, 0.7], [0.8, 0.7]]])
"""Two triangles, one of them clockwise."""


def distances(triangle: np.ndarray, p: np.ndarray) -> np.ndarray:
    """(k,) distances of points from a triangle's edges' segments, by brute force."""
    best = np.full(len(p), np.inf)
    for a, b in zip(triangle, np.roll(triangle, -1, axis=0), strict=True):
        t = np.clip(((p - a) @ (b - a)) / max(((b - a) ** 2).sum(), 1e-12), 0, 1)
        best = np.minimum(best, np.linalg.norm(p - a - t[:, None] * (b - a), axis=1))
    return best


def contains(triangle: np.ndarray, p: np.ndarray) -> np.ndarray:
    a, b, c = triangle
    w = np.linalg.solve(np.array([[*a, 1], [*b, 1], [*c, 1]]).T, np.c_[p, np.ones(len(p))].T).T
    return (w > 1e-6).all(1)


def test_every_texel_in_a_face_or_near_it_is_found_once():
    generator = np.random.default_rng(0)
    uv = generator.uniform(0, 1, (12, 3, 2)).astype(np.float32)
    side = 37
    found = texels(uv, side)
    cells = found.row * side + found.column
    assert len(np.unique(cells)) == len(cells)
    owner = np.full(side * side, -1)
    owner[cells] = found.face
    row, column = np.divmod(np.arange(side * side), side)
    p = np.stack([column, row], 1) + 0.5
    inside = np.stack([contains(triangle, p) for triangle in uv.astype(float) * side])
    near = np.stack([distances(triangle, p) for triangle in uv.astype(float) * side]) < MARGIN - 1e-6
    assert (owner[(inside | near).any(0)] >= 0).all()
    within = np.flatnonzero(inside.any(0))
    assert inside[owner[within], within].all()


def test_weights_find_the_texels_own_place():
    found = texels(SQUARE, 40)
    p = np.einsum("kc,kci->ki", found.weights, SQUARE[found.face])
    center = (np.stack([found.column, found.row], 1) + 0.5) / 40
    away = np.abs(p - center).max(1)
    inside = ((center > [0.2, 0.1]) & (center < [0.8, 0.7])).all(1)
    assert inside.sum() == 24 * 24
    assert away[inside].max() < 1e-6
    assert away.max() < 2 * MARGIN / 40
    assert found.weights.min() >= 0
    np.testing.assert_allclose(found.weights.sum(1), 1, rtol=1e-6)


def test_a_face_without_area_has_its_texels():
    line = np.array([[[0.1, 0.5], [0.9, 0.5], [0.5, 0.5]]])
    point = np.full((1, 3, 2), 0.25)
    for uv in (line, point):
        found = texels(uv, 20)
        assert len(found.face) > 0
        assert np.isfinite(found.weights).all()
        np.testing.assert_allclose(found.weights.sum(1), 1, rtol=1e-6)


def test_picture_holds_values_where_they_belong():
    found = texels(SQUARE, 24)
    picture = found.picture(np.stack([found.row, found.column], 1).astype(np.float32))
    assert picture.shape == (24, 24, 2)
    assert (picture[found.row, found.column] == np.stack([found.row, found.column], 1)).all()
    assert picture[-1].max() == 0


def test_scale_is_that_of_the_areas():
    triangles = np.concatenate([3 * SQUARE, np.zeros((2, 3, 1))], -1)
    assert abs(world_per_uv(triangles, SQUARE) - 3) < 1e-6
