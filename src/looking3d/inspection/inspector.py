"""Inspecting photos against a reference that is enrolled once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

from looking3d.errors import ConfigError, PhotoError
from looking3d.inspection.conformal import Calibration, Conditions
from looking3d.inspection.photo_quality import assess
from looking3d.inspection.reference import Reference, load_reference
from looking3d.inspection.result import Failure, Inspection, ThresholdSource, Verdict
from looking3d.model.checkpoint import load_detector
from looking3d.model.detector import ALIGNED_FROM, Detection, Detector
from looking3d.model.query import Query
from looking3d.photos.best_outline import detect_best
from looking3d.photos.foreground import Candidate, ForegroundFinder
from looking3d.photos.foreground_config import ForegroundConfig, Method
from looking3d.photos.on_white import with_shadow
from looking3d.photos.photo import load_photo
from looking3d.shapes.source_file import shown

__all__ = ["ALIGNED_FROM", "Failure", "Inspection", "Inspector", "Verdict", "inspect_paths"]

DEFAULT_THRESHOLD = 0.5
"""A photo is anomalous from this probability on, where nothing else is said."""


def choose_threshold(given: float | None, calibration: Calibration | None) -> tuple[float, ThresholdSource]:
    """The threshold that holds, and where it comes from: what is given, a calibration, or the default."""
    if given is not None:
        return given, "given"
    if calibration is not None:
        return calibration.threshold, "calibration"
    return DEFAULT_THRESHOLD, "default"


class Inspector:
    """A detector with an enrolled reference. Building it costs about a second; keep it."""

    def __init__(
        self,
        reference: Reference | Path | str,
        detector: Detector | None = None,
        threshold: float | None = None,
        foreground: ForegroundConfig | Method = "auto",
        shadow: bool = False,
        calibration: Calibration | None = None,
    ) -> None:
        """Enrol a reference.

        Args:
            reference: The reference, or its file.
            detector: By default align with the weights that ship.
            threshold: A photo is anomalous from this probability on, 0 to 1; by default that of the
                calibration, or DEFAULT_THRESHOLD without one.
            foreground: How the object is found in photos.
            shadow: Draw a soft shadow under objects that are cut out.
            calibration: Of this reference. One that was made under other conditions (weights, foreground,
                shadow) is not applied, and `calibration_problem` says why.

        Raises:
            ShapeError: The reference's file is not a usable shape.
            ConfigError: The threshold is out of range, or the object cannot be found that way.
        """
        if threshold is not None and not 0 <= threshold <= 1:
            raise ConfigError(f"threshold: expected 0 to 1, got {threshold}")
        self.reference = reference if isinstance(reference, Reference) else load_reference(reference)
        self.detector: Detector = load_detector("align") if detector is None else detector
        self.shadow = shadow
        config = ForegroundConfig(foreground) if isinstance(foreground, str) else foreground
        self._finder = ForegroundFinder(config, self.detector)
        self._foreground = config
        self.calibration_problem = None if calibration is None else calibration.mismatch(self.conditions)
        self.calibration = calibration if self.calibration_problem is None else None
        self.threshold: float
        self.threshold_from: ThresholdSource
        self.threshold, self.threshold_from = choose_threshold(threshold, self.calibration)
        self._enrolled = self.reference.enrolled(self.detector)

    @cached_property
    def conditions(self) -> Conditions:
        """What a calibration has to be made under to hold here."""
        return Conditions.of(self.detector, self._foreground, self.shadow)

    def inspect(self, photos: Sequence[Query | Path | str]) -> list[Inspection]:
        """Inspect photos.

        Args:
            photos: Photos, or their files.

        Returns:
            What was found, in the same order.

        Raises:
            PhotoError: A file is not a photo, or no object is found in it; see `inspect_paths`.
        """
        return [self.inspect_one(photo) for photo in photos]

    def inspect_one(self, photo: Query | Path | str) -> Inspection:
        """Inspect one photo.

        Raises:
            PhotoError: The file is not a photo, or no object is found in it.
        """
        source = Path(photo) if isinstance(photo, str) else photo
        query = load_photo(source) if isinstance(source, Path) else source
        detection, idea = self._find(query)
        found = Inspection(
            query.name,
            source,
            self.reference,
            detection,
            self.threshold,
            idea.foreground,
            threshold_from=self.threshold_from,
            calibration=self.calibration,
        )
        elevation_deg = found.elevation_deg if found.aligned else None
        doubts = assess(query.image, idea.mask, idea.foreground, elevation_deg)
        return dataclasses.replace(found, warnings=doubts)

    def _find(self, photo: Query) -> tuple[Detection, Candidate]:
        """What is detected, and in which idea of where the object is."""
        return detect_best(photo, self._finder, self._detect, self.reference.raycaster)

    def _detect(self, query: Query) -> Detection:
        if self.shadow and query.mask is not None:
            query = dataclasses.replace(query, image=with_shadow(query.image, query.mask))
        return self.detector.detect([query], self._enrolled)[0]


def inspect_paths(
    inspector: Inspector,
    paths: Sequence[Path],
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Inspection | Failure]:
    """Inspect files; what cannot be read or holds no object is a Failure, and the others go on.

    Args:
        inspector: What inspects.
        paths: The photos' files.
        on_progress: Called with (photos done, photos in all).

    Returns:
        What came of each, in the same order.
    """
    results: list[Inspection | Failure] = []
    for path in paths:
        try:
            results.append(inspector.inspect_one(path))
        except PhotoError as error:
            results.append(Failure(shown(Path(path.name)), path, str(error)))
        on_progress(len(results), len(paths))
    return results
