"""The pictures of a study, as PNG files whose bytes tell nothing of a label."""

from __future__ import annotations

import functools
import io
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from looking3d.dataset.load import Dataset
from looking3d.dataset.schema import Sample
from looking3d.errors import DatasetError
from looking3d.geometry.camera import orbit_angles
from looking3d.study.subset import Pair, Subset

_KEPT = 64  # references whose views stay in memory, and photos


@dataclass(frozen=True)
class Example:
    """A photo that explains the task.

    Attributes:
        kind: What it shows.
        box: Where, as shares of the photo: left, top, width, height; None if it is normal.
    """

    kind: str
    box: tuple[float, float, float, float] | None


class Pictures:
    """Photos and views, read from the dataset when they are asked for. Any number of threads may use it."""

    def __init__(self, dataset: Dataset, subset: Subset) -> None:
        """Check that all photos are there to be shown.

        Args:
            dataset: Where the subset is from.
            subset: What is judged.

        Raises:
            DatasetError: The dataset is another one, or lacks photos.
        """
        self._dataset, self._subset = dataset, subset
        samples = {(sample.shape_id, sample.photo): sample for sample in dataset.samples}
        wanted = (*subset.pairs, *subset.examples)
        if dataset.fingerprint != subset.dataset or any(_key(pair) not in samples for pair in wanted):
            raise DatasetError(
                f"{dataset.path}: is not the dataset that the subset was chosen from; pass that one as "
                "--data, or name another --database"
            )
        self._samples = samples
        lacking = [pair for pair in wanted if not dataset.photo_path(samples[_key(pair)]).is_file()]
        if lacking:
            raise DatasetError(
                f"{dataset.path}: lacks {len(lacking)} photos of the subset, the first of them "
                f"{lacking[0].shape_id}/{lacking[0].photo}; generate or copy the dataset again"
            )
        self.photo = functools.lru_cache(_KEPT)(self._photo)
        self._views = functools.lru_cache(_KEPT)(self._views_of)

    def views(self, number: int) -> list[bytes]:
        """The grey views that a pair's photo is held against."""
        return self._views(self._subset.pairs[number].shape_id)

    def examples(self) -> list[Example]:
        """What the examples show."""
        return [Example(pair.kind, _place(self._samples[_key(pair)])) for pair in self._subset.examples]

    def example_photo(self, number: int) -> bytes:
        """The photo of an example."""
        return _png(self._dataset.photo(self._samples[_key(self._subset.examples[number])]))

    def example_view(self, number: int) -> bytes:
        """Of the example's reference the view from about where its photo was taken."""
        sample = self._samples[_key(self._subset.examples[number])]
        reference = self._dataset.reference(sample.shape_id)
        angles = np.array([orbit_angles(camera) for camera in reference.cameras])
        off = (angles - [sample.azimuth_rad, sample.elevation_rad] + math.pi) % (2 * math.pi) - math.pi
        return _png(reference.views[int((off**2).sum(1).argmin())])

    def _photo(self, number: int) -> bytes:
        """The photo of a pair."""
        return _png(self._dataset.photo(self._samples[_key(self._subset.pairs[number])]))

    def _views_of(self, shape_id: str) -> list[bytes]:
        return [_png(view) for view in self._dataset.reference(shape_id).views]


def _key(pair: Pair) -> tuple[str, str]:
    return pair.shape_id, pair.photo


def _place(sample: Sample) -> tuple[float, float, float, float] | None:
    if not sample.anomalous:
        return None
    x, y, width, height = sample.box
    across, down = sample.camera.width, sample.camera.height
    return x / across, y / down, width / across, height / down


def _png(image: np.ndarray) -> bytes:
    """Encoded anew, so that nothing but pixels leaves the dataset."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "png")
    return buffer.getvalue()
