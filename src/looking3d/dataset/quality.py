"""Whether a photo shows its anomaly: compares drawings of the reference and of the anomalous shape."""

from __future__ import annotations

import numpy as np

from looking3d.anomalies import AnomalousShape
from looking3d.dataset.schema import Masks
from looking3d.geometry.camera import Camera
from looking3d.render.raycast import Drawing, Raycaster
from looking3d.render.window import window
from looking3d.shapes.part_shape import Part, PartShape

CHECK_PX = 128
"""Anomalies are checked at this image size first, whatever the photo's."""

MARGIN_PX = 1.0
"""How far from the edge of the photo all of the object stays."""

_DEPTH_STEP = 0.01  # world units; the object's sphere has radius 0.8
_NORMAL_COSINE = 0.966  # 15 degrees


def changed_pixels(reference: Drawing, photo: Drawing) -> np.ndarray:
    """(height, width) bool: where two drawings from one camera show another surface.

    A pixel counts if only one of them shows the object, or if depth differs by more than 0.01 or
    normals by more than 15 degrees.
    """
    both = reference.mask & photo.mask
    moved = np.abs(reference.depth - photo.depth) > _DEPTH_STEP
    turned = np.einsum("ijk,ijk->ij", reference.normal, photo.normal) < _NORMAL_COSINE
    return (reference.mask ^ photo.mask) | (both & (moved | turned))


def compare(reference_shape: PartShape, reference: Drawing, anomaly: AnomalousShape, photo: Drawing) -> Masks:
    """The masks of an anomalous photo.

    Args:
        reference_shape: The shape that `reference` shows.
        reference: Drawing of the reference.
        anomaly: What was edited.
        photo: Drawing of the anomalous shape from the same camera.
    """
    before = _index(reference_shape, anomaly.before.id)
    after = _index(anomaly.shape, anomaly.before.id) if anomaly.after is not None else -2
    return Masks(
        object=photo.mask,
        before=reference.part == before,
        after=photo.part == after,
        changed=changed_pixels(reference, photo),
    )


def unhidden(part: Part, seen: np.ndarray, camera: Camera) -> float:
    """The share of a part that no other part hides: pixels seen / pixels if the others were transparent.

    Args:
        part: The part, where it is.
        seen: (height, width) bool, where the photo shows it.
        camera: The photo's camera.

    Returns:
        0 to 1; 0 also if the part is not in the frame or thinner than the rays are apart.
    """
    place = window(part.bounds, camera)
    if place is None:
        return 0.0
    faces = np.zeros(len(part.faces), np.int32)
    alone = Raycaster.from_arrays(part.vertices, part.faces, faces).draw(place[2]).mask.sum()
    return min(float(seen.sum()) / float(alone), 1.0) if alone else 0.0


def in_frame(part: Part, camera: Camera, margin_px: float = MARGIN_PX) -> bool:
    """Whether all of a part is inside the frame, with a margin, whatever may hide it."""
    p, depth = camera.project(part.vertices)
    low, high = margin_px, np.array([camera.width, camera.height]) - margin_px
    return bool((depth > 0).all() and (p >= low).all() and (p <= high).all())


def largest_views(raycaster: Raycaster, parts: int, cameras: list[Camera]) -> np.ndarray:
    """(parts,) int: the most pixels that any of the cameras sees of each part."""
    counts = [
        np.bincount(raycaster.draw(camera).part.ravel() + 1, minlength=parts + 1)[1:] for camera in cameras
    ]
    return np.max(counts, axis=0)


def box_around(mask: np.ndarray) -> tuple[int, int, int, int]:
    """x, y, width, height of the tight box around a mask; zeros if it is empty."""
    if not mask.any():
        return (0, 0, 0, 0)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    x, y = int(columns[0]), int(rows[0])
    return (x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1)


def changed_patches(changed: np.ndarray, cells: int) -> np.ndarray:
    """(cells, cells) bool: the patches of which more than a fifth changed.

    Args:
        changed: (size, size) share of each pixel that changed, 0 to 1; size a multiple of `cells`.
        cells: Patches along each side.
    """
    patch = len(changed) // cells
    return changed.reshape(cells, patch, cells, patch).mean((1, 3)) > 0.2


def _index(shape: PartShape, part_id: str) -> int:
    return next(i for i, part in enumerate(shape.parts) if part.id == part_id)
