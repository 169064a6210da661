import numpy as np
import pytest
import trimesh

from looking3d.shapes.smoothing import smooth

SPHERE = trimesh.creation.icosphere(4)
VERTICES, FACES = np.asarray(SPHERE.vertices), np.asarray(SPHERE.faces, np.int64)


def roughness(vertices: np.ndarray) -> float:
    radius = np.linalg.norm(vertices, axis=1)
    return float(radius.std() / radius.mean())


@pytest.mark.parametrize("method", ["taubin", "laplacian"])
def test_noise_goes(method: str) -> None:
    rough = VERTICES * (1 + np.random.default_rng(0).normal(0, 0.01, (len(VERTICES), 1)))
    assert roughness(smooth(rough, FACES, method, 10)) < 0.5 * roughness(rough)


def test_laplacian_shrinks_and_taubin_does_not() -> None:
    size = {
        method: np.linalg.norm(smooth(VERTICES, FACES, method, 50), axis=1).mean()
        for method in ("taubin", "laplacian")
    }
    assert size["laplacian"] < 0.95
    assert size["taubin"] == pytest.approx(1, abs=0.01)


def test_none_and_no_rounds_change_nothing() -> None:
    assert smooth(VERTICES, FACES, "none", 10) is VERTICES
    assert smooth(VERTICES, FACES, "laplacian", 0) is VERTICES


def test_a_border_does_not_creep_inwards_and_alone_vertices_stay() -> None:
    x, y = np.meshgrid(np.arange(6.0), np.arange(5.0), indexing="ij")
    vertices = np.stack([x, y, np.zeros_like(x)], -1).reshape(-1, 3)
    i = np.arange(30).reshape(6, 5)
    a, b, c, d = (corner.ravel() for corner in (i[:-1, :-1], i[1:, :-1], i[1:, 1:], i[:-1, 1:]))
    faces = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    moved = smooth(np.vstack([vertices, [9.0, 9.0, 9.0]]), faces, "laplacian", 1)
    straight = (vertices[:, 0] == 0) & (vertices[:, 1] > 0) & (vertices[:, 1] < 4)
    np.testing.assert_allclose(moved[:30][straight], vertices[straight], atol=1e-12)
    np.testing.assert_array_equal(moved[30], [9.0, 9.0, 9.0])
