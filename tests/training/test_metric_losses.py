"""Losses of distances against loops written from their equations."""

import math

import pytest
import torch
from torch import Tensor

from looking3d.training.metric_losses import boundary_losses, instance_contrast, triplet_losses

LABEL = torch.tensor([0.0, 1.0, 0.0, 1.0, 0.0])
REFERENCE = torch.tensor([0, 0, 1, 2, 3])
SHAPE = torch.tensor([4, 7, 9, 7])  # references 1 and 3 are other views of one shape
MARGIN, TEMPERATURE = 0.2, 0.1


def distances() -> Tensor:
    return torch.rand(5, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def others(photo: int) -> list[int]:
    """References of other shapes than a photo's."""
    return [r for r in range(4) if int(SHAPE[r]) != int(SHAPE[REFERENCE[photo]])]


def test_triplets_are_their_equations() -> None:
    d = distances().tolist()
    own = [d[i][int(REFERENCE[i])] for i in range(5)]
    normal = [i for i in range(5) if LABEL[i] == 0]
    shapes = [max(0.0, MARGIN + own[i] - d[i][r]) for i in normal for r in others(i)]
    photos = [max(0.0, MARGIN + own[i] - own[j]) for i in normal for j in range(5) if LABEL[j] == 1]
    assert (len(shapes), len(photos)) == (7, 6)
    assert 0.0 in shapes
    assert max(shapes) > 0
    got = triplet_losses(distances(), LABEL, REFERENCE, SHAPE, MARGIN)
    assert [float(loss) for loss in got] == pytest.approx([sum(shapes) / 7, sum(photos) / 6])


def test_instance_contrast_is_its_equation() -> None:
    d = distances().tolist()
    losses = []
    for i in (0, 2, 4):
        itself = math.exp((1 - d[i][int(REFERENCE[i])]) / TEMPERATURE)
        rest = sum(math.exp((1 - d[i][r]) / TEMPERATURE) for r in others(i))
        losses.append(-math.log(itself / (itself + rest)))
    got = instance_contrast(distances(), LABEL, REFERENCE, SHAPE, TEMPERATURE)
    assert float(got) == pytest.approx(sum(losses) / 3)


def test_the_boundary_s_loss_is_the_cross_entropy() -> None:
    logit = torch.tensor([-2.0, 0.5, 1.0, 3.0, -0.1], dtype=torch.float64)
    right = [p if y else 1 - p for p, y in zip(logit.sigmoid().tolist(), LABEL.tolist(), strict=True)]
    got = boundary_losses(logit, LABEL.double())
    assert float(got["boundary"]) == pytest.approx(-sum(map(math.log, right)) / 5)
    assert float(got["accuracy"]) == 4 / 5


@pytest.mark.parametrize(
    ("label", "shape"),
    [([1.0] * 5, [1, 2, 3, 4]), ([0.0] * 5, [1] * 4)],
    ids=["no normal photo", "one shape, no anomaly"],
)
def test_without_anything_to_compare_losses_and_gradients_are_0(label: list[float], shape: list[int]) -> None:
    d = distances().requires_grad_()
    compared = d, torch.tensor(label), REFERENCE, torch.tensor(shape)
    losses = [*triplet_losses(*compared, MARGIN), instance_contrast(*compared, TEMPERATURE)]
    torch.stack(losses).sum().backward()
    assert [float(loss.detach()) for loss in losses] == [0, 0, 0]
    assert d.grad is not None
    assert not d.grad.any()


def test_gradients_pull_normal_photos_near_and_push_the_rest_away() -> None:
    d = torch.full((5, 4), 0.5, dtype=torch.float64, requires_grad=True)
    shapes, photos = triplet_losses(d, LABEL, REFERENCE, SHAPE, MARGIN)
    (shapes + photos + instance_contrast(d, LABEL, REFERENCE, SHAPE, TEMPERATURE)).backward()
    assert d.grad is not None
    own = d.grad.gather(1, REFERENCE[:, None])[:, 0]
    assert own.sign().tolist() == [1, -1, 1, -1, 1]
    assert d.grad[0].sign().tolist() == [1, -1, -1, -1]
    assert d.grad[2].sign().tolist() == [-1, 1, -1, 0]  # reference 3 is of the same shape
    assert d.grad[1].sign().tolist() == [-1, 0, 0, 0]  # an anomalous photo is a picture of no reference
