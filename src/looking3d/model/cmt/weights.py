"""CMT's weights on disk: safetensors with the settings in the header; nothing that can run code."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from looking3d.errors import CheckpointError, ConfigError
from looking3d.files import write_whole
from looking3d.model.checkpoint import FORMAT
from looking3d.model.cmt.cmt import Cmt
from looking3d.model.cmt.config import CmtConfig

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
    if path.suffix != ".safetensors" or path.is_dir():
        raise CheckpointError(f"{path}: expected the name of a .safetensors file to write")
    tensors = {
        name: tensor.detach().to("cpu", dtype if tensor.is_floating_point() else tensor.dtype).contiguous()
        for name, tensor in model.state_dict().items()
    }
    header = {
        "format": FORMAT,
        "detector": NAME,
        "config": json.dumps(asdict(model.config), sort_keys=True),
        "notes": json.dumps(notes or {}, sort_keys=True),
    }
    write_whole(path, save(tensors, metadata=header))


def load_model(path: Path, device: str | torch.device = "cpu") -> Cmt:
    """The model of a weights file, ready to judge.

    Raises:
        CheckpointError: The file is missing, damaged, of another detector, or does not fit its settings.
    """
    try:
        with safe_open(path, framework="pt") as stored:
            header = stored.metadata() or {}
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: not a readable safetensors file ({error})") from error
    if (header.get("format"), header.get("detector")) != (FORMAT, NAME):
        raise CheckpointError(
            f"{path}: not weights of cmt (expected format {FORMAT} and detector {NAME}, got "
            f"{header.get('format', 'none')} and {header.get('detector', 'none')})"
        )
    try:
        model = Cmt(CmtConfig(**json.loads(header.get("config", "{}"))))
    except (TypeError, ValueError, ConfigError) as error:
        raise CheckpointError(f"{path}: settings of another version of cmt ({error})") from error
    floats = {name: t.float() if t.is_floating_point() else t for name, t in tensors.items()}
    try:
        model.load_state_dict(floats)
    except RuntimeError as error:
        first = str(error).splitlines()[1].strip() if "\n" in str(error) else str(error)
        raise CheckpointError(f"{path}: does not fit its settings ({first})") from error
    return model.to(device).eval()
