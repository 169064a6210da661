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
