"""How the object is to be found in photos: the settings, apart from what follows them, which is heavy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from looking3d.errors import ConfigError, unknown_name

Method = Literal["auto", "network", "alpha", "plain", "grabcut", "rembg", "mask", "box"]
METHODS: tuple[str, ...] = get_args(Method)


@dataclass(frozen=True)
class ForegroundConfig:
    """How the object is found in photos."""

    foreground: Method = "auto"
    """Where the object is: by alpha channel, the detector's own network, an even ground's colour, GrabCut, rembg (an extra), mask files, or boxes; auto chooses, and says which."""  # noqa: E501 - tyro shows it

    masks: Path | None = None
    """Folder of masks, white on the object, each called as its photo but for the suffix; or one mask."""

    boxes: Path | None = None
    """Boxes around the object: JSON {photo: [x, y, width, height]}, or CSV name,x,y,width,height."""

    box: tuple[float, float, float, float] | None = None
    """One box for all photos: x y width height in pixels."""

    def __post_init__(self) -> None:
        if self.foreground not in METHODS:
            raise unknown_name("foreground", self.foreground, METHODS)
        if self.boxes is not None and self.box is not None:
            raise ConfigError("--boxes and --box: name one of the two")
        if self.masks is not None and (self.boxes is not None or self.box is not None):
            raise ConfigError("--masks and --boxes: name one of the two")
        if self.masks is not None and self.foreground not in ("auto", "mask"):
            raise ConfigError(f"--masks: is for --foreground mask, not {self.foreground}")
        if (self.boxes is not None or self.box is not None) and self.foreground not in ("auto", "box"):
            raise ConfigError(f"--boxes and --box: are for --foreground box, not {self.foreground}")
        if self.foreground == "mask" and self.masks is None:
            raise ConfigError("--foreground mask: name a folder of masks with --masks")
        if self.foreground == "box" and self.boxes is None and self.box is None:
            raise ConfigError("--foreground box: name a file of boxes with --boxes, or one with --box")

    @property
    def method(self) -> str:
        """The way that is asked for; `auto` with masks or boxes means those."""
        if self.masks is not None:
            return "mask"
        return "box" if self.boxes is not None or self.box is not None else self.foreground
