"""LFD and CMIC: distances of photo and reference as their equations say, and what may not matter."""

import math
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from looking3d.errors import ConfigError
from looking3d.model.baselines.cmic import Cmic, CmicConfig
from looking3d.model.baselines.distance import DistanceBoundary, cosine_distance
from looking3d.model.baselines.lfd import Lfd, LfdConfig
from looking3d.model.networks import build_network
from tests.model.tiny_networks import tiny

BATCH, VIEWS, PATCHES = 2, 3, 64


def lfd() -> Lfd:
    torch.manual_seed(0)
    network = build_network(tiny("lfd")).eval()
    assert isinstance(network, Lfd)
    return network


def cmic() -> Cmic:
    torch.manual_seed(0)
    network = build_network(tiny("cmic")).eval()
    assert isinstance(network, Cmic)
    return network


def given() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    torch.manual_seed(1)
    valid = torch.rand(BATCH, VIEWS, PATCHES) < 0.5
    query, views = 2 * torch.rand(BATCH, 3, 64, 64) - 1, 2 * torch.rand(BATCH, VIEWS, 3, 64, 64) - 1
    return query, views, torch.rand(BATCH, VIEWS, PATCHES, 3) - 0.5, valid


def slow_cosine(a: list[float], b: list[float]) -> float:
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    return 1 - dot / math.sqrt(sum(x * x for x in a)) / math.sqrt(sum(y * y for y in b))


def test_cosine_distance_is_the_definition() -> None:
    a, b = torch.randn(5, 7, dtype=torch.float64), torch.randn(5, 7, dtype=torch.float64)
    expected = [slow_cosine(x, y) for x, y in zip(a.tolist(), b.tolist(), strict=True)]
    torch.testing.assert_close(cosine_distance(a, b), torch.tensor(expected, dtype=torch.float64))
    torch.testing.assert_close(cosine_distance(a, 3 * a), torch.zeros(5, dtype=torch.float64))


def test_the_boundary_is_a_scaled_distance_less_a_threshold() -> None:
    boundary = DistanceBoundary()
    with torch.no_grad():
        boundary.threshold.fill_(0.3)
        boundary.log_scale.fill_(math.log(4))
    torch.testing.assert_close(boundary(torch.tensor([0.3, 0.5, 0.1])), torch.tensor([0.0, 0.8, -0.8]))


def test_lfd_is_the_distance_of_the_nearest_view() -> None:
    network = lfd()
    query, views = torch.randn(BATCH, 16), torch.randn(BATCH, VIEWS, 16)
    expected = [
        [min(slow_cosine(q, view) for view in of_one) for of_one in views.tolist()] for q in query.tolist()
    ]
    distances = network.distance(query[:, None], views[None])
    torch.testing.assert_close(distances, torch.tensor(expected))
    torch.testing.assert_close(network.distance(query, views), distances.diagonal())


def test_lfd_sees_of_a_reference_the_points_that_are_there_and_no_picture() -> None:
    network, (query, views, points, valid) = lfd(), given()
    logit = network(query, views, points, valid).logit
    assert torch.equal(network(query, -views, points, valid).logit, logit)
    elsewhere = torch.where(valid[..., None], points, 7.0)
    assert torch.equal(network(query, views, elsewhere, valid).logit, logit)
    assert not torch.allclose(network(query, views, points + 0.3, valid).logit, logit, atol=1e-4)


def test_lfd_predicts_a_field_and_describes_it_as_those_of_views() -> None:
    network, (query, views, points, valid) = lfd(), given()
    out = network(query, views, points, valid)
    assert out.points.shape == (BATCH, PATCHES, 3)
    assert out.mask_logits.shape == (BATCH, PATCHES)
    for descriptors in (out.query, out.views):
        torch.testing.assert_close(descriptors.norm(dim=-1), torch.ones(descriptors.shape[:-1]))
    # A view that shows what the photo's field says lies at distance 0, as far as the mask is certain
    with torch.no_grad():
        network.to_field.bias[3] = 100.0
        sure = network(query, views, points, valid)
        same = network.encode_reference(
            views[:, :1], sure.points[:, None], torch.ones(BATCH, 1, PATCHES, dtype=torch.bool)
        )
        torch.testing.assert_close(network.judge(query, same).distance, torch.zeros(BATCH), atol=1e-5, rtol=0)


def test_more_views_are_never_further() -> None:
    network, (query, views, points, valid) = lfd(), given()
    few = network(query, views[:, :1], points[:, :1], valid[:, :1]).distance
    assert bool((network(query, views, points, valid).distance <= few + 1e-6).all())


@torch.no_grad()
def test_cmic_averages_views_as_the_photo_asks() -> None:
    network = cmic()
    query, views = torch.randn(BATCH, 16), torch.randn(BATCH, VIEWS, 16)
    expected = torch.zeros(BATCH, BATCH)
    for i in range(BATCH):
        for j in range(BATCH):
            scores = [float(network.to_q(query[i]) @ network.to_k(view)) / 4 for view in views[j]]
            total = sum(math.exp(score) for score in scores)
            shape = sum(math.exp(score) / total * view for score, view in zip(scores, views[j], strict=True))
            assert isinstance(shape, Tensor)
            expected[i, j] = slow_cosine(query[i].tolist(), shape.tolist())
    distances = network.distance(query[:, None], views[None])
    torch.testing.assert_close(distances, expected)
    torch.testing.assert_close(network.distance(query, views), distances.diagonal())


def test_of_one_view_cmic_is_its_distance() -> None:
    network, (query, views, points, valid) = cmic(), given()
    out = network(query, views[:, :1], points[:, :1], valid[:, :1])
    torch.testing.assert_close(out.distance, cosine_distance(out.query, out.views[:, 0]))
    torch.testing.assert_close(out.logit, network.boundary(out.distance))


def test_cmic_sees_pictures_and_no_points() -> None:
    network, (query, views, points, valid) = cmic(), given()
    logit = network(query, views, points, valid).logit
    assert torch.equal(network(query, views, -points, ~valid).logit, logit)
    assert not torch.allclose(network(query, -views, points, valid).logit, logit, atol=1e-4)


@pytest.mark.parametrize("build", [lfd, cmic])
def test_photos_may_share_a_reference(build: Callable[[], Lfd | Cmic]) -> None:
    network, (query, views, points, valid) = build(), given()
    query, which = torch.cat([query, query.flip(2)]), torch.tensor([1, 0, 0, 1])
    shared = network(query, views, points, valid, which)
    apart = network(query, *(of[which] for of in (views, points, valid)))
    torch.testing.assert_close(shared.logit, apart.logit)
    torch.testing.assert_close(
        network.distance(shared.query[:, None], shared.views[None]).gather(1, which[:, None])[:, 0],
        shared.distance,
    )


@pytest.mark.parametrize(
    ("config", "changes", "message"),
    [
        (LfdConfig(), {"image_px": 72}, "image_px: expected a multiple of 32, got 72"),
        (LfdConfig(), {"descriptor": 0}, "descriptor: expected at least 1, got 0"),
        (CmicConfig(), {"image_px": 72}, "image_px: expected a multiple of 32, got 72"),
        (CmicConfig(), {"test_views": 0}, "test_views: expected at least 1, got 0"),
    ],
)
def test_bad_settings_are_refused(config: LfdConfig | CmicConfig, changes: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        replace(config, **changes)
