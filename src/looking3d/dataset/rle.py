"""Masks as COCO's run-length code: short text that JSON can hold."""

from __future__ import annotations

import numpy as np


def encode_mask(mask: np.ndarray) -> dict:
    """A (height, width) bool mask as `{"size": [height, width], "counts": text}`, as COCO stores it.

    Runs go down the columns and begin with one of zeros. From the third on, a run is coded as its
    difference to the one before the last, five bits a character.
    """
    flat = mask.ravel(order="F").astype(np.int8)
    changes = np.flatnonzero(np.diff(flat, prepend=np.int8(0)))
    runs = np.diff(changes, prepend=0, append=flat.size).tolist()
    letters = []
    for i, run in enumerate(runs):
        value = run - runs[i - 2] if i > 2 else run
        more = True
        while more:
            five, value = value & 31, value >> 5
            more = value != (-1 if five & 16 else 0)
            letters.append(chr((five | 32 if more else five) + 48))
    return {"size": list(mask.shape), "counts": "".join(letters)}


def decode_mask(code: dict) -> np.ndarray:
    """The (height, width) bool mask that `encode_mask` wrote.

    Raises:
        ValueError: The code is damaged.
    """
    runs: list[int] = []
    value = shift = 0
    for letter in code["counts"]:
        bits = ord(letter) - 48
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        runs.append(value + runs[-2] if len(runs) > 2 else value)
        value = shift = 0
    height, width = code["size"]
    if min(runs, default=0) < 0 or sum(runs) != height * width:
        raise ValueError(f"runs of {sum(runs)} pixels for a mask of {height} x {width}")
    flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return flat.reshape((height, width), order="F")
