"""The outline of what stands out in a photo, by rembg: a network that has seen more than we can render."""

from __future__ import annotations

import functools
from importlib.util import find_spec

import cv2
import numpy as np

from looking3d.errors import ConfigError, MissingExtraError

MODEL = "isnet-general-use"
"""Of rembg's: IS-Net (Qin et al., "Highly Accurate Dichotomous Image Segmentation", 2022), Apache-2.0. Its
default is for non-commercial use alone."""

_OBJECT = 128  # of 255, from which on a pixel of the matte is object


@functools.cache
def is_installed() -> bool:
    """Whether rembg and what runs its networks are there; its weights may still have to be fetched."""
    return find_spec("rembg") is not None and find_spec("onnxruntime") is not None


def salient_object(image: np.ndarray) -> np.ndarray:
    """(height, width) bool, where the object is that stands out most.

    Args:
        image: (height, width, 3) uint8.

    Raises:
        MissingExtraError: rembg is not installed.
        ConfigError: Its weights are not there and cannot be fetched.
    """
    if not is_installed():
        raise MissingExtraError("--foreground rembg", "segment")
    # Here, because its import compiles for a minute when it is first done.
    import rembg  # pyright: ignore[reportMissingImports]

    matte = np.asarray(rembg.remove(image, session=_session(), only_mask=True))
    height, width = image.shape[:2]
    return cv2.resize(matte, (width, height), interpolation=cv2.INTER_LINEAR) >= _OBJECT


def _session() -> object:
    """The network."""
    session, problem = _opened()
    if problem:
        raise ConfigError(problem)
    return session


@functools.cache
def _opened() -> tuple[object, str]:
    """The network, and why there is none; either way it is tried once."""
    import rembg  # pyright: ignore[reportMissingImports]

    try:
        return rembg.new_session(MODEL), ""
    except Exception as error:  # of requests, of pooch, of ONNX Runtime
        return None, (
            f"--foreground rembg: its weights cannot be fetched or read; put {MODEL}.onnx into ~/.u2net, or "
            "into the folder that U2NET_HOME names, or choose another --foreground "
            f"({type(error).__name__}: {' '.join(str(error).split())[:100]})"
        )
