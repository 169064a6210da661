"""What a detector says of the photos that people judged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from looking3d.errors import DatasetError
from looking3d.evaluation.predictions import load_predictions, load_settings
from looking3d.study.subset import Pair, Subset

_NAMED = 3  # photos that a message names


@dataclass(frozen=True, eq=False)
class ModelAnswers:
    """A detector's answers.

    Attributes:
        name: Of its weights, and how it got the camera.
        path: The file.
        probability: (n,) for each pair of the subset, that it is anomalous.
    """

    name: str
    path: str
    probability: np.ndarray


def load_answers(path: Path, subset: Subset) -> ModelAnswers:
    """Of a predictions.parquet the rows of a subset.

    Raises:
        DatasetError: The file is missing or damaged, of another dataset, or lacks photos of the subset.
    """
    rows, settings = load_predictions(path), load_settings(path)
    fingerprint = settings.get("dataset_fingerprint", subset.dataset)
    if fingerprint != subset.dataset:
        raise DatasetError(
            f"{path}: is of the dataset {fingerprint}, the subset of {subset.dataset}; run looking3d "
            f"evaluate on the study's dataset, --split {subset.split}"
        )
    places = {key: i for i, key in enumerate(zip(rows["shape_id"], rows["photo"]))}
    lacking = [pair for pair in subset.pairs if (pair.shape_id, pair.photo) not in places]
    if lacking:
        raise DatasetError(
            f"{path}: lacks {len(lacking)} of the {len(subset.pairs)} photos of the subset "
            f"({_names(lacking)}); run looking3d evaluate on the study's dataset, --split {subset.split}"
        )
    chosen = np.array([places[pair.shape_id, pair.photo] for pair in subset.pairs])
    wrong = [
        pair for pair, label in zip(subset.pairs, rows["anomalous"][chosen]) if pair.anomalous != bool(label)
    ]
    if wrong:
        raise DatasetError(
            f"{path}: labels {len(wrong)} photos otherwise than the subset ({_names(wrong)}); run looking3d "
            "evaluate on the study's dataset again"
        )
    name = str(settings.get("weights", path.parent.name))
    camera = settings.get("camera", "estimated")
    return ModelAnswers(
        name if camera == "estimated" else f"{name}, camera {camera}",
        str(path),
        rows["probability"][chosen].astype(float),
    )


def _names(pairs: list[Pair]) -> str:
    names = ", ".join(f"{pair.shape_id}/{pair.photo}" for pair in pairs[:_NAMED])
    return names if len(pairs) <= _NAMED else f"{names} and {len(pairs) - _NAMED} more"
