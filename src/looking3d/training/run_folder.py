"""The folder of a training run: its settings, and of each stage a log and a checkpoint."""

from __future__ import annotations

import csv
import json
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save

import looking3d
from looking3d.dataset.load import Dataset
from looking3d.errors import CheckpointError
from looking3d.files import whole, write_whole
from looking3d.model.stored_weights import read_tensors

CONFIG = "config.json"
WEIGHTS = "weights.safetensors"
_FORMAT = "looking3d-run-2"


@dataclass(frozen=True)
class RunFolder:
    """Where the files of a run are.

    Attributes:
        path: The folder.
    """

    path: Path

    @property
    def weights(self) -> Path:
        """The finished weights."""
        return self.path / WEIGHTS

    def checkpoint(self, stage: str) -> Path:
        """What a stage goes on from."""
        return self.path / f"checkpoint-{stage}.pt"

    def log(self, stage: str, split: str) -> Path:
        """Figures of a stage, a row every so many steps."""
        return self.path / f"log-{stage}-{split}.csv"

    def claim(self, settings: dict, datasets: list[Dataset]) -> None:
        """Make the folder this run's, or find that it is.

        Args:
            settings: What a run that goes on must have been started with, as JSON values.
            datasets: What it is trained on.

        Raises:
            CheckpointError: It holds a run of other settings or on other data, or something else.
        """
        mine = {
            "format": _FORMAT,
            "config": json.loads(json.dumps(settings)),
            "datasets": [dataset.fingerprint for dataset in datasets],
        }
        if (self.path / CONFIG).is_file():
            there = self.read_config()
            for key, value in mine.items():
                if there.get(key) != value:
                    raise CheckpointError(
                        f"{self.path}: holds a run with another {key}; choose another --out, or give the "
                        "same settings"
                    )
            return
        if self.path.exists() and not self.path.is_dir():
            raise CheckpointError(f"{self.path}: is a file; choose another --out")
        if self.path.exists() and any(self.path.iterdir()):
            raise CheckpointError(f"{self.path}: is not empty and holds no run; choose another --out")
        self.path.mkdir(parents=True, exist_ok=True)
        paths = [str(dataset.path) for dataset in datasets]
        known = {**mine, "versions": _versions(), "dataset_paths": paths}
        with whole(self.path / CONFIG) as temporary:
            temporary.write_text(json.dumps(known, indent=1) + "\n")

    def read_config(self) -> dict[str, Any]:
        """What `claim` wrote.

        Raises:
            CheckpointError: The folder holds no run, or a damaged one.
        """
        path = self.path / CONFIG
        if not path.is_file():
            raise CheckpointError(f"{self.path}: holds no training run; start one: looking3d train")
        try:
            return json.loads(path.read_text())
        except ValueError as error:
            raise CheckpointError(f"{path}: not valid JSON ({error}); choose another --out") from error

    def save(self, stage: str, state: dict) -> None:
        """Write a checkpoint; the one before stays whole until this one is.

        Raises:
            CheckpointError: It cannot be written.
        """
        path = self.checkpoint(stage)
        try:
            with whole(path) as temporary:
                torch.save(state, temporary)
        except (OSError, RuntimeError) as error:  # a full disk is a RuntimeError of PyTorch's
            reason = (str(error).splitlines() or [type(error).__name__])[0][:120]
            raise CheckpointError(
                f"{path}: cannot be written ({reason}); free space, and the same command goes on from the "
                "checkpoint before"
            ) from error

    def load(self, stage: str, device: str | torch.device = "cpu") -> dict[str, Any]:
        """A stage's checkpoint.

        Raises:
            CheckpointError: There is none, or a damaged one.
        """
        path = self.checkpoint(stage)
        if not path.is_file():
            raise CheckpointError(f"{path}: no such checkpoint; train the stage {stage} first")
        try:
            return torch.load(path, map_location=device, weights_only=True)
        except Exception as error:  # torch.load raises whatever the damage provokes
            reason = (str(error).splitlines() or ["no reason given"])[0][:120]
            raise CheckpointError(f"{path}: damaged; remove it to train the stage anew ({reason})") from error

    def keep_start(self, weights: dict[str, torch.Tensor]) -> None:
        """Keep the weights that the run starts from, for the networks that it does not train."""
        if not self.start.is_file():
            write_whole(self.start, save({name: tensor.contiguous() for name, tensor in weights.items()}))

    def load_start(self) -> dict[str, torch.Tensor] | None:
        """What `keep_start` kept; None if the run starts from nothing.

        Raises:
            CheckpointError: It is damaged.
        """
        return read_tensors(self.start, lambda header: None)[1] if self.start.is_file() else None

    @property
    def start(self) -> Path:
        """Where `keep_start` keeps them."""
        return self.path / "start.safetensors"

    def cameras(self, split: str, dataset: Dataset) -> Path:
        """The cameras that were found for a split of a dataset."""
        return self.path / f"cameras-{split}-{dataset.fingerprint}.jsonl"

    def steps_done(self, stages: tuple[str, ...]) -> dict[str, int]:
        """Steps of the checkpoint of each stage that has one."""
        return {stage: int(self.load(stage)["step"]) for stage in stages if self.checkpoint(stage).is_file()}

    def append_log(self, stage: str, split: str, step: int, row: dict[str, float]) -> None:
        """Add a row of figures."""
        path = self.log(stage, split)
        fresh = not path.is_file()
        with path.open("a", newline="") as file:
            writer = csv.writer(file)
            if fresh:
                writer.writerow(["step", *row])
            writer.writerow([step, *(f"{value:.6g}" for value in row.values())])

    def forget_later_rows(self, stage: str, step: int) -> None:
        """Drop log rows after a checkpoint: a killed run had got farther than it had saved."""
        for split in ("train", "val"):
            path = self.log(stage, split)
            if path.is_file():
                header, *rows = path.read_text().splitlines()
                kept = [row for row in rows if int(row.split(",")[0]) <= step]
                path.write_text("\n".join([header, *kept]) + "\n")


def _versions() -> dict[str, str]:
    commit = subprocess.run(
        ["git", "-C", str(Path(looking3d.__file__).parent), "rev-parse", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "looking3d": looking3d.__version__,
        "commit": commit.stdout.strip() if commit.returncode == 0 else "",
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
