"""The image encoder: ResNet18 from scratch, a feature pyramid over it, and the sum of its levels."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from looking3d.model.residual_block import ResidualBlock

STRIDE = 8
"""Pixels a side of the patch that one local feature stands for."""

SIZE_STEP = 32
"""Images have sides of a multiple of this: the coarsest level's stride."""


class Encoder(nn.Module):
    """A local feature for each 8 x 8 px patch (the paper's phi).

    The pyramid's levels at strides 8, 16 and 32 are brought to stride 8 and added, as panoptic pyramid
    networks do.

    Args:
        width: Channels of the first stage of the ResNet; each later one doubles them. 64 is ResNet18.
        features: Channels of the answer, the paper's d.
    """

    def __init__(self, width: int = 64, features: int = 128) -> None:
        super().__init__()
        self.backbone = ResNet18(width)
        self.fpn = FeaturePyramid((2 * width, 4 * width, 8 * width), features)
        self.merge = nn.ModuleList(
            [
                nn.Sequential(*_convolution(features), *_convolution(features), *_convolution(features)),
                nn.Sequential(*_convolution(features), _twice_the_size()),
                nn.Sequential(
                    *_convolution(features), _twice_the_size(), *_convolution(features), _twice_the_size()
                ),
            ]
        )

    def forward(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch features rows columns"]:
        """Features of RGB images in [-1, 1]; an eighth of their size."""
        levels = self.fpn(self.backbone(images))
        fine, middle, coarse = (merge(level) for merge, level in zip(self.merge, levels, strict=True))
        return fine + middle + coarse


class ResNet18(nn.Module):
    """The trunk of ResNet18 without its classifier (He et al. 2016); answers the maps of stages 2 to 4."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.layer1 = _stage(width, width, 1)
        self.layer2 = _stage(width, 2 * width, 2)
        self.layer3 = _stage(2 * width, 4 * width, 2)
        self.layer4 = _stage(4 * width, 8 * width, 2)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> tuple[Tensor, Tensor, Tensor]:
        """Maps at strides 8, 16 and 32."""
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(images)), inplace=True), 3, 2, 1)
        fine = self.layer2(self.layer1(x))
        middle = self.layer3(fine)
        return fine, middle, self.layer4(middle)


class FeaturePyramid(nn.Module):
    """Levels of one width, each knowing the coarser ones (Lin et al. 2017).

    Args:
        inputs: Channels of the maps, finest first.
        features: Channels of every level.
    """

    def __init__(self, inputs: tuple[int, ...], features: int) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(nn.Conv2d(width, features, 1) for width in inputs)
        self.output = nn.ModuleList(nn.Conv2d(features, features, 3, 1, 1) for _ in inputs)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_uniform_(module.weight, a=1)
                nn.init.zeros_(module.bias)  # pyright: ignore[reportArgumentType]

    def forward(self, maps: tuple[Tensor, ...]) -> list[Tensor]:
        """A level for each map, finest first."""
        above, levels = None, []
        for lateral, output, x in reversed(list(zip(self.lateral, self.output, maps, strict=True))):
            inner = lateral(x)
            if above is not None:
                inner = inner + F.interpolate(above, size=inner.shape[-2:], mode="nearest")
            levels.insert(0, output(inner))
            above = inner
        return levels


def _stage(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(ResidualBlock(inputs, outputs, stride), ResidualBlock(outputs, outputs, 1))


def _convolution(features: int) -> list[nn.Module]:
    return [nn.Conv2d(features, features, 3, 1, 1), nn.BatchNorm2d(features), nn.ReLU(True)]


def _twice_the_size() -> nn.Upsample:
    return nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
