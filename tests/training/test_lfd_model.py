"""True location fields against cameras and views, and the losses of predicted ones."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from looking3d.dataset.load import Dataset
from looking3d.errors import ConfigError
from looking3d.geometry.camera import orbit
from looking3d.geometry.correspondence import grid_points, unproject
from looking3d.training.augment import Augmentation
from looking3d.training.lfd_model import LfdLossConfig, field_losses, true_field
from looking3d.training.pair_batches import Batch, Share, make_batch
from looking3d.training.pairs import PairConfig, PhotoPairs


@pytest.fixture(scope="module")
def batch(paired: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Batch:
    config = PairConfig(64, views=5, estimated_camera=True, augmentation=Augmentation(mirror=0.5))
    return make_batch(PhotoPairs([paired], "train", config, 0, tmp_path_factory.mktemp("lfd")), 0, Share(8))


@pytest.mark.parametrize(("grid", "side"), [(8, 64), (16, 64), (12, 48), (64, 64)])
def test_a_field_is_what_the_oracle_of_points_says(grid: int, side: int) -> None:
    generator = np.random.default_rng(0)
    cameras = [orbit(0.3, 0.5, side, roll_rad=0.1), orbit(4.0, 0.1, side)]
    depth = generator.uniform(2, 3, (2, side, side)) * (generator.random((2, side, side)) < 0.05)
    points, shown = true_field(
        torch.from_numpy(depth), torch.from_numpy(np.stack([camera.projection for camera in cameras])), grid
    )
    for i, camera in enumerate(cameras):
        expected, there = grid_points(unproject(camera, depth[i]), grid, grid)
        np.testing.assert_array_equal(shown[i].numpy(), there.ravel())
        np.testing.assert_allclose(points[i].numpy(), expected.reshape(-1, 3), atol=1e-6)
    assert 0.05 < float(shown.double().mean()) < 0.99


def test_a_coarse_drawing_serves_a_fine_grid() -> None:
    depth = torch.zeros(1, 4, 4)
    depth[0, 1, 2] = 2.5
    camera = torch.from_numpy(orbit(0.0, 0.0, 4).projection).float()[None]
    points, shown = true_field(depth, camera, 8)
    assert shown.view(8, 8).nonzero().tolist() == [[2, 4], [2, 5], [3, 4], [3, 5]]
    assert float(points[0, shown[0], 2].abs().max()) < 1e-6  # 2.5 from a camera at 2.5 is the origin's plane


def test_the_photo_s_field_is_the_reference_s_surface(batch: Batch) -> None:
    points, shown = true_field(batch["depth"], batch["camera"], 8)
    for i in range(len(points)):
        seen, of_views = points[i][shown[i]], batch["points"][i][batch["valid"][i]]
        # A patch is 0.23 wide at the object
        assert float(torch.cdist(seen, of_views).amin(1).median()) < 0.15
        flat = seen @ batch["camera"][i, :, :3].T + batch["camera"][i, :, 3]
        row, column = (flat[:, [1, 0]] / flat[:, 2:] * 8).floor().long().T
        assert torch.equal(row * 8 + column, shown[i].nonzero()[:, 0])
    agreed = (shown == batch["shown"])[batch["changed"] < 0.5]
    assert float(agreed.float().mean()) > 0.9


def test_field_losses_are_means_over_what_did_not_change() -> None:
    generator = torch.Generator().manual_seed(0)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(2, 9, *shape, generator=generator, dtype=torch.float64)

    points, truth, logits = uniform(3), uniform(3), uniform() * 4 - 2
    shown, changed = uniform() < 0.6, uniform() < 0.3
    far, masks = [], []
    for b in range(2):
        for p in range(9):
            if changed[b, p]:
                continue
            share = 1 / (1 + math.exp(-float(logits[b, p])))
            masks.append(-math.log(share if shown[b, p] else 1 - share))
            if shown[b, p]:
                far.append(sum(abs(float(points[b, p, axis] - truth[b, p, axis])) for axis in range(3)))
    got = field_losses(points, logits, truth, shown, changed)
    assert [float(loss) for loss in got] == pytest.approx([sum(far) / len(far), sum(masks) / len(masks)])


def test_what_changed_everywhere_teaches_nothing() -> None:
    points, logits = torch.rand(1, 4, 3, requires_grad=True), torch.rand(1, 4, requires_grad=True)
    everything = torch.ones(1, 4, dtype=torch.bool)
    in_points, in_mask = field_losses(points, logits, torch.rand(1, 4, 3), everything, everything)
    (in_points + in_mask).backward()
    assert points.grad is not None
    assert logits.grad is not None
    assert not points.grad.any()
    assert not logits.grad.any()


def test_bad_weights_are_refused() -> None:
    with pytest.raises(ConfigError, match="mask: expected 0 or more, got -1"):
        LfdLossConfig(mask=-1)
    with pytest.raises(ConfigError, match="margin: expected 0 or more, got nan"):
        LfdLossConfig(margin=math.nan)
