"""CMT's weights on disk: safetensors with the settings in the header; nothing that can run code."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import torch

from looking3d.errors import CheckpointError, ConfigError
from looking3d.model.cmt.cmt import Cmt
from looking3d.model.cmt.config import CmtConfig
from looking3d.model.stored_weights import FORMAT, load_tensors, read_tensors, write_weights

NAME = "cmt"
"""The detector's name in the header."""


def save_model(model: Cmt, path: Path, dtype: torch.dtype = torch.float32, notes: dict | None = None) -> None:
    """Write a model's weights and settings.

    Args:
        model: The model.
        path: A .safetensors file; replaced as a whole.
        dtype: Of the floating-point tensors; float16 halves the file.
        notes: Anything worth keeping with them (training run, scores, licence), as JSON values.

    Raises:
        CheckpointError: The path is not that of a .safetensors file.
    """
    config = json.dumps(asdict(model.config), sort_keys=True)
    write_weights(model, path, NAME, dtype, notes, config=config)


def load_model(path: Path, device: str | torch.device = "cpu") -> Cmt:
    """The model of a weights file, ready to judge.

    Raises:
        CheckpointError: The file is missing, damaged, of another detector, or does not fit its settings.
    """

    def check(header: dict[str, str]) -> None:
        if (header.get("format"), header.get("detector")) != (FORMAT, NAME):
            raise CheckpointError(
                f"{path}: not weights of cmt (expected format {FORMAT} and detector {NAME}, got "
                f"{header.get('format', 'none')} and {header.get('detector', 'none')})"
            )

    header, tensors = read_tensors(path, check)
    try:
        model = Cmt(CmtConfig(**json.loads(header.get("config", "{}"))))
    except (TypeError, ValueError, ConfigError) as error:
        raise CheckpointError(f"{path}: settings of another version of cmt ({error})") from error
    load_tensors(model, tensors, path, "its settings")
    return model.to(device).eval()
