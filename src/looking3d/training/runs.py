"""Training runs side by side: what each is, how far it got, and how good it is."""

from __future__ import annotations

import csv
import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from looking3d.errors import CheckpointError
from looking3d.training.run_folder import CONFIG, RunFolder

_STAGES = ("foreground", "camera", "compare", "alignment", "joint")


@dataclass(frozen=True)
class StageSummary:
    """How far a stage got.

    Attributes:
        stage: Its name.
        step: Steps that the log knows of.
        steps: All of them.
        loss: Mean training loss of the last row; NaN without one.
        auroc: Of the last validation; NaN of a stage that detects nothing.
        best_auroc: The highest of all validations, and `best_step` where.
        best_step: See there.
        photos_per_second: Of the last row.
    """

    stage: str
    step: int
    steps: int
    loss: float
    auroc: float
    best_auroc: float
    best_step: int
    photos_per_second: float


@dataclass(frozen=True)
class RunSummary:
    """A run.

    Attributes:
        run: Its folder.
        model: What is trained.
        seed: Its seed.
        data: Names of the datasets.
        finished: Whether its weights are written.
        stages: In order.
    """

    run: Path
    model: str
    seed: int
    data: tuple[str, ...]
    finished: bool
    stages: tuple[StageSummary, ...]

    def as_json(self) -> dict:
        """As plain values; what is no number is None."""
        stages = [
            {name: None if value != value else value for name, value in dataclasses.asdict(stage).items()}
            for stage in self.stages
        ]
        return {**dataclasses.asdict(self), "run": str(self.run), "stages": stages}


def find_runs(paths: Iterable[Path]) -> list[Path]:
    """Folders of runs: those given, and those inside of ones that are no runs themselves.

    Raises:
        CheckpointError: A folder is neither, or there is none.
    """
    runs = []
    for path in paths:
        inside = [path] if (path / CONFIG).is_file() else sorted(c.parent for c in path.glob(f"*/{CONFIG}"))
        if not inside:
            raise CheckpointError(f"{path}: no training run here; start one: looking3d train --out {path}")
        runs += inside
    return runs


def summarize(run: Path) -> RunSummary:
    """A run, from its settings and logs; checkpoints are not opened, so it may be training meanwhile.

    Raises:
        CheckpointError: It is no run, or a damaged one.
    """
    folder = RunFolder(run)
    known = folder.read_config()
    config = known.get("config", {})
    stages = {name: config[name] for name in _STAGES if config.get(name)}
    return RunSummary(
        run,
        config.get("model", "align"),
        config.get("seed", 0),
        tuple(Path(path).name for path in known.get("dataset_paths", ())),
        folder.weights.is_file(),
        tuple(_stage(folder, name, int(settings["steps"])) for name, settings in stages.items()),
    )


def _stage(folder: RunFolder, stage: str, steps: int) -> StageSummary:
    trained, validated = (_rows(folder.log(stage, split)) for split in ("train", "val"))
    last = trained[-1] if trained else {}
    aurocs = [(row["auroc"], int(row["step"])) for row in validated if "auroc" in row]
    best, best_step = max(aurocs, default=(math.nan, 0))
    return StageSummary(
        stage,
        int(last.get("step", 0)),
        steps,
        last.get("loss", math.nan),
        aurocs[-1][0] if aurocs else math.nan,
        best,
        best_step,
        last.get("photos_per_second", math.nan),
    )


def _rows(path: Path) -> list[dict[str, float]]:
    if not path.is_file():
        return []
    with path.open() as file:
        # A row that is being written may lack its end
        return [
            {key: float(value) for key, value in row.items() if value}
            for row in csv.DictReader(file)
            if row.get("step")
        ]
