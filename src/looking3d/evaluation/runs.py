"""Evaluated runs on disk: the folders that `looking3d evaluate` wrote."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from looking3d.errors import ConfigError, DatasetError
from looking3d.evaluation.predictions import PREDICTIONS, load_predictions, load_settings
from looking3d.evaluation.score import score
from looking3d.files import write_whole

VALIDATION = "validation"
"""Folder, in that of a run, of the predictions of validation photos."""

_SAME = ("weights_sha256", "camera", "reframe", "framing", "views", "top_k", "foreground", "focal_error")
"""Settings that predictions of validation photos must share with those of the run."""


@dataclass(frozen=True)
class Run:
    """An evaluated run; what it holds is read when it is asked for, and then kept.

    Attributes:
        name: What tables call it.
        path: Its predictions.
    """

    name: str
    path: Path

    @cached_property
    def predictions(self) -> dict[str, np.ndarray]:
        """Its predictions."""
        return load_predictions(self.path)

    @cached_property
    def settings(self) -> dict:
        """How they came about."""
        return load_settings(self.path)

    @property
    def validation_path(self) -> Path:
        """Where its predictions of validation photos are, if it has them."""
        return self.path.parent / VALIDATION / PREDICTIONS

    @cached_property
    def validation(self) -> dict[str, np.ndarray] | None:
        """Predictions of validation photos, if it has them.

        Raises:
            DatasetError: They are of another detector, or of the same photos.
        """
        if not self.validation_path.is_file():
            return None
        held = load_predictions(self.validation_path)
        settings = load_settings(self.validation_path)
        for name in _SAME:
            if settings.get(name) != self.settings.get(name):
                raise DatasetError(
                    f"{self.validation_path}: made with another {name.replace('_', ' ')} than {self.path}; "
                    "run looking3d evaluate --validation split again"
                )
        # Ids of shapes may be the same in two datasets.
        if settings.get("dataset_fingerprint") == self.settings.get("dataset_fingerprint") and set(
            held["shape_id"]
        ) & set(self.predictions["shape_id"]):
            raise DatasetError(
                f"{self.validation_path}: holds shapes that are tested, too; a threshold has to be chosen on "
                "other ones"
            )
        return held

    @cached_property
    def figures(self) -> dict:
        """What `score` gives. Scored anew, so that all runs are by the same rules."""
        return score(self.predictions, validation=self.validation)

    def hold_validation(self, predictions: Path | None) -> None:
        """Keep a copy of validation predictions with the run, or none.

        Raises:
            DatasetError: There are none at that path, or they are unreadable.
        """
        if predictions is None:
            # Those of an earlier run would not belong to this one.
            self.validation_path.unlink(missing_ok=True)
        else:
            load_settings(predictions)
            write_whole(self.validation_path, predictions.read_bytes())


def open_run(text: str | Path) -> Run:
    """A run by `FOLDER` or `NAME=FOLDER`; the file of its predictions will do for the folder.

    Raises:
        DatasetError: It holds no predictions, or unreadable ones.
    """
    name, _, folder = str(text).rpartition("=")
    path = predictions_in(Path(folder))
    load_settings(path)
    return Run(name or (path.parent.name if path.name == PREDICTIONS else path.stem), path)


def predictions_in(path: Path) -> Path:
    """The file of predictions of a folder; a file stands for itself."""
    return path if path.suffix == ".parquet" else path / PREDICTIONS


def open_runs(texts: tuple[str, ...]) -> list[Run]:
    """Runs, each with a name of its own.

    Raises:
        ConfigError: There are none, or two have one name.
        DatasetError: One holds no predictions.
    """
    runs = [open_run(text) for text in texts]
    if not runs:
        raise ConfigError("no runs; name folders that `looking3d evaluate` wrote")
    names = [run.name for run in runs]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"two runs are called {name!r}; name them: first=FOLDER second=FOLDER")
    return runs
