"""How each model of photo and views is trained, by name."""

from __future__ import annotations

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
from looking3d.training.joint import JointLossConfig
from looking3d.training.lfd_model import LfdModel
from looking3d.training.pair_model import CmtModel, PairModel
from looking3d.training.pairs import PairConfig
from looking3d.training.query_model import QueryModel
from looking3d.training.viewpoint_model import ViewpointModel


@dataclass(frozen=True)
class PairRecipe:
    """A model of photo and views, and what it is trained on."""

    build: Callable[[], PairModel]
    """Makes it, with first weights of PyTorch's generator."""

    pairs: PairConfig = field(default_factory=PairConfig)
    """What a training pair holds."""


_TRAINED_BY: dict[type, Callable[..., PairModel]] = {
    QueryResnetConfig: QueryModel,
    VitConfig: QueryModel,
    LfdConfig: LfdModel,
    CmicConfig: CmicModel,
    ViewpointConfig: ViewpointModel,
}


def recipe_of(config: NetworkConfig) -> PairRecipe:
    """How a network of these settings is trained."""
    if isinstance(config, CmtConfig):
        return _cmt(config)
    pairs = PairConfig(config.image_px, config.train_views, estimated_camera=isinstance(config, LfdConfig))
    return PairRecipe(lambda: _TRAINED_BY[type(config)](build_network(config)), pairs)


def _cmt(config: CmtConfig) -> PairRecipe:
    """CMT's: all of the paper's losses, and those of the heads that only some presets have."""
    geometry = config.ranking == "geometry"
    losses = JointLossConfig(
        alignment=float(config.vlfa),
        patch=float(config.patch_head),
        aligned=AlignmentConfig(true_matches=geometry),
    )
    pairs = PairConfig(config.image_px, config.train_views, true_matches=geometry, estimated_camera=geometry)
    return PairRecipe(lambda: CmtModel(Cmt(config), losses), pairs)


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
