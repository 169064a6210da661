"""Whether two detectors together tell anomalies better than the better one alone.

Their log odds are joined by logistic regression, fitted on four fifths of the shapes and judged on the
rest, in turns; so the joint probability is calibrated, too.

    looking3d evaluate --data data --weights align --out one
    looking3d evaluate --data data --weights run-of-cmt-plus --out two
    python benchmarks/combination.py one two
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
from rich.console import Console
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict

from looking3d.evaluation.compare import compare
from looking3d.evaluation.predictions import PREDICTIONS, load_predictions
from looking3d.evaluation.score import ordered

FOLDS = 5
CLIPPED = 1e-6


@dataclass(frozen=True)
class Settings:
    """What to join."""

    first: Annotated[Path, tyro.conf.Positional]
    """Folder of `looking3d evaluate`."""

    second: Annotated[Path, tyro.conf.Positional]
    """Another, of the same photos."""


def main(settings: Settings) -> None:
    """Join, and compare with each alone."""
    runs = [ordered(load_predictions(folder / PREDICTIONS)) for folder in (settings.first, settings.second)]
    log_odds = np.stack([_log_odds(run["probability"]) for run in runs], 1)
    joint = cross_val_predict(
        LogisticRegression(),
        log_odds,
        runs[0]["anomalous"].astype(bool),
        groups=runs[0]["shape_id"],
        cv=GroupKFold(FOLDS),
        method="predict_proba",
    )[:, 1]
    together = {**runs[0], "probability": joint}
    console = Console()
    for folder, run in zip((settings.first, settings.second), runs, strict=True):
        found = compare(together, run)["AUROC"]
        assert found.interval is not None
        low, high = found.interval
        console.print(
            f"together {found.first:.4f}, {folder.name} alone {found.second:.4f}: "
            f"{found.difference:+.4f} ({low:+.4f} to {high:+.4f})"
        )


def _log_odds(probability: np.ndarray) -> np.ndarray:
    p = np.clip(probability.astype(np.float64), CLIPPED, 1 - CLIPPED)
    return np.log(p / (1 - p))


if __name__ == "__main__":
    main(tyro.cli(Settings))
