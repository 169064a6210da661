import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from torch import nn

from looking3d.dataset.load import Dataset
from looking3d.errors import ConfigError
from looking3d.training.devices import make_fabric
from looking3d.training.synchronized_norm import SynchronizedBatchNorm2d, synchronize_norms
from tests.training.tiny import NAMES

ROOT = Path(__file__).parents[2]


def train(data: Dataset, out: Path, processes: int, batch: int, accumulate: int = 1) -> None:
    start = [sys.executable]
    if processes > 1:
        start += ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    done = subprocess.run(
        [*start, "-m", "tests.training.tiny", str(data.path), str(out), str(batch), str(accumulate)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.slow
def test_processes_together_train_as_one_with_the_whole_batch(paired: Dataset, tmp_path: Path) -> None:
    train(paired, tmp_path / "one", 1, 4)
    train(paired, tmp_path / "two", 2, 2)
    for model in NAMES:
        one, two = (
            torch.load(tmp_path / run / model / "checkpoint-joint.pt", weights_only=True)
            for run in ("one", "two")
        )
        assert one["step"] == two["step"] == 5
        for name, tensor in one["network"].items():
            torch.testing.assert_close(tensor, two["network"][name], rtol=0, atol=1e-4, msg=f"{model} {name}")
        log = (tmp_path / "two" / model / "log-joint-train.csv").read_text().splitlines()
        assert len(log) == 2  # one process writes it


@pytest.fixture
def alone(tmp_path: Path):
    """A group of this process alone."""
    dist.init_process_group("gloo", init_method=f"file://{tmp_path / 'store'}", rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def test_synchronized_norm_is_batch_norm(alone: None) -> None:
    torch.manual_seed(0)
    plain = nn.Sequential(nn.Conv2d(3, 5, 1), nn.BatchNorm2d(5))
    together = nn.Sequential(nn.Conv2d(3, 5, 1), nn.BatchNorm2d(5))
    together.load_state_dict(plain.state_dict())
    synchronize_norms(together)
    assert isinstance(together[1], SynchronizedBatchNorm2d)
    for _ in range(3):
        x = 2 + 3 * torch.randn(4, 3, 6, 7)
        answers = [net(x) for net in (plain, together)]
        torch.testing.assert_close(*answers, rtol=1e-4, atol=1e-5)
        for net, answer in zip((plain, together), answers, strict=True):
            net.zero_grad()
            answer.square().sin().sum().backward()
        for a, b in zip(plain.parameters(), together.parameters(), strict=True):
            torch.testing.assert_close(a.grad, b.grad, rtol=1e-3, atol=1e-4)
    for name, tensor in plain.state_dict().items():
        torch.testing.assert_close(tensor, together.state_dict()[name], rtol=1e-4, atol=1e-5, msg=name)
    plain.eval()
    together.eval()
    torch.testing.assert_close(plain(x), together(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"processes": 0}, "processes: expected at least 1, got 0"),
        ({"device": "meta"}, "device: expected cpu or cuda, got 'meta'"),
        ({"device": "abacus"}, "device: 'abacus' cannot be used"),
    ],
)
def test_bad_devices(settings: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make_fabric(**settings)
