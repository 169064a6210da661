"""The networks of align: where the object is, how a drawing has to move to meet it, what differs."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from looking3d.model.residual_block import ResidualBlock

DRAWING_CHANNELS = 5
INPUT_CHANNELS = 3 + DRAWING_CHANNELS
CELL_PX = 4
"""Side of the cells that flow is predicted for, in pixels of the drawing."""

HEAT_CELLS = 32
ANOMALY_KINDS = ("position", "rotation", "broken", "swapped", "missing")
"""What `CompareNet` tells apart, in the order of its answers."""


class Motion(NamedTuple):
    """How each cell of a drawing has to move to meet the photo.

    Attributes:
        flow: (batch, 2, cells, cells) in image widths.
        log_spread: (batch, cells, cells), log of the expected error b in image widths.
    """

    flow: Float[Tensor, "batch 2 cells cells"]
    log_spread: Float[Tensor, "batch cells cells"]


class Comparison(NamedTuple):
    """How a photo and an aligned drawing differ; logits.

    Attributes:
        anomaly: (batch,) that the photo shows an anomaly.
        heat: (batch, cells, cells) that a patch differs.
        lacking, surplus: (batch, cells, cells) that a part of the reference should be seen in a patch and is
            not, and that something is seen there which the reference has not.
        kinds: (batch, 5) of the kind of anomaly, if there is one; a softmax makes probabilities of them.
        boxes: (batch, 4, cells, cells) left, top, right and bottom edge of the box around the anomaly that a
            patch belongs to, in image widths (no logits).
    """

    anomaly: Float[Tensor, " batch"]
    heat: Float[Tensor, "batch cells cells"]
    lacking: Float[Tensor, "batch cells cells"]
    surplus: Float[Tensor, "batch cells cells"]
    kinds: Float[Tensor, "batch 5"]
    boxes: Float[Tensor, "batch 4 cells cells"]


class _Pyramid(nn.Module):
    """A residual trunk, each level half the size of the one before, and a way back up to `top` levels.

    Args:
        inputs: Channels of what is seen.
        widths: Channels of each level.
        top: The finest level of the way back.
        outputs: Channels of each map.
        further: Levels that get one block more, which begins as the identity.
    """

    def __init__(
        self,
        inputs: int,
        widths: tuple[int, ...],
        top: int,
        outputs: int,
        further: tuple[int, ...] = (),
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(inputs, widths[0], 5, 2, 2, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU(True)
        )
        self.levels = nn.ModuleList(ResidualBlock(a, b, 2) for a, b in itertools.pairwise(widths))
        self.further = nn.ModuleDict({str(i): ResidualBlock(widths[i], widths[i]) for i in further})
        for block in self.further.values():
            assert isinstance(block, ResidualBlock)
            nn.init.zeros_(block.norm2.weight)
        self.deep = ResidualBlock(widths[-1], widths[-1])
        self.top = top
        self.laterals = nn.ModuleList(nn.Conv2d(w, outputs, 1) for w in widths[top:])
        self.smooth = nn.ModuleList(ResidualBlock(outputs, outputs) for _ in widths[top:-1])

    def forward(self, x: Tensor, beside: Tensor | None = None) -> tuple[list[Tensor], Tensor]:
        """Maps from the finest to the coarsest level, and the deepest features.

        Args:
            x: What is seen.
            beside: Is added to the features of the first level.
        """
        features = [self.stem(x) if beside is None else self.stem(x) + beside]
        for i, level in enumerate(self.levels, 1):
            features.append(level(features[-1]))
            if str(i) in self.further:
                features[-1] = self.further[str(i)](features[-1])
        features[-1] = self.deep(features[-1])
        maps = [self.laterals[-1](features[-1])]
        for i in range(len(self.smooth) - 1, -1, -1):
            up = F.interpolate(maps[0], scale_factor=2.0, mode="nearest")
            maps.insert(0, self.smooth[i](up + self.laterals[i](features[self.top + i])))
        return maps, features[-1]


class CameraNet(nn.Module):
    """Says how a drawing has to move to meet a photo, and how alike they look.

    Trained at 64 and at 128 px, where its motion is finer, and its score tells apart what outlines cannot.
    """

    size_px = 64
    large_px = 128

    def __init__(self) -> None:
        super().__init__()
        self.pyramid = _Pyramid(INPUT_CHANNELS, (24, 48, 96, 144), top=1, outputs=64)
        self.motion = nn.Conv2d(64, 3, 3, 1, 1)
        self.score = nn.Sequential(nn.Linear(144 * 2 + 64, 96), nn.ReLU(True), nn.Linear(96, 1))

    def forward(self, x: Float[Tensor, "batch 8 size size"]) -> tuple[Motion, Float[Tensor, " batch"]]:
        """The motion of the drawing's 4 px cells, and the logit of how alike photo and drawing look."""
        maps, deep = self.pyramid(x)
        pooled = torch.cat([deep.mean((2, 3)), deep.amax((2, 3)), maps[0].mean((2, 3))], 1)
        # A pixel is a smaller share of a larger image.
        scale = self.size_px / x.shape[-1]
        return _to_motion(self.motion(maps[0]), scale), self.score(pooled)[:, 0]


