"""Every error that is the caller's to mend, as one tree.

    Looking3DError            exit code 2; caught once, by the command line
    ├── ShapeError            a mesh or a folder of parts that cannot be used
    ├── PhotoError            a photo that cannot be read or holds no object
    ├── DatasetError          a dataset that is missing, foreign, damaged or unfinished
    ├── ConfigError           a setting outside its range, or an unknown name
    │   └── TakenError        a name that something else has already
    ├── CheckpointError       weights that are missing, damaged or of another model
    ├── TrainingError         a training that cannot go on
    ├── MapError              a material's map or an environment map that cannot be used
    ├── EngineError           worker processes that died again and again
    ├── RequestError          a request that the service refuses
    ├── RendererError         a renderer's own process that died, hung or failed
    └── MissingExtraError     an optional part of the package that is not installed

A message names the thing, what was expected, what came, and what to do.
"""

from collections.abc import Iterable


class Looking3DError(Exception):
    """Base of all errors that a user can mend. `exit_code` is what the command line ends with."""

    exit_code = 2


class ShapeError(Looking3DError):
    """A mesh or a folder of parts cannot be read, or is not a usable shape."""


class PhotoError(Looking3DError):
    """A photo cannot be read, or no object is found in it."""


class DatasetError(Looking3DError):
    """A dataset folder is missing, damaged, unfinished, or another one than was asked for."""


class ConfigError(Looking3DError):
    """A setting is out of range or a name is unknown."""


class TakenError(ConfigError):
    """A name is taken by something else."""


class CheckpointError(Looking3DError):
    """Weights are missing, damaged, or belong to another model."""


class TrainingError(Looking3DError):
    """A training cannot go on; its last good checkpoint is kept."""


class MapError(Looking3DError):
    """A material's map or an environment map cannot be read, or does not fit."""


class EngineError(Looking3DError):
    """Worker processes died again and again on one task."""


class RequestError(Looking3DError):
    """The service refuses a request.

    Attributes:
        status: HTTP's number for why.
        retry_after_s: When to try again; None if that will not help.
    """

    def __init__(self, status: int, message: str, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_s = retry_after_s


class RendererError(Looking3DError):
    """A renderer that is a process of its own died, hung or failed; engines try the shape again."""


class MissingExtraError(Looking3DError):
    """An optional part of the package is used but not installed.

    Args:
        what: What needs it.
        extra: The extra of this package that brings it.
        how: What to do, if no extra brings it.
    """

    def __init__(self, what: str, extra: str = "", how: str = "") -> None:
        how = how or f"run: pip install 'looking3d[{extra}]'"
        super().__init__(f"{what} needs what is not installed; {how}")


def unknown_name(what: str, name: str, legal: Iterable[str]) -> ConfigError:
    """The error for a name that is not among the legal ones, which it lists."""
    return ConfigError(f"unknown {what} {name!r}; choose one of: {', '.join(sorted(legal))}")
