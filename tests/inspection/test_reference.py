from pathlib import Path

import numpy as np
import pytest

from looking3d.errors import ConfigError, ShapeError
from looking3d.geometry.camera import orbit
from looking3d.inspection.reference import VIEWS, Reference, closest_view, load_reference, view_azimuth_deg
from looking3d.render.reference import reference_views
from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.write import save_glb


def test_a_reference_is_called_as_its_file_and_normalised(tmp_path: Path, shape: PartShape) -> None:
    path = tmp_path / "two boxes.glb"
    save_glb(shape, path)
    reference = load_reference(path)
    assert reference.name == "two boxes.glb"
    assert [part.id for part in reference.shape.parts] == ["foot", "post"]
    np.testing.assert_allclose(reference.shape.bounds.mean(0), 0, atol=1e-6)


def test_up_and_unit_reach_the_reader(tmp_path: Path, shape: PartShape) -> None:
    save_glb(shape, tmp_path / "a.glb")
    lying = load_reference(str(tmp_path / "a.glb"), up="z", unit="mm").shape
    upright = load_reference(tmp_path / "a.glb").shape
    np.testing.assert_allclose(np.ptp(lying.bounds, 0), np.ptp(upright.bounds, 0)[[0, 2, 1]], atol=1e-6)
    with pytest.raises(ConfigError, match="unknown up axis 'w'"):
        load_reference(tmp_path / "a.glb", up="w")
    with pytest.raises(ShapeError, match="no such file or folder"):
        load_reference(tmp_path / "gone.glb")


def test_views_are_those_of_the_ring_and_are_drawn_once(shape: PartShape) -> None:
    reference = Reference.of(shape)
    assert reference.name == "ell"
    views = reference_views(reference.raycaster, VIEWS)
    for index in (0, 7):
        np.testing.assert_array_equal(reference.view(index), views.images[index])
    assert reference.view(7) is reference.view(7)


@pytest.mark.parametrize(
    ("azimuth_deg", "view"), [(0, 0), (8.9, 0), (9.1, 1), (179, 10), (350.9, 19), (351.1, 0)]
)
@pytest.mark.parametrize("elevation_deg", [-30, 20, 85])
def test_the_closest_view(azimuth_deg: float, elevation_deg: float, view: int) -> None:
    assert closest_view(orbit(np.radians(azimuth_deg), np.radians(elevation_deg))) == view
    assert view_azimuth_deg(view) == 18 * view
