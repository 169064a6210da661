import pytest
import torch

from looking3d.errors import ConfigError
from looking3d.model.baselines.viewpoint import ViewpointConfig, ViewpointResnet


def test_a_logit_for_each_sector() -> None:
    network = ViewpointResnet(ViewpointConfig(64, encoder_width=4, bins=7)).eval()
    photos = torch.rand(3, 3, 64, 64)
    assert network.bin_logits(photos).shape == (3, 7)
    assert torch.equal(network(photos), network.bin_logits(photos))


def test_the_paper_has_20() -> None:
    assert ViewpointConfig().bins == 20


def test_bad_settings_are_refused() -> None:
    with pytest.raises(ConfigError, match="bins: expected at least 2, got 1"):
        ViewpointConfig(bins=1)
    with pytest.raises(ConfigError, match="image_px: expected a multiple of 32, got 65"):
        ViewpointConfig(65)
