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
from looking3d.render.lighting import Lighting, ground_light
from looking3d.render.materials import Material, albedo
from looking3d.render.photo import PhotoScene
from looking3d.render.preview import SAMPLES, Model, compose, gather, surface, tone
from looking3d.shapes.part_shape import PartShape

VARIANT = "scalar_rgb"
"""Mitsuba's variant: plain C++, which starts at once and gives the same bytes anywhere."""

BLOCK_PX = 32
"""Side of what one thread renders. Fixed, as Mitsuba's own choice depends on the number of threads."""

SKY_ROWS = 256
"""Height of the environment map."""

MAX_RADIANCE = 3.0
"""Brightest a pixel gets, in units of white, before its light is smoothed."""


def _mitsuba() -> Any:
    # Imported when used: it costs a second
    mitsuba = importlib.import_module("mitsuba")
    if mitsuba.variant() != VARIANT:
        mitsuba.set_variant(VARIANT)
    return mitsuba


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
        self._model: Model | None = None

    def render(self, shape: PartShape, scene: PhotoScene, camera: Camera) -> np.ndarray:
        """(height, width, 3) uint8 sRGB picture of a normalised shape."""
        if self._model is None or self._model.shape is not shape:
            self._model = Model(shape)
        model = self._model
        ground = ground_light(
            model.raycaster, model.bounds, scene.lighting, camera, np.random.default_rng(scene.seed)
        )
        picture = np.zeros((camera.height, camera.width, 3), np.float32)
        coverage = np.zeros((camera.height, camera.width), np.float32)
        if window := model.window(camera):
            rows, columns, seen = window
            picture[rows, columns], coverage[rows, columns] = self._object(model, scene, seen)
        return compose(picture, coverage, ground, scene.background)

    def _object(self, model: Model, scene: PhotoScene, camera: Camera) -> tuple[np.ndarray, np.ndarray]:
        """(h, w, 3) sRGB of the object times its coverage, and (h, w) coverage, both float32."""
        mi = _mitsuba()
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
        texel = float(np.linalg.norm(camera.origin)) / camera.focal_px
        for i, (material, faces) in enumerate(_by_material(model, scene)):
            world[f"mesh_{i}"] = _mesh(mi, model, material, faces, texel)
        rgba = np.array(mi.render(mi.load_dict(world), seed=scene.seed % 2**32), np.float32)
        coverage = np.clip(rgba[..., 3], 0, 1)
        radiance = np.maximum(rgba[..., :3], 0) / np.maximum(coverage, 1e-6)[..., None]
        color = tone(np.float32(scene.lighting.exposure) * _denoised(radiance, model, scene, camera))
        return (color * coverage[..., None]).astype(np.float32), coverage


def _denoised(radiance: np.ndarray, model: Model, scene: PhotoScene, camera: Camera) -> np.ndarray:
    """(h, w, 3) radiance whose light, but not its texture, is smoothed along each surface."""
    origins, directions = camera.rays(SAMPLES)
    hits = model.raycaster.intersect(origins, directions)
    rows, columns = np.nonzero(hits.part >= 0)
    p = (origins + directions * hits.distance[..., None])[rows, columns]
    n_face, face = hits.normal[rows, columns], hits.face[rows, columns]
    n = model.smooth_normals(p, face, n_face)
    values = np.zeros((*hits.part.shape, 8), np.float32)
    values[rows, columns, :3] = n
    values[rows, columns, 3] = (p * n_face).sum(1)
    values[rows, columns, 4:7] = surface(model, scene, p, n, face)[0]
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


def _sensor(mi: Any, camera: Camera, samples: int) -> dict[str, Any]:
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


def _by_material(model: Model, scene: PhotoScene) -> list[tuple[Material, np.ndarray]]:
    """Each material with the indices of its faces."""
    materials = [scene.material(part) for part in model.shape.parts]
    unique = list(dict.fromkeys(materials))
    which = np.array([unique.index(material) for material in materials])[model.part_of_face]
    return [(material, np.flatnonzero(which == i)) for i, material in enumerate(unique)]


def _mesh(mi: Any, model: Model, material: Material, faces: np.ndarray, texel: float) -> Any:
    """A Mitsuba mesh of the faces, each with its own vertices and its own piece of a picture."""
    triangles = model.triangles[faces]
    uv, picture = face_atlas(model, material, faces, texel)
    bsdf = {
        "type": "twosided",
        "bsdf": {
            "type": "principled",
            "base_color": {
                "type": "bitmap",
                "bitmap": mi.Bitmap(picture),
                "raw": True,
                "wrap_mode": "clamp",
            },
            "roughness": max(material.roughness, 0.05),
            "metallic": material.metallic,
            "sheen": material.sheen,
            "sheen_tint": 0.5,
        },
    }
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
    parameters["vertex_normals"] = model.corner_normals[faces].ravel()
    parameters["vertex_texcoords"] = uv.ravel()
    parameters["faces"] = np.arange(3 * len(faces), dtype=np.uint32)
    parameters.update()
    return mesh


