"""How each model of photo and views is trained, by name."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass, field

from looking3d.errors import unknown_name
from looking3d.model.baselines.cmic import CmicConfig
from looking3d.model.baselines.lfd import LfdConfig
from looking3d.model.baselines.query_only import QueryResnetConfig, VitConfig
from looking3d.model.baselines.viewpoint import ViewpointConfig
from looking3d.model.cmt.cmt import Cmt
from looking3d.model.cmt.config import CmtConfig
from looking3d.model.networks import PRESETS, NetworkConfig, build_network
from looking3d.training.alignment import AlignmentConfig
from looking3d.training.cmic_model import CmicModel
from looking3d.training.config import StageConfig
from looking3d.training.joint import JointLossConfig
from looking3d.training.lfd_model import LfdModel
from looking3d.training.pair_model import CmtModel, PairModel
from looking3d.training.pairs import PairConfig
from looking3d.training.query_model import QueryModel
from looking3d.training.viewpoint_model import ViewpointModel

PAPER_STAGE = StageConfig(
    steps=87_500,
    batch=8,
    learning_rate=2e-5,
    final_rate=1.0,
    weight_decay=0.0,
    betas=(0.0, 0.999),
    clip=math.inf,
    warmup=0,
    ema=0.0,
    validation_batches=128,
)
"""The paper's: 20 epochs of 140,000 photos in batches of 32, which are 8 on each of 4 processes."""

LAPTOP_STAGE = StageConfig(
    steps=8_000,
    batch=16,
    learning_rate=7e-4,
    warmup=300,
    clip=math.inf,
    validate_every=500,
    validation_batches=32,
)
"""128,000 photos, which two cores see in hours."""


@dataclass(frozen=True)
class PairRecipe:
    """A model of photo and views, and how it is trained."""

    build: Callable[[], PairModel]
    """Makes it, with first weights of PyTorch's generator."""

    pairs: PairConfig = field(default_factory=PairConfig)
    """What a training pair holds."""

    joint: StageConfig = LAPTOP_STAGE
    """How all its losses together are trained, unless told otherwise."""


_TRAINED_BY: dict[type, Callable[..., PairModel]] = {
    QueryResnetConfig: QueryModel,
    VitConfig: QueryModel,
    LfdConfig: LfdModel,
    CmicConfig: CmicModel,
    ViewpointConfig: ViewpointModel,
}

_PLUS_LOSSES = JointLossConfig(
    alignment=0.25,
    l1=1.0,
    giou=0.4,
    patch=4.0,
    aligned=AlignmentConfig(balance=1.0, view_view=False, true_matches=True),
)
"""Those of candidates by geometry: the patches teach most, and features are not made alike at the cost of
what tells them apart."""


def recipe_of(config: NetworkConfig) -> PairRecipe:
    """How a network of these settings is trained."""
    stage = LAPTOP_STAGE if config.image_px < CmtConfig.image_px else PAPER_STAGE
    if isinstance(config, CmtConfig):
        return _cmt(config, stage)
    pairs = PairConfig(config.image_px, config.train_views, estimated_camera=isinstance(config, LfdConfig))
    return PairRecipe(lambda: _TRAINED_BY[type(config)](build_network(config)), pairs, stage)


def _cmt(config: CmtConfig, stage: StageConfig) -> PairRecipe:
    """CMT's: all of the paper's losses, or those of candidates by geometry."""
    geometry = config.ranking == "geometry"
    losses = _PLUS_LOSSES if geometry else JointLossConfig(alignment=float(config.vlfa))
    losses = dataclasses.replace(losses, patch=losses.patch or 1.0) if config.patch_head else losses
    pairs = PairConfig(config.image_px, config.train_views, true_matches=geometry, estimated_camera=geometry)
    return PairRecipe(lambda: CmtModel(Cmt(config), losses), pairs, stage)


RECIPES: dict[str, PairRecipe] = {name: recipe_of(config) for name, config in PRESETS.items()}
"""By the names of the paper's tables and of CMT's presets; `-small` is each at the size of a laptop."""


def recipe(name: str) -> PairRecipe:
    """The recipe of this name.

    Raises:
        ConfigError: There is none.
    """
    if name not in RECIPES:
        raise unknown_name("model", name, RECIPES)
    return RECIPES[name]
