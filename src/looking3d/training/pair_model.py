"""What every model that is trained on pairs is: a network, and what it learns from a batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
import torch.distributed
from jaxtyping import Float
from torch import Tensor

from looking3d.errors import ConfigError
from looking3d.model.cmt.candidates import Projected
from looking3d.model.cmt.cmt import Cmt, CmtOutput
from looking3d.model.cmt.projection import project_reference
from looking3d.training.alignment import Features, alignment_loss
from looking3d.training.joint import JointLossConfig, Predicted, joint_loss
from looking3d.training.learner import SCORE, Learner, full_precision, in_full
from looking3d.training.numbered_batches import Batch
from looking3d.training.pair_batches import Inputs, inputs, truth


class PairModel(Learner):
    """A network of photo and views, and what it learns from a batch of `pairs.PhotoPairs`."""

    def aligned_by(self, query_view: bool, view_view: bool) -> PairModel:
        """The same network, aligned by these terms of equation 15 alone: the rows of table 3.

        Raises:
            ConfigError: This model compares nothing.
        """
        raise ConfigError("alignment-terms: this model has no alignment loss; leave them away")

    def features(self, batch: Batch) -> Features | None:
        """What this model compares patches of photo and views by; None if it compares none."""
        return None

    def aligning(self) -> PairModel:
        """The same network, learning only what it is compared by: the first of two stages.

        Raises:
            ConfigError: This model compares nothing.
        """
        raise ConfigError("alignment-steps: this model has no alignment loss; leave them at 0")


class CmtModel(PairModel):
    """CMT, trained by the joint loss.

    Args:
        network: The model.
        losses: Weights of its losses.
    """

    network: Cmt

    def __init__(self, network: Cmt, losses: JointLossConfig) -> None:
        super().__init__(network)
        self.losses = losses

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """What is learnt from a batch; with candidates by geometry it has `estimated_camera` and `depth`."""
        given = inputs(batch)
        out = in_full(self.network(*given, self._projected(given, batch), batch["reference"]))
        with full_precision(given.query):
            keys = in_full(self._keys(given, batch))
            predicted = Predicted(out.logit, out.box, out.patch_logits, _features(out), keys)
            count = anomalies_a_process(batch["label"], self.training)
            return {**joint_loss(predicted, truth(batch), self.losses, count), SCORE: out.logit}

    def _projected(self, given: Inputs, batch: Batch) -> Projected | None:
        """Where the reference falls in the photo, for presets that want to know it."""
        if self.network.config.ranking != "geometry":
            return None
        with full_precision(given.query):
            points, valid = (of.index_select(0, batch["reference"]) for of in (given.points, given.valid))
            return project_reference(points, valid, batch["estimated_camera"], batch["depth"])

    def aligned_by(self, query_view: bool, view_view: bool) -> PairModel:
        """The same with other alignment losses."""
        if self.network.projector is None or not self.losses.alignment:
            return super().aligned_by(query_view, view_view)
        terms = replace(self.losses.aligned, query_view=query_view, view_view=view_view)
        weight = self.losses.alignment * (query_view or view_view)
        return CmtModel(self.network, replace(self.losses, aligned=terms, alignment=weight))

    def features(self, batch: Batch) -> Features | None:
        """Those of the correspondence head."""
        if self.network.projector is None:
            return None
        return in_full(_projected_features(self.network.project, inputs(batch), batch))

    def aligning(self) -> PairModel:
        """The alignment losses alone."""
        if self.network.projector is None or not self.losses.alignment:
            return super().aligning()
        return AligningModel(self.network, self.losses)

    def after_step(self) -> None:
        """Let slow copies follow, where there are any."""
        self.network.follow_keys()

    @torch.no_grad()
    def _keys(self, given: Inputs, batch: Batch) -> Features | None:
        """What alignment is drawn to; None for the network's own."""
        if self.network.key_networks is None:
            return None
        images = torch.cat([given.query, given.views.flatten(0, 1)])
        keys = self.network.key_networks(images)
        return Features(
            keys[: len(given.query)], keys[len(given.query) :].unflatten(0, given.views.shape[:2])
        )


class AligningModel(CmtModel):
    """CMT's encoder and correspondence head, trained by the alignment losses; the blocks are not run."""

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """What is learnt from a batch."""
        given = inputs(batch)
        features = self.features(batch)
        assert features is not None
        with full_precision(given.query):
            keys = in_full(self._keys(given, batch))
            found = truth(batch)
            config = self.losses.aligned
            aligned = alignment_loss(features, keys, found.valid, found.subsets, config)
        parts = {"loss": aligned.loss}
        for name in ("query_view", "view_view"):
            if getattr(config, name):
                parts[name], parts[f"{name}_right"] = getattr(aligned, name)
        return parts


def _projected_features(project: Callable[[Tensor], Tensor], given: Inputs, batch: Batch) -> Features:
    """Those of photos and views, in one batch."""
    projected = project(torch.cat([given.query, given.views.flatten(0, 1)]))
    count = len(given.query)
    views = projected[count:].unflatten(0, given.views.shape[:2])
    return Features(projected[:count], views.index_select(0, batch["reference"]))


def _features(out: CmtOutput) -> Features | None:
    return None if out.query is None or out.views is None else Features(out.query, out.views)


def anomalies_a_process(label: Float[Tensor, " batch"], training: bool) -> Float[Tensor, ""]:
    """Anomalous photos of a batch; in training the mean over the processes that share it."""
    count = (label > 0.5).sum().to(torch.float32)
    if training and torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.all_reduce(count)
        count = count / torch.distributed.get_world_size()
    return count