def face_atlas(
    model: Model, material: Material, faces: np.ndarray, texel: float
) -> tuple[np.ndarray, np.ndarray]:
    """A picture that holds the solid texture on each face, without seams.

    Each face has a rectangle: its longest edge is the lower side, with a margin of one texel in which
    the texture goes on. A face smaller than a texel has one texel.

    Args:
        model: The shape.
        material: Whose texture.
        faces: (m,) indices of faces.
        texel: Side of a texel in world units.

    Returns:
        (m, 3, 2) float32 texture coordinates in [0, 1] and (h, w, 3) float32 linear RGB.
    """
    # Corners a, b, c with a-b the longest edge; x runs along it, y towards c
    triangles = model.triangles[faces]
    edges = np.roll(triangles, -1, axis=1) - triangles
    longest = np.linalg.norm(edges, axis=2).argmax(1)
    turn = (longest[:, None] + np.arange(3)) % 3
    a, b, c = np.take_along_axis(triangles, turn[..., None], 1).transpose(1, 0, 2)
    length = np.maximum(np.linalg.norm(b - a, axis=1), 1e-9)
    x_axis = (b - a) / length[:, None]
    c_x = np.einsum("ij,ij->i", c - a, x_axis)
    rise = (c - a) - c_x[:, None] * x_axis
    height = np.linalg.norm(rise, axis=1)
    y_axis = rise / np.maximum(height, 1e-9)[:, None]

    small = length < texel
    sizes = np.stack([np.ceil(length / texel), np.ceil(height / texel)], 1).astype(int) + 2
    sizes[small] = 1
    corner, shape = _pack(sizes)
    margin = np.where(small, 0.5, 1.0)
    local = np.zeros((len(faces), 3, 2))
    local[:, 1, 0], local[:, 2, 0], local[:, 2, 1] = length, c_x, height
    local[small] = 0
    pixels = np.zeros_like(local)
    np.put_along_axis(pixels, turn[..., None], corner[:, None] + margin[:, None, None] + local / texel, 1)

    # Texels of all rectangles, one after another
    counts = sizes.prod(1)
    face = np.repeat(np.arange(len(faces)), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    column, row = within % sizes[face, 0], within // sizes[face, 0]
    x = (column + 0.5 - margin[face]) * texel
    y = (row + 0.5 - margin[face]) * texel
    # Those beyond the slanted sides, but for a margin, are never seen
    left = x * height[face] - (y - 2 * texel) * c_x[face] > -2 * texel * height[face]
    right = (length[face] - x) * height[face] - (y - 2 * texel) * (length - c_x)[face] > -2 * texel * height[
        face
    ]
    seen = np.flatnonzero((left & right) | small[face])
    face, column, row, x, y = (array[seen] for array in (face, column, row, x, y))
    p = a[face] + x_axis[face] * x[:, None] + y_axis[face] * y[:, None]
    part = model.part_of_face[faces[face]]
    R, t = model.frame_R[part], model.frame_t[part]
    n = np.cross(x_axis, y_axis)[face].astype(np.float32)
    p = np.einsum("nij,nj->ni", R, p.astype(np.float32)) + t
    colors = albedo(material, p, np.einsum("nij,nj->ni", R, n))
    picture = np.zeros((*shape, 3), np.float32)
    picture[corner[face, 1] + row, corner[face, 0] + column] = colors
    return (pixels / [shape[1], shape[0]]).astype(np.float32), picture


def _pack(sizes: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
    """Places rectangles on shelves, the tallest first.

    Args:
        sizes: (m, 2) int widths and heights.

    Returns:
        (m, 2) int x and y of their corners, and (height, width) of the whole.
    """
    total = int(sizes.prod(1).sum())
    width = max(int(sizes[:, 0].max()), int(np.ceil(np.sqrt(1.1 * total))), 2)
    corner = np.zeros_like(sizes)
    x = y = shelf = 0
    for i in np.lexsort((-sizes[:, 0], -sizes[:, 1])).tolist():
        w, h = sizes[i].tolist()
        if x + w > width:
            x, y, shelf = 0, y + shelf, 0
        corner[i] = x, y
        x, shelf = x + w, max(shelf, h)
    return corner, (max(y + shelf, 2), width)
