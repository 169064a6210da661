"""Photos by path tracing with Mitsuba 3, in about half a second a photo.

Materials, lights and shadows on the ground are those of the preview renderer; the light that bounces
between surfaces, reflections and soft shadows on the object itself are traced.
"""

from __future__ import annotations

import importlib
from typing import Any

import cv2
import numpy as np

from looking3d.errors import ConfigError
from looking3d.geometry.camera import Camera
from looking3d.render.atlas import face_atlas
from looking3d.render.color import tone
from looking3d.render.compose import over_ground
from looking3d.render.lighting import Lighting
from looking3d.render.materials import Material
from looking3d.render.mitsuba_variant import mitsuba
from looking3d.render.photo import PhotoScene
from looking3d.render.prepared import PreparedShape
from looking3d.render.sampling import SAMPLES, gather, pixel_size
from looking3d.render.vectors import along
from looking3d.shapes.part_shape import PartShape

BLOCK_PX = 32
"""Side of what one thread renders. Fixed, as Mitsuba's own choice depends on the number of threads."""

SKY_ROWS = 256
"""Height of the environment map."""

MAX_RADIANCE = 3.0
"""Brightest a pixel gets, in units of white, before its light is smoothed."""


class MitsubaRenderer:
    """A `Renderer` for photos that should look real. It keeps the last shape ready.

    Args:
        samples: Paths a pixel.
        max_depth: Longest path; 2 is direct light only.
        threads: Threads Mitsuba uses, in the whole process; the bytes do not depend on it.
    """

    def __init__(self, samples: int = 16, max_depth: int = 4, threads: int = 1) -> None:
        for name, value in (("samples", samples), ("max_depth", max_depth), ("threads", threads)):
            if value < 1:
                raise ConfigError(f"mitsuba renderer: {name} must be at least 1, got {value}")
        self.samples, self.max_depth, self.threads = samples, max_depth, threads
        self._prepared: PreparedShape | None = None

    def render(self, shape: PartShape, scene: PhotoScene, camera: Camera) -> np.ndarray:
        """(height, width, 3) uint8 sRGB picture of a normalised shape."""
        if self._prepared is None or self._prepared.shape is not shape:
            self._prepared = PreparedShape(shape)
        prepared = self._prepared
        generator = np.random.default_rng(scene.seed)
        return over_ground(
            prepared, scene, camera, generator, lambda seen: self._object(prepared, scene, seen)
        )

    def _object(
        self, prepared: PreparedShape, scene: PhotoScene, camera: Camera
    ) -> tuple[np.ndarray, np.ndarray]:
        """(h, w, 3) sRGB of the object times its coverage, and (h, w) coverage, both float32."""
        mi = mitsuba()
        importlib.import_module("drjit").set_thread_count(self.threads)
        world = {
            "type": "scene",
            "integrator": {
                "type": "path",
                "max_depth": self.max_depth,
                "hide_emitters": True,
                "block_size": BLOCK_PX,
            },
            "sensor": _sensor(mi, camera, self.samples),
            "sky": {"type": "envmap", "bitmap": mi.Bitmap(environment_map(scene.lighting))},
        }
        # About a pixel wide at the middle of the object
        texel = pixel_size(camera)
        materials, of_face = prepared.materials(scene)
        for i, material in enumerate(materials):
            faces = np.flatnonzero(of_face == i)
            # A part can be all break
            if len(faces):
                world[f"mesh_{i}"] = _mesh(mi, prepared, material, faces, texel)
        rgba = np.array(mi.render(mi.load_dict(world), seed=scene.seed % 2**32), np.float32)
        coverage = np.clip(rgba[..., 3], 0, 1)
        radiance = np.maximum(rgba[..., :3], 0) / np.maximum(coverage, 1e-6)[..., None]
        color = tone(np.float32(scene.lighting.exposure) * _denoised(radiance, prepared, scene, camera))
        return (color * coverage[..., None]).astype(np.float32), coverage


def _denoised(radiance: np.ndarray, prepared: PreparedShape, scene: PhotoScene, camera: Camera) -> np.ndarray:
    """(h, w, 3) radiance whose light, but not its texture, is smoothed along each surface."""
    origins, directions = camera.rays(SAMPLES)
    hits = prepared.raycaster.intersect(origins, directions)
    rows, columns = np.nonzero(hits.part >= 0)
    p = (origins + directions * hits.distance[..., None])[rows, columns]
    n_face, face = hits.normal[rows, columns], hits.face[rows, columns]
    n = prepared.smooth_normals(p, face, n_face)
    values = np.zeros((*hits.part.shape, 8), np.float32)
    values[rows, columns, :3] = n
    values[rows, columns, 3] = (p * n_face).sum(1)
    surface = prepared.surface(scene, p, n, face, pixel_size(camera) / SAMPLES)
    values[rows, columns, 4:7] = surface.base
    if surface.normal is not n:
        # Relief is not smoothed away either: it is part of the texture, as far as its light is known
        values[rows, columns, 4:7] *= _relief_light(scene.lighting, n, surface.normal)[:, None]
    values[rows, columns, 7] = 1
    samples = values.reshape(camera.height, SAMPLES, camera.width, SAMPLES, 8)
    guide = samples[:, 0, :, 0, :4]
    mean = samples.mean((1, 3))
    # Light is what is left when the texture is divided out; a little is added for black surfaces
    texture = mean[..., 4:7] / np.maximum(mean[..., 7:], 1e-6) + np.float32(0.03)
    texture[mean[..., 7] == 0] = 1
    light = np.minimum(radiance, np.float32(MAX_RADIANCE)) / texture
    # A path that met a lamp by chance must not light up its neighbours
    light = np.minimum(light, 2.5 * cv2.medianBlur(light, 3) + 0.1)
    return gather(light, guide, -2, 2) * texture


