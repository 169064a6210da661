import time

import cv2
import numpy as np
import pytest
import torch
from torch.nn import functional as F

from looking3d.dataset.load import Dataset
from looking3d.training.alignment import Features
from looking3d.training.augment import STRONG_AUGMENTATION
from looking3d.training.joint import JointLossConfig, Predicted, joint_loss
from looking3d.training.pair_batches import (
    Batch,
    Share,
    batch_loader,
    expanded,
    inputs,
    make_batch,
    truth,
)
from looking3d.training.pairs import PairConfig, PhotoPairs


@pytest.fixture(scope="module")
def pairs(paired: Dataset, tmp_path_factory: pytest.TempPathFactory) -> PhotoPairs:
    config = PairConfig(size_px=64, views=3, true_matches=True, augmentation=STRONG_AUGMENTATION)
    return PhotoPairs([paired], "train", config, 0, tmp_path_factory.mktemp("cache"))


def assert_same(a: Batch, b: Batch) -> None:
    assert a.keys() == b.keys()
    for key, value in a.items():
        assert torch.equal(value, b[key]), key


def test_workers_do_not_change_the_bytes(pairs: PhotoPairs) -> None:
    expected = [make_batch(pairs, step, Share(4)) for step in range(3)]
    for workers in (0, 1, 2):
        got = list(batch_loader(pairs, Share(4), 0, 3, workers))
        assert len(got) == 3
        for a, b in zip(got, expected, strict=True):
            assert_same(a, b)


def test_workers_start_even_where_opencv_has_threads(pairs: PhotoPairs) -> None:
    cv2.setNumThreads(2)
    cv2.GaussianBlur(np.zeros((1500, 1500, 3), np.float32), (0, 0), 3)
    time.sleep(0.3)  # OpenCV's threads spin for a while; those that have gone to sleep are what is waited for
    loader = batch_loader(pairs, Share(2), 0, 2, workers=1)
    loader.timeout = 60
    assert len(list(loader)) == 2


def test_a_run_that_goes_on_gets_the_batches_that_are_left(pairs: PhotoPairs) -> None:
    whole = list(batch_loader(pairs, Share(2), 0, 4))
    for a, b in zip(batch_loader(pairs, Share(2), 2, 4), whole[2:], strict=True):
        assert_same(a, b)
    assert not list(batch_loader(pairs, Share(2), 4, 4))


def test_processes_together_take_what_one_would(pairs: PhotoPairs) -> None:
    whole = make_batch(pairs, 1, Share(6))
    shares = [make_batch(pairs, 1, Share(2, rank, 3)) for rank in range(3)]
    del whole["reference"]  # counted within each
    assert_same({key: torch.cat([share[key] for share in shares]) for key in whole}, whole)
    assert all(share["label"].sum() == 1 for share in shares)


def test_photos_of_one_reference_share_its_views(paired: Dataset, tmp_path_factory) -> None:
    config = PairConfig(size_px=64, views=3, photos_per_reference=4, estimated_camera=True)
    pairs = PhotoPairs([paired], "train", config, 0, tmp_path_factory.mktemp("cache"))
    batch = make_batch(pairs, 1, Share(6))  # places 6 to 11: the last two of one group, and all of the next
    assert batch["reference"].tolist() == [0, 0, 1, 1, 1, 1]
    assert batch["views"].shape == (2, 3, 64, 64)
    assert batch["photo"].shape == (6, 64, 64, 3)
    assert batch["label"].tolist() == [0, 1, 0, 1, 0, 1]
    whole = expanded(batch)
    for i, place in enumerate(range(6, 12)):
        for key, value in pairs[place].items():
            if key != "reference":
                np.testing.assert_array_equal(whole[key][i].numpy(), value, err_msg=key)
    assert truth(batch).valid.shape == (6, 3, 64)
    assert expanded(make_batch(pairs, 0, Share(1)))["views"].shape == (1, 3, 64, 64)


def test_inputs_are_what_networks_want(pairs: PhotoPairs) -> None:
    batch = make_batch(pairs, 0, Share(2))
    query, views, points, valid = inputs(batch)
    assert query.shape == (2, 3, 64, 64)
    assert views.shape == (2, 3, 3, 64, 64)
    assert points.shape == (2, 3, 64, 3)
    assert valid.shape == (2, 3, 64)
    np.testing.assert_allclose(query[1, 2].numpy(), batch["photo"][1, ..., 2].numpy() / 127.5 - 1, atol=1e-6)
    for channel in range(3):
        expected = batch["views"].numpy() / 127.5 - 1
        np.testing.assert_allclose(views[:, :, channel].numpy(), expected, atol=1e-6)


def test_all_losses_can_be_computed_of_a_batch(pairs: PhotoPairs) -> None:
    batch = make_batch(pairs, 0, Share(4))
    generator = torch.Generator().manual_seed(0)
    query = torch.randn(4, 64, 8, generator=generator).requires_grad_()
    views = torch.randn(4, 3, 64, 8, generator=generator).requires_grad_()
    predicted = Predicted(
        logit=torch.zeros(4),
        box=torch.full((4, 4), 0.5),
        patch_logit=torch.zeros(4, 64),
        features=Features(F.normalize(query, dim=-1), F.normalize(views, dim=-1)),
    )
    parts = joint_loss(predicted, truth(batch), JointLossConfig(patch=1.0))
    assert all(torch.isfinite(value) for value in parts.values())
    # Features that know nothing have the loss of a guess among the patches that show the object
    assert parts["view_view"].item() > 1
    parts["loss"].backward()
    assert query.grad.abs().sum() > 0
    assert views.grad.abs().sum() > 0
