"""What trains location field descriptors: true location fields of photos, and triplets of descriptors."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from looking3d.errors import ConfigError
from looking3d.model.baselines.lfd import Lfd
from looking3d.training.learner import SCORE, full_precision, in_full
from looking3d.training.metric_losses import boundary_losses, triplet_losses
from looking3d.training.numbered_batches import Batch
from looking3d.training.pair_batches import inputs
from looking3d.training.pair_model import PairModel


@dataclass(frozen=True)
class LfdLossConfig:
    """The losses of `LfdModel`."""

    points: float = 1.0
    """Weight of the L1 distance of predicted from true points."""

    mask: float = 1.0
    """Weight of the cross-entropy of where the object is."""

    shapes: float = 1.0
    """Weight of the triplets with other shapes."""

    anomaly: float = 1.0
    """Weight of the triplets with anomalous photos."""

    margin: float = 0.2
    """How much further negatives ought to lie."""

    def __post_init__(self) -> None:
        for name in ("points", "mask", "shapes", "anomaly", "margin"):
            if not getattr(self, name) >= 0:
                raise ConfigError(f"{name}: expected 0 or more, got {getattr(self, name)}")


class LfdModel(PairModel):
    """`Lfd` and its losses. Pairs need `depth`: PairConfig(estimated_camera=True).

    Args:
        network: The network.
        losses: Their settings.
    """

    network: Lfd

    def __init__(self, network: Lfd, losses: LfdLossConfig | None = None) -> None:
        super().__init__(network)
        self.losses = losses or LfdLossConfig()

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """The losses of location fields, the triplets', the boundary's; see `PairModel`."""
        losses, label, given = self.losses, batch["label"], inputs(batch)
        out = in_full(self.network(*given, batch["reference"]))
        with full_precision(given.query):
            truth = true_field(batch["depth"], batch["camera"], self.network.config.grid)
            in_points, in_mask = field_losses(out.points, out.mask_logits, *truth, batch["changed"] > 0.5)
            distances = self.network.distance(out.query[:, None], out.views[None])
            shapes, anomaly = triplet_losses(
                distances, label, batch["reference"], batch["shape"], losses.margin
            )
            parts = {"points": in_points, "mask": in_mask, "shapes": shapes, "anomaly": anomaly}
            loss = torch.stack([getattr(losses, name) * part for name, part in parts.items()]).sum()
            # The boundary is fitted to the distances, and not they to it
            bounded = boundary_losses(self.network.boundary(out.distance.detach()), label)
            return {"loss": loss + bounded["boundary"], **parts, **bounded, SCORE: out.logit}


def true_field(
    depth: Float[Tensor, "batch rows columns"], cameras: Float[Tensor, "batch 3 4"], grid: int
) -> tuple[Float[Tensor, "batch patches 3"], Bool[Tensor, "batch patches"]]:
    """The location fields of photos whose cameras are known: of each patch the point nearest to its middle.

    Args:
        depth: The reference as the cameras see it, 0 where there is nothing.
        cameras: See `Camera.projection`.
        grid: Patches along a side.

    Returns:
        World points, 0 where a patch shows no object, and whether it shows it.
    """
    surface = _unprojected(depth, cameras)
    # Every patch gets as many pixels a side; where they are no whole number, the nearest stand for it
    step = -(-max(depth.shape[1:]) // grid)
    rows, columns = (_pixels_of(length, grid * step, depth.device) for length in depth.shape[1:])
    order = _from_the_middle(step, depth.device)

    def cells(picture: Tensor) -> Tensor:
        picked = picture[:, rows][:, :, columns].unflatten(2, (grid, step)).unflatten(1, (grid, step))
        return picked.transpose(2, 3).flatten(3, 4).flatten(1, 2)[:, :, order]

    there = cells(depth) > 0
    first = there.to(torch.uint8).argmax(-1)  # the first of them
    points = cells(surface).gather(2, first[..., None, None].expand(-1, -1, 1, 3))[:, :, 0]
    shown = there.any(-1)
    return torch.where(shown[..., None], points, 0), shown


def field_losses(
    points: Float[Tensor, "batch patches 3"],
    mask_logits: Float[Tensor, "batch patches"],
    true_points: Float[Tensor, "batch patches 3"],
    shown: Bool[Tensor, "batch patches"],
    changed: Bool[Tensor, "batch patches"],
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """L1 of the points (the sum over x, y, z; the mean over patches), and cross-entropy of the mask.

    Args:
        points, mask_logits: As predicted.
        true_points, shown: The reference's, as the photo's camera would see it.
        changed: Patches of the photo that show something else than the reference; they do not count.
    """
    counts = shown & ~changed
    far = (points - true_points).abs().sum(-1)
    masks = F.binary_cross_entropy_with_logits(mask_logits, shown.to(mask_logits.dtype), reduction="none")
    return tuple(  # pyright: ignore[reportReturnType]
        torch.where(where, loss, 0).sum() / where.sum().clamp(min=1)
        for loss, where in ((far, counts), (masks, ~changed))
    )


def _unprojected(
    depth: Float[Tensor, "batch rows columns"], cameras: Float[Tensor, "batch 3 4"]
) -> Float[Tensor, "batch rows columns 3"]:
    """The world point of the middle of each pixel."""
    y, x = ((torch.arange(n, device=depth.device, dtype=depth.dtype) + 0.5) / n for n in depth.shape[1:])
    y, x = torch.meshgrid(y, x, indexing="ij")
    seen = torch.stack([x, y, torch.ones_like(x)], -1) * depth[..., None]
    back = torch.linalg.inv(cameras[:, :, :3])
    return torch.einsum("bij,bhwj->bhwi", back, seen - cameras[:, None, None, :, 3])


def _pixels_of(length: int, count: int, device: torch.device) -> Tensor:
    """(count,) int64, the pixels of a side that stand at `count` even steps along it."""
    return ((torch.arange(count, device=device) + 0.5) / count * length).long()


def _from_the_middle(side: int, device: torch.device) -> Tensor:
    """(side * side,) int64, the pixels of a square, those nearest to its middle first."""
    offset = torch.arange(side, device=device) + 0.5 - side / 2
    return (offset[:, None] ** 2 + offset**2).flatten().argsort(stable=True)
