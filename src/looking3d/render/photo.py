"""Photos of shapes: what a photo's scene is, and the renderers that take it, behind one interface."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from looking3d.errors import unknown_name
from looking3d.geometry.camera import Camera
from looking3d.render.assets import NO_ASSETS, PhotoAssets
from looking3d.render.ground import Background, draw_background, in_surroundings
from looking3d.render.lighting import Lighting, draw_lighting, environment_lighting
from looking3d.render.materials import Material
from looking3d.render.part_materials import assign_materials
from looking3d.shapes.part_shape import Part, PartShape


@dataclass(frozen=True)
class PhotoScene:
    """All of a photo but shape and camera; an anomalous shape and its normal twin can share one.

    Attributes:
        materials: Part id -> material, and label -> material for parts of other ids.
        lighting: The light.
        background: The ground.
        seed: What a renderer's noise is drawn from.
    """

    materials: Mapping[str, Material]
    lighting: Lighting
    background: Background
    seed: int

    def material(self, part: Part) -> Material:
        """The material of a part: by its id, else by its label, else any."""
        found = self.materials.get(part.id, self.materials.get(part.label))
        return next(iter(self.materials.values())) if found is None else found

    @property
    def material_sets(self) -> tuple[str, ...]:
        """Names of the sets of maps that it shows."""
        return tuple(sorted({material.maps.name for material in self.materials.values() if material.maps}))

    @property
    def environment(self) -> str:
        """Name of the environment map that gives its light, or empty."""
        return self.lighting.environment.name if self.lighting.environment else ""

    def to_json(self) -> dict[str, object]:
        """A dict that JSON can hold; `from_json` is its inverse."""
        unique = list(dict.fromkeys(self.materials.values()))
        return {
            "materials": [material.to_json() for material in unique],
            "material_of": {name: unique.index(material) for name, material in self.materials.items()},
            "lighting": self.lighting.to_json(),
            "background": self.background.to_json(),
            "seed": self.seed,
        }

    @staticmethod
    def from_json(data: dict) -> PhotoScene:
        """The scene that `to_json` wrote."""
        unique = [Material.from_json(material) for material in data["materials"]]
        return PhotoScene(
            {name: unique[index] for name, index in data["material_of"].items()},
            Lighting.from_json(data["lighting"]),
            Background.from_json(data["background"]),
            int(data["seed"]),
        )


def draw_scene(
    shape: PartShape,
    generator: np.random.Generator,
    background: str = "white",
    assets: PhotoAssets = NO_ASSETS,
    relief: bool = False,
) -> PhotoScene:
    """Random materials, light and ground for a shape.

    Args:
        shape: The shape; only ids and labels of its parts, and its size, matter.
        generator: Where the draws come from.
        background: One of `ground.BACKGROUNDS`.
        assets: Files that it may show. Without any, the draws are the same as if there were no such thing.
        relief: Whether procedural materials have a fine structure: threads, grain, brush marks.

    Raises:
        ConfigError: Unknown background.
        MapError: A file of the assets cannot be used.
    """
    by_id = assign_materials(shape, generator, assets, relief)
    by_label = {part.label: by_id[part.id] for part in shape.parts}
    lighting = draw_lighting(generator)
    if assets.environments:
        wanted, turn_rad = generator.random(), float(generator.uniform(0, 2 * np.pi))
        name, path = assets.environments[int(generator.integers(len(assets.environments)))]
        if wanted < assets.share:
            lighting = environment_lighting(name, path, turn_rad, lighting.exposure)
    ground = draw_background(background, generator)
    if ground.dome is not None:
        ground, lighting = in_surroundings(ground, lighting)
    return PhotoScene(by_label | by_id, lighting, ground, int(generator.integers(2**31)))


class Renderer(Protocol):
    """What takes photos. The same arguments give the same bytes."""

    def render(self, shape: PartShape, scene: PhotoScene, camera: Camera) -> np.ndarray:
        """(height, width, 3) uint8 sRGB picture of a normalised shape."""
        ...


def _preview(**options: Any) -> Renderer:
    from looking3d.render.preview import PreviewRenderer

    return PreviewRenderer(**options)


def _mitsuba(**options: Any) -> Renderer:
    from looking3d.render.mitsuba import MitsubaRenderer

    return MitsubaRenderer(**options)


def _blender(**options: Any) -> Renderer:
    from looking3d.render.blender import BlenderRenderer

    return BlenderRenderer(**options)


RENDERERS: dict[str, Callable[..., Renderer]] = {
    "preview": _preview,
    "mitsuba": _mitsuba,
    "blender": _blender,
}
"""`preview`: Embree, tens of milliseconds a photo. `mitsuba`: path tracing, half a second. `blender`: the
paper's, as long, by a Blender that has to be installed."""


def get_renderer(name: str, **options: Any) -> Renderer:
    """A renderer by its name.

    Args:
        name: One of `RENDERERS`.
        **options: Of that renderer.

    Raises:
        ConfigError: Unknown name.
    """
    if name not in RENDERERS:
        raise unknown_name("renderer", name, RENDERERS)
    return RENDERERS[name](**options)
