import numpy as np
import pytest
import trimesh

from looking3d.shapes.part_shape import Part, PartShape

SEAT = "chair/chair_seat/seat_surface/seat_single_surface"
LEG = "chair/chair_base/regular_leg_base/leg"


def _part(id: str, label: str, mesh: trimesh.Trimesh, at: tuple[float, float, float]) -> Part:
    return Part(id, label, np.asarray(mesh.vertices) + np.array(at), np.asarray(mesh.faces))


def _stool(id: str, seat_height: float, leg_radius: float, leg_length: float) -> PartShape:
    """A box on three round legs."""
    upright = trimesh.transformations.rotation_matrix(np.pi / 2, [1, 0, 0])
    leg = trimesh.creation.cylinder(leg_radius, leg_length, sections=12, transform=upright)
    seat = _part("seat", SEAT, trimesh.creation.box([1.0, seat_height, 0.8]), (0, seat_height / 2, 0))
    places = [(-0.4, -0.3), (0.4, -0.3), (0.0, 0.3)]
    legs = [_part(f"leg_{i}", LEG, leg, (x, -leg_length / 2, z)) for i, (x, z) in enumerate(places)]
    return PartShape(id, (seat, *legs), "chair", "made here").normalized()


@pytest.fixture(scope="session")
def stool() -> PartShape:
    """A seat and three legs, all of them closed solids."""
    return _stool("stool", 0.15, 0.06, 0.9)


@pytest.fixture(scope="session")
def donors(stool: PartShape) -> list[PartShape]:
    """The shape itself, which is no donor, and two others with a seat and legs."""
    return [stool, _stool("squat", 0.25, 0.11, 0.4), _stool("tall", 0.06, 0.03, 1.3)]


@pytest.fixture(scope="session")
def sheet() -> PartShape:
    """One part, open: a square of side 1 in the plane z = 0, in 8 x 8 cells."""
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, 9), np.linspace(-0.5, 0.5, 9))
    vertices = np.stack([x.ravel(), y.ravel(), np.zeros(81)], 1)
    corner = (np.arange(8)[:, None] * 9 + np.arange(8)).ravel()
    faces = np.concatenate(
        [np.stack([corner, corner + 1, corner + 9], 1), np.stack([corner + 1, corner + 10, corner + 9], 1)]
    )
    return PartShape("sheet", (Part("sheet", "part/sheet", vertices, faces),))
