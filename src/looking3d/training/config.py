"""Settings of the optimiser, of a model of any kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from looking3d.errors import ConfigError


@dataclass(frozen=True)
class StageConfig:
    """How one network is trained."""

    steps: int
    """Optimiser steps."""

    batch: int = 64
    """Photos that a process sees at once."""

    accumulate: int = 1
    """Batches whose gradients make one step."""

    learning_rate: float = 1.5e-3
    """The highest, after warm-up; a cosine takes it to `final_rate` of that."""

    final_rate: float = 0.01
    """Share of the learning rate that is left at the end; 1 keeps it all along."""

    weight_decay: float = 0.02
    """Of AdamW."""

    betas: tuple[float, float] = (0.9, 0.999)
    """Of AdamW."""

    clip: float = 5.0
    """Largest norm of the gradient; inf does not clip."""

    warmup: int = 200
    """Steps of linear warm-up."""

    ema: float = 0.999
    """Decay of the running average of the weights, which is what is kept."""

    validate_every: int = 1000
    """Steps between validations."""

    validation_batches: int = 12
    """Batches of a validation."""

    precision: Literal["fp32", "bf16"] = "fp32"
    """Of the network's arithmetic while it is trained; weights and losses stay fp32."""

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "accumulate", "validate_every", "validation_batches"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name}: expected at least 1, got {getattr(self, name)}")
        if self.warmup < 0:
            raise ConfigError(f"warmup: expected 0 or more, got {self.warmup}")
        if not self.learning_rate > 0:
            raise ConfigError(f"learning_rate: expected more than 0, got {self.learning_rate}")
        if not self.clip > 0:
            raise ConfigError(f"clip: expected more than 0, got {self.clip}; inf does not clip")
        for name in ("final_rate", "ema"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name}: expected 0 to 1, got {getattr(self, name)}")
        if self.precision not in ("fp32", "bf16"):
            raise ConfigError(f"precision: expected fp32 or bf16, got {self.precision!r}")
