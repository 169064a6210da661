"""Draw anomalies, and cameras that show them, until one passes quality control."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from looking3d.anomalies import KINDS, AnomalousShape, AnomalyImpossible, PartCycle
from looking3d.anomalies.swapped import has_counterpart
from looking3d.dataset.quality import (
    CHECK_PX,
    changed_pixels,
    compare,
    in_frame,
    largest_views,
    unhidden,
)
from looking3d.dataset.recipe import Recipe
from looking3d.dataset.schema import Masks
from looking3d.dataset.sources import ShapeSource
from looking3d.errors import ShapeError
from looking3d.geometry.camera import FOCAL_PER_WIDTH, REFERENCE_DISTANCE, Camera, orbit, ring
from looking3d.render.raycast import Raycaster
from looking3d.shapes.part_shape import Part, PartShape

DONORS = 4
"""Donors that a swapped part is chosen from, of those that have one."""

TOO_SMALL = "part too small to be seen"
"""Why parts are never drawn; counted once a part."""

_ATTEMPTS = 12  # draws of an anomaly of one kind before another kind is tried
_GIVE_UP = 2  # times that a kind is given up before it is not tried again for the shape
_RING = 8  # views in which a part has to be large enough once
_SMALL = 0.5  # pixels that have to be seen of a part, in pixels that have to change


@dataclass(frozen=True)
class Viewpoint:
    """A camera that looks at the object, of no size yet.

    Attributes:
        azimuth_rad, elevation_rad, roll_rad: As of `orbit`.
        focal_length: In those of the paper's camera; the distance goes with it.
    """

    azimuth_rad: float
    elevation_rad: float
    roll_rad: float = 0.0
    focal_length: float = 1.0

    def camera(self, size_px: int) -> Camera:
        """The camera of photos of a size."""
        return orbit(
            self.azimuth_rad,
            self.elevation_rad,
            size_px,
            REFERENCE_DISTANCE * self.focal_length,
            self.roll_rad,
            FOCAL_PER_WIDTH * size_px * self.focal_length,
        )


@dataclass(frozen=True, eq=False)
class ShownAnomaly:
    """An anomaly that passed, and how its photo sees it.

    Attributes:
        anomaly: What was edited.
        viewpoint: Where the camera stands.
        masks: Where object and anomaly are in the photo.
        visible: The share of the part that no other part hides; of a missing part, before it went.
    """

    anomaly: AnomalousShape
    viewpoint: Viewpoint
    masks: Masks
    visible: float


class _Rejected(Exception):
    """The photo would not show the anomaly well; says why."""


class AnomalyDraws:
    """Draws anomalies of one shape.

    Args:
        shape: The reference, normalised.
        raycaster: Rays against it.
        donors: Where swapped parts come from, the preferred first; loaded when they are needed.
        recipe: What is asked of an anomaly.
        generator: Where the draws come from.
        rejections: Counts the draws that are refused, by reason.
    """

    def __init__(
        self,
        shape: PartShape,
        raycaster: Raycaster,
        donors: Sequence[ShapeSource],
        recipe: Recipe,
        generator: np.random.Generator,
        rejections: Counter[str],
    ) -> None:
        self.shape, self.raycaster, self.recipe = shape, raycaster, recipe
        self.generator, self.rejections = generator, rejections
        self._unloaded, self._loaded = list(donors)[::-1], list[PartShape]()
        cameras = ring(_RING, math.radians(float(np.mean(recipe.elevation_deg))), CHECK_PX)
        needed = _SMALL * recipe.min_changed * CHECK_PX**2
        large = largest_views(raycaster, len(shape.parts), cameras) >= max(needed, 1)
        self.parts = tuple(part for part, enough in zip(shape.parts, large) if enough)
        self._given_up: Counter[str] = Counter()
        # Normal photos have turns of their own: the anomalous ones cover the labels by themselves
        self._cycles = {shown: PartCycle(self.parts, generator) for shown in (True, False)}

    def viewpoint(self) -> Viewpoint:
        """Where a random camera stands."""
        steps, roll, focal = self.recipe.azimuth_steps, self.recipe.roll_deg, self.recipe.focal_length
        turn = self.generator.integers(steps) / steps if steps else self.generator.random()
        elevation = self.generator.uniform(*self.recipe.elevation_deg)
        # What does not vary is not drawn: recipes without it keep their bytes
        roll = self.generator.uniform(-roll, roll) if roll else 0.0
        focal = math.exp(self.generator.uniform(*np.log(focal))) if focal[0] < focal[1] else focal[0]
        return Viewpoint(2 * math.pi * turn, math.radians(elevation), math.radians(roll), focal)

    def draw(self, kinds: Sequence[str], shown: bool = True) -> ShownAnomaly | None:
        """An anomaly of the first kind that this shape allows; None if it allows none.

        Args:
            kinds: Kinds, the wanted one first.
            shown: Whether it is for a photo that shows it, or stands in for one.
        """
        cycle = self._cycles[shown]
        for kind in kinds:
            if not self.parts or self._given_up[kind] >= _GIVE_UP:
                continue
            for _ in range(_ATTEMPTS):
                drawn = self._try(kind, cycle)
                if drawn is not None:
                    cycle.keep(drawn.anomaly.before)
                    return drawn
            self._given_up[kind] += 1
            self.rejections[f"{kind}: given up"] += 1
        return None

    def _try(self, kind: str, cycle: PartCycle) -> ShownAnomaly | None:
        part, viewpoint = cycle.draw(kind), self.viewpoint()
        donors = self._donors(part) if kind == "swapped" else ()
        try:
            anomaly = KINDS[kind](self.shape, part, donors, self.generator)
            return self._checked(anomaly, viewpoint)
        except (AnomalyImpossible, _Rejected) as reason:
            self.rejections[f"{kind}: {reason}"] += 1
            cycle.refuse(kind, part, isinstance(reason, AnomalyImpossible))
            return None

    def _checked(self, anomaly: AnomalousShape, viewpoint: Viewpoint) -> ShownAnomaly:
        """The anomaly as its photo sees it.

        Raises:
            _Rejected: It does not see enough of it.
        """
        camera, check = (viewpoint.camera(size) for size in (self.recipe.image_px, CHECK_PX))
        if anomaly.after is not None and not in_frame(anomaly.after, camera):
            raise _Rejected("cropped")
        raycaster = Raycaster(anomaly.shape)
        drawings = [one.draw(check) for one in (self.raycaster, raycaster)]
        if changed_pixels(*drawings).mean() < self.recipe.min_changed:
            raise _Rejected("not visible")
        if self.recipe.image_px != CHECK_PX:
            drawings = [one.draw(camera) for one in (self.raycaster, raycaster)]
        reference, photo = drawings
        masks = compare(self.shape, reference, anomaly, photo)
        if masks.changed.mean() < self.recipe.min_changed:
            raise _Rejected("not visible at the photo's size")
        if masks.object.mean() < max(self.recipe.min_changed, 1 / masks.object.size):
            raise _Rejected("nothing is left of the object")
        return ShownAnomaly(anomaly, viewpoint, masks, self._visible(anomaly, masks, camera))

    def _visible(self, anomaly: AnomalousShape, masks: Masks, camera: Camera) -> float:
        part, seen = anomaly.after, masks.after
        if part is None:
            part, seen = anomaly.before, masks.before
        visible = unhidden(part, seen, camera)
        if visible < self.recipe.min_visible:
            raise _Rejected("hidden by other parts")
        return visible

    def _donors(self, part: Part) -> list[PartShape]:
        """The first donors that have a part of that label; those that cannot be read are passed over, and
        refused when their own turn comes."""
        found = [donor for donor in self._loaded if has_counterpart(part, donor)]
        while len(found) < DONORS and self._unloaded:
            try:
                donor = self._unloaded.pop().load()
            except ShapeError:
                continue
            self._loaded.append(donor)
            found += [donor] if has_counterpart(part, donor) else []
        return found[:DONORS]
