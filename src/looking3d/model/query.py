"""A photo on its way into a network: the object's mask, the window around it, the tensor."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8

from looking3d.errors import PhotoError
from looking3d.geometry.camera import Camera

FILL = 0.75
"""The longer side of the object's box over the side of the window that a network sees."""

SMALLEST_PIECE = 0.02
"""Pieces of a mask smaller than this share of its largest one are specks."""


@dataclass(frozen=True, eq=False)
class Query:
    """A photo to be judged.

    Attributes:
        image: (height, width, 3) uint8 RGB.
        mask: (height, width) bool, where the object is, on a white ground (see `photos.on_white`); None if
            that is to be found out.
        name: For messages.
        focal_px: Focal length of the camera in pixels of `image`, whose centre is the principal point; None
            if it is not known.
    """

    image: np.ndarray
    mask: np.ndarray | None = None
    name: str = "photo"
    focal_px: float | None = None


@dataclass(frozen=True)
class Window:
    """A square of a photo, in its pixels; it may reach outside.

    Attributes:
        x, y: The upper left corner.
        side: Width and height.
    """

    x: float
    y: float
    side: float

    def camera(self, photo: Camera, size_px: int) -> Camera:
        """The photo's camera, as seen through this window resampled to `size_px` squared."""
        return photo.cropped(self.x, self.y, self.side, self.side, (size_px, size_px))

    def photo_camera(self, window: Camera, width: int, height: int) -> Camera:
        """Inverse of `camera`: from the window's camera to that of the whole photo."""
        scale = self.side / window.width
        center_px = window.center_px * scale + np.array([self.x, self.y])
        return Camera(window.T_camera_world, window.focal_px * scale, center_px, width, height)


def window_around(mask: np.ndarray, name: str = "photo", fill: float = FILL) -> Window:
    """The window centred on the box of the object, so that its longer side fills `fill` of it.

    Raises:
        PhotoError: The mask is empty.
    """
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if len(rows) == 0:
        raise PhotoError(
            f"{name}: no object found; photograph it on a plain ground, or cut it out (PNG with alpha)"
        )
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    side = max(bottom - top, right - left) / fill
    return Window((left + right - side) / 2, (top + bottom - side) / 2, float(side))


def whole_window(width: int, height: int) -> Window:
    """The smallest window that holds the whole photo."""
    side = float(max(width, height))
    return Window((width - side) / 2, (height - side) / 2, side)


def crop(image: np.ndarray, window: Window, size_px: int, beyond: float | None = None) -> np.ndarray:
    """The window resampled to (size_px, size_px, ...).

    Args:
        image: (height, width, ...).
        window: In its pixels.
        size_px: Width and height of what comes out.
        beyond: The value of what lies beyond the photo; None lets its border go on.
    """
    shrink = window.side / size_px
    if shrink > 1.5:
        # Average first, since bilinear sampling of a much larger image would alias.
        width = max(1, round(image.shape[1] / shrink))
        height = max(1, round(image.shape[0] / shrink))
        scale = np.array([width / image.shape[1], height / image.shape[0]])
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    else:
        scale = np.ones(2)
    step = size_px / (window.side * scale)
    offset = -np.array([window.x, window.y]) * scale * step + 0.5 * step - 0.5
    T_crop_image = np.array([[step[0], 0, offset[0]], [0, step[1], offset[1]]])
    border = cv2.BORDER_REPLICATE if beyond is None else cv2.BORDER_CONSTANT
    return cv2.warpAffine(
        image,
        T_crop_image,
        (size_px, size_px),
        flags=cv2.INTER_LINEAR,
        borderMode=border,
        borderValue=(beyond or 0.0,) * 4,
    )


def crop_mask(mask: np.ndarray, window: Window, size_px: int) -> np.ndarray:
    """(size_px, size_px) float32, how much of each pixel of the window a mask covers; 0 beyond the photo."""
    return crop(mask.astype(np.float32), window, size_px, beyond=0.0)


def mask_iou(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two masks of bools; 0 if both are empty."""
    return float((a & b).sum() / max((a | b).sum(), 1))


def resized_mask(mask: np.ndarray, width: int, height: int) -> np.ndarray:
    """(height, width) bool, a mask of any size at another one."""
    soft = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    return soft >= 0.5


def resized(image: np.ndarray, size_px: int) -> np.ndarray:
    """(size_px, size_px, ...) of a square picture; made smaller by averaging."""
    smaller = size_px < len(image)
    interpolation = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return cv2.resize(image, (size_px, size_px), interpolation=interpolation)


def main_pieces(mask: np.ndarray) -> np.ndarray:
    """The mask without specks: pieces smaller than SMALLEST_PIECE of its largest one. Holes stay."""
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    sizes = statistics[1:, cv2.CC_STAT_AREA]
    if len(sizes) <= 1:
        return mask
    keep = np.flatnonzero(sizes >= SMALLEST_PIECE * sizes.max()) + 1
    return np.isin(labels, keep)


def to_tensor(images: np.ndarray) -> Float[torch.Tensor, "batch 3 height width"]:
    """(batch, height, width, 3) uint8 RGB -> float32 in [-1, 1], channels first."""
    # A copy, because a tensor over a read-only array cannot be written to.
    return normalized(torch.from_numpy(np.array(images))).contiguous()


def normalized(
    images: UInt8[torch.Tensor, "batch height width 3"],
) -> Float[torch.Tensor, "batch 3 height width"]:
    """RGB of 0 to 255 -> [-1, 1], channels first; one function for training, inspecting and exports."""
    return images.permute(0, 3, 1, 2).float() / 127.5 - 1
