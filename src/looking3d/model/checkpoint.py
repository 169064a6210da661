"""Weights on disk: safetensors with the detector's name in the header; nothing that can run code."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import torch

from looking3d.errors import CheckpointError, ConfigError, unknown_name
from looking3d.model.align.align import AlignDetector
from looking3d.model.export.load import load_graphs
from looking3d.model.export.write import MANIFEST
from looking3d.model.networks import DETECTING, load_network
from looking3d.model.pair_detector import PairDetector
from looking3d.model.pair_network import PairNetwork
from looking3d.model.stored_weights import FORMAT, load_tensors, read_header, read_tensors, write_weights

SHIPPED = ("align",)
"""Names of the weights inside the package."""


def save_weights(
    detector: AlignDetector, path: Path, dtype: torch.dtype = torch.float32, notes: dict | None = None
) -> None:
    """Write a detector's weights.

    Args:
        detector: The detector.
        path: A .safetensors file; replaced as a whole.
        dtype: Of the floating-point tensors; float16 halves the file.
        notes: Anything worth keeping with them (training run, scores), as JSON values.

    Raises:
        CheckpointError: The path is not that of a .safetensors file, or the detector has no weights.
    """
    if not detector.networks:
        raise CheckpointError("these weights are an export already; take those of a training run, or `align`")
    write_weights(detector.networks, path, detector.name, dtype, notes)


def load_detector(
    name_or_path: str | Path = "align", device: str | torch.device = "cpu", trusted: bool = False
) -> AlignDetector | PairDetector:
    """The detector of a weights file, of a training run's folder, of an export, or one that ships.

    The header of a weights file tells whose it holds. A network of photo and views is guided by the align
    detector that ships.

    Args:
        name_or_path: Where its weights are. The networks of an export run in ONNX Runtime, or as exported
            programs of PyTorch, in either case on the CPU.
        device: Where the networks are to run.
        trusted: Whether programs of PyTorch may be loaded: they can run code. Weights and ONNX cannot.

    Raises:
        CheckpointError: The file is missing, damaged, or holds something else.
        ConfigError: Neither a path nor the name of weights that ship, or an export and another device.
        MissingExtraError: What runs the export is not installed.
    """
    path = find_weights(name_or_path)
    name = "" if path.name == MANIFEST else read_header(path).get("detector", "")
    if name not in DETECTING:
        return load_align(path, device, trusted)
    network = load_network(path, device)
    assert isinstance(network, PairNetwork)
    return PairDetector(network, name, load_align(device=device))


def load_align(
    name_or_path: str | Path = "align", device: str | torch.device = "cpu", trusted: bool = False
) -> AlignDetector:
    """As `load_detector`, where no other than the align detector will do."""
    path = find_weights(name_or_path)
    if path.name == MANIFEST:
        if torch.device(device).type != "cpu":
            raise ConfigError(f"{path.parent}: exported networks run on the CPU, not on {device}")
        return AlignDetector.over(load_graphs(path.parent, trusted))
    tensors = read_weights(path)
    detector = AlignDetector(device=device)
    load_tensors(detector.networks, tensors, path, "this version of align")
    return detector


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of an align detector's weights, in fp32.

    Raises:
        CheckpointError: The file is missing, damaged, or holds something else.
    """

    def check(header: dict[str, str]) -> None:
        if header.get("format") != FORMAT:
            raise CheckpointError(
                f"{path}: not weights of looking3d (expected format {FORMAT}, "
                f"got {header.get('format', 'none')}); train them: looking3d train"
            )
        if header.get("detector") != AlignDetector.name:
            raise CheckpointError(f"{path}: holds a detector {header.get('detector')!r}; expected 'align'")

    return read_tensors(path, check)[1]


def find_weights(name_or_path: str | Path) -> Path:
    """The file that `load_detector` reads first; it changes with the weights."""
    path = Path(name_or_path)
    for name in ("weights.safetensors", MANIFEST):
        if path.is_dir() and (path / name).is_file():
            return path / name
    if path.is_dir():
        raise CheckpointError(f"{path}: holds no weights.safetensors; finish the training: looking3d train")
    if path.is_file():
        return path
    if path.suffix or path.parent != Path():
        raise CheckpointError(f"{path}: no such file")
    if str(path) not in SHIPPED:
        raise unknown_name("weights", str(path), SHIPPED)
    return Path(str(resources.files("looking3d.model") / "weights" / f"{path}.safetensors"))
