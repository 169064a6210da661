"""Finding the shapes in a folder of many."""

from __future__ import annotations

import os
from pathlib import Path

from looking3d.errors import ShapeError
from looking3d.shapes.mesh_file import MESH_SUFFIXES, SCENE_SUFFIXES
from looking3d.shapes.partnet import is_partnet
from looking3d.shapes.read import folder_entries
from looking3d.shapes.source_file import shown


def find_shapes(root: Path | str) -> list[Path]:
    """The files and folders under `root` that `read_shape` reads as one shape each, sorted.

    A PartNet folder is a shape. A folder with several mesh files is one too, a part a file, unless all
    of them are .glb or .gltf: those are scenes, and each is a shape. Other folders are searched.

    Args:
        root: A folder, or a single mesh file.

    Returns:
        Paths that begin with `root`; none where nothing is found.

    Raises:
        ShapeError: `root` does not exist, or a folder cannot be read.
    """
    root = Path(root)
    if not os.path.exists(root):
        raise ShapeError(f"{shown(root)}: no such file or folder; check the path")
    if root.is_file():
        return [root]
    if is_partnet(root):
        return [root]
    entries = folder_entries(root)
    meshes = [e for e in entries if e.suffix.lower() in MESH_SUFFIXES and e.is_file()]
    scenes = all(mesh.suffix.lower() in SCENE_SUFFIXES for mesh in meshes)
    if len(meshes) > 1 and not scenes:
        return [root]
    # A link to a folder may lead back up.
    folders = [entry for entry in entries if entry.is_dir() and not entry.is_symlink()]
    return meshes + [path for folder in folders for path in find_shapes(folder)]
