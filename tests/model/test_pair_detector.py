import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from looking3d.errors import ConfigError
from looking3d.geometry.camera import orbit
from looking3d.inspection.inspector import Inspector
from looking3d.inspection.reference import Reference
from looking3d.model.align.align import AlignDetector
from looking3d.model.checkpoint import load_detector
from looking3d.model.cmt.cmt import Cmt
from looking3d.model.detector import CacheableDetector, FindsForeground
from looking3d.model.networks import build_network
from looking3d.model.pair_detector import ALL, PairDetector, _heat_map, framed_as_views, set_options
from looking3d.model.pair_network import Verdict
from looking3d.model.query import Query, whole_window
from looking3d.render.raycast import Raycaster
from looking3d.render.reference import grey_image
from tests.model.tiny_networks import tiny, tiny_weights
from tests.samples import ell


@pytest.fixture(scope="module")
def raycaster() -> Raycaster:
    return Raycaster(ell().normalized())


@pytest.fixture(scope="module")
def guide() -> AlignDetector:
    found = load_detector("align")
    assert isinstance(found, AlignDetector)
    return found


def detector(guide: AlignDetector, name: str = "cmt") -> PairDetector:
    torch.manual_seed(0)
    return PairDetector(build_network(tiny(name)).eval(), "cmt", guide)


def photo(raycaster: Raycaster, azimuth: float = 0.5) -> Query:
    """Wider than high, with the object off the middle."""
    image = np.full((200, 260, 3), 255, np.uint8)
    image[20:180, 70:230] = grey_image(raycaster, orbit(azimuth, 0.4, 160))[..., None]
    return Query(image)


def test_the_object_gets_the_size_and_place_that_it_has_in_the_views() -> None:
    view = orbit(0.3, 0.35, 256)
    window = framed_as_views(view)
    assert (window.x, window.y, window.side) == pytest.approx((0, 0, 256), abs=1e-9)
    # Twice as large in the photo, and moved: so is the window.
    near = view.cropped(-40, 30, 512, 512, (1024, 1024))
    window = framed_as_views(near)
    assert (window.x, window.y, window.side) == pytest.approx((80, -60, 512))
    # Nearer by a lens that is as much wider: as large, at the middle of the object.
    wide = dataclasses.replace(orbit(0.3, 0.35, 256, 1.25), focal_px=view.focal_px / 2)
    assert framed_as_views(wide).side == pytest.approx(256)


def test_a_box_is_a_heat_map_of_what_it_covers() -> None:
    judged = Verdict(torch.zeros(1), torch.zeros(1, 4))
    heat = _heat_map(judged, 0.8, (0.25, 0.375, 0.5, 0.125), 4)
    expected = np.zeros((4, 4))
    expected[1, 1:3] = 0.4  # half of two cells
    np.testing.assert_allclose(heat, expected, atol=1e-6)
    outside = _heat_map(judged, 0.5, (-1, -1, 1.25, 3), 4)
    np.testing.assert_allclose(outside, 0.5 * np.array([[1, 0, 0, 0]] * 4), atol=1e-6)
    assert not _heat_map(Verdict(torch.zeros(1)), 0.9, None, 4).any()
    patches = Verdict(torch.zeros(1), None, torch.arange(16.0)[None] - 8)
    np.testing.assert_allclose(
        _heat_map(patches, 0.9, None, 4)[1], 1 / (1 + np.exp(8 - np.arange(4.0, 8.0))), rtol=1e-5
    )


@pytest.mark.parametrize("name", ["cmt", "cmt-a", "cmt-plus"])
def test_a_photo_is_judged_alike_whatever_comes_with_it(
    name: str, guide: AlignDetector, raycaster: Raycaster
) -> None:
    one = detector(guide, name)
    assert isinstance(one, CacheableDetector)
    assert isinstance(one, FindsForeground)
    enrolled = one.enrol(raycaster)
    first, second = photo(raycaster), photo(raycaster, 2.0)
    both = one.detect([first, second], enrolled)
    alone = one.detect([second], enrolled)[0]
    assert both[1].probability == alone.probability
    np.testing.assert_array_equal(both[1].heat_map, alone.heat_map)
    assert both[0].probability != both[1].probability
    assert (alone.camera.width, alone.camera.height) == (260, 200)
    # The guide finds the drawing's camera, and so the square that was drawn.
    assert both[0].alignment > 0.8
    assert (both[0].window.x, both[0].window.y, both[0].window.side) == pytest.approx((70, 20, 160), abs=6)
    assert alone.heat_map.shape == (8, 8)


