"""The preset `released`, layer by layer, against the published network written plainly; conversions."""

from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from looking3d.errors import CheckpointError
from looking3d.model.cmt.candidates import foreground
from looking3d.model.cmt.cmt import Cmt
from looking3d.model.cmt.config import preset
from looking3d.model.released import convert_released

# The tests' folders are no packages, so the neighbour is imported by its path from the root.
from tests.model import published

BATCH, VIEWS, SIZE_PX, GRID = 2, 3, 64, 8


@pytest.fixture(scope="module")
def checkpoint() -> dict[str, published.State]:
    return published.random_checkpoint()


@pytest.fixture(scope="module")
def path(checkpoint: dict[str, published.State], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("released") / "model.pt"
    torch.save({entry: OrderedDict(state) for entry, state in checkpoint.items()}, path)
    return path


@pytest.fixture(scope="module")
def model(path: Path) -> Cmt:
    """The converted weights, at a size that is tested fast: no weight depends on it."""
    small = Cmt(replace(preset("released"), image_px=SIZE_PX)).eval()
    small.load_state_dict(convert_released(path).model.state_dict())
    return small


@pytest.fixture(scope="module")
def scene() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(5)

    def pictures(*shape: int) -> Tensor:
        """Noise in front of a white ground."""
        images = 1.4 * torch.rand(*shape, 3, SIZE_PX, SIZE_PX, generator=generator) - 1
        images[..., :20, :] = images[..., :11] = 1.0
        return images

    grey = pictures(BATCH, VIEWS).mean(2, keepdim=True).expand(-1, -1, 3, -1, -1).contiguous()
    valid = torch.rand(BATCH, VIEWS, GRID**2, generator=generator) < 0.7
    points = torch.rand(BATCH, VIEWS, GRID**2, 3, generator=generator) - 0.5
    return {"query": pictures(BATCH), "views": grey, "points": points, "valid": valid}


def tokens(maps: Tensor) -> Tensor:
    return maps.flatten(2).transpose(1, 2)


def close(a: Tensor, b: Tensor, relative: float = 1e-4) -> None:
    torch.testing.assert_close(a, b, rtol=relative, atol=relative * float(b.abs().max()))


def test_layer_by_layer(model: Cmt, checkpoint: dict[str, published.State], scene: dict[str, Tensor]) -> None:
    query, views, points, valid = scene.values()
    decoder = checkpoint["attention_decoder"]
    seen: dict[str, Tensor] = {}
    hooks = [
        block.register_forward_hook(lambda _, __, out, b=b: seen.update({f"block {b}": out}))
        for b, block in enumerate(model.blocks)
    ]
    with torch.no_grad():
        out = model(query, views, points, valid)
        for hook in hooks:
            hook.remove()

        # Encoder.
        of_query = published.encode(checkpoint["encoder"], query)
        of_views = published.encode(checkpoint["encoder"], views.flatten(0, 1))
        close(model.features(query), tokens(of_query))
        close(model.features(views.flatten(0, 1)), tokens(of_views))

        # beta, and the foreground that it is multiplied by.
        z_query = published.project(checkpoint["projector"], of_query)
        z_views = published.project(checkpoint["projector"], of_views)
        close(out.query, tokens(z_query))
        close(out.views.flatten(0, 1), tokens(z_views))
        dark_query, dark_views = published.darkness(query), published.darkness(views.flatten(0, 1))
        close(foreground(query, GRID), dark_query.flatten(1))
        assert 0 < dark_query.mean() < 1

        # Affinity and its top 100 over all views; [tok] attends to all.
        a = tokens(z_query * dark_query)
        b = tokens(z_views * dark_views).unflatten(0, (BATCH, VIEWS)).flatten(1, 2)
        affinity = a @ b.transpose(1, 2)
        chosen = out.candidates.index
        ours, theirs = affinity.gather(2, chosen), affinity.topk(100, -1)
        assert chosen.shape == (BATCH, GRID**2, 100)
        assert bool(out.candidates.allowed.all())
        close(ours, theirs.values, 1e-5)
        # What is alike to the last digit, as the ground is to all, may be chosen or not; what is more alike
        # than the hundredth must be.
        mask = torch.zeros_like(affinity, dtype=torch.bool).scatter(2, chosen, True)
        must = affinity > theirs.values[..., -1:] + 1e-6
        assert bool(mask[must].all())
        assert must.sum() > 0.5 * mask.sum()
        mask = torch.cat([torch.ones(BATCH, 1, mask.shape[2], dtype=torch.bool), mask], 1)

        # 3D encoding, blocks and heads.
        nowhere = torch.where(valid[..., None], points, torch.tensor(-1.0))
        encoded = published.encode_points(decoder, nowhere)
        close(model.position(nowhere), encoded)
        context = torch.cat([tokens(of_views).unflatten(0, (BATCH, VIEWS)), encoded], -1).flatten(1, 2)
        after = published.blocks(decoder, tokens(of_query), context, mask)
        for number, expected in enumerate(after):
            close(seen[f"block {number}"], expected)
        logit, box = published.heads(decoder, after[-1])
        close(out.logit, logit)
        close(out.box, box)
    assert logit[0] != logit[1]


def test_slow_copies_are_carried_over(
    model: Cmt, checkpoint: dict[str, published.State], scene: dict
) -> None:
    with torch.no_grad():
        maps = published.encode(checkpoint["encoder_ema"], scene["query"])
        expected = published.project(checkpoint["projector_ema"], maps)
        close(model.key_networks(scene["query"]), tokens(expected))
    # Not those that are trained.
    assert not torch.equal(
        checkpoint["projector_ema"]["mlp.0.weight"], checkpoint["projector"]["mlp.0.weight"]
    )


def test_the_shape_is_the_published_one(path: Path) -> None:
    converted = convert_released(path)
    config = converted.model.config
    assert config == preset("released")
    assert (config.grid, config.top_k, config.heads) == (32, 100, 8)
    assert converted.unknown == []
    ema = [name.replace("encoder/", "encoder_ema/") for name in converted.unused if "encoder/" in name]
    assert set(converted.unused) == {
        "encoder/conv1x1_mask.weight",
        "encoder/fpn.inner_blocks.0.0.weight",
        "encoder/fpn.inner_blocks.0.0.bias",
        "encoder/fpn.layer_blocks.0.0.weight",
        "encoder/fpn.layer_blocks.0.0.bias",
        *ema,
        "attention_decoder/q_pos_emb.weight",
        "attention_decoder/kv_spatial_pos_emb.weight",
        "attention_decoder/pose_to_3d_emb.weight",
        "attention_decoder/pose_to_3d_emb.bias",
        "attention_decoder/crossatten.norm.weight",
        "attention_decoder/crossatten.norm.bias",
    }
    assert len(ema) == 5


def changed(tmp_path: Path, **entries: object) -> Path:
    torch.save({**published.hollow_checkpoint(), **entries}, tmp_path / "model.pt")
    return tmp_path / "model.pt"


def test_what_does_not_fit_is_named_entry_by_entry(tmp_path: Path) -> None:
    checkpoint = published.hollow_checkpoint()
    projector = {name: tensor for name, tensor in checkpoint["projector"].items() if name != "mlp.4.bias"}
    projector["mlp.6.weight"] = torch.zeros(128, 1024, 1, 1)
    decoder = checkpoint["attention_decoder"] | {"token.weight": torch.zeros(1, 128, dtype=torch.int64)}
    path = changed(tmp_path, projector=projector, attention_decoder=decoder)
    with pytest.raises(CheckpointError) as caught:
        convert_released(path)
    lines = str(caught.value).splitlines()
    assert lines[0] == f"{path}: 3 entries do not fit the published network:"
    assert sorted(line.strip() for line in lines[1:]) == [
        "attention_decoder/token.weight: expected (1, 128) torch.float32, got (1, 128) torch.int64",
        "projector/mlp.4.bias: missing",
        "projector/mlp.6.weight: expected (256, 1024, 1, 1) torch.float32, got (128, 1024, 1, 1) "
        "torch.float32",
    ]


def test_what_else_the_file_holds_is_named(tmp_path: Path) -> None:
    encoder = published.hollow_checkpoint()["encoder"] | {"extra.weight": torch.zeros(2)}
    converted = convert_released(changed(tmp_path, encoder=encoder, epoch=20))
    assert converted.unknown == ["epoch", "encoder/extra.weight"]


class Opened:
    """What a stranger's pickle could hold."""

    def __reduce__(self) -> tuple:
        return open, (str(self.path), "w")

    def __init__(self, path: Path) -> None:
        self.path = path


def test_a_pickle_that_could_run_code_is_refused(tmp_path: Path) -> None:
    harmed = tmp_path / "harmed"
    path = changed(tmp_path, encoder={"backbone.conv1.weight": Opened(harmed)})
    with pytest.raises(
        CheckpointError, match=r"holds other things than tensors \(it asks for io\.open\)"
    ) as caught:
        convert_released(path)
    assert "take the authors' model.pt" in str(caught.value)
    assert "weights_only" not in str(caught.value)
    assert not harmed.exists()


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"none\.pt: no such file; take the authors' model\.pt"):
        convert_released(tmp_path / "none.pt")
    (tmp_path / "text.pt").write_text("hello")
    with pytest.raises(CheckpointError, match=r"text\.pt: "):
        convert_released(tmp_path / "text.pt")
    (tmp_path / "empty.pt").write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"empty\.pt: not a readable checkpoint of PyTorch"):
        convert_released(tmp_path / "empty.pt")
    torch.save(published.hollow_checkpoint()["projector"], tmp_path / "model.pt")
    whole = (tmp_path / "model.pt").read_bytes()
    (tmp_path / "cut.pt").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CheckpointError, match=r"cut\.pt: not a readable checkpoint of PyTorch"):
        convert_released(tmp_path / "cut.pt")
    with pytest.raises(
        CheckpointError, match="there is no encoder, encoder_ema, projector, projector_ema, att"
    ):
        convert_released(tmp_path / "model.pt")
    torch.save([torch.zeros(2)], tmp_path / "list.pt")
    with pytest.raises(CheckpointError, match="expected state dicts by name, got list"):
        convert_released(tmp_path / "list.pt")
    path = changed(tmp_path, projector={"mlp.0.weight": 3})
    with pytest.raises(CheckpointError, match=r"projector/mlp\.0\.weight is of type int; expected a tensor"):
        convert_released(path)
