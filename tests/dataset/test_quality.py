import numpy as np

from looking3d.dataset.quality import box_around, changed_pixels
from looking3d.dataset.schema import Masks
from looking3d.render.raycast import Drawing


def drawing(depth: np.ndarray) -> Drawing:
    normal = np.zeros((*depth.shape, 3), np.float32)
    normal[..., 2] = -1
    return Drawing(depth.astype(np.float32), normal, np.where(depth > 0, 0, -1))


def test_changed_pixels_are_silhouette_depth_and_normal() -> None:
    depth = np.full((3, 5), 2.0)
    depth[0] = 0
    moved = depth.copy()
    moved[0, 0] = 2.0  # appears
    moved[1, 1] = 0  # vanishes
    moved[2, 2] = 2.02  # recedes
    moved[2, 3] = 2.005  # by less than counts
    other = drawing(moved)
    other.normal[1, 4] = (0.6, 0, -0.8)  # turns
    changed = changed_pixels(drawing(depth), other)
    assert set(zip(*np.nonzero(changed), strict=True)) == {(0, 0), (1, 1), (2, 2), (1, 4)}


def test_box_is_tight() -> None:
    mask = np.zeros((6, 9), bool)
    mask[2:4, 5:8] = True
    assert box_around(mask) == (5, 2, 3, 2)
    assert box_around(np.zeros((6, 9), bool)) == (0, 0, 0, 0)


def test_masks_round_trip(tmp_path) -> None:
    generator = np.random.default_rng(0)
    masks = Masks(*(generator.random((4, 7, 11)) > 0.5))
    masks.save(tmp_path / "mask.png")
    back = Masks.load(tmp_path / "mask.png")
    for name in ("object", "before", "after", "changed"):
        np.testing.assert_array_equal(getattr(back, name), getattr(masks, name))
