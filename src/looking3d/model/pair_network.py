"""What every network is that judges a photo by views of its reference: CMT, and what it is compared with."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, runtime_checkable

from jaxtyping import Bool, Float
from torch import Tensor


@runtime_checkable
class Judgement(Protocol):
    """What a network says of a batch of photos; some say more."""

    @property
    def logit(self) -> Float[Tensor, " batch"]:
        """Of an anomaly; 0 is the boundary."""
        ...

    @property
    def box(self) -> Float[Tensor, "batch 4"] | None:
        """Of the anomaly: centre x, centre y, width, height as fractions of the photo; None without head."""
        ...

    @property
    def patch_logits(self) -> Float[Tensor, "batch patches"] | None:
        """Of an anomaly at each patch of the photo, row by row; None without head."""
        ...


class Verdict(NamedTuple):
    """A judgement and no more; see `Judgement`."""

    logit: Float[Tensor, " batch"]
    box: Float[Tensor, "batch 4"] | None = None
    patch_logits: Float[Tensor, "batch patches"] | None = None


@runtime_checkable
class PairSettings(Protocol):
    """What is to be known of a network's settings by whoever feeds it."""

    @property
    def image_px(self) -> int:
        """Side of photos and views."""
        ...

    @property
    def train_views(self) -> int:
        """Views of the reference in training."""
        ...

    @property
    def test_views(self) -> int:
        """Views of the reference in testing."""
        ...


@runtime_checkable
class PairNetwork(Protocol):
    """A network that judges photos, each by its own reference."""

    @property
    def config(self) -> PairSettings:
        """Its settings."""
        ...

    def __call__(
        self,
        query: Float[Tensor, "batch 3 size size"],
        views: Float[Tensor, "batch views 3 size size"],
        points: Float[Tensor, "batch views patches 3"],
        valid: Bool[Tensor, "batch views patches"],
    ) -> Judgement:
        """Judge each photo by its own reference; see `Cmt.forward` for what is given."""
        ...

    def encode_reference(
        self,
        views: Float[Tensor, "batch views 3 size size"],
        points: Float[Tensor, "batch views patches 3"],
        valid: Bool[Tensor, "batch views patches"],
    ) -> Any:
        """All that depends on the references alone; a batch of 1 then serves any number of photos."""
        ...

    def judge(self, query: Float[Tensor, "batch 3 size size"], reference: Any) -> Judgement:
        """Judge photos by references that were encoded before, one for all or one for each."""
        ...
