"""Every preset at a size that a test can train."""

from dataclasses import fields, replace

from looking3d.model.networks import PRESETS, NetworkConfig

SIZES = {
    "image_px": 64,
    "encoder_width": 8,
    "feature_width": 16,
    "width": 16,
    "heads": 2,
    "projector_hidden": 16,
    "projector_width": 12,
    "top_k": 7,
    "train_views": 2,
    "patch_px": 16,
    "descriptor_width": 8,
    "descriptor": 16,
    "embedding": 16,
}


def tiny(name: str) -> NetworkConfig:
    """The settings of this name, but for sizes."""
    config = PRESETS[name]
    sizes = {field.name for field in fields(config)} & SIZES.keys()
    blocks = {"blocks": min(config.blocks, 2)} if hasattr(config, "blocks") else {}
    return replace(config, **{size: SIZES[size] for size in sizes}, **blocks)
