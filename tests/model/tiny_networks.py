"""Every preset at a size that tests need not wait for."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import torch

from looking3d.model.networks import PRESETS, NetworkConfig, build_network, save_network

SIZES = {
    "encoder_width": 8,
    "feature_width": 16,
    "width": 16,
    "heads": 2,
    "projector_hidden": 16,
    "projector_width": 12,
    "top_k": 7,
    "train_views": 2,
    "test_views": 3,
    "descriptor_width": 8,
    "descriptor": 16,
    "embedding": 16,
}


def tiny(name: str, image_px: int = 64, **changes: Any) -> NetworkConfig:
    """The settings of this name, but for sizes and other changes."""
    config = PRESETS[name]
    blocks = min(getattr(config, "blocks", 0), 2)
    sizes = {**SIZES, "image_px": image_px, "patch_px": image_px // 4, "blocks": blocks}
    own = {field.name for field in fields(config)} & sizes.keys()
    return replace(config, **{**{name: sizes[name] for name in own}, **changes})


def tiny_weights(folder: Path, name: str = "cmt", seed: int = 0) -> Path:
    """A file of first weights."""
    torch.manual_seed(seed)
    path = folder / f"{name}-{seed}.safetensors"
    save_network(build_network(tiny(name)), path, notes={"model": name})
    return path
