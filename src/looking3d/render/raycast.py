"""Ray casting by Embree: which surface each pixel sees, how far, facing where, of which part."""

from __future__ import annotations

import functools
import itertools
import os
from dataclasses import dataclass

import numpy as np
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore import EmbreeDevice
from embreex.rtcore_scene import EmbreeScene

from looking3d.geometry.camera import Camera
from looking3d.shapes.part_shape import PartShape

_FARTHEST = 1e30
"""Embree's answer for a ray that meets nothing is larger."""

_NEAREST = 1e-3
"""Depth from which on a projection is trusted."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """What a camera sees of a shape, pixel by pixel; rays go through pixel centres.

    Attributes:
        depth: (height, width) float32 along the optical axis, 0 where nothing is hit.
        normal: (height, width, 3) float32 unit face normals in camera axes, turned towards the
            camera (z <= 0); 0 where nothing is hit.
        part: (height, width) int32 index into the shape's parts, -1 where nothing is hit.
    """

    depth: np.ndarray
    normal: np.ndarray
    part: np.ndarray

    @property
    def mask(self) -> np.ndarray:
        """(height, width) bool, where the object is."""
        return self.part >= 0


@dataclass(frozen=True, eq=False)
class Hits:
    """Where rays meet a shape. Arrays have the rays' shape.

    Attributes:
        distance: (...) float32 in units of the ray's direction, infinite where nothing is hit.
        normal: (..., 3) float32 unit face normals in the world, turned towards the ray's origin.
        face: (...) int32 index into the merged faces, -1 where nothing is hit.
        part: (...) int32 index into the shape's parts, -1 where nothing is hit.
    """

    distance: np.ndarray
    normal: np.ndarray
    face: np.ndarray
    part: np.ndarray


@functools.lru_cache(maxsize=1)
def _device(process: int) -> EmbreeDevice:
    """The device that all scenes of a process share; a scene makes its own if it is given none, and
    Embree crashes after about a thousand of them."""
    return EmbreeDevice()


class Raycaster:
    """A shape made ready for rays. Building it costs milliseconds; keep it while the shape is used."""

    def __init__(self, shape: PartShape) -> None:
        vertices, faces, self.part_of_face = shape.merged()
        self._init_mesh(vertices, faces)

    @classmethod
    def from_arrays(cls, vertices: np.ndarray, faces: np.ndarray, part_of_face: np.ndarray) -> Raycaster:
        """From what `PartShape.merged` returns."""
        self = cls.__new__(cls)
        self.part_of_face = np.asarray(part_of_face, np.int32)
        self._init_mesh(vertices, faces)
        return self

    def _init_mesh(self, vertices: np.ndarray, faces: np.ndarray) -> None:
        self.vertices = np.ascontiguousarray(vertices, np.float32)
        self.faces = np.ascontiguousarray(faces, np.int32)
        triangles = self.vertices[self.faces]
        normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
        lengths = np.linalg.norm(normals, axis=1, keepdims=True)
        self.face_normals = normals / np.maximum(lengths, 1e-30)
        low, high = self.vertices.min(0), self.vertices.max(0)
        self._corners = np.array(list(itertools.product(*zip(low, high, strict=True))), np.float64)
        self._scene = EmbreeScene(_device(os.getpid()))
        self._mesh = TriangleMesh(self._scene, self.vertices, self.faces)

    def intersect(self, origins: np.ndarray, directions: np.ndarray) -> Hits:
        """The first surface along each ray.

        Args:
            origins: (..., 3) world points.
            directions: (..., 3), of any length.
        """
        shape = directions.shape[:-1]
        flat_directions = np.ascontiguousarray(directions.reshape(-1, 3), np.float32)
        found = self._scene.run(
            np.ascontiguousarray(origins.reshape(-1, 3), np.float32),
            flat_directions,
            query="INTERSECT",
            output=True,
        )
        face = found["primID"]
        hit = face >= 0
        distance = np.where(hit, found["tfar"], np.float32(np.inf))
        facing = self.face_normals[face[hit]]
        facing[np.einsum("ij,ij->i", facing, flat_directions[hit]) > 0] *= -1
        normal = np.zeros((len(face), 3), np.float32)
        normal[hit] = facing
        part = np.where(hit, self.part_of_face[face], np.int32(-1))
        return Hits(
            distance.reshape(shape), normal.reshape(*shape, 3), face.reshape(shape), part.reshape(shape)
        )

    def occluded(self, origins: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """(...) bool: whether anything lies along each ray. Start rays a little off the surface."""
        found = self._scene.run(
            np.ascontiguousarray(origins.reshape(-1, 3), np.float32),
            np.ascontiguousarray(directions.reshape(-1, 3), np.float32),
            query="OCCLUDED",
        )
        return (found >= 0).reshape(directions.shape[:-1])

    def draw(self, camera: Camera) -> Drawing:
        """Depth, normal and part of every pixel."""
        rows, columns = self._rectangle(camera)
        hits = self.intersect(*camera.rays(rows=rows, columns=columns))
        R_camera_world = camera.T_camera_world[:3, :3].astype(np.float32)
        depth = np.zeros((camera.height, camera.width), np.float32)
        depth[rows, columns] = np.where(hits.face >= 0, hits.distance, np.float32(0))
        normal = np.zeros((camera.height, camera.width, 3), np.float32)
        normal[rows, columns] = hits.normal @ R_camera_world.T
        part = np.full((camera.height, camera.width), -1, np.int32)
        part[rows, columns] = hits.part
        return Drawing(depth, normal, part)

    def depth(self, camera: Camera) -> np.ndarray:
        """(height, width) float32 depth of every pixel, as `draw` gives it, in half of the time."""
        rows, columns = self._rectangle(camera)
        origins, directions = camera.rays(rows=rows, columns=columns)
        found = self._scene.run(
            np.ascontiguousarray(origins.reshape(-1, 3), np.float32),
            directions.reshape(-1, 3),
            query="DISTANCE",
        ).reshape(directions.shape[:-1])
        depth = np.zeros((camera.height, camera.width), np.float32)
        depth[rows, columns] = np.where(found < _FARTHEST, found, np.float32(0))
        return depth

    def _rectangle(self, camera: Camera) -> tuple[slice, slice]:
        """Rows and columns of a picture that the shape's bounding box lies in."""
        corners = self._corners @ camera.T_camera_world[:3, :3].T + camera.T_camera_world[:3, 3]
        # A shape that reaches beside or behind the camera is bounded by no projection.
        if corners[:, 2].min() <= _NEAREST:
            return slice(0, camera.height), slice(0, camera.width)
        image = corners[:, :2] / corners[:, 2:] * camera.focal_px + camera.center_px
        size = np.array([camera.width, camera.height])
        left, top = np.clip(np.floor(image.min(0)) - 1, 0, size).astype(int)
        right, bottom = np.clip(np.ceil(image.max(0)) + 1, 0, size).astype(int)
        if left >= right or top >= bottom:  # out of the picture; Embree wants at least one ray
            right, bottom, left, top = 1, 1, 0, 0
        return slice(int(top), int(bottom)), slice(int(left), int(right))
