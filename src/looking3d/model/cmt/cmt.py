"""The correspondence matching transformer (paper 4): does a photo show what the reference's views show?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

from looking3d.model.cmt.attention import Candidates
from looking3d.model.cmt.candidates import (
    Projected,
    best_similarity,
    by_geometry,
    by_similarity,
    foreground,
    patch_centers,
)
from looking3d.model.cmt.cga import Block, Guide, KeysValues, PostNormBlock, PreNormBlock
from looking3d.model.cmt.config import CmtConfig
from looking3d.model.cmt.heads import BoxHead, VerdictHead
from looking3d.model.cmt.key_networks import KeyNetworks
from looking3d.model.cmt.position3d import Position3D, fourier
from looking3d.model.correspondence_head import CorrespondenceHead
from looking3d.model.encoder import Encoder

NOWHERE = -1.0
"""Each coordinate of the point that a patch without an object is said to show."""

_QUERY_OCTAVES = 5
"""Octaves of the place of a patch in the photo; the finest has a wave of a sixteenth of it."""


@dataclass(frozen=True, eq=False)
class EncodedReference:
    """A reference as CMT keeps it: all that depends on the views alone.

    Attributes:
        projected: (batch, views, patches, channels) unit vectors, what patches are compared by; None in a
            model without correspondence head.
        weight: (batch, views * patches) how far each patch counts in the comparison.
        allowed: (batch, views * patches) bool, which patches may be attended to.
        blocks: Keys and values for each block; their last token may be the empty one.
    """

    projected: Float[Tensor, "batch views patches channels"] | None
    weight: Float[Tensor, "batch tokens"]
    allowed: Bool[Tensor, "batch tokens"]
    blocks: tuple[KeysValues, ...]

    def of(self, photos: Int64[Tensor, " batch"]) -> EncodedReference:
        """One for each photo.

        Args:
            photos: The number of each photo's reference.
        """
        projected = self.projected
        return EncodedReference(
            None if projected is None else projected.index_select(0, photos),
            self.weight.index_select(0, photos),
            self.allowed.index_select(0, photos),
            tuple(KeysValues(*(part.index_select(0, photos) for part in block)) for block in self.blocks),
        )


class CmtOutput(NamedTuple):
    """What CMT says of a batch of photos.

    Attributes:
        logit: (batch,) of an anomaly.
        box: (batch, 4) of the anomaly: centre x, centre y, width, height as fractions of the photo.
        token: (batch, features) the state of [tok].
        patch_logits: (batch, patches) of an anomaly at each patch; None without a patch head.
        query: (batch, patches, channels) unit vectors, the photo's projected features; None in a model
            without correspondence head.
        views: (batch, views, patches, channels) the same of the reference.
        candidates: What each patch attended to; None: to all that was allowed.
    """

    logit: Float[Tensor, " batch"]
    box: Float[Tensor, "batch 4"]
    token: Float[Tensor, "batch features"]
    patch_logits: Float[Tensor, "batch patches"] | None
    query: Float[Tensor, "batch patches channels"] | None
    views: Float[Tensor, "batch views patches channels"] | None
    candidates: Candidates | None


class Cmt(nn.Module):
    """The model of all of CMT's presets.

    Args:
        config: Its settings.
    """

    def __init__(self, config: CmtConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or CmtConfig()
        features, width = config.feature_width, config.width
        self.encoder = Encoder(config.encoder_width, features)
        self.projector = _projector(config) if config.projects else None
        if self.projector is not None and not config.vlfa:
            self.projector.requires_grad_(
                False
            )  # choosing candidates passes no gradient, and nothing else does
        self.position = (
            Position3D(features, config.position_frequencies, config.position_layers)
            if config.position_3d
            else None
        )
        self.query_position = (
            nn.Linear(2 * (1 + 2 * _QUERY_OCTAVES), features) if config.query_position else None
        )
        context = 2 * features if config.position_3d else features
        self.token = nn.Parameter(torch.randn(features) * 0.02)
        self.empty = nn.Parameter(torch.randn(context) * 0.02) if config.empty_token else None
        self.proj_in = nn.Linear(features, width) if width != features else nn.Identity()
        block = PostNormBlock if config.norm == "after" else PreNormBlock
        self.blocks = nn.ModuleList(block(config, context) for _ in range(config.blocks))
        self.proj_out = nn.Linear(width, features) if width != features else nn.Identity()
        self.patch_head = nn.Linear(features, 1) if config.patch_head else None
        self.verdict = VerdictHead(features, 2 * features, config.patch_head)
        self.box = BoxHead(features, 2 * features, config.box_layers)
        self.key_networks = None
        if self.projector is not None and config.key_momentum is not None:
            self.key_networks = KeyNetworks(self.encoder, self.projector, config.key_momentum)

    def forward(
        self,
        query: Float[Tensor, "batch 3 size size"],
        views: Float[Tensor, "references views 3 size size"],
        points: Float[Tensor, "references views patches 3"],
        valid: Bool[Tensor, "references views patches"],
        projected: Projected | None = None,
        reference: Int64[Tensor, " batch"] | None = None,
    ) -> CmtOutput:
        """Judge each photo against its reference.

        Args:
            query: Photos, RGB in [-1, 1].
            views: The references' views, the grey repeated three times.
            points: The world point that each patch of the views shows; anything where it shows none.
            valid: Whether a patch shows the object.
            projected: Where the points fall in the photo; what `ranking="geometry"` needs.
            reference: The number of each photo's reference; by default each has its own.
        """
        # In one batch, so that batch norm sees in training what it will have learned for testing: the
        # statistics of photos and views together.
        features = self.features(torch.cat([query, views.flatten(0, 1)]))
        of_query, of_views = features[: len(query)], features[len(query) :]
        encoded = self._reference(of_views.unflatten(0, views.shape[:2]), views, points, valid)
        if reference is not None:
            encoded = encoded.of(reference)
        return self._judge(of_query, query, encoded, projected)

    def encode_reference(
        self,
        views: Float[Tensor, "batch views 3 size size"],
        points: Float[Tensor, "batch views patches 3"],
        valid: Bool[Tensor, "batch views patches"],
    ) -> EncodedReference:
        """All that depends on the references alone; a batch of 1 then serves any number of photos."""
        features = self.features(views.flatten(0, 1)).unflatten(0, views.shape[:2])
        return self._reference(features, views, points, valid)

    def judge(
        self,
        query: Float[Tensor, "batch 3 size size"],
        reference: EncodedReference,
        projected: Projected | None = None,
    ) -> CmtOutput:
        """Judge photos against references that were encoded before, one for all or one for each."""
        return self._judge(self.features(query), query, reference, projected)

    def features(self, images: Float[Tensor, "batch 3 size size"]) -> Float[Tensor, "batch patches features"]:
        """The local features of photos or views."""
        return self.encoder(images).flatten(2).transpose(1, 2)

    def project(self, images: Float[Tensor, "batch 3 size size"]) -> Float[Tensor, "batch patches channels"]:
        """What patches of photos or views are compared by, unit vectors.

        Raises:
            ValueError: This model has no correspondence head.
        """
        if self.projector is None:
            raise ValueError("a model without cga and vlfa has no correspondence head")
        return self.projector(self.features(images))

    def follow_keys(self) -> None:
        """Let the key networks, where there are any, take their step after a step of training."""
        if self.key_networks is not None and self.projector is not None:
            self.key_networks.follow(self.encoder, self.projector)

    def _reference(
        self,
        features: Float[Tensor, "batch views patches features"],
        views: Float[Tensor, "batch views 3 size size"],
        points: Float[Tensor, "batch views patches 3"],
        valid: Bool[Tensor, "batch views patches"],
    ) -> EncodedReference:
        context = features
        if self.position is not None:
            points = torch.where(valid[..., None], points, NOWHERE)
            context = torch.cat([features, self.position(points)], -1)
        context = context.flatten(1, 2)
        if self.empty is not None:
            context = torch.cat([context, self.empty.expand(len(context), 1, -1)], 1)
        blocks: list[Block] = list(self.blocks)  # pyright: ignore[reportAssignmentType]
        weight, allowed = torch.ones_like(points[..., 0]), valid
        if self.config.foreground == "luma":
            weight, allowed = foreground(views, self.config.grid), torch.ones_like(valid)
        return EncodedReference(
            None if self.projector is None else self.projector(features),
            weight.flatten(1),
            allowed.flatten(1),
            tuple(block.reference(context) for block in blocks),
        )

    def _judge(
        self,
        features: Float[Tensor, "batch patches features"],
        images: Float[Tensor, "batch 3 size size"],
        reference: EncodedReference,
        projected: Projected | None,
    ) -> CmtOutput:
        query = None if self.projector is None else self.projector(features)
        guide = self._guide(query, images, reference, projected)
        if self.query_position is not None:
            place = fourier(2 * math.pi * patch_centers(self.config.grid, features), _QUERY_OCTAVES)
            features = features + self.query_position(place)
        x = self.proj_in(torch.cat([self.token.expand(len(features), 1, -1), features], 1))
        for block, made in zip(self.blocks, reference.blocks, strict=True):
            x = block(x, made, guide)
        x = self.proj_out(x)
        token, patches = x[:, 0], x[:, 1:]
        heat = None if self.patch_head is None else self.patch_head(patches)[..., 0]
        views = reference.projected
        return CmtOutput(
            self.verdict(token, heat),
            self.box(token),
            token,
            heat,
            query,
            None if views is None else views.expand(len(features), -1, -1, -1),
            guide.candidates,
        )

    def _guide(
        self,
        query: Float[Tensor, "batch patches channels"] | None,
        images: Float[Tensor, "batch 3 size size"],
        reference: EncodedReference,
        projected: Projected | None,
    ) -> Guide:
        """Where the blocks are to look."""
        config, tokens = self.config, reference.allowed.shape[1]
        allowed = reference.allowed
        similarity = images.new_zeros(len(images), config.grid**2)
        if self.empty is not None:
            allowed = nn.functional.pad(allowed, (0, 1), value=True)
        if query is None or reference.projected is None or not config.cga:
            return Guide(None, allowed, similarity)
        views = reference.projected.flatten(1, 2)
        may = reference.allowed[:, None]
        if config.foreground == "luma":
            query = query * foreground(images, config.grid)[..., None]
            views = views * reference.weight[..., None]
        elif config.foreground == "both":
            may = may & (foreground(images, config.grid) > 0)[..., None]
        if config.ranking == "similarity":
            candidates = by_similarity(query, views, may, config.top_k)
        elif projected is not None:
            candidates = by_geometry(projected, may, config.top_k, config.grid, config.radius)
        else:
            raise ValueError("ranking by geometry needs `projected`: where the reference falls in the photo")
        if config.fusion == "concatenate":
            similarity = best_similarity(query, views, candidates)
        if self.empty is not None:
            candidates = candidates.with_token(tokens)
        return Guide(candidates, allowed, similarity)


def _projector(config: CmtConfig) -> CorrespondenceHead:
    return CorrespondenceHead(config.feature_width, config.projector_hidden, config.projector_width)
