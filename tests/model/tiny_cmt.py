"""CMT so small that tests need not wait for it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from looking3d.model.cmt.cmt import Cmt
from looking3d.model.cmt.config import CmtConfig, preset
from looking3d.model.networks import save_network

SIZES = {
    "image_px": 64,
    "encoder_width": 4,
    "feature_width": 8,
    "projector_hidden": 8,
    "projector_width": 8,
    "width": 8,
    "heads": 2,
    "blocks": 2,
    "top_k": 4,
    "train_views": 2,
    "test_views": 3,
}


def tiny_config(name: str = "cmt", **changes: Any) -> CmtConfig:
    """The settings of a preset at this size."""
    return replace(preset(name), **{**SIZES, **changes})


def tiny_weights(folder: Path, name: str = "cmt", seed: int = 0) -> Path:
    """A file of first weights."""
    torch.manual_seed(seed)
    path = folder / f"{name}-{seed}.safetensors"
    save_network(Cmt(tiny_config(name)), path, notes={"model": name})
    return path
