"""Which patches of a pair are to be aligned: random subsets, and true matches of photo and views."""

from __future__ import annotations

import numpy as np

from looking3d.geometry.camera import Camera
from looking3d.geometry.correspondence import farthest_points, grid_pixels, patch_at, unproject
from looking3d.model.query import Window, whole_window
from looking3d.training.mirror import Pair
from looking3d.training.references import ReferenceArrays, coarse_camera


def draw_query(
    shown: np.ndarray, views: int, view_count: int, patch_count: int, generator: np.random.Generator
) -> Pair:
    """Views and patches for the query-view loss.

    Args:
        shown: (patches,) bool, which patches of the photo show the object.
        views: Views of the pair.
        view_count, patch_count: How many to draw.
        generator: Decides which.

    Returns:
        `query_views` (min(view_count, views),) and `query_patches` (patch_count,) int64; -1 fills up.
    """
    return {
        "query_views": generator.permutation(views)[:view_count],
        "query_patches": _filled(generator.permutation(np.flatnonzero(shown)), patch_count),
    }


def draw_matches(
    table: np.ndarray,
    points: np.ndarray,
    pair_count: int,
    match_count: int,
    spread: bool,
    generator: np.random.Generator,
) -> Pair:
    """Pairs of views and matches for the view-view loss.

    Args:
        table: (n, n, patches) int16, see `dataset.stored_reference.Patches`.
        points: (n, patches, 3) the views' patches.
        pair_count, match_count: How many pairs, and matches of each, to draw.
        spread: Draw matches that lie far from each other.
        generator: Decides which.

    Returns:
        `match_views` (pair_count, 2) and `match_patches` (pair_count, match_count, 2) int64; -1 fills up.
    """
    there = table >= 0
    overlap = there.any(-1) & ~np.eye(len(table), dtype=bool)
    drawn = generator.permutation(np.argwhere(overlap))[:pair_count]
    patches = np.full((pair_count, match_count, 2), -1)
    for row, (a, b) in zip(patches, drawn):
        matched = np.flatnonzero(there[a, b])
        if spread:
            chosen = matched[farthest_points(points[a, matched], match_count, generator)]
        else:
            chosen = generator.permutation(matched)[:match_count]
        row[: len(chosen)] = np.stack([chosen, table[a, b, chosen]], -1)
    return {"match_views": _filled(drawn, pair_count), "match_patches": patches}


def match_photo(
    references: ReferenceArrays,
    photo: int,
    camera: Camera,
    window: Window,
    views: np.ndarray,
    pair: Pair,
) -> np.ndarray:
    """(n, patches) int64: the patch of each view that shows what a patch of the photo should show.

    That is the point of the *reference* there, whether the photo shows it or an anomaly; -1 where the
    reference is not, where the view does not see it, and where its patch shows no object.

    Args:
        references: With `surface` and `seen`.
        photo: The photo's number.
        camera: Of the whole photo.
        window: What is shown of it.
        views: (n,) numbers of the chosen views.
        pair: `view_cameras` and `valid` of these.
    """
    assert references.surface is not None
    assert references.seen is not None
    cells = int(np.sqrt(pair["valid"].shape[1]))
    whole = whole_window(camera.width, camera.height)
    share = window.side / whole.side
    corner = (window.x - whole.x) / whole.side, (window.y - whole.y) / whole.side
    depth = references.surface[photo].astype(np.float32)
    pixels, valid = grid_pixels(depth > 0, cells, cells, (*corner, share, share))
    y, x = pixels[valid].T
    points = unproject(coarse_camera(camera), depth)[y, x]
    seen = np.unpackbits(references.seen[photo][y, x], axis=-1).astype(bool)[:, views].T
    projected = (
        np.einsum("nij,pj->npi", pair["view_cameras"][..., :3], points) + pair["view_cameras"][:, None, :, 3]
    )
    patches = patch_at(projected[..., :2] / projected[..., 2:], cells, cells)
    known = seen & (patches >= 0) & np.take_along_axis(pair["valid"], np.maximum(patches, 0), 1)
    matches = np.full((len(views), cells * cells), -1)
    matches[:, valid.ravel()] = np.where(known, patches, -1)
    return matches


def _filled(rows: np.ndarray, count: int) -> np.ndarray:
    """(count, ...) int64: the first rows, and -1 where there are too few."""
    filled = np.full((count, *rows.shape[1:]), -1)
    filled[: len(rows)] = rows[:count]
    return filled
