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
from looking3d.training.pairs import PhotoPairs


class Inputs(NamedTuple):
    """What a detector of photo and views is given.

    Attributes:
        query: The photos, RGB in [-1, 1].
        views: The grey views, likewise, their one channel three times.
        points: The world point of each patch; 0 where there is none.
        valid: Whether a patch shows the object.
    """

    query: Float[Tensor, "batch 3 size size"]
    views: Float[Tensor, "batch views 3 size size"]
    points: Float[Tensor, "batch views patches 3"]
    valid: Bool[Tensor, "batch views patches"]


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
    """Batch number `step`: the same tensors whoever asks, and when."""
    examples = [pairs[place] for place in share.places(step)]
    return {key: torch.from_numpy(np.stack([example[key] for example in examples])) for key in examples[0]}


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
    """The network's inputs; done where the batch lies, so that a device is sent bytes."""
    grey = batch["views"]
    rgb = normalized(grey.flatten(0, 1)[..., None].expand(-1, -1, -1, 3))
    return Inputs(
        normalized(batch["photo"]).contiguous(),
        rgb.unflatten(0, grey.shape[:2]).contiguous(),
        batch["points"],
        batch["valid"],
    )


def truth(batch: Batch) -> Truth:
    """What the losses compare with."""
    names = ("query_views", "query_patches", "photo_matches", "match_views", "match_patches")
    subsets = Subsets(**{name: batch.get(name) for name in names})  # type: ignore[arg-type]
    return Truth(batch["label"], batch["box"], batch["changed"], batch["valid"], subsets)
