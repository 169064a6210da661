"""Make one shape's folder: its reference, its photos with their masks, and the record of both."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from looking3d.dataset.anomaly_draws import TOO_SMALL, AnomalyDraws
from looking3d.dataset.quality import box_around
from looking3d.dataset.recipe import Recipe
from looking3d.dataset.schema import NORMAL, RECORD, Masks, Sample, mask_name, write_json
from looking3d.dataset.sources import ShapeSource
from looking3d.errors import ShapeError
from looking3d.geometry.camera import Camera
from looking3d.render.assets import NO_ASSETS, PhotoAssets
from looking3d.render.photo import PhotoScene, draw_scene, get_renderer
from looking3d.render.raycast import Raycaster
from looking3d.render.reference import reference_views
from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.write import save_glb


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
        self.draws = self._draws_of(source.load())
        if generator.random() < recipe.odd_reference_share:
            self._make_odd()
        self.shape, self.raycaster = self.draws.shape, self.draws.raycaster
        too_small = len(self.shape.parts) - len(self.draws.parts)
        self.rejections += Counter({TOO_SMALL: too_small})
        options = {} if recipe.renderer == "preview" else {"samples": recipe.samples}
        self.renderer = get_renderer(recipe.renderer, **options)

    def _draws_of(self, shape: PartShape) -> AnomalyDraws:
        caster = Raycaster(shape)
        return AnomalyDraws(shape, caster, self.donors, self.recipe, self.generator, self.rejections)

    def _make_odd(self) -> None:
        """Give the reference an anomaly of its own."""
        kinds = [str(kind) for kind in self.generator.permutation(list(self.recipe.kinds))]
        drawn = self.draws.draw(kinds)
        if drawn is not None:
            anomaly = drawn.anomaly
            self.odd = {"kind": anomaly.kind, "part_id": anomaly.before.id, "severity": anomaly.severity}
            self.draws = self._draws_of(anomaly.shape.normalized())

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
        if not photos:
            why = ", ".join(f"{reason} {count}" for reason, count in sorted(self.rejections.items()))
            raise ShapeError(
                f"{self.source.id}: no anomaly of it can be shown ({why}); check its parts, or allow more "
                "kinds, a smaller --min-changed or a smaller --min-visible"
            )
        return photos

    def _write_photo(self, folder: Path, number: int, kind: str, shown: bool) -> Sample | None:
        viewpoint, drawn = self.draws.viewpoint(), None
        # The camera of a normal photo is drawn as if it had to show an anomaly, lest it tell the class;
        # for the same reason it is left out where an anomalous one would be.
        if self.recipe.anomalous_share > 0:
            drawn = self.draws.draw((kind, *(other for other in self.recipe.kinds if other != kind)), shown)
            if drawn is None:
                self.rejections["photo left out"] += 1
                return None
            viewpoint = drawn.viewpoint
        drawn = drawn if shown else None
        anomaly = drawn.anomaly if drawn else None
        kind = anomaly.kind if anomaly else NORMAL
        seed = int(self.generator.integers(2**31))
        camera = viewpoint.camera(self.recipe.image_px)
        shape = self.shape if anomaly is None or self.recipe.placebo else anomaly.shape
        masks = drawn.masks if drawn else self._normal_masks(camera)
        name = f"photos/{number:03d}_{kind}.png"
        scene = self._draw_scene(seed)
        Image.fromarray(self.renderer.render(shape, scene, camera)).save(folder / name)
        masks.save(folder / mask_name(name))
        donor = anomaly.donor if anomaly else None
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
            azimuth_rad=viewpoint.azimuth_rad,
            elevation_rad=viewpoint.elevation_rad,
            seed=seed,
            camera=camera,
            material_sets=scene.material_sets,
            environment=scene.environment,
            visible=drawn.visible if drawn else 0.0,
            donor=f"{donor.shape_id}/{donor.part_id}" if donor else "",
            donor_match=donor.match if donor else "",
        )

    def _normal_masks(self, camera: Camera) -> Masks:
        seen = self.raycaster.draw(camera).mask
        nothing = np.zeros_like(seen)
        return Masks(seen, nothing, nothing, nothing)

    def _draw_scene(self, seed: int) -> PhotoScene:
        generator = np.random.default_rng(seed)
        background = self.recipe.background
        if background == "mixed":
            rooms = ("environment",) if self.assets.environments else ()
            choices = ("white", "plain", *rooms)
            background = choices[int(generator.random() * len(choices))]
        # Materials are drawn for the reference's parts, so that an edit does not change them.
        return draw_scene(self.shape, generator, background, self.assets, self.recipe.relief)
