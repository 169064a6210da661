"""Which photos of an evaluated run are drawn."""

from __future__ import annotations

import numpy as np

from looking3d.dataset.load import Dataset
from looking3d.dataset.schema import Sample
from looking3d.errors import ConfigError, DatasetError
from looking3d.evaluation.runs import Run
from looking3d.model.pair_views import spread


def samples_of(run: Run, dataset: Dataset) -> dict[tuple[str, str], Sample]:
    """The samples of a dataset by shape and photo.

    Raises:
        DatasetError: The run is of another dataset.
    """
    if run.settings.get("dataset_fingerprint") != dataset.fingerprint:
        raise DatasetError(
            f"{run.path}: judged another dataset ({run.settings.get('dataset')}) than {dataset.path}"
        )
    return {(sample.shape_id, sample.photo): sample for sample in dataset.samples}


def samples_as_judged(run: Run, dataset: Dataset) -> dict[tuple[str, str], Sample]:
    """`samples_of` a run whose boxes and maps lie where they do in the dataset's photos.

    Raises:
        ConfigError: The photos were framed otherwise than the dataset has them.
        DatasetError: The run is of another dataset.
    """
    if run.settings.get("reframe"):
        raise ConfigError(f"{run.path}: of photos framed otherwise; draw a run without --reframe")
    return samples_of(run, dataset)


def number_of(photo: str, run: Run, rows: dict[str, np.ndarray]) -> int:
    """The row of a photo.

    Args:
        photo: SHAPE/PHOTO.
        run: What it is a photo of.
        rows: The run's predictions.

    Raises:
        ConfigError: There is no such photo.
    """
    names = [f"{shape}/{name}" for shape, name in zip(rows["shape_id"], rows["photo"], strict=True)]
    if photo not in names:
        raise ConfigError(f"photo: {run.path} has none called {photo!r}; choose one as {names[0]}")
    return names.index(photo)


def taking_turns(kinds: np.ndarray, count: int) -> list[int]:
    """Numbers of photos: the kinds, sorted, take turns, and each is gone through in even steps.

    Args:
        kinds: Of the photos, in order.
        count: How many, at most.
    """
    of_kind = [np.flatnonzero(kinds == kind) for kind in sorted(set(kinds))]
    count = min(count, len(kinds))
    wanted = [0] * len(of_kind)
    turn = 0
    while sum(wanted) < count:
        kind = turn % len(of_kind)
        wanted[kind] += wanted[kind] < len(of_kind[kind])
        turn += 1
    even = [numbers[spread(len(numbers), n)] for numbers, n in zip(of_kind, wanted) if n]
    return [int(numbers[i]) for i in range(max(wanted)) for numbers in even if i < len(numbers)]
