"""A gallery: a folder of references that are enrolled once and used for ever.

    gallery/
      <id>/
        reference.json        what it is, where it came from, how it was made
        mesh.glb              +Y up, the front faces +Z, in metres, a node a part
        thumbnail.png  turntable.png  confirm.png
        features/             what detectors computed of it; may be deleted

An entry is made under a hidden name and renamed when it is whole, and whoever changes the folder holds
its lock, so any number of processes may use a gallery at once.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from looking3d.errors import ConfigError, ShapeError, TakenError
from looking3d.files import HIDDEN_PARTIAL
from looking3d.inspection.enrolment.pictures import confirmation, thumbnail, turntable
from looking3d.inspection.enrolment.prepare import EnrolOptions, Prepared, prepare
from looking3d.inspection.features import FeatureCache
from looking3d.inspection.reference import Reference
from looking3d.shapes.read import read_shape
from looking3d.shapes.source_file import printable, quoted, shown
from looking3d.shapes.write import glb_bytes

SCHEMA = 1
"""Version of `reference.json`; another one is refused."""

RECORD, MESH, THUMBNAIL, TURNTABLE, CONFIRM = (
    "reference.json",
    "mesh.glb",
    "thumbnail.png",
    "turntable.png",
    "confirm.png",
)
FEATURES = "features"

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_LOCK = ".lock"
_LEFTOVER_S = 24 * 3600


@dataclass(frozen=True, eq=False)
class Entry:
    """A reference in a gallery.

    Attributes:
        path: Its folder.
        record: What `reference.json` says.
    """

    path: Path
    record: dict[str, Any]

    @property
    def id(self) -> str:
        """Its name in the gallery."""
        return self.path.name

    @property
    def name(self) -> str:
        """What people call it."""
        return str(self.record["name"])

    @property
    def content(self) -> str:
        """The hash of mesh and options: equal for equal entries."""
        return str(self.record["content_sha256"])

    @cached_property
    def mesh_sha256(self) -> str:
        """The hash of `mesh.glb`, which all features depend on."""
        return hashlib.sha256((self.path / MESH).read_bytes()).hexdigest()

    def reference(self) -> Reference:
        """What photos are inspected against, with its cache of features.

        Raises:
            ShapeError: The mesh is gone, damaged, or not the one that was enrolled.
        """
        path = self.path / MESH
        try:
            digest = self.mesh_sha256
        except OSError as error:
            raise ShapeError(f"{shown(path)}: cannot be read ({error.strerror}); enrol it again") from error
        if digest != self.record["mesh_sha256"]:
            raise ShapeError(f"{shown(path)}: is not what was enrolled; enrol it again with --replace")
        shape = read_shape(path, single_mesh="whole")
        return Reference.of(shape, self.name, FeatureCache(self.path / FEATURES, digest))


class Gallery:
    """A folder of references. Building one costs nothing; the folder is made when something is added."""

    def __init__(self, folder: Path | str) -> None:
        """Open a gallery.

        Raises:
            ConfigError: The path is a file.
        """
        self.folder = Path(folder)
        if self.folder.exists() and not self.folder.is_dir():
            raise ConfigError(f"{shown(self.folder)}: is a file; a gallery is a folder")

    def add(
        self,
        source: Path | str,
        options: EnrolOptions | None = None,
        *,
        id: str | None = None,
        name: str | None = None,
        replace: bool = False,
        created: datetime | None = None,
        origin: str | None = None,
    ) -> Entry:
        """Enrol a mesh. The same content under the same id is there already: that entry is the answer.

        Args:
            source: What `read_shape` takes.
            options: How; by default all is found out.
            id: Letters, digits, `_` and `-`, 64 at most; by default made of the file's name.
            name: What people call it; by default the file's name.
            replace: Whether other content under this id gives way.
            created: The time to note.
            origin: What to note that it came from; by default `source`.

        Returns:
            The entry.

        Raises:
            ShapeError: The source is no usable shape.
            TakenError: Other content has this id.
            ConfigError: The id cannot be one, or the folder cannot be written.
        """
        source, options = Path(source), options or EnrolOptions()
        id = check_id(id if id is not None else default_id(source))
        prepared = prepare(source, options)
        shown_name = printable(name) if name else shown(Path(source.resolve().name))
        mesh = glb_bytes(prepared.shape)
        record = _record(id, shown_name, origin or shown(source), prepared, options, mesh, created)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            partial = Path(tempfile.mkdtemp(prefix=HIDDEN_PARTIAL, dir=self.folder))
            try:
                _write(partial, record, mesh, prepared)
                return self._put(partial, id, record, replace)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
        except OSError as error:
            raise ConfigError(f"{shown(self.folder)}: cannot be written ({error.strerror})") from error

    def entries(self) -> list[Entry]:
        """All references, by id.

        Raises:
            ConfigError: The folder cannot be read, or one of them is damaged.
        """
        return [entry for id in self.ids() if (entry := self._read(id)) is not None]

    def ids(self) -> list[str]:
        """The ids of all references, sorted."""
        if not self.folder.is_dir():
            return []
        return sorted(
            path.parent.name for path in self.folder.glob(f"*/{RECORD}") if _is_id(path.parent.name)
        )

    def get(self, id: str) -> Entry:
        """A reference by its id.

        Raises:
            ConfigError: There is none, or it is damaged.
        """
        entry = self._read(id) if _is_id(id) else None
        if entry is None and _is_id(id) and self.folder.is_dir():
            with self._locked():  # it may be being replaced
                entry = self._read(id)
        if entry is None:
            raise ConfigError(f"no reference {quoted(id)} in {shown(self.folder)}; {self._known()}")
        return entry

    def remove(self, id: str) -> None:
        """Remove a reference and all that was computed of it.

        Raises:
            ConfigError: There is none.
        """
        self.get(id)
        doomed = Path(tempfile.mkdtemp(prefix=HIDDEN_PARTIAL, dir=self.folder))
        try:
            with self._locked(), contextlib.suppress(FileNotFoundError):
                os.rename(self.folder / id, doomed / id)
        finally:
            shutil.rmtree(doomed, ignore_errors=True)

    def _put(self, partial: Path, id: str, record: dict[str, Any], replace: bool) -> Entry:
        """Give a whole folder its name."""
        target = self.folder / id
        with self._locked():
            self._clear_leftovers()
            there = self._read(id)
            if there is not None and there.content == record["content_sha256"]:
                return there
            if (there is not None or target.exists()) and not replace:
                raise TakenError(
                    f"{shown(target)}: another reference has this id; choose another --id, or pass --replace"
                )
            if target.exists():
                old = Path(tempfile.mkdtemp(prefix=HIDDEN_PARTIAL, dir=self.folder))
                os.rename(target, old / id)
                os.rename(partial, target)
                shutil.rmtree(old, ignore_errors=True)
            else:
                os.rename(partial, target)
        return Entry(target, record)

    def _read(self, id: str) -> Entry | None:
        """An entry; None if there is none."""
        path = self.folder / id / RECORD
        try:
            record = json.loads(path.read_bytes())
            if not isinstance(record, dict) or not {"name", "content_sha256", "mesh_sha256"} <= record.keys():
                raise ValueError("fields are missing")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"{shown(path)}: damaged ({error}); remove the folder and enrol again"
            ) from error
        if record.get("schema") != SCHEMA:
            raise ConfigError(
                f"{shown(path)}: has schema {record.get('schema')}, expected {SCHEMA}; enrol it again with "
                "this version"
            )
        return Entry(self.folder / id, record)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Alone in changing the folder, among all processes; released when a process dies."""
        try:
            file = open(self.folder / _LOCK, "a")  # noqa: SIM115 - closed below
        except OSError:
            # A gallery that may only be read is not changed by anyone here.
            yield
            return
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _clear_leftovers(self) -> None:
        """Remove what a process that was killed had half done a day ago or more."""
        for path in self.folder.glob(f"{HIDDEN_PARTIAL}*"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > _LEFTOVER_S:
                    shutil.rmtree(path)

    def _known(self) -> str:
        ids = self.ids()
        return f"it holds: {', '.join(ids)}" if ids else "it is empty; enrol one: looking3d enrol MESH"


def check_id(id: str) -> str:
    """The id.

    Raises:
        ConfigError: It cannot be one.
    """
    if not _is_id(id):
        raise ConfigError(
            f"id {quoted(id)}: expected 1 to 64 letters, digits, _ or -, the first a letter or digit; "
            "pass --id"
        )
    return id


def default_id(source: Path) -> str:
    """An id made of a file's or folder's name."""
    stem = source.resolve().name if os.path.isdir(source) else source.stem
    return re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_")[:64] or "reference"


def _is_id(id: str) -> bool:
    return _ID.fullmatch(id) is not None


def _record(
    id: str,
    name: str,
    origin: str,
    prepared: Prepared,
    options: EnrolOptions,
    mesh: bytes,
    created: datetime | None,
) -> dict[str, Any]:
    """What `reference.json` says."""
    mesh_sha256 = hashlib.sha256(mesh).hexdigest()
    asked = asdict(options)
    content = json.dumps([SCHEMA, mesh_sha256, asked], sort_keys=True)
    return {
        "schema": SCHEMA,
        "id": id,
        "name": name,
        "created": None if created is None else created.isoformat(timespec="seconds"),
        "source": origin,
        "content_sha256": hashlib.sha256(content.encode()).hexdigest(),
        "mesh_sha256": mesh_sha256,
        "options": asked,
        "up": prepared.up.to_json(),
        "front": prepared.front.to_json(),
        "unit": prepared.unit.to_json(),
        "scan": prepared.scan.to_json(),
        "size_m": [round(float(side), 4) for side in np.ptp(prepared.shape.bounds, axis=0)],
        "parts": [
            {"id": part.id, "label": part.label, "faces": len(part.faces)} for part in prepared.shape.parts
        ],
        "cleanup": None if prepared.cleanup is None else prepared.cleanup.to_json(),
    }


def _write(folder: Path, record: dict[str, Any], mesh: bytes, prepared: Prepared) -> None:
    """All files of an entry; the record last."""
    reference = Reference.of(prepared.shape, record["name"])
    (folder / MESH).write_bytes(mesh)
    for file, picture in (
        (THUMBNAIL, thumbnail(reference)),
        (TURNTABLE, turntable(reference)),
        (CONFIRM, confirmation(reference, prepared)),
    ):
        Image.fromarray(picture).save(folder / file)
    (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    folder.chmod(0o777 & ~_umask())  # mkdtemp's folders are for their owner alone


def _umask() -> int:
    """The process's umask, which can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
