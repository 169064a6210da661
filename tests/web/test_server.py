"""Starting and stopping."""

from __future__ import annotations

import shutil
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")
httpx2 = pytest.importorskip("httpx2", reason="httpx2 is not installed")

from looking3d.cli import main
from tests.web.running import Running


@pytest.fixture
def gallery(enrolled: Path, tmp_path: Path) -> Path:
    shutil.copytree(enrolled, tmp_path / "gallery")
    return tmp_path / "gallery"


def test_at_a_signal_it_finishes_and_takes_nothing_new(gallery: Path, photos: dict[str, Path]) -> None:
    photo = photos["normal"].read_bytes()
    with Running(gallery, "--host", "0.0.0.0") as server, ThreadPoolExecutor() as pool:
        assert not any("cannot" in line for line in server.told)
        with httpx2.Client(base_url=server.url.replace("localhost", "127.0.0.1"), timeout=60) as client:

            def inspect():
                return client.post("/v1/references/chair/inspections", files={"photos": photo})

            running = [pool.submit(inspect) for _ in range(3)]
            while "looking3d_queue_pending 3.0" not in client.get("/metrics").text:
                assert not running[0].done() or running[0].result().status_code == 201
            server.process.send_signal(signal.SIGTERM)
            while client.get("/health/ready").status_code != 503:
                pass
            refused = inspect()
            assert refused.status_code == 503, refused.text
            assert refused.json()["detail"].startswith("the service is stopping")
            for answer in running:
                assert answer.result().status_code == 201
                assert answer.result().json()["inspections"][0]["verdict"] == "normal"
        assert server.process.wait(30) == 0
    assert any("anyone who reaches this machine can use it" in line for line in server.told)


def test_a_port_that_is_taken(gallery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as stop:
            main(["serve", "--gallery", str(gallery), "--port", str(port)])
    assert stop.value.code == 2
    assert f"cannot listen on 127.0.0.1 port {port}; choose another --port" in capsys.readouterr().err


def test_settings_that_cannot_be(gallery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for options, message in (
        (["--workers", "0"], "workers: expected 1 to 1024, got 0"),
        (["--database", "nonsense"], "expected a URL"),
        (["--weights", "nothing"], "unknown weights"),
    ):
        with pytest.raises(SystemExit) as stop:
            main(["serve", "--gallery", str(gallery), *options])
        assert stop.value.code == 2
        assert message in capsys.readouterr().err


def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    for module in ("looking3d.web.server", "looking3d.web.listening"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    with pytest.raises(SystemExit) as stop:
        main(["serve"])
    assert stop.value.code == 2
    assert "pip install 'looking3d[web]'" in capsys.readouterr().err
