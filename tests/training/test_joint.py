import math

import numpy as np
import pytest
import torch
from torch import Tensor

from looking3d.errors import ConfigError
from looking3d.training.alignment import AlignmentConfig, Features, Subsets
from looking3d.training.boxes import box_losses, generalized_iou
from looking3d.training.joint import JointLossConfig, Predicted, Truth, joint_loss
from looking3d.training.losses import patch_loss

BATCH = 6


def random_boxes(seed: int, count: int = BATCH) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, 4, generator=generator, dtype=torch.float64) * 0.8 + 0.05


def slow_giou(a: list[float], b: list[float]) -> float:
    """From the definition, side by side."""

    def edges(box: list[float], axis: int) -> tuple[float, float]:
        return box[axis] - box[axis + 2] / 2, box[axis] + box[axis + 2] / 2

    overlap = hull = 1.0
    for axis in (0, 1):
        (a0, a1), (b0, b1) = edges(a, axis), edges(b, axis)
        overlap *= max(0.0, min(a1, b1) - max(a0, b0))
        hull *= max(a1, b1) - min(a0, b0)
    union = a[2] * a[3] + b[2] * b[3] - overlap
    return overlap / union - (hull - union) / hull


def test_giou_is_the_definition() -> None:
    a, b = random_boxes(0, 200), random_boxes(1, 200)
    b[:100, 2:] *= 0.1
    expected = [slow_giou(x, y) for x, y in zip(a.tolist(), b.tolist(), strict=True)]
    np.testing.assert_allclose(generalized_iou(a, b).numpy(), expected, rtol=1e-12)
    assert min(expected) < -0.5
    assert max(expected) > 0.3


def test_giou_of_known_boxes() -> None:
    box = torch.tensor([[0.5, 0.5, 0.2, 0.4]], dtype=torch.float64)
    assert float(generalized_iou(box, box)) == pytest.approx(1)
    beside = box + torch.tensor([0.2, 0, 0, 0], dtype=torch.float64)
    assert float(generalized_iou(box, beside)) == pytest.approx(0)
    far = box + torch.tensor([0.4, 0, 0, 0], dtype=torch.float64)
    assert float(generalized_iou(box, far)) == pytest.approx(-1 / 3)
    half = torch.tensor([[0.5, 0.5, 0.1, 0.4]], dtype=torch.float64)
    assert float(generalized_iou(box, half)) == pytest.approx(0.5)


def test_box_losses_are_means_over_the_anomalous_photos() -> None:
    boxes, targets = random_boxes(2), random_boxes(3)
    anomalous = torch.tensor([True, False, True, True, False, False])
    targets[~anomalous] = 0
    l1, giou = box_losses(boxes, targets, anomalous)
    rows = [(b, t) for b, t, a in zip(boxes.tolist(), targets.tolist(), anomalous, strict=True) if a]
    assert float(l1) == pytest.approx(np.mean([sum(abs(x - y) for x, y in zip(b, t)) for b, t in rows]))
    assert float(giou) == pytest.approx(np.mean([1 - slow_giou(b, t) for b, t in rows]))
    shared, _ = box_losses(boxes, targets, anomalous, count=torch.tensor(1.5))
    assert float(shared) == pytest.approx(2 * float(l1))


def test_without_anomalies_boxes_cost_nothing() -> None:
    boxes = random_boxes(2).requires_grad_()
    l1, giou = box_losses(
        boxes, torch.zeros(BATCH, 4, dtype=torch.float64), torch.zeros(BATCH, dtype=torch.bool)
    )
    assert l1.item() == giou.item() == 0
    (l1 + giou).backward()
    assert torch.equal(boxes.grad, torch.zeros_like(boxes))


def test_boxes_without_area_have_finite_losses_and_gradients() -> None:
    boxes = torch.tensor([[0.5, 0.5, 0.0, 0.0], [0.2, 0.2, 0.0, 0.3]], requires_grad=True)
    targets = torch.tensor([[0.5, 0.5, 0.0, 0.0], [0.6, 0.6, 0.1, 0.1]])
    l1, giou = box_losses(boxes, targets, torch.ones(2, dtype=torch.bool))
    (l1 + giou).backward()
    assert math.isfinite((l1 + giou).item())
    assert torch.isfinite(boxes.grad).all()


def test_box_gradients_are_those_of_finite_differences() -> None:
    anomalous = torch.tensor([True, False, True, True, False, False])
    boxes = random_boxes(2).requires_grad_()
    torch.autograd.gradcheck(lambda b: sum(box_losses(b, random_boxes(3), anomalous)), [boxes])


def cross_entropy(logit: float, label: float, positive: float = 1.0) -> float:
    probability = 1 / (1 + math.exp(-logit))
    return -(positive * label * math.log(probability) + (1 - label) * math.log(1 - probability))


def test_patch_loss_is_weighted_cross_entropy() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 10, generator=generator, dtype=torch.float64)
    changed = (torch.rand(3, 10, generator=generator) > 0.7).double()
    expected = np.mean(
        [cross_entropy(x, y, 8) for x, y in zip(logits.ravel().tolist(), changed.ravel().tolist())]
    )
    assert float(patch_loss(logits, changed, 8.0)) == pytest.approx(expected, rel=1e-12)


