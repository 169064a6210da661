"""Photos by Embree: one bounce of light, tens of milliseconds a photo."""

from __future__ import annotations

import dataclasses

import numpy as np

from looking3d.geometry.camera import Camera
from looking3d.render.lighting import (
    GROUND_ALBEDO,
    OFFSET,
    REACH,
    TILE,
    Background,
    Lighting,
    along,
    ground_light,
    over_hemisphere,
    spread,
)
from looking3d.render.materials import albedo, texture_frames
from looking3d.render.photo import PhotoScene
from looking3d.render.raycast import Raycaster
from looking3d.shapes.part_shape import PartShape

SAMPLES = 2
"""Rays along each side of a pixel."""

# --- Geometry ---------------------------------------------------------------------------------------


def corner_normals(
    vertices: np.ndarray, faces: np.ndarray, part_of_face: np.ndarray, crease_deg: float = 32.0
) -> np.ndarray:
    """(m, 3, 3) float32 unit normals of the corners of the faces, smooth but for creases.

    A corner's normal is the mean of the faces around it that bend away by less than the crease angle,
    weighted by area and by their angle at the corner, so that large faces stay flat between rounded
    edges. Faces that are turned inside out are turned back first.
    """
    triangles = vertices[faces]
    edges = np.roll(triangles, -1, axis=1) - triangles
    normals = np.cross(edges[:, 0], edges[:, 1])
    areas = np.linalg.norm(normals, axis=1, keepdims=True)
    normals /= np.maximum(areas, 1e-30)
    units = edges / np.maximum(np.linalg.norm(edges, axis=2, keepdims=True), 1e-30)
    cosines = -np.einsum("mci,mci->mc", units, np.roll(units, 1, axis=1))
    weights = (areas * np.arccos(np.clip(cosines, -1, 1))).ravel()

    # Corners at the same place of the same part are neighbours
    grid = np.round(triangles.reshape(-1, 3) * 1e5).astype(np.int64)
    key = ((grid[:, 0] * 1_000_003 + grid[:, 1]) * 1_000_003 + grid[:, 2]) * 4099 + np.repeat(part_of_face, 3)
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(key[order]) != 0])
    sizes = np.diff(np.r_[starts, len(order)])

    # All pairs (corner, neighbour), corner by corner
    start_of, size_of = np.repeat(starts, sizes), np.repeat(sizes, sizes)
    first = np.cumsum(size_of) - size_of
    within = np.arange(size_of.sum()) - np.repeat(first, size_of)
    neighbour = order[np.repeat(start_of, size_of) + within]
    own, other = normals[np.repeat(order, size_of) // 3], normals[neighbour // 3]
    cosine = np.einsum("ij,ij->i", own, other)
    flat = np.abs(cosine) > np.cos(np.deg2rad(crease_deg))
    weight = np.where(flat, np.sign(cosine) * weights[neighbour], 0)
    smooth = np.empty((len(order), 3))
    smooth[order] = np.add.reduceat(other * weight[:, None], first)
    smooth = smooth.reshape(-1, 3, 3)
    lengths = np.linalg.norm(smooth, axis=2, keepdims=True)
    return np.where(lengths > 0, smooth / np.maximum(lengths, 1e-300), normals[:, None]).astype(np.float32)


class Model:
    """A shape made ready for photos. Keep it while the shape is used."""

    def __init__(self, shape: PartShape) -> None:
        self.shape = shape
        vertices, faces, self.part_of_face = shape.merged()
        self.triangles = vertices[faces].astype(np.float32)
        self.raycaster = Raycaster.from_arrays(vertices, faces, self.part_of_face)
        self.corner_normals = corner_normals(vertices, faces, self.part_of_face)
        self.bounds = shape.bounds.astype(np.float32)
        self.frame_R, self.frame_t = texture_frames(shape)

        # For each face, so that n0 + (p - p0) . d1 * n1 + (p - p0) . d2 * n2 interpolates the normal
        p0, p1, p2 = (vertices[faces[:, i]] for i in range(3))
        e1, e2 = p1 - p0, p2 - p0
        n = np.cross(e1, e2)
        area = np.maximum((n**2).sum(1, keepdims=True), 1e-30)
        d1, d2 = np.cross(e2, n) / area, np.cross(n, e1) / area
        n0, n1, n2 = self.corner_normals.transpose(1, 0, 2)
        self._smooth = np.stack([p0, d1, d2, n0, n1 - n0, n2 - n0], axis=1).astype(np.float32)

    def smooth_normals(self, p: np.ndarray, face: np.ndarray, n_face: np.ndarray) -> np.ndarray:
        """(n, 3) float32 normals at points of faces, on the side of the given face normals."""
        p0, d1, d2, n0, n1, n2 = self._smooth[face].transpose(1, 0, 2)
        p = p - p0
        n = n0 + n1 * _dot(p, d1)[:, None] + n2 * _dot(p, d2)[:, None]
        n *= np.sign(_dot(n, n_face))[:, None]
        n /= np.maximum(np.sqrt(_dot(n, n)), 1e-6)[:, None]
        return np.where(_dot(n, n_face)[:, None] > 0.1, n, n_face)

    def window(self, camera: Camera) -> tuple[slice, slice, Camera] | None:
        """Rows, columns and camera of the part of the image that can show the shape; None if none can."""
        corners = np.stack(np.meshgrid(*self.bounds.T.astype(float), indexing="ij"), -1).reshape(-1, 3)
        p, depth = camera.project(corners)
        size = np.array([camera.width, camera.height])
        low, high = np.zeros(2, int), size
        # A box that reaches behind the camera has no outline
        if (depth > 0).all():
            low = np.clip(np.floor(p.min(0)) - 1, 0, size).astype(int)
            high = np.clip(np.ceil(p.max(0)) + 1, 0, size).astype(int)
        width, height = (high - low).tolist()
        if width <= 0 or height <= 0:
            return None
        seen = dataclasses.replace(camera, center_px=camera.center_px - low, width=width, height=height)
        return slice(low[1], high[1]), slice(low[0], high[0]), seen


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.einsum("ij,ij->i", a, b)


# --- Colour -----------------------------------------------------------------------------------------


def tone(radiance: np.ndarray) -> np.ndarray:
    """sRGB in [0, 1] of linear light: straight at first, then a shoulder that reaches white at infinity."""
    knee = np.float32(0.6)
    over = np.maximum(radiance - knee, 0)
    x = np.minimum(radiance, knee) + (1 - knee) * (1 - np.exp(-over / (1 - knee)))
    return np.where(
        x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 0.0031308) ** np.float32(1 / 2.4) - 0.055
    )


