"""Detecting in a photo whose object has to be found first: the idea of it that the 3D model explains best."""

from __future__ import annotations

from collections.abc import Callable

from looking3d.model.detector import ALIGNED_FROM, Detection
from looking3d.model.query import Query
from looking3d.photos.foreground import Candidate, ForegroundFinder, redrawn
from looking3d.render.raycast import Raycaster

EXPLAINED_FROM = 0.95
"""Alignment from which on an idea is taken without asking for others."""


def detect_best(
    photo: Query, finder: ForegroundFinder, detect: Callable[[Query], Detection], raycaster: Raycaster
) -> tuple[Detection, Candidate]:
    """Detect in one idea of where the object is after the other, and keep the one that aligns best.

    Where its outline is rough, it is drawn again from the aligned model, and that is detected in.

    Args:
        photo: The photo.
        finder: Has the ideas.
        detect: Judges a photo whose object is known.
        raycaster: Of the reference.

    Raises:
        PhotoError: No object is found in the photo.
    """
    judged: list[tuple[Detection, Candidate]] = []
    for idea in finder.candidates(photo):
        judged.append((detect(idea.query), idea))
        if judged[-1][0].alignment >= EXPLAINED_FROM:
            break
    detection, idea = max(judged, key=lambda pair: pair[0].alignment)
    if idea.foreground.is_rough and detection.alignment >= ALIGNED_FROM:
        drawn = raycaster.draw(detection.camera).mask
        if drawn.any():
            idea = redrawn(photo, idea, drawn)
            detection = detect(idea.query)
    return detection, idea
