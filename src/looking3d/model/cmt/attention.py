"""Attention with several heads: of all to all, and of each patch to its k candidates (TKCA)."""

from __future__ import annotations

from contextlib import nullcontext
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn
from torch.nn import functional as F


class Candidates(NamedTuple):
    """The reference tokens that each patch of a photo may attend to, best first.

    Attributes:
        index: (batch, patches, k) int64, numbers of reference tokens.
        allowed: (batch, patches, k) bool; False where a patch has fewer candidates than k.
    """

    index: Int64[Tensor, "batch patches k"]
    allowed: Bool[Tensor, "batch patches k"]

    def with_token(self, number: int) -> Candidates:
        """These, and one token more that is everyone's candidate."""
        return Candidates(F.pad(self.index, (0, 1), value=number), F.pad(self.allowed, (0, 1), value=True))


def top_k(
    score: Float[Tensor, "batch patches tokens"], allowed: Bool[Tensor, "#batch #patches tokens"], k: int
) -> Candidates:
    """The k reference tokens of the highest score for each patch (equation 11).

    Args:
        score: How well each token suits each patch; no gradient passes.
        allowed: What may be chosen at all.
        k: How many, at most; all, where there are fewer.
    """
    score = score.detach().masked_fill(~allowed, -torch.inf)
    best = score.topk(min(k, score.shape[-1]), -1)
    return Candidates(best.indices, best.values > -torch.inf)


class CrossAttention(nn.Module):
    """Cross-attention whose keys and values can be made ahead, since they depend on the reference alone.

    Args:
        width: Channels of the queries and of the answer.
        context_width: Channels of the reference's tokens.
        heads: How many heads share the width.
    """

    def __init__(self, width: int, context_width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_k = nn.Linear(context_width, width, bias=False)
        self.to_v = nn.Linear(context_width, width, bias=False)
        self.to_out = nn.Linear(width, width)

    def forward(
        self,
        query: Float[Tensor, "batch items width"],
        keys: Float[Tensor, "#batch tokens width"],
        values: Float[Tensor, "#batch tokens width"],
        allowed: Bool[Tensor, "#batch tokens"],
        candidates: Candidates | None,
    ) -> Float[Tensor, "batch items width"]:
        """What the queries, projected by `to_q`, find.

        Args:
            query: [tok], then the patches.
            keys, values: Of the reference's tokens; a batch of 1 serves all photos.
            allowed: The tokens that [tok], and without candidates every patch, attends to.
            candidates: What each patch attends to.
        """
        if candidates is None:
            return self.to_out(attention(query, keys, values, allowed, self.heads))
        found = [
            attention(query[:, :1], keys, values, allowed, self.heads),
            sparse_attention(query[:, 1:], keys, values, candidates, self.heads),
        ]
        return self.to_out(torch.cat(found, 1))


class SelfAttention(nn.Module):
    """Self-attention with several heads."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_k = nn.Linear(width, width, bias=False)
        self.to_v = nn.Linear(width, width, bias=False)
        self.to_out = nn.Linear(width, width)

    def forward(self, x: Float[Tensor, "batch items width"]) -> Float[Tensor, "batch items width"]:
        """What each item finds among all."""
        return self.to_out(attention(self.to_q(x), self.to_k(x), self.to_v(x), None, self.heads))


def attention(
    query: Float[Tensor, "batch items width"],
    keys: Float[Tensor, "#batch tokens width"],
    values: Float[Tensor, "#batch tokens width"],
    allowed: Bool[Tensor, "#batch tokens"] | None,
    heads: int,
) -> Float[Tensor, "batch items width"]:
    """Scaled dot-product attention of all queries to all tokens that are allowed; 0 where none is."""
    mask = None if allowed is None else allowed[:, None, None]
    # On a CPU the gradient of this takes twice as long in bfloat16 as in float32.
    finer = query.device.type == "cpu" and query.dtype == torch.bfloat16
    with torch.autocast("cpu", enabled=False) if finer else nullcontext():
        of = (x.float() if finer else x for x in (query, keys, values))
        q, k, v = (_split(x, heads).expand(len(query), -1, -1, -1) for x in of)
        return _joined(_attend(q, k, v, mask)).to(query.dtype)


def sparse_attention(
    query: Float[Tensor, "batch patches width"],
    keys: Float[Tensor, "#batch tokens width"],
    values: Float[Tensor, "#batch tokens width"],
    candidates: Candidates,
    heads: int,
) -> Float[Tensor, "batch patches width"]:
    """Attention of each patch to its candidates alone (TKCA, equation 10); 0 where it has none.

    Keys and values of the candidates are gathered, so that cost and memory grow with k and not with the
    number of reference tokens.

    Args:
        query: Projected queries.
        keys, values: Of all tokens; a batch of 1 serves all photos.
        candidates: What each patch may attend to.
        heads: How many heads share the width.
    """
    references, tokens, _ = keys.shape
    first = torch.arange(references, device=query.device)[:, None, None] * tokens
    rows = (candidates.index + first).flatten(0, 1)
    # An embedding gathers as indexing does, and adds up gradients several times as fast on a CPU.
    k, v = (_split(F.embedding(rows, x.flatten(0, 1)), heads) for x in (keys, values))
    q = query.flatten(0, 1).unflatten(1, (heads, 1, -1))
    return _attend(q, k, v, candidates.allowed.flatten(0, 1)[:, None, None]).reshape(query.shape)


def _attend(
    q: Float[Tensor, "batch heads items head_width"],
    k: Float[Tensor, "batch heads tokens head_width"],
    v: Float[Tensor, "batch heads tokens head_width"],
    allowed: Bool[Tensor, "#batch 1 1 tokens"] | None,
) -> Float[Tensor, "batch heads items head_width"]:
    """PyTorch's attention, and 0 where nothing is allowed."""
    if allowed is None:
        return F.scaled_dot_product_attention(q, k, v)
    # Where nothing is allowed, a softmax over nothing would make NaNs of gradients, too.
    some = allowed.any(-1, keepdim=True)
    return torch.where(some, F.scaled_dot_product_attention(q, k, v, allowed | ~some), 0.0)


def _split(
    x: Float[Tensor, "batch items width"], heads: int
) -> Float[Tensor, "batch heads items head_width"]:
    return x.unflatten(2, (heads, -1)).transpose(1, 2)


def _joined(x: Float[Tensor, "batch heads items head_width"]) -> Float[Tensor, "batch items width"]:
    return x.transpose(1, 2).flatten(2)
