"""Location field descriptors (Grabner, Roth, Lepetit, 3DV 2019): photo and reference meet as location fields.

A location field tells for each patch which point of the object's surface it shows. That of a view is known;
that of a photo is predicted. One network makes descriptors of both, and their distance is the verdict.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn
from torch.nn import functional as F

from looking3d.model.baselines.distance import DistanceBoundary, cosine_distance
from looking3d.model.encoder import STRIDE, Encoder
from looking3d.model.residual_block import ResidualBlock
from looking3d.model.setting_checks import check_at_least, check_image_px


@dataclass(frozen=True)
class LfdConfig:
    """Settings of `Lfd`."""

    image_px: int = 256
    """Side of photos and views, a multiple of 32."""

    encoder_width: int = 64
    """Channels of the first stage of the ResNet that looks at photos."""

    feature_width: int = 128
    """Channels of its local features."""

    descriptor_width: int = 64
    """Channels of the first stage of the network that looks at location fields."""

    descriptor: int = 128
    """Numbers of a descriptor."""

    train_views: int = 10
    """Reference views in training, drawn from all."""

    test_views: int = 20
    """Reference views in testing."""

    def __post_init__(self) -> None:
        check_image_px(self.image_px)
        check_at_least(self, 1, "encoder_width", "feature_width", "descriptor_width", "descriptor")
        check_at_least(self, 1, "train_views", "test_views")

    @property
    def grid(self) -> int:
        """Patches along a side of the image."""
        return self.image_px // STRIDE


class LfdJudgement(NamedTuple):
    """What `Lfd` says.

    Attributes:
        logit: (batch,) of an anomaly: how far `distance` is beyond the boundary.
        distance: (batch,) of the photo from the nearest view of its own reference, 0 to 2.
        query: (batch, channels) the photos' descriptors.
        views: (references, views, channels) those of the references' views.
        points: (batch, patches, 3) the world point that each patch of the photo shows.
        mask_logits: (batch, patches) of a patch to show the object at all.
        box, patch_logits: None; descriptors of whole images do not tell where.
    """

    logit: Float[Tensor, " batch"]
    distance: Float[Tensor, " batch"]
    query: Float[Tensor, "batch channels"]
    views: Float[Tensor, "references views channels"]
    points: Float[Tensor, "batch patches 3"]
    mask_logits: Float[Tensor, "batch patches"]
    box: None = None
    patch_logits: None = None


class Lfd(nn.Module):
    """Location field descriptors, and the distance of photo and reference by them.

    Args:
        config: Its settings.
    """

    def __init__(self, config: LfdConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or LfdConfig()
        self.encoder = Encoder(config.encoder_width, config.feature_width)
        self.to_field = nn.Conv2d(config.feature_width, 4, 1)
        self.describe = DescriptorNetwork(config.descriptor_width, config.descriptor)
        self.boundary = DistanceBoundary()

    def forward(
        self,
        query: Float[Tensor, "batch 3 size size"],
        views: Float[Tensor, "references views 3 size size"],
        points: Float[Tensor, "references views patches 3"],
        valid: Bool[Tensor, "references views patches"],
        reference: Int64[Tensor, " batch"] | None = None,
    ) -> LfdJudgement:
        """Judge each photo by its reference, of which the points count and not the pictures.

        Args:
            query, views, points, valid: As `Cmt.forward` has them.
            reference: The number of each photo's reference; by default each has its own.
        """
        in_photo, mask_logits = self.field(query)
        of_views = self._location_field(points, valid.to(points.dtype)).flatten(0, 1)
        # In one batch, so that batch norm learns the statistics of predicted and true fields together
        both = self.describe(torch.cat([self._location_field(in_photo, mask_logits.sigmoid()), of_views]))
        described = both[len(query) :].unflatten(0, views.shape[:2])
        return self._judged(in_photo, mask_logits, both[: len(query)], described, reference)

    def encode_reference(
        self,
        views: Float[Tensor, "batch views 3 size size"],
        points: Float[Tensor, "batch views patches 3"],
        valid: Bool[Tensor, "batch views patches"],
    ) -> Float[Tensor, "batch views descriptor"]:
        """Descriptors of the views' location fields."""
        fields = self._location_field(points, valid.to(points.dtype))
        return self.describe(fields.flatten(0, 1)).unflatten(0, valid.shape[:2])

    def judge(
        self,
        query: Float[Tensor, "batch 3 size size"],
        reference: Float[Tensor, "references views descriptor"],
    ) -> LfdJudgement:
        """Judge photos by references that were encoded before, one for all or one for each."""
        in_photo, mask_logits = self.field(query)
        described = self.describe(self._location_field(in_photo, mask_logits.sigmoid()))
        return self._judged(in_photo, mask_logits, described, reference)

    def field(
        self, query: Float[Tensor, "batch 3 size size"]
    ) -> tuple[Float[Tensor, "batch patches 3"], Float[Tensor, "batch patches"]]:
        """For each patch of the photos the point that it shows, and the logit of whether it shows one."""
        field = self.to_field(self.encoder(query)).flatten(2).transpose(1, 2)
        return field[..., :3], field[..., 3]

    @staticmethod
    def distance(
        query: Float[Tensor, "*#batch descriptor"], views: Float[Tensor, "*#batch views descriptor"]
    ) -> Float[Tensor, "*batch"]:
        """Of each photo from the nearest view of a reference."""
        return cosine_distance(query[..., None, :], views).amin(-1)

    def _location_field(
        self, points: Float[Tensor, "*batch patches 3"], mask: Float[Tensor, "*batch patches"]
    ) -> Float[Tensor, "*batch 4 rows columns"]:
        """Points where there is an object, and where that is, as a picture."""
        field = torch.cat([points * mask[..., None], mask[..., None]], -1)
        return field.transpose(-1, -2).unflatten(-1, (self.config.grid, self.config.grid))

    def _judged(
        self,
        points: Tensor,
        mask_logits: Tensor,
        query: Tensor,
        views: Tensor,
        reference: Tensor | None = None,
    ) -> LfdJudgement:
        distance = self.distance(query, views if reference is None else views[reference])
        return LfdJudgement(self.boundary(distance), distance, query, views, points, mask_logits)


class DescriptorNetwork(nn.Module):
    """From a location field to a descriptor of unit length.

    Args:
        width: Channels of the first stage; the second and third double them.
        descriptor: Channels of the answer.
    """

    def __init__(self, width: int, descriptor: int) -> None:
        super().__init__()
        self.stages = nn.Sequential(
            ResidualBlock(4, width),
            ResidualBlock(width, 2 * width, 2),
            ResidualBlock(2 * width, 4 * width, 2),
        )
        self.out = nn.Linear(4 * width, descriptor)

    def forward(self, fields: Float[Tensor, "batch 4 rows columns"]) -> Float[Tensor, "batch descriptor"]:
        """The descriptors."""
        return F.normalize(self.out(self.stages(fields).mean((2, 3))), dim=-1)
