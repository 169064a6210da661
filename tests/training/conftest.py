import pytest

from looking3d.dataset.build import build_dataset
from looking3d.dataset.load import Dataset
from looking3d.dataset.recipe import Recipe


@pytest.fixture(scope="session")
def paired(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Three chairs, two to train on, with five views, and photos of another size; not to be changed."""
    out = tmp_path_factory.mktemp("paired") / "set"
    recipe = Recipe(
        count=3,
        photos_per_shape=6,
        renderer="preview",
        image_px=96,
        views=5,
        views_px=64,
        roll_deg=5.0,
        split=(0.6, 0.4, 0.0),
    )
    build_dataset(recipe, out)
    return Dataset.open(out)