def example(label: Tensor | None = None) -> tuple[Predicted, Truth]:
    generator = torch.Generator().manual_seed(4)

    def unit(*shape: int) -> Tensor:
        values = torch.randn(*shape, generator=generator, dtype=torch.float64)
        return torch.nn.functional.normalize(values, dim=-1).requires_grad_()

    def number(high: int, *shape: int) -> Tensor:
        return torch.randint(high, shape, generator=generator)

    logit = torch.randn(BATCH, generator=generator, dtype=torch.float64).requires_grad_()
    patch_logit = torch.randn(BATCH, 9, generator=generator, dtype=torch.float64).requires_grad_()
    predicted = Predicted(
        logit,
        random_boxes(2).requires_grad_(),
        patch_logit,
        Features(unit(BATCH, 9, 5), unit(BATCH, 3, 9, 5)),
    )
    truth = Truth(
        label=torch.tensor([1.0, 0, 1, 1, 0, 0]) if label is None else label,
        box=random_boxes(3).float(),
        changed=(number(4, BATCH, 9) == 0).float(),
        valid=number(3, BATCH, 3, 9) > 0,
        subsets=Subsets(
            number(3, BATCH, 2), number(9, BATCH, 4), None, number(3, BATCH, 2, 2), number(9, BATCH, 2, 5, 2)
        ),
    )
    return predicted, truth


WEIGHTS = {"classification": 1.5, "l1": 5.0, "giou": 2.0, "patch": 0.7}


def test_the_joint_loss_is_the_weighted_sum_of_its_parts() -> None:
    predicted, truth = example()
    config = JointLossConfig(**WEIGHTS, alignment=0.8, aligned=AlignmentConfig(balance=0.3))
    parts = joint_loss(predicted, truth, config)
    expected = sum(weight * parts[name] for name, weight in WEIGHTS.items())
    expected += 0.8 * (0.3 * parts["query_view"] + 0.7 * parts["view_view"])
    assert parts["loss"].item() == pytest.approx(float(expected.detach()), rel=1e-12)
    entropies = [cross_entropy(*pair) for pair in zip(predicted.logit.tolist(), truth.label.tolist())]
    assert parts["classification"].item() == pytest.approx(np.mean(entropies), rel=1e-12)
    right = [(x > 0) == (y > 0.5) for x, y in zip(predicted.logit.tolist(), truth.label.tolist())]
    assert parts["accuracy"].item() == pytest.approx(np.mean(right))
    assert all(value.ndim == 0 for value in parts.values())


@pytest.mark.parametrize("name", ["classification", "l1", "patch", "alignment"])
def test_a_weight_of_zero_takes_a_loss_out(name: str) -> None:
    predicted, truth = example()
    weights = {**WEIGHTS, "alignment": 0.8, name: 0.0}
    if name == "l1":
        weights["giou"] = 0.0
    head = {"classification": "logit", "l1": "box", "patch": "patch_logit", "alignment": "features"}[name]
    parts = joint_loss(
        Predicted(**{key: value for key, value in vars(predicted).items() if key != head}),
        truth,
        JointLossConfig(**weights),
    )
    assert not {name, "giou" if name == "l1" else name} & set(parts)
    whole = joint_loss(predicted, truth, JointLossConfig(**weights))
    assert parts["loss"].item() == whole["loss"].item()


@pytest.mark.parametrize("row", [(False, False), (True, False), (False, True)])
def test_terms_of_the_alignment_can_be_switched_off(row: tuple[bool, bool]) -> None:
    predicted, truth = example()
    aligned = AlignmentConfig(query_view=row[0], view_view=row[1])
    parts = joint_loss(predicted, truth, JointLossConfig(aligned=aligned))
    assert ("query_view" in parts, "view_view" in parts) == row
    shares = sum(0.5 * parts[name] for name in ("query_view", "view_view") if name in parts)
    rest = parts["classification"] + 5 * parts["l1"] + 2 * parts["giou"]
    assert parts["loss"].item() == pytest.approx((rest + shares).item(), rel=1e-12)


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_batches_of_one_class_give_finite_gradients(label: float) -> None:
    predicted, truth = example(torch.full((BATCH,), label))
    joint_loss(predicted, truth, JointLossConfig(patch=1.0))["loss"].backward()
    for tensor in (predicted.logit, predicted.box, predicted.patch_logit, *predicted.features):
        assert torch.isfinite(tensor.grad).all()
    assert bool(predicted.box.grad.abs().sum() > 0) == (label == 1)


def test_a_weight_without_a_head_is_refused() -> None:
    predicted, truth = example()
    with pytest.raises(ConfigError, match="patch: has a weight, but this detector has no patch head"):
        joint_loss(Predicted(predicted.logit), truth, JointLossConfig(l1=0, giou=0, patch=1))


def test_bad_weights_are_refused() -> None:
    predicted, truth = example()
    with pytest.raises(ConfigError, match="giou: expected 0 or more, got -1"):
        JointLossConfig(giou=-1)
    with pytest.raises(ConfigError, match="l1: expected 0 or more, got nan"):
        JointLossConfig(l1=math.nan)
    with pytest.raises(ConfigError, match="all weights are 0"):
        joint_loss(predicted, truth, JointLossConfig(0, 0, 0, 0))
