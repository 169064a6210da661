"""Every model by name: it can learn, it computes the losses of its name, and ablations differ as they say."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from sklearn.metrics import roc_auc_score

from looking3d.dataset.load import Dataset
from looking3d.errors import ConfigError
from looking3d.model.networks import PRESETS
from looking3d.training.cmic_model import CmicLossConfig
from looking3d.training.learner import SCORE
from looking3d.training.numbered_batches import Batch
from looking3d.training.pair_batches import Share, make_batch
from looking3d.training.pair_model import PairModel
from looking3d.training.pairs import PairConfig, PhotoPairs
from looking3d.training.recipes import RECIPES, recipe, recipe_of
from tests.model.tiny_networks import tiny

CMT_LOSSES = {"loss", "classification", "accuracy", "l1", "giou", SCORE}
ALIGNMENT = {"query_view", "query_view_right", "view_view", "view_view_right"}
QUERY_LOSSES = {"loss", "classification", "accuracy", SCORE}
LOSSES = {
    "cmt": CMT_LOSSES | ALIGNMENT,
    "cmt-a": CMT_LOSSES,
    "cmt-b": CMT_LOSSES,
    "cmt-c": CMT_LOSSES | ALIGNMENT,
    "cmt-d": CMT_LOSSES | ALIGNMENT,
    "cmt-letter": CMT_LOSSES | ALIGNMENT,
    "cmt-plus": CMT_LOSSES | {"query_view", "query_view_right", "patch"},
    "released": CMT_LOSSES | ALIGNMENT,
    "resnet18-fpn": QUERY_LOSSES,
    "resnet18-fpn-sa": QUERY_LOSSES,
    "vit": QUERY_LOSSES,
    "vit-box": CMT_LOSSES,
    "lfd": {"loss", "points", "mask", "shapes", "anomaly", "boundary", "accuracy", SCORE},
    "cmic": {"loss", "instance", "anomaly", "boundary", "accuracy", SCORE},
    "resnet18-viewpoint": {"loss", "top1"},
}
STEPS, RATE = 200, 3e-3


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recipes")


def built(name: str) -> PairModel:
    torch.manual_seed(0)
    return recipe_of(tiny(name)).build()


def batch_of(name: str, size: int, paired: Dataset, cache: Path) -> Batch:
    # Photos share references, so that a batch has few views to look at
    config = replace(recipe_of(tiny(name)).pairs, photos_per_reference=min(size, 8))
    return make_batch(PhotoPairs([paired], "train", config, 0, cache), 0, Share(size))


@torch.no_grad()
def knows(model: PairModel, batch: Batch) -> bool:
    """Whether it ranks all photos of the batch right, as it would when it judges."""
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            # What testing normalises by follows training slowly; here it is what this batch says now
            module.reset_running_stats()
            module.momentum = None
    model.train()
    model(batch)
    out = model.eval()(batch)
    model.train()
    if SCORE not in out:
        return float(out["top1"]) == 1
    return float(roc_auc_score(batch["label"], out[SCORE])) == 1


@pytest.mark.parametrize(
    "name", [pytest.param("cmt", marks=pytest.mark.slow), *sorted(LOSSES.keys() - {"cmt", "released"})]
)
def test_a_batch_is_learnt_by_heart(name: str, paired: Dataset, cache: Path) -> None:
    model, batch = built(name), batch_of(name, 32, paired, cache)
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], RATE)
    for step in range(STEPS):
        loss = model(batch)["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        model.after_step()
        if step % 5 == 4 and knows(model, batch):
            return
    pytest.fail(f"{name}: does not know its batch after {STEPS} steps, loss {loss.item():.3f}")


@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_those_of_the_name_and_train_all_that_trains(
    name: str, paired: Dataset, cache: Path
) -> None:
    model = built(name)
    out = model(batch_of(name, 4, paired, cache))
    assert out.keys() == LOSSES[name]
    if SCORE in out:
        assert out[SCORE].shape == (4,)
    out["loss"].backward()
    idle = {
        key for key, value in model.network.named_parameters() if value.requires_grad and value.grad is None
    }
    assert idle == set()


def test_ablations_differ_from_cmt_by_what_they_say() -> None:
    def parts(name: str) -> dict[str, tuple[tuple[int, ...], bool]]:
        named = built(name).network.named_parameters()
        return {key: (tuple(value.shape), value.requires_grad) for key, value in named}

    whole = parts("cmt")
    gone = {"cmt-a": {"projector", "position"}, "cmt-b": {"position"}, "cmt-c": {"position"}}
    for name, lacking in {**gone, "cmt-d": {"position"}}.items():
        ours = parts(name)
        assert {key.split(".")[0] for key in whole.keys() - ours.keys()} == lacking
        assert ours.keys() <= whole.keys()
        changed = {key for key in ours if ours[key] != whole[key]}
        # Without 3DPE half of what a block reduces is gone; without VLFA nothing trains the projector
        reduced = {"blocks.0.reduce.weight", "blocks.1.reduce.weight"}
        frozen = {key for key in ours if key.startswith("projector") and name == "cmt-b"}
        assert changed == reduced | frozen
        assert not any(ours[key][1] for key in frozen)
        assert RECIPES[name].pairs == RECIPES["cmt"].pairs


def test_every_preset_has_a_recipe_with_pairs_of_its_size() -> None:
    assert RECIPES.keys() == PRESETS.keys()
    full = {name for name in RECIPES if not name.endswith("small")}
    assert set(LOSSES) == full - {"paper"}  # which is another name of cmt
    for name, config in PRESETS.items():
        assert (RECIPES[name].pairs.size_px, RECIPES[name].pairs.views) == (
            config.image_px,
            config.train_views,
        )
    assert [name for name in LOSSES if RECIPES[name].pairs.estimated_camera] == ["cmt-plus", "lfd"]
    assert RECIPES["vit"].pairs == PairConfig(views=1)


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(ConfigError, match="unknown model 'lgd'; choose one of: cmic, cmic-small, cmt, "):
        recipe("lgd")
    assert recipe("lfd") is RECIPES["lfd"]


def test_bad_weights_of_cmic_are_refused() -> None:
    with pytest.raises(ConfigError, match="temperature: expected more than 0, got 0"):
        CmicLossConfig(temperature=0)
    with pytest.raises(ConfigError, match=r"margin: expected 0 or more, got -0\.1"):
        CmicLossConfig(margin=-0.1)