def _relief_light(lighting: Lighting, n: np.ndarray, leaning: np.ndarray) -> np.ndarray:
    """(n,) float32 about how much more light leaning normals get than upright ones."""

    def light(normals: np.ndarray) -> np.ndarray:
        key = np.maximum(along(normals, lighting.key.direction), 0) * max(lighting.key.irradiance)
        return lighting.ambient(normals).mean(1) + key

    return np.clip(light(leaning) / np.maximum(light(n), 0.05), 0.4, 2.5).astype(np.float32)


def _sensor(mi: Any, camera: Camera, samples: int) -> dict[str, Any]:
    """Mitsuba's description of a camera."""
    # Mitsuba's camera looks along +z with x to the left and y up
    T_world_camera = np.linalg.inv(camera.T_camera_world) @ np.diag([-1.0, -1.0, 1.0, 1.0])
    x, y = camera.center_px
    return {
        "type": "perspective",
        "to_world": mi.ScalarTransform4f(T_world_camera),
        "fov": float(np.rad2deg(2 * np.arctan(camera.width / (2 * camera.focal_px)))),
        "fov_axis": "x",
        "principal_point_offset_x": float(0.5 - x / camera.width),
        "principal_point_offset_y": float(0.5 - y / camera.height),
        "near_clip": 0.01,
        "far_clip": 100.0,
        "film": {
            "type": "hdrfilm",
            "width": camera.width,
            "height": camera.height,
            "pixel_format": "rgba",
            "component_format": "float32",
            "rfilter": {"type": "box"},
        },
        "sampler": {"type": "multijitter", "sample_count": samples},
    }


def environment_map(lighting: Lighting) -> np.ndarray:
    """(SKY_ROWS, 2 * SKY_ROWS, 3) float32 latitude-longitude picture of the light, as Mitsuba turns it."""
    rows, columns = SKY_ROWS, 2 * SKY_ROWS
    theta = (np.arange(rows) + 0.5) / rows * np.pi
    phi = (np.arange(columns) + 0.5) / columns * 2 * np.pi
    x, z = np.outer(np.sin(theta), np.sin(phi)), -np.outer(np.sin(theta), np.cos(phi))
    y = np.broadcast_to(np.cos(theta)[:, None], x.shape)
    directions = np.stack([x, y, z], -1).reshape(-1, 3).astype(np.float32)
    solid_angle = np.repeat(np.sin(theta), columns) * (np.pi / rows) * (2 * np.pi / columns)
    light = lighting.sky(directions)
    for lamp in (lighting.key, lighting.fill):
        # The power of a small disc must not depend on how it falls on the texels
        disc = lamp.radiance(directions)
        power = (disc * solid_angle[:, None]).sum(0) / np.pi
        light += disc * (np.array(lamp.irradiance, np.float32) / np.maximum(power, 1e-9))
    return light.reshape(rows, columns, 3).astype(np.float32)


def _mesh(mi: Any, prepared: PreparedShape, material: Material, faces: np.ndarray, texel: float) -> Any:
    """A Mitsuba mesh of the faces, each with its own vertices and its own piece of a picture."""
    triangles = prepared.triangles[faces]
    uv, atlas = face_atlas(prepared, material, faces, texel)

    def texture(picture: np.ndarray) -> dict[str, Any]:
        return {"type": "bitmap", "bitmap": mi.Bitmap(picture), "raw": True, "wrap_mode": "clamp"}

    def number(picture: np.ndarray | None, everywhere: float) -> Any:
        return everywhere if picture is None else texture(picture[..., None])

    rough = None if atlas.roughness is None else np.maximum(atlas.roughness, np.float32(0.05))
    bsdf = {
        "type": "principled",
        "base_color": texture(atlas.base),
        "roughness": number(rough, max(material.roughness, 0.05)),
        "metallic": number(atlas.metallic, material.metallic),
        "sheen": material.sheen,
        "sheen_tint": 0.5,
    }
    if atlas.normal is not None:
        bsdf = {"type": "normalmap", "normalmap": texture((atlas.normal + 1) / 2), "bsdf": bsdf}
    bsdf = {"type": "twosided", "bsdf": bsdf}
    properties = mi.Properties()
    properties["mesh_bsdf"] = mi.load_dict(bsdf)
    mesh = mi.Mesh(
        "mesh",
        vertex_count=3 * len(faces),
        face_count=len(faces),
        has_vertex_normals=True,
        has_vertex_texcoords=True,
        props=properties,
    )
    parameters = mi.traverse(mesh)
    parameters["vertex_positions"] = triangles.ravel()
    parameters["vertex_normals"] = prepared.corner_normals[faces].ravel()
    parameters["vertex_texcoords"] = uv.ravel()
    parameters["faces"] = np.arange(3 * len(faces), dtype=np.uint32)
    parameters.update()
    return mesh
