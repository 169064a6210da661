"""Photos made more various: colour, noise, blur, other grounds."""

from __future__ import annotations

import cv2
import numpy as np

from looking3d.training.clutter import put_on


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
        photo = photo ** np.exp(generator.normal(0, 0.15))
        gain = np.exp(generator.normal(0, 0.1) + generator.normal(0, 0.05, 3)).astype(np.float32)
        middle = photo.mean()
        photo = ((photo - middle) * np.exp(generator.normal(0, 0.12)) + middle) * gain
    if generator.random() < 0.15:
        grey = photo.mean(2, keepdims=True)
        photo = grey + (photo - grey) * generator.uniform(0, 1)
    if generator.random() < 0.3:
        photo = cv2.GaussianBlur(photo, (0, 0), generator.uniform(0.3, 1.0))
    if generator.random() < 0.4:
        sigma = generator.uniform(0, 0.03)
        photo = photo + sigma * generator.standard_normal(photo.shape, np.float32)
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


def _on_ground(photo: np.ndarray, mask: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The object cut out and put on white, on a colour, or on a gradient between two."""
    top = np.ones(3) if generator.random() < 0.4 else generator.uniform(0, 1, 3)
    bottom = top if generator.random() < 0.5 else np.clip(top + generator.normal(0, 0.2, 3), 0, 1)
    ramp = np.linspace(0, 1, len(photo), dtype=np.float32)[:, None, None]
    ground = top.astype(np.float32) * (1 - ramp) + bottom.astype(np.float32) * ramp
    cover = mask[..., None]
    return photo * cover + ground * (1 - cover)
