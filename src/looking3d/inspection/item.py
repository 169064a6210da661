"""One verdict for an item from several photos of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from looking3d.errors import ConfigError
from looking3d.inspection.photo_quality import Trust
from looking3d.inspection.result import Failure, Inspection, ThresholdSource, Verdict
from looking3d.inspection.words import count_of
from looking3d.model.concerned_part import ConcernedPart
from looking3d.shapes.source_file import shown

WEIGHTS: dict[Trust, float] = {"high": 1.0, "medium": 0.5, "low": 0.25}
"""How much a photo counts, by how far it can be trusted. One that could not be aligned does not count."""

_CLOSEST = 1e-6  # probabilities are kept this far from 0 and 1, so that no photo outweighs all others


@dataclass(frozen=True, eq=False)
class ItemVerdict:
    """What several photos of one item say together. Made by `join`.

    Attributes:
        name: Of the item.
        results: What came of each photo; at least one.
    """

    name: str
    results: tuple[Inspection | Failure, ...]

    @property
    def inspections(self) -> tuple[Inspection, ...]:
        """The photos that were inspected."""
        return tuple(result for result in self.results if isinstance(result, Inspection))

    @property
    def counted(self) -> tuple[Inspection, ...]:
        """The photos that count: those that could be aligned."""
        return tuple(inspection for inspection in self.inspections if inspection.aligned)

    @property
    def probability(self) -> float | None:
        """That the item has an anomaly, 0 to 1: by the mean of the photos' logits, weighted by trust.

        The mean serves better than the maximum or a noisy or, which call one good item in four anomalous once
        there are four photos of it (`benchmarks/together.py`). None if no photo counts.
        """
        if not self.counted:
            return None
        weights = [WEIGHTS[inspection.trust] for inspection in self.counted]
        logits = [_logit(inspection.probability) for inspection in self.counted]
        mean = sum(w * logit for w, logit in zip(weights, logits, strict=True)) / sum(weights)
        return 1 / (1 + math.exp(-mean))

    @property
    def threshold(self) -> float | None:
        """The photos' threshold, which is the item's, too; None if none was inspected."""
        return self.inspections[0].threshold if self.inspections else None

    @property
    def threshold_from(self) -> ThresholdSource | None:
        """Where the threshold came from; a calibration's promise is about single photos."""
        return self.inspections[0].threshold_from if self.inspections else None

    @property
    def verdict(self) -> Verdict | Literal["error"]:
        """By probability and threshold; `unsure` if no photo counts, `error` if none could be inspected."""
        if not self.inspections:
            return "error"
        if self.probability is None or self.threshold is None:
            return "unsure"
        return "anomalous" if self.probability >= self.threshold else "normal"

    @cached_property
    def part(self) -> ConcernedPart | None:
        """The part that most photos name, each with its weight and probability; None if none names any."""
        votes: dict[ConcernedPart, float] = {}
        for inspection in self.counted:
            if inspection.part is not None:
                vote = WEIGHTS[inspection.trust] * inspection.probability
                votes[inspection.part] = votes.get(inspection.part, 0.0) + vote
        return max(votes, key=votes.__getitem__, default=None)

    @property
    def strongest(self) -> Inspection | None:
        """The photo that shows the difference best: the one of the highest probability among those that
        count."""
        return max(self.counted, key=lambda inspection: inspection.probability, default=None)

    @property
    def summary(self) -> str:
        """The verdict as a sentence."""
        photos = f"{len(self.counted)} of {count_of(len(self.results), 'photo', 'photos')}"
        if self.verdict == "error":
            return "None of the photos could be inspected."
        if self.verdict == "unsure":
            return "None of the photos could be aligned."
        if self.verdict == "normal":
            return f"Looks as the model says, by {photos}."
        part = "" if self.part is None else f" at the {self.part.name}"
        best = self.strongest
        assert best is not None
        return f"Differs from the model{part}, by {photos}; {best.name} shows it best."

    def to_json(self) -> dict[str, object]:
        """A dict of plain values, with those of the photos and what each counts."""
        return {
            "item": self.name,
            "verdict": self.verdict,
            "probability": self.probability,
            "threshold": self.threshold,
            "threshold_from": self.threshold_from,
            "summary": self.summary,
            "part": None if self.part is None else self.part.to_json(),
            "counted": len(self.counted),
            "photos": [{**result.to_json(), "weight": _weight(result)} for result in self.results],
        }


def join(inspections: Sequence[Inspection | Failure], name: str = "item") -> ItemVerdict:
    """Judge several photos of one item together.

    Args:
        inspections: What came of them, all by one inspector.
        name: What to call the item.

    Raises:
        ConfigError: There are none, or they are of several references or thresholds.
    """
    if not inspections:
        raise ConfigError(f"{name}: no photos to judge together; an item has one at least")
    kinds = {(one.reference.name, one.threshold) for one in inspections if isinstance(one, Inspection)}
    if len(kinds) > 1:
        listed = ", ".join(f"{reference} at {threshold:g}" for reference, threshold in sorted(kinds))
        raise ConfigError(f"{name}: expected photos of one reference and threshold, got {listed}")
    return ItemVerdict(name, tuple(inspections))


def items_by_folder(results: Sequence[Inspection | Failure]) -> list[ItemVerdict]:
    """An item for each folder that photos lie in, in the order given.

    Args:
        results: What came of photos, each read from a file.
    """
    folders: dict[Path, list[Inspection | Failure]] = {}
    for result in results:
        path = result.path if isinstance(result, Failure) else result.source
        assert isinstance(path, Path), "a photo that is no file lies in no folder"
        folders.setdefault(path.resolve().parent, []).append(result)
    return [join(found, shown(Path(folder.name))) for folder, found in folders.items()]


def _weight(result: Inspection | Failure) -> float:
    if isinstance(result, Failure) or not result.aligned:
        return 0.0
    return WEIGHTS[result.trust]


def _logit(probability: float) -> float:
    kept = min(max(probability, _CLOSEST), 1 - _CLOSEST)
    return math.log(kept / (1 - kept))
