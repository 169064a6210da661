"""Blend the weights of two trainings, of which one went on from the other.

Between weights before and after training on wider data lie some that serve both old and new data better
than either (Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022).

    python benchmarks/blend_weights.py before.safetensors after.safetensors --networks camera --out both.safetensors
"""  # noqa: E501 - one command a line

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import torch
import tyro

from looking3d.model.checkpoint import load_detector, read_weights, save_weights


@dataclass(frozen=True)
class Settings:
    """What to blend."""

    before: Annotated[Path, tyro.conf.Positional]
    """The weights that training began with."""

    after: Annotated[Path, tyro.conf.Positional]
    """The weights that came of it."""

    out: Path
    """The file to write, in 16 bits."""

    networks: tuple[str, ...] = ("camera",)
    """The networks to blend; the others are those of `after`."""

    share: float = 0.5
    """How much of `after`."""


def main(settings: Settings) -> None:
    """Blend and write."""
    before, detector = read_weights(settings.before), load_detector(settings.after)
    for name in settings.networks:
        weights = detector.networks[name].state_dict()
        for key, tensor in weights.items():
            old = before.get(f"{name}.{key}")
            if old is not None and tensor.is_floating_point():
                weights[key] = torch.lerp(old, tensor, settings.share)
        detector.networks[name].load_state_dict(weights)
    save_weights(detector, settings.out, torch.float16)


if __name__ == "__main__":
    main(tyro.cli(Settings))
