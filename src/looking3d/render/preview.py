"""Photos by Embree: one bounce of light, tens of milliseconds a photo."""

from __future__ import annotations

import numpy as np

from looking3d.geometry.camera import Camera
from looking3d.render.color import tone
from looking3d.render.compose import over_ground
from looking3d.render.lighting import Lighting
from looking3d.render.photo import PhotoScene
from looking3d.render.prepared import PreparedShape, Surface
from looking3d.render.sampling import (
    OFFSET,
    REACH,
    SAMPLES,
    TILE,
    gather,
    over_hemisphere,
    pixel_size,
    spread,
)
from looking3d.render.vectors import along, dot
from looking3d.shapes.part_shape import PartShape


class PreviewRenderer:
    """A `Renderer` fit for making training photos. It keeps the last shape ready."""

    def __init__(self) -> None:
        self._prepared: PreparedShape | None = None

    def render(self, shape: PartShape, scene: PhotoScene, camera: Camera) -> np.ndarray:
        """(height, width, 3) uint8 sRGB picture of a normalised shape."""
        if self._prepared is None or self._prepared.shape is not shape:
            self._prepared = PreparedShape(shape)
        prepared = self._prepared
        generator = np.random.default_rng(scene.seed)
        return over_ground(
            prepared, scene, camera, generator, lambda seen: _object(prepared, scene, seen, generator)
        )


