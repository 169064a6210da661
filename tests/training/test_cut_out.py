from __future__ import annotations

import cv2
import numpy as np

from looking3d.training.augment import cut_out


def test_cut_out_leaves_the_object_and_makes_the_rest_white() -> None:
    mask = cv2.circle(np.zeros((96, 128), np.float32), (60, 50), 25, 1.0, -1)
    mask[45:48, 80:120] = 1  # a thin part
    image = np.full((96, 128, 3), 40, np.uint8)
    inner = cv2.erode(mask, np.ones((5, 5))) > 0
    far = cv2.dilate(mask, np.ones((11, 11))) == 0
    others = set()
    for seed in range(40):
        cut = cut_out(image, mask, np.random.default_rng(seed))
        assert (cut[far] == 255).all()
        assert (cut[inner] <= 60).all()
        assert cut[46, 85:118].mean() < 140
        others.add(cut.tobytes())
    assert len(others) > 30


def test_the_same_generator_cuts_alike() -> None:
    mask = cv2.circle(np.zeros((64, 64), np.float32), (30, 30), 20, 1.0, -1)
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    first, again = (cut_out(image, mask, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
