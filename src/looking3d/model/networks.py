"""Every network of photo and views by its settings; and as a file, settings in the header."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from looking3d.errors import CheckpointError, ConfigError
from looking3d.model.baselines.cmic import Cmic, CmicConfig
from looking3d.model.baselines.lfd import Lfd, LfdConfig
from looking3d.model.baselines.presets import PRESETS as BASELINE_PRESETS
from looking3d.model.baselines.presets import BaselineConfig
from looking3d.model.baselines.query_only import QueryResnet, QueryResnetConfig, Vit, VitConfig
from looking3d.model.baselines.viewpoint import ViewpointConfig, ViewpointResnet
from looking3d.model.cmt.cmt import Cmt
from looking3d.model.cmt.config import PRESETS as CMT_PRESETS
from looking3d.model.cmt.config import CmtConfig
from looking3d.model.stored_weights import FORMAT, load_tensors, read_tensors, write_weights

NetworkConfig = CmtConfig | BaselineConfig

PRESETS: dict[str, NetworkConfig] = {**CMT_PRESETS, **BASELINE_PRESETS}
"""Settings by name, of CMT and of what it is compared with."""


@dataclass(frozen=True)
class _Kind:
    """A network, the class of its settings, and the detector's name in the header of its files."""

    name: str
    network: Callable[[Any], nn.Module]
    config: Callable[..., NetworkConfig]


VIEWPOINT = "viewpoint"
"""Name in the header of the network that detects nothing."""

_KINDS = (
    _Kind("cmt", Cmt, CmtConfig),
    _Kind("query-resnet", QueryResnet, QueryResnetConfig),
    _Kind("vit", Vit, VitConfig),
    _Kind("lfd", Lfd, LfdConfig),
    _Kind("cmic", Cmic, CmicConfig),
    _Kind(VIEWPOINT, ViewpointResnet, ViewpointConfig),
)
DETECTING = tuple(kind.name for kind in _KINDS if kind.network is not ViewpointResnet)
"""Names in the header of those that are a `PairNetwork`."""

NAMES = tuple(kind.name for kind in _KINDS)
"""Names in the header of all of them."""

_BY_CONFIG = {kind.config: kind for kind in _KINDS}
_BY_NAME = {kind.name: kind for kind in _KINDS}


def build_network(config: NetworkConfig) -> nn.Module:
    """The network of these settings, with first weights of PyTorch's generator."""
    return _BY_CONFIG[type(config)].network(config)


def save_network(
    network: nn.Module, path: Path, dtype: torch.dtype = torch.float32, notes: dict | None = None
) -> None:
    """Write a network's weights and settings.

    Args:
        network: One that `build_network` makes.
        path: A .safetensors file; replaced as a whole.
        dtype: Of the floating-point tensors; float16 halves the file.
        notes: Anything worth keeping with them (training run, scores, licence), as JSON values.

    Raises:
        CheckpointError: The path is not that of a .safetensors file.
    """
    config: Any = network.config
    settings = json.dumps(asdict(config), sort_keys=True)
    write_weights(network, path, _BY_CONFIG[type(config)].name, dtype, notes, config=settings)


def load_network(path: Path, device: str | torch.device = "cpu") -> nn.Module:
    """The network of a weights file, ready to judge; its header tells which.

    Raises:
        CheckpointError: The file is missing, damaged, of another detector, or does not fit its settings.
    """

    def check(header: dict[str, str]) -> None:
        if header.get("format") != FORMAT or header.get("detector") not in _BY_NAME:
            raise CheckpointError(
                f"{path}: not weights of a network of photo and views (expected format {FORMAT} and a "
                f"detector of {', '.join(_BY_NAME)}; got {header.get('format', 'none')} and "
                f"{header.get('detector', 'none')})"
            )

    header, tensors = read_tensors(path, check)
    kind = _BY_NAME[header["detector"]]
    try:
        network = kind.network(kind.config(**json.loads(header.get("config", "{}"))))
    except (TypeError, ValueError, ConfigError) as error:
        raise CheckpointError(f"{path}: settings of another version of {kind.name} ({error})") from error
    load_tensors(network, tensors, path, "its settings")
    return network.to(device).eval()
