"""Batches of training pairs by number, and what networks and losses want of them."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.utils.data import DataLoader

from looking3d.model.query import normalized
from looking3d.training import numbered_batches
from looking3d.training.alignment import Subsets
from looking3d.training.joint import Truth
from looking3d.training.numbered_batches import Batch
from looking3d.training.pairs import OF_REFERENCE, PhotoPairs


class Inputs(NamedTuple):
    """What a detector of photo and views is given.

    Attributes:
        query: The photos, RGB in [-1, 1].
        views: The grey views, likewise, their one channel three times.
        points: The world point of each patch; 0 where there is none.
        valid: Whether a patch shows the object.
    """

    query: Float[Tensor, "batch 3 size size"]
    views: Float[Tensor, "references views 3 size size"]
    points: Float[Tensor, "references views patches 3"]
    valid: Bool[Tensor, "references views patches"]


@dataclass(frozen=True)
class Share:
    """What one of several processes that train together takes of each batch.

    Attributes:
        size: Pairs of one process. Even numbers give each as many anomalies as the others.
        rank: Which process this is, from 0 on.
        world: How many there are.
    """

    size: int
    rank: int = 0
    world: int = 1

    def places(self, step: int) -> range:
        """Places in the order of pairs. All processes together take what one with the whole batch would."""
        start = (step * self.world + self.rank) * self.size
        return range(start, start + self.size)


def make_batch(pairs: PhotoPairs, step: int, share: Share) -> Batch:
    """Batch number `step`: the same tensors whoever asks, and when.

    What photos of one reference have in common is there once; `reference` (batch,) int64 tells which is each
    photo's, counted within the batch.
    """
    examples = [pairs[place] for place in share.places(step)]
    numbers = [int(example["reference"]) for example in examples]
    first = {number: place for place, number in reversed(list(enumerate(numbers)))}
    order = list(dict.fromkeys(numbers))
    batch = {
        key: np.stack([examples[first[number]][key] for number in order])
        if key in OF_REFERENCE
        else np.stack([example[key] for example in examples])
        for key in examples[0]
    }
    batch["reference"] = np.array([order.index(number) for number in numbers])
    return {key: torch.from_numpy(value) for key, value in batch.items()}


def batch_loader(
    pairs: PhotoPairs, share: Share, start: int, stop: int, workers: int = 0, pin: bool = False
) -> DataLoader:
    """Batches from number `start` to before `stop`.

    Args:
        pairs: What they are made of.
        share: How many pairs, and which.
        start, stop: Numbers of batches; a run that goes on starts where it stopped.
        workers: Processes that make batches; 0 makes them in this one. They do not change the bytes.
        pin: Lay batches in memory that a GPU can copy from by itself.
    """
    return numbered_batches.batch_loader(
        functools.partial(make_batch, pairs, share=share), start, stop, workers, pin
    )


def inputs(batch: Batch) -> Inputs:
    """The network's inputs; done where the batch lies, so that a device is sent bytes.

    There are as many references as the batch has; see `expanded`.
    """
    grey = batch["views"]
    rgb = normalized(grey.flatten(0, 1)[..., None].expand(-1, -1, -1, 3))
    return Inputs(
        normalized(batch["photo"]).contiguous(),
        rgb.unflatten(0, grey.shape[:2]).contiguous(),
        batch["points"],
        batch["valid"],
    )


def expanded(batch: Batch) -> Batch:
    """The batch with a reference of its own for each photo, for networks that know no other."""
    if len(batch["views"]) == len(batch["photo"]):
        return batch
    return {key: value[batch["reference"]] if key in OF_REFERENCE else value for key, value in batch.items()}


def truth(batch: Batch) -> Truth:
    """What the losses compare with."""
    names = ("query_views", "query_patches", "photo_matches", "match_views", "match_patches")
    subsets = Subsets(**{name: batch.get(name) for name in names})  # type: ignore[arg-type]
    valid = batch["valid"].index_select(0, batch["reference"])
    return Truth(batch["label"], batch["box"], batch["changed"], valid, subsets)
