"""From the networks of align to programs of PyTorch and of ONNX."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import nn

import looking3d
from looking3d.errors import MissingExtraError
from looking3d.model.align.graphs import Graphs
from looking3d.model.export.ports import PORTS, SIZE_STEP, Port

ONNX_OPSET = 18
"""Of ONNX 1.13, early in 2023: new enough for all that the networks need."""

_LARGEST_BATCH, _LARGEST_SIZE = 4096, 1024


def export_program(networks: nn.ModuleDict, name: str) -> torch.export.ExportedProgram:
    """A graph over a detector's networks as a program; batch and size stay open."""
    inputs = PORTS[name].inputs
    axes = {
        "batch": torch.export.Dim("batch", min=1, max=_LARGEST_BATCH),
        "size": SIZE_STEP * torch.export.Dim("steps", min=1, max=_LARGEST_SIZE // SIZE_STEP),
    }
    shapes = {
        port.name: {i: axes[axis] for i, axis in enumerate(port.shape) if isinstance(axis, str)}
        for port in inputs
    }
    graph = getattr(Graphs.of(networks), name)
    with _quiet(), torch.no_grad():
        return torch.export.export(graph, tuple(map(_example, inputs)), dynamic_shapes=shapes)


def save_torch(program: torch.export.ExportedProgram, path: Path) -> None:
    """Write a program as .pt2."""
    with _quiet():
        torch.export.save(program, path)


def save_onnx(program: torch.export.ExportedProgram, name: str, path: Path) -> None:
    """Write a program as .onnx, weights inside, and check it.

    Raises:
        MissingExtraError: onnx or onnxscript is not installed.
    """
    try:
        import onnx
        import onnxscript  # noqa: F401 - the exporter needs it
    except ImportError as error:
        raise MissingExtraError("exporting to ONNX", "export") from error
    ports = PORTS[name]
    with _quiet():
        exported = torch.onnx.export(
            program,
            (),
            input_names=[port.name for port in ports.inputs],
            output_names=[port.name for port in ports.outputs],
            opset_version=ONNX_OPSET,
            dynamo=True,
            verbose=False,
        )
    assert exported is not None
    model = exported.model_proto
    # The exporter writes down the source line of every node, with the paths of this machine.
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in (*model.graph.input, *model.graph.output, *model.graph.initializer):
        del value.metadata_props[:]
    for part in (model.metadata_props, model.graph.metadata_props, model.graph.value_info):
        del part[:]
    for value, port in zip((*model.graph.input, *model.graph.output), (*ports.inputs, *ports.outputs)):
        for size, axis in zip(value.type.tensor_type.shape.dim, port.shape):
            if isinstance(axis, str):
                size.dim_param = axis
    model.producer_name, model.producer_version = "looking3d", looking3d.__version__
    model.graph.name, model.doc_string = name, ports.purpose
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def _example(port: Port) -> torch.Tensor:
    # Neither is 1, which the exporter would take for a constant.
    sizes = {"batch": 2, "size": 4 * SIZE_STEP}
    shape = [sizes[axis] if isinstance(axis, str) else axis for axis in port.shape]
    return torch.zeros(shape, dtype=getattr(torch, port.dtype))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's remarks on its own parts, and on what is not installed."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)
