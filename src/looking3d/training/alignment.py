"""View-agnostic local feature alignment (VLFA, paper 4.3): patches that show one point get one feature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

from looking3d.errors import ConfigError

NONE = -1
"""In a table of patches: there is none here."""


@dataclass(frozen=True)
class AlignmentConfig:
    """Which alignment losses count, and how."""

    temperature: float = 0.1
    """What similarities are divided by: tau of equation 14."""

    balance: float = 0.5
    """Weight of the query-view loss; the view-view loss has the rest: a of equation 15."""

    query_view: bool = True
    """Align the photo with the views."""

    view_view: bool = True
    """Align the views with each other."""

    true_matches: bool = False
    """Align the photo with the views by matches that its known camera gives, where a batch has them; by
    default by pseudo-labels, as the paper does."""

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise ConfigError(f"temperature: expected more than 0, got {self.temperature}")
        if not 0 <= self.balance <= 1:
            raise ConfigError(f"balance: expected 0 to 1, got {self.balance}")


class Features(NamedTuple):
    """Projected features, of unit length, of the patches of photos and views.

    Attributes:
        query: Of the photos.
        views: Of the references' views.
    """

    query: Float[Tensor, "batch patches dim"]
    views: Float[Tensor, "batch views patches dim"]


class Subsets(NamedTuple):
    """Which patches are to be aligned; `pairs.PhotoPairs` draws them at random. -1 fills up what lacks.

    Attributes:
        query_views: Numbers of the views that the photo is aligned with.
        query_patches: Patches of the photo.
        photo_matches: For each patch of the photo the true match in each view; None if not known.
        match_views: Pairs of views.
        match_patches: For each pair, patches of the first and of the second view that show one point.
    """

    query_views: Int[Tensor, "batch chosen_views"]
    query_patches: Int[Tensor, "batch chosen_patches"]
    photo_matches: Int[Tensor, "batch views patches"] | None
    match_views: Int[Tensor, "batch pairs 2"]
    match_patches: Int[Tensor, "batch pairs matches 2"]


class Aligned(NamedTuple):
    """An alignment loss.

    Attributes:
        loss: The mean over the photos of a batch; a photo without matches counts as 0.
        right: The share of matches whose target is the most similar patch; NaN without any.
    """

    loss: Float[Tensor, ""]
    right: Float[Tensor, ""]


def contrastive(
    anchors: Float[Tensor, "*sets anchors dim"],
    keys: Float[Tensor, "*sets patches dim"],
    targets: Int[Tensor, "*sets anchors"],
    candidates: Bool[Tensor, "*sets patches"],
    temperature: float,
) -> tuple[Float[Tensor, "*sets anchors"], Bool[Tensor, "*sets anchors"], Bool[Tensor, "*sets anchors"]]:
    """Equation 14 for each anchor: the cross-entropy of its target among all candidates of its view.

    Args:
        anchors: Features that are to be drawn to their targets.
        keys: Features of the view's patches.
        targets: The patch that each anchor should be like, or -1. Targets that are no candidates are
            left out, since what shows the ground has nothing to be like.
        candidates: Patches that count, target and negatives alike.
        temperature: tau.

    Returns:
        The loss of each anchor, 0 where it has no target; whether it has one; and whether that target is
        the most similar candidate.
    """
    logits = similarities(anchors, keys, candidates, temperature)
    at = targets.clamp(min=0)
    known = (targets != NONE) & candidates.gather(-1, at)
    loss = -F.log_softmax(logits, -1).gather(-1, at[..., None])[..., 0]
    right = known & (logits.argmax(-1) == at)
    return torch.where(known, loss, torch.zeros_like(loss)), known, right


def similarities(
    anchors: Float[Tensor, "*sets anchors dim"],
    keys: Float[Tensor, "*sets patches dim"],
    candidates: Bool[Tensor, "*sets patches"],
    temperature: float,
) -> Float[Tensor, "*sets anchors patches"]:
    """Dot products over the temperature, in float32 or finer; of what is no candidate, the lowest number."""
    logits = anchors @ keys.transpose(-1, -2) / temperature
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    # Not minus infinity: of a view without any candidate the loss must stay finite, and its gradient 0
    return logits.masked_fill(~candidates[..., None, :], torch.finfo(logits.dtype).min)


def view_view_alignment(
    views: Float[Tensor, "batch views patches dim"],
    keys: Float[Tensor, "batch views patches dim"],
    valid: Bool[Tensor, "batch views patches"],
    subsets: Subsets,
    temperature: float,
) -> Aligned:
    """Equation 14 over pairs of views, whose matches depth and pose tell.

    Args:
        views: Features of the first view of a pair.
        keys: Of the second one: the same, detached or not, or those of a running average of the network.
        valid: Whether a patch shows the object; others are neither targets nor negatives.
        subsets: Which pairs and matches.
        temperature: tau.
    """
    first, second = subsets.match_views.clamp(min=0).unbind(-1)
    anchor_patches, targets = subsets.match_patches.unbind(-1)
    targets = torch.where((subsets.match_views[..., :1] == NONE) | (anchor_patches == NONE), NONE, targets)
    anchors = _pick(_pick(views, first), anchor_patches.clamp(min=0))
    terms = contrastive(anchors, _pick(keys, second), targets, _pick(valid, second), temperature)
    return _mean_of_photos(*terms)


def query_view_alignment(
    query: Float[Tensor, "batch patches dim"],
    keys: Float[Tensor, "batch views patches dim"],
    valid: Bool[Tensor, "batch views patches"],
    subsets: Subsets,
    temperature: float,
    true_matches: bool = False,
) -> Aligned:
    """Equation 14 over photo and views, with pseudo-labels: the most similar patch (equation 13).

    Args:
        query: Features of the photo.
        keys: Features of the views: the network's own, detached or not, or those of a running average.
        valid: Whether a patch of a view shows the object; others are neither targets nor negatives.
        subsets: Which patches of the photo, and which views.
        temperature: tau.
        true_matches: Take the matches that are known instead of pseudo-labels.
    """
    patches, views = subsets.query_patches.clamp(min=0), subsets.query_views.clamp(min=0)
    count = views.shape[1]
    anchors = _pick(query, patches)[:, None].expand(-1, count, -1, -1)
    chosen_keys, candidates = _pick(keys, views), _pick(valid, views)
    if true_matches:
        if subsets.photo_matches is None:
            raise ConfigError(
                "true-matches: this batch holds none; make its pairs with PairConfig(true_matches=True)"
            )
        known = _pick(subsets.photo_matches, views)
        targets = known.gather(-1, patches[:, None].expand(-1, count, -1))
    else:
        with torch.no_grad():
            targets = similarities(anchors, chosen_keys, candidates, temperature).argmax(-1)
    absent = (subsets.query_patches == NONE)[:, None] | (subsets.query_views == NONE)[..., None]
    targets = torch.where(absent, NONE, targets)
    return _mean_of_photos(*contrastive(anchors, chosen_keys, targets, candidates, temperature))


class Alignment(NamedTuple):
    """The alignment losses of a batch.

    Attributes:
        loss: Both, weighted as in equation 15.
        query_view, view_view: Each by itself; 0 if switched off.
    """

    loss: Float[Tensor, ""]
    query_view: Aligned
    view_view: Aligned


def alignment_loss(
    features: Features,
    keys: Features | None,
    valid: Bool[Tensor, "batch views patches"],
    subsets: Subsets,
    config: AlignmentConfig,
) -> Alignment:
    """The alignment part of equation 15: a query-view loss + (1 - a) view-view loss.

    Args:
        features: The network's.
        keys: What they are drawn to: those of a running average of the network, which get no gradient; by
            default the network's own, which do: held still, they keep the network from learning at all.
        valid: Whether a patch of a view shows the object.
        subsets: Which patches, views and pairs.
        config: Which losses, and how.
    """
    targets = features.views if keys is None else keys.views.detach()
    nothing = features.views.new_zeros(())
    off = Aligned(nothing, torch.full_like(nothing, torch.nan))
    query_view = view_view = off
    if config.query_view:
        query_view = query_view_alignment(
            features.query, targets, valid, subsets, config.temperature, config.true_matches
        )
    if config.view_view:
        view_view = view_view_alignment(features.views, targets, valid, subsets, config.temperature)
    loss = config.balance * query_view.loss + (1 - config.balance) * view_view.loss
    return Alignment(loss, query_view, view_view)


def _pick(values: Tensor, index: Tensor) -> Tensor:
    """values (batch, n, ...) at index (batch, ...) along the second axis; or one level deeper for both."""
    if index.ndim == 2:
        return values[torch.arange(len(values), device=values.device)[:, None], index]
    batch, sets = (torch.arange(length, device=values.device) for length in index.shape[:2])
    return values[batch[:, None, None], sets[:, None], index]


def _mean_of_photos(loss: Tensor, known: Tensor, right: Tensor) -> Aligned:
    """The mean over each photo's matches, then over photos: equal shares of a batch have equal weight."""
    count = known.flatten(1).sum(1)
    mean = loss.flatten(1).sum(1) / count.clamp(min=1)
    return Aligned(mean.mean(), (right.sum() / known.sum()).to(loss.dtype))
