"""The view of a reference that a photo is nearest to, by where its patches are found (paper 5.1)."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from looking3d.model.cmt.candidates import patch_centers


@torch.no_grad()
def view_distances(
    query: Float[Tensor, "batch patches channels"],
    views: Float[Tensor, "batch views patches channels"],
    valid: Bool[Tensor, "batch views patches"],
    weight: Float[Tensor, "batch patches"],
) -> Float[Tensor, "batch views"]:
    """How far, on average, a photo's patches lie from the patches of a view that are most alike.

    The view with the smallest distance is the closest: `view_distances(...).argmin(1)`.

    Args:
        query, views: Projected features, unit vectors.
        valid: Patches of the views that show the object; others are no matches.
        weight: How much each patch of the photo counts, as `candidates.foreground` tells.

    Returns:
        Fractions of the image's side; infinite for a view that shows no object.
    """
    grid = round(query.shape[1] ** 0.5)
    centers = patch_centers(grid, weight)[0]
    distances = []
    # View by view: all similarities at once would be the largest thing in memory.
    for of_view, there in zip(views.unbind(1), valid.unbind(1), strict=True):
        alike = (query @ of_view.transpose(1, 2)).masked_fill(~there[:, None], -torch.inf)
        far = (centers[alike.argmax(-1)] - centers).norm(dim=-1)
        mean = (far * weight).sum(1) / weight.sum(1).clamp(min=torch.finfo(weight.dtype).tiny)
        distances.append(mean.masked_fill(~there.any(1), torch.inf))
    return torch.stack(distances, 1)
