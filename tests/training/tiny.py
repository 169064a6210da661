"""Recipes for networks that compute in no time; and, as a script, a training by several processes."""

import dataclasses
import sys
from pathlib import Path

from looking3d.dataset.load import Dataset
from looking3d.training import recipes
from looking3d.training.config import StageConfig
from looking3d.training.pair_model import PairModel
from looking3d.training.recipes import PairRecipe
from tests.model.tiny_networks import tiny as tiny_network

NAMES = ("cmt", "cmt-a", "cmt-plus")


def tiny(name: str) -> PairRecipe:
    """The recipe of a preset whose layers are narrow."""
    return recipes.recipe_of(tiny_network(name, blocks=1, top_k=4, train_views=3))


def few_steps(**settings: object) -> StageConfig:
    """How they are trained."""
    few = {"steps": 4, "batch": 2, "learning_rate": 1e-3, "warmup": 2, "ema": 0.5}
    return StageConfig(**{**few, "validate_every": 2, "validation_batches": 2, **settings})


def in_double(recipe: PairRecipe) -> PairRecipe:
    """The recipe, computed in double precision: of gradients that should be 0, AdamW makes whole steps."""

    def build() -> PairModel:
        learner = recipe.build().double()
        learner.register_forward_pre_hook(
            lambda _, given: ({k: v.double() if v.is_floating_point() else v for k, v in given[0].items()},)
        )
        return learner

    return dataclasses.replace(recipe, build=build)


if __name__ == "__main__":
    from looking3d.model.query import normalized
    from looking3d.training import pair_batches
    from looking3d.training.train_pairs import PairTrainConfig, train_pairs

    pair_batches.normalized = lambda images: normalized(images).double()
    data, out, batch, accumulate = sys.argv[1:]
    for model in NAMES:
        recipes.RECIPES[model] = in_double(tiny(model))
        joint = few_steps(steps=5, batch=int(batch), accumulate=int(accumulate), validate_every=5)
        train_pairs([Dataset.open(Path(data))], Path(out) / model, PairTrainConfig(model, joint))
