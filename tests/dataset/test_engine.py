import functools
import importlib.util
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from looking3d.dataset.engine import RETRIES, Limits, LocalEngine, run_tasks, summary_of_losses
from looking3d.dataset.ray_engine import RayEngine
from looking3d.errors import ConfigError, EngineError, MissingExtraError, RendererError

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")


def double(item: int) -> int:
    return 2 * item


def once(folder: Path, item: int, misfortune: str) -> int:
    """Meets with misfortune the first time it is run on item 1."""
    flag = folder / f"{misfortune}-{item}"
    if item == 1 and not flag.exists():
        flag.touch()
        if misfortune == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        if misfortune == "hangs":
            time.sleep(600)
        held = []
        while misfortune == "swells":
            held.append(np.ones(10_000_000))
            time.sleep(0.02)
    return 2 * item


def always_dies(item: int) -> int:
    if item == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * item


def loses_its_renderer(item: int) -> int:
    if item == 1:
        raise RendererError("Blender died")
    return 2 * item


def raises(item: int) -> int:
    raise ValueError(f"item {item}")


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_every_item_gets_its_result(workers: int) -> None:
    outcomes = list(LocalEngine(workers).run(double, [1, 2, 3]))
    assert {outcome.item: outcome.result for outcome in outcomes} == {1: 2, 2: 4, 3: 6}
    assert all(outcome.peak_bytes > 1e6 and not outcome.lost for outcome in outcomes)


def test_nothing_to_do() -> None:
    assert list(LocalEngine(2).run(double, [])) == []


@pytest.mark.parametrize(
    ("misfortune", "limits", "reason"),
    [
        ("dies", Limits(), "its worker died (signal 9)"),
        ("hangs", Limits(shape_minutes=3 / 60), "took longer than 0.05 minutes"),
        ("swells", Limits(worker_gb=1.5), "needed more than 1.5 GB of memory"),
    ],
)
def test_a_lost_worker_costs_its_task_a_retry(
    misfortune: str, limits: Limits, reason: str, tmp_path: Path
) -> None:
    task = functools.partial(once, tmp_path, misfortune=misfortune)
    outcomes = list(LocalEngine(2, limits).run(task, [0, 1, 2, 3]))
    assert {outcome.item: outcome.result for outcome in outcomes} == {0: 0, 1: 2, 2: 4, 3: 6}
    assert {outcome.item: outcome.lost for outcome in outcomes if outcome.lost} == {1: (reason,)}


def test_a_task_that_always_kills_its_worker_fails_alone() -> None:
    outcomes = list(LocalEngine(2).run(always_dies, [0, 1, 2]))
    failed = [outcome for outcome in outcomes if outcome.failure]
    assert [outcome.item for outcome in failed] == [1]
    assert failed[0].result is None
    assert len(failed[0].lost) == RETRIES
    assert summary_of_losses(outcomes) == {"its worker died (signal 9)": 1 + RETRIES}
    assert {outcome.item for outcome in outcomes} == {0, 1, 2}
    with pytest.raises(EngineError, match="a task failed 3 times: its worker died"):
        list(run_tasks(always_dies, [0, 1, 2], workers=2))


def test_a_worker_that_dies_between_tasks_does_not_end_the_run() -> None:
    outcomes = LocalEngine(1).run(process_of, [0, 1, 2])
    first = next(outcomes)
    time.sleep(0.5)  # until the second task has ended, too, and the worker waits
    os.kill(first.result or 0, signal.SIGKILL)
    time.sleep(0.5)
    rest = list(outcomes)
    assert sorted([first.item, *(outcome.item for outcome in rest)]) == [0, 1, 2]
    assert not any(outcome.failure for outcome in rest)
    assert rest[-1].result != first.result


def process_of(item: int) -> int:
    return os.getpid()


def test_a_lost_renderer_costs_its_task_retries() -> None:
    outcomes = list(LocalEngine(1).run(loses_its_renderer, [0, 1, 2]))
    assert {outcome.item: outcome.result for outcome in outcomes} == {0: 0, 1: None, 2: 4}
    assert summary_of_losses(outcomes) == {"Blender died": 1 + RETRIES}


@pytest.mark.parametrize("workers", [0, 2])
def test_an_exception_in_a_task_is_raised(workers: int) -> None:
    with pytest.raises(ValueError, match="item 7"):
        list(LocalEngine(workers).run(raises, [7]))


def test_settings_are_checked() -> None:
    with pytest.raises(ConfigError, match="worker-gb: expected more than 0, got 0"):
        Limits(worker_gb=0)
    with pytest.raises(ConfigError, match="workers: expected 0 or more, got -1"):
        RayEngine(workers=-1)


def test_workers_end_with_their_parent(tmp_path: Path) -> None:
    code = (
        "import functools, sys, time\n"
        "from pathlib import Path\n"
        "from looking3d.dataset.engine import LocalEngine\n"
        "sys.path.insert(0, sys.argv[2])\n"
        "from test_engine import lingers\n"
        "if __name__ == '__main__':\n"
        "    list(LocalEngine(2).run(functools.partial(lingers, Path(sys.argv[1])), [0, 1]))\n"
    )
    script = tmp_path / "main.py"
    script.write_text(code)
    parent = subprocess.Popen([sys.executable, script, tmp_path, Path(__file__).parent])
    workers: list[int] = []
    deadline = time.monotonic() + 60
    while len(workers) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
        workers = [int(path.name.removeprefix("pid-")) for path in tmp_path.glob("pid-*")]
    parent.kill()
    parent.wait()
    assert len(workers) == 2
    while any(map(_runs, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(_runs, workers))


def lingers(folder: Path, item: int) -> None:
    (folder / f"pid-{os.getpid()}").touch()
    time.sleep(600)


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


@needs_ray
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_ray_runs_the_same_tasks(tmp_path: Path) -> None:
    task = functools.partial(once, tmp_path, misfortune="dies")
    outcomes = list(RayEngine(workers=2).run(task, [0, 1, 2]))
    assert {outcome.item: outcome.result for outcome in outcomes} == {0: 0, 1: 2, 2: 4}
    assert {outcome.item: outcome.lost for outcome in outcomes if outcome.lost} == {1: ("its worker died",)}


@needs_ray
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_lost_renderer_costs_retries_on_ray_too() -> None:
    outcomes = list(RayEngine(workers=2).run(loses_its_renderer, [0, 1]))
    assert {outcome.item: outcome.result for outcome in outcomes} == {0: 0, 1: None}
    assert summary_of_losses(outcomes) == {"Blender died": 1 + RETRIES}


@needs_ray
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_that_does_not_answer_is_named() -> None:
    with pytest.raises(EngineError, match=r"address: no Ray cluster answers at '127.0.0.1:1'"):
        list(RayEngine("127.0.0.1:1").run(double, [1]))


def test_ray_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"--engine ray needs .* pip install 'looking3d\[cluster\]'"):
        list(RayEngine().run(double, [1]))
