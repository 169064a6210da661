"""Photos by Blender's Cycles, as the paper's are: Smart UV projection, path tracing, denoising.

Blender runs as a process of its own (`blender_process`). Materials, light, and the ground with its shadow
are those of the other renderers: materials are baked into pictures here.
"""

from __future__ import annotations

import functools
import hashlib
import os
from dataclasses import dataclass

import numpy as np

from looking3d.errors import ConfigError
from looking3d.geometry.camera import Camera
from looking3d.render.blender_process import BlenderProcess, find_blender
from looking3d.render.blender_server import KEPT, Message
from looking3d.render.color import tone
from looking3d.render.compose import over_ground
from looking3d.render.mitsuba import environment_map
from looking3d.render.photo import PhotoScene
from looking3d.render.prepared import PreparedShape
from looking3d.render.sampling import pixel_size
from looking3d.render.unwrapped import texels, world_per_uv
from looking3d.shapes.part_shape import PartShape

SMALLEST_PX = 4
"""Blender takes no smaller pictures."""

MAX_SIDE = 4096
"""Largest width and height of the pictures that hold the materials."""

_BLENDER_WORLD = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], np.float32)  # rotation to +Z up


@functools.lru_cache(maxsize=1)
def _blender(command: tuple[str, ...], process: int) -> list[BlenderProcess]:
    """Where the Blender is kept that all renderers of a process share; empty before the first photo."""
    return []


@dataclass(frozen=True, eq=False)
class _Layout:
    """A shape ready for photos, and how Blender laid it out flat.

    Attributes:
        prepared: The shape.
        key: What Blender knows it by.
        mesh: The request that brings it to Blender.
        faces: (m,) the faces of the shape that Blender has.
        uv: (m, 3, 2) float32 texture coordinates of their corners.
        world_per_uv: World units in a step of 1 of those.
    """

    prepared: PreparedShape
    key: str
    mesh: Message
    faces: np.ndarray
    uv: np.ndarray
    world_per_uv: float


class BlenderRenderer:
    """A `Renderer` for photos as the paper made them. It keeps the last shapes ready.

    Args:
        samples: Paths a pixel, before the picture is denoised.
        max_depth: Longest path; 2 is direct light only.
        threads: Threads Blender uses; the bytes do not depend on it.
        timeout_s: Longest that a photo may take.

    Raises:
        ConfigError: A setting is out of range, or the Blender named cannot be used.
        MissingExtraError: There is no Blender.
    """

    def __init__(
        self, samples: int = 16, max_depth: int = 4, threads: int = 1, timeout_s: float = 600.0
    ) -> None:
        for name, value, least in (
            ("samples", samples, 1),
            ("max_depth", max_depth, 2),
            ("threads", threads, 1),
        ):
            if value < least:
                raise ConfigError(f"blender renderer: {name} must be at least {least}, got {value}")
        self.samples, self.max_depth, self.threads, self.timeout_s = samples, max_depth, threads, timeout_s
        self._command = find_blender()
        self._layout = functools.lru_cache(maxsize=KEPT)(self._lay_out)

    def render(self, shape: PartShape, scene: PhotoScene, camera: Camera) -> np.ndarray:
        """(height, width, 3) uint8 sRGB picture of a normalised shape.

        Raises:
            RendererError: Blender died, hung or failed. The next photo starts another.
        """
        layout = self._layout(shape)
        generator = np.random.default_rng(scene.seed)
        return over_ground(
            layout.prepared, scene, camera, generator, lambda seen: self._object(layout, scene, seen)
        )

    def _ask(self, request: Message) -> Message:
        kept = _blender(self._command, os.getpid())
        if not (kept and kept[0].alive):
            kept[:] = [BlenderProcess(self._command)]
        kept[0].timeout_s = self.timeout_s
        return kept[0].ask(request)

    def _lay_out(self, shape: PartShape) -> _Layout:
        prepared = PreparedShape(shape)
        mesh, faces = _mesh(prepared)
        uv = self._ask(mesh)["uv"]
        scale = world_per_uv(prepared.triangles[faces], uv)
        return _Layout(prepared, str(mesh["key"]), mesh, faces, uv, scale)

    def _object(self, layout: _Layout, scene: PhotoScene, camera: Camera) -> tuple[np.ndarray, np.ndarray]:
        """(h, w, 3) sRGB of the object times its coverage, and (h, w) coverage, both float32."""
        height, width = camera.height, camera.width
        # About a pixel wide at the middle of the object
        side = int(np.clip(np.ceil(layout.world_per_uv / pixel_size(camera)), 16, MAX_SIDE))
        request = {
            "key": np.array(layout.key),
            **_view(camera),
            "sky": sky_picture(environment_map(scene.lighting)),
            **bake(layout.prepared, scene, layout.faces, layout.uv, side, layout.world_per_uv / side),
            "samples": np.array(self.samples),
            "bounces": np.array(self.max_depth - 2),
            "seed": np.array(scene.seed % 2**31),
            "threads": np.array(self.threads),
        }
        answer = self._ask(request)
        if "unknown" in answer:
            self._ask(layout.mesh)
            answer = self._ask(request)
        rgba = answer["rgba"][::-1][:height, :width]
        coverage = np.clip(rgba[..., 3], 0, 1)
        radiance = np.maximum(rgba[..., :3], 0) / np.maximum(coverage, 1e-6)[..., None]
        color = tone(np.float32(scene.lighting.exposure) * radiance)
        return (color * coverage[..., None]).astype(np.float32), coverage