def _object(
    prepared: PreparedShape, scene: PhotoScene, camera: Camera, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """(h, w, 3) sRGB of the object times its coverage, and (h, w) coverage, both float32."""
    origins, directions = camera.rays(SAMPLES)
    hits = prepared.raycaster.intersect(origins, directions)
    rows, columns = np.nonzero(hits.part >= 0)
    to_hit = directions[rows, columns]
    p = origins[0, 0] + to_hit * hits.distance[rows, columns, None]
    view = -to_hit / np.sqrt(dot(to_hit, to_hit))[:, None]
    face, n_face = hits.face[rows, columns], hits.normal[rows, columns]
    n = prepared.smooth_normals(p, face, n_face)

    # One ray a sample for the key and one for the sky, gathered over each surface
    key_points = spread(generator, rows, columns, TILE)
    sky_points = spread(generator, rows, columns, TILE)
    light = np.zeros((*hits.part.shape, 2), np.float32)
    light[rows, columns] = _visibility(prepared, scene.lighting, p, n_face, key_points, sky_points)
    guide = np.zeros((*hits.part.shape, 4), np.float32)
    guide[rows, columns, :3] = n
    guide[rows, columns, 3] = dot(p, n_face)
    lit, openness = gather(light, guide, -TILE // 2, TILE // 2 - 1)[rows, columns].T

    # Averaging after the tone curve keeps edges of highlights smooth
    image = np.zeros((*hits.part.shape, 4), np.float32)
    # A sample is half a pixel wide
    surface = prepared.surface(scene, p, n, face, 0.7 * pixel_size(camera))
    image[rows, columns, :3] = tone(_shade(prepared, scene, surface, p, view, n_face, lit, openness))
    image[rows, columns, 3] = 1
    image = image.reshape(camera.height, SAMPLES, camera.width, SAMPLES, 4).mean((1, 3))
    return image[..., :3], image[..., 3]


def _visibility(
    prepared: PreparedShape,
    lighting: Lighting,
    p: np.ndarray,
    n_face: np.ndarray,
    key_points: np.ndarray,
    sky_points: np.ndarray,
) -> np.ndarray:
    """(n, 2) float32: whether one ray reaches the key, and how far one gets towards the sky, 1 at `REACH`."""
    start = p + n_face * np.float32(OFFSET)
    seen = np.zeros((len(p), 2), np.float32)
    lit = np.flatnonzero(along(n_face, lighting.key.direction) > 0)
    to_key = lighting.key.towards(key_points[lit])
    seen[lit, 0] = 1 - prepared.raycaster.occluded(start[lit], to_key)
    near = prepared.raycaster.intersect(start, over_hemisphere(n_face, sky_points)).distance
    seen[:, 1] = np.minimum(near / np.float32(REACH), 1)
    return seen


def _shade(
    prepared: PreparedShape,
    scene: PhotoScene,
    surface: Surface,
    p: np.ndarray,
    view: np.ndarray,
    n_face: np.ndarray,
    lit: np.ndarray,
    openness: np.ndarray,
) -> np.ndarray:
    """(n, 3) float32 radiance that leaves points towards the camera.

    Args:
        prepared: The object.
        scene: Its materials and light.
        surface: What it is like at the points.
        p: (n, 3) world points.
        view: (n, 3) unit directions towards the camera.
        n_face: (n, 3) unit normals of the faces the points lie on.
        lit: (n,) how much of the key reaches a point, 0 to 1.
        openness: (n,) how much of the sky does, 0 to 1.
    """
    lighting = scene.lighting
    base, rough, metallic, sheen = surface.base, surface.roughness, surface.metallic, surface.sheen
    n = surface.normal
    # What is hidden from the sky still sees its neighbours, of about its own colour
    openness = openness[:, None]
    openness = openness + (1 - openness) * (0.1 + 0.5 * base)

    diffuse = openness * lighting.ambient(n)
    facing = np.maximum(along(n, lighting.key.direction), 0)
    diffuse += (lit * facing)[:, None] * np.array(lighting.key.irradiance, np.float32)
    fill = np.maximum(along(n, lighting.fill.direction) * 0.75 + 0.25, 0)[:, None]
    diffuse += openness * fill * np.array(lighting.fill.irradiance, np.float32)

    # What is mirrored: sky by the angle of reflection, the key only where it is not shadowed
    cosine = np.maximum(dot(n, view), 0.02)
    mirrored = 2 * cosine[:, None] * n - view
    f0 = 0.04 + (base - 0.04) * metallic[:, None]
    fresnel = f0 + (np.maximum(1 - rough[:, None], f0) - f0) * ((1 - cosine) ** 5)[:, None]
    blur_rad = np.float32(1.1) * rough**2
    softness = np.minimum(rough * rough * 1.2, 1)[:, None]
    sky = lighting.sky(mirrored, blur_rad) * (1 - softness) + lighting.ambient(n) * softness
    metal = np.flatnonzero(metallic > 0)
    start = (p + n_face * np.float32(OFFSET))[metal]
    sky[metal] = _mirror_object(prepared, scene, start, mirrored[metal], sky[metal], 12 * rough[metal])
    lamps = lighting.key.radiance(mirrored, blur_rad) * lit[:, None]
    lamps += lighting.fill.radiance(mirrored, blur_rad)
    glossy = fresnel * (openness * sky + np.minimum(lamps, 6.0))
    glossy += (sheen * (1 - cosine) ** 3)[:, None] * 0.5 * diffuse * np.sqrt(base)
    return np.float32(lighting.exposure) * (base * (1 - metallic)[:, None] * diffuse + glossy)


def _mirror_object(
    prepared: PreparedShape,
    scene: PhotoScene,
    start: np.ndarray,
    mirrored: np.ndarray,
    sky: np.ndarray,
    fading: np.ndarray,
) -> np.ndarray:
    """(n, 3) light along mirrored rays: the object itself where they meet it, else the given sky.

    Args:
        prepared: The object.
        scene: Its materials and light.
        start: (n, 3) where the rays start.
        mirrored: (n, 3) unit directions.
        sky: (n, 3) what is seen where nothing is in the way.
        fading: (n,) how fast a mirrored picture fades with distance, 0 for a perfect mirror.
    """
    near = prepared.raycaster.intersect(start, mirrored)
    colors = np.array([scene.material(part).color for part in prepared.shape.parts], np.float32)
    # About what a surface shows on average: partly in shadow, and not black even if its colour is
    neighbour = (0.12 + 0.7 * colors[near.part]) * scene.lighting.ambient(near.normal)
    away = np.minimum(near.distance, np.float32(10))
    clear = np.where(near.part >= 0, 1 / (1 + (fading * away) ** 2), np.float32(0))[:, None]
    return sky + (neighbour - sky) * clear
