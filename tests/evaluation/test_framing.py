import dataclasses

import numpy as np
import pytest

from looking3d.dataset.quality import box_around
from looking3d.evaluation.framing import MARGIN_PX, Photo, reframed
from looking3d.geometry.camera import orbit
from looking3d.render.raycast import Drawing, Raycaster
from looking3d.render.reference import grey_image
from looking3d.shapes.procedural import generate


@pytest.fixture(scope="module")
def raycaster() -> Raycaster:
    return Raycaster(generate("cabinet", 3).normalized())


def largest(drawing: Drawing) -> int:
    """The part that most is seen of."""
    return int(np.bincount(drawing.part[drawing.mask]).argmax())


@pytest.fixture(scope="module")
def photo(raycaster: Raycaster) -> Photo:
    """120 x 96 px; what changed is the part that most is seen of."""
    camera = dataclasses.replace(orbit(0.5, 0.4, 96), width=120, center_px=np.array([60.0, 48.0]))
    drawing = raycaster.draw(camera)
    grey = grey_image(raycaster, camera)
    return Photo(np.repeat(grey[..., None], 3, 2), camera, drawing.mask, drawing.part == largest(drawing))


def test_picture_masks_and_camera_are_framed_alike(photo: Photo, raycaster: Raycaster) -> None:
    sides = set()
    for seed in range(8):
        framed = reframed(photo, 0.2, np.random.default_rng(seed))
        assert framed.image.shape == (120, 120, 3)
        assert (framed.camera.width, framed.camera.height) == (120, 120)
        drawing = raycaster.draw(framed.camera)
        # Edges are a pixel off at most, since masks are resampled.
        assert (drawing.mask & framed.object).sum() > 0.9 * (drawing.mask | framed.object).sum()
        part = drawing.part == largest(drawing)
        assert (part & framed.changed).sum() > 0.8 * (part | framed.changed).sum()
        drawn = grey_image(raycaster, framed.camera).astype(float)
        assert np.abs(drawn - framed.image[..., 0])[framed.object].mean() < 12
        sides.add(round(photo.camera.focal_px / framed.camera.focal_px, 3))
    assert len(sides) == 8
    assert 0.8 <= min(sides) < 1 < max(sides) <= 1.2


def test_all_of_the_object_stays_in_it(photo: Photo, raycaster: Raycaster) -> None:
    for seed in range(20):
        framed = reframed(photo, 0.5, np.random.default_rng(seed))
        p, _ = framed.camera.project(raycaster.vertices)
        assert p.min() > 0
        assert p.max() < 120
        x, y, width, height = box_around(framed.object)
        assert min(x, y) >= MARGIN_PX - 1
        assert max(x + width, y + height) <= 120 - MARGIN_PX + 1


def test_what_is_added_goes_on_as_the_border_does(photo: Photo) -> None:
    white = dataclasses.replace(photo, image=np.full_like(photo.image, 201))
    assert set(np.unique(reframed(white, 0.5, np.random.default_rng(0)).image)) == {201}
