"""How a detector is put to the test."""

from __future__ import annotations

from dataclasses import dataclass

from looking3d.errors import ConfigError, unknown_name

CAMERAS = ("estimated", "true", "disturbed")


@dataclass(frozen=True)
class EvaluationConfig:
    """What a detector is given besides photo and mesh, and what is done to the photos first.

    Attributes:
        camera: `estimated`: nothing. `true`: each photo's camera, as an upper bound. `disturbed`: that camera
            off as the estimator leaves it, a test of the comparison alone.
        reframe: Photos are cropped or padded, and their object moved off the middle, by up to this share of
            their width.
        seed: Decides how cameras and frames are off; nothing else is drawn.
    """

    camera: str = "estimated"
    reframe: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.camera not in CAMERAS:
            raise unknown_name("camera", self.camera, CAMERAS)
        if not 0 <= self.reframe <= 0.5:
            raise ConfigError(f"reframe: expected a share from 0 to 0.5, got {self.reframe}")
        if self.seed < 0:
            raise ConfigError(f"seed: expected 0 or more, got {self.seed}")
