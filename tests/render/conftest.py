import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest
import trimesh
from PIL import Image

from looking3d.errors import MissingExtraError
from looking3d.geometry.camera import Camera, orbit
from looking3d.render.material_set import MaterialSet, find_material_sets
from looking3d.render.photo import RENDERERS, Renderer, get_renderer
from looking3d.shapes.part_shape import Part, PartShape

LEG = "chair/chair_base/regular_leg_base/leg"


def _part(id: str, label: str, mesh: trimesh.Trimesh, at: list[float]) -> Part:
    return Part(id, label, np.asarray(mesh.vertices) + at, np.asarray(mesh.faces))


@pytest.fixture(params=sorted(RENDERERS))
def renderer(request) -> Renderer:
    """Each renderer; one that is not installed is left out."""
    try:
        return get_renderer(request.param)
    except MissingExtraError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def stool() -> PartShape:
    """A box with a box for its back, on four round legs."""
    upright = trimesh.transformations.rotation_matrix(np.pi / 2, [1, 0, 0])
    leg = trimesh.creation.cylinder(0.06, 0.9, sections=16, transform=upright)
    seat, back = trimesh.creation.box([0.9, 0.12, 0.9]), trimesh.creation.box([0.9, 0.7, 0.08])
    parts = [
        _part("seat", "chair/chair_seat/seat_surface/seat_single_surface", seat, [0, 0.5, 0]),
        _part("back", "chair/chair_back/back_surface/back_single_surface", back, [0, 0.9, -0.41]),
    ]
    places = [(x, z) for x in (-0.38, 0.38) for z in (-0.38, 0.38)]
    parts += [_part(f"leg_{i}", LEG, leg, [x, 0, z]) for i, (x, z) in enumerate(places)]
    return PartShape("stool", tuple(parts), "chair").normalized()


@pytest.fixture(scope="session")
def camera() -> Camera:
    """48 x 40 px, the principal point off the middle."""
    return dataclasses.replace(
        orbit(0.7, 0.5, 48), focal_px=52.0, center_px=np.array([27.3, 17.6]), width=48, height=40
    )


@pytest.fixture(scope="session")
def striped_set(tmp_path_factory) -> MaterialSet:
    """A set in ambientCG's naming: 64 x 32 px, red and green stripes, bumps, half glossy, half metal."""
    folder = tmp_path_factory.mktemp("materials") / "Plastic007"
    folder.mkdir()
    rows, columns = np.mgrid[:32, :64]
    color = np.where((columns // 8 % 2)[..., None], [200, 40, 30], [30, 160, 60])
    slope = 0.5 * np.sin(columns * (2 * np.pi / 32)), 0.4 * np.sin(rows * (2 * np.pi / 16))
    normal = np.stack([slope[0], -slope[1], np.sqrt(1 - slope[0] ** 2 - slope[1] ** 2)], -1)
    maps = {
        "Color": color,
        "NormalGL": normal * 127 + 128,
        "Roughness": np.where(rows < 16, 60, 200),
        "Metalness": np.where(columns < 32, 0, 255),
    }
    for name, picture in maps.items():
        Image.fromarray(picture.astype(np.uint8)).save(folder / f"Plastic007_1K-PNG_{name}.png")
    (found,) = find_material_sets([str(folder)])
    return found


@pytest.fixture(scope="session")
def sunny_map(tmp_path_factory) -> Path:
    """An environment map of 128 x 64 px: blue above, brown below, and a sun at azimuth 90 degrees (+X)."""
    picture = np.full((64, 128, 3), [0.4, 0.5, 0.7], np.float32)
    picture[32:] = [0.3, 0.2, 0.1]
    picture[17:19, 31:33] = 3000.0
    path = tmp_path_factory.mktemp("environments") / "sunny.hdr"
    cv2.imwrite(str(path), picture[..., ::-1])
    return path
