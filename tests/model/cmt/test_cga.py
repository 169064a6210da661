"""The blocks against the paper's equations, written out."""

from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from looking3d.model.cmt.attention import top_k
from looking3d.model.cmt.cga import Guide, PostNormBlock, PreNormBlock
from looking3d.model.cmt.config import CmtConfig

BATCH, PATCHES, TOKENS, CONTEXT, WIDTH = 2, 4, 9, 10, 8
CONFIG = CmtConfig(image_px=32, heads=2, width=WIDTH, top_k=3)
"""A grid of 4 x 4 patches where a convolution looks; else any number of them will do."""


def multi_head(q: Tensor, k: Tensor, v: Tensor, chosen: Tensor, out: torch.nn.Linear) -> Tensor:
    found = []
    for head in (slice(0, 4), slice(4, 8)):
        logits = (q[..., head] @ k[..., head].transpose(1, 2) / 2).masked_fill(~chosen, -torch.inf)
        found.append(logits.softmax(-1) @ v[..., head])
    return torch.cat(found, -1) @ out.weight.T + out.bias


def inputs(patches: int = PATCHES) -> tuple[Tensor, Tensor, Tensor, Guide]:
    """Tokens, the reference's, what [tok] and each patch may attend to, and the guide that says so."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(BATCH, 1 + patches, WIDTH, generator=generator)
    context = torch.randn(BATCH, TOKENS, CONTEXT, generator=generator)
    score = torch.rand(BATCH, patches, TOKENS, generator=generator)
    allowed = torch.arange(TOKENS)[None].expand(BATCH, -1) < 7
    candidates = top_k(score, allowed[:, None], 3)
    chosen = torch.zeros(BATCH, patches, TOKENS, dtype=torch.bool).scatter(2, candidates.index, True)
    chosen = torch.cat([allowed[:, None], chosen], 1)
    return x, context, chosen, Guide(candidates, allowed, torch.rand(BATCH, patches, generator=generator))


def test_equations_3_to_9() -> None:
    torch.manual_seed(0)
    block = PostNormBlock(CONFIG, CONTEXT)
    x, context, chosen, guide = inputs()
    out = block(x, block.reference(context), guide)

    attend, look = block.self_attention, block.cross_attention
    F_bar = context @ block.reduce.weight.T + block.reduce.bias
    everyone = torch.ones(BATCH, 1 + PATCHES, 1 + PATCHES, dtype=torch.bool)
    q, k, v = (x @ network.weight.T for network in (attend.to_q, attend.to_k, attend.to_v))
    f_bar = multi_head(q, k, v, everyone, attend.to_out)
    Q, K, V = f_bar @ look.to_q.weight.T, F_bar @ look.to_k.weight.T, F_bar @ look.to_v.weight.T
    O = multi_head(Q, K, V, chosen, look.to_out)  # noqa: E741
    O = F.layer_norm(O + Q, (WIDTH,))  # noqa: E741
    first, _, second = block.feed_forward
    hidden = F.gelu(O @ first.weight.T + first.bias) @ second.weight.T + second.bias
    torch.testing.assert_close(out, F.layer_norm(hidden + O, (WIDTH,)))


def test_self_attention_may_have_a_residual() -> None:
    torch.manual_seed(0)
    block = PostNormBlock(replace(CONFIG, self_attention_residual=True), CONTEXT)
    x, context, _, guide = inputs()
    made = block.reference(context)
    plain = PostNormBlock(CONFIG, CONTEXT)
    plain.load_state_dict(block.state_dict())
    block.self_attention.to_v.weight.data.zero_()
    block.self_attention.to_out.bias.data.zero_()
    plain.self_attention = torch.nn.Identity()  # what it was asked, and nothing more
    torch.testing.assert_close(block(x, made, guide), plain(x, made, guide))


def test_pre_norm_with_concatenation_and_neighbours() -> None:
    torch.manual_seed(0)
    config = replace(
        CONFIG, norm="before", fusion="concatenate", local_convolution=True, feed_forward="geglu"
    )
    block = PreNormBlock(config, CONTEXT)
    x, context, chosen, guide = inputs(16)
    out = block(x, block.reference(context), guide)

    x = x + block.self_attention(F.layer_norm(x, (WIDTH,)))
    normed = F.layer_norm(x, (WIDTH,))
    made = block.reference(context)
    look = block.cross_attention
    found = multi_head(normed @ look.to_q.weight.T, made.keys, made.values, chosen, look.to_out)
    alike = torch.cat([torch.zeros(BATCH, 1), guide.similarity], 1)[..., None]
    x = x + block.fusion.mlp(torch.cat([normed, found, normed - found, normed * found, alike], -1))
    image = torch.zeros(BATCH, WIDTH, 6, 6)  # with a border of zeros
    for row in range(4):
        for column in range(4):
            image[:, :, row + 1, column + 1] = x[:, 1 + row * 4 + column]
    moved = [x[:, 0]]
    for row in range(4):
        for column in range(4):
            window = image[:, :, row : row + 3, column : column + 3]
            around = torch.einsum("bikl,oikl->bo", window, block.local.weight) + block.local.bias
            moved.append(x[:, 1 + row * 4 + column] + around)
    x = torch.stack(moved, 1)
    inner = block.feed_forward.to_value_and_gate(F.layer_norm(x, (WIDTH,)))
    half = inner.shape[-1] // 2
    x = x + block.feed_forward.to_out(inner[..., :half] * F.gelu(inner[..., half:]))
    torch.testing.assert_close(out, x)
