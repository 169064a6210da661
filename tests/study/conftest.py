"""A dataset of a few shapes, and studies of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from looking3d.dataset.load import Dataset
from looking3d.dataset.schema import Masks, Sample
from looking3d.geometry.camera import orbit
from looking3d.study.judgements import Judgements
from looking3d.study.subset import Pair, Subset
from tests.samples import small_dataset

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from looking3d.study.answers import Answers


@dataclass(frozen=True, eq=False)
class LabelsAlone(Dataset):
    """A dataset that has labels and no files; the family of a shape is what its id begins with."""

    fingerprint: str = "0123456789abcdef"
    rejections = {}  # noqa: RUF012 - what the base class has as a property

    def reference(self, shape_id: str) -> SimpleNamespace:
        return SimpleNamespace(family=shape_id.split("_")[0])

    def photo_path(self, sample: Sample) -> Path:
        raise NotImplementedError

    def masks(self, sample: Sample) -> Masks:
        raise NotImplementedError


def sample(shape_id: str, number: int, kind: str, split: str = "test") -> Sample:
    camera = orbit(0.5, 0.4, 64)
    return Sample(
        *(shape_id, split, f"photos/{number:03d}_{kind}.png", kind, "", "", 0.0, 0, (0, 0, 0, 0), False),
        *("preview", 0.5, 0.4, 0, camera),
    )


@pytest.fixture(scope="session")
def labels_alone() -> Callable[..., LabelsAlone]:
    """Makes datasets of so many photos a shape of each kind."""

    def make(shapes: list[str], kinds: dict[str, int], split: str = "test") -> LabelsAlone:
        names = [kind for kind, count in kinds.items() for _ in range(count)]
        samples = tuple(sample(id, i, kind, split) for id in shapes for i, kind in enumerate(names))
        return LabelsAlone(Path("some/data"), samples, {"train": (), "val": (), split: tuple(shapes)})

    return make


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset with files: six photos of each of three chairs, all in the split `test`."""
    folder = tmp_path_factory.mktemp("made")
    return small_dataset(folder, photos_per_shape=6, views=3, views_px=48, image_px=64, split=(0.0, 0.0, 1.0))


@pytest.fixture
def subset() -> Subset:
    """Two photos of each of four shapes, the second one anomalous."""
    kinds = ("missing", "broken", "missing", "broken")
    pairs = [
        Pair(f"s{i}", f"photos/{kind}.png", kind) for i, odd in enumerate(kinds) for kind in ("normal", odd)
    ]
    return Subset("0123456789abcdef", "test", 0, tuple(pairs))


@pytest.fixture(scope="session")
def judged() -> Callable[..., Judgements]:
    """Makes judgements of (participant, pair, answer, milliseconds)."""

    def make(rows: list[tuple[int, int, bool, float]], asked: int, *idle: int) -> Judgements:
        participant, pair, anomalous, milliseconds = (np.array(column) for column in zip(*rows, strict=True))
        everybody = np.array(sorted({*participant.tolist(), *idle}))
        return Judgements(everybody, asked, participant, pair, anomalous.astype(bool), milliseconds)

    return make


@dataclass(frozen=True)
class Opened:
    """A study that runs in this process."""

    path: Path
    subset: Subset
    answers: Answers
    new_client: Callable[[], TestClient]


@pytest.fixture
def open_study(made: Path, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Opens studies of 12 photos, four a participant; the arguments are settings."""
    from fastapi.testclient import TestClient

    from looking3d.study.config import StudyConfig
    from looking3d.study.server import opened

    closing = []

    def start(**settings: object) -> Opened:
        chosen = {"data": made, "database": tmp_path / "study.sqlite", "subset": 12, "pairs": 4}
        config = StudyConfig(**chosen | settings)
        study, app = opened(config)
        closing.append(study.answers)
        return Opened(
            config.database,
            study.draws.subset,
            study.answers,
            lambda: TestClient(app, raise_server_exceptions=False, follow_redirects=False),
        )

    yield start
    for answers in closing:
        answers.close()
