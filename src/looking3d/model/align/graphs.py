"""What align asks of its networks, as three functions of tensors that any runtime can stand in for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn import functional as F

from looking3d.model.align.network import Comparison
from looking3d.model.query import normalized


@dataclass(frozen=True)
class Graphs:
    """The three, run by PyTorch or by something else.

    Attributes:
        query: As `QueryGraph`.
        camera: As `CameraGraph`.
        compare: As `CompareGraph`.
        key: Changes with their weights; "" if those are the detector's own networks.
    """

    query: Callable[[Tensor], tuple[Tensor, Tensor, Tensor]]
    camera: Callable[[Tensor, Tensor], tuple[Tensor, Tensor, Tensor]]
    compare: Callable[[Tensor, Tensor], tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]]
    key: str = ""

    @staticmethod
    def of(networks: nn.ModuleDict) -> Graphs:
        """Over networks called foreground, camera and compare."""
        return Graphs(
            QueryGraph(networks["foreground"]).eval(),
            CameraGraph(networks["camera"]).eval(),
            CompareGraph(networks["compare"]).eval(),
        )


def photo_inputs(
    photo: UInt8[Tensor, "batch 128 128 3"],
) -> tuple[Float[Tensor, "batch 3 128 128"], Float[Tensor, "batch 3 64 64"]]:
    """What the foreground and the camera network see of a window of a photo (RGB), at both sizes."""
    large = normalized(photo)
    return large, F.avg_pool2d(large, 2)


class QueryGraph(nn.Module):
    """All that depends on the photo alone."""

    def __init__(self, foreground: nn.Module) -> None:
        super().__init__()
        self.foreground = foreground

    def forward(
        self, photo: UInt8[Tensor, "batch 128 128 3"]
    ) -> tuple[
        Float[Tensor, "batch 128 128"], Float[Tensor, "batch 3 128 128"], Float[Tensor, "batch 3 64 64"]
    ]:
        """The probability of each pixel to show the object; the window for the camera graph."""
        large, small = photo_inputs(photo)
        return torch.sigmoid(self.foreground(large)), large, small


class CameraGraph(nn.Module):
    """How drawings have to move to meet photos, and how alike they look; for any size that 16 divides."""

    def __init__(self, camera: nn.Module) -> None:
        super().__init__()
        self.camera = camera

    def forward(
        self, photo: Float[Tensor, "batch 3 size size"], drawing: Float[Tensor, "batch 5 size size"]
    ) -> tuple[
        Float[Tensor, "batch 2 cells cells"], Float[Tensor, "batch cells cells"], Float[Tensor, " batch"]
    ]:
        """Flow and the log of its expected error, in image widths; the logit of how alike they look."""
        motion, score = self.camera(torch.cat([photo, drawing], 1))
        return motion.flow, motion.log_spread, score


class CompareGraph(nn.Module):
    """Whether photos differ from drawings that are aligned with them, and where.

    The network is asked twice, the second time in a mirror; its logits and its boxes are averaged. What it
    gets wrong by chance is seldom wrong both ways.
    """

    def __init__(self, compare: nn.Module) -> None:
        super().__init__()
        self.compare = compare

    def forward(
        self, photo: UInt8[Tensor, "batch 256 256 3"], drawing: Float[Tensor, "batch 5 256 256"]
    ) -> tuple[
        Float[Tensor, " batch"],
        Float[Tensor, "batch 32 32"],
        Float[Tensor, "batch 32 32"],
        Float[Tensor, "batch 32 32"],
        Float[Tensor, "batch 5"],
        Float[Tensor, "batch 4 32 32"],
    ]:
        """Probabilities: of an anomaly; of each of 32 x 32 patches to show it, to lack something, and to show
        something too much; of each kind of anomaly, if there is one. At last the box (left, top, right,
        bottom, in image widths) around the anomaly that each patch would belong to."""
        image = normalized(photo)
        seen = self.compare(torch.cat([image, drawing], 1))
        mirrored = _mirrored(self.compare(torch.cat([image.flip(-1), _mirrored_drawing(drawing)], 1)))
        found = Comparison(*((a + b) / 2 for a, b in zip(seen, mirrored, strict=True)))
        heat, lacking, surplus = torch.sigmoid(
            torch.stack([found.heat, found.lacking, found.surplus])
        ).unbind()
        kinds = torch.softmax(found.kinds, 1)
        return torch.sigmoid(found.anomaly), heat, lacking, surplus, kinds, found.boxes


def _mirrored_drawing(drawing: Float[Tensor, "batch 5 size size"]) -> Float[Tensor, "batch 5 size size"]:
    """The drawing of a mirrored world: the normals' x changes its sign, too."""
    flipped = drawing.flip(-1)
    return torch.cat([flipped[:, :1], -flipped[:, 1:2], flipped[:, 2:]], 1)


def _mirrored(found: Comparison) -> Comparison:
    """What was said of a mirrored photo, of the photo itself."""
    left, top, right, bottom = found.boxes.flip(-1).unbind(1)
    return Comparison(
        found.anomaly,
        found.heat.flip(-1),
        found.lacking.flip(-1),
        found.surplus.flip(-1),
        found.kinds,
        torch.stack([1 - right, top, 1 - left, bottom], 1),
    )
