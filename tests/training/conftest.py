import pytest

from looking3d.dataset.load import Dataset
from tests.samples import small_dataset


@pytest.fixture(scope="session")
def paired(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Three chairs, two to train on, with five views, and photos of another size; not to be changed."""
    folder = tmp_path_factory.mktemp("paired")
    return Dataset.open(
        small_dataset(folder, photos_per_shape=6, image_px=96, views=5, roll_deg=5.0, split=(0.6, 0.4, 0.0))
    )
