from pathlib import Path

import pytest

from looking3d.dataset.build import build_dataset
from looking3d.dataset.recipe import Recipe


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four chairs in three splits, six photos each; not to be changed."""
    out = tmp_path_factory.mktemp("small") / "set"
    recipe = Recipe(
        count=4,
        photos_per_shape=6,
        renderer="preview",
        image_px=64,
        views=5,
        views_px=64,
        odd_reference_share=0.4,
        split=(0.5, 0.25, 0.25),
    )
    build_dataset(recipe, out)
    return out
