"""From outlines to a better camera: the outlines of drawings are drawn onto that of the object in the photo.

Each point of the one is matched with the nearest of the other that faces the same way, in both directions,
and Gauss-Newton makes the distances along the normals small; points that stay far off count for little,
since an anomaly, or a part that the mask has lost, is no reason to turn the camera.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
import torch
from jaxtyping import Float
from scipy.spatial import KDTree
from torch import Tensor

from looking3d.geometry.camera import Camera
from looking3d.model.align.drawing import points_at
from looking3d.model.align.gauss_newton import Equations, Linearise, robust_weight
from looking3d.model.align.pose import project

TURNED = 0.06
"""What facing another way counts as, in image widths for each unit that the normals differ by."""

EXPECTED = 0.004
"""Expected distance of matched outlines, in image widths; half a pixel of 128."""

_SMOOTHING_PX = 1.5
"""Of a mask, before it is asked which way its outline faces."""


@dataclass(frozen=True, eq=False)
class Outlines:
    """Points on the outlines of drawings, as many of each.

    Attributes:
        points: (drawings, n, 3) float32 world points.
        normals: (drawings, n, 2) float32 unit normals in the drawing, pointing away from the object; 0 if
            nothing is drawn.
    """

    points: np.ndarray
    normals: np.ndarray

    def __getitem__(self, index: np.ndarray | slice) -> Outlines:
        return Outlines(self.points[index], self.normals[index])


class PhotoOutline:
    """The outline of the object in a photo, to be matched with; false if there is none.

    Args:
        mask: (size, size) bool, the object in the window.
        samples: How many of its points look for a match of their own.
    """

    def __init__(self, mask: np.ndarray, samples: int) -> None:
        pixels, self.normals = contour(mask)
        self.positions = (pixels[:, ::-1] + 0.5) / len(mask)
        self._tree = KDTree(_place(self.positions, self.normals)) if len(pixels) else None
        chosen = _spread(len(pixels), min(samples, len(pixels)))
        self.sampled = torch.from_numpy(self.positions[chosen]), torch.from_numpy(self.normals[chosen])

    def __bool__(self) -> bool:
        return self._tree is not None

    def nearest(self, positions: np.ndarray, normals: np.ndarray) -> np.ndarray:
        """(...) numbers of the points nearest to (..., 2) positions with normals."""
        assert self._tree is not None
        return np.asarray(self._tree.query(_place(positions, normals))[1])


def fits(outlines: Outlines, photo: PhotoOutline, slacks: Sequence[float]) -> list[Linearise]:
    """What Gauss-Newton makes small, a round for each slack.

    Args:
        outlines: Of drawings, one a pose.
        photo: What they are drawn onto.
        slacks: From which distance on, in image widths, a match counts for less than half.
    """
    if not photo:
        return []
    points, normals = (torch.from_numpy(a).double() for a in (outlines.points, outlines.normals))
    return [partial(_equations, points=points, normals=normals, photo=photo, slack=slack) for slack in slacks]


def _equations(
    pose: Float[Tensor, "batch 7"],
    points: Float[Tensor, "batch n 3"],
    normals: Float[Tensor, "batch n 2"],
    photo: PhotoOutline,
    slack: float,
) -> Equations:
    """Of the distances between matched points, along the photo's normals."""
    image, jacobian = project(pose, points)
    found = photo.nearest(image.numpy(), normals.numpy())
    forth = torch.from_numpy(photo.positions[found]), torch.from_numpy(photo.normals[found])
    positions, facing = (sampled.expand(len(pose), -1, -1) for sampled in photo.sampled)
    theirs = torch.cat([positions, TURNED * facing], -1)
    mine = torch.cat([image, TURNED * normals], -1)
    # By differences, as what multiplies matrices loses the digits that tell neighbours apart.
    far = torch.cdist(theirs, mine, compute_mode="donot_use_mm_for_euclid_dist")
    back = far.argmin(-1)
    image = torch.cat([image, image.gather(1, back[..., None].expand(-1, -1, 2))], 1)
    jacobian = torch.cat([jacobian, jacobian.gather(1, back[..., None, None].expand(-1, -1, 2, 7))], 1)
    target, normal = torch.cat([forth[0], positions], 1), torch.cat([forth[1], facing], 1)
    residual = ((target - image) * normal).sum(-1)
    along = (jacobian * normal[..., None]).sum(-2)
    weight = robust_weight(residual.abs(), EXPECTED) / (1 + (residual / slack) ** 2)
    weighted = along * weight[..., None]
    return Equations(
        torch.einsum("bni,bnj->bij", weighted, along), torch.einsum("bni,bn->bi", weighted, residual)
    )


def outlines_of(cameras: Sequence[Camera], depths: np.ndarray, count: int) -> Outlines:
    """`count` points on the outline of each drawing; fewer different ones where it has fewer.

    Args:
        cameras: n of them.
        depths: (n, size, size) what they see, 0 on the ground.
        count: Points on each.
    """
    points = np.zeros((len(depths), count, 3), np.float32)
    normals = np.zeros((len(depths), count, 2), np.float32)
    for i, (camera, depth) in enumerate(zip(cameras, depths, strict=True)):
        pixels, facing = contour(depth > 0)
        if len(pixels):
            chosen = _spread(len(pixels), count)
            points[i], normals[i] = points_at(camera, depth, pixels[chosen]), facing[chosen]
    return Outlines(points, normals)


def contour(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pixels (row, column) of a mask that have others beside them, and which way they face.

    Returns:
        (n, 2) int64, row by row, and (n, 2) float64 unit normals (x, y), away from the object. Pixels that
        face nowhere, as on a line one pixel wide, are left out.
    """
    solid = mask.astype(np.uint8)
    rim = mask & (cv2.erode(solid, np.ones((3, 3), np.uint8), borderValue=1) == 0)
    smooth = cv2.GaussianBlur(solid.astype(np.float32), (0, 0), _SMOOTHING_PX)
    pixels = np.argwhere(rim)
    rows, columns = pixels.T
    slope = [cv2.Sobel(smooth, cv2.CV_32F, *order)[rows, columns] for order in ((1, 0), (0, 1))]
    away = -np.stack(slope, 1).astype(np.float64)
    length = np.linalg.norm(away, axis=1)
    plain = length > 1e-4
    return pixels[plain], away[plain] / length[plain, None]


def _place(positions: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """(..., 4) what nearness is measured in."""
    return np.concatenate([positions, TURNED * normals], -1)


def _spread(count: int, wanted: int) -> np.ndarray:
    """`wanted` of `count` numbers, evenly spread."""
    return np.linspace(0, count - 1, wanted).astype(int)
