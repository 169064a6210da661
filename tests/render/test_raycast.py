import dataclasses

import numpy as np
import pytest
import trimesh

from looking3d.geometry.camera import Camera, orbit
from looking3d.render.raycast import Raycaster
from looking3d.shapes.part_shape import Part, PartShape
from looking3d.shapes.procedural import generate

CAMERAS = [
    dataclasses.replace(orbit(*angles), focal_px=80.0, center_px=np.array([33.1, 25.4]), width=64, height=48)
    for angles in [(0.0, 0.0), (2.3, 0.6), (-1.0, -1.4)]
]


def ball(id: str, radius: float, at: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Part:
    mesh = trimesh.creation.icosphere(5, radius)
    return Part(id, "part/ball", mesh.vertices + np.array(at), mesh.faces)


def soup(count: int = 60, seed: int = 0) -> PartShape:
    """Triangles anywhere, wound anyhow, in parts of 1, 2, 3, ... triangles."""
    corners = np.random.default_rng(seed).uniform(-0.7, 0.7, (count, 1, 3))
    corners = corners + np.random.default_rng(seed + 1).uniform(-0.25, 0.25, (count, 3, 3))
    ends = np.cumsum(np.arange(1, 11))
    groups = np.split(corners, ends[ends < count])
    parts = [
        Part(f"part_{i}", "part/soup", group.reshape(-1, 3), np.arange(3 * len(group)).reshape(-1, 3))
        for i, group in enumerate(groups)
    ]
    return PartShape("soup", tuple(parts))


def slow_first_hit(triangles: np.ndarray, origin: np.ndarray, direction: np.ndarray) -> tuple[int, float]:
    """By solving origin + t direction = a + u (b - a) + v (c - a) for every triangle."""
    best = (-1, np.inf)
    for face, (a, b, c) in enumerate(triangles):
        t, u, v = np.linalg.solve(np.stack([-direction, b - a, c - a], 1), origin - a)
        if t > 0 and u >= 0 and v >= 0 and u + v <= 1 and t < best[1]:
            best = (face, t)
    return best


def random_rays(count: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """From a sphere around the origin to points inside it; directions are of any length."""
    generator = np.random.default_rng(2)
    origins = generator.standard_normal((count, 3))
    origins *= 2.5 / np.linalg.norm(origins, axis=1, keepdims=True)
    targets = generator.uniform(-0.6, 0.6, (count, 3))
    return origins, (targets - origins) * generator.uniform(0.2, 3.0, (count, 1))


def unit_rays(camera: Camera) -> np.ndarray:
    """(height, width, 3) unit directions in camera axes."""
    directions = camera.rays()[1] @ camera.T_camera_world[:3, :3].T
    return directions / np.linalg.norm(directions, axis=-1, keepdims=True)


@pytest.mark.parametrize("camera", CAMERAS)
def test_depth_and_normal_of_a_sphere(camera: Camera) -> None:
    radius = 0.7
    drawing = Raycaster(PartShape("ball", (ball("ball", radius),))).draw(camera)
    origins, directions = (rays.astype(float) for rays in camera.rays())
    # |origin + depth direction| = radius, the smaller root
    a = (directions**2).sum(-1)
    b = (origins * directions).sum(-1)
    discriminant = b**2 - a * ((origins**2).sum(-1) - radius**2)
    inside = discriminant > 0.06
    depth = (-b - np.sqrt(np.maximum(discriminant, 0))) / a
    assert drawing.depth.shape == (48, 64)
    assert drawing.mask[inside].all()
    assert not drawing.mask[discriminant < 0].any()
    np.testing.assert_allclose(drawing.depth[inside], depth[inside], atol=2e-3)
    normals = (origins + depth[..., None] * directions) / radius @ camera.T_camera_world[:3, :3].T
    assert ((drawing.normal * normals).sum(-1)[inside] > 0.999).all()


@pytest.mark.parametrize("camera", CAMERAS)
def test_nothing_is_zero_and_part_minus_one(camera: Camera) -> None:
    drawing = Raycaster(soup()).draw(camera)
    assert 0 < drawing.mask.sum() < drawing.mask.size
    np.testing.assert_array_equal(drawing.mask, drawing.depth > 0)
    np.testing.assert_array_equal(drawing.mask, drawing.part >= 0)
    assert not drawing.normal[~drawing.mask].any()
    assert (drawing.depth.dtype, drawing.normal.dtype, drawing.part.dtype) == (
        np.float32,
        np.float32,
        np.int32,
    )


@pytest.mark.parametrize("camera", CAMERAS)
def test_normals_are_unit_and_face_the_camera_however_faces_are_wound(camera: Camera) -> None:
    shape = soup()
    drawing = Raycaster(shape).draw(camera)
    normal, ray = drawing.normal[drawing.mask], unit_rays(camera)[drawing.mask]
    np.testing.assert_allclose(np.linalg.norm(normal, axis=1), 1, atol=1e-5)
    assert ((normal * ray).sum(1) <= 1e-6).all()
    turned = shape.with_parts(dataclasses.replace(part, faces=part.faces[:, ::-1]) for part in shape.parts)
    again = Raycaster(turned).draw(camera)
    np.testing.assert_array_equal(drawing.part, again.part)
    np.testing.assert_allclose(drawing.depth, again.depth, atol=1e-5)
    np.testing.assert_allclose(drawing.normal, again.normal, atol=1e-4)


def test_the_nearer_part_is_seen() -> None:
    parts = (ball("far", 0.3, (0, 0, -0.5)), ball("near", 0.1, (0, 0, 0.5)), ball("aside", 0.1, (0.5, 0, 0)))
    caster = Raycaster(PartShape("balls", parts))
    front, back = orbit(0.0, 0.0, 65), orbit(np.pi, 0.0, 65)
    assert set(np.unique(caster.draw(front).part)) == {-1, 0, 1, 2}
    assert caster.draw(front).part[32, 32] == 1
    assert caster.draw(back).part[32, 32] == 0
    # +X is on the right from the front, on the left from the back.
    assert caster.draw(front).part[32, 48] == 2
    assert caster.draw(back).part[32, 16] == 2


def test_first_hits_are_those_of_the_slow_way() -> None:
    shape = soup()
    vertices, faces, part_of_face = shape.merged()
    triangles = vertices[faces]
    origins, directions = random_rays()
    hits = Raycaster(shape).intersect(origins, directions)
    slow = [slow_first_hit(triangles, o, d) for o, d in zip(origins, directions, strict=True)]
    face, distance = np.array([f for f, _ in slow]), np.array([t for _, t in slow])
    assert 0 < (face < 0).sum() < len(face)
    np.testing.assert_array_equal(hits.face, face)
    np.testing.assert_allclose(hits.distance, distance, rtol=1e-4)
    np.testing.assert_array_equal(hits.part, np.where(face >= 0, part_of_face[face], -1))
    hit = face >= 0
    towards = (hits.normal * directions).sum(-1)
    assert (towards[hit] < 0).all()
    assert not hits.normal[~hit].any()


def test_occluded_is_whether_something_is_hit() -> None:
    caster = Raycaster(soup())
    origins, directions = (rays.reshape(2, 5, 30, 3) for rays in random_rays())
    occluded = caster.occluded(origins, directions)
    assert occluded.shape == (2, 5, 30)
    assert 0 < occluded.sum() < occluded.size
    np.testing.assert_array_equal(occluded, np.isfinite(caster.intersect(origins, directions).distance))


def test_the_far_side_of_a_ball_is_in_its_shadow() -> None:
    caster = Raycaster(PartShape("ball", (ball("ball", 0.5),)))
    directions = np.random.default_rng(3).standard_normal((200, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    directions = directions[abs(directions[:, 1]) > 0.25]
    light = np.broadcast_to([0.0, 1.0, 0.0], directions.shape)
    np.testing.assert_array_equal(caster.occluded(directions * 0.505, light), directions[:, 1] < 0)


def test_arrays_are_as_good_as_a_shape() -> None:
    shape = soup()
    drawing = Raycaster(shape).draw(CAMERAS[1])
    again = Raycaster.from_arrays(*shape.merged()).draw(CAMERAS[1])
    for name in ("depth", "normal", "part"):
        np.testing.assert_array_equal(getattr(drawing, name), getattr(again, name))


def test_a_face_without_area_is_harmless() -> None:
    flat = Part("flat", "part/flat", np.zeros((3, 3)), np.array([[0, 1, 2]]))
    shape = PartShape("shape", (flat, ball("ball", 0.5)))
    drawing = Raycaster(shape).draw(CAMERAS[0])
    assert set(np.unique(drawing.part)) == {-1, 1}
    assert np.isfinite(drawing.normal).all()


def test_thousands_of_shapes_can_be_kept_ready() -> None:
    shape = soup(4)
    kept = [Raycaster(shape) for _ in range(2000)]
    np.testing.assert_array_equal(kept[0].draw(CAMERAS[0]).part, kept[-1].draw(CAMERAS[0]).part)


def test_only_rays_near_the_shape_are_cast_and_nothing_is_lost() -> None:
    raycaster = Raycaster(generate("chair", 0).normalized())
    for distance in (0.4, 1.2, 2.5, 6.0):  # from within the bounding box's depth to far away
        camera = orbit(0.7, 0.4, 96, distance)
        drawing = raycaster.draw(camera)
        hits = raycaster.intersect(*camera.rays())
        np.testing.assert_array_equal(drawing.part, hits.part)
        np.testing.assert_array_equal(drawing.depth, np.where(hits.face >= 0, hits.distance, 0))
        np.testing.assert_array_equal(raycaster.depth(camera), drawing.depth)


def test_a_shape_out_of_the_picture_is_not_drawn() -> None:
    raycaster = Raycaster(generate("chair", 0).normalized())
    camera = orbit(0.7, 0.4, 96)
    aside = dataclasses.replace(camera, center_px=camera.center_px + 500)
    assert not raycaster.draw(aside).mask.any()
    assert not raycaster.depth(aside).any()
