"""From depth and pose to 3D points, and to patches of several pictures that show the same point."""

import math
from collections.abc import Sequence

import numpy as np

from looking3d.geometry.camera import Camera


def unproject(camera: Camera, depth: np.ndarray) -> np.ndarray:
    """The world point of every pixel's centre.

    Args:
        camera: The camera that saw `depth`.
        depth: (height, width) along the optical axis; 0 where there is nothing.

    Returns:
        (height, width, 3) float64; NaN where depth is 0.
    """
    origins, directions = camera.rays()
    points = origins + directions * depth[..., None].astype(np.float64)
    return np.where(depth[..., None] > 0, points, np.nan)


def patch_pixels(mask: np.ndarray, patch_px: int) -> tuple[np.ndarray, np.ndarray]:
    """For each patch the object's pixel that is closest to the patch's centre.

    Args:
        mask: (height, width) bool, where the object is; both sides multiples of `patch_px`.
        patch_px: Side of a patch in pixels.

    Returns:
        (rows, columns, 2) int64 pixel (y, x), and (rows, columns) bool, whether the patch shows the
        object at all; where it does not, the pixel is the patch's centre.
    """
    rows, columns = mask.shape[0] // patch_px, mask.shape[1] // patch_px
    offset = np.arange(patch_px) + 0.5 - patch_px / 2
    # The order of ties is made plain by a small preference for the upper left.
    rank = np.argsort(np.hypot(offset[:, None], offset[None, :]).ravel() + 1e-6 * np.arange(patch_px**2))
    cells = mask.reshape(rows, patch_px, columns, patch_px).swapaxes(1, 2).reshape(rows, columns, -1)
    ordered = cells[..., rank]
    valid = np.asarray(ordered.any(-1))
    chosen = rank[np.where(valid, ordered.argmax(-1), 0)]
    corner = np.stack(np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"), -1) * patch_px
    return corner + np.stack([chosen // patch_px, chosen % patch_px], -1), valid


def patch_points(camera: Camera, depth: np.ndarray, patch_px: int) -> tuple[np.ndarray, np.ndarray]:
    """The 3D point that each patch shows (paper 4.2, 3DPE).

    Returns:
        (rows, columns, 3) float64 world points, 0 where the patch shows no object, and
        (rows, columns) bool, whether it does.
    """
    rows, columns = depth.shape[0] // patch_px, depth.shape[1] // patch_px
    surface = unproject(camera, depth)[: rows * patch_px, : columns * patch_px]
    return grid_points(surface, rows, columns)


def grid_points(surface: np.ndarray, rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """The 3D point that each cell of a grid shows, for a picture of any size.

    Args:
        surface: (height, width, 3) the point of each pixel, NaN where there is none.
        rows, columns: The grid.

    Returns:
        (rows, columns, 3) float64 points, 0 where the cell shows nothing, and (rows, columns) bool,
        whether it shows something.
    """
    pixels, valid = grid_pixels(np.isfinite(surface[..., 0]), rows, columns)
    points = surface[pixels[..., 0], pixels[..., 1]]
    return np.where(valid[..., None], points, 0.0), valid


def grid_pixels(
    mask: np.ndarray,
    rows: int,
    columns: int,
    window: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0),
) -> tuple[np.ndarray, np.ndarray]:
    """As `patch_pixels`, for a grid over a window of a picture of any size.

    Args:
        mask: (height, width) bool, where the object is.
        rows, columns: The grid. Where a cell is no whole number of pixels, the nearest ones stand for it.
        window: Left, top, width, height as fractions of the picture, inside it.

    Returns:
        (rows, columns, 2) int64 pixel (y, x) of the picture, and (rows, columns) bool, whether the cell
        shows the object.
    """
    height, width = mask.shape
    left, top, share_x, share_y = window
    cell_px = max(1, math.ceil(height * share_y / rows), math.ceil(width * share_x / columns))
    y, x = (
        ((start + share * (np.arange(cells * cell_px) + 0.5) / (cells * cell_px)) * length).astype(np.int64)
        for cells, length, start, share in ((rows, height, top, share_y), (columns, width, left, share_x))
    )
    y, x = np.minimum(y, height - 1), np.minimum(x, width - 1)
    pixels, valid = patch_pixels(mask[y[:, None], x], cell_px)
    return np.stack([y[pixels[..., 0]], x[pixels[..., 1]]], -1), valid


def match_views(
    camera_a: Camera, depth_a: np.ndarray, camera_b: Camera, depth_b: np.ndarray, pixels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Where pixels of view a are seen in view b, with an occlusion test (paper 4.3, view-view matches).

    A pixel's point counts as seen in b if it falls into b's image and lies on the surface that b sees
    there, to within the width of two pixels at that depth.

    Args:
        camera_a, camera_b: The two cameras.
        depth_a, depth_b: (height, width) along their optical axes; 0 where there is nothing.
        pixels: (n, 2) integer pixels (y, x) of view a.

    Returns:
        (n, 2) float64 pixels (x, y) in view b, NaN behind the camera, and (n,) bool, whether the point is
        seen in both views.
    """
    points = unproject(camera_a, depth_a)[pixels[:, 0], pixels[:, 1]]
    xy, z = camera_b.project(points)
    return xy, seen_at(camera_b, depth_b, xy, z)


def seen_at(camera: Camera, depth: np.ndarray, xy: np.ndarray, z: np.ndarray) -> np.ndarray:
    """(...) bool: whether projected points lie on the surface that a view sees.

    Args:
        camera: The view's camera.
        depth: (height, width) of the view, 0 where there is nothing.
        xy: (..., 2) pixels that `camera.project` gave.
        z: (...) depths that it gave.
    """
    inside = (z > 0) & (xy >= 0).all(-1) & (xy[..., 0] < camera.width) & (xy[..., 1] < camera.height)
    x, y = (np.where(inside, xy[..., axis], 0).astype(np.int64) for axis in (0, 1))
    surface = depth[y, x]
    near = np.abs(surface - z) <= 2 * z / camera.focal_px
    return inside & (surface > 0) & near


def match_points(
    points: np.ndarray, cameras: Sequence[Camera], depth: np.ndarray, rows: int, columns: int
) -> np.ndarray:
    """The patch of each view that shows a point, with an occlusion test.

    With the points of the patches of the views themselves, these are the view-view correspondences of the
    paper (4.3); with those of a photo whose camera is known, the true matches of photo and views.

    Args:
        points: (..., 3) world points, NaN where there is none.
        cameras: Of the n views.
        depth: (n, height, width) along their optical axes; 0 where there is nothing.
        rows, columns: Patches of a view.

    Returns:
        (n, ...) int64, the number of the patch, row by row; -1 where a view does not show the point.
    """
    matches = np.full((len(cameras), *points.shape[:-1]), -1, np.int64)
    for view, (camera, seen_depth) in enumerate(zip(cameras, depth, strict=True)):
        xy, z = camera.project(points)
        patches = patch_at(xy / (camera.width, camera.height), rows, columns)
        matches[view] = np.where(seen_at(camera, seen_depth, xy, z), patches, -1)
    return matches


def patch_at(xy: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """(...) int64 number of the patch in which a place lies, row by row; -1 outside the picture.

    Args:
        xy: (..., 2) places as fractions of the picture's width and height; NaN counts as outside.
        rows, columns: Patches of the picture.
    """
    inside = np.asarray(((xy >= 0) & (xy < 1)).all(-1))
    cells = (np.where(inside[..., None], xy, 0) * (columns, rows)).astype(np.int64)
    return np.where(inside, cells[..., 1] * columns + cells[..., 0], -1)


def farthest_points(points: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """Choose points that lie far from each other: each next one is the farthest from those chosen.

    Args:
        points: (n, 3).
        count: How many to choose.
        generator: Decides the first.

    Returns:
        (min(count, n),) int64 numbers of points, each once, in the order of choice.
    """
    count = min(count, len(points))
    chosen = np.zeros(count, np.int64)
    if count == 0:
        return chosen
    chosen[0] = generator.integers(len(points))
    # What is chosen lies at -1 from itself, so that it is not chosen twice where points coincide
    nearest = np.full(len(points), np.inf)
    for i in range(1, count):
        offset = points - points[chosen[i - 1]]
        nearest = np.minimum(nearest, np.einsum("ij,ij->i", offset, offset))
        nearest[chosen[i - 1]] = -1
        chosen[i] = nearest.argmax()
    return chosen
