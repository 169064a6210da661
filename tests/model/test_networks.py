"""Every network by its settings, as a file and back; and what each of them answers to."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from looking3d.errors import CheckpointError
from looking3d.model.checkpoint import FORMAT, load_align
from looking3d.model.networks import PRESETS, build_network, load_network, save_network
from looking3d.model.pair_network import Judgement, PairNetwork, PairSettings
from tests.model.tiny_networks import tiny

FULL = [name for name in PRESETS if not name.endswith("small")]
DETECTING = [name for name in FULL if name not in ("resnet18-viewpoint", "cmt-plus")]
PHOTOS, VIEWS, SIDE_PX, PATCHES = 3, 2, 64, 64


def built(name: str) -> nn.Module:
    torch.manual_seed(0)
    return build_network(tiny(name)).eval()


def given(seed: int = 0) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    query, views = (
        2 * torch.rand(PHOTOS, *shape, SIDE_PX, SIDE_PX, generator=generator) - 1
        for shape in ((3,), (VIEWS, 3))
    )
    points = torch.rand(PHOTOS, VIEWS, PATCHES, 3, generator=generator) - 0.5
    return query, views, points, torch.rand(PHOTOS, VIEWS, PATCHES, generator=generator) < 0.6


@pytest.mark.parametrize("name", DETECTING)
def test_all_that_detect_are_pair_networks(name: str) -> None:
    network = built(name)
    assert isinstance(network, PairNetwork)
    assert isinstance(network.config, PairSettings)
    out = network(*given())
    assert isinstance(out, Judgement)
    assert out.logit.shape == (PHOTOS,)
    assert out.patch_logits is None
    if name.startswith(("cmt", "paper", "released")) or name == "vit-box":
        assert out.box is not None
        assert out.box.shape == (PHOTOS, 4)
        assert bool(((out.box > 0) & (out.box < 1)).all())
    else:
        assert out.box is None


@pytest.mark.parametrize("name", DETECTING)
def test_an_encoded_reference_says_the_same_and_serves_many_photos(name: str) -> None:
    network, (query, views, points, valid) = built(name), given()
    assert isinstance(network, PairNetwork)
    with torch.no_grad():
        each = network.judge(query, network.encode_reference(views, points, valid))
        torch.testing.assert_close(each.logit, network(query, views, points, valid).logit)
        one = network.encode_reference(views[:1], points[:1], valid[:1])
        repeated = (x[:1].expand_as(x) for x in (views, points, valid))
        torch.testing.assert_close(network.judge(query, one).logit, network(query, *repeated).logit)


@pytest.mark.parametrize("name", DETECTING)
def test_the_order_of_photos_does_not_matter_and_that_of_views_neither(name: str) -> None:
    network, (query, views, points, valid) = built(name), given()
    with torch.no_grad():
        logit = network(query, views, points, valid).logit
        turned = network(*(x.flip(0) for x in (query, views, points, valid))).logit
        torch.testing.assert_close(turned.flip(0), logit, rtol=1e-4, atol=1e-5)
        flipped = network(query, *(x.flip(1) for x in (views, points, valid))).logit
        torch.testing.assert_close(flipped, logit, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", FULL)
def test_files_give_back_the_network_by_their_header(name: str, tmp_path: Path) -> None:
    network = built(name)
    for dtype, atol in ((torch.float32, 0.0), (torch.float16, 2e-3)):
        save_network(network, tmp_path / "w.safetensors", dtype, {"why": "test"})
        back = load_network(tmp_path / "w.safetensors")
        assert type(back) is type(network)
        assert back.config == network.config
        assert not back.training
        trains = {name: parameter.requires_grad for name, parameter in network.named_parameters()}
        assert {name: parameter.requires_grad for name, parameter in back.named_parameters()} == trains
        assert any(trains.values())
        for key, tensor in network.state_dict().items():
            torch.testing.assert_close(back.state_dict()[key], tensor, atol=atol, rtol=atol)


def test_what_cannot_be_loaded_is_said(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"w\.pt: expected the name of a \.safetensors file"):
        save_network(built("vit"), tmp_path / "w.pt")
    with pytest.raises(CheckpointError, match="not a readable safetensors file"):
        load_network(tmp_path / "none.safetensors")
    path = tmp_path / "w.safetensors"

    def header(detector: str, config: object) -> None:
        known = {"format": FORMAT, "detector": detector, "config": json.dumps(config)}
        save_file({"token": torch.zeros(8)}, path, known)

    header("align", {})
    with pytest.raises(CheckpointError, match=r"a detector of cmt, .*; got looking3d-weights-1 and align"):
        load_network(path)
    for detector, config, reason in (
        ("cmt", {"blocs": 2}, "blocs"),
        ("cmt", {"heads": 7}, "multiple of the 7 heads"),
        ("vit", {"patch_px": 7}, "divisor of 256, got 7"),
        ("lfd", [1], "argument after"),
    ):
        header(detector, config)
        with pytest.raises(CheckpointError, match=f"settings of another version of {detector} .*{reason}"):
            load_network(path)
    header("viewpoint", {"image_px": 64})
    with pytest.raises(CheckpointError, match="does not fit its settings"):
        load_network(path)


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_network(built("lfd"), path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match=r"w\.safetensors: not a readable safetensors file"):
        load_network(path)


def test_align_s_loader_says_that_it_is_another_detector(tmp_path: Path) -> None:
    save_network(built("cmt"), tmp_path / "w.safetensors")
    with pytest.raises(CheckpointError, match="holds a detector 'cmt'; expected 'align'"):
        load_align(tmp_path / "w.safetensors")


def test_each_preset_has_a_small_one_of_its_kind() -> None:
    for name in FULL:
        if name in ("paper", "released"):
            continue
        small = PRESETS[f"{name}-small"]
        assert type(small) is type(PRESETS[name])
        assert small.image_px == 128
