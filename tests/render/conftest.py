import dataclasses

import numpy as np
import pytest
import trimesh

from looking3d.geometry.camera import Camera, orbit
from looking3d.shapes.part_shape import Part, PartShape

LEG = "chair/chair_base/regular_leg_base/leg"


def _part(id: str, label: str, mesh: trimesh.Trimesh, at: list[float]) -> Part:
    return Part(id, label, np.asarray(mesh.vertices) + at, np.asarray(mesh.faces))


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
