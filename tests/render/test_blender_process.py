import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from looking3d.errors import ConfigError, MissingExtraError, RendererError
from looking3d.render import blender_server
from looking3d.render.blender_process import SETTING, BlenderProcess, find_blender
from looking3d.render.blender_server import pack, unpack

PREAMBLE = f"""
import os, sys, threading, queue, time
from pathlib import Path
sys.path.append({str(Path(blender_server.__file__).parent)!r})
import numpy as np
from blender_server import _read_all, pack, unpack
waiting = queue.SimpleQueue()
folder = Path(sys.argv[-1])
requests = os.fdopen(int(sys.argv[-3]), "rb")
threading.Thread(target=_read_all, args=(requests, waiting, folder), daemon=True).start()
out = os.fdopen(int(sys.argv[-2]), "wb", buffering=0)
"""

ECHO = """
print("Blender 9 says hello", flush=True)
out.write(pack({"ready": np.array("9")}))
while True:
    request = unpack(waiting.get())
    print("chatter " * 100, flush=True)
    if "die" in request:
        print("Segmentation fault", file=sys.stderr, flush=True)
        os.kill(os.getpid(), 9)
    if "hang" in request:
        time.sleep(600)
    if "fail" in request:
        out.write(pack({"error": np.array("RuntimeError: no light")}))
    else:
        out.write(pack({"pid": np.array(os.getpid()), **request}))
"""


