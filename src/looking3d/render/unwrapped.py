"""Points of a surface at the texels of a picture that is laid over it by texture coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MARGIN = 1.5
"""How far a face's texture goes on beyond its edges, in texels; what interpolates between texels needs it."""


@dataclass(frozen=True, eq=False)
class Texels:
    """The texels that show a surface.

    Attributes:
        side: Width and height of the picture.
        row: (k,) int row of each texel, row 0 at v = 0.
        column: (k,) int column of each.
        face: (k,) int the face that each shows.
        weights: (k, 3) float32 barycentric coordinates in the face, none negative.
    """

    side: int
    row: np.ndarray
    column: np.ndarray
    face: np.ndarray
    weights: np.ndarray

    def picture(self, values: np.ndarray) -> np.ndarray:
        """(side, side, c) float32 with the (k, c) values at the texels, 0 elsewhere."""
        picture = np.zeros((self.side, self.side, values.shape[1]), np.float32)
        picture[self.row, self.column] = values
        return picture


def world_per_uv(triangles: np.ndarray, uv: np.ndarray) -> float:
    """World units that a step of 1 in texture coordinates covers, by the areas of all faces.

    Args:
        triangles: (m, 3, 3) world points.
        uv: (m, 3, 2) texture coordinates.
    """
    normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    a, b = (uv[:, 1] - uv[:, 0]).T, (uv[:, 2] - uv[:, 0]).T
    flat = np.abs(a[0] * b[1] - a[1] * b[0]).sum()
    return float(np.sqrt(np.linalg.norm(normals, axis=1).sum() / max(flat, 1e-12)))


def texels(uv: np.ndarray, side: int) -> Texels:
    """The texels that faces cover, and a margin around them.

    A texel that lies in one face and in the margins of others is the former's.

    Args:
        uv: (m, 3, 2) texture coordinates in [0, 1].
        side: Width and height of the picture.
    """
    # In texels, with their centres at whole numbers
    corners = uv.astype(np.float64) * side - 0.5
    normals, offsets, twice_area = _edges(corners)
    face, row, column = _candidates(corners, normals, offsets, side)
    p = np.stack([column, row], 1).astype(float)
    inward = np.einsum("kei,ki->ke", normals[face], p) - offsets[face]
    inside = (inward >= -1e-9).all(1)

    # Written twice: margins first, then what lies in a face
    owner = np.full(side * side, -1)
    for chosen in (np.flatnonzero(~inside), np.flatnonzero(inside)):
        owner[row[chosen] * side + column[chosen]] = chosen
    kept = owner[owner >= 0]
    face, row, column = face[kept], row[kept], column[kept]

    # The weight of a corner is the part of the area beyond it, over the edge it does not touch
    lengths = np.linalg.norm(np.roll(corners, -1, axis=1) - corners, axis=2)
    beyond = np.maximum(inward[kept], 0) * lengths[face]
    total = beyond.sum(1, keepdims=True)
    weights = np.where(total > 1e-9 * np.abs(twice_area[face])[:, None], beyond, 1.0)
    weights = weights[:, [1, 2, 0]] / weights.sum(1, keepdims=True)
    return Texels(side, row, column, face, weights.astype(np.float32))


def _edges(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(m, 3, 2) unit inward normals of edges, (m, 3) their offsets, and (m,) twice the signed area."""
    edges = np.roll(corners, -1, axis=1) - corners
    twice_area = edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0]
    normals = np.stack([-edges[..., 1], edges[..., 0]], -1)
    normals *= np.where(twice_area < 0, -1.0, 1.0)[:, None, None]
    normals /= np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-12)
    return normals, np.einsum("mei,mei->me", normals, corners), twice_area


def _candidates(
    corners: np.ndarray, normals: np.ndarray, offsets: np.ndarray, side: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(k,) face, row and column of the texels within each face's margin."""
    low = np.clip(np.ceil(corners.min(1) - MARGIN), 0, side).astype(int)
    high = np.clip(np.floor(corners.max(1) + MARGIN), -1, side - 1).astype(int)
    face, row = _ranges(low[:, 1], high[:, 1])

    # Each edge bounds the columns of a row on one side
    slope, rest = normals[face, :, 0], offsets[face] - MARGIN - normals[face, :, 1] * row[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        bound = rest / slope
    left = np.where(slope > 1e-9, bound, -np.inf).max(1)
    right = np.where(slope < -1e-9, bound, np.inf).min(1)
    outside = ((np.abs(slope) <= 1e-9) & (rest > 0)).any(1)
    left = np.maximum(np.ceil(left), low[face, 0]).astype(int)
    right = np.minimum(np.floor(right), high[face, 0]).astype(int)
    right[outside] = left[outside] - 1
    pair, column = _ranges(left, right)
    return face[pair], row[pair], column


def _ranges(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All whole numbers from low to high, for each pair: (k,) index of the pair and (k,) number."""
    counts = np.maximum(high - low + 1, 0)
    index = np.repeat(np.arange(len(low)), counts)
    return index, np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts) + low[index]
