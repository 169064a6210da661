"""Reading PartNet: a hierarchy of labels in JSON, and the OBJ files that its leaves name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.spatial import KDTree

from looking3d.errors import ShapeError
from looking3d.shapes.mesh_file import read_surfaces
from looking3d.shapes.part_shape import Part
from looking3d.shapes.source_file import printable, read_bytes, shown
from looking3d.shapes.surface import Surface, cleaned, concatenated, points_on

HIERARCHIES = ("result_after_merging.json", "result.json")
"""Files of the hierarchy, the better one first: merging gives a category one set of labels."""

_MESH_FOLDERS = ("objs", "textured_objs")
_SAME_PLACE = 1e-5


class _Leaf(NamedTuple):
    id: str
    label: str
    meshes: list[str]


def is_partnet(folder: Path) -> bool:
    """Whether a folder holds a PartNet hierarchy."""
    return any((folder / name).is_file() for name in HIERARCHIES)


def read_partnet(folder: Path) -> list[Part]:
    """The parts of a PartNet shape, in the order of the hierarchy. PartNet is +Y up.

    A part is a node that names OBJ files which no node below it names: a leaf, as a rule. Its id is the
    node's, its label the names from the root down (`chair/chair_base/regular_leg_base/leg`). OBJ files
    that no node names are one more part, `other`, labelled `chair/other`; those that only repeat the
    surface of named ones are left out. PartNet-Mobility's `textured_objs/` is read like `objs/`.

    Raises:
        ShapeError: The hierarchy is damaged, or an OBJ file is missing or damaged.
    """
    hierarchy = next(folder / name for name in HIERARCHIES if (folder / name).is_file())
    meshes = next((folder / name for name in _MESH_FOLDERS if (folder / name).is_dir()), None)
    if meshes is None:
        raise ShapeError(
            f"{shown(folder)}: {hierarchy.name} is there, but no folder objs/ with the meshes it names; "
            "unpack the shape again"
        )
    roots = _roots(hierarchy)
    leaves = _leaves(roots, hierarchy)
    parts = [_part(leaf, meshes, hierarchy) for leaf in leaves]
    parts = [part for part in parts if part is not None]
    named = {name for leaf in leaves for name in leaf.meshes}
    rest = sorted(file for file in meshes.glob("*.obj") if file.stem not in named)
    other = _other(rest, parts, f"{roots[0]['name']}/other")
    parts += [other] if other is not None else []
    if not parts:
        raise ShapeError(f"{shown(folder)}: {hierarchy.name} names no meshes, and objs/ holds none")
    return parts


def _roots(hierarchy: Path) -> list[dict[str, Any]]:
    """The root nodes; PartNet has one."""
    damaged = f"{shown(hierarchy)}: not a PartNet hierarchy (a list with one node, name and children)"
    try:
        roots = json.loads(read_bytes(hierarchy).decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError) as error:
        raise ShapeError(f"{damaged}: the JSON is damaged; unpack the shape again") from error
    roots = [roots] if isinstance(roots, dict) else roots
    if (
        not isinstance(roots, list)
        or not roots
        or not all(isinstance(r, dict) and "name" in r for r in roots)
    ):
        raise ShapeError(f"{damaged}; pass the folder of one shape")
    return roots


def _leaves(roots: list[dict[str, Any]], hierarchy: Path) -> list[_Leaf]:
    """The nodes that own meshes; a mesh that two nodes name goes to the first."""
    try:
        found = [leaf for root in roots for leaf in _owners(root, "")]
    except (AttributeError, LookupError, TypeError) as error:
        raise ShapeError(
            f"{shown(hierarchy)}: a node lacks its id, name, children or objs ({error}); "
            "unpack the shape again"
        ) from error
    taken: set[str] = set()
    leaves = []
    for leaf in found:
        own = [name for name in dict.fromkeys(leaf.meshes) if name not in taken]
        taken.update(own)
        if own:
            leaves.append(leaf._replace(meshes=own))
    return leaves


def _owners(node: dict[str, Any], above: str) -> Iterator[_Leaf]:
    """A node's descendants, then the node itself with the meshes that none of them has."""
    label = f"{above}/{node['name']}" if above else str(node["name"])
    below = [leaf for child in node.get("children", []) for leaf in _owners(child, label)]
    yield from below
    claimed = {name for leaf in below for name in leaf.meshes}
    own = [str(name) for name in node.get("objs", []) if name not in claimed]
    if own:
        yield _Leaf(str(node["id"]), printable(label), own)


def _part(leaf: _Leaf, meshes: Path, hierarchy: Path) -> Part | None:
    """The meshes of a node as one part, or None if nothing of it has an area."""
    files = [meshes / f"{name}.obj" for name in leaf.meshes]
    for file in files:
        if not file.is_file() or file.parent != meshes:
            raise ShapeError(
                f"{shown(hierarchy)}: node {leaf.id} ({leaf.label}) names {meshes.name}/{file.name}, "
                "which is not there; unpack the shape again"
            )
    return _joined(files, leaf.id, leaf.label, meshes)


def _joined(files: list[Path], part_id: str, label: str, meshes: Path) -> Part | None:
    surfaces = [surface for file in files for surface in read_surfaces(file)]
    surface = cleaned(concatenated(part_id, surfaces), shown(meshes))
    return None if surface is None else Part(part_id, label, surface.vertices, surface.faces)


def _other(files: list[Path], parts: list[Part], label: str) -> Part | None:
    """What no node names and no part repeats, as one part."""
    if parts and files:
        named = concatenated("", [Surface("", part.vertices, part.faces) for part in parts])
        files = [file for file in files if not _repeats(concatenated("", read_surfaces(file)), named)]
    part_id = "other"
    while any(part.id == part_id for part in parts):
        part_id += "_"
    return _joined(files, part_id, label, files[0].parent) if files else None


def _repeats(surface: Surface, named: Surface) -> bool:
    """Whether a mesh lies on the named ones, vertex on vertex; so does one that was cut into them."""
    size = np.ptp(named.vertices, axis=0).max()
    apart = KDTree(named.vertices).query(surface.vertices)[0].max()
    if apart > _SAME_PLACE * size:
        return False
    # A panel between four legs shares their corners too, but lies between them.
    points, spacing = points_on(named)
    apart = KDTree(points).query(points_on(surface)[0])[0].max()
    return bool(apart < 3 * spacing)
