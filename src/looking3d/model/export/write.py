"""An export on disk: a folder of graphs, the reference if one is given, and what describes them."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import shutil
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

import looking3d
from looking3d.errors import CheckpointError, ConfigError
from looking3d.files import PARTIAL
from looking3d.model.align.align import AlignDetector
from looking3d.model.align.network import CameraNet
from looking3d.model.align.templates import draw_templates, pack_templates
from looking3d.model.export.ports import PORTS
from looking3d.model.export.programs import ONNX_OPSET, export_program, save_onnx, save_torch
from looking3d.model.export.steps import description
from looking3d.render.raycast import Raycaster

EXPORT_FORMAT = "looking3d-export-4"
MANIFEST = "export.json"

Runtime = Literal["onnx", "torch"]
SUFFIXES: dict[Runtime, str] = {"onnx": ".onnx", "torch": ".pt2"}

REFERENCE = "reference.npz"
_ARRAYS = {
    "vertices": "(v, 3) float32, of the reference, centred and scaled",
    "faces": "(f, 3) int32, indices of vertices",
    "poses": "(n, 7) float64, of the templates",
    "masks": "(n, 64, 64) bool, where the object is",
    "outline_points": "(n, 64, 3) float32, world points on the outline of each",
    "outline_normals": "(n, 64, 2) float32, which way each faces, away from the object",
}


def write_export(
    detector: AlignDetector, out: Path, runtime: Runtime = "onnx", reference: Raycaster | None = None
) -> list[Path]:
    """Write the networks of a detector for another runtime.

    Args:
        detector: With networks of its own.
        out: Folder to make; an earlier export there is replaced as a whole.
        runtime: Whose.
        reference: A normalised reference, whose mesh and templates are written beside them.

    Returns:
        The files, export.json last.

    Raises:
        ConfigError: `out` holds something else.
        CheckpointError: The detector is one that was exported.
        MissingExtraError: A package is not installed.
    """
    if not detector.networks:
        raise CheckpointError(
            "these weights are an export already; export those of a training run, or `align`"
        )
    if out.is_file() or (out.is_dir() and any(out.iterdir()) and not (out / MANIFEST).is_file()):
        raise ConfigError(f"{out}: is there and is no export; choose another --out")
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(out.name + PARTIAL)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        _write(detector, partial, runtime, reference)
        if out.is_dir():
            shutil.rmtree(out)
        os.replace(partial, out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return [*sorted(path for path in out.iterdir() if path.name != MANIFEST), out / MANIFEST]


def graph_file(name: str, runtime: Runtime) -> str:
    """What the file of a graph is called."""
    return name + SUFFIXES[runtime]


def sha256_of(data: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _write(detector: AlignDetector, folder: Path, runtime: Runtime, reference: Raycaster | None) -> None:
    manifest: dict[str, Any] = {
        "format": EXPORT_FORMAT,
        "detector": detector.name,
        "runtime": runtime,
        "versions": _versions(runtime),
        "graphs": {},
    }
    for name in PORTS:
        program = export_program(detector.networks, name)
        path = folder / graph_file(name, runtime)
        if runtime == "onnx":
            save_onnx(program, name, path)
        else:
            save_torch(program, path)
        manifest["graphs"][name] = _entry(path) | PORTS[name].to_json()
    if reference is not None:
        np.savez(folder / REFERENCE, allow_pickle=False, **_constants(reference))
        manifest["reference"] = _entry(folder / REFERENCE) | {"arrays": _ARRAYS}
    manifest |= description()
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def _entry(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    return {"file": path.name, "bytes": len(data), "sha256": sha256_of(data)}


def _versions(runtime: Runtime) -> dict[str, str | int]:
    versions: dict[str, str | int] = {"looking3d": looking3d.__version__, "torch": str(torch.__version__)}
    if runtime == "onnx":
        versions |= {name: importlib.metadata.version(name) for name in ("onnx", "onnxscript")}
        versions["opset"] = ONNX_OPSET
    return versions


def _constants(reference: Raycaster) -> dict[str, np.ndarray]:
    """All that depends on the reference alone."""
    templates = pack_templates(draw_templates(reference, CameraNet.size_px))
    return {"vertices": reference.vertices, "faces": reference.faces} | templates
