"""Photos made more various: framing, colour, noise, blur, compression, other grounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from looking3d.errors import ConfigError
from looking3d.model.query import Window, whole_window
from looking3d.training.clutter import put_on

KEPT_BOX = 0.5
"""Of an anomaly's box at least this share stays in a crop, so that the photo shows what it is said to."""

_CROP_TRIES = 100


@dataclass(frozen=True)
class Augmentation:
    """How photos are varied; shares are of the photos. By default as in the paper (section 5)."""

    crop: float = 224 / 256
    """Side of the square that is cut out of a photo anywhere, over the photo's; 1 keeps the whole photo."""

    mirror: float = 0.5
    """Share that is mirrored: the photo with its views, their points and boxes, as one world."""

    color: float = 0.0
    """Share whose gamma, gains and contrast change."""

    grey: float = 0.0
    """Share that loses some of its colour."""

    blur: float = 0.0
    """Share that is blurred."""

    noise: float = 0.0
    """Share that gets noise."""

    jpeg: float = 0.0
    """Share that is compressed as a JPEG of quality 30 to 95."""

    ground: float = 0.0
    """Share whose object is put on an even ground."""

    clutter: float = 0.0
    """Share whose object is put on a busy ground, made from other photos; of the rest `ground` is the share
    on an even one."""

    def __post_init__(self) -> None:
        if not 0 < self.crop <= 1:
            raise ConfigError(f"crop: expected more than 0 and at most 1, got {self.crop}")
        for name in ("mirror", "color", "grey", "blur", "noise", "jpeg", "ground", "clutter"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ConfigError(f"{name}: expected 0 to 1, got {value}")


NO_AUGMENTATION = Augmentation(crop=1.0, mirror=0.0)
"""For validation."""

STRONG_AUGMENTATION = Augmentation(color=0.8, grey=0.15, blur=0.3, noise=0.4, jpeg=0.3)
"""For photos of other cameras than the renderer's."""


def crop_window(
    width: int,
    height: int,
    box: tuple[float, float, float, float],
    share: float,
    generator: np.random.Generator,
) -> Window:
    """A square anywhere in a photo, redrawn if too little of an anomaly's box would be left.

    Args:
        width, height: Of the photo. The square is cut from the smallest one that holds all of it.
        box: x, y, width, height in pixels; of no area for a normal photo.
        share: Its side over that of the whole.
        generator: Decides where.
    """
    whole = whole_window(width, height)
    if share == 1:
        return whole
    side = share * whole.side
    for _ in range(_CROP_TRIES):
        x, y = generator.uniform(0, whole.side - side, 2)
        window = Window(whole.x + x, whole.y + y, side)
        _, _, kept_width, kept_height = box_in_window(box, window)
        if kept_width * kept_height * side**2 >= KEPT_BOX * box[2] * box[3]:
            return window
    return whole


def box_in_window(
    box: tuple[float, float, float, float], window: Window
) -> tuple[float, float, float, float]:
    """What a window shows of a box: centre x, centre y, width, height as fractions of the window.

    Args:
        box: x, y, width, height in pixels of the photo.
        window: In the photo.
    """
    edges = []
    for start, length, origin in ((box[0], box[2], window.x), (box[1], box[3], window.y)):
        low, high = (float(np.clip((p - origin) / window.side, 0, 1)) for p in (start, start + length))
        edges.append((low, high))
    (left, right), (top, bottom) = edges
    return (left + right) / 2, (top + bottom) / 2, right - left, bottom - top


def vary_photo(
    image: np.ndarray,
    mask: np.ndarray,
    how: Augmentation,
    generator: np.random.Generator,
    busy_ground: Callable[[], np.ndarray],
) -> np.ndarray:
    """A photo of the same object from another camera, on another ground; framing is left alone.

    Args:
        image: (height, width, 3) uint8 RGB.
        mask: (height, width) float32 in [0, 1], the object.
        how: How often what happens.
        generator: Decides everything.
        busy_ground: Makes a ground, (height, width, 3) float32 RGB in [0, 1].

    Returns:
        (height, width, 3) uint8 RGB.
    """
    clutter, ground, color, grey, blur, noise, jpeg = generator.random(7) < (
        how.clutter,
        how.ground,
        how.color,
        how.grey,
        how.blur,
        how.noise,
        how.jpeg,
    )
    photo = image
    if clutter or ground or color or grey or blur or noise:
        photo = image.astype(np.float32) / 255
        if clutter:
            photo = put_on(photo, mask, busy_ground(), generator)
        elif ground:
            photo = _on_ground(photo, mask, generator)
        photo = _recolored(photo, generator) if color else photo
        photo = _greyer(photo, generator) if grey else photo
        photo = _blurred(photo, generator) if blur else photo
        photo = _noisy(photo, generator) if noise else photo
        photo = _to_bytes(photo)
    return _compressed(photo, generator) if jpeg else photo


def augment_photo(
    image: np.ndarray, mask: np.ndarray, generator: np.random.Generator, ground: np.ndarray | None = None
) -> np.ndarray:
    """A photo of the same object from another camera, on another ground.

    Args:
        image: (height, width, 3) uint8 RGB.
        mask: (height, width) float32 in [0, 1], the object.
        generator: Decides everything.
        ground: (height, width, 3) float32 in [0, 1], what to put the object on; by default its own ground,
            or at times an even one.

    Returns:
        (height, width, 3) uint8.
    """
    photo = image.astype(np.float32) / 255
    if ground is not None:
        photo = put_on(photo, mask, ground, generator)
    elif generator.random() < 0.3:
        photo = _on_ground(photo, mask, generator)
    if generator.random() < 0.8:
        photo = _recolored(photo, generator)
    if generator.random() < 0.15:
        photo = _greyer(photo, generator)
    if generator.random() < 0.3:
        photo = _blurred(photo, generator)
    if generator.random() < 0.4:
        photo = _noisy(photo, generator)
    return _to_bytes(photo)


def _to_bytes(photo: np.ndarray) -> np.ndarray:
    return np.round(np.clip(photo, 0, 1) * 255).astype(np.uint8)


def cut_out(image: np.ndarray, mask: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The object laid on white by a mask that is a little off, as those that are found in photos are.

    At times a rim of another ground is left around it.

    Args:
        image: (height, width, 3) uint8 RGB.
        mask: (height, width) float32 in [0, 1], the object.
        generator: Decides everything.

    Returns:
        (height, width, 3) uint8.
    """
    photo = image.astype(np.float32)
    if generator.random() < 0.5:
        photo = photo * mask[..., None] + 255 * generator.random(3, np.float32) * (1 - mask[..., None])
    soft = cv2.GaussianBlur(mask, (0, 0), generator.uniform(0.4, 1.1) * len(mask) / 128)
    # The outline wavers. It may grow more than it shrinks, lest thin parts go missing.
    wave = generator.uniform(-1, 1, (9, 9)).astype(np.float32) * generator.uniform(0, 0.2)
    wave = cv2.resize(wave, mask.shape[::-1], interpolation=cv2.INTER_CUBIC)
    edge = np.clip(generator.uniform(0.2, 0.5) + wave, 0.1, 0.6)
    width = 2 * np.minimum(edge, 1 - edge) * generator.uniform(0.3, 1)
    cover = np.clip((soft - edge) / width + 0.5, 0, 1)[..., None]
    return np.round(photo * cover + 255 * (1 - cover)).astype(np.uint8)


def _recolored(photo: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Another gamma, white balance, exposure and contrast."""
    # Python's numbers, unlike numpy's, leave the array in single precision
    photo = photo ** float(np.exp(generator.normal(0, 0.15)))
    gain = np.exp(generator.normal(0, 0.1) + generator.normal(0, 0.05, 3)).astype(np.float32)
    middle = photo.mean()
    contrast = float(np.exp(generator.normal(0, 0.12)))
    return ((photo - middle) * contrast + middle) * gain


def _greyer(photo: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    grey = photo.mean(2, keepdims=True)
    return grey + (photo - grey) * generator.uniform(0, 1)


def _blurred(photo: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    return cv2.GaussianBlur(photo, (0, 0), generator.uniform(0.3, 1.0))


def _noisy(photo: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    sigma = generator.uniform(0, 0.03)
    return photo + sigma * generator.standard_normal(photo.shape, np.float32)


def _compressed(photo: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """What a JPEG makes of it, (height, width, 3) uint8 as before."""
    quality = int(generator.integers(30, 96))
    done, data = cv2.imencode(
        ".jpg", np.ascontiguousarray(photo[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    assert done
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1].copy()


def _on_ground(photo: np.ndarray, mask: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The object cut out and put on white, on a colour, or on a gradient between two."""
    top = np.ones(3) if generator.random() < 0.4 else generator.uniform(0, 1, 3)
    bottom = top if generator.random() < 0.5 else np.clip(top + generator.normal(0, 0.2, 3), 0, 1)
    ramp = np.linspace(0, 1, len(photo), dtype=np.float32)[:, None, None]
    ground = top.astype(np.float32) * (1 - ramp) + bottom.astype(np.float32) * ramp
    cover = mask[..., None]
    return photo * cover + ground * (1 - cover)
