"""The photos that a study is about: chosen once, written down, the same for people and for models."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from looking3d.dataset.load import Dataset
from looking3d.dataset.schema import NORMAL, Sample, json_bytes, read_json
from looking3d.errors import ConfigError, DatasetError
from looking3d.files import write_whole

FORMAT = "looking3d-study-subset"
FORMAT_VERSION = 1


@dataclass(frozen=True)
class Pair:
    """A photo, and the reference that it is held against.

    Attributes:
        shape_id: The reference.
        photo: As the dataset names it.
        kind: `normal`, or the kind of the anomaly.
    """

    shape_id: str
    photo: str
    kind: str

    @property
    def anomalous(self) -> bool:
        """Whether the photo shows an anomaly."""
        return self.kind != NORMAL


@dataclass(frozen=True)
class Subset:
    """The photos of a study.

    Attributes:
        dataset: Fingerprint of the dataset.
        split: They are of.
        seed: They were chosen by.
        pairs: In an order that tells nothing of their labels.
        examples: Photos that explain the task, one a kind as far as there are any; none is in `pairs`.
    """

    dataset: str
    split: str
    seed: int
    pairs: tuple[Pair, ...]
    examples: tuple[Pair, ...] = ()

    @cached_property
    def labels(self) -> np.ndarray:
        """(n,) bool, which of the pairs are anomalous."""
        return np.array([pair.anomalous for pair in self.pairs])

    @cached_property
    def digest(self) -> str:
        """16 letters that change when any pair does."""
        text = json.dumps([self.dataset, [dataclasses.astuple(pair) for pair in self.pairs]])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        head = {"format": FORMAT, "version": FORMAT_VERSION, "digest": self.digest}
        write_whole(path, json_bytes({**head, **dataclasses.asdict(self)}))

    @staticmethod
    def load(path: Path) -> Subset:
        """The subset that `save` wrote.

        Raises:
            DatasetError: The file is missing, damaged, changed, or none of a subset.
        """
        advice = "name the --database that it lies beside"
        data = read_json(path, advice)
        if (data.get("format"), data.get("version")) != (FORMAT, FORMAT_VERSION):
            raise DatasetError(f"{path}: expected format {FORMAT} version {FORMAT_VERSION}; {advice}")
        try:
            pairs, examples = (tuple(Pair(**row) for row in data[name]) for name in ("pairs", "examples"))
            subset = Subset(data["dataset"], data["split"], data["seed"], pairs, examples)
        except (KeyError, TypeError) as error:
            raise DatasetError(f"{path}: not a whole subset ({error}); {advice}") from error
        if subset.digest != data.get("digest"):
            raise DatasetError(f"{path}: was changed after the study began; put it back as it was")
        return subset


def choose_subset(dataset: Dataset, split: str, count: int, seed: int) -> Subset:
    """Draw photos: as many normal as anomalous ones, as many of each kind, spread over families and shapes.

    What a class or a kind lacks, the others make up for.

    Args:
        dataset: Where they are from.
        split: Its part that they are from.
        count: How many.
        seed: Of the draw.

    Raises:
        DatasetError: The split is empty or has one class alone.
        ConfigError: It has fewer photos.
    """
    samples = dataset.split(split)
    _check(dataset, split, samples, count)
    generator = np.random.default_rng([seed, count])
    by_kind: dict[str, list[Sample]] = {}
    # Sorted, so that the order of a dataset's rows changes nothing.
    for sample in sorted(samples, key=lambda sample: (sample.shape_id, sample.photo)):
        by_kind.setdefault(sample.kind, []).append(sample)
    kinds = sorted(kind for kind in by_kind if kind != NORMAL)
    counts = [len(by_kind[kind]) for kind in kinds]
    of_normal, of_anomalous = shares(count, [len(by_kind[NORMAL]), sum(counts)])
    spread = _Spread(dataset, samples, generator)
    chosen = spread.take(by_kind[NORMAL], of_normal)
    for kind, of_kind in zip(kinds, shares(of_anomalous, counts)):
        chosen += spread.take(by_kind[kind], of_kind)
    order = generator.permutation(len(chosen))
    return Subset(
        dataset.fingerprint,
        split,
        seed,
        tuple(_pair(chosen[i]) for i in order),
        tuple(_pair(sample) for sample in _examples(dataset, split, chosen, generator)),
    )


def shares(count: int, available: Sequence[int]) -> list[int]:
    """How many each of several groups gives, as even as what they have allows; earlier ones round up.

    Args:
        count: In all; at most what is available.
        available: Of each group.
    """
    given = [0] * len(available)
    for _ in range(count):
        open_ = [i for i, most in enumerate(available) if given[i] < most]
        given[min(open_, key=lambda i: (given[i], i))] += 1
    return given


def _check(dataset: Dataset, split: str, samples: list[Sample], count: int) -> None:
    anomalous = sum(sample.anomalous for sample in samples)
    if anomalous in (0, len(samples)):
        only = "anomalous" if anomalous else "normal"
        raise DatasetError(
            f"{dataset.path}: the split {split!r} has {only} photos alone; a study needs both classes"
        )
    if count > len(samples):
        raise ConfigError(
            f"subset: expected at most the {len(samples)} photos of the split {split!r}, got {count}; "
            f"pass --subset {len(samples)} or fewer"
        )


class _Spread:
    """Takes samples of the families, and in them the shapes, of which the fewest were taken so far."""

    def __init__(self, dataset: Dataset, samples: list[Sample], generator: np.random.Generator) -> None:
        self._shapes = {id: i for i, id in enumerate(sorted({sample.shape_id for sample in samples}))}
        families = [dataset.reference(id).family for id in self._shapes]
        _, self._family_of = np.unique(families, return_inverse=True)
        self._taken = np.zeros(len(self._shapes), int)
        self._generator = generator

    def take(self, samples: list[Sample], count: int) -> list[Sample]:
        """So many of the samples; among equals chance decides."""
        shape = np.array([self._shapes[sample.shape_id] for sample in samples], int)
        luck = self._generator.random(len(samples))
        free = np.ones(len(samples), bool)
        chosen = []
        for _ in range(count):
            of_family = np.bincount(self._family_of, self._taken)[self._family_of[shape]]
            best = int(np.lexsort((luck, self._taken[shape], of_family, ~free))[0])
            free[best] = False
            self._taken[shape[best]] += 1
            chosen.append(samples[best])
        return chosen


def _examples(
    dataset: Dataset, split: str, chosen: list[Sample], generator: np.random.Generator
) -> list[Sample]:
    """A photo of each kind: of other splits if they have one, else of those that were not chosen."""
    taken = {(sample.shape_id, sample.photo) for sample in chosen}
    left = [sample for sample in dataset.samples if (sample.shape_id, sample.photo) not in taken]
    left.sort(key=lambda sample: (sample.shape_id, sample.photo))
    mixed = [left[i] for i in generator.permutation(len(left))]
    mixed.sort(key=lambda sample: sample.split == split)
    first = {sample.kind: sample for sample in reversed(mixed)}
    return [first[kind] for kind in sorted(first, key=lambda kind: (kind != NORMAL, kind))]


def _pair(sample: Sample) -> Pair:
    return Pair(sample.shape_id, sample.photo, sample.kind)