def _mesh(prepared: PreparedShape) -> tuple[Message, np.ndarray]:
    """The request that brings a shape to Blender, and (m,) which of its faces are in it.

    Corners of a part at one place become one vertex, so that the layout has few seams; faces that this
    folds up have nothing to show.
    """
    part = np.repeat(prepared.part_of_face, 3).astype(np.float32)
    corners = np.c_[part, prepared.triangles.reshape(-1, 3)]
    unique, index = np.unique(corners, axis=0, return_inverse=True)
    faces = index.reshape(-1, 3)
    kept = np.flatnonzero((faces != np.roll(faces, 1, axis=1)).all(1))
    mesh = {
        "vertices": (unique[:, 1:] @ _BLENDER_WORLD.T).astype(np.float32),
        "faces": faces[kept].astype(np.int32),
        "normals": (prepared.corner_normals[kept] @ _BLENDER_WORLD.T).astype(np.float32),
    }
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in mesh.values()))
    return {"key": np.array(digest.hexdigest()[:32]), **mesh}, kept


def _view(camera: Camera) -> Message:
    """Blender's description of a camera."""
    width, height = max(camera.width, SMALLEST_PX), max(camera.height, SMALLEST_PX)
    # Blender's camera looks along -z with y up
    pose = np.linalg.inv(camera.T_camera_world) @ np.diag([1.0, -1.0, -1.0, 1.0])
    pose[:3] = _BLENDER_WORLD @ pose[:3]
    x, y = camera.center_px
    return {
        "size_px": np.array([width, height]),
        "pose": pose,
        "lens": np.array(camera.focal_px / width),
        "shift": np.array([0.5 - x / width, (y - height / 2) / width]),
    }


def sky_picture(environment: np.ndarray) -> np.ndarray:
    """(h, 2 h, 3) float32, `environment_map` as Blender turns it, lowest row first."""
    return np.roll(environment, environment.shape[1] // 4, axis=1)[::-1]


def bake(
    prepared: PreparedShape, scene: PhotoScene, faces: np.ndarray, uv: np.ndarray, side: int, texel: float
) -> Message:
    """Pictures of what the surface is like, over the layout.

    Args:
        prepared: The shape.
        scene: Its materials.
        faces: (m,) the faces laid out.
        uv: (m, 3, 2) where their corners lie.
        side: Width and height of the pictures.
        texel: Side of a texel in world units.

    Returns:
        `color`, `finish` (roughness, metallic, sheen) and, where a surface leans, `normal` (unit vectors, +Z
        up), all (side, side, 3) float32, lowest row first.
    """
    at = texels(uv, side)
    face = faces[at.face]
    p = np.einsum("kc,kci->ki", at.weights, prepared.triangles[face])
    n_face = prepared.raycaster.face_normals[face].astype(np.float32)
    n = prepared.smooth_normals(p, face, n_face)
    surface = prepared.surface(scene, p, n, face, texel)
    rough = np.maximum(surface.roughness, np.float32(0.05))
    pictures = {
        "color": at.picture(surface.base),
        "finish": at.picture(np.stack([rough, surface.metallic, surface.sheen], 1)),
    }
    if surface.normal is not n:
        pictures["normal"] = at.picture(surface.normal @ _BLENDER_WORLD.T)
    return pictures
