"""Each loss against a loop written from the paper's equation, in float64."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from looking3d.errors import ConfigError
from looking3d.training.alignment import (
    AlignmentConfig,
    Features,
    Subsets,
    alignment_loss,
    query_view_alignment,
    view_view_alignment,
)

BATCH, VIEWS, PATCHES, DIM = 3, 4, 15, 6
TAU = 0.2


def features(seed: int = 0) -> Features:
    generator = torch.Generator().manual_seed(seed)
    query = torch.randn(BATCH, PATCHES, DIM, generator=generator, dtype=torch.float64)
    views = torch.randn(BATCH, VIEWS, PATCHES, DIM, generator=generator, dtype=torch.float64)
    return Features(F.normalize(query, dim=-1), F.normalize(views, dim=-1))


def valid() -> Tensor:
    return torch.rand(BATCH, VIEWS, PATCHES, generator=torch.Generator().manual_seed(1)) > 0.4


def subsets(photo_matches: bool = False) -> Subsets:
    """Random ones, with gaps: some patches are missing, some targets show the ground."""
    generator = np.random.default_rng(2)
    match_patches = generator.integers(-1, PATCHES, (BATCH, 5, 7, 2))
    match_views = np.array([generator.permutation(VIEWS)[:2] for _ in range(BATCH * 5)]).reshape(BATCH, 5, 2)
    match_views[1, 4] = -1
    query_views = np.array([[0, 2], [3, 1], [2, -1]])
    query_patches = np.array([generator.permutation(PATCHES)[:6] for _ in range(BATCH)])
    query_patches[2, 4:] = -1
    known = generator.integers(-1, PATCHES, (BATCH, VIEWS, PATCHES)) if photo_matches else None
    return Subsets(
        *(torch.from_numpy(array) for array in (query_views, query_patches)),
        None if known is None else torch.from_numpy(known),
        *(torch.from_numpy(array) for array in (match_views, match_patches)),
    )


def equation_14(anchor: Tensor, view: Tensor, target: int, shown: Tensor) -> float | None:
    """-log of the positive's share, term by term; None if the target is none, or ground."""
    if target < 0 or not shown[target]:
        return None
    exponential = [math.exp(float(anchor @ view[j]) / TAU) if shown[j] else 0.0 for j in range(len(view))]
    negatives = sum(e for j, e in enumerate(exponential) if j != target)
    return -math.log(exponential[target] / (exponential[target] + negatives))


def mean_of_photos(terms: list[list[float]]) -> float:
    return float(np.mean([np.mean(photo) if photo else 0.0 for photo in terms]))


def slow_view_view(z: Features, keys: Tensor, chosen: Subsets) -> float:
    terms: list[list[float]] = []
    for b in range(BATCH):
        terms.append([])
        for (v, w), pairs in zip(chosen.match_views[b].tolist(), chosen.match_patches[b].tolist()):
            for i, j in pairs:
                if v < 0 or i < 0:
                    continue
                term = equation_14(z.views[b, v, i], keys[b, w], j, valid()[b, w])
                terms[-1] += [] if term is None else [term]
    return mean_of_photos(terms)


def slow_query_view(z: Features, keys: Tensor, chosen: Subsets) -> float:
    terms: list[list[float]] = []
    for b in range(BATCH):
        terms.append([])
        for v in chosen.query_views[b].tolist():
            for i in chosen.query_patches[b].tolist():
                if v < 0 or i < 0:
                    continue
                if chosen.photo_matches is not None:
                    target = int(chosen.photo_matches[b, v, i])
                else:
                    # Equation 13, among the patches that show the object
                    shown = [j for j in range(PATCHES) if valid()[b, v, j]]
                    target = max(shown, key=lambda j: float(z.query[b, i] @ keys[b, v, j]))
                term = equation_14(z.query[b, i], keys[b, v], target, valid()[b, v])
                terms[-1] += [] if term is None else [term]
    return mean_of_photos(terms)


def test_view_view_loss_is_equation_14() -> None:
    z, keys = features(), features(5).views
    got = view_view_alignment(z.views, keys, valid(), subsets(), TAU)
    assert float(got.loss) == pytest.approx(slow_view_view(z, keys, subsets()), rel=1e-12)
    assert got.loss.dtype == torch.float64


@pytest.mark.parametrize("true_matches", [False, True])
def test_query_view_loss_is_equations_13_and_14(true_matches: bool) -> None:
    z, chosen = features(), subsets(photo_matches=true_matches)
    got = query_view_alignment(z.query, z.views, valid(), chosen, TAU, true_matches)
    assert float(got.loss) == pytest.approx(slow_query_view(z, z.views, chosen), rel=1e-12)


def test_pseudo_labels_are_always_right_and_true_ones_are_counted() -> None:
    z, chosen = features(), subsets(photo_matches=True)
    assert float(query_view_alignment(z.query, z.views, valid(), chosen, TAU).right) == 1
    true = query_view_alignment(z.query, z.views, valid(), chosen, TAU, true_matches=True)
    assert 0 < float(true.right) < 0.5
    own = chosen._replace(match_views=chosen.match_views[..., :1].expand(-1, -1, 2))
    own = own._replace(match_patches=own.match_patches[..., :1].expand(-1, -1, -1, 2))
    assert float(view_view_alignment(z.views, z.views, valid(), own, TAU).right) == 1


