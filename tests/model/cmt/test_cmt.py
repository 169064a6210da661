"""The model whole: its presets' parts, enrolled references, what may not matter, and what must."""

import functools
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from looking3d.model.cmt.candidates import Projected
from looking3d.model.cmt.cmt import Cmt
from looking3d.model.cmt.config import CmtConfig, preset

TINY = {
    "image_px": 64,
    "encoder_width": 8,
    "feature_width": 16,
    "projector_hidden": 16,
    "projector_width": 12,
}
TINY |= {"blocks": 2, "heads": 2, "width": 16, "top_k": 7}
BATCH, VIEWS = 3, 2
ROWS = ("cmt-a", "cmt-b", "cmt-c", "cmt-d", "cmt")


def tiny(name: str, **changes: object) -> CmtConfig:
    return replace(preset(name), **(TINY | changes))


def built(config: CmtConfig, seed: int = 0) -> Cmt:
    torch.manual_seed(seed)
    return Cmt(config).eval()


def inputs(config: CmtConfig, batch: int = BATCH) -> tuple[Tensor, Tensor, Tensor, Tensor, Projected]:
    generator = torch.Generator().manual_seed(1)
    patches = config.grid**2

    def uniform(*shape: int) -> Tensor:
        return torch.rand(batch, *shape, generator=generator)

    size = (3, config.image_px, config.image_px)
    valid = uniform(VIEWS, patches) < 0.6
    projected = Projected(uniform(VIEWS, patches, 2), uniform(VIEWS, patches) < 0.8)
    views, points = 2 * uniform(VIEWS, *size) - 1, uniform(VIEWS, patches, 3) - 0.5
    return 2 * uniform(*size) - 1, views, points, valid, projected


@functools.cache
def parts(name: str) -> dict[str, tuple[int, ...]]:
    return {key: tuple(value.shape) for key, value in Cmt(preset(name)).state_dict().items()}


def test_ablations_lack_the_parts_that_their_names_say_and_nothing_else() -> None:
    cmt = parts("cmt")
    assert cmt == parts("paper")
    gone = {name: {part.split(".")[0] for part in cmt.keys() - parts(name).keys()} for name in ROWS}
    assert gone == {
        "cmt-a": {"projector", "position"},
        "cmt-b": {"position"},
        "cmt-c": {"position"},
        "cmt-d": {"position"},
        "cmt": set(),
    }
    for name in ROWS[:-1]:
        ours = parts(name)
        assert ours.keys() <= cmt.keys()
        # Without 3DPE a block reduces d channels, and not 2 d.
        changed = {part: (ours[part], cmt[part]) for part in ours if ours[part] != cmt[part]}
        assert changed == {f"blocks.{b}.reduce.weight": ((128, 128), (128, 256)) for b in range(3)}


def test_without_cga_each_patch_attends_to_all() -> None:
    config = tiny("cmt-c")
    model, (query, views, points, valid, _) = built(config), inputs(config)
    out = model(query, views, points, valid)
    assert out.candidates is None
    guided = built(replace(config, cga=True, top_k=10**6))
    again = guided(query, views, points, valid)
    torch.testing.assert_close(again.token, out.token, rtol=1e-4, atol=1e-5)
    few = built(replace(config, cga=True))(query, views, points, valid)
    assert (few.token - out.token).abs().max() > 1e-3


def test_without_3dpe_points_do_not_matter() -> None:
    for name in ("cmt-d", "cmt"):
        config = tiny(name)
        model, (query, views, points, valid, _) = built(config), inputs(config)
        one, two = (model(query, views, p, valid).logit for p in (points, points + 0.1))
        assert bool((one == two).all()) == (name == "cmt-d")


def test_small_is_paper_but_for_sizes() -> None:
    assert {name for name in parts("small") if "blocks.2" in name} == set()
    assert parts("small").keys() == {name for name in parts("paper") if "blocks.2" not in name}


