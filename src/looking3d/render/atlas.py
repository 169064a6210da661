"""A solid texture laid out flat: a picture with a piece for each face, for renderers that want one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from looking3d.render.materials import Material
from looking3d.render.prepared import PreparedShape
from looking3d.render.vectors import dot


@dataclass(frozen=True, eq=False)
class Atlas:
    """Pictures with a piece for each face.

    Attributes:
        base: (h, w, 3) float32 linear RGB.
        roughness: (h, w) float32; None where it is the material's everywhere.
        metallic: (h, w) float32, or None as roughness.
        normal: (h, w, 3) float32 unit normals along the picture's columns, its rows and off the surface; None
            where nothing leans.
    """

    base: np.ndarray
    roughness: np.ndarray | None = None
    metallic: np.ndarray | None = None
    normal: np.ndarray | None = None


def face_atlas(
    prepared: PreparedShape, material: Material, faces: np.ndarray, texel: float
) -> tuple[np.ndarray, Atlas]:
    """Pictures that hold the solid texture on each face, without seams.

    Each face has a rectangle: its longest edge is the lower side, with a margin of one texel in which
    the texture goes on. A face smaller than a texel has one texel.

    Args:
        prepared: The shape.
        material: Whose texture.
        faces: (m,) indices of faces.
        texel: Side of a texel in world units.

    Returns:
        (m, 3, 2) float32 texture coordinates in [0, 1], and the pictures.
    """
    # Corners a, b, c with a-b the longest edge; x runs along it, y towards c
    triangles = prepared.triangles[faces]
    edges = np.roll(triangles, -1, axis=1) - triangles
    longest = np.linalg.norm(edges, axis=2).argmax(1)
    turn = (longest[:, None] + np.arange(3)) % 3
    a, b, c = np.take_along_axis(triangles, turn[..., None], 1).transpose(1, 0, 2)
    length = np.maximum(np.linalg.norm(b - a, axis=1), 1e-9)
    x_axis = (b - a) / length[:, None]
    c_x = np.einsum("ij,ij->i", c - a, x_axis)
    rise = (c - a) - c_x[:, None] * x_axis
    height = np.linalg.norm(rise, axis=1)
    y_axis = rise / np.maximum(height, 1e-9)[:, None]

    small = length < texel
    sizes = np.stack([np.ceil(length / texel), np.ceil(height / texel)], 1).astype(int) + 2
    sizes[small] = 1
    corner, shape = _pack(sizes)
    margin = np.where(small, 0.5, 1.0)
    local = np.zeros((len(faces), 3, 2))
    local[:, 1, 0], local[:, 2, 0], local[:, 2, 1] = length, c_x, height
    local[small] = 0
    pixels = np.zeros_like(local)
    np.put_along_axis(pixels, turn[..., None], corner[:, None] + margin[:, None, None] + local / texel, 1)

    # Texels of all rectangles, one after another
    counts = sizes.prod(1)
    face = np.repeat(np.arange(len(faces)), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    column, row = within % sizes[face, 0], within // sizes[face, 0]
    x = (column + 0.5 - margin[face]) * texel
    y = (row + 0.5 - margin[face]) * texel
    # Those beyond the slanted sides, but for a margin, are never seen
    slack = -2 * texel * height[face]
    left = x * height[face] - (y - 2 * texel) * c_x[face] > slack
    right = (length[face] - x) * height[face] - (y - 2 * texel) * (length - c_x)[face] > slack
    seen = np.flatnonzero((left & right) | small[face])
    face, column, row, x, y = (array[seen] for array in (face, column, row, x, y))
    p = a[face] + x_axis[face] * x[:, None] + y_axis[face] * y[:, None]
    n = np.cross(x_axis, y_axis)[face].astype(np.float32)
    found, tilt = prepared.sample(material, p.astype(np.float32), n, faces[face], texel)
    place = corner[face, 1] + row, corner[face, 0] + column

    def picture(values: np.ndarray, ground: np.ndarray | float = 0.0) -> np.ndarray:
        laid = np.full((*shape, *values.shape[1:]), ground, np.float32)
        laid[place] = values
        return laid

    normal = None
    if tilt is not None:
        # A face of one texel has no directions
        tilt[small[face]] = 0
        sideways = np.stack([dot(tilt, x_axis[face]), dot(tilt, y_axis[face])], 1)
        off = np.sqrt(np.maximum(1 - (sideways**2).sum(1, keepdims=True), 0.05))
        normal = picture(np.concatenate([sideways, off], 1), np.array([0, 0, 1]))
    return (pixels / [shape[1], shape[0]]).astype(np.float32), Atlas(
        picture(found.base),
        picture(found.roughness) if isinstance(found.roughness, np.ndarray) else None,
        picture(found.metallic) if isinstance(found.metallic, np.ndarray) else None,
        normal,
    )


def _pack(sizes: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
    """Places rectangles on shelves, the tallest first.

    Args:
        sizes: (m, 2) int widths and heights.

    Returns:
        (m, 2) int x and y of their corners, and (height, width) of the whole.
    """
    total = int(sizes.prod(1).sum())
    width = max(int(sizes[:, 0].max()), int(np.ceil(np.sqrt(1.1 * total))), 2)
    corner = np.zeros_like(sizes)
    x = y = shelf = 0
    order = np.lexsort((-sizes[:, 0], -sizes[:, 1]))
    single = (sizes[order] == 1).all(1)
    for i in order[~single].tolist():
        w, h = sizes[i].tolist()
        if x + w > width:
            x, y, shelf = 0, y + shelf, 0
        corner[i] = x, y
        x, shelf = x + w, max(shelf, h)
    # Single texels, of which a fine mesh has many, come last and fill whole rows
    y, ones = y + shelf, order[single]
    corner[ones] = np.stack(np.divmod(np.arange(len(ones)), width)[::-1], 1) + [0, y]
    return corner, (max(y - (-len(ones) // width), 2), width)
