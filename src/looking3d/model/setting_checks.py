"""What settings of several networks are refused for."""

from __future__ import annotations

from looking3d.errors import ConfigError
from looking3d.model.encoder import SIZE_STEP


def check_at_least(settings: object, least: int, *names: str) -> None:
    """Raise a ConfigError that names the first of these fields that is smaller."""
    for name in names:
        if getattr(settings, name) < least:
            raise ConfigError(f"{name}: expected at least {least}, got {getattr(settings, name)}")


def check_image_px(image_px: int) -> None:
    """Raise a ConfigError unless the encoder takes images of this side."""
    if image_px < SIZE_STEP or image_px % SIZE_STEP:
        raise ConfigError(f"image_px: expected a multiple of {SIZE_STEP}, got {image_px}")


def check_heads(width: int, heads: int, name: str = "width") -> None:
    """Raise a ConfigError unless heads can share this many channels."""
    if width % heads:
        raise ConfigError(f"{name}: expected a multiple of the {heads} heads, got {width}")
