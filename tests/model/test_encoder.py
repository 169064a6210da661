import pytest
import torch
from torch.nn import functional as F

from looking3d.model.correspondence_head import CorrespondenceHead
from looking3d.model.encoder import Encoder


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    torch.manual_seed(0)
    return Encoder(width=8, features=12).eval()


def test_an_eighth_of_the_size(encoder: Encoder) -> None:
    assert encoder(torch.randn(3, 3, 64, 96)).shape == (3, 12, 8, 12)


def test_parameters_of_resnet18() -> None:
    # ResNet18 has 11.69 M with its classifier of 512 x 1000 + 1000.
    assert sum(p.numel() for p in Encoder().backbone.parameters()) == 11_689_512 - 513_000


def test_the_pyramid_adds_what_coarser_levels_know(encoder: Encoder) -> None:
    maps = encoder.backbone(torch.randn(1, 3, 64, 96))
    assert [tuple(m.shape) for m in maps] == [(1, 16, 8, 12), (1, 32, 4, 6), (1, 64, 2, 3)]
    fine, middle, coarse = encoder.fpn(maps)
    lateral, output = encoder.fpn.lateral, encoder.fpn.output
    top = lateral[2](maps[2])
    between = lateral[1](maps[1]) + top.repeat_interleave(2, 2).repeat_interleave(2, 3)
    bottom = lateral[0](maps[0]) + between.repeat_interleave(2, 2).repeat_interleave(2, 3)
    torch.testing.assert_close(coarse, output[2](top))
    torch.testing.assert_close(middle, output[1](between))
    torch.testing.assert_close(fine, output[0](bottom))


def test_correspondence_head_gives_unit_vectors_patch_by_patch() -> None:
    torch.manual_seed(0)
    head = CorrespondenceHead(6, 10, 5)
    features = torch.randn(2, 3, 7, 6)
    projected = head(features)
    torch.testing.assert_close(projected.norm(dim=-1), torch.ones(2, 3, 7))
    assert sum(isinstance(layer, torch.nn.Linear) for layer in head.mlp) == 4
    x = features[1, 2, 4]
    for layer in head.mlp[:-1:2]:
        x = (layer.weight @ x + layer.bias).relu()
    torch.testing.assert_close(projected[1, 2, 4], F.normalize(head.mlp[-1].weight @ x, dim=0))
