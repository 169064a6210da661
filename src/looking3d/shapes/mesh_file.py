"""Reading one file of any kind that we read: what kinds there are, and which module reads which."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import trimesh

from looking3d.errors import ShapeError
from looking3d.shapes.gltf import read_gltf
from looking3d.shapes.obj import read_obj
from looking3d.shapes.source_file import read_bytes, shown
from looking3d.shapes.surface import Surface, cleaned, concatenated

MESH_SUFFIXES = (".glb", ".gltf", ".obj", ".off", ".ply", ".stl")
"""Endings of the files that `read_surfaces` reads, in lower case."""

SCENE_SUFFIXES = (".glb", ".gltf")
"""Those of them that hold a whole scene as a rule."""

_FROM_CAD = "they hold no triangles; export it as GLB from the CAD program (or with FreeCAD)"
_FROM_BLENDER = "export it as GLB from Blender (File > Export > glTF 2.0)"
_HOW_TO_EXPORT = {
    ".3ds": f"import it into Blender and {_FROM_BLENDER}",
    ".3mf": "export it as GLB, or as one STL a part, from the slicer or CAD program",
    ".blend": _FROM_BLENDER,
    ".dae": f"import it into Blender and {_FROM_BLENDER}",
    ".drc": "decode it with draco_decoder to PLY, or export an uncompressed GLB",
    ".fbx": f"import it into Blender and {_FROM_BLENDER}",
    ".iges": _FROM_CAD,
    ".igs": _FROM_CAD,
    ".max": "export it as GLB from 3ds Max",
    ".skp": "export it as GLB from SketchUp",
    ".sldasm": _FROM_CAD,
    ".sldprt": _FROM_CAD,
    ".step": _FROM_CAD,
    ".stp": _FROM_CAD,
    ".usd": f"import it into Blender and {_FROM_BLENDER}",
    ".usda": f"import it into Blender and {_FROM_BLENDER}",
    ".usdc": f"import it into Blender and {_FROM_BLENDER}",
    ".usdz": f"import it into Blender and {_FROM_BLENDER}",
    ".zip": "unpack it and pass the folder or the mesh in it",
}


def read_surfaces(path: Path) -> list[Surface]:
    """The surfaces of one mesh file, clean, in the order of the file; at least one.

    What has no area is dropped: points, lines, empty groups, collapsed triangles.

    Raises:
        ShapeError: The file cannot be read, is damaged, or holds nothing with an area.
    """
    suffix = path.suffix.lower()
    if suffix in SCENE_SUFFIXES:
        found = read_gltf(path)
    elif suffix == ".obj":
        found = read_obj(path)
    elif suffix in MESH_SUFFIXES:
        found = [_read_by_trimesh(path, suffix)]
    else:
        raise ShapeError(f"{shown(path)}: {_unknown(suffix)}")
    surfaces = [surface for raw in found if (surface := cleaned(raw, shown(path))) is not None]
    if not surfaces:
        raise ShapeError(f"{shown(path)}: none of its faces has an area; repair the mesh and export it again")
    return surfaces


def _unknown(suffix: str) -> str:
    """Why a file with this ending is not read, and what to do."""
    legal = ", ".join(MESH_SUFFIXES)
    if suffix in _HOW_TO_EXPORT:
        return f"{suffix} files are not read; {_HOW_TO_EXPORT[suffix]}. These are read: {legal}"
    ending = f"the ending {suffix!r} is unknown" if suffix else "a file without an ending"
    return f"{ending}; a mesh ends in one of {legal}"


def _read_by_trimesh(path: Path, suffix: str) -> Surface:
    """STL, PLY and OFF: one surface."""
    data, kind = read_bytes(path), suffix[1:].upper()
    if suffix == ".stl":
        data = _whole_stl(data, shown(path))
    try:
        with _quiet():
            scene = trimesh.load_scene(
                io.BytesIO(data), file_type=suffix[1:], process=False, skip_materials=True
            )
            surfaces = [
                Surface("", np.asarray(mesh.vertices, np.float64), np.asarray(mesh.faces, np.int64))
                for mesh in scene.geometry.values()
                if isinstance(mesh, trimesh.Trimesh) and len(mesh.faces)
            ]
    except Exception as error:
        # Parsers of damaged files raise anything; what they say is kept as the cause.
        raise ShapeError(f"{shown(path)}: damaged, or not {kind} at all; export it again") from error
    if not surfaces:
        raise ShapeError(f"{shown(path)}: {_without_faces(kind, scene)}")
    return concatenated("", surfaces)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Nothing that a parser has to say of normals or colours, which are not read, reaches the user."""
    log = trimesh.util.log
    disabled, log.disabled = log.disabled, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # numpy stops at the first word that is no number, and only warns.
            warnings.filterwarnings("error", "string or file could not be read")
            yield
    finally:
        log.disabled = disabled


def _whole_stl(data: bytes, where: str) -> bytes:
    """The bytes of an STL without what some programs append; a ShapeError for a binary one cut short."""
    if len(data) < 84 or b"solid" in data[:512].lower():
        return data
    count = int.from_bytes(data[80:84], "little")
    size = 84 + 50 * count
    if len(data) < size:
        raise ShapeError(
            f"{where}: a binary STL of {count} triangles has {size} bytes, this file has {len(data)}; "
            "it is cut short or no STL, copy or export it again"
        )
    return data[:size]


def _without_faces(kind: str, scene: trimesh.Scene) -> str:
    """What to say of a file in which trimesh found no triangles."""
    points = sum(len(g.vertices) for g in scene.geometry.values() if isinstance(g, trimesh.PointCloud))
    if points:
        return f"a point cloud ({points} points, no faces); make a mesh of it, for instance in MeshLab"
    return f"no triangles in it; the {kind} of a mesh with faces was expected, export it again"
