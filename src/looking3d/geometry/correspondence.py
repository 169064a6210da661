"""From depth and pose to 3D points."""

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
    pixels, valid = patch_pixels(depth > 0, patch_px)
    points = unproject(camera, depth)[pixels[..., 0], pixels[..., 1]]
    return np.where(valid[..., None], points, 0.0), valid


def match_views(
    camera_a: Camera, depth_a: np.ndarray, camera_b: Camera, depth_b: np.ndarray, pixels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Where pixels of view a are seen in view b, with an occlusion test (paper 4.4, view-view matches).

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
