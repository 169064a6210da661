import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from looking3d.errors import CheckpointError
from looking3d.model.checkpoint import FORMAT, load_detector
from looking3d.model.cmt.cmt import Cmt
from looking3d.model.cmt.config import preset
from looking3d.model.cmt.weights import load_model, save_model


@pytest.fixture(scope="module")
def model() -> Cmt:
    torch.manual_seed(0)
    small = {"image_px": 32, "encoder_width": 4, "feature_width": 8, "projector_hidden": 8, "width": 8}
    return Cmt(replace(preset("released"), projector_width=8, **small))


def test_weights_round_trip(model: Cmt, tmp_path: Path) -> None:
    for dtype, atol in ((torch.float32, 0.0), (torch.float16, 2e-3)):
        save_model(model, tmp_path / "w.safetensors", dtype, {"why": "test"})
        back = load_model(tmp_path / "w.safetensors")
        assert back.config == model.config
        assert not back.training
        assert back.token.requires_grad
        assert not any(p.requires_grad for p in back.key_networks.parameters())
        for name, tensor in model.state_dict().items():
            torch.testing.assert_close(back.state_dict()[name], tensor, atol=atol, rtol=atol)


def test_bad_weights(model: Cmt, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"w\.pt: expected the name of a \.safetensors file"):
        save_model(model, tmp_path / "w.pt")
    with pytest.raises(CheckpointError, match="not a readable safetensors file"):
        load_model(tmp_path / "none.safetensors")
    path = tmp_path / "w.safetensors"

    def header(**entries: str) -> None:
        save_file({"token": torch.zeros(8)}, path, {"format": FORMAT, "detector": "cmt", **entries})

    header(detector="align")
    with pytest.raises(CheckpointError, match=r"not weights of cmt .* got looking3d-weights-1 and align"):
        load_model(path)
    for config, reason in (({"blocs": 2}, "blocs"), ({"heads": 7}, "multiple of the 7 heads")):
        header(config=json.dumps(config))
        with pytest.raises(CheckpointError, match=f"settings of another version of cmt .*{reason}"):
            load_model(path)
    header(config=json.dumps({"image_px": 64}))
    with pytest.raises(CheckpointError, match="does not fit its settings"):
        load_model(path)


def test_align_s_loader_says_that_it_is_another_detector(model: Cmt, tmp_path: Path) -> None:
    save_model(model, tmp_path / "w.safetensors")
    with pytest.raises(CheckpointError, match="holds a detector 'cmt'; expected 'align'"):
        load_detector(tmp_path / "w.safetensors")
