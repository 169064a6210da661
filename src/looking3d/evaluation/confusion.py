"""What photos of each kind of anomaly are taken for."""

from __future__ import annotations

import numpy as np

from looking3d.dataset.schema import NORMAL
from looking3d.evaluation.thresholds import THRESHOLD

CALLED_ANOMALOUS = "anomalous"
"""The answer of a detector that names no kinds."""


def confusion(rows: dict[str, np.ndarray], threshold: float = THRESHOLD) -> dict[str, dict[str, int]]:
    """How many photos of each kind got which answer, normal photos first.

    A photo that is called normal is taken for normal; any other for the kind that the detector finds most
    probable, or for `CALLED_ANOMALOUS` if it names none.

    Args:
        rows: Predictions.
        threshold: Probability from which on a photo is called anomalous.
    """
    truth = rows["kind"].astype(str)
    kinds = sorted(set(truth) - {NORMAL})
    # In photos where no object was found no kind is named
    named = np.array([CALLED_ANOMALOUS if kind is None else kind for kind in rows["named_kind"]], str)
    answers = np.where(rows["probability"] >= threshold, named, NORMAL)
    columns = [NORMAL, *sorted((set(named) | set(kinds if names_kinds(rows) else ())) - {NORMAL})]
    return {
        kind: {answer: int(((truth == kind) & (answers == answer)).sum()) for answer in columns}
        for kind in (NORMAL, *kinds)
    }


def names_kinds(rows: dict[str, np.ndarray]) -> bool:
    """Whether the detector tells what kind of anomaly it is."""
    return any(kind is not None for kind in rows["named_kind"])
