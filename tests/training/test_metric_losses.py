"""Losses of distances against loops written from their equations."""

import math

import pytest
import torch
from torch import Tensor

from looking3d.training.metric_losses import boundary_losses, instance_contrast, triplet_losses

LABEL = torch.tensor([0.0, 1.0, 0.0, 1.0, 0.0])
REFERENCE = torch.tensor([4, 4, 7, 9, 7])
MARGIN, TEMPERATURE = 0.2, 0.1


def distances() -> Tensor:
    return torch.rand(5, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_triplets_are_their_equations() -> None:
    d = distances().tolist()
    normal = [i for i in range(5) if LABEL[i] == 0]
    shapes = [
        max(0.0, MARGIN + d[i][i] - d[i][j])
        for i in normal
        for j in range(5)
        if int(REFERENCE[i]) != int(REFERENCE[j])
    ]
    photos = [max(0.0, MARGIN + d[i][i] - d[j][j]) for i in normal for j in range(5) if LABEL[j] == 1]
    assert (len(shapes), len(photos)) == (9, 6)
    assert 0.0 in shapes
    assert max(shapes) > 0
    got = triplet_losses(distances(), LABEL, REFERENCE, MARGIN)
    assert [float(loss) for loss in got] == pytest.approx([sum(shapes) / 9, sum(photos) / 6])


def test_instance_contrast_is_its_equation() -> None:
    d = distances().tolist()
    losses = []
    for i in (0, 2, 4):
        of_itself = math.exp((1 - d[i][i]) / TEMPERATURE)
        others = [
            math.exp((1 - d[i][j]) / TEMPERATURE) for j in range(5) if int(REFERENCE[j]) != int(REFERENCE[i])
        ]
        losses.append(-math.log(of_itself / (of_itself + sum(others))))
    got = instance_contrast(distances(), LABEL, REFERENCE, TEMPERATURE)
    assert float(got) == pytest.approx(sum(losses) / 3)


def test_the_boundary_s_loss_is_the_cross_entropy() -> None:
    logit = torch.tensor([-2.0, 0.5, 1.0, 3.0, -0.1], dtype=torch.float64)
    right = [p if y else 1 - p for p, y in zip(logit.sigmoid().tolist(), LABEL.tolist(), strict=True)]
    got = boundary_losses(logit, LABEL.double())
    assert float(got["boundary"]) == pytest.approx(-sum(map(math.log, right)) / 5)
    assert float(got["accuracy"]) == 4 / 5


@pytest.mark.parametrize(
    ("label", "reference"),
    [([1.0] * 5, [1, 2, 3, 4, 5]), ([0.0] * 5, [1] * 5)],
    ids=["no normal photo", "one reference, no anomaly"],
)
def test_without_anything_to_compare_losses_and_gradients_are_0(
    label: list[float], reference: list[int]
) -> None:
    d = distances().requires_grad_()
    arguments = d, torch.tensor(label), torch.tensor(reference)
    losses = [*triplet_losses(*arguments, MARGIN), instance_contrast(*arguments, TEMPERATURE)]
    torch.stack(losses).sum().backward()
    assert [float(loss.detach()) for loss in losses] == [0, 0, 0]
    assert d.grad is not None
    assert not d.grad.any()


def test_gradients_pull_normal_photos_near_and_push_the_rest_away() -> None:
    d = torch.full((5, 5), 0.5, dtype=torch.float64, requires_grad=True)
    shapes, photos = triplet_losses(d, LABEL, REFERENCE, MARGIN)
    (shapes + photos + instance_contrast(d, LABEL, REFERENCE, TEMPERATURE)).backward()
    assert d.grad is not None
    assert d.grad.diagonal().sign().tolist() == [1, -1, 1, -1, 1]
    assert bool((d.grad[0, 2:] < 0).all())
    assert float(d.grad[0, 1]) == 0  # the same reference
    assert float(d.grad[1, 2]) == 0  # an anomalous photo is a picture of no reference
