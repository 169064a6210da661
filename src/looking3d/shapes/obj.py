"""Reading Wavefront OBJ: its objects (`o`) or groups (`g`) are the parts.

trimesh reads OBJ too, but resolves relative indices (`f -3 -2 -1`) against the end of the file, which
moves every object of such a file into the place of the last one.
"""

from __future__ import annotations

from pathlib import Path

import manifold3d
import numpy as np

from looking3d.errors import ShapeError
from looking3d.shapes.source_file import read_bytes, shown
from looking3d.shapes.surface import Surface, check_indices


def read_obj(path: Path) -> list[Surface]:
    """The parts of an OBJ file, in the order in which they come.

    Objects are the parts; where there is one object or none, groups are; where there is one group or
    none, the file is a single surface. An object that is taken up again goes on.

    Raises:
        ShapeError: The file cannot be read, holds no faces, or a line of it is damaged.
    """
    where = shown(path)
    vertices, polygons = _parsed(_text(read_bytes(path)), where)
    if not polygons:
        what = f"only {len(vertices)} vertices" if len(vertices) else "neither vertices nor faces"
        raise ShapeError(
            f"{where}: an OBJ with faces ('f' lines) was expected, it holds {what}; export a mesh"
        )
    for names in ([key[0] for key in polygons], [key[1] for key in polygons]):
        if len(set(names)) > 1:
            break
    else:
        names = [""] * len(polygons)
    named: dict[str, list[list[int]]] = {}
    for name, own in zip(names, polygons.values(), strict=True):
        named.setdefault(name, []).extend(own)
    return [Surface(name, vertices, _triangulated(own, vertices, where)) for name, own in named.items()]


def _text(data: bytes) -> str:
    """Lines that end in a newline; old exporters write names in Latin-1."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\\\n", " ")


def _parsed(text: str, where: str) -> tuple[np.ndarray, dict[tuple[str, str], list[list[int]]]]:
    """(n, 3) float64 vertices, and for each (object, group) its polygons as lists of vertex indices."""
    vertices: list[tuple[float, float, float]] = []
    polygons: dict[tuple[str, str], list[list[int]]] = {}
    current = ("", "")
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split()
        keyword = words[0] if words else ""
        try:
            if keyword == "v":
                vertices.append((float(words[1]), float(words[2]), float(words[3])))
            elif keyword == "f":
                # Indices count from 1; negative ones count back from the last vertex so far.
                words = line.partition("#")[0].split() if "#" in line else words
                corners = [int(word.split("/", 1)[0]) for word in words[1:]]
                corners = [c - 1 if c > 0 else c + len(vertices) if c else -1 for c in corners]
                if len(corners) >= 3:
                    polygons.setdefault(current, []).append(corners)
            elif keyword == "o":
                current = (" ".join(words[1:]), "")
            elif keyword == "g":
                current = (current[0], " ".join(words[1:]))
        except (ValueError, IndexError) as error:
            expected = "a vertex 'v x y z'" if keyword == "v" else "a face 'f 1 2 3'"
            raise ShapeError(
                f"{where}, line {number}: {line.strip()[:40]!r} is not {expected}; export the file again"
            ) from error
    return np.array(vertices, np.float64).reshape(-1, 3), polygons


def _triangulated(polygons: list[list[int]], vertices: np.ndarray, where: str) -> np.ndarray:
    """(m, 3) int64 triangles of the polygons, in their order."""
    corners = np.array([corner for polygon in polygons for corner in polygon], np.int64)
    check_indices(corners, len(vertices), where)
    sizes = np.array([len(polygon) for polygon in polygons])
    starts, counts = np.cumsum(sizes) - sizes, sizes - 2
    first = np.cumsum(counts) - counts
    # A fan from each polygon's first corner.
    polygon = np.repeat(np.arange(len(sizes)), counts)
    step = np.arange(counts.sum()) - first[polygon] + 1
    start = starts[polygon]
    triangles = corners[np.stack([start, start + step, start + step + 1], axis=1)]
    if (sizes == 3).all():
        return triangles
    # A fan of a concave polygon folds over where a triangle turns against the polygon's normal.
    a, b, c = vertices[triangles].transpose(1, 0, 2)
    with np.errstate(invalid="ignore", over="ignore"):
        turns = np.cross(b - a, c - a)
        normals = np.add.reduceat(turns, first)
        folded = np.einsum("ij,ij->i", turns, normals[polygon]) < -1e-9 * (normals[polygon] ** 2).sum(1)
    for i in np.unique(polygon[folded]):
        own = corners[starts[i] : starts[i] + sizes[i]]
        cut = _cut_ears(vertices[own], normals[i])
        if len(cut) == counts[i]:
            triangles[first[i] : first[i] + counts[i]] = own[cut]
    return triangles


def _cut_ears(points: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """(k - 2, 3) triangles of a flat polygon of k points, concave or not, seen along its normal."""
    normal = normal / np.linalg.norm(normal)
    helper = np.eye(3)[np.argmin(np.abs(normal))]
    x = np.cross(helper, normal)
    axes = np.stack([x, np.cross(normal, x)])
    return np.asarray(manifold3d.triangulate([(points - points[0]) @ axes.T]))
