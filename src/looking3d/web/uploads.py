"""What people upload: harmless names, and archives unpacked within limits."""

from __future__ import annotations

import re
import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from looking3d.errors import RequestError, ShapeError
from looking3d.shapes.mesh_file import MESH_SUFFIXES
from looking3d.shapes.source_file import printable

MOST_FILES = 4000
"""An archive with more files is refused."""

UNPACKED_PER_UPLOAD = 4
"""An archive may grow to so many times the largest upload."""

_WANTED = (*MESH_SUFFIXES, ".bin", ".json")  # textures are not read
_NAME_CHARS, _DEPTH = 120, 8
_CHUNK = 1 << 20


def harmless_name(filename: str | None, default: str) -> str:
    """The last step of a file's name as a client gave it, printable and short."""
    name = printable((filename or "").replace("\\", "/").rsplit("/", 1)[-1])
    name = "".join(letter if letter.isprintable() else "_" for letter in name).strip(". ")
    if len(name) > _NAME_CHARS:
        suffix = re.search(r"\.\w{1,8}$", name)
        end = suffix[0] if suffix else ""
        name = name[: _NAME_CHARS - len(end)] + end
    return name or default


def save_mesh(upload: BinaryIO, filename: str, folder: Path, most_bytes: int) -> Path:
    """Put an upload where `read_shape` can read it.

    Args:
        upload: A mesh, or a zip of parts.
        filename: Harmless; its suffix says what it is.
        folder: Empty.
        most_bytes: That an archive may hold.

    Returns:
        A file, or a folder of files, in `folder`.

    Raises:
        ShapeError: The archive is damaged, or would write elsewhere.
        RequestError: The archive is too large.
    """
    suffix = re.sub(r"[^a-z0-9.]", "", Path(filename).suffix.lower())
    if suffix == ".zip":
        inside = folder / "parts"
        inside.mkdir()
        unpack(upload, filename, inside, most_bytes)
        return _only_content(inside)
    path = folder / f"mesh{suffix}"
    with path.open("wb") as file:
        shutil.copyfileobj(upload, file)
    return path


def unpack(archive: BinaryIO, name: str, folder: Path, most_bytes: int) -> None:
    """Unpack the meshes of an archive.

    Args:
        archive: A zip.
        name: For messages.
        folder: Empty.
        most_bytes: Of all files, textures and such included; counted as they are unpacked.

    Raises:
        ShapeError: It is damaged, or would write elsewhere.
        RequestError: It is too large.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [member for member in opened.infolist() if not member.is_dir()]
            if len(members) > MOST_FILES:
                raise RequestError(413, f"{name}: holds {len(members)} files; at most {MOST_FILES} are taken")
            left = most_bytes
            for member in members:
                path = _inside(member, name)
                if not _is_wanted(path):
                    continue
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                left -= _copy(opened, member, target, left, name, most_bytes)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
        raise ShapeError(f"{name}: not a zip archive that can be read ({error}); pack it again") from error
    except OSError as error:
        raise ShapeError(f"{name}: cannot be unpacked ({error.strerror}); pack it again") from error
    except Exception as error:
        # zlib and lzma have errors of their own for damaged data.
        if isinstance(error, (ShapeError, RequestError)):
            raise
        raise ShapeError(f"{name}: damaged ({error}); pack it again") from error


def _inside(member: zipfile.ZipInfo, name: str) -> PurePosixPath:
    """Where a member goes, which is never outside."""
    path = PurePosixPath(member.filename.replace("\\", "/"))
    is_link = stat.S_ISLNK(member.external_attr >> 16)
    if is_link or path.is_absolute() or ".." in path.parts or ":" in member.filename:
        raise ShapeError(f"{name}: {member.filename[:80]!a} leads out of the archive; pack it again")
    if len(path.parts) > _DEPTH or any(len(part.encode()) > 200 for part in path.parts):
        raise ShapeError(f"{name}: {member.filename[:80]!a} has too long a path; pack it again")
    return path


def _is_wanted(path: PurePosixPath) -> bool:
    """Whether it can be part of a mesh, and is not what Macs add."""
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return path.suffix.lower() in _WANTED and not hidden


def _copy(
    opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, left: int, name: str, most_bytes: int
) -> int:
    """Unpack a member; returns its bytes, which the archive's own word is not taken for."""
    written = 0
    with opened.open(member) as source, target.open("wb") as file:
        while piece := source.read(_CHUNK):
            written += len(piece)
            if written > left:
                raise RequestError(
                    413, f"{name}: holds more than {most_bytes / 1e6:.0f} MB; at most that is unpacked"
                )
            file.write(piece)
    return written


def _only_content(folder: Path) -> Path:
    """The folder, or what is alone in it, however deep."""
    path = folder
    while path.is_dir() and len(entries := list(path.iterdir())) == 1:
        path = entries[0]
    return path