@pytest.mark.parametrize("name", [*ROWS, "released", "cmt-plus"])
def test_shapes(name: str) -> None:
    config = tiny(name)
    model, patches = built(config), config.grid**2
    out = model(*inputs(config))
    assert out.logit.shape == (BATCH,)
    assert out.box.shape == (BATCH, 4)
    assert bool(((out.box > 0) & (out.box < 1)).all())
    assert out.token.shape == (BATCH, 16)
    if config.projects:
        assert out.query.shape == (BATCH, patches, 12)
        assert out.views.shape == (BATCH, VIEWS, patches, 12)
        torch.testing.assert_close(out.views.norm(dim=-1), torch.ones(BATCH, VIEWS, patches))
    else:
        assert out.query is None
        assert out.views is None
    assert (out.patch_logits is not None) == (name == "cmt-plus")


@pytest.mark.parametrize("name", [*ROWS, "released", "cmt-plus"])
def test_an_enrolled_reference_says_the_same(name: str) -> None:
    config = tiny(name)
    model, (query, views, points, valid, projected) = built(config), inputs(config)
    whole = model(query, views, points, valid, projected)
    each = model.judge(query, model.encode_reference(views, points, valid), projected)
    torch.testing.assert_close(each.logit, whole.logit, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(each.box, whole.box, rtol=1e-5, atol=1e-5)

    # One reference for all photos.
    one = model.encode_reference(views[:1], points[:1], valid[:1])
    shared = model.judge(query, one, projected)
    many = (x[:1].expand(BATCH, *x.shape[1:]) for x in (views, points, valid))
    torch.testing.assert_close(shared.logit, model(query, *many, projected).logit, rtol=1e-5, atol=1e-5)
    assert config.projects == (shared.views is not None)

    # Photos that share references.
    reference = torch.tensor([1, 0, *[1] * (BATCH - 2)])
    two = (x[:2] for x in (views, points, valid))
    alike = (x[reference] for x in (views, points, valid))
    torch.testing.assert_close(
        model(query, *two, projected, reference).logit,
        model(query, *alike, projected).logit,
        rtol=1e-5,
        atol=1e-5,
    )


@pytest.mark.parametrize("name", ["cmt", "released", "cmt-plus"])
def test_the_order_of_a_batch_does_not_matter(name: str) -> None:
    config = tiny(name)
    model, batch = built(config), inputs(config)
    turned = [x.flip(0) for x in batch[:4]]
    out = model(*batch)
    back = model(*turned, Projected(*(x.flip(0) for x in batch[4])))
    torch.testing.assert_close(back.logit.flip(0), out.logit, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(back.box.flip(0), out.box, rtol=1e-5, atol=1e-5)
    alone = model(*(x[:1] for x in batch[:4]), Projected(*(x[:1] for x in batch[4])))
    torch.testing.assert_close(alone.logit, out.logit[:1], rtol=1e-5, atol=1e-5)


def test_the_order_of_views_does_not_matter() -> None:
    config = tiny("cmt")
    model, (query, views, points, valid, _) = built(config), inputs(config)
    out = model(query, views, points, valid).logit
    torch.testing.assert_close(model(query, views.flip(1), points.flip(1), valid.flip(1)).logit, out)


def test_what_a_patch_without_object_shows_does_not_matter() -> None:
    config = tiny("cmt")
    model, (query, views, points, valid, _) = built(config), inputs(config)
    out = model(query, views, points, valid)
    elsewhere = torch.where(valid[..., None], points, torch.nan)
    assert (model(query, views, elsewhere, valid).logit == out.logit).all()
    chosen = valid.flatten(1)[:, None].expand(-1, config.grid**2, -1).gather(2, out.candidates.index)
    assert bool(chosen.all())


@pytest.mark.parametrize("name", ["cmt", "cmt-a", "cmt-plus"])
def test_fewer_candidates_than_k(name: str) -> None:
    config = tiny(name)
    model, (query, views, points, valid, projected) = built(config).train(), inputs(config)
    valid = torch.zeros_like(valid)
    valid[0, 0, :3], valid[1, 1, 5] = True, True  # 3, 1 and no candidates
    out = model(query, views, points, valid, projected)
    (out.logit.sum() + out.box.sum()).backward()
    assert bool(out.logit.isfinite().all())
    assert all(bool(p.grad.isfinite().all()) for p in model.parameters() if p.grad is not None)
    if name == "cmt":
        assert out.candidates.allowed.sum((1, 2)).tolist() == [3 * 64, 64, 0]


def test_ground_in_the_photo_can_be_without_candidates() -> None:
    config = tiny("cmt", foreground="both")
    model, (query, views, points, valid, _) = built(config), inputs(config)
    query = torch.ones_like(query)
    query[:, :, 16:48, 24:40] = -0.5
    found = model(query, views, points, valid).candidates.allowed.any(-1)[0].reshape(8, 8)
    expected = torch.zeros(8, 8, dtype=torch.bool)
    expected[2:6, 3:5] = True
    assert bool((found == expected).all())


def test_ranking_by_geometry_asks_for_where_the_reference_falls() -> None:
    config = tiny("cmt-plus")
    with pytest.raises(ValueError, match="ranking by geometry needs `projected`"):
        built(config)(*inputs(config)[:4])


@pytest.mark.parametrize("name", [*ROWS, "released", "cmt-plus"])
def test_every_part_learns(name: str) -> None:
    """All parameters get gradients; the correspondence head only by alignment, if there is any."""
    config = tiny(name)
    model = built(config).train()
    out = model(*inputs(config))
    loss = out.logit.sum() + out.box.sum()
    if out.patch_logits is not None:
        loss = loss + out.patch_logits.sum()
    loss.backward(retain_graph=config.vlfa)
    lacking = {k.split(".")[0] for k, p in model.named_parameters() if p.grad is None} - {"key_networks"}
    # What nothing trains must say so: distributed training waits for the gradients of all else.
    if config.projects:
        assert {p.requires_grad for p in model.projector.parameters()} == {config.vlfa}
    assert lacking == ({"projector"} if config.projects else set())
    if config.vlfa:
        (out.query.sum() + out.views.sum()).backward()
        assert all(p.grad is not None for p in model.projector.parameters())


def test_key_networks_follow_slowly() -> None:
    config = tiny("released", key_momentum=0.9)
    model = built(config).train()
    before = model.key_networks.projector.mlp[0].weight.clone()
    keys = model.key_networks(inputs(config)[0])
    torch.testing.assert_close(keys.norm(dim=-1), torch.ones(BATCH, 64))
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter += 1
    model.follow_keys()
    torch.testing.assert_close(model.key_networks.projector.mlp[0].weight, before + 0.1)
    assert not any(p.requires_grad for p in model.key_networks.parameters())
    assert not any(module.training for module in model.key_networks.modules())
    built(tiny("cmt")).follow_keys()  # has none, and nothing happens


@pytest.mark.parametrize("name", ["cmt", "cmt-plus", "cmt-a"])
def test_bfloat16(name: str) -> None:
    config = tiny(name)
    model, batch = built(config).train(), inputs(config)
    with torch.no_grad():
        exact = model(*batch)
    with torch.autocast("cpu", torch.bfloat16):
        out = model(*batch)
        loss = out.logit.float().sum() + out.box.float().sum()
    loss.backward()
    assert all(bool(p.grad.isfinite().all()) for p in model.parameters() if p.grad is not None)
    torch.testing.assert_close(out.logit.float(), exact.logit, atol=0.1, rtol=0.1)


def test_same_seed_same_model() -> None:
    one, two = (built(tiny("cmt-plus"), 3).state_dict() for _ in range(2))
    assert all(bool((one[name] == two[name]).all()) for name in one)