def compose(
    picture: np.ndarray, coverage: np.ndarray, ground: np.ndarray, background: Background
) -> np.ndarray:
    """The object over its ground.

    Args:
        picture: (h, w, 3) float32 sRGB of the object, times its coverage.
        coverage: (h, w) float32, how much of a pixel the object fills.
        ground: (h, w, 3) float32 from `ground_light`.
        background: The sheet that the ground darkens.

    Returns:
        (h, w, 3) uint8 sRGB.
    """
    height, width = coverage.shape
    dimmed = 1 + (ground - 1) * np.float32(0.9 * background.shadow)
    sheet = background.image(height, width) * dimmed ** np.float32(1 / 2.4)
    image = picture + (1 - coverage[..., None]) * sheet
    return np.clip(image * 255 + 0.5, 0, 255).astype(np.uint8)


# --- The renderer -----------------------------------------------------------------------------------


class PreviewRenderer:
    """A `Renderer` fit for making training photos. It keeps the last shape ready."""

    def __init__(self) -> None:
        self._model: Model | None = None

    def render(self, shape: PartShape, scene: PhotoScene, camera: Camera) -> np.ndarray:
        """(height, width, 3) uint8 sRGB picture of a normalised shape."""
        if self._model is None or self._model.shape is not shape:
            self._model = Model(shape)
        model = self._model
        generator = np.random.default_rng(scene.seed)
        ground = ground_light(model.raycaster, model.bounds, scene.lighting, camera, generator)
        picture = np.zeros((camera.height, camera.width, 3), np.float32)
        coverage = np.zeros((camera.height, camera.width), np.float32)
        if window := model.window(camera):
            rows, columns, seen = window
            picture[rows, columns], coverage[rows, columns] = _object(model, scene, seen, generator)
        return compose(picture, coverage, ground, scene.background)


