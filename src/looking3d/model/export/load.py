"""The graphs of an export, run by ONNX Runtime or by PyTorch in place of the detector's networks."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from looking3d.errors import CheckpointError, MissingExtraError
from looking3d.model.align.graphs import Graphs
from looking3d.model.export.ports import PORTS
from looking3d.model.export.write import EXPORT_FORMAT, MANIFEST, SUFFIXES, graph_file, sha256_of


def load_graphs(folder: Path, trusted: bool = False) -> Graphs:
    """The graphs of an export, on the CPU, with as many threads as PyTorch has.

    Args:
        folder: Of the export.
        trusted: Whether programs of PyTorch may be loaded: they hold pickles, which can run code. ONNX
            needs no trust.

    Raises:
        CheckpointError: A file is missing, damaged, of another version, or needs trust.
        MissingExtraError: ONNX Runtime is not installed.
    """
    manifest_path = folder / MANIFEST
    manifest = _read_manifest(manifest_path)
    runtime = manifest["runtime"]
    if runtime == "torch" and not trusted:
        raise CheckpointError(
            f"{folder}: programs of PyTorch can run code while they are loaded; if you made them yourself, "
            "use load_detector(folder, trusted=True) in Python, else export to ONNX, which cannot"
        )
    open_graph = _open_onnx if runtime == "onnx" else _open_torch
    graphs = {}
    for name in PORTS:
        path = folder / graph_file(name, runtime)
        data = _read(path, manifest, name)
        try:
            graphs[name] = open_graph(data, name)
        except (MissingExtraError, CheckpointError):
            raise
        except Exception as error:  # whatever a runtime says of a file that it cannot use
            raise CheckpointError(
                f"{path}: {runtime} cannot run it ({_first_line(error)}); export it again with the versions "
                "that are installed"
            ) from error
    return Graphs(**graphs, key=sha256_of(manifest_path.read_bytes()))


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        format, detector, runtime = (manifest[key] for key in ("format", "detector", "runtime"))
        hashes = [manifest["graphs"][name]["sha256"] for name in PORTS]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path}: not the description of an export ({_first_line(error)})") from error
    if format != EXPORT_FORMAT or detector != "align" or runtime not in SUFFIXES or not all(hashes):
        raise CheckpointError(
            f"{path}: expected {EXPORT_FORMAT} of align for onnx or torch, got {format} of {detector} for "
            f"{runtime}; export it again"
        )
    return manifest


def _read(path: Path, manifest: dict[str, Any], name: str) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror}); export it again") from error
    if sha256_of(data) != manifest["graphs"][name]["sha256"]:
        raise CheckpointError(f"{path}: is not the file that {MANIFEST} describes; copy or export it again")
    return data


def _open_onnx(data: bytes, name: str) -> Callable[..., tuple[Tensor, ...]]:
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtraError("running ONNX", "export") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    inputs = [port.name for port in session.get_inputs()]
    outputs = [port.name for port in session.get_outputs()]
    _check_names(name, inputs, outputs)

    def run(*tensors: Tensor) -> tuple[Tensor, ...]:
        arrays = (np.ascontiguousarray(tensor.numpy()) for tensor in tensors)
        answers = session.run(outputs, dict(zip(inputs, arrays, strict=True)))
        return tuple(torch.from_numpy(answer) for answer in answers)

    return run


def _open_torch(data: bytes, name: str) -> Callable[..., tuple[Tensor, ...]]:
    program = torch.export.load(io.BytesIO(data))
    signature = program.graph_signature
    _check_names(name, list(signature.user_inputs), [port.name for port in PORTS[name].outputs])
    return program.module()


def _check_names(name: str, inputs: list[Any], outputs: list[str]) -> None:
    ports = PORTS[name]
    expected = [port.name for port in (*ports.inputs, *ports.outputs)]
    if [*inputs, *outputs] != expected:
        raise CheckpointError(
            f"{name}: expected inputs and outputs {', '.join(expected)}, "
            f"got {', '.join([*inputs, *outputs])}; export it again"
        )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
