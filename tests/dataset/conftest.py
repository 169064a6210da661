from pathlib import Path

import pytest

from tests.samples import small_dataset


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four chairs in three splits, six photos each; not to be changed."""
    return small_dataset(
        tmp_path_factory.mktemp("small"),
        count=4,
        photos_per_shape=6,
        views=5,
        odd_reference_share=0.4,
        split=(0.5, 0.25, 0.25),
    )
