"""Weights as files: safetensors with a header of strings; nothing that can run code."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from looking3d.errors import CheckpointError
from looking3d.files import write_whole

FORMAT = "looking3d-weights-1"

_TOLD = 160  # characters of what does not fit: of another version, everything may be missing


def write_weights(
    module: nn.Module, path: Path, detector: str, dtype: torch.dtype, notes: dict | None, **header: str
) -> None:
    """Write what a module has learned.

    Args:
        module: The module.
        path: A .safetensors file; replaced as a whole.
        detector: Whose weights they are.
        dtype: Of the floating-point tensors.
        notes: Anything worth keeping with them, as JSON values.
        header: What else is to be known of them.

    Raises:
        CheckpointError: The path is not that of a .safetensors file.
    """
    check_target(path)
    tensors = {
        name: tensor.detach().to("cpu", dtype if tensor.is_floating_point() else tensor.dtype).contiguous()
        for name, tensor in module.state_dict().items()
    }
    known = {"format": FORMAT, "detector": detector, "notes": json.dumps(notes or {}, sort_keys=True)}
    write_whole(path, _in_order(save(tensors, metadata={**known, **header})))


def _in_order(stored: bytes) -> bytes:
    """A safetensors file whose metadata are sorted: the library writes them in another order each time."""
    start = 8 + int.from_bytes(stored[:8], "little")
    header = json.loads(stored[8:start])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + stored[start:]


def check_target(path: Path) -> None:
    """Raise a CheckpointError unless weights can be written to a path."""
    if path.suffix != ".safetensors" or path.is_dir():
        raise CheckpointError(f"{path}: expected the name of a .safetensors file to write")


def read_tensors(
    path: Path, check: Callable[[dict[str, str]], None]
) -> tuple[dict[str, str], dict[str, Tensor]]:
    """The header and the tensors of a file, those of floating point in fp32.

    Args:
        path: The file.
        check: Is given the header, and raises if the tensors are of no use.

    Raises:
        CheckpointError: The file is missing or damaged.
    """
    try:
        with safe_open(path, framework="pt") as stored:
            header = stored.metadata() or {}
            check(header)
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: not a readable safetensors file ({error})") from error
    return header, {name: t.float() if t.is_floating_point() else t for name, t in tensors.items()}


def read_header(path: Path) -> dict[str, str]:
    """What is known of the tensors of a file.

    Raises:
        CheckpointError: The file is missing or damaged.
    """
    try:
        with safe_open(path, framework="pt") as stored:
            return stored.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: not a readable safetensors file ({error})") from error


def load_tensors(module: nn.Module, tensors: dict[str, Tensor], path: Path, what: str) -> None:
    """Give a module its weights.

    Raises:
        CheckpointError: They do not fit `what`; names the first that does not.
    """
    try:
        module.load_state_dict(tensors)
    except RuntimeError as error:
        first = str(error).splitlines()[1].strip() if "\n" in str(error) else str(error)
        told = textwrap.shorten(first, _TOLD, placeholder=" ...")
        raise CheckpointError(f"{path}: does not fit {what} ({told})") from error
