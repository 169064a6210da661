"""How many faces a mesh file holds, told without reading them: a limit has to come before the load."""

from __future__ import annotations

import json
import os
import re
import struct
from pathlib import Path
from typing import BinaryIO

from looking3d.errors import ShapeError
from looking3d.shapes.read import folder_entries
from looking3d.shapes.source_file import shown

_CHUNK = 1 << 22
_HEAD = 1 << 16
_STL_HEADER, _STL_FACE = 84, 50


def count_faces(path: Path) -> int:
    """About how many triangles a file or folder of meshes holds, 0 where there is no telling.

    Headers are believed only as far as the file is long. Polygons count by their line in OBJ and OFF.

    Raises:
        ShapeError: A file cannot be read.
    """
    if os.path.isdir(path):
        return sum(count_faces(entry) for entry in folder_entries(path) if entry.is_file())
    counter = _COUNTERS.get(path.suffix.lower())
    if counter is None or not os.path.isfile(path):
        return 0
    try:
        with path.open("rb") as file:
            return counter(file, path.stat().st_size)
    except OSError as error:
        raise ShapeError(f"{shown(path)}: cannot be read ({error.strerror})") from error


def _in_stl(file: BinaryIO, size: int) -> int:
    head = file.read(_STL_HEADER)
    if len(head) == _STL_HEADER and size >= _STL_HEADER + _STL_FACE * (
        count := int.from_bytes(head[80:], "little")
    ):
        # Text that begins with `solid` gives a number far beyond its size.
        return count
    file.seek(0)
    return _occurrences(file, b"endfacet")


def _in_ply(file: BinaryIO, size: int) -> int:
    found = re.search(rb"element\s+face\s+(\d+)", file.read(_HEAD))
    return min(int(found[1]), size) if found else 0


def _in_off(file: BinaryIO, size: int) -> int:
    lines = [line.split(b"#")[0].split() for line in file.read(_HEAD).splitlines()]
    numbers = [word for line in lines for word in line if word.isdigit()]
    return min(int(numbers[1]), size) if len(numbers) > 1 else 0


def _in_obj(file: BinaryIO, size: int) -> int:
    return _occurrences(file, b"\nf ")


def _in_glb(file: BinaryIO, size: int) -> int:
    head = file.read(20)
    if len(head) < 20:
        return 0
    length = struct.unpack("<I", head[12:16])[0]
    return _in_document(file.read(min(length, size)))


def _in_gltf(file: BinaryIO, size: int) -> int:
    return _in_document(file.read())


def _in_document(text: bytes) -> int:
    """Triangles of the meshes of all nodes; damage is for the reader to name.

    Positions count too, three a triangle, so that no primitive can hide a million of them behind three
    indices.
    """
    try:
        document = json.loads(text.decode("utf-8-sig", "replace"))
        accessors = document["accessors"]
        counts = [
            sum(
                max(
                    int(accessors[p.get("indices", p["attributes"]["POSITION"])]["count"]),
                    int(accessors[p["attributes"]["POSITION"]]["count"]),
                )
                // 3
                for p in mesh["primitives"]
            )
            for mesh in document["meshes"]
        ]
        return sum(counts[node["mesh"]] for node in document["nodes"] if "mesh" in node)
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError):
        return 0


def _occurrences(file: BinaryIO, word: bytes) -> int:
    """How often a word stands in a file, read in pieces."""
    count, tail = 0, b""
    while piece := file.read(_CHUNK):
        text = tail + piece
        count += text.count(word)
        tail = text[-(len(word) - 1) :]
    return count


_COUNTERS = {
    ".stl": _in_stl,
    ".ply": _in_ply,
    ".off": _in_off,
    ".obj": _in_obj,
    ".glb": _in_glb,
    ".gltf": _in_gltf,
}
