"""How a detector is put to the test."""

from __future__ import annotations

from dataclasses import dataclass

from looking3d.errors import ConfigError, unknown_name
from looking3d.model.pair_detector import ALL

CAMERAS = ("estimated", "true", "disturbed")

FRAMINGS = ("photo", "object")

FOREGROUNDS = ("network", "auto", "plain", "grabcut", "rembg", "mask")


@dataclass(frozen=True)
class EvaluationConfig:
    """What a detector is given besides photo and mesh, and what is done to the photos first.

    Attributes:
        camera: `estimated`: nothing. `true`: each photo's camera, as an upper bound. `disturbed`: that camera
            off as the estimator leaves it, a test of the comparison alone.
        reframe: Photos are cropped or padded, and their object moved off the middle, by up to this share of
            their width.
        seed: Decides how cameras, frames and focal lengths are off; nothing else is drawn.
        framing: What a network of photo and views sees: the whole `photo`, as in training, or the window
            around the `object` that `inspect` shows it.
        views: Views of the reference that it is given; None: as many as its settings say.
        top_k: Reference patches that CMT lets a patch attend to, or `all`; None: as its settings say.
        foreground: How align finds the object: by its own `network`, or as `looking3d inspect` does; `mask`:
            it is told, and the object lies on white, as an upper bound.
        focal_error: Align is told each photo's focal length, as EXIF tells it to `looking3d inspect`, too
            long or too short by this share; None: it is not told.
    """

    camera: str = "estimated"
    reframe: float = 0.0
    seed: int = 0
    framing: str = "photo"
    views: int | None = None
    top_k: int | str | None = None
    foreground: str = "network"
    focal_error: float | None = None

    def __post_init__(self) -> None:
        if self.camera not in CAMERAS:
            raise unknown_name("camera", self.camera, CAMERAS)
        if not 0 <= self.reframe <= 0.5:
            raise ConfigError(f"reframe: expected a share from 0 to 0.5, got {self.reframe}")
        if self.framing not in FRAMINGS:
            raise unknown_name("framing", self.framing, FRAMINGS)
        if self.foreground not in FOREGROUNDS:
            raise unknown_name("foreground", self.foreground, FOREGROUNDS)
        if self.views is not None and self.views < 1:
            raise ConfigError(f"views: expected at least 1, got {self.views}")
        if self.top_k not in (None, ALL) and not (isinstance(self.top_k, int) and self.top_k > 0):
            raise ConfigError(f"top-k: expected at least 1, or {ALL}, got {self.top_k}")
        if self.focal_error is not None:
            if not 0 <= self.focal_error <= 0.5:
                raise ConfigError(f"focal-error: expected a share from 0 to 0.5, got {self.focal_error}")
            if self.camera != "estimated":
                raise ConfigError("focal-error: is for cameras that are estimated; leave away --camera")
        if self.seed < 0:
            raise ConfigError(f"seed: expected 0 or more, got {self.seed}")
