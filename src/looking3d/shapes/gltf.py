"""Reading glTF 2.0 (.gltf, .glb): every node that holds a mesh is a part. Geometry alone is read.

trimesh reads glTF too, but renames nodes, makes a geometry of each primitive, and gives zeros for
meshes compressed with Draco; parts need the nodes as they are.
"""

from __future__ import annotations

import base64
import json
import os
import urllib.parse
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from looking3d.errors import ShapeError
from looking3d.shapes.source_file import read_bytes, shown
from looking3d.shapes.surface import Surface, concatenated

GENERATOR = "looking3d"
"""`asset.generator` of the files we write."""

LABEL_KEY = "looking3d_label"
"""Key of a part's label in its node's extras."""

_MAGIC = b"glTF"
_JSON_CHUNK = 0x4E4F534A
_BINARY_CHUNK = 0x004E4942
_UNCOMPRESSED = "export it again without mesh compression"
_REFUSED = {
    "KHR_draco_mesh_compression": f"compressed with Draco (KHR_draco_mesh_compression); {_UNCOMPRESSED}, "
    "or run: gltf-transform copy {name} plain.glb",
    "EXT_meshopt_compression": f"compressed with meshopt (EXT_meshopt_compression); {_UNCOMPRESSED}, "
    "or run: gltf-transform copy {name} plain.glb",
    "KHR_meshopt_compression": f"compressed with meshopt (KHR_meshopt_compression); {_UNCOMPRESSED}, "
    "or run: gltf-transform copy {name} plain.glb",
    "EXT_mesh_gpu_instancing": "nodes are drawn many times (EXT_mesh_gpu_instancing); "
    "export it with one node an instance",
}
"""Extensions that change the geometry and that are not read."""

_COMPONENTS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_TRIANGLES, _STRIP, _FAN = 4, 5, 6


