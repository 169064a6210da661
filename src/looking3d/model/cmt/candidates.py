"""Which reference patches a patch of the photo may attend to: by similarity, or by where they project to."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from looking3d.model.cmt.attention import Candidates, top_k

WHITE = 0.8
"""Luma of the network's input, -1 to 1, from which on a pixel is taken for white ground."""

_LUMA = (0.2989, 0.587, 0.114)


class Projected(NamedTuple):
    """Where the reference's patches fall in the photo, by a camera that is known or estimated.

    Attributes:
        position: (batch, views, patches, 2) float32, (x, y) as fractions of the photo; (0, 0) is its upper
            left corner.
        visible: (batch, views, patches) bool, whether the point can be seen from that camera.
    """

    position: Float[Tensor, "batch views patches 2"]
    visible: Bool[Tensor, "batch views patches"]


def by_similarity(
    query: Float[Tensor, "batch patches channels"],
    reference: Float[Tensor, "#batch tokens channels"],
    allowed: Bool[Tensor, "#batch #patches tokens"],
    k: int,
) -> Candidates:
    """The k tokens that are most alike (equations 11 and 12).

    Args:
        query, reference: Projected features.
        allowed: What may be chosen at all.
        k: How many, at most.
    """
    # In full precision under autocast, too: bfloat16 has 128 numbers from 0.5 to 1, and the rest are ties.
    with torch.no_grad(), torch.autocast(query.device.type, enabled=False):
        return top_k(query.float() @ reference.float().transpose(1, 2), allowed, k)


def by_geometry(
    projected: Projected, allowed: Bool[Tensor, "#batch #patches tokens"], k: int, grid: int, radius: float
) -> Candidates:
    """The k visible tokens that fall nearest to the middle of each patch.

    What is similar elsewhere on the object is no candidate, so a part that was moved or swapped meets what
    belongs in its place, and no look-alike.

    Args:
        projected: Where the tokens fall.
        allowed: What may be chosen besides.
        k: How many, at most.
        grid: Patches along a side of the photo.
        radius: How far a candidate is at most, as a fraction of the photo's side.
    """
    with torch.no_grad():
        position = projected.position.flatten(1, 2)
        far = torch.cdist(patch_centers(grid, position).expand(len(position), -1, -1), position)
        near = (far <= radius) & projected.visible.flatten(1)[:, None] & allowed
        return top_k(-far, near, k)


def patch_centers(grid: int, like: Tensor) -> Float[Tensor, "1 patches 2"]:
    """(x, y) of the middle of each patch as fractions of the image, row by row."""
    middle = (torch.arange(grid, device=like.device, dtype=like.dtype) + 0.5) / grid
    y, x = torch.meshgrid(middle, middle, indexing="ij")
    return torch.stack([x, y], -1).flatten(0, 1)[None]


def best_similarity(
    query: Float[Tensor, "batch patches channels"],
    reference: Float[Tensor, "#batch tokens channels"],
    candidates: Candidates,
) -> Float[Tensor, "batch patches"]:
    """How alike the most similar candidate of each patch is; 0 where it has none. No gradient passes."""
    with torch.no_grad():
        references, tokens, _ = reference.shape
        first = torch.arange(references, device=query.device)[:, None, None] * tokens
        chosen = F.embedding(candidates.index + first, reference.flatten(0, 1))
        alike = (chosen @ query[..., None])[..., 0].masked_fill(~candidates.allowed, -torch.inf)
        return alike.amax(-1).masked_fill(~candidates.allowed.any(-1), 0.0)


def foreground(images: Float[Tensor, "*batch 3 height width"], grid: int) -> Float[Tensor, "*batch patches"]:
    """How far each patch shows an object on white ground, 0 to 1, grown by two pixels.

    Args:
        images: In [-1, 1].
        grid: Patches along a side.
    """
    flat = images.reshape(-1, *images.shape[-3:])
    luma = torch.einsum("bchw,c->bhw", flat, flat.new_tensor(_LUMA))
    mask = (luma < WHITE).to(flat.dtype)[:, None]
    for _ in range(2):
        mask = F.max_pool2d(mask, 3, 1, 1)
    small = F.interpolate(mask, size=(grid, grid), mode="bilinear", align_corners=False)
    return small.reshape(*images.shape[:-3], grid * grid)
