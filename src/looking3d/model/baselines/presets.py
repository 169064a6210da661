"""Settings of what CMT is compared with, by name."""

from __future__ import annotations

from dataclasses import replace

from looking3d.model.baselines.cmic import CmicConfig
from looking3d.model.baselines.lfd import LfdConfig
from looking3d.model.baselines.query_only import QueryResnetConfig, VitConfig
from looking3d.model.baselines.viewpoint import ViewpointConfig

BaselineConfig = QueryResnetConfig | VitConfig | LfdConfig | CmicConfig | ViewpointConfig

_RESNET = QueryResnetConfig()
_SMALL_RESNET = replace(_RESNET, image_px=128, encoder_width=24, feature_width=96, heads=4)
_SMALL_VIT = VitConfig(128, patch_px=8, width=96, blocks=4, heads=4)

PRESETS: dict[str, BaselineConfig] = {
    "resnet18-fpn": _RESNET,
    "resnet18-fpn-sa": replace(_RESNET, blocks=3),
    "vit": VitConfig(),
    "vit-box": VitConfig(box_head=True),
    "lfd": LfdConfig(),
    "cmic": CmicConfig(),
    "resnet18-viewpoint": ViewpointConfig(),
    "resnet18-fpn-small": _SMALL_RESNET,
    "resnet18-fpn-sa-small": replace(_SMALL_RESNET, blocks=2),
    "vit-small": _SMALL_VIT,
    "vit-box-small": replace(_SMALL_VIT, box_head=True),
    "lfd-small": LfdConfig(128, 24, 96, descriptor_width=24, descriptor=64, train_views=8, test_views=12),
    "cmic-small": CmicConfig(128, 24, embedding=64, train_views=8, test_views=12),
    "resnet18-viewpoint-small": ViewpointConfig(128, 24),
}
"""By the names of the paper's tables; `-small` is each at the size of a laptop, as CMT's presets have it."""
