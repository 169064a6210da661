"""Reading a shape from whatever people have: a file, a folder of files, a PartNet folder."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from looking3d.errors import ShapeError, unknown_name
from looking3d.shapes.mesh_file import MESH_SUFFIXES, read_surfaces
from looking3d.shapes.part_shape import Part, PartShape
from looking3d.shapes.partnet import HIERARCHIES, is_partnet, read_partnet
from looking3d.shapes.source_file import printable, shown
from looking3d.shapes.surface import Surface, cleaned, concatenated, split

UP_AXES: dict[str, np.ndarray] = {
    "y": np.eye(3),
    "-y": np.diag([1.0, -1.0, -1.0]),
    "z": np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]),
    "-z": np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]),
    "x": np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]),
    "-x": np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]),
}
"""For each axis that may point up in a file, the rotation that takes it to +Y."""

UNITS = {"m": 1.0, "cm": 0.01, "mm": 0.001, "in": 0.0254}
"""Metres in each unit that a file may be in."""

SINGLE_MESH = ("components", "whole")
"""What becomes of a file that holds one mesh: its connected components are the parts, or it is one."""

_SHOWN_ENTRIES = 6


def read_shape(
    path: Path | str,
    *,
    up: str = "y",
    unit: str = "m",
    category: str = "object",
    single_mesh: str = "components",
) -> PartShape:
    """Read a shape; what `path` is decides what its parts are.

    - A PartNet folder (`result_after_merging.json` or `result.json`, and `objs/`): its leaves.
    - Another folder: each mesh file in it is a part, by name, numbers in names by value. A folder with
      one mesh file is that file.
    - A .glb or .gltf: each node with a mesh. A .obj: each object or, if there are none, each group.
    - What holds one mesh, as .stl, .ply and .off always do: its components, faces connected by
      edges. Vertices at one place are joined first, so seams of normals and texture divide nothing;
      components under 0.2 % of the area go to the nearest other.

    Points, lines, faces without area and vertices without faces are dropped; textures are not read.

    Args:
        path: A file or a folder.
        up: The axis of the file that points up: one of UP_AXES. glTF and PartNet say it is y.
        unit: The unit of the file: one of UNITS. glTF says it is the metre.
        category: What the object is; by default the root of its labels where they have one.
        single_mesh: One of SINGLE_MESH.

    Returns:
        The shape, +Y up, in metres, neither centred nor scaled: `PartShape.normalized` does that. Its id
        is the name of the file or folder, its `source` the path.

    Raises:
        ShapeError: The path is missing, damaged, or of a kind that is not read.
        ConfigError: `up`, `unit` or `single_mesh` is unknown.
    """
    for what, name, legal in (
        ("up axis", up, UP_AXES),
        ("unit", unit, UNITS),
        ("single_mesh", single_mesh, SINGLE_MESH),
    ):
        if name not in legal:
            raise unknown_name(what, name, legal)
    path = Path(path)
    if not os.path.exists(path):
        raise ShapeError(f"{shown(path)}: no such file or folder; check the path")
    if path.is_dir() and is_partnet(path):
        parts = read_partnet(path)
    else:
        surfaces = _read_folder(path) if path.is_dir() else read_surfaces(path)
        if len(surfaces) == 1 and single_mesh == "components" and not surfaces[0].label:
            surfaces = split(surfaces[0])
        parts = _named_parts(surfaces)
    R = UP_AXES[up] * UNITS[unit]
    parts = [part.moved(R, np.zeros(3)) for part in parts]
    category = _root_of_labels(parts) if category == "object" else category
    return PartShape(_shape_id(path), tuple(parts), category, shown(path))


def require_parts(shape: PartShape, at_least: int = 2) -> None:
    """Raise a ShapeError unless the shape has parts to edit.

    Args:
        shape: Any shape.
        at_least: How many parts it must have.
    """
    count = len(shape.parts)
    if count >= at_least:
        return
    name = Path(shape.source).name or shape.id
    what = "its parts are one fused mesh" if count == 1 else f"it has {count} parts"
    raise ShapeError(
        f"{name}: {what}; generation needs at least {at_least} parts; export an assembly "
        "(GLB with a node per part, or a folder with a file per part)"
    )


def in_components(shape: PartShape) -> PartShape:
    """A shape of one part without semantics as its connected components; another as it is."""
    if len(shape.parts) != 1 or not shape.parts[0].label.startswith("part/"):
        return shape
    surfaces = split(Surface("", shape.parts[0].vertices, shape.parts[0].faces))
    return shape if len(surfaces) == 1 else shape.with_parts(_named_parts(surfaces))


def folder_entries(folder: Path) -> list[Path]:
    """What a folder holds, but for hidden files; sorted by name, numbers in names by value.

    Raises:
        ShapeError: The folder cannot be read.
    """
    try:
        return sorted((e for e in folder.iterdir() if not e.name.startswith(".")), key=_natural)
    except OSError as error:
        raise ShapeError(f"{shown(folder)}: cannot be read ({error.strerror})") from error


def _read_folder(folder: Path) -> list[Surface]:
    """Each mesh file of a folder as one surface, or the surfaces of its only one."""
    entries = folder_entries(folder)
    files = [e for e in entries if e.suffix.lower() in MESH_SUFFIXES and e.is_file()]
    if not files:
        raise ShapeError(
            f"{shown(folder)}: no meshes in the folder; looked for {', '.join(MESH_SUFFIXES)} and PartNet's "
            f"{' or '.join(HIERARCHIES)}; {_listed(entries)}"
        )
    if len(files) == 1:
        return read_surfaces(files[0])
    by_stem: dict[str, Path] = {}
    for file in files:
        if file.stem in by_stem:
            raise ShapeError(
                f"{shown(folder)}: {shown(Path(by_stem[file.stem].name))} and {shown(Path(file.name))} would "
                "both be one part; keep one of them, or rename one"
            )
        by_stem[file.stem] = file
    return [_file_as_part(file) for file in files]


def _file_as_part(file: Path) -> Surface:
    """All of a file as one surface, named after the file."""
    surface = cleaned(concatenated(shown(Path(file.stem)), read_surfaces(file)), shown(file))
    assert surface is not None  # read_surfaces gives only what has an area
    return surface


def _natural(path: Path) -> tuple[list[str | int], str]:
    """Sorts leg_2 before leg_10."""
    words = re.split(r"(\d+)", path.name.casefold())
    return [int(word) if i % 2 else word for i, word in enumerate(words)], path.name


def _listed(entries: Sequence[Path]) -> str:
    """What a folder holds, in a few words."""
    if not entries:
        return "it is empty"
    names = [shown(Path(e.name)) + ("/" if e.is_dir() else "") for e in entries[:_SHOWN_ENTRIES]]
    more = f" and {len(entries) - len(names)} more" if len(entries) > len(names) else ""
    return f"it holds {', '.join(names)}{more}"


def _named_parts(surfaces: Sequence[Surface]) -> list[Part]:
    """Parts with unique ids; the second `leg` becomes `leg_2`, its label stays `part/leg`."""
    names = [s.name if s.as_is else _part_name(s.name, len(surfaces)) for s in surfaces]
    taken = set(names)
    seen: set[str] = set()
    parts = []
    for name, surface in zip(names, surfaces, strict=True):
        part_id, number = name, 2
        while part_id in seen or (part_id != name and part_id in taken):
            part_id, number = f"{name}_{number}", number + 1
        seen.add(part_id)
        label = surface.label or f"part/{name}"
        parts.append(Part(part_id, label, surface.vertices, surface.faces))
    return parts


def _part_name(name: str, count: int) -> str:
    """A name fit for an id and for one step of a label."""
    name = re.sub(r"[/\\]", "_", printable(name))
    return name or ("whole" if count == 1 else "unnamed")


def _root_of_labels(parts: Sequence[Part]) -> str:
    """`chair` where all labels begin with `chair/`, `object` where they say nothing."""
    roots = {part.label.split("/")[0] for part in parts}
    return roots.pop() if len(roots) == 1 and "part" not in roots else "object"


def _shape_id(path: Path) -> str:
    """The name of a file or folder as letters, digits, `_`, `-` and `.`."""
    name = path.resolve().name if path.is_dir() else path.stem
    name = unicodedata.normalize("NFC", shown(Path(name)))
    return re.sub(r"[^\w.-]+", "_", name).strip("._") or "shape"