def read_gltf(path: Path) -> list[Surface]:
    """The nodes with a mesh, in the order of the file, each with its transform applied.

    The primitives of a node are one surface; points and lines are left out, and so are skins and morph
    targets: a mesh is read in the pose in which it is stored.

    Raises:
        ShapeError: The file is damaged, compressed, incomplete, or holds no triangles.
    """
    data = read_bytes(path)
    try:
        # Numbers that overflow are found, and named, when the surfaces are cleaned.
        with np.errstate(all="ignore"):
            surfaces = _Document(path, data).surfaces()
    except KeyError as error:
        raise ShapeError(f"{shown(path)}: its glTF structure lacks {error}; export it again") from error
    except (AttributeError, LookupError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ShapeError(
            f"{shown(path)}: its glTF structure is damaged ({error}); export it again"
        ) from error
    if not surfaces:
        raise ShapeError(f"{shown(path)}: no node of it holds triangles; export a scene with meshes")
    return surfaces


class _Document:
    """An open glTF file: its JSON, and its buffers read when they are needed."""

    def __init__(self, path: Path, data: bytes) -> None:
        self.path = path
        self.where = shown(path)
        self.binary: bytes | None = None
        self._buffers: dict[int, bytes] = {}
        text = self._chunks(data) if data.startswith(_MAGIC) else self._plain(data)
        try:
            # A name in another encoding is no reason to refuse a shape.
            self.json: dict[str, Any] = json.loads(text.decode("utf-8-sig", "replace"))
        except ValueError as error:
            raise ShapeError(f"{self.where}: its JSON is damaged ({error}); export it again") from error
        if not isinstance(self.json, dict) or "asset" not in self.json:
            raise ShapeError(f"{self.where}: JSON, but not glTF (no 'asset'); export it as glTF 2.0")
        if not str(self.json["asset"].get("version", "")).startswith("2"):
            raise ShapeError(f"{self.where}: glTF {self.json['asset'].get('version')}; export it as glTF 2.0")
        for extension in self.json.get("extensionsRequired", []):
            self._refuse(extension)

    def surfaces(self) -> list[Surface]:
        """A surface a node with triangles."""
        exact = self.json["asset"].get("generator") == GENERATOR
        surfaces = []
        for index, T_world_node in sorted(self._mesh_nodes().items()):
            node = self.json["nodes"][index]
            mesh = self.json["meshes"][node["mesh"]]
            name = str(node.get("name") or mesh.get("name") or f"node_{index}")
            found = [s for p in mesh["primitives"] if (s := self._primitive(p)) is not None]
            if not found:
                continue
            surface = concatenated(name, found)
            vertices = surface.vertices @ T_world_node[:3, :3].T + T_world_node[:3, 3]
            # A mirrored node turns its faces inside out.
            mirrored = np.linalg.det(T_world_node[:3, :3]) < 0
            faces = surface.faces[:, ::-1] if mirrored else surface.faces
            extras = node.get("extras")
            label = str(extras.get(LABEL_KEY, "")) if isinstance(extras, dict) else ""
            surfaces.append(Surface(name, vertices, faces, label, as_is=exact and bool(label)))
        return surfaces

    def _mesh_nodes(self) -> dict[int, np.ndarray]:
        """For each node of the scene with a mesh its (4, 4) float64 transform to the world."""
        nodes = self.json.get("nodes", [])
        scenes = self.json.get("scenes", [])
        if scenes:
            roots = scenes[self.json.get("scene", 0)].get("nodes", [])
        else:
            children = {child for node in nodes for child in node.get("children", [])}
            roots = [i for i in range(len(nodes)) if i not in children]
        found: dict[int, np.ndarray] = {}
        seen: set[int] = set()
        waiting = [(root, np.eye(4)) for root in roots]
        while waiting:
            index, T_world_parent = waiting.pop()
            if index in seen or not 0 <= index < len(nodes):
                raise ValueError(f"node {index} is missing, its own ancestor, or has two parents")
            seen.add(index)
            node = nodes[index]
            for extension in node.get("extensions", {}):
                self._refuse(extension)
            T_world_node = T_world_parent @ _node_transform(node)
            if "mesh" in node:
                found[index] = T_world_node
            waiting += [(child, T_world_node) for child in node.get("children", [])]
        return found

    def _primitive(self, primitive: dict[str, Any]) -> Surface | None:
        """The triangles of a primitive; None for points and lines."""
        mode = primitive.get("mode", _TRIANGLES)
        if mode not in (_TRIANGLES, _STRIP, _FAN) or "POSITION" not in primitive["attributes"]:
            return None
        position = primitive["attributes"]["POSITION"]
        # Files may carry an uncompressed copy beside the compressed mesh; then its accessor has a buffer.
        if "bufferView" not in self.json["accessors"][position]:
            for extension in primitive.get("extensions", {}):
                self._refuse(extension)
        vertices = self._accessor(position).astype(np.float64)
        if "indices" in primitive:
            indices = self._accessor(primitive["indices"])[:, 0].astype(np.int64)
        else:
            indices = np.arange(len(vertices))
        if vertices.shape[1] != 3:
            raise ValueError("positions are not VEC3")
        return Surface("", vertices, _triangles(indices, mode))

    def _accessor(self, index: int) -> np.ndarray:
        """(count, width) numbers of an accessor; normalised integers become floats."""
        accessor = self.json["accessors"][index]
        dtype = np.dtype(_COMPONENTS[accessor["componentType"]])
        width, count = _WIDTHS[accessor["type"]], accessor["count"]
        sparse = accessor.get("sparse")
        if "bufferView" in accessor:
            values = self._view(accessor["bufferView"], accessor.get("byteOffset", 0), dtype, width, count)
        elif sparse:
            values = np.zeros((count, width), dtype)
        else:
            raise ValueError(f"accessor {index} has no data")
        if sparse:
            at, new = sparse["indices"], sparse["values"]
            at_dtype = np.dtype(_COMPONENTS[at["componentType"]])
            where = self._view(at["bufferView"], at.get("byteOffset", 0), at_dtype, 1, sparse["count"])
            values[where[:, 0]] = self._view(
                new["bufferView"], new.get("byteOffset", 0), dtype, width, sparse["count"]
            )
        if accessor.get("normalized") and dtype.kind in "iu":
            return np.maximum(values / np.iinfo(dtype).max, -1.0)
        return values

    def _view(self, index: int, offset: int, dtype: np.dtype, width: int, count: int) -> np.ndarray:
        """A writable copy of (count, width) numbers in a buffer view."""
        view = self.json["bufferViews"][index]
        for extension in view.get("extensions", {}):
            self._refuse(extension)
        buffer = self._buffer(view["buffer"])
        start = view.get("byteOffset", 0) + offset
        stride = view.get("byteStride") or dtype.itemsize * width
        if stride < dtype.itemsize * width:
            # Elements that overlap could be far more than the file has bytes for.
            raise ValueError(f"buffer view {index} has a stride of {stride} bytes")
        end = start + stride * (count - 1) + dtype.itemsize * width
        if count < 1 or min(start, stride) < 0 or end > len(buffer):
            raise ValueError(f"buffer view {index} reaches to byte {end} of {len(buffer)}")
        return np.ndarray((count, width), dtype, buffer, start, (stride, dtype.itemsize)).copy()

    def _buffer(self, index: int) -> bytes:
        """The bytes of a buffer: the GLB's own, a data URI, or a file beside the glTF."""
        if index not in self._buffers:
            declared = self.json["buffers"][index]
            data = self._buffer_data(declared.get("uri"))
            if len(data) < declared["byteLength"]:
                raise ShapeError(
                    f"{self.where}: its buffer {index} should have {declared['byteLength']} bytes and has "
                    f"{len(data)}; the file is cut short, copy or export it again"
                )
            self._buffers[index] = data
        return self._buffers[index]

    def _buffer_data(self, uri: str | None) -> bytes:
        if uri is None:
            if self.binary is None:
                raise ValueError("the binary chunk is missing")
            return self.binary
        if uri.startswith("data:"):
            return base64.b64decode(uri.partition(",")[2])
        # Never outside of the file's folder, nor over the network: the file may be a stranger's.
        file = Path(os.path.abspath(self.path.parent / urllib.parse.unquote(uri)))
        if "://" in uri or not file.is_relative_to(os.path.abspath(self.path.parent)):
            raise ShapeError(
                f"{self.where}: its data is elsewhere ({uri[:60]!r}); put it into the same folder"
            )
        if not os.path.isfile(file):
            raise ShapeError(
                f"{self.where}: its data file {uri[:60]!r} is missing; "
                "copy it beside the .gltf, or export a .glb"
            )
        return read_bytes(file)

    def _refuse(self, extension: str) -> None:
        """Raise a ShapeError if the extension changes geometry in a way that is not read."""
        if extension in _REFUSED:
            reason = _REFUSED[extension].format(name=shown(Path(self.path.name)))
            raise ShapeError(f"{self.where}: {reason}")

    def _plain(self, data: bytes) -> bytes:
        """The text of a .gltf."""
        if self.path.suffix.lower() == ".glb":
            if data.lstrip().startswith(b"{"):
                raise ShapeError(f"{self.where}: is glTF text, not a binary GLB; rename it to .gltf")
            raise ShapeError(
                f"{self.where}: not a GLB file (it starts with {data[:4]!r}, a GLB with b'glTF'); "
                "export it again"
            )
        return data

    def _chunks(self, data: bytes) -> bytes:
        """The JSON text of a GLB; its binary chunk is kept."""
        version = int.from_bytes(data[4:8], "little")
        length = int.from_bytes(data[8:12], "little")
        if len(data) >= 12 and version != 2:
            raise ShapeError(f"{self.where}: GLB version {version}; export it as glTF 2.0")
        if len(data) < max(length, 20):
            raise ShapeError(
                f"{self.where}: cut short, it has {len(data)} of {length} bytes; copy or export it again"
            )
        text, position = b"", 12
        while position + 8 <= length:
            size = int.from_bytes(data[position : position + 4], "little")
            kind = int.from_bytes(data[position + 4 : position + 8], "little")
            chunk = data[position + 8 : position + 8 + size]
            if kind == _JSON_CHUNK:
                text = text or chunk
            elif kind == _BINARY_CHUNK and self.binary is None:
                self.binary = chunk
            position += 8 + size
        return text


def _node_transform(node: dict[str, Any]) -> np.ndarray:
    """(4, 4) float64 from a node to its parent."""
    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T
    T = np.eye(4)
    T[:3, :3] = Rotation.from_quat(node.get("rotation", [0, 0, 0, 1])).as_matrix()
    T[:3, :3] *= np.array(node.get("scale", [1, 1, 1]), np.float64)
    T[:3, 3] = node.get("translation", [0, 0, 0])
    return T


def _triangles(indices: np.ndarray, mode: int) -> np.ndarray:
    """(m, 3) int64 triangles of a list, a strip or a fan of indices (glTF 2.0, 3.7.2.1)."""
    if mode == _TRIANGLES:
        return indices[: len(indices) // 3 * 3].reshape(-1, 3)
    if mode == _FAN:
        rim = np.stack([indices[1:-1], indices[2:]], axis=1)
        return np.insert(rim, 0, indices[0], axis=1)
    strip = np.stack([indices[:-2], indices[1:-1], indices[2:]], axis=1)
    strip[1::2, 1:] = strip[1::2, :0:-1].copy()
    return strip