def test_what_is_enrolled_is_packed_without_loss(guide: AlignDetector, raycaster: Raycaster) -> None:
    one = detector(guide)
    enrolled = one.enrol(raycaster)
    back = one.unpack(one.pack(enrolled), raycaster)
    query = photo(raycaster)
    assert one.detect([query], back)[0].probability == one.detect([query], enrolled)[0].probability
    arrays = one.pack(enrolled)
    with pytest.raises(ValueError, match="not the views of this network"):
        one.unpack(arrays | {"views.images": arrays["views.images"][:2]}, raycaster)
    with pytest.raises(ValueError, match="not the views of this network"):
        one.unpack({name: array for name, array in arrays.items() if name != "views.valid"}, raycaster)


def test_the_key_changes_with_weights_and_settings(guide: AlignDetector) -> None:
    one, same, other = detector(guide), detector(guide), detector(guide)
    assert one.enrolment_key() == same.enrolment_key()
    set_options(same.network, views=2)
    assert same.views == 2
    assert one.enrolment_key() != same.enrolment_key()
    assert isinstance(other.network, Cmt)
    with torch.no_grad():
        other.network.token[0] += 1
    assert one.enrolment_key() != other.enrolment_key()


def test_all_candidates_are_more_candidates_than_there_are(
    guide: AlignDetector, raycaster: Raycaster
) -> None:
    answers = {}
    for top_k in (4, 3 * 64, ALL):
        one = detector(guide)
        set_options(one.network, top_k=top_k)
        query = photo(raycaster)
        answers[top_k] = one.answer(query.image, whole_window(260, 200), one.enrol(raycaster).encoded)
    assert answers[ALL].probability == pytest.approx(answers[3 * 64].probability, abs=1e-6)
    assert answers[ALL].probability != answers[4].probability
    np.testing.assert_array_equal(answers[ALL].distances, answers[4].distances)


def test_options_that_a_network_has_not(guide: AlignDetector) -> None:
    with pytest.raises(ConfigError, match="top-k: this network chooses no candidates"):
        set_options(detector(guide, "cmt-a").network, top_k=5)
    with pytest.raises(ConfigError, match="top-k: all is for networks that add what they find"):
        set_options(detector(guide, "cmt-plus").network, top_k=ALL)


def test_a_network_that_needs_a_camera_says_so(guide: AlignDetector, raycaster: Raycaster) -> None:
    one = detector(guide, "cmt-plus")
    assert one.needs_camera
    assert not detector(guide).needs_camera
    with pytest.raises(ValueError, match="needs the photo's camera"):
        one.answer(photo(raycaster).image, whole_window(260, 200), one.enrol(raycaster).encoded)


def test_the_nearest_view_is_told_by_networks_that_compare_patches(
    guide: AlignDetector, raycaster: Raycaster
) -> None:
    image = photo(raycaster).image
    for name, tells in (("cmt", True), ("cmt-a", False)):
        one = detector(guide, name)
        answer = one.answer(image, whole_window(260, 200), one.enrol(raycaster).encoded)
        assert (answer.distances is not None) == tells
        if answer.distances is not None:
            assert answer.distances.shape == (3,)


def test_the_header_of_weights_tells_whose_they_are_and_inspect_uses_them(
    tmp_path: Path, raycaster: Raycaster
) -> None:
    (tmp_path / "run").mkdir()
    tiny_weights(tmp_path).rename(tmp_path / "run" / "weights.safetensors")
    loaded = load_detector(tmp_path / "run")
    assert isinstance(loaded, PairDetector)
    assert (loaded.name, loaded.views, loaded.grid) == ("cmt", 3, 8)
    inspection = Inspector(Reference.of(ell()), loaded).inspect_one(photo(raycaster))
    assert inspection.aligned
    assert 0 < inspection.probability < 1
    assert inspection.detection.heat_map.shape == (8, 8)
