"""Blender as a process of its own: which one to use, starting it, asking it, ending it.

It is not imported here, because its Python module wants an older numpy than the rest of the package.
"""

from __future__ import annotations

import importlib.util
import os
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import weakref
from pathlib import Path

from looking3d.errors import ConfigError, MissingExtraError, RendererError
from looking3d.render import blender_server
from looking3d.render.blender_server import Message, pack, unpack

SETTING = "LOOKING3D_BLENDER"
"""Environment variable that names a Blender, or a Python that can import bpy."""

_START_SECONDS = 120.0
_END_SECONDS = 2.0


def find_blender() -> tuple[str, ...]:
    """The command that starts a Blender on a script: as `SETTING` says, by bpy here, or on the PATH.

    Raises:
        ConfigError: `SETTING` names neither a Blender nor a Python.
        MissingExtraError: There is none.
    """
    if named := os.environ.get(SETTING):
        return _command(named)
    if importlib.util.find_spec("bpy") is not None:
        return _python(sys.executable)
    if found := shutil.which("blender"):
        return _blender(found)
    raise MissingExtraError(
        "the blender renderer",
        how="install Blender, or make an environment of Python 3.11 with `pip install bpy` in it, and set "
        f"{SETTING} to the path of that blender or of that environment's python (docs/blender.md)",
    )


def _python(path: str) -> tuple[str, ...]:
    # -P: modules beside the script are not for it
    return (path, "-P", blender_server.__file__)


def _blender(path: str) -> tuple[str, ...]:
    quiet = ("--background", "--factory-startup", "-noaudio", "--python-exit-code", "1")
    return (path, *quiet, "--python", blender_server.__file__, "--")


def _command(path: str) -> tuple[str, ...]:
    """How to start a program that is either a Blender or a Python."""
    try:
        run = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigError(
            f"{SETTING}={path}: cannot be run ({error}); name a blender or a Python that has bpy"
        ) from error
    for program, command in (("Blender ", _blender), ("Python ", _python)):
        if any(line.startswith(program) for line in run.stdout.splitlines()):
            return command(path)
    raise ConfigError(
        f"{SETTING}={path}: neither a Blender nor a Python, says its --version; name one of them"
    )


class BlenderProcess:
    """A Blender that waits for requests. It ends with this object, and with this process however that dies.

    Args:
        command: From `find_blender`.
        timeout_s: Longest that an answer may take.

    Raises:
        ConfigError: It does not start.
    """

    def __init__(self, command: tuple[str, ...], timeout_s: float = 600.0) -> None:
        self.timeout_s = timeout_s
        self._folder = Path(tempfile.mkdtemp(prefix="looking3d-blender-"))
        requests, self._out = os.pipe()
        self._in, replies = os.pipe()
        # Its temporary files go with the folder, and the user's own settings and add-ons stay out
        surroundings = {"TMPDIR": str(self._folder), "BLENDER_USER_RESOURCES": str(self._folder)}
        try:
            with open(self._folder / "log", "wb") as log:
                self._process = subprocess.Popen(
                    [*command, str(requests), str(replies), str(self._folder)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=os.environ | surroundings,
                    pass_fds=(requests, replies),
                    # Ctrl-C is for us
                    start_new_session=True,
                )
        except OSError as error:
            os.close(self._out)
            os.close(self._in)
            shutil.rmtree(self._folder, ignore_errors=True)
            raise ConfigError(f"{command[0]}: cannot be run ({error})") from error
        finally:
            os.close(requests)
            os.close(replies)
        os.set_blocking(self._out, False)
        self._end = weakref.finalize(
            self, _end, os.getpid(), self._process, self._out, self._in, self._folder
        )
        try:
            ready = self._receive(time.monotonic() + min(_START_SECONDS, timeout_s))
        except RendererError as error:
            raise ConfigError(f"{command[0]}: {error}; does it hold bpy? Check {SETTING}") from error
        if "error" in ready:
            self.close()
            oldest = ".".join(map(str, blender_server.OLDEST))
            raise ConfigError(f"{command[0]}: {ready['error']}; install Blender {oldest} or newer")
        self.version = str(ready["ready"])

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._end.alive and self._process.poll() is None

    def ask(self, request: Message) -> Message:
        """Its answer to a request.

        Raises:
            RendererError: It died, hung or failed; but for a failure, it is gone now.
        """
        if not self.alive:
            raise self._lost("Blender is gone")
        deadline = time.monotonic() + self.timeout_s
        view = memoryview(pack(request))
        while view:
            if not select.select([], [self._out], [], max(deadline - time.monotonic(), 0))[1]:
                raise self._lost(f"Blender took longer than {self.timeout_s:g} s")
            try:
                view = view[os.write(self._out, view) :]
            except BrokenPipeError:
                raise self._lost("Blender died") from None
        answer = self._receive(deadline)
        if "error" in answer:
            raise RendererError(f"Blender failed: {answer['error']}")
        return answer

    def close(self) -> None:
        """End it, and remove its files."""
        self._end()

    def _receive(self, deadline: float) -> Message:
        (length,) = struct.unpack("<Q", self._read(8, deadline))
        return unpack(self._read(length, deadline))

    def _read(self, count: int, deadline: float) -> bytes:
        data = bytearray()
        while len(data) < count:
            if not select.select([self._in], [], [], max(deadline - time.monotonic(), 0))[0]:
                raise self._lost(f"Blender took longer than {self.timeout_s:g} s")
            piece = os.read(self._in, min(count - len(data), 1 << 20))
            if not piece:
                raise self._lost("Blender died")
            data += piece
        return bytes(data)

    def _lost(self, what: str) -> RendererError:
        """The error for a Blender that is of no more use, with the last it said; ends it."""
        said = ""
        if self._end.alive:
            lines = (self._folder / "log").read_bytes().decode(errors="replace").split("\n")
            said = next((line.strip() for line in reversed(lines) if line.strip()), "")
        self.close()
        return RendererError(f"{what} ({said})" if said else what)


def _end(owner: int, process: subprocess.Popen, out: int, into: int, folder: Path) -> None:
    if os.getpid() != owner:
        return  # a forked copy of this process does not own it
    # It ends by itself and takes its files along, even if this process is killed while it waits
    os.close(out)
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    os.close(into)
    shutil.rmtree(folder, ignore_errors=True)
