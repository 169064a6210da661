"""Busy grounds for training: what may lie around and behind an object in a photo, made from other photos."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

Cutout = tuple[np.ndarray, np.ndarray]
"""A photo, (height, width, 3) uint8 RGB, and (height, width) bool, where its object is."""


def clutter(size_px: int, other: Callable[[], Cutout], generator: np.random.Generator) -> np.ndarray:
    """A busy ground: a room, a stretch of another photo, or stains; on it shapes and other objects.

    Args:
        size_px: Width and height.
        other: Gives another photo each time it is called.
        generator: Decides everything else.

    Returns:
        (size_px, size_px, 3) float32 RGB in [0, 1].
    """
    draw = generator.random()
    if draw < 0.4:
        ground = _stretch(other()[0], size_px, generator)
    elif draw < 0.75:
        ground = _room(size_px, generator)
    else:
        ground = _stains(size_px, generator)
    for _ in range(generator.integers(9)):
        _add_shape(ground, generator)
    for _ in range(generator.integers(4)):
        _add_object(ground, *other(), generator)
    if generator.random() < 0.5:
        ground = cv2.GaussianBlur(ground, (0, 0), generator.uniform(0.3, 2.0))
    return np.clip(ground, 0, 1)


def put_on(
    photo: np.ndarray, mask: np.ndarray, ground: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """The object of a photo on another ground, with a soft shadow where it stands.

    Args:
        photo: (height, width, 3) float32 RGB in [0, 1].
        mask: (height, width) float32 in [0, 1], the object.
        ground: (height, width, 3) float32 RGB in [0, 1].
        generator: Decides the shadow.
    """
    if mask.any():
        # What stands is darkest at its feet: the mask, flattened and moved down
        feet = cv2.blur(mask, (1, max(3, len(mask) // 6)))
        low = np.flatnonzero(mask.max(1) > 0.5)
        ramp = np.linspace(0, 1, max(len(low), 1)) ** 3
        feet[low] *= ramp[: len(low), None].astype(np.float32)
        feet[: low[0] if len(low) else 0] = 0
        sigma = generator.uniform(1, 5)
        shadow = cv2.GaussianBlur(feet, (0, 0), sigma) * np.float32(generator.uniform(0, 0.8))
        ground = ground * (1 - np.clip(shadow, 0, 1)[..., None])
    cover = mask[..., None]
    return photo * cover + ground * (1 - cover)


def tints(size_px: int, generator: np.random.Generator) -> np.ndarray:
    """An even ground of any colour, at times graded.

    Returns:
        (size_px, size_px, 3) float32 RGB in [0, 1].
    """
    color = _color(generator)
    slope = generator.normal(0, 0.12, 2) * (generator.random() < 0.7)
    rows, columns = np.mgrid[-0.5 : 0.5 : size_px * 1j, -0.5 : 0.5 : size_px * 1j]
    light = 1 + slope[0] * rows + slope[1] * columns
    return np.clip(color * light[..., None], 0, 1).astype(np.float32)


def tinted(photo: np.ndarray, mask: np.ndarray, tint: np.ndarray) -> np.ndarray:
    """A photo whose ground, often white, has another colour; its shadows stay.

    Args:
        photo: (height, width, 3) uint8 RGB.
        mask: (height, width) float32 in [0, 1], the object.
        tint: (height, width, 3) float32 in [0, 1], what white becomes.

    Returns:
        (height, width, 3) uint8.
    """
    cover = mask[..., None]
    return np.round(photo * (cover + tint * (1 - cover))).astype(np.uint8)


def _color(generator: np.random.Generator) -> np.ndarray:
    """(3,) float32, more often quiet than loud."""
    grey = generator.uniform(0.05, 0.95)
    return np.clip(grey + generator.normal(0, generator.choice([0.03, 0.15]), 3), 0, 1).astype(np.float32)


def _noise(size: int, cells: int, generator: np.random.Generator) -> np.ndarray:
    """(size, size, 1) float32 in [-1, 1], smooth over `size / cells` pixels."""
    small = generator.uniform(-1, 1, (cells, cells)).astype(np.float32)
    return cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC)[..., None]


def _stains(size: int, generator: np.random.Generator) -> np.ndarray:
    ground = np.broadcast_to(_color(generator), (size, size, 3)).copy()
    for cells in (3, 8, 24, 64):
        ground += _noise(size, cells, generator) * generator.uniform(0, 0.25) * (0.3 + _color(generator))
    return ground.astype(np.float32)


def _room(size: int, generator: np.random.Generator) -> np.ndarray:
    """A wall, a floor of tiles or boards, often a skirting board."""
    horizon = int(size * generator.uniform(-0.3, 0.75))
    rows, columns = np.mgrid[:size, :size].astype(np.float32)
    room = np.broadcast_to(_color(generator), (size, size, 3)).copy()
    room *= 1 + generator.uniform(-0.3, 0.3) * (columns / size - 0.5)[..., None]
    below = rows > horizon
    # On the floor, distance goes with the inverse of the height under the horizon
    depth = size / np.maximum(rows - horizon + size * 0.15, 1)
    across = (columns - size * generator.uniform(0, 1)) / size * depth
    turn = generator.uniform(0, np.pi)
    u = np.cos(turn) * across + np.sin(turn) * depth
    v = np.cos(turn) * depth - np.sin(turn) * across
    pitch = generator.uniform(0.08, 0.6)
    tile = (np.floor(u / pitch) * 7 + np.floor(v / (pitch * generator.choice([1.0, 8.0]))) * 13) % 5 / 4 - 0.5
    floor = _color(generator) * (1 + generator.uniform(0, 0.6) * tile[..., None])
    room[below] = floor[below]
    if generator.random() < 0.5 and 0 < horizon < size:
        cv2.line(
            room, (0, horizon), (size, horizon), _color(generator).tolist(), int(generator.integers(1, 5))
        )
    fine = _noise(size, 48, generator) * generator.uniform(0, 0.1)
    return (room + fine + _noise(size, 4, generator) * generator.uniform(0, 0.15)).astype(np.float32)


def _stretch(photo: np.ndarray, size: int, generator: np.random.Generator) -> np.ndarray:
    """A piece of a photo, much enlarged or whole, in other colours."""
    side = int(len(photo) * generator.uniform(0.25, 1.0))
    y, x = (int(generator.integers(length - side + 1)) for length in (len(photo), len(photo)))
    piece = cv2.resize(photo[y : y + side, x : x + side], (size, size), interpolation=cv2.INTER_AREA)
    tinted = piece.astype(np.float32) / 255 * (0.4 + _color(generator))
    return tinted[:, :: generator.choice([1, -1])].astype(np.float32).copy()


def _add_shape(ground: np.ndarray, generator: np.random.Generator) -> None:
    """A rectangle, an ellipse, a bar, or a triangle, as furniture and frames in the distance are."""
    size = len(ground)
    color = _color(generator).tolist()
    center = generator.integers(-size // 8, size + size // 8, 2)
    extent = (generator.uniform(0.03, 0.4, 2) * size).astype(int) + 1
    kind = generator.integers(4)
    if kind == 0:
        cv2.rectangle(ground, (center - extent).tolist(), (center + extent).tolist(), color, -1)
    elif kind == 1:
        angle = float(generator.uniform(0, 180))
        cv2.ellipse(ground, center.tolist(), extent.tolist(), angle, 0, 360, color, -1)
    elif kind == 2:
        end = generator.integers(0, size, 2)
        cv2.line(ground, center.tolist(), end.tolist(), color, int(generator.integers(1, 10)))
    else:
        corners = center + generator.uniform(-0.35, 0.35, (3, 2)) * size
        cv2.fillPoly(ground, [corners.astype(np.int32)], color)


def _add_object(
    ground: np.ndarray, photo: np.ndarray, mask: np.ndarray, generator: np.random.Generator
) -> None:
    """Another object, somewhere, mostly smaller or cut off."""
    size = len(ground)
    scale = generator.uniform(0.2, 0.8) * size / len(photo)
    shift = generator.uniform(-0.6, 0.9, 2) * size
    T_ground_photo = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    cover = cv2.warpAffine(mask.astype(np.float32), T_ground_photo, (size, size), flags=cv2.INTER_LINEAR)
    seen = cv2.warpAffine(photo, T_ground_photo, (size, size), flags=cv2.INTER_LINEAR)
    tinted = seen.astype(np.float32) / 255 * (0.5 + _color(generator))
    ground += (tinted - ground) * cover[..., None]
