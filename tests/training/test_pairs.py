import dataclasses
from pathlib import Path

import numpy as np
import pytest

from looking3d.dataset.load import Dataset
from looking3d.dataset.schema import NORMAL
from looking3d.errors import ConfigError, DatasetError
from looking3d.geometry.camera import orbit_angles
from looking3d.geometry.correspondence import grid_points, match_points, unproject
from looking3d.training.augment import NO_AUGMENTATION, STRONG_AUGMENTATION, Augmentation
from looking3d.training.mirror import mirrored
from looking3d.training.pairs import KIND_NAMES, Pair, PairConfig, PhotoPairs
from looking3d.training.references import coarse_camera

CROPPED = Augmentation(crop=0.7, mirror=0)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def pairs_of(dataset: Dataset, cache: Path, seed: int = 0, **settings: object) -> PhotoPairs:
    defaults = {"size_px": 64, "views": 4, "true_matches": True, "estimated_camera": True}
    defaults["augmentation"] = NO_AUGMENTATION
    return PhotoPairs([dataset], "train", PairConfig(**{**defaults, **settings}), seed, cache)


def sample_of(pairs: PhotoPairs, place: int):
    return pairs._photos[pairs.order.photo(place)].sample


def test_a_pair_holds_what_its_description_says(paired: Dataset, cache: Path) -> None:
    pairs = pairs_of(paired, cache, augmentation=STRONG_AUGMENTATION)
    assert len(pairs) == 12
    expected = {
        "photo": ((64, 64, 3), np.uint8),
        "views": ((4, 64, 64), np.uint8),
        "points": ((4, 64, 3), np.float32),
        "valid": ((4, 64), np.bool_),
        "label": ((), np.float32),
        "kind": ((), np.int64),
        "box": ((4,), np.float32),
        "changed": ((64,), np.float32),
        "shown": ((64,), np.bool_),
        "camera": ((3, 4), np.float32),
        "view_cameras": ((4, 3, 4), np.float32),
        "view_angles": ((4, 2), np.float64),
        "query_views": ((2,), np.int64),
        "query_patches": ((256,), np.int64),
        "match_views": ((4, 2), np.int64),
        "match_patches": ((4, 128, 2), np.int64),
        "photo_matches": ((4, 64), np.int64),
        "estimated_camera": ((3, 4), np.float32),
        "depth": ((64, 64), np.float32),
        "place": ((), np.int64),
        "reference": ((), np.int64),
        "shape": ((), np.int64),
    }
    for place in range(12):
        pair = pairs[place]
        assert {key: (value.shape, value.dtype.type) for key, value in pair.items()} == expected
        assert all(value.flags.c_contiguous and value.flags.writeable for value in pair.values())
        sample = sample_of(pairs, place)
        assert pair["label"] == (sample.kind != NORMAL)
        assert KIND_NAMES[pair["kind"]] == sample.kind
        assert pair["place"] == place


def test_pairs_say_which_are_of_one_shape(paired: Dataset, cache: Path) -> None:
    config = PairConfig(64, views=5, augmentation=NO_AUGMENTATION)
    pairs = PhotoPairs([paired, paired], "train", config, 0, cache)
    made = [pairs[place] for place in range(24)]
    assert {int(pair["shape"]) for pair in made} == {0, 1, 2, 3}
    shapes = {int(pair["shape"]): sample_of(pairs, int(pair["place"])).shape_id for pair in made}
    assert len(set(shapes.values())) == 2  # each shape comes once in each dataset, under another number
    for pair in made:
        first = next(other for other in made if other["shape"] == pair["shape"])
        assert (pair["views"] == first["views"]).all()
        assert sample_of(pairs, int(pair["place"])).shape_id == shapes[int(pair["shape"])]