@pytest.mark.parametrize("balance", [0.5, 0.2])
@pytest.mark.parametrize(("query_view", "view_view"), [(True, True), (True, False), (False, True)])
def test_both_are_added_as_in_equation_15(balance: float, query_view: bool, view_view: bool) -> None:
    config = AlignmentConfig(TAU, balance, query_view, view_view)
    z, keys = features(), features(5)
    got = alignment_loss(z, keys, valid(), subsets(), config)
    photo = slow_query_view(z, keys.views, subsets()) if query_view else 0.0
    views = slow_view_view(z, keys.views, subsets()) if view_view else 0.0
    assert float(got.loss) == pytest.approx(balance * photo + (1 - balance) * views, rel=1e-12)
    assert math.isnan(got.query_view.right) != query_view
    assert math.isnan(got.view_view.right) != view_view


def test_with_both_switched_off_nothing_is_lost() -> None:
    got = alignment_loss(features(), None, valid(), subsets(), AlignmentConfig(TAU, 0.5, False, False))
    assert got.loss.item() == 0


def test_of_a_running_average_only_the_anchors_get_a_gradient() -> None:
    raw = [z.requires_grad_() for z in features()]
    z, keys = Features(*raw), features(5)
    only_photos = AlignmentConfig(TAU, view_view=False)
    alignment_loss(z, keys, valid(), subsets(), only_photos).loss.backward()
    assert raw[1].grad is None
    assert (raw[0].grad[0, subsets().query_patches[0]] != 0).any(-1).all()
    alignment_loss(z, keys, valid(), subsets(), AlignmentConfig(TAU)).loss.backward()
    anchors = set()
    for b, pair, i in np.argwhere(subsets().match_patches.numpy()[..., 0] >= 0).tolist():
        anchors.add((b, int(subsets().match_views[b, pair, 0]), int(subsets().match_patches[b, pair, i, 0])))
    moved = {tuple(index) for index in np.argwhere(raw[1].grad.abs().sum(-1).numpy() > 0).tolist()}
    assert moved
    assert moved <= anchors


def test_what_anchors_are_compared_with_gets_a_gradient_too() -> None:
    """Held still, it would keep the features from becoming alike."""
    raw = [z.requires_grad_() for z in features()]
    alignment_loss(
        Features(*raw), None, valid(), subsets(), AlignmentConfig(TAU, view_view=False)
    ).loss.backward()
    chosen = subsets().query_views[0]
    candidates = valid()[0, chosen]
    moved = raw[1].grad[0, chosen].abs().sum(-1) > 0
    assert torch.equal(moved, candidates)


def test_gradients_are_those_of_finite_differences() -> None:
    z = features()

    def loss(query: Tensor, views: Tensor) -> Tensor:
        return (
            view_view_alignment(views, z.views, valid(), subsets(), TAU).loss
            + query_view_alignment(query, z.views, valid(), subsets(True), TAU, true_matches=True).loss
        )

    inputs = [tensor.clone().requires_grad_() for tensor in z]
    torch.autograd.gradcheck(loss, inputs, fast_mode=True)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("empty", ["ground", "matches", "both"])
def test_nothing_to_align_is_no_loss_and_a_gradient_of_zeros(empty: str, dtype: torch.dtype) -> None:
    raw = [tensor.to(dtype).requires_grad_() for tensor in features()]
    chosen, shown = subsets(), valid()
    if empty != "matches":
        shown = torch.zeros_like(shown)
    if empty != "ground":
        chosen = Subsets(*(torch.full_like(index, -1) if index is not None else None for index in chosen))
    got = alignment_loss(Features(*raw), None, shown, chosen, AlignmentConfig(TAU))
    assert got.loss.item() == 0
    assert math.isnan(got.query_view.right)
    got.loss.backward()
    for tensor in raw:
        assert torch.equal(tensor.grad, torch.zeros_like(tensor))


def test_half_precision_is_summed_in_single() -> None:
    z = Features(*(tensor.bfloat16() for tensor in features()))
    got = alignment_loss(z, None, valid(), subsets(), AlignmentConfig(TAU))
    assert got.loss.dtype == torch.float32
    whole = alignment_loss(features(), None, valid(), subsets(), AlignmentConfig(TAU))
    assert float(got.loss) == pytest.approx(float(whole.loss), rel=0.05)


def test_two_halves_of_a_batch_have_the_mean_of_their_losses() -> None:
    z, chosen, shown = features(), subsets(), valid()
    whole = alignment_loss(z, None, shown, chosen, AlignmentConfig(TAU)).loss
    parts = [
        alignment_loss(
            Features(*(tensor[i : i + 1] for tensor in z)),
            None,
            shown[i : i + 1],
            Subsets(*(index[i : i + 1] if index is not None else None for index in chosen)),
            AlignmentConfig(TAU),
        ).loss
        for i in range(BATCH)
    ]
    assert float(whole) == pytest.approx(float(torch.stack(parts).mean()), rel=1e-12)


def test_true_matches_that_are_not_there_are_refused() -> None:
    z = features()
    with pytest.raises(ConfigError, match=r"this batch holds none.*PairConfig\(true_matches=True\)"):
        query_view_alignment(z.query, z.views, valid(), subsets(), TAU, true_matches=True)


def test_bad_settings_are_refused() -> None:
    with pytest.raises(ConfigError, match="temperature: expected more than 0, got 0"):
        AlignmentConfig(temperature=0)
    with pytest.raises(ConfigError, match=r"balance: expected 0 to 1, got 1\.5"):
        AlignmentConfig(balance=1.5)
