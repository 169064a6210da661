"""`looking3d convert-released` as a user meets it."""

from pathlib import Path

import pytest
import torch

from looking3d.cli import main
from looking3d.model.cmt.config import preset
from looking3d.model.networks import load_network
from tests.model import published


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


def test_the_published_file_becomes_weights_of_ours(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    state = published.hollow_checkpoint()
    state["attention_decoder"]["token.weight"] = torch.arange(128.0)[None]
    torch.save({**state, "epoch": 3}, tmp_path / "model.pt")
    code, out, _ = run(capsys, "convert-released", tmp_path / "model.pt", tmp_path / "out.safetensors")
    assert code == 0
    words = " ".join(out.split())
    assert "left out: encoder/conv1x1_mask.weight (the published network never uses it)" in words
    assert "left out: epoch (no part of the published network)" in words
    assert "under CC BY-NC-SA 4.0" in words
    model = load_network(tmp_path / "out.safetensors")
    assert model.config == preset("released")
    assert model.token.tolist() == list(range(128))


def test_mistakes_end_with_one_message(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, err = run(capsys, "convert-released", tmp_path / "model.pt", tmp_path / "out.safetensors")
    assert (code, "model.pt: no such file; take the authors' model.pt" in err.replace("\n", " ")) == (2, True)
    code, _, err = run(capsys, "convert-released", tmp_path / "model.pt", tmp_path / "out.pt")
    assert (code, "expected the name of a .safetensors file" in err.replace("\n", " ")) == (2, True)
    state = published.hollow_checkpoint()
    del state["projector"]["mlp.0.bias"], state["encoder"]["backbone.bn1.weight"]
    torch.save(state, tmp_path / "model.pt")
    code, _, err = run(capsys, "convert-released", tmp_path / "model.pt", tmp_path / "out.safetensors")
    assert code == 2
    assert "encoder/backbone.bn1.weight: missing" in err
    assert "projector/mlp.0.bias: missing" in err
    assert not (tmp_path / "out.safetensors").exists()
