"""What comes of inspecting a photo: an `Inspection`, or a `Failure` that says why there is none."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from looking3d.geometry.camera import orbit_angles
from looking3d.inspection.conformal import Calibration
from looking3d.inspection.heat import blended, draw_box
from looking3d.inspection.photo_quality import QualityWarning, Trust, trust_of
from looking3d.inspection.reference import Reference, closest_view, view_azimuth_deg
from looking3d.inspection.words import kind_in_words, place, seen_from
from looking3d.model.anomaly_boxes import anomaly_boxes
from looking3d.model.concerned_part import ConcernedPart, concerned_part
from looking3d.model.detector import ALIGNED_FROM, Detection
from looking3d.model.query import Query
from looking3d.photos.foreground import Foreground
from looking3d.photos.photo import load_photo
from looking3d.render.reference import grey_image
from looking3d.shapes.source_file import shown

KIND_FROM = 0.5
"""A kind of anomaly is named from this probability on."""

Verdict = Literal["normal", "anomalous", "unsure"]

ThresholdSource = Literal["given", "calibration", "default"]
"""Where a threshold came from: the caller, the reference's calibration, or neither."""


@dataclass(frozen=True, eq=False)
class Inspection:
    """What was found in a photo.

    Attributes:
        name: Of the photo.
        source: The photo, or the file that it is read from again when its pixels are asked for.
        reference: What it was inspected against.
        detection: What the detector said.
        threshold: The probability from which on a photo is anomalous.
        foreground: How the object was found in it.
        warnings: What about the photo makes the verdict less sure.
        threshold_from: Where the threshold came from.
        calibration: The reference's, if it holds for this photo.
    """

    name: str
    source: Query | Path
    reference: Reference
    detection: Detection
    threshold: float
    foreground: Foreground | None = None
    warnings: tuple[QualityWarning, ...] = ()
    threshold_from: ThresholdSource = "default"
    calibration: Calibration | None = None

    @property
    def probability(self) -> float:
        """That the photo shows an anomaly, 0 to 1. Means little if the photo is not aligned."""
        return self.detection.probability

    @property
    def alignment(self) -> float:
        """Intersection over union of the silhouettes of photo and drawing, 0 to 1."""
        return self.detection.alignment

    @property
    def aligned(self) -> bool:
        """Whether the reference, drawn from the estimated camera, covers the object well enough."""
        return self.alignment >= ALIGNED_FROM

    @property
    def verdict(self) -> Verdict:
        """`anomalous` or `normal` by the threshold; `unsure` if the photo could not be aligned."""
        if not self.aligned:
            return "unsure"
        return "anomalous" if self.probability >= self.threshold else "normal"

    @property
    def p_value(self) -> float | None:
        """At most this share of normal photos looks as odd as this one (see `Calibration.p_value`), over 0,
        up to 1; None without a calibration, or if the photo could not be aligned."""
        if self.calibration is None or not self.aligned:
            return None
        return self.calibration.p_value(self.probability)

    @property
    def trust(self) -> Trust:
        """How far the verdict can be trusted, by `warnings` and alignment (see `trust_of`)."""
        return trust_of(self.warnings, self.aligned)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the photo that `box` is in the pixels of."""
        return self.detection.camera.width, self.detection.camera.height

    @property
    def box(self) -> tuple[int, int, int, int] | None:
        """x, y, width, height in pixels of the strongest heat (see `boxes`); None if none stands out."""
        return self.boxes[0] if self.boxes else None

    @cached_property
    def boxes(self) -> list[tuple[int, int, int, int]]:
        """x, y, width, height in pixels around each place that stands out, the strongest first."""
        parts, raycaster = len(self.reference.shape.parts), self.reference.raycaster
        return [region.box for region in anomaly_boxes(self.detection, raycaster, parts)]

    @cached_property
    def part(self) -> ConcernedPart | None:
        """The part that most likely differs, if any does; None if no place stands out, the photo could not be
        aligned, or the reference is of one part."""
        if not self.aligned:
            return None
        return concerned_part(self.detection, self.reference.shape, self.reference.raycaster)

    @property
    def kind(self) -> str | None:
        """The kind of anomaly that it most likely is, if any: position, rotation, broken, swapped, missing.

        None if no kind is likelier than all others together, the photo could not be aligned, or the detector
        does not tell kinds.
        """
        kinds = self.detection.kinds
        if not self.aligned or not kinds:
            return None
        likeliest = max(kinds, key=kinds.__getitem__)
        return likeliest if kinds[likeliest] >= KIND_FROM else None

    @property
    def what(self) -> str | None:
        """Part and kind in words, as `front left leg: missing`; None if neither is known."""
        kind = None if self.kind is None else kind_in_words(self.kind)
        parts = (None if self.part is None else self.part.name, kind)
        return ": ".join(part for part in parts if part is not None) or None

    @property
    def azimuth_deg(self) -> float:
        """Where the estimated camera stands: 0 is +Z, the front; 90 is +X; 0 to 360."""
        return math.degrees(orbit_angles(self.detection.camera)[0]) % 360.0

    @property
    def elevation_deg(self) -> float:
        """Where the estimated camera stands: 0 is level, positive above, -90 to 90."""
        return math.degrees(orbit_angles(self.detection.camera)[1])

    @property
    def closest_view(self) -> int:
        """The view of the reference, 0 to 19, that is seen from nearly the same side."""
        return closest_view(self.detection.camera)

    @property
    def photo(self) -> Query:
        """The photo. One that was given by its path is read again, so that many fit into memory.

        Raises:
            PhotoError: The file is gone or changed.
        """
        return self.source if isinstance(self.source, Query) else load_photo(self.source)

    @property
    def summary(self) -> str:
        """The verdict as a sentence."""
        if not self.aligned:
            return (
                f"Could not be aligned: the outlines overlap by {int(self.alignment * 100)} %, "
                f"{ALIGNED_FROM * 100:.0f} % is needed. It may be another object, or a view that is hard to "
                "find; if the ground is busy, cut the object out (PNG with alpha)."
            )
        if self.verdict == "normal":
            return "Looks as the model says."
        if self.box is None:
            return "Differs from the model, but no single place stands out."
        preposition = "in" if self.where == "middle" else "at"
        place = f"Differs from the model, most strongly {preposition} the {self.where}"
        part = "" if self.part is None else f": {self.part.name}"
        # Kinds are taken for one another more often than parts are.
        kind = "" if self.kind is None else f" ({kind_in_words(self.kind)}?)"
        return f"{place}{part}{kind}."

    @property
    def where(self) -> str | None:
        """The place of `box` on the object, as `upper left`; None if there is none."""
        if self.box is None:
            return None
        x, y, width, height = self.box
        window = self.detection.window
        return place(
            (x + width / 2 - window.x) / window.side,
            (y + height / 2 - window.y) / window.side,
        )

    @property
    def seen_from(self) -> str:
        """Where the camera stands, as `front left, 24 degrees above`."""
        return seen_from(self.azimuth_deg, self.elevation_deg)

    def drawing(self, longest_px: int | None = None) -> np.ndarray:
        """(height, width) uint8, the reference in grey from the estimated camera, on white.

        Args:
            longest_px: Longer side of the picture; by default the photo's.
        """
        camera = self.detection.camera
        size = _fitted(self.size, longest_px)
        return grey_image(self.reference.raycaster, camera.cropped(0, 0, camera.width, camera.height, size))

    def picture(self, longest_px: int | None = None) -> np.ndarray:
        """(height, width, 3) uint8 RGB, the photo at the size of `drawing`."""
        size = _fitted(self.size, longest_px)
        shrinks = size[0] < self.size[0]
        interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        return cv2.resize(self.photo.image, size, interpolation=interpolation)

    def overlay(self, longest_px: int | None = None) -> np.ndarray:
        """(height, width, 3) uint8 RGB, the photo in pale grey, what differs in red, boxed if anomalous.

        Args:
            longest_px: Longer side of the picture; by default the photo's.
        """
        picture = self.picture(longest_px)
        height, width = picture.shape[:2]
        painted = blended(picture, self.detection.heat_map_at(width, height))
        if self.verdict != "anomalous" or self.box is None:
            return painted
        x, y, box_width, box_height = (value * width / self.size[0] for value in self.box)
        return draw_box(painted, (x, y, box_width, box_height))

    def to_json(self) -> dict[str, object]:
        """A dict of plain values. Lengths are in pixels of the photo, `width` by `height`."""
        return {
            "name": self.name,
            "path": None if isinstance(self.source, Query) else shown(self.source),
            "verdict": self.verdict,
            "probability": self.probability,
            "threshold": self.threshold,
            "threshold_from": self.threshold_from,
            "p_value": self.p_value,
            "summary": self.summary,
            "trust": self.trust,
            "warnings": [warning.to_json() for warning in self.warnings],
            "foreground": None if self.foreground is None else self.foreground.to_json(),
            "width": self.size[0],
            "height": self.size[1],
            "box": None if self.box is None else list(self.box),
            "boxes": [list(box) for box in self.boxes],
            "part": None if self.part is None else self.part.to_json(),
            "kind": self.kind,
            "kinds": self.detection.kinds,
            "what": self.what,
            "azimuth_deg": self.azimuth_deg,
            "elevation_deg": self.elevation_deg,
            "closest_view": {
                "index": self.closest_view,
                "azimuth_deg": view_azimuth_deg(self.closest_view),
            },
            "alignment": self.alignment,
            "aligned": self.aligned,
            "camera": self.detection.camera.to_json(),
        }


@dataclass(frozen=True)
class Failure:
    """A photo that could not be inspected.

    Attributes:
        name: Of the photo.
        path: Its file.
        message: Why, in one line, and what to do.
    """

    name: str
    path: Path
    message: str
    verdict: Literal["error"] = dataclasses.field(default="error", init=False)

    def to_json(self) -> dict[str, object]:
        """A dict of plain values."""
        return {"name": self.name, "path": shown(self.path), "verdict": self.verdict, "error": self.message}


def _fitted(size: tuple[int, int], longest_px: int | None) -> tuple[int, int]:
    """Width and height, scaled so that the longer one is `longest_px`."""
    scale = 1.0 if longest_px is None else longest_px / max(size)
    width, height = (max(1, round(side * scale)) for side in size)
    return width, height
