import math

import numpy as np
import pytest
import torch

from looking3d.geometry.camera import orbit
from looking3d.model.baselines.viewpoint import ViewpointConfig, ViewpointResnet
from looking3d.training.numbered_batches import Batch
from looking3d.training.viewpoint_model import ViewpointModel, azimuth_bins


def cameras(azimuths_deg: list[float]) -> torch.Tensor:
    angles = np.radians(azimuths_deg)
    each = [
        orbit(a, 0.3 + 0.1 * i, 64, roll_rad=0.05, focal_px=70 + 5 * i).cropped(4, 9, 40, 40, (64, 64))
        for i, a in enumerate(angles)
    ]
    return torch.from_numpy(np.stack([camera.projection for camera in each])).float()


def test_the_sector_is_the_nearest_view_s() -> None:
    azimuths = [0.0, 8.9, 9.1, 351.1, 350.9, 90.0, 179.0, 270.0]
    assert azimuth_bins(cameras(azimuths), 20).tolist() == [0, 0, 1, 0, 19, 5, 10, 15]
    assert azimuth_bins(cameras(azimuths), 4).tolist() == [0, 0, 0, 0, 0, 1, 2, 3]


def test_a_mirrored_photo_is_of_the_mirrored_sector() -> None:
    both = [orbit(math.radians(40), 0.3), orbit(math.radians(40), 0.3).mirrored()]
    projections = torch.from_numpy(np.stack([camera.projection for camera in both]))
    assert azimuth_bins(projections, 20).tolist() == [2, 18]


def batch(label: list[float]) -> Batch:
    photo = torch.randint(0, 256, (4, 64, 64, 3), generator=torch.Generator().manual_seed(0))
    return {
        "photo": photo.to(torch.uint8),
        "camera": cameras([0, 30, 60, 90]),
        "label": torch.tensor(label),
    }


def test_only_normal_photos_teach() -> None:
    torch.manual_seed(0)
    model = ViewpointModel(ViewpointResnet(ViewpointConfig(64, 4))).eval()
    given = batch([0.0, 1.0, 0.0, 1.0])
    out = model(given)
    assert out.keys() == {"loss", "top1"}
    logits = model.network.bin_logits(given["photo"].permute(0, 3, 1, 2) / 127.5 - 1)
    expected = [-float(logits[i].detach().log_softmax(0)[target]) for i, target in ((0, 0), (2, 3))]
    assert float(out["loss"].detach()) == pytest.approx(sum(expected) / 2, rel=1e-4)
    right = [int(logits[i].argmax()) == target for i, target in ((0, 0), (2, 3))]
    assert float(out["top1"]) == sum(right) / 2


def test_without_normal_photos_there_is_nothing_to_learn() -> None:
    model = ViewpointModel(ViewpointResnet(ViewpointConfig(64, 4)))
    out = model(batch([1.0] * 4))
    out["loss"].backward()
    assert (float(out["loss"].detach()), float(out["top1"])) == (0, 0)
    assert not any(weight.grad.any() for weight in model.parameters() if weight.grad is not None)
