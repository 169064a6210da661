from pathlib import Path

import pytest
import torch
from torch import nn

from looking3d.errors import CheckpointError
from looking3d.model.stored_weights import load_tensors, read_tensors, write_weights


def test_the_same_weights_are_the_same_bytes(tmp_path: Path) -> None:
    """The library's own writer puts six metadata in one of 720 orders."""
    network = nn.Linear(3, 2)
    header = {"zeta": "1", "alpha": 'a "quoted" ü', "middle": ""}
    written = set()
    for number in range(8):
        path = tmp_path / f"{number}.safetensors"
        write_weights(network, path, "align", torch.float32, {"steps": 3}, **header)
        written.add(path.read_bytes())
    assert len(written) == 1
    known, tensors = read_tensors(path, lambda header: None)
    assert known["notes"] == '{"steps": 3}'
    assert {name: known[name] for name in header} == header
    assert torch.equal(tensors["weight"], network.weight)
    assert torch.equal(tensors["bias"], network.bias)


def test_weights_of_another_version_are_refused_in_a_line() -> None:
    module = nn.Sequential(*(nn.Linear(2, 2) for _ in range(40)))
    with pytest.raises(
        CheckpointError, match=r'weights: does not fit this \(Missing .*"0.weight".* \.\.\.\)$'
    ) as told:
        load_tensors(module, {}, Path("weights"), "this")
    assert len(str(told.value)) < 220