@pytest.fixture
def command(tmp_path):
    """Makes the command of a process that speaks as the server does, without Blender."""

    def make(body: str = ECHO) -> tuple[str, ...]:
        script = tmp_path / "fake.py"
        script.write_text(PREAMBLE + body)
        return (sys.executable, "-P", str(script))

    return make


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    """Where temporary files go; nothing may be left there."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    yield place
    assert not list(place.iterdir())


def runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(condition, seconds: float = 30.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def program(folder: Path, name: str, version: str) -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{version}'\n")
    path.chmod(0o755)
    return str(path)


def test_a_message_survives_the_pipe():
    message = {"a": np.arange(6.0).reshape(2, 3), "b": np.array("text")}
    data = pack(message)
    back = unpack(data[8:])
    assert int.from_bytes(data[:8], "little") == len(data) - 8
    np.testing.assert_array_equal(back["a"], message["a"])
    assert str(back["b"]) == "text"


def test_what_it_prints_does_not_disturb_and_large_messages_pass(command, folders):
    blender = BlenderProcess(command())
    assert blender.version == "9"
    big = np.random.default_rng(0).random((500, 1001))
    for _ in range(2):
        answer = blender.ask({"big": big})
        np.testing.assert_array_equal(answer["big"], big)
    assert list(folders.iterdir())
    blender.close()
    assert not blender.alive
    assert not runs(int(answer["pid"]))


def test_a_failure_is_told_and_it_lives_on(command):
    blender = BlenderProcess(command())
    with pytest.raises(RendererError, match="Blender failed: RuntimeError: no light"):
        blender.ask({"fail": np.array(1)})
    assert blender.alive
    assert "pid" in blender.ask({})
    blender.close()


def test_death_is_told_with_its_last_words(command):
    blender = BlenderProcess(command())
    with pytest.raises(RendererError, match=r"Blender died \(Segmentation fault\)"):
        blender.ask({"die": np.array(1)})
    assert not blender.alive
    with pytest.raises(RendererError, match="Blender is gone"):
        blender.ask({})


def test_a_hang_is_ended(command):
    blender = BlenderProcess(command())
    process = int(blender.ask({})["pid"])
    blender.timeout_s = 0.3
    with pytest.raises(RendererError, match=r"Blender took longer than 0\.3 s"):
        blender.ask({"hang": np.array(1)})
    assert not blender.alive
    assert not runs(process)


def test_one_that_does_not_even_read_is_ended(command):
    blender = BlenderProcess(command('out.write(pack({"ready": np.array("9")}))\nos.kill(os.getpid(), 19)\n'))
    blender.timeout_s = 0.3
    with pytest.raises(RendererError, match="took longer"):
        blender.ask({"big": np.zeros(1_000_000)})


def test_one_that_was_killed_is_not_alive(command):
    blender = BlenderProcess(command())
    process = int(blender.ask({})["pid"])
    os.kill(process, signal.SIGKILL)
    assert wait_for(lambda: not blender.alive)
    with pytest.raises(RendererError, match="Blender is gone"):
        blender.ask({})


@pytest.mark.parametrize("busy", [False, True])
def test_it_ends_with_its_parent_however_that_dies(command, tmp_path, folders, busy):
    script = tmp_path / "parent.py"
    script.write_text(
        "import sys, numpy as np\n"
        "from pathlib import Path\n"
        "from looking3d.render.blender_process import BlenderProcess\n"
        "blender = BlenderProcess(tuple(sys.argv[3:]))\n"
        "process = str(int(blender.ask({})['pid']))\n"
        "Path(sys.argv[1]).write_text(process)\n"
        "import time\n"
        "blender.ask({'hang': np.array(1)}) if sys.argv[2] == 'True' else time.sleep(600)\n"
    )
    note = tmp_path / "pid"
    surroundings = os.environ | {"TMPDIR": str(folders)}
    parent = subprocess.Popen([sys.executable, script, note, str(busy), *command()], env=surroundings)
    assert wait_for(lambda: note.exists() and note.read_text() != "", 60)
    process = int(note.read_text())
    assert runs(process)
    parent.kill()
    parent.wait()
    assert wait_for(lambda: not runs(process))
    assert wait_for(lambda: not list(folders.iterdir()))


def test_it_ends_with_its_owner(command):
    blender = BlenderProcess(command())
    process = int(blender.ask({})["pid"])
    del blender
    assert not runs(process)


def test_one_that_does_not_start_is_a_wrong_setting(command, tmp_path):
    with pytest.raises(ConfigError, match=r"Blender died \(ModuleNotFoundError: No module named 'bpy'\)"):
        BlenderProcess(command("raise ModuleNotFoundError(\"No module named 'bpy'\")\n"))
    with pytest.raises(ConfigError, match="cannot be run"):
        BlenderProcess((str(tmp_path / "nothing"),))
    old = 'out.write(pack({"error": np.array("Blender 2.79 is too old")}))\n'
    with pytest.raises(ConfigError, match=r"Blender 2\.79 is too old; install Blender 4\.4 or newer"):
        BlenderProcess(command(old))


def test_the_setting_names_a_blender_or_a_python(tmp_path, monkeypatch):
    server = blender_server.__file__
    monkeypatch.setenv(SETTING, program(tmp_path, "b", "Blender 5.0.1"))
    found = find_blender()
    assert found[:2] == (str(tmp_path / "b"), "--background")
    assert found[-3:] == ("--python", server, "--")
    monkeypatch.setenv(SETTING, program(tmp_path, "p", "Python 3.11.7"))
    assert find_blender() == (str(tmp_path / "p"), "-P", server)


def test_a_setting_that_names_something_else_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv(SETTING, program(tmp_path, "gimp", "GIMP 3"))
    with pytest.raises(ConfigError, match="gimp: neither a Blender nor a Python"):
        find_blender()
    monkeypatch.setenv(SETTING, str(tmp_path / "missing"))
    with pytest.raises(ConfigError, match=r"missing: cannot be run .*; name a blender or a Python"):
        find_blender()


def test_without_a_setting_bpy_comes_before_the_path(tmp_path, monkeypatch):
    monkeypatch.delenv(SETTING, raising=False)
    on_path = program(tmp_path, "blender", "Blender 5.0.1")
    monkeypatch.setattr(shutil, "which", lambda name: on_path if name == "blender" else None)
    found = importlib.util.find_spec
    there = True
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: (there or None) if name == "bpy" else found(name)
    )
    assert find_blender() == (sys.executable, "-P", blender_server.__file__)
    there = False
    assert find_blender()[0] == on_path
    on_path = None
    with pytest.raises(
        MissingExtraError, match=r"blender renderer needs .* `pip install bpy` .* LOOKING3D_BLENDER"
    ):
        find_blender()
