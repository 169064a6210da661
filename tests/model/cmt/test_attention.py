"""Gathering attention against a dense masked one that is obviously right, outputs and gradients."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from looking3d.model.cmt.attention import Candidates, CrossAttention, attention, sparse_attention, top_k


def dense(
    q: Tensor, keys: Tensor, values: Tensor, score: Tensor, allowed: Tensor, k: int, heads: int
) -> Tensor:
    """Equations 10 and 11 as they stand, a head at a time: all scores, then -inf beyond the top k."""
    batch, width = len(q), q.shape[2]
    keys, values = (x.expand(batch, -1, -1) for x in (keys, values))
    score = score.masked_fill(~allowed, -math.inf)
    rank = score.argsort(-1, descending=True).argsort(-1)
    chosen = (rank < k) & (score > -math.inf)
    found = []
    for head in torch.arange(width).chunk(heads):
        logits = q[..., head] @ keys[..., head].transpose(1, 2) / math.sqrt(len(head))
        weights = logits.masked_fill(~chosen, -math.inf).softmax(-1)
        found.append(
            torch.where(chosen.any(-1, keepdim=True), weights.nan_to_num(0.0), 0.0) @ values[..., head]
        )
    return torch.cat(found, -1)


def close(a: Tensor, b: Tensor, relative: float) -> None:
    """Equal to a share of the largest number; gradients that are 0 in theory come out as 1e-7."""
    torch.testing.assert_close(a, b, rtol=relative, atol=relative * max(1e-2, float(b.abs().max())))


@st.composite
def problems(draw: st.DrawFn) -> dict:
    heads, head_width = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    tokens, batch = draw(st.integers(1, 40)), draw(st.integers(1, 3))
    return {
        "batch": batch,
        "references": draw(st.sampled_from([1, batch])),
        "patches": draw(st.integers(1, 12)),
        "tokens": tokens,
        "width": heads * head_width,
        "heads": heads,
        "k": draw(st.one_of(st.integers(1, tokens), st.just(1), st.just(tokens), st.just(tokens + 3))),
        "allowed_share": draw(st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0])),
        "each_patch": draw(st.booleans()),
        "seed": draw(st.integers(0, 2**31)),
    }


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(problems())
def test_gathering_equals_the_dense_masked_form(problem: dict) -> None:
    generator = torch.Generator().manual_seed(problem["seed"])

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    batch, patches, tokens, width = (problem[name] for name in ("batch", "patches", "tokens", "width"))
    q = draw(batch, patches, width)
    keys, values = draw(problem["references"], tokens, width), draw(problem["references"], tokens, width)
    score = draw(batch, patches, tokens)
    rows = patches if problem["each_patch"] else 1
    allowed = torch.rand(batch, rows, tokens, generator=generator) < problem["allowed_share"]
    weight = draw(batch, patches, width)
    answers, gradients = [], []
    for form in ("sparse", "dense"):
        inputs = [x.clone().requires_grad_() for x in (q, keys, values)]
        if form == "sparse":
            candidates = top_k(score, allowed, problem["k"])
            out = sparse_attention(inputs[0], inputs[1], inputs[2], candidates, problem["heads"])
        else:
            out = dense(*inputs, score, allowed, problem["k"], problem["heads"])
        (out * weight).sum().backward()
        answers.append(out.detach())
        gradients.append([x.grad for x in inputs])
    close(answers[0], answers[1], 1e-5)
    for ours, theirs in zip(*gradients, strict=True):
        close(ours, theirs, 1e-4)


def test_what_is_not_allowed_is_never_chosen() -> None:
    generator = torch.Generator().manual_seed(0)
    allowed = torch.rand(2, 1, 30, generator=generator) < 0.2
    score = torch.rand(2, 5, 30, generator=generator) + 10 * ~allowed  # the forbidden ones look best
    candidates = top_k(score, allowed, 12)
    chosen = allowed.expand(2, 5, 30).gather(2, candidates.index)
    assert (chosen == candidates.allowed).all()
    for i in range(2):
        assert (candidates.allowed[i].sum(-1) == min(12, int(allowed[i].sum()))).all()


def test_a_patch_without_candidates_finds_nothing_and_gets_finite_gradients() -> None:
    inputs = [torch.randn(2, n, 6, requires_grad=True) for n in (4, 9, 9)]
    candidates = top_k(torch.randn(2, 4, 9), torch.zeros(2, 1, 9, dtype=torch.bool), 3)
    found = sparse_attention(*inputs, candidates, 2)
    assert (found == 0).all()
    (found.sum() + attention(*inputs, torch.zeros(2, 9, dtype=torch.bool), 2).square().sum()).backward()
    assert all(bool(x.grad.isfinite().all()) for x in inputs)


def test_attention_in_bfloat16_keeps_the_type_and_the_answer() -> None:
    inputs = [torch.randn(2, n, 6) for n in (4, 9, 9)]
    allowed = torch.rand(2, 9) < 0.7
    with torch.autocast("cpu", torch.bfloat16):
        rough = attention(*(x.bfloat16() for x in inputs), allowed, 2)
    assert rough.dtype == torch.bfloat16
    close(rough.float(), attention(*inputs, allowed, 2), 0.02)


def test_one_more_token_is_everyone_s_candidate() -> None:
    candidates = top_k(torch.randn(2, 4, 9), torch.zeros(2, 1, 9, dtype=torch.bool), 3).with_token(9)
    values = torch.randn(2, 10, 6)
    found = sparse_attention(torch.randn(2, 4, 6), torch.randn(2, 10, 6), values, candidates, 3)
    torch.testing.assert_close(found, values[:, 9:].expand(-1, 4, -1))


@pytest.mark.parametrize("k", [9, 20])
def test_all_candidates_are_plain_cross_attention(k: int) -> None:
    torch.manual_seed(0)
    network = CrossAttention(8, 5, 2)
    x, context = torch.randn(2, 1 + 4, 8), torch.randn(2, 9, 5)
    allowed = torch.rand(2, 9) < 0.5
    query, keys, values = network.to_q(x), network.to_k(context), network.to_v(context)
    sparse = network(query, keys, values, allowed, top_k(torch.randn(2, 4, 9), allowed[:, None], k))
    torch.testing.assert_close(sparse, network(query, keys, values, allowed, None))


def test_the_token_attends_to_all_that_is_allowed() -> None:
    torch.manual_seed(0)
    network = CrossAttention(8, 5, 2)
    x, context = torch.randn(1, 1 + 4, 8), torch.randn(1, 9, 5, requires_grad=True)
    allowed = torch.arange(9)[None] < 6
    candidates = Candidates(torch.zeros(1, 4, 1, dtype=torch.int64), torch.ones(1, 4, 1, dtype=torch.bool))
    out = network(network.to_q(x), network.to_k(context), network.to_v(context), allowed, candidates)
    (gradient,) = torch.autograd.grad(out[:, 0].sum(), context, retain_graph=True)
    assert ((gradient != 0).any(-1) == allowed).all()
    (gradient,) = torch.autograd.grad(out[:, 1:].sum(), context)
    assert (gradient != 0).any(-1)[0].nonzero().flatten().tolist() == [0]
