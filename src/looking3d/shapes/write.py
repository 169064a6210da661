"""Writing a shape as GLB, one named node a part."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np

from looking3d.errors import ShapeError
from looking3d.shapes.gltf import GENERATOR, LABEL_KEY
from looking3d.shapes.part_shape import Part, PartShape
from looking3d.shapes.source_file import shown

_FLOAT, _UINT32 = 5126, 5125
_VERTEX_BUFFER, _INDEX_BUFFER = 34962, 34963


def save_glb(shape: PartShape, path: Path | str) -> None:
    """Write a shape as GLB. The same shape gives the same bytes.

    Every part is a node named by its id, with its label in the node's extras. `read_shape` gives the
    same ids, labels, faces and, rounded to float32, vertices back.

    Raises:
        ShapeError: The file cannot be written.
    """
    path = Path(path)
    try:
        path.write_bytes(glb_bytes(shape))
    except OSError as error:
        raise ShapeError(f"{shown(path)}: cannot be written ({error.strerror})") from error


def glb_bytes(shape: PartShape) -> bytes:
    """The GLB file of a shape."""
    binary = bytearray()
    views: list[dict] = []
    accessors: list[dict] = []
    for part in shape.parts:
        _append(part, binary, views, accessors)
    count = len(shape.parts)
    document = {
        "asset": {"generator": GENERATOR, "version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": list(range(count))}],
        "nodes": [
            {"name": part.id, "mesh": i, "extras": {LABEL_KEY: part.label}}
            for i, part in enumerate(shape.parts)
        ],
        "meshes": [
            {"name": part.id, "primitives": [{"attributes": {"POSITION": 2 * i}, "indices": 2 * i + 1}]}
            for i, part in enumerate(shape.parts)
        ],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": len(binary)}],
    }
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    body = struct.pack("<I4s", len(text), b"JSON") + text
    body += struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


def _append(part: Part, binary: bytearray, views: list[dict], accessors: list[dict]) -> None:
    """Add a part's vertices and indices to the buffer, each with a view and an accessor."""
    vertices = part.vertices.astype("<f4")
    indices = part.faces.astype("<u4")
    for array, target in ((vertices, _VERTEX_BUFFER), (indices, _INDEX_BUFFER)):
        views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": array.nbytes, "target": target})
        binary += array.tobytes()
    accessors.append(
        {
            "bufferView": len(views) - 2,
            "componentType": _FLOAT,
            "type": "VEC3",
            "count": len(vertices),
            "min": np.min(vertices, axis=0).tolist(),
            "max": np.max(vertices, axis=0).tolist(),
        }
    )
    accessors.append(
        {
            "bufferView": len(views) - 1,
            "componentType": _UINT32,
            "type": "SCALAR",
            "count": indices.size,
        }
    )