class CompareNet(nn.Module):
    """Says where a photo and an aligned drawing differ, and whether that is an anomaly.

    It sees them at 256 px. Its trunk works on half of that; what is lost thereby comes in beside it.
    """

    size_px = 256

    def __init__(self) -> None:
        super().__init__()
        width = 24
        into_trunk = nn.Conv2d(width, width, 1, bias=False)
        nn.init.zeros_(into_trunk.weight)
        self.fine = nn.Sequential(
            nn.Conv2d(INPUT_CHANNELS, 16, 5, 2, 2, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(True),
            ResidualBlock(16, width, 2),
            into_trunk,
        )
        self.pyramid = _Pyramid(INPUT_CHANNELS, (width, 48, 80, 128, 160), top=1, outputs=64)
        self.heat = nn.Sequential(ResidualBlock(64, 48), nn.Conv2d(48, 1, 1))
        self.difference = nn.Conv2d(48, 2, 1)
        self.box = nn.Sequential(ResidualBlock(64, 48), nn.Conv2d(48, 4, 1))
        features = 160 * 2 + 64 * 2 + 3
        self.verdict = nn.Sequential(
            nn.Linear(features, 128), nn.ReLU(True), nn.Dropout(0.1), nn.Linear(128, 1)
        )
        self.kind = nn.Sequential(
            nn.Linear(features, 64), nn.ReLU(True), nn.Dropout(0.1), nn.Linear(64, len(ANOMALY_KINDS))
        )

    def forward(self, x: Float[Tensor, "batch 8 256 256"]) -> Comparison:
        """Logits for the whole image and for its 32 x 32 patches."""
        maps, deep = self.pyramid(F.avg_pool2d(x, 2), self.fine(x))
        fine = self.heat[0](maps[0])
        heat = self.heat[1](fine)[:, 0]
        lacking, surplus = self.difference(fine).unbind(1)
        flat = heat.flatten(1)
        strongest = torch.stack(
            [flat.amax(1), flat.topk(12, 1).values.mean(1), torch.logsumexp(flat, 1) - 7.0], 1
        )
        pooled = [deep.mean((2, 3)), deep.amax((2, 3)), maps[1].mean((2, 3)), maps[1].amax((2, 3)), strongest]
        features = torch.cat(pooled, 1)
        boxes = _to_boxes(self.box(maps[0]))
        return Comparison(self.verdict(features)[:, 0], heat, lacking, surplus, self.kind(features), boxes)


class ForegroundNet(nn.Module):
    """Tells the object from the ground, shadow included (128 px)."""

    size_px = 128

    def __init__(self) -> None:
        super().__init__()
        self.pyramid = _Pyramid(3, (24, 48, 96, 128, 128), top=0, outputs=32, further=(2, 3, 4))
        self.narrow = nn.Conv2d(32, 16, 1)
        self.detail = ResidualBlock(16 + 3, 16)
        self.logit = nn.Conv2d(16, 1, 1)

    def forward(self, x: Float[Tensor, "batch 3 128 128"]) -> Float[Tensor, "batch 128 128"]:
        """The logit of each pixel to show the object.

        What is known of cells of 2 px is put to their pixels beside these pixels' colours, which tell on
        which side of an outline each lies.
        """
        maps, _ = self.pyramid(x)
        known = F.interpolate(self.narrow(maps[0]), scale_factor=2.0, mode="bilinear", align_corners=False)
        return self.logit(self.detail(torch.cat([known, x], 1)))[:, 0]


def _to_boxes(raw: Float[Tensor, "batch 4 cells cells"]) -> Float[Tensor, "batch 4 cells cells"]:
    """Edges of boxes, from how far they are from the middle of each cell (Tian et al., FCOS, ICCV 2019)."""
    reach = 0.1 * raw.clamp(-4, 3).exp()
    rows, columns = raw.shape[-2:]
    y = (torch.arange(rows, device=raw.device, dtype=raw.dtype) + 0.5)[:, None] / rows
    x = (torch.arange(columns, device=raw.device, dtype=raw.dtype) + 0.5)[None] / columns
    return torch.stack([x - reach[:, 0], y - reach[:, 1], x + reach[:, 2], y + reach[:, 3]], 1)


def _to_motion(raw: Float[Tensor, "batch 3 cells cells"], relative_size: float | torch.SymFloat) -> Motion:
    # A tensor, since graphs that keep the size open know no other logarithm.
    scale = raw.new_full((), relative_size)  # pyright: ignore[reportArgumentType]
    # Raw outputs of order 1 mean a flow of a tenth of a 64 px image and an error of a hundredth.
    return Motion(raw[:, :2] * (0.1 * scale), raw[:, 2].clamp(-4, 4) - 4.6 + scale.log())
