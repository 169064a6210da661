"""Make one shape's folder: its reference, its photos with their masks, and the record of both."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from looking3d.anomalies import KINDS, AnomalousShape, AnomalyImpossible
from looking3d.dataset.quality import CHECK_PX, box_around, changed_pixels, compare
from looking3d.dataset.recipe import Recipe
from looking3d.dataset.schema import NORMAL, RECORD, Masks, Sample, mask_name, write_json
from looking3d.dataset.sources import ShapeSource
from looking3d.errors import ShapeError
from looking3d.geometry.camera import Camera, orbit
from looking3d.render.assets import NO_ASSETS, PhotoAssets
from looking3d.render.photo import PhotoScene, draw_scene, get_renderer
from looking3d.render.raycast import Raycaster
from looking3d.render.reference import reference_views
from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.write import save_glb

_ATTEMPTS = 12  # draws of an anomaly of one kind before another kind is tried


def build_shape(
    source: ShapeSource,
    donors: Iterable[ShapeSource],
    recipe: Recipe,
    generator: np.random.Generator,
    folder: Path,
    assets: PhotoAssets = NO_ASSETS,
) -> None:
    """Write the files of one shape into an empty folder; the record, which says what is there, last."""
    (folder / "photos").mkdir(parents=True)
    maker = _ShapeMaker(source, tuple(donors), recipe, generator, assets)
    maker.write_reference(folder)
    photos = maker.write_photos(folder)
    record = {
        "id": source.id,
        "source": maker.shape.source,
        "category": maker.shape.category,
        "parts": [{"id": part.id, "label": part.label} for part in maker.shape.parts],
        "odd": maker.odd,
        "rejections": dict(sorted(maker.rejections.items())),
        "photos": [photo.to_json() for photo in photos],
    }
    write_json(folder / RECORD, record)


class _ShapeMaker:
    """The state of building one shape's folder."""

    def __init__(
        self,
        source: ShapeSource,
        donors: tuple[ShapeSource, ...],
        recipe: Recipe,
        generator: np.random.Generator,
        assets: PhotoAssets,
    ) -> None:
        self.assets = assets
        self.source, self.donors, self.recipe, self.generator = source, donors, recipe, generator
        self.rejections: Counter[str] = Counter()
        self.odd: dict | None = None
        self.shape = source.load()
        self.raycaster = Raycaster(self.shape)
        if generator.random() < recipe.odd_reference_share:
            self._make_odd()
        options = {} if recipe.renderer == "preview" else {"samples": recipe.samples}
        self.renderer = get_renderer(recipe.renderer, **options)

    def _make_odd(self) -> None:
        """Give the reference an anomaly of its own."""
        kinds = [str(kind) for kind in self.generator.permutation(list(self.recipe.kinds))]
        for kind in kinds:
            drawn = self._draw_anomaly(kind)
            if drawn is not None:
                anomaly, _ = drawn
                self.shape = anomaly.shape.normalized()
                self.raycaster = Raycaster(self.shape)
                self.odd = {"kind": kind, "part_id": anomaly.before.id, "severity": anomaly.severity}
                return

    def _draw_camera(self) -> tuple[float, float]:
        """Azimuth and elevation in radians."""
        steps = self.recipe.azimuth_steps
        turn = self.generator.integers(steps) / steps if steps else self.generator.random()
        return 2 * math.pi * turn, math.radians(self.generator.uniform(*self.recipe.elevation_deg))

    def _draw_anomaly(self, kind: str) -> tuple[AnomalousShape, tuple[float, float]] | None:
        """An anomaly and a camera angle that shows it; None after too many draws."""
        for _ in range(_ATTEMPTS):
            donors = _usable(self.donors) if kind == "swapped" else ()
            angles = self._draw_camera()
            try:
                anomaly = KINDS[kind](self.shape, donors, self.generator)
            except AnomalyImpossible as reason:
                self.rejections[f"{kind}: {reason}"] += 1
                continue
            camera = orbit(*angles, CHECK_PX)
            changed = changed_pixels(self.raycaster.draw(camera), Raycaster(anomaly.shape).draw(camera))
            if changed.mean() >= self.recipe.min_changed:
                return anomaly, angles
            self.rejections[f"{kind}: not visible"] += 1
        self.rejections[f"{kind}: given up"] += 1
        return None

    def write_reference(self, folder: Path) -> None:
        """reference.npz, reference.png and mesh.glb."""
        views = reference_views(self.raycaster, self.recipe.views, self.recipe.views_px)
        vertices, faces, part_of_face = self.shape.merged()
        np.savez_compressed(
            folder / "reference.npz",
            vertices=vertices.astype(np.float32),
            faces=faces.astype(np.int32),
            part_of_face=part_of_face,
            views=views.images,
            depth=views.depth,
            T_camera_world=np.stack([camera.T_camera_world for camera in views.cameras]),
            focal_px=np.array([camera.focal_px for camera in views.cameras]),
            center_px=np.stack([camera.center_px for camera in views.cameras]),
            points=views.points,
            valid=views.valid,
        )
        shown = views.images[:: max(1, len(views.images) // 5)][:5]
        Image.fromarray(np.concatenate(list(shown), 1)).save(folder / "reference.png")
        save_glb(self.shape, folder / "mesh.glb")

    def write_photos(self, folder: Path) -> list[Sample]:
        """photos/NNN_<kind>.png with their masks."""
        total = self.recipe.photos_per_shape
        anomalous = math.floor(total * self.recipe.anomalous_share + self.generator.random())
        kinds = [str(kind) for kind in self.generator.permutation(list(self.recipe.kinds))]
        wanted = [(kinds[i % len(kinds)], i < anomalous) for i in range(total)]
        # A photo's number must not tell its class.
        wanted = [wanted[i] for i in self.generator.permutation(total)]
        photos = []
        for number, (kind, shown) in enumerate(wanted):
            photo = self._write_photo(folder, number, kind, shown)
            if photo is not None:
                photos.append(photo)
        return photos

    def _write_photo(self, folder: Path, number: int, kind: str, shown: bool) -> Sample | None:
        anomaly, angles = None, self._draw_camera()
        # The camera of a normal photo is drawn as if it had to show an anomaly, lest it tell the class.
        if self.recipe.anomalous_share > 0:
            drawn = self._draw_any_anomaly(kind)
            if drawn is not None:
                anomaly, angles = drawn
        if shown and anomaly is None:
            self.rejections["photo left out"] += 1
            return None
        if not shown:
            anomaly = None
        kind = NORMAL if anomaly is None else anomaly.kind
        seed = int(self.generator.integers(2**31))
        camera = orbit(*angles, self.recipe.image_px)
        shape = self.shape if anomaly is None or self.recipe.placebo else anomaly.shape
        masks = self._masks(camera, anomaly)
        name = f"photos/{number:03d}_{kind}.png"
        scene = self._draw_scene(seed)
        Image.fromarray(self.renderer.render(shape, scene, camera)).save(folder / name)
        masks.save(folder / mask_name(name))
        return Sample(
            shape_id=self.source.id,
            split=self.source.split,
            photo=name,
            kind=kind,
            part_id=anomaly.before.id if anomaly else "",
            part_label=anomaly.before.label if anomaly else "",
            severity=anomaly.severity if anomaly else 0.0,
            changed_px=int(masks.changed.sum()),
            box=box_around(masks.changed),
            odd_reference=self.odd is not None,
            renderer=self.recipe.renderer,
            azimuth_rad=angles[0],
            elevation_rad=angles[1],
            seed=seed,
            camera=camera,
            material_sets=scene.material_sets,
            environment=scene.environment,
        )

    def _draw_any_anomaly(self, kind: str) -> tuple[AnomalousShape, tuple[float, float]] | None:
        """As `_draw_anomaly`; a kind that this shape does not allow gives way to another."""
        for tried in (kind, *(other for other in self.recipe.kinds if other != kind)):
            drawn = self._draw_anomaly(tried)
            if drawn is not None:
                return drawn
        return None

    def _masks(self, camera: Camera, anomaly: AnomalousShape | None) -> Masks:
        reference = self.raycaster.draw(camera)
        if anomaly is None:
            nothing = np.zeros_like(reference.mask)
            return Masks(reference.mask, nothing, nothing, nothing)
        return compare(self.shape, reference, anomaly, Raycaster(anomaly.shape).draw(camera))

    def _draw_scene(self, seed: int) -> PhotoScene:
        generator = np.random.default_rng(seed)
        background = self.recipe.background
        if background == "mixed":
            rooms = ("environment",) if self.assets.environments else ()
            choices = ("white", "plain", *rooms)
            background = choices[int(generator.random() * len(choices))]
        # Materials are drawn for the reference's parts, so that an edit does not change them.
        return draw_scene(self.shape, generator, background, self.assets, self.recipe.relief)


def _usable(donors: tuple[ShapeSource, ...]) -> tuple[PartShape, ...]:
    """The shapes of those donors that can be read; the others are refused when their own turn comes."""
    shapes = []
    for donor in donors:
        try:
            shapes.append(donor.load())
        except ShapeError:
            continue
    return tuple(shapes)
