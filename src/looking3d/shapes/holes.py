"""Mending holes: every open border becomes a loop, and every loop that is not too long gets a lid."""

from __future__ import annotations

import numpy as np

from looking3d.shapes.topology import edges, half_edges


def border_loops(faces: np.ndarray) -> list[np.ndarray]:
    """The open borders of consistent faces as closed loops of vertices, each vertex once in its loop.

    Where borders meet in a vertex, loops are parted there. Borders that do not close, which only faces
    that disagree can leave, are left out.
    """
    found = edges(faces)
    border = half_edges(faces)[found.open[found.of_half_edge]]
    leaving: dict[int, list[int]] = {}
    for start, end in border[::-1].tolist():
        leaving.setdefault(start, []).append(end)
    loops = []
    for first in border[:, 0].tolist():
        loops += _walk(first, leaving)
    return loops


def _walk(first: int, leaving: dict[int, list[int]]) -> list[np.ndarray]:
    """Loops on the way from a vertex along half-edges that are not used yet; they are used up."""
    loops, path, place = [], [first], {first: 0}
    while leaving.get(path[-1]):
        vertex = leaving[path[-1]].pop()
        if vertex not in place:
            place[vertex] = len(path)
            path.append(vertex)
            continue
        # Back at a vertex of the path: what lies between is a loop, the rest goes on from there.
        loop = path[place[vertex] :]
        del path[place[vertex] + 1 :]
        for passed in loop[1:]:
            del place[passed]
        if len(loop) >= 3:
            loops.append(np.array(loop))
    return loops


def mend_holes(
    vertices: np.ndarray, faces: np.ndarray, longest: float
) -> tuple[np.ndarray, np.ndarray, int, int]:
    """Lids on the holes of a mesh: one triangle, or a fan about the middle of the border.

    Args:
        vertices: (n, 3).
        faces: (m, 3), consistent.
        longest: Holes with a longer border stay open.

    Returns:
        Vertices and faces with the lids', how many holes were mended, and how many were left open.
    """
    new_vertices, new_faces = [vertices], [faces]
    count, mended, left = len(vertices), 0, 0
    for loop in border_loops(faces):
        corners = vertices[loop]
        if np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1).sum() > longest:
            left += 1
            continue
        mended += 1
        if len(loop) == 3:
            new_faces.append(loop[None, ::-1])
            continue
        # A lid runs against the half-edges of the border.
        following = np.roll(loop, -1)
        new_faces.append(np.stack([following, loop, np.full(len(loop), count)], 1))
        new_vertices.append(corners.mean(0, keepdims=True))
        count += 1
    return np.concatenate(new_vertices), np.concatenate(new_faces), mended, left