def test_a_pair_depends_on_seed_and_place_alone(paired: Dataset, cache: Path) -> None:
    first = pairs_of(paired, cache, augmentation=STRONG_AUGMENTATION)
    wanted = [first[place] for place in (9, 2, 100)]
    again = pairs_of(paired, cache, augmentation=STRONG_AUGMENTATION)
    other = pairs_of(paired, cache, seed=1, augmentation=STRONG_AUGMENTATION)
    for pair in reversed(wanted):
        place = int(pair["place"])
        for key, value in pair.items():
            np.testing.assert_array_equal(value, again[place][key])
        assert not np.array_equal(pair["photo"], other[place]["photo"])


def test_views_are_drawn_without_replacement_and_come_by_azimuth(paired: Dataset, cache: Path) -> None:
    pairs = pairs_of(paired, cache)
    drawn = set()
    for place in range(30):
        angles = pairs[place]["view_angles"][:, 0]
        assert (np.diff(angles) > 0).all()
        drawn.add(tuple(np.round(angles * 5 / (2 * np.pi)).astype(int)))
    assert len(drawn) == 5  # all ways to choose 4 of 5


def check_world(pair: Pair, raycaster, cameras: list) -> None:
    """Views, points, matches and cameras agree with a mesh, drawn anew."""
    for view, camera in enumerate(cameras):
        np.testing.assert_allclose(pair["view_cameras"][view], camera.projection, atol=1e-5)
        azimuth, elevation = orbit_angles(camera)
        np.testing.assert_allclose(pair["view_angles"][view], (azimuth % (2 * np.pi), elevation), atol=1e-5)
        depth = raycaster.draw(camera).depth
        assert ((pair["views"][view] < 250) == (depth > 0)).mean() > 0.95
        shown = pair["valid"][view]
        np.testing.assert_array_equal(shown.reshape(8, 8), (depth > 0).reshape(8, 8, 8, 8).any((1, 3)))
        xy, z = camera.project(pair["points"][view][shown].astype(float))
        np.testing.assert_array_equal(xy // 8 @ (1, 8), np.flatnonzero(shown))
        x, y = np.floor(xy).astype(int).T
        np.testing.assert_allclose(depth[y, x], z, atol=1e-4)
    matched = 0
    for (a, b), matches in zip(pair["match_views"], pair["match_patches"], strict=True):
        first, second = matches[matches[:, 0] >= 0].T
        assert a != b
        assert len(set(first.tolist())) == len(first)
        xy, _ = cameras[b].project(pair["points"][a, first].astype(float))
        np.testing.assert_array_equal(xy // 8 @ (1, 8), second)
        matched += len(first)
    assert matched > 20


@pytest.mark.parametrize("augmentation", [NO_AUGMENTATION, CROPPED])
def test_a_mirrored_pair_is_the_pair_of_the_mirrored_world(
    paired: Dataset, cache: Path, augmentation: Augmentation
) -> None:
    pairs = pairs_of(paired, cache, augmentation=augmentation)
    for place in range(4):
        pair = pairs[place]
        reference = paired.reference(sample_of(pairs, place).shape_id)
        raycaster = reference.raycaster()
        angles = [orbit_angles(camera)[0] % (2 * np.pi) for camera in reference.cameras]
        chosen = [reference.cameras[np.abs(np.array(angles) - a).argmin()] for a in pair["view_angles"][:, 0]]
        check_world(pair, raycaster, chosen)
        image = mirrored(pair)
        flipped = type(raycaster).from_arrays(
            raycaster.vertices * np.array([-1, 1, 1], np.float32), raycaster.faces, raycaster.part_of_face
        )
        # By azimuth again: backwards, and the one at azimuth 0, if chosen, stays the first
        turned = sorted(
            (camera.mirrored() for camera in chosen), key=lambda c: round(orbit_angles(c)[0], 6) % (2 * np.pi)
        )
        check_world(image, flipped, turned)
        check_mirrored_photo(pair, image)
        for key, value in mirrored(image).items():
            np.testing.assert_allclose(value, pair[key], atol=1e-6, err_msg=key)


def check_mirrored_photo(pair: Pair, image: Pair) -> None:
    """The photo is flipped, with all that is said of it."""
    np.testing.assert_array_equal(image["photo"], pair["photo"][:, ::-1])
    np.testing.assert_array_equal(image["depth"], pair["depth"][:, ::-1])
    for key in ("changed", "shown"):
        np.testing.assert_array_equal(image[key].reshape(8, 8), pair[key].reshape(8, 8)[:, ::-1])
    center_x, *rest = pair["box"]
    np.testing.assert_allclose(image["box"], [1 - center_x if rest[1] else 0, *rest], atol=1e-6)
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (20, 3))
    for key in ("camera", "estimated_camera"):
        xy, flipped_xy = project(pair[key], points), project(image[key], points * (-1, 1, 1))
        np.testing.assert_allclose(flipped_xy, np.stack([1 - xy[:, 0], xy[:, 1]], -1), atol=1e-5)
    # Patch 8 * row + column goes to 8 * row + 7 - column, in the photo and in the views
    flip = np.arange(64).reshape(8, 8)[:, ::-1].ravel()
    np.testing.assert_array_equal(np.append(flip, -1)[image["query_patches"]], pair["query_patches"])
    assert set(pair["photo_matches"].ravel()) != {-1}
    # Which view of the pair each one of the image was
    turns = image["view_angles"][:, :1] + pair["view_angles"][:, 0]
    order = np.abs(np.exp(1j * turns) - 1).argmin(1)
    flipped_matches = np.append(flip, -1)[image["photo_matches"][:, flip]]
    np.testing.assert_array_equal(flipped_matches, pair["photo_matches"][order])
    np.testing.assert_array_equal(order[image["query_views"]], pair["query_views"])


def project(camera: np.ndarray, points: np.ndarray) -> np.ndarray:
    image = points @ camera[:, :3].T + camera[:, 3]
    return image[:, :2] / image[:, 2:]


def test_half_of_the_pairs_are_mirrored(paired: Dataset, cache: Path) -> None:
    plain = pairs_of(paired, cache, true_matches=False)
    half = pairs_of(paired, cache, true_matches=False, augmentation=Augmentation(crop=1, mirror=0.5))
    count = 0
    for place in range(40):
        a, b = plain[place], half[place]
        if np.array_equal(a["photo"], b["photo"]):
            continue
        count += 1
        for key, value in mirrored(a).items():
            np.testing.assert_array_equal(b[key], value)
    assert 10 < count < 30


def test_boxes_patches_and_cameras_follow_a_crop(paired: Dataset, cache: Path) -> None:
    pairs = pairs_of(paired, cache, augmentation=CROPPED, true_matches=False)
    cut = 0
    for place in range(24):
        pair, sample = pairs[place], sample_of(pairs, place)
        # From fractions of the whole photo to those of the crop, as the cameras tell
        A = pair["camera"].astype(float) @ np.linalg.pinv(sample.camera.projection)
        A /= A[2, 2]
        np.testing.assert_allclose(A[2], [0, 0, 1], atol=1e-4)
        np.testing.assert_allclose(np.diag(A)[:2], 1 / 0.7, rtol=1e-4)
        if not sample.anomalous:
            assert not pair["box"].any()
            assert not pair["changed"].any()
            continue
        x, y, width, height = (v / 96 for v in sample.box)
        corners = np.array([[x, y, 1], [x + width, y + height, 1]]) @ A.T
        low, high = np.clip(corners[:, :2], 0, 1)
        np.testing.assert_allclose(pair["box"], [*(low + high) / 2, *(high - low)], atol=1e-4)
        cut += bool((corners[:, :2] != np.stack([low, high])).any())
        # Patches that changed lie in the box, to within a patch
        rows, columns = np.nonzero(pair["changed"].reshape(8, 8))
        centers = (np.stack([columns, rows], -1) + 0.5) / 8
        assert (np.abs(centers - pair["box"][:2]) <= pair["box"][2:] / 2 + 1 / 16 + 0.01).all()
    assert cut


def test_true_matches_are_those_of_the_reference_seen_from_the_photo(paired: Dataset, cache: Path) -> None:
    pairs = pairs_of(paired, cache)
    for place in range(6):
        pair, sample = pairs[place], sample_of(pairs, place)
        reference = paired.reference(sample.shape_id)
        views = np.round(pair["view_angles"][:, 0] * 5 / (2 * np.pi)).astype(int)
        camera = coarse_camera(sample.camera)
        depth = reference.raycaster().draw(camera).depth
        points, valid = grid_points(unproject(camera, depth), 8, 8)
        shown = np.where(valid[..., None], points, np.nan)
        cameras = [reference.cameras[view] for view in views]
        expected = match_points(shown, cameras, reference.depth[views], 8, 8).reshape(4, 64)
        assert (expected >= 0).sum() > 15
        # Depth is kept in half precision, so a point at a patch's edge may fall to the other side
        assert (expected == pair["photo_matches"]).mean() > 0.98


def test_true_matches_of_a_crop_are_near_where_the_camera_sees_them(paired: Dataset, cache: Path) -> None:
    pairs = pairs_of(paired, cache, augmentation=CROPPED)
    near = []
    for place in range(12):
        pair = pairs[place]
        view, patch = np.nonzero(pair["photo_matches"] >= 0)
        xy = project(pair["camera"], pair["points"][view, pair["photo_matches"][view, patch]]) * 8
        # A patch of a view is 1.4 patches of the crop wide
        near += (np.abs(xy - np.stack([patch % 8, patch // 8], -1) - 0.5).max(1) < 2).tolist()
    assert len(near) > 200
    assert np.mean(near) > 0.95


def test_subsets_are_drawn_from_what_is_there(paired: Dataset, cache: Path) -> None:
    pairs = pairs_of(paired, cache, query_patches=10, view_pairs=3, matches=5)
    different = set()
    for place in range(10):
        pair = pairs[place]
        chosen = pair["query_patches"]
        assert pair["shown"][chosen].all()
        assert len(set(chosen.tolist())) == 10
        assert len(set(map(tuple, pair["match_views"].tolist()))) == 3
        different.add(tuple(pair["match_views"].ravel().tolist()))
    assert len(different) > 5
    many = pairs_of(paired, cache, query_patches=100, view_pairs=50, matches=100)[0]
    assert (many["query_patches"] >= 0).sum() == many["shown"].sum()
    assert (many["query_patches"][many["shown"].sum() :] == -1).all()
    assert 0 < (many["match_views"] >= 0).all(1).sum() <= 12
    none = many["match_views"][:, 0] == -1
    assert none.sum() >= 38
    assert (many["match_patches"][none] == -1).all()
    assert ((many["match_patches"][~none] >= 0).all(-1).sum(1) > 0).all()


def test_matches_can_be_spread_over_the_surface(paired: Dataset, cache: Path) -> None:
    def least_distance(spread: bool) -> float:
        pairs = pairs_of(paired, cache, matches=6, view_pairs=6, spread_matches=spread)
        found = []
        for place in range(6):
            pair = pairs[place]
            for (a, _), matches in zip(pair["match_views"], pair["match_patches"], strict=True):
                if a < 0 or (matches < 0).any():
                    continue
                points = pair["points"][a, matches[:, 0]]
                distance = np.linalg.norm(points[:, None] - points, axis=-1) + 9 * np.eye(6)
                found.append(distance.min())
        return float(np.mean(found))

    assert least_distance(True) > 1.3 * least_distance(False)


def test_one_view_alone_has_nothing_to_match(paired: Dataset, cache: Path) -> None:
    pair = pairs_of(paired, cache, views=1)[0]
    assert pair["query_views"].tolist() == [0]
    assert (pair["match_views"] == -1).all()


def test_several_datasets_are_one(paired: Dataset, cache: Path) -> None:
    config = PairConfig(size_px=64, views=4, balanced=False, augmentation=NO_AUGMENTATION)
    pairs = PhotoPairs([paired, paired], "train", config, 0, cache)
    assert len(pairs) == 24
    photos = sorted(pairs[place]["photo"].tobytes() for place in range(24))
    assert photos[::2] == photos[1::2]
    assert len(set(photos)) == 12


def test_busy_grounds_are_made_of_other_photos(paired: Dataset, cache: Path) -> None:
    busy = dataclasses.replace(NO_AUGMENTATION, clutter=1.0)
    plain = pairs_of(paired, cache)
    cluttered = pairs_of(paired, cache, augmentation=busy)
    for place in range(6):
        ground = ~plain[place]["shown"].reshape(8, 8).repeat(8, 0).repeat(8, 1)
        assert (plain[place]["photo"][ground] > 240).mean() > 0.8
        assert (cluttered[place]["photo"][ground] > 240).mean() < 0.8


@pytest.mark.parametrize(
    ("keep", "have", "missing"), [(True, "normal", "anomalous"), (False, "anomalous", "normal")]
)
def test_photos_of_one_class_are_refused(
    paired: Dataset, tmp_path: Path, keep: bool, have: str, missing: str
) -> None:
    samples = tuple(sample for sample in paired.samples if sample.anomalous != keep)
    one = dataclasses.replace(paired, samples=samples)
    with pytest.raises(
        DatasetError, match=rf"'train' are {have}; .* without {missing} ones; generate a dataset"
    ):
        pairs_of(one, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_more_views_than_there_are_are_refused(paired: Dataset, cache: Path) -> None:
    with pytest.raises(DatasetError, match=r"have 5 views, which is fewer than the 6 asked for; .*--views"):
        pairs_of(paired, cache, views=6)


def test_bad_settings_are_refused() -> None:
    with pytest.raises(ConfigError, match="size-px: expected a multiple of 8 from 32 up, got 100"):
        PairConfig(size_px=100)
    with pytest.raises(ConfigError, match="view-pairs: expected at least 1, got 0"):
        PairConfig(view_pairs=0)


@pytest.mark.parametrize("augmentation", [NO_AUGMENTATION, CROPPED])
def test_the_reference_s_depth_is_what_the_photo_s_camera_sees(
    paired: Dataset, cache: Path, augmentation: Augmentation
) -> None:
    pairs = pairs_of(paired, cache, augmentation=augmentation)
    pair = pairs[3]
    depth = pair["depth"]
    row, column = np.nonzero(depth > 0)
    assert 100 < len(row) < 3000
    # A pixel of the whole photo's 64 is as wide as or wider than one of the window's: points lie within it
    K = pair["camera"]
    xy1 = np.stack([(column + 0.5) / 64, (row + 0.5) / 64, np.ones(len(row))], -1) * depth[row, column, None]
    points = (xy1 - K[:, 3]) @ np.linalg.inv(K[:, :3]).T
    raycaster = paired.reference(sample_of(pairs, 3).shape_id).raycaster()
    origin = -np.linalg.inv(K[:, :3]) @ K[:, 3]
    to_point = points - origin
    origins = np.broadcast_to(origin, points.shape)
    found = raycaster.intersect(origins.astype(np.float32), to_point.astype(np.float32)).distance
    assert np.median(np.abs(found[np.isfinite(found)] - 1)) < 0.01
    assert np.isfinite(found).mean() > 0.85


def test_estimated_cameras_are_off_by_about_a_pixel(paired: Dataset, cache: Path) -> None:
    pairs = pairs_of(paired, cache)
    points = np.random.default_rng(0).uniform(-0.4, 0.4, (50, 3))
    off = []
    for place in range(12):
        pair = pairs[place]
        found, true = project(pair["estimated_camera"], points), project(pair["camera"], points)
        off.append(128 * np.linalg.norm(found - true, axis=-1).mean())
    assert 0.5 < np.median(off) < 2.5
    assert len(np.unique(np.round(off, 6))) > 6
