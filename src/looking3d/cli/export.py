"""The command that hands out detectors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console

from looking3d.errors import ConfigError


def export(
    run: Annotated[
        Path,
        tyro.conf.Positional,
        tyro.conf.arg(help="Folder of a training run, a .safetensors file, or `align`."),
    ],
    out: Annotated[Path, tyro.conf.arg(help="The .safetensors file to write; of onnx and torch, a folder.")],
    format: Annotated[
        Literal["safetensors", "onnx", "torch"],
        tyro.conf.arg(help="Weights for looking3d; graphs for ONNX Runtime; programs for PyTorch."),
    ] = "safetensors",
    reference: Annotated[
        Path | None,
        tyro.conf.arg(
            help="With onnx and torch: a 3D model to write beside them; with --gallery, an id in it."
        ),
    ] = None,
    gallery: Annotated[Path | None, tyro.conf.arg(help="A gallery made by `looking3d enrol`.")] = None,
    up: Annotated[str | None, tyro.conf.arg(help="The model's axis that points up, y by default.")] = None,
    unfinished: Annotated[bool, tyro.conf.arg(help="Take the checkpoints as they are.")] = False,
    half: Annotated[bool, tyro.conf.arg(help="Store 16-bit numbers in .safetensors: half the size.")] = True,
) -> int:
    """Write the weights of a training run as one small file, or as graphs for another runtime."""
    import torch

    from looking3d.inspection.by_reference import find_reference
    from looking3d.model.checkpoint import load_align, save_weights
    from looking3d.model.export.write import write_export
    from looking3d.training.train_align import assemble, steps_done

    if format == "safetensors" and (reference, gallery) != (None, None):
        raise ConfigError("weights have no reference; pass --format onnx or torch, or leave it away")
    detector = assemble(run) if unfinished else load_align(run)
    if format == "safetensors":
        dtype = torch.float16 if half else torch.float32
        save_weights(detector, out, dtype, {"steps": steps_done(run)})
        files = [out]
    else:
        found = find_reference(reference, gallery, up)
        files = write_export(detector, out, format, None if found is None else found.raycaster)
    for file in files:
        Console().print(f"{file}: {file.stat().st_size / 1e6:.1f} MB", highlight=False, soft_wrap=True)
    return 0
