"""Cross-modal instance contrast (Lin et al., ICCV 2021): photo and reference as embeddings of whole images.

The reference's embedding depends on the photo: it is an average of its views', and the photo says how much
each counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

from looking3d.model.baselines.distance import DistanceBoundary, cosine_distance
from looking3d.model.baselines.pooled_resnet import PooledResnet
from looking3d.model.setting_checks import check_at_least, check_image_px


@dataclass(frozen=True)
class CmicConfig:
    """Settings of `Cmic`."""

    image_px: int = 256
    """Side of photos and views, a multiple of 32."""

    encoder_width: int = 64
    """Channels of the first stage of both ResNets."""

    embedding: int = 128
    """Numbers of an embedding."""

    train_views: int = 10
    """Reference views in training, drawn from all."""

    test_views: int = 20
    """Reference views in testing."""

    def __post_init__(self) -> None:
        check_image_px(self.image_px)
        check_at_least(self, 1, "encoder_width", "embedding", "train_views", "test_views")


class CmicJudgement(NamedTuple):
    """What `Cmic` says.

    Attributes:
        logit: (batch,) of an anomaly: how far `distance` is beyond the boundary.
        distance: (batch,) of the photo from its own reference, 0 to 2.
        query: (batch, channels) the photos' embeddings.
        views: (references, views, channels) those of the references' views.
        box, patch_logits: None; embeddings of whole images do not tell where.
    """

    logit: Float[Tensor, " batch"]
    distance: Float[Tensor, " batch"]
    query: Float[Tensor, "batch channels"]
    views: Float[Tensor, "references views channels"]
    box: None = None
    patch_logits: None = None


class Cmic(nn.Module):
    """Embeddings of photo and reference, and their distance.

    Args:
        config: Its settings.
    """

    def __init__(self, config: CmicConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or CmicConfig()
        self.photo_encoder = PooledResnet(config.encoder_width, config.embedding)
        self.view_encoder = PooledResnet(config.encoder_width, config.embedding)
        self.to_q = nn.Linear(config.embedding, config.embedding, bias=False)
        self.to_k = nn.Linear(config.embedding, config.embedding, bias=False)
        self.boundary = DistanceBoundary()

    def forward(
        self,
        query: Float[Tensor, "batch 3 size size"],
        views: Float[Tensor, "references views 3 size size"],
        points: Float[Tensor, "references views patches 3"],
        valid: Bool[Tensor, "references views patches"],
        reference: Int64[Tensor, " batch"] | None = None,
    ) -> CmicJudgement:
        """Judge each photo by the pictures of its reference.

        Args:
            query, views, points, valid: As `Cmt.forward` has them.
            reference: The number of each photo's reference; by default each has its own.
        """
        return self._judged(self.photo_encoder(query), self.encode_reference(views, points, valid), reference)

    def encode_reference(
        self,
        views: Float[Tensor, "batch views 3 size size"],
        points: Float[Tensor, "batch views patches 3"],
        valid: Bool[Tensor, "batch views patches"],
    ) -> Float[Tensor, "batch views embedding"]:
        """Embeddings of the views."""
        return self.view_encoder(views.flatten(0, 1)).unflatten(0, views.shape[:2])

    def judge(
        self,
        query: Float[Tensor, "batch 3 size size"],
        reference: Float[Tensor, "references views embedding"],
    ) -> CmicJudgement:
        """Judge photos by references that were encoded before, one for all or one for each."""
        return self._judged(self.photo_encoder(query), reference)

    def distance(
        self, query: Float[Tensor, "*#batch embedding"], views: Float[Tensor, "*#batch views embedding"]
    ) -> Float[Tensor, "*batch"]:
        """Of each photo from a reference as that photo looks at it."""
        scores = (self.to_k(views) @ self.to_q(query)[..., None])[..., 0] * self.config.embedding**-0.5
        shape = (scores.softmax(-1)[..., None] * views).sum(-2)
        return cosine_distance(query, shape)

    def _judged(self, query: Tensor, views: Tensor, reference: Tensor | None = None) -> CmicJudgement:
        distance = self.distance(query, views if reference is None else views[reference])
        return CmicJudgement(self.boundary(distance), distance, query, views)
