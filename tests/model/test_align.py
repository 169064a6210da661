import numpy as np
import pytest
import torch

from looking3d.errors import CheckpointError, ConfigError, PhotoError
from looking3d.geometry.camera import orbit
from looking3d.model.align.align import AlignDetector
from looking3d.model.align.drawing import draw_pose
from looking3d.model.align.network import ANOMALY_KINDS
from looking3d.model.align.pose import AZIMUTH, ELEVATION, ROLL, camera_of
from looking3d.model.align.templates import ROLLS_DEG, draw_templates, framed
from looking3d.model.checkpoint import load_detector, save_weights
from looking3d.model.detector import Detection, FindsForeground
from looking3d.model.query import FILL, Query, Window
from looking3d.render.raycast import Raycaster
from looking3d.render.reference import grey_image
from looking3d.shapes.procedural import generate


@pytest.fixture(scope="module")
def raycaster() -> Raycaster:
    return Raycaster(generate("chair", 3).normalized())


@pytest.fixture(scope="module")
def detector() -> AlignDetector:
    torch.manual_seed(0)
    return AlignDetector()


def photo_of(raycaster: Raycaster, width: int = 160, height: int = 120) -> tuple[Query, np.ndarray]:
    camera = orbit(0.7, 0.5, 160).cropped(0, 20, 160, 120, (160, 120)).resized(width, height)
    grey = grey_image(raycaster, camera)
    mask = raycaster.draw(camera).mask
    return Query(np.repeat(grey[..., None], 3, 2), mask), camera


def test_templates_are_framed_as_photos_are(raycaster: Raycaster) -> None:
    for mask in draw_templates(raycaster, 64).masks[::17].reshape(-1, 64, 64):
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        assert max(np.ptp(rows), np.ptp(columns)) + 1 == pytest.approx(FILL * 64, abs=2)
        assert rows[0] + rows[-1] == pytest.approx(63, abs=3)
        assert columns[0] + columns[-1] == pytest.approx(63, abs=3)


def test_templates_are_drawn_from_all_around_at_several_rolls(raycaster: Raycaster) -> None:
    poses = draw_templates(raycaster, 64).poses
    assert len(np.unique(poses[:, [AZIMUTH, ELEVATION, ROLL]].round(6), axis=0)) == len(poses)
    directions = [camera_of(pose, 64).origin for pose in poses]
    directions = np.array(directions) / np.linalg.norm(directions, axis=1, keepdims=True)
    generator = np.random.default_rng(0)
    for _ in range(50):
        azimuth, elevation = generator.uniform(-np.pi, np.pi), np.radians(generator.uniform(-10, 80))
        camera = orbit(azimuth, elevation)
        near = directions @ (camera.origin / np.linalg.norm(camera.origin))
        assert np.degrees(np.arccos(near.max())) < 12
        assert set(np.degrees(poses[near > near.max() - 1e-9, ROLL]).round(3)) == set(ROLLS_DEG)


def test_framing_keeps_angles(raycaster: Raycaster) -> None:
    pose = np.array([1.0, 0.3, 0.05, 0.7, 0.3, 0.3, 0.1])
    again = framed(pose, raycaster.vertices)
    np.testing.assert_array_equal(again[[0, 1, 2, 6]], pose[[0, 1, 2, 6]])


def test_cell_points_project_into_their_cells(raycaster: Raycaster) -> None:
    from looking3d.model.align.pose import camera_of

    pose = np.array([0.4, 0.3, 0.02, 0.05, 0.01, -0.02, 0.03])
    drawn = draw_pose(raycaster, pose, 64)
    assert 20 < drawn.valid.sum() < 256
    pixels = camera_of(pose, 64).project(drawn.points.astype(float))[0].reshape(16, 16, 2)
    for row, column in zip(*np.nonzero(drawn.valid.reshape(16, 16)), strict=True):
        x, y = pixels[row, column]
        assert column * 4 <= x <= column * 4 + 4
        assert row * 4 <= y <= row * 4 + 4


def test_detection_is_in_the_photo_s_pixels(detector: AlignDetector, raycaster: Raycaster) -> None:
    query, camera = photo_of(raycaster)
    enrolled = detector.enrol(raycaster)
    (detection,) = detector.detect([query], enrolled)
    assert 0 <= detection.probability <= 1
    assert detection.heat_map.shape == detection.lacking.shape == detection.surplus.shape == (32, 32)
    left, top, right, bottom = detection.boxes
    assert left.shape == (32, 32)
    assert (left < right).all()
    assert (top < bottom).all()
    assert sum(detection.kinds.values()) == pytest.approx(1)
    assert tuple(detection.kinds) == ANOMALY_KINDS
    assert (detection.camera.width, detection.camera.height) == (160, 120)
    known = detector.detect_at(query, enrolled, camera)
    np.testing.assert_allclose(known.camera.T_camera_world, camera.T_camera_world, atol=1e-9)
    assert known.camera.focal_px == pytest.approx(camera.focal_px)
    assert known.alignment > 0.85


def test_detecting_is_the_same_alone_and_in_company(detector: AlignDetector, raycaster: Raycaster) -> None:
    query, _ = photo_of(raycaster)
    other = Query(query.image[:, ::-1].copy(), query.mask[:, ::-1].copy())
    enrolled = detector.enrol(raycaster)
    together = detector.detect([query, other], enrolled)
    assert together[0].probability == detector.detect([query], enrolled)[0].probability
    assert together[1].probability == detector.detect([other], enrolled)[0].probability


