import re
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from looking3d.errors import ConfigError
from looking3d.model.baselines.query_only import (
    QueryOnly,
    QueryResnet,
    QueryResnetConfig,
    TokenTransformer,
    Vit,
    VitConfig,
)
from looking3d.model.networks import build_network
from tests.model.tiny_networks import tiny

NAMES = ("resnet18-fpn", "resnet18-fpn-sa", "vit", "vit-box")


def built(name: str) -> QueryOnly:
    torch.manual_seed(0)
    network = build_network(tiny(name)).eval()
    assert isinstance(network, QueryOnly)
    return network


def photos(count: int = 3) -> Tensor:
    return 2 * torch.rand(count, 3, 64, 64, generator=torch.Generator().manual_seed(1)) - 1


@pytest.mark.parametrize("name", NAMES)
def test_the_reference_is_not_looked_at(name: str) -> None:
    network, query = built(name), photos()
    nothing = torch.full((3, 2, 3, 64, 64), torch.nan)
    points = torch.full((3, 2, 64, 3), torch.nan)
    views = (2 * torch.rand(3, 5, 3, 64, 64) - 1).requires_grad_()
    one = network(query, nothing, points, torch.zeros(3, 2, 64, dtype=torch.bool))
    two = network(query, views, torch.rand(3, 5, 64, 3), torch.ones(3, 5, 64, dtype=torch.bool))
    assert torch.equal(one.logit, two.logit)
    assert (one.logit[:, None] != one.logit).any()
    assert network.encode_reference(nothing, points, torch.zeros(3, 2, 64, dtype=torch.bool)) is None
    with pytest.raises(RuntimeError, match="to not have been used in the graph"):
        torch.autograd.grad(two.logit.sum(), views)


def test_without_blocks_patches_are_averaged() -> None:
    network, query = built("resnet18-fpn"), photos()
    assert isinstance(network, QueryResnet)
    mean = network.encoder(query).mean((2, 3))
    torch.testing.assert_close(network.state(query), mean)
    assert torch.equal(network(query, query[:, None], *reference()).logit, network.judge(query).logit)


def reference() -> tuple[Tensor, Tensor]:
    return torch.zeros(3, 1, 64, 3), torch.zeros(3, 1, 64, dtype=torch.bool)


def test_self_attention_is_all_that_sa_adds() -> None:
    plain, attentive = (set(built(name).state_dict()) for name in NAMES[:2])
    assert plain < attentive
    assert {key.split(".")[0] for key in attentive - plain} == {"tokens"}


def test_patches_have_no_order_but_in_a_vit() -> None:
    torch.manual_seed(0)
    tokens = TokenTransformer(16, blocks=2, heads=4).eval()
    patches = torch.randn(2, 9, 16)
    shuffled = patches[:, torch.randperm(9)]
    torch.testing.assert_close(tokens(shuffled), tokens(patches), rtol=1e-4, atol=1e-5)
    network, query = built("vit"), photos(1)
    assert isinstance(network, Vit)
    assert not torch.allclose(network.state(query), network.state(query.roll(16, -1)), atol=1e-3)
    with torch.no_grad():
        network.position.zero_()
    torch.testing.assert_close(network.state(query), network.state(query.roll(16, -1)), rtol=1e-4, atol=1e-5)


def test_blocks_begin_with_weights_of_their_own() -> None:
    first, second = TokenTransformer(8, blocks=2, heads=2).blocks
    for name, weight in first.named_parameters():
        if weight.ndim == 2:
            assert not torch.equal(weight, second.get_parameter(name)), name


def test_the_sizes_that_the_paper_gives() -> None:
    assert (QueryResnetConfig().feature_width, VitConfig().patch_px, VitConfig().image_px) == (128, 16, 256)


@pytest.mark.parametrize(
    ("config", "changes", "message"),
    [
        (QueryResnetConfig(), {"image_px": 100}, "image_px: expected a multiple of 32, got 100"),
        (QueryResnetConfig(), {"image_px": 0}, "image_px: expected a multiple of 32, got 0"),
        (QueryResnetConfig(), {"blocks": -1}, "blocks: expected at least 0, got -1"),
        (QueryResnetConfig(), {"heads": 7}, "feature_width: expected a multiple of the 7 heads, got 128"),
        (VitConfig(), {"patch_px": 24}, "patch_px: expected a divisor of 256, got 24"),
        (VitConfig(), {"width": 100}, "width: expected a multiple of the 6 heads, got 100"),
        (VitConfig(), {"blocks": 0}, "blocks: expected at least 1, got 0"),
    ],
)
def test_bad_settings_are_refused(config: QueryResnetConfig | VitConfig, changes: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        replace(config, **changes)
