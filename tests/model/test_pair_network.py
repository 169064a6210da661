"""CMT is a network of photo and views as all others are."""

import torch

from looking3d.model.cmt.cmt import Cmt
from looking3d.model.cmt.config import CmtConfig
from looking3d.model.pair_network import Judgement, PairNetwork, PairSettings, Verdict


def tiny() -> PairNetwork:
    return Cmt(CmtConfig(image_px=32, encoder_width=4, feature_width=8, projector_hidden=8, width=8))


def test_cmt_is_one() -> None:
    network = tiny()
    assert isinstance(network, PairNetwork)
    assert isinstance(network.config, PairSettings)
    photos, views = torch.zeros(2, 3, 32, 32), torch.zeros(2, 3, 3, 32, 32)
    points, valid = torch.zeros(2, 3, 16, 3), torch.ones(2, 3, 16, dtype=torch.bool)
    assert isinstance(network(photos, views, points, valid), Judgement)


def test_a_verdict_is_a_judgement() -> None:
    verdict = Verdict(torch.zeros(2))
    assert isinstance(verdict, Judgement)
    assert verdict.box is None
    assert verdict.patch_logits is None
