"""A shape made ready for photos: rays, smooth normals, texture frames, and the window it is seen in."""

from __future__ import annotations

import weakref
from dataclasses import dataclass

import numpy as np

from looking3d.geometry.camera import Camera
from looking3d.render.materials import Material, SurfaceSample
from looking3d.render.photo import PhotoScene
from looking3d.render.raw_materials import raw_material
from looking3d.render.raycast import Raycaster
from looking3d.render.textures import texture_frames
from looking3d.render.vectors import dot
from looking3d.render.window import window
from looking3d.shapes.part_shape import Part, PartShape

_MOST_NEIGHBOURS = 48
"""Of more corners at one place, as at the tip of a fan, an even choice of about this many counts."""

_PAIRS = 500_000
"""Pairs of corners that are held in memory at once."""


def corner_normals(
    vertices: np.ndarray, faces: np.ndarray, part_of_face: np.ndarray, crease_deg: float = 32.0
) -> np.ndarray:
    """(m, 3, 3) float32 unit normals of the corners of the faces, smooth but for creases.

    A corner's normal is the mean of the faces around it that bend away by less than the crease angle,
    weighted by area and by their angle at the corner, so that large faces stay flat between rounded
    edges. Neighbours that are turned inside out count as if they were turned back.

    Args:
        vertices: (n, 3) points.
        faces: (m, 3) indices into vertices.
        part_of_face: (m,) part of each face; parts do not smooth one another.
        crease_deg: Largest angle between faces that are smoothed.
    """
    triangles = vertices[faces]
    edges = np.roll(triangles, -1, axis=1) - triangles
    normals = np.cross(edges[:, 0], edges[:, 1])
    areas = np.linalg.norm(normals, axis=1, keepdims=True)
    normals /= np.maximum(areas, 1e-30)
    units = edges / np.maximum(np.linalg.norm(edges, axis=2, keepdims=True), 1e-30)
    cosines = -np.einsum("mci,mci->mc", units, np.roll(units, 1, axis=1))
    weights = (areas * np.arccos(np.clip(cosines, -1, 1))).ravel()

    # Corners at the same place of the same part are neighbours; the key may wrap around, as a hash does
    grid = np.round(triangles.reshape(-1, 3) * 1e5).astype(np.int64)
    key = ((grid[:, 0] * 1_000_003 + grid[:, 1]) * 1_000_003 + grid[:, 2]) * 4099 + np.repeat(part_of_face, 3)
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(key[order]) != 0])
    sizes = np.diff(np.r_[starts, len(order)])

    # All pairs (corner, neighbour), corner by corner, a piece of the corners at a time
    start_of, size_of = np.repeat(starts, sizes), np.repeat(sizes, sizes)
    step_of = -(-size_of // _MOST_NEIGHBOURS)
    count_of = -(-size_of // step_of)
    total = np.cumsum(count_of)
    cuts = np.searchsorted(total, np.arange(_PAIRS, total[-1], _PAIRS))
    smooth = np.empty((len(order), 3))
    for piece in np.split(np.arange(len(order)), cuts):
        count, corner = count_of[piece], order[piece]
        first = np.cumsum(count) - count
        within = (np.arange(count.sum()) - np.repeat(first, count)) * np.repeat(step_of[piece], count)
        neighbour = order[np.repeat(start_of[piece], count) + within]
        own, other = normals[np.repeat(corner, count) // 3], normals[neighbour // 3]
        cosine = np.einsum("ij,ij->i", own, other)
        flat = np.abs(cosine) > np.cos(np.deg2rad(crease_deg))
        weight = np.where(flat, np.sign(cosine) * weights[neighbour], 0)
        smooth[corner] = np.add.reduceat(other * weight[:, None], first)
    smooth = smooth.reshape(-1, 3, 3)
    lengths = np.linalg.norm(smooth, axis=2, keepdims=True)
    return np.where(lengths > 0, smooth / np.maximum(lengths, 1e-300), normals[:, None]).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Surface:
    """What a shape's surface is like at points.

    Attributes:
        base: (n, 3) float32 linear RGB.
        roughness: (n,) float32.
        metallic: (n,) float32.
        sheen: (n,) float32.
        normal: (n, 3) float32 unit normals in the world, leaning as the materials' relief does.
    """

    base: np.ndarray
    roughness: np.ndarray
    metallic: np.ndarray
    sheen: np.ndarray
    normal: np.ndarray


_known_normals: weakref.WeakKeyDictionary[Part, np.ndarray] = weakref.WeakKeyDictionary()


def _normals_of(part: Part) -> np.ndarray:
    """(m, 3, 3) float32 `corner_normals` of a part; found once, as an edit changes one part of many."""
    found = _known_normals.get(part)
    if found is None:
        # The edge of a break is sharp
        side = np.zeros(len(part.faces), int) if part.raw is None else part.raw.astype(int)
        found = _known_normals[part] = corner_normals(part.vertices, part.faces, side)
    return found


class PreparedShape:
    """A shape made ready for photos. Keep it while the shape is used.

    Attributes:
        shape: The shape itself.
        part_of_face: (m,) int32 index into its parts of each face.
        triangles: (m, 3, 3) float32 corners of the faces.
        corner_normals: (m, 3, 3) float32 from `corner_normals`.
        raycaster: Rays against it.
        bounds: (2, 3) float32 its box.
    """

    def __init__(self, shape: PartShape) -> None:
        self.shape = shape
        vertices, faces, self.part_of_face = shape.merged()
        self.triangles = vertices[faces].astype(np.float32)
        self.raycaster = Raycaster.from_arrays(vertices, faces, self.part_of_face)
        self._raw = shape.raw_faces()
        self.corner_normals = np.concatenate([_normals_of(part) for part in shape.parts])
        self.bounds = shape.bounds.astype(np.float32)
        self._frame_R, self._frame_t = texture_frames(shape)

        # For each face, so that n0 + (p - p0) . d1 * n1 + (p - p0) . d2 * n2 interpolates the normal
        p0, p1, p2 = (vertices[faces[:, i]] for i in range(3))
        e1, e2 = p1 - p0, p2 - p0
        n = np.cross(e1, e2)
        squared = np.maximum((n**2).sum(1, keepdims=True), 1e-30)
        d1, d2 = np.cross(e2, n) / squared, np.cross(n, e1) / squared
        n0, n1, n2 = self.corner_normals.transpose(1, 0, 2)
        self._smooth = np.stack([p0, d1, d2, n0, n1 - n0, n2 - n0], axis=1).astype(np.float32)

    def smooth_normals(self, p: np.ndarray, face: np.ndarray, n_face: np.ndarray) -> np.ndarray:
        """(n, 3) float32 unit normals at points of faces, on the side of the given face normals.

        Args:
            p: (n, 3) float32 world points.
            face: (n,) the faces they lie on.
            n_face: (n, 3) float32 unit normals of those faces, on the side that is seen.
        """
        p0, d1, d2, n0, n1, n2 = self._smooth[face].transpose(1, 0, 2)
        p = p - p0
        n = n0 + n1 * dot(p, d1)[:, None] + n2 * dot(p, d2)[:, None]
        n *= np.sign(dot(n, n_face))[:, None]
        n /= np.maximum(np.sqrt(dot(n, n)), 1e-6)[:, None]
        return np.where(dot(n, n_face)[:, None] > 0.1, n, n_face)

    def window(self, camera: Camera) -> tuple[slice, slice, Camera] | None:
        """Rows, columns and camera of the part of the image that can show the shape; None if none can."""
        return window(self.bounds, camera)

    def materials(self, scene: PhotoScene) -> tuple[list[Material], np.ndarray]:
        """The scene's different materials, and (m,) int which of them each face has."""
        of_part = [scene.material(part) for part in self.shape.parts]
        # A break shows what is under the material of its part
        broken = [part.raw is not None for part in self.shape.parts]
        under = [raw_material(skin) if raw else skin for skin, raw in zip(of_part, broken)]
        unique = list(dict.fromkeys([*of_part, *under]))
        index = np.array([[unique.index(material) for material in side] for side in (of_part, under)])
        return unique, index[self._raw.astype(int), self.part_of_face]

    def in_texture_frame(
        self, p: np.ndarray, n: np.ndarray, face: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """(n, 3) float32 points and normals on faces, in the texture frames of their parts."""
        part = self.part_of_face[face]
        R, t = self._frame_R[part], self._frame_t[part]
        return np.einsum("nij,nj->ni", R, p) + t, np.einsum("nij,nj->ni", R, n)

    def surface(
        self, scene: PhotoScene, p: np.ndarray, n: np.ndarray, face: np.ndarray, texel: float
    ) -> Surface:
        """What the surface is like at points.

        Args:
            scene: Its materials.
            p: (n, 3) float32 world points.
            n: (n, 3) float32 unit normals.
            face: (n,) the faces the points lie on.
            texel: Length over which maps are averaged, in world units.
        """
        materials, of_face = self.materials(scene)
        which = of_face[face]
        base = np.empty((len(p), 3), np.float32)
        rest = np.array([[m.roughness, m.metallic, m.sheen] for m in materials], np.float32)[which]
        leaning = n
        for i, material in enumerate(materials):
            here = np.flatnonzero(which == i)
            if len(here):
                found, tilt = self.sample(material, p[here], n[here], face[here], texel)
                base[here] = found.base
                rest[here, 0], rest[here, 1] = found.roughness, found.metallic
                if tilt is not None:
                    leaning = leaning.copy() if leaning is n else leaning
                    leaning[here] = _lean(n[here], tilt)
        return Surface(base, rest[:, 0], rest[:, 1], rest[:, 2], leaning)

    def sample(
        self, material: Material, p: np.ndarray, n: np.ndarray, face: np.ndarray, texel: float
    ) -> tuple[SurfaceSample, np.ndarray | None]:
        """What a material is like at (n, 3) world points of (n,) faces with (n, 3) unit normals.

        Returns:
            The sample, and (n, 3) float32 by which a unit normal leans, along the surface in the world; None
            where it is smooth.
        """
        found = material.surface(*self.in_texture_frame(p, n, face), texel)
        if found.tilt is None:
            return found, None
        # Back from the frame: the inverse of a rotation is its transpose
        tilt = np.einsum("nji,nj->ni", self._frame_R[self.part_of_face[face]], found.tilt)
        return found, tilt - dot(tilt, n)[:, None] * n


def _lean(n: np.ndarray, tilt: np.ndarray) -> np.ndarray:
    """(n, 3) float32 unit normals that lean by a tilt along the surface."""
    upright = np.sqrt(np.maximum(1 - dot(tilt, tilt), np.float32(0.05)))
    leaning = n * upright[:, None] + tilt
    return leaning / np.sqrt(dot(leaning, leaning))[:, None]
