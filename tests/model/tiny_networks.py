"""Every preset at a size that a test can train."""

from dataclasses import fields, replace

from looking3d.model.networks import PRESETS, NetworkConfig

SIZES = {
    "encoder_width": 8,
    "feature_width": 16,
    "width": 16,
    "heads": 2,
    "projector_hidden": 16,
    "projector_width": 12,
    "top_k": 7,
    "train_views": 2,
    "descriptor_width": 8,
    "descriptor": 16,
    "embedding": 16,
}


def tiny(name: str, image_px: int = 64) -> NetworkConfig:
    """The settings of this name, but for sizes."""
    config = PRESETS[name]
    blocks = min(getattr(config, "blocks", 0), 2)
    sizes = {**SIZES, "image_px": image_px, "patch_px": image_px // 4, "blocks": blocks}
    own = {field.name for field in fields(config)} & sizes.keys()
    return replace(config, **{name: sizes[name] for name in own})
