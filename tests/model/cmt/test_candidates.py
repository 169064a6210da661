import math

import torch

from looking3d.model.cmt.candidates import (
    Projected,
    best_similarity,
    by_geometry,
    by_similarity,
    foreground,
    patch_centers,
)


def test_by_similarity_against_a_loop() -> None:
    generator = torch.Generator().manual_seed(0)
    query, reference = torch.randn(2, 5, 4, generator=generator), torch.randn(2, 11, 4, generator=generator)
    allowed = torch.rand(2, 1, 11, generator=generator) < 0.6
    candidates = by_similarity(query, reference, allowed, 3)
    best = best_similarity(query, reference, candidates)
    for i in range(2):
        for j in range(5):
            alike = {t: float(query[i, j] @ reference[i, t]) for t in range(11) if bool(allowed[i, 0, t])}
            expected = sorted(alike, key=lambda t: -alike[t])[:3]
            assert candidates.index[i, j].tolist() == expected
            assert math.isclose(float(best[i, j]), max(alike.values()), rel_tol=1e-5)


def test_by_geometry_against_a_loop() -> None:
    generator = torch.Generator().manual_seed(1)
    position = torch.rand(2, 3, 10, 2, generator=generator)
    visible = torch.rand(2, 3, 10, generator=generator) < 0.7
    allowed = torch.rand(2, 1, 30, generator=generator) < 0.8
    candidates = by_geometry(Projected(position, visible), allowed, 4, grid=4, radius=0.2)
    fewer = 0
    for i in range(2):
        for row in range(4):
            for column in range(4):
                distance = {}
                for t, (x, y) in enumerate(position[i].reshape(-1, 2).tolist()):
                    far = math.hypot(x - (column + 0.5) / 4, y - (row + 0.5) / 4)
                    if far <= 0.2 and bool(visible[i].flatten()[t]) and bool(allowed[i, 0, t]):
                        distance[t] = far
                expected = sorted(distance, key=lambda t: distance[t])[:4]
                found = candidates.index[i, row * 4 + column][candidates.allowed[i, row * 4 + column]]
                assert found.tolist() == expected
                fewer += len(expected) < 4
    assert fewer > 0


def test_best_similarity_of_no_candidate_is_0() -> None:
    reference = torch.randn(1, 3, 4)
    candidates = by_similarity(torch.randn(2, 5, 4), reference, torch.zeros(1, 1, 3, dtype=torch.bool), 2)
    assert (best_similarity(torch.randn(2, 5, 4), reference, candidates) == 0).all()


def test_patch_centers_are_x_and_y_row_by_row() -> None:
    centers = patch_centers(4, torch.zeros(1))
    assert centers.shape == (1, 16, 2)
    assert centers[0, 1].tolist() == [0.375, 0.125]
    assert centers[0, 4].tolist() == [0.125, 0.375]


def test_foreground_is_what_is_dark_grown_by_two_pixels() -> None:
    images = torch.ones(2, 3, 3, 32, 32)
    images[0, 1, :, 8:16, 16:24] = -0.5  # patch (1, 2) of 4 x 4
    share = foreground(images, 4)
    assert share.shape == (2, 3, 16)
    assert share[0, 1].argmax() == 1 * 4 + 2
    assert share[0, 1, 6] == 1
    assert share.sum() == share[0, 1].sum()
    # Bilinear samples lie at the patches' middles, three pixels and more away from the square.
    assert share[0, 1].sum() == 1
    images[1, 2, 0] = 0.3  # luma 0.2989 * 0.3 + 0.701 = 0.79
    images[1, 0, 0] = 0.4  # luma 0.82
    assert (foreground(images, 4)[1, 2] == 1).all()
    assert (foreground(images, 4)[1, 0] == 0).all()
