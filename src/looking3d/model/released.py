"""The authors' published checkpoint, carried over to the preset `released`."""

from __future__ import annotations

import re
from pathlib import Path

# Named only to tell its error from others; the file is read by torch, which admits tensors alone.
from pickle import UnpicklingError  # noqa: TID251
from typing import NamedTuple

import torch
from torch import Tensor

from looking3d.errors import CheckpointError
from looking3d.model.cmt.cmt import Cmt
from looking3d.model.cmt.config import preset

ENTRIES = ("encoder", "encoder_ema", "projector", "projector_ema", "attention_decoder")
"""State dicts in the published file."""

LICENCE = "CC BY-NC-SA 4.0"

NOTICE = (
    f"These weights are the work of the authors of Looking 3D (CVPR 2024), under {LICENCE}: name them, use "
    "the weights for nothing commercial, and pass them on, this file included, under the same licence."
)

_NETWORKS = (
    (r"key_networks\.encoder\.", "encoder_ema/"),
    (r"key_networks\.projector\.", "projector_ema/"),
    (r"encoder\.", "encoder/"),
    (r"projector\.", "projector/"),
    (r"", "attention_decoder/"),
)
"""How names of this model's tensors begin, and those of the published ones; the first that fits counts."""

_PARTS = (
    (r"(/backbone\.layer\d\.\d)\.norm(\d)\.", r"\1.bn\2."),
    (r"(/backbone\.layer\d\.\d)\.skip\.", r"\1.downsample."),
    (r"/fpn\.lateral\.(\d)\.", lambda m: f"/fpn.inner_blocks.{int(m[1]) + 1}.0."),
    (r"/fpn\.output\.(\d)\.", lambda m: f"/fpn.layer_blocks.{int(m[1]) + 1}.0."),
    (r"/merge\.(\d)\.", lambda m: f"/panoptic_{int(m[1]) + 1}."),
    (r"/token$", r"/token.weight"),
    (r"/(proj_in|proj_out)\.", r"/crossatten.\1."),
    (r"/position\.mlp\.0\.", r"/map_to_pos_enc."),
    (r"/verdict\.mlp\.", r"/cls_layer."),
    (r"/box\.mlp\.", r"/bbox_layer."),
    (r"\.norm_self\.", r".norm1."),
    (r"\.norm_cross\.", r".norm2."),
    (r"\.norm_feed_forward\.", r".norm3."),
    (r"attention\.to_out\.", r"attention.to_out.0."),
    (r"\.self_attention\.", r".attn1."),
    (r"\.cross_attention\.", r".attn2."),
    (r"\.feed_forward\.to_value_and_gate\.", r".ff.net.0.proj."),
    (r"\.feed_forward\.to_out\.", r".ff.net.2."),
    (r"/blocks\.", r"/crossatten.transformer_blocks."),
)

_UNUSED = re.compile(
    r"encoder(_ema)?/(conv1x1_mask\.weight|fpn\.(inner|layer)_blocks\.0\.0\.(weight|bias))"
    r"|attention_decoder/(q_pos_emb\.weight|kv_spatial_pos_emb\.weight|pose_to_3d_emb\.(weight|bias)"
    r"|crossatten\.norm\.(weight|bias))"
)
"""Published tensors that the published network never uses."""


class Converted(NamedTuple):
    """A model with the published weights, and what of the file it does not hold.

    Attributes:
        model: The preset `released`.
        unused: Names of tensors that the published network holds and never uses.
        unknown: Names of what else the file holds.
    """

    model: Cmt
    unused: list[str]
    unknown: list[str]


def convert_released(path: Path) -> Converted:
    """The model of the published file.

    Raises:
        CheckpointError: The file is missing, damaged, holds anything but tensors, or its tensors do not fit;
            those that do not are named one by one.
    """
    found, unknown = _tensors(path)
    model = Cmt(preset("released"))
    state, problems = {}, []
    for name, ours in model.state_dict().items():
        theirs = published_name(name)
        if theirs not in found:
            problems.append(f"{theirs}: missing")
            continue
        tensor = found.pop(theirs)
        shape = published_shape(theirs, ours)
        if tuple(tensor.shape) != shape or tensor.is_floating_point() != ours.is_floating_point():
            problems.append(
                f"{theirs}: expected {shape} {ours.dtype}, got {tuple(tensor.shape)} {tensor.dtype}"
            )
            continue
        state[name] = tensor.reshape(ours.shape)
    if problems:
        raise CheckpointError(
            "\n  ".join([f"{path}: {len(problems)} entries do not fit the published network:", *problems])
        )
    model.load_state_dict(state)
    unused = [name for name in found if _UNUSED.fullmatch(name)]
    return Converted(model.eval(), unused, unknown + [name for name in found if name not in unused])


def published_name(name: str) -> str:
    """The published name, `entry/tensor`, of a tensor of the preset `released`."""
    begin, entry = next((begin, entry) for begin, entry in _NETWORKS if re.match(begin, name))
    theirs = entry + re.sub(f"^{begin}", "", name)
    for pattern, replacement in _PARTS:
        theirs = re.sub(pattern, replacement, theirs)
    return theirs


def published_shape(theirs: str, ours: Tensor) -> tuple[int, ...]:
    """The shape of a published tensor: MLPs of features are 1 x 1 convolutions there, [tok] is a table."""
    if theirs.startswith("projector") and ours.ndim == 2:
        return (*ours.shape, 1, 1)
    return (1, *ours.shape) if theirs == "attention_decoder/token.weight" else tuple(ours.shape)


def _tensors(path: Path) -> tuple[dict[str, Tensor], list[str]]:
    """The tensors of the published entries by `entry/tensor`, and what else the file holds."""
    held = _load(path)
    missing = [name for name in ENTRIES if not isinstance(held.get(name), dict)]
    if missing:
        raise CheckpointError(
            f"{path}: expected the state dicts {', '.join(ENTRIES)}; there is no {', '.join(missing)}; take "
            "the authors' model.pt"
        )
    found, unknown = {}, [str(name) for name in held if name not in ENTRIES]
    for entry in ENTRIES:
        for name, value in held[entry].items():
            if not isinstance(value, Tensor):
                raise CheckpointError(
                    f"{path}: {entry}/{name} is of type {type(value).__name__}; expected a tensor"
                )
            found[f"{entry}/{name}"] = value
    return found, unknown


def _load(path: Path) -> dict:
    """What a file of tensors holds; a file that asks for anything else is refused before it can run."""
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file; take the authors' model.pt")
    try:
        held = torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        asked = re.search(r"GLOBAL ([\w.]+)", str(error))
        what = f"it asks for {asked[1]}" if asked else "no pickle of tensors"
        raise CheckpointError(
            f"{path}: holds other things than tensors ({what}), which could run code, so it was not loaded; "
            "take the authors' model.pt"
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise CheckpointError(f"{path}: not a readable checkpoint of PyTorch ({first})") from error
    if not isinstance(held, dict):
        raise CheckpointError(f"{path}: expected state dicts by name, got {type(held).__name__}")
    return held