def test_a_photo_twice_as_large_is_the_same_photo(detector: AlignDetector, raycaster: Raycaster) -> None:
    enrolled = detector.enrol(raycaster)
    small, large = (photo_of(raycaster, 160 * k, 120 * k)[0] for k in (1, 2))
    one, two = detector.detect([small], enrolled)[0], detector.detect([large], enrolled)[0]
    assert two.window.side == pytest.approx(2 * one.window.side, rel=0.03)


def test_an_object_at_the_photo_s_edge_is_judged_as_in_its_middle(raycaster: Raycaster) -> None:
    """A white ground goes on beyond the photo, and not the pixels of an object that touches its edge."""
    shipped, camera = load_detector(), orbit(0.7, 0.5, 256)
    mask = raycaster.draw(camera).mask
    image = np.repeat(grey_image(raycaster, camera)[..., None], 3, 2)
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    tight = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    enrolled = shipped.enrol(raycaster)
    middle, edge = shipped.detect([Query(image, mask), Query(image[tight], mask[tight])], enrolled)
    assert middle.probability < 0.2
    assert edge.probability == pytest.approx(middle.probability, abs=0.05)
    np.testing.assert_allclose(edge.heat_map, middle.heat_map, atol=0.1)


def test_a_mask_without_an_object_is_refused(detector: AlignDetector, raycaster: Raycaster) -> None:
    blank = Query(np.full((40, 60, 3), 255, np.uint8), np.zeros((40, 60), bool), "blank.png")
    with pytest.raises(PhotoError, match=r"blank\.png: no object found; photograph it on a plain ground"):
        detector.detect([blank], detector.enrol(raycaster))


def test_heat_map_lands_where_it_was() -> None:
    heat = np.zeros((32, 32), np.float32)
    heat[8, 24] = 1
    window = Window(20.0, -10.0, 128.0)
    detection = Detection(0.5, heat, window, orbit(0, 0, 200).cropped(0, 0, 200, 150, (200, 150)), 1.0)
    for scale in (1, 2):
        full = detection.heat_map_at(200 * scale, 150 * scale)
        assert full.shape == (150 * scale, 200 * scale)
        y, x = np.unravel_index(full.argmax(), full.shape)
        # The middle of cell (8, 24), 4 px a cell.
        assert x + 0.5 == pytest.approx((20 + 24.5 * 4) * scale, abs=1.01 * scale)
        assert y + 0.5 == pytest.approx((-10 + 8.5 * 4) * scale, abs=1.01 * scale)


def test_comparing_is_the_same_in_a_mirror(detector: AlignDetector, raycaster: Raycaster) -> None:
    """Photo and drawing in a mirror: the same probabilities, at mirrored places."""
    pose = np.zeros(7)
    pose[[AZIMUTH, ELEVATION]] = 0.6, 0.4
    drawing = torch.from_numpy(draw_pose(raycaster, framed(pose, raycaster.vertices), 256).channels)[None]
    photo = torch.randint(256, (1, 256, 256, 3), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    mirrored = drawing.flip(-1)
    mirrored[:, 1] *= -1  # the normal's x
    with torch.inference_mode():
        seen = detector.graphs.compare(photo, drawing)
        other = detector.graphs.compare(photo.flip(2), mirrored)
    for number in (0, 4):
        assert torch.allclose(other[number], seen[number], atol=1e-5)
    for number in (1, 2, 3):
        assert not torch.allclose(other[number], seen[number], atol=1e-3)
        assert torch.allclose(other[number].flip(-1), seen[number], atol=1e-5)
    left, top, right, bottom = other[5].flip(-1).unbind(1)
    assert torch.allclose(torch.stack([1 - right, top, 1 - left, bottom], 1), seen[5], atol=1e-5)


def test_weights_round_trip(detector: AlignDetector, tmp_path) -> None:
    save_weights(detector, tmp_path / "w.safetensors", torch.float16, {"why": "test"})
    back = load_detector(tmp_path / "w.safetensors").networks.state_dict()
    for name, tensor in detector.networks.state_dict().items():
        torch.testing.assert_close(back[name], tensor, atol=2e-3, rtol=2e-3)


def test_bad_weights(tmp_path) -> None:
    with pytest.raises(ConfigError, match="unknown weights 'alien'; choose one of: align"):
        load_detector("alien")
    with pytest.raises(CheckpointError, match="no such file"):
        load_detector(tmp_path / "none.safetensors")
    with pytest.raises(CheckpointError, match=r"holds no weights\.safetensors"):
        load_detector(tmp_path)
    (tmp_path / "text.safetensors").write_text("hello")
    with pytest.raises(CheckpointError, match="not a readable safetensors file"):
        load_detector(tmp_path / "text.safetensors")
    from safetensors.torch import save_file

    save_file({"x": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match="not weights of looking3d"):
        load_detector(tmp_path / "other.safetensors")


def test_the_detector_tells_where_the_object_is(detector: AlignDetector) -> None:
    assert isinstance(detector, FindsForeground)
    image = np.full((90, 140, 3), 255, np.uint8)
    image[20:70, 30:80] = (120, 60, 30)
    found = load_detector("align").foreground(Query(image, np.zeros((90, 140), bool)))
    assert found.shape == (90, 140)
    truth = (image != 255).any(-1)
    assert ((found > 0.5) & truth).sum() / ((found > 0.5) | truth).sum() > 0.8