def _object(
    model: Model, scene: PhotoScene, camera: Camera, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """(h, w, 3) sRGB of the object times its coverage, and (h, w) coverage, both float32."""
    origins, directions = camera.rays(SAMPLES)
    hits = model.raycaster.intersect(origins, directions)
    rows, columns = np.nonzero(hits.part >= 0)
    to_hit = directions[rows, columns]
    p = origins[0, 0] + to_hit * hits.distance[rows, columns, None]
    view = -to_hit / np.sqrt(_dot(to_hit, to_hit))[:, None]
    face, n_face = hits.face[rows, columns], hits.normal[rows, columns]
    n = model.smooth_normals(p, face, n_face)

    # One ray a sample for the key and one for the sky, gathered over each surface
    key_points = spread(generator, rows, columns, TILE)
    sky_points = spread(generator, rows, columns, TILE)
    light = np.zeros((*hits.part.shape, 2), np.float32)
    light[rows, columns] = _visibility(model, scene.lighting, p, n_face, key_points, sky_points)
    guide = np.zeros((*hits.part.shape, 4), np.float32)
    guide[rows, columns, :3] = n
    guide[rows, columns, 3] = _dot(p, n_face)
    key, open_ = gather(light, guide, -TILE // 2, TILE // 2 - 1)[rows, columns].T

    # Averaging after the tone curve keeps edges of highlights smooth
    image = np.zeros((*hits.part.shape, 4), np.float32)
    image[rows, columns, :3] = tone(_shade(model, scene, p, view, face, n_face, n, key, open_))
    image[rows, columns, 3] = 1
    image = image.reshape(camera.height, SAMPLES, camera.width, SAMPLES, 4).mean((1, 3))
    return image[..., :3], image[..., 3]


def _visibility(
    model: Model,
    lighting: Lighting,
    p: np.ndarray,
    n_face: np.ndarray,
    key_points: np.ndarray,
    sky_points: np.ndarray,
) -> np.ndarray:
    """(n, 2) float32: whether one ray reaches the key, and how far one gets towards the sky."""
    start = p + n_face * np.float32(OFFSET)
    seen = np.zeros((len(p), 2), np.float32)
    lit = np.flatnonzero(along(n_face, lighting.key.direction) > 0)
    to_key = lighting.key.towards(key_points[lit])
    seen[lit, 0] = 1 - model.raycaster.occluded(start[lit], to_key)
    near = model.raycaster.intersect(start, over_hemisphere(n_face, sky_points)).distance
    seen[:, 1] = np.minimum(near / np.float32(REACH), 1)
    return seen


def gather(light: np.ndarray, guide: np.ndarray, low: int, high: int) -> np.ndarray:
    """Mean over the square around each sample, of those on the same surface.

    Args:
        light: (h, w, c) float32.
        guide: (h, w, 4) float32 normal and distance from the origin of each sample's plane; 0 where
            there is no surface.
        low: First row and column of the square, relative to the sample.
        high: Last row and column.
    """
    for axis in (0, 1):
        total, weight = light.copy(), np.ones(light.shape[:2], np.float32)
        for shift in (s for s in range(low, high + 1) if s):
            here = [slice(None), slice(None)]
            there = [slice(None), slice(None)]
            here[axis] = slice(max(-shift, 0), light.shape[axis] - max(shift, 0))
            there[axis] = slice(max(shift, 0), light.shape[axis] + min(shift, 0))
            a, b = guide[tuple(here)], guide[tuple(there)]
            same = np.einsum("ijk,ijk->ij", a[..., :3], b[..., :3]) > 0.9
            same &= np.abs(a[..., 3] - b[..., 3]) < 0.02
            total[tuple(here)] += light[tuple(there)] * same[..., None]
            weight[tuple(here)] += same
        light = total / weight[..., None]
    return light


def _shade(
    model: Model,
    scene: PhotoScene,
    p: np.ndarray,
    view: np.ndarray,
    face: np.ndarray,
    n_face: np.ndarray,
    n: np.ndarray,
    key: np.ndarray,
    open_: np.ndarray,
) -> np.ndarray:
    """(n, 3) float32 radiance that leaves points towards the camera."""
    lighting = scene.lighting
    base, rough, metallic, sheen = surface(model, scene, p, n, face)
    # What is hidden from the sky still sees its neighbours, of about its own colour
    open_ = open_[:, None]
    open_ = open_ + (1 - open_) * (0.1 + 0.5 * base)

    diffuse = open_ * _ambient(lighting, n)
    facing = np.maximum(along(n, lighting.key.direction), 0)
    diffuse += (key * facing)[:, None] * np.array(lighting.key.irradiance, np.float32)
    fill = np.maximum(along(n, lighting.fill.direction) * 0.75 + 0.25, 0)[:, None]
    diffuse += open_ * fill * np.array(lighting.fill.irradiance, np.float32)

    # What is mirrored: sky by the angle of reflection, the key only where it is not shadowed
    cosine = np.maximum(_dot(n, view), 0.02)
    mirrored = 2 * cosine[:, None] * n - view
    f0 = 0.04 + (base - 0.04) * metallic[:, None]
    fresnel = f0 + (np.maximum(1 - rough[:, None], f0) - f0) * ((1 - cosine) ** 5)[:, None]
    blur = np.float32(1.1) * rough**2
    softness = np.minimum(rough * rough * 1.2, 1)[:, None]
    sky = lighting.sky(mirrored) * (1 - softness) + _ambient(lighting, n) * softness
    metal = np.flatnonzero(metallic > 0)
    start = (p + n_face * np.float32(OFFSET))[metal]
    sky[metal] = _mirror_object(model, scene, start, mirrored[metal], sky[metal], 12 * rough[metal])
    lamps = lighting.key.radiance(mirrored, blur) * key[:, None] + lighting.fill.radiance(mirrored, blur)
    glossy = fresnel * (open_ * sky + np.minimum(lamps, 6.0))
    glossy += (sheen * (1 - cosine) ** 3)[:, None] * 0.5 * diffuse * np.sqrt(base)
    return np.float32(lighting.exposure) * (base * (1 - metallic)[:, None] * diffuse + glossy)


def _mirror_object(
    model: Model,
    scene: PhotoScene,
    start: np.ndarray,
    mirrored: np.ndarray,
    sky: np.ndarray,
    spread: np.ndarray,
) -> np.ndarray:
    """(n, 3) light along mirrored rays: the object itself where they meet it, else the given sky.

    Args:
        model: The object.
        scene: Its materials and light.
        start: (n, 3) where the rays start.
        mirrored: (n, 3) unit directions.
        sky: (n, 3) what is seen where nothing is in the way.
        spread: (n,) how fast a mirrored picture fades with distance, 0 for a perfect mirror.
    """
    near = model.raycaster.intersect(start, mirrored)
    colors = np.array([scene.material(part).color for part in model.shape.parts], np.float32)
    # About what a surface shows on average: partly in shadow, and not black even if its colour is
    neighbour = (0.12 + 0.7 * colors[near.part]) * _ambient(scene.lighting, near.normal)
    away = np.minimum(near.distance, np.float32(10))
    clear = np.where(near.part >= 0, 1 / (1 + (spread * away) ** 2), np.float32(0))[:, None]
    return sky + (neighbour - sky) * clear


def _ambient(lighting: Lighting, n: np.ndarray) -> np.ndarray:
    """(n, 3) light of sky and ground on a surface, over pi."""
    up = n[:, 1:2]
    top, horizon = np.array(lighting.sky_top, np.float32), np.array(lighting.sky_horizon, np.float32)
    sky = horizon + (top - horizon) * (np.float32(0.42) + np.float32(0.25) * up)
    # Below an object the ground lies in its shadow
    ground = (0.75 * GROUND_ALBEDO * lighting.ground_irradiance).astype(np.float32)
    return ground + (sky - ground) * (0.5 + 0.5 * up)


def surface(
    model: Model, scene: PhotoScene, p: np.ndarray, n: np.ndarray, face: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(n, 3) base colour, (n,) roughness, metallic and sheen at points."""
    materials = [scene.material(part) for part in model.shape.parts]
    unique = list(dict.fromkeys(materials))
    part = model.part_of_face[face]
    which = np.array([unique.index(material) for material in materials])[part]
    R, t = model.frame_R[part], model.frame_t[part]
    p, n = np.einsum("nij,nj->ni", R, p) + t, np.einsum("nij,nj->ni", R, n)
    base = np.empty((len(p), 3), np.float32)
    for i, material in enumerate(unique):
        here = np.flatnonzero(which == i)
        if len(here):
            base[here] = albedo(material, p[here], n[here])
    rest = np.array([[m.roughness, m.metallic, m.sheen] for m in unique], np.float32)[which]
    return base, rest[:, 0], rest[:, 1], rest[:, 2]
