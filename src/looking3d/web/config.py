"""The settings of the service, apart from the service itself, whose packages are an extra."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from looking3d.errors import ConfigError

API_KEY_VARIABLE = "LOOKING3D_API_KEY"
"""Environment variable of the API key: on a command line every user of the machine can read it."""

SERVICE_FOLDER = ".service"
"""Folder in the gallery that holds history and pictures unless another place is named."""

_LOCAL = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class ServiceConfig:
    """How the service runs."""

    gallery: Path = Path("gallery")
    """Folder of references, as `looking3d enrol` makes it; made if need be."""

    host: str = "127.0.0.1"
    """Address to listen on; 0.0.0.0 for all, which is for use with a key and behind a proxy."""

    port: int = 8000
    """Port to listen on; 0 for any that is free."""

    database: str | None = None
    """SQLAlchemy URL of the history; by default a SQLite file in the gallery's folder .service."""

    pictures: Path | None = None
    """Folder of the pictures of inspections; by default beside the SQLite file."""

    api_key: str | None = field(default=None, repr=False)
    """Key that every request must bear; by default that of the variable LOOKING3D_API_KEY, if it is set."""

    max_upload_mb: int = 64
    """A request with more megabytes is cut off."""

    max_megapixels: int = 64
    """A photo with more megapixels is refused before it is decoded."""

    max_faces: int = 2_000_000
    """A mesh with more faces is refused before it is read."""

    queue: int = 64
    """Photos and meshes that may wait; more are refused until there is room."""

    workers: int = 1
    """Photos that are inspected at the same time."""

    references: int = 16
    """References that are kept in memory."""

    keep_days: int | None = None
    """Inspections are deleted after so many days, with their pictures; by default never."""

    keep_inspections: int | None = None
    """The latest inspections so many are kept, older ones are deleted; by default all are kept."""

    keep_marked: bool = True
    """What somebody marked is kept all the same, since it calibrates; --no-keep-marked deletes it, too."""

    weights: str = "align"
    """A run's folder, a .safetensors file, or `align`."""

    def __post_init__(self) -> None:
        for name, low, high in (
            ("port", 0, 65535),
            ("max_upload_mb", 1, 100_000),
            ("max_megapixels", 1, 178),
            ("max_faces", 4, 12_000_000),
            ("queue", 1, 100_000),
            ("workers", 1, 1024),
            ("references", 1, 100_000),
            ("keep_days", 1, 100_000),
            ("keep_inspections", 1, 10**9),
        ):
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise ConfigError(f"{name}: expected {low} to {high}, got {value}")
        if self.api_key is not None and not self.api_key.strip():
            raise ConfigError(f"api_key: is empty; leave it away, or set {API_KEY_VARIABLE} to a long secret")

    @property
    def key(self) -> str | None:
        """The API key, from the setting or the environment; None if there is none."""
        return self.api_key or os.environ.get(API_KEY_VARIABLE, "").strip() or None

    @property
    def database_url(self) -> str:
        """Of the history."""
        if self.database is not None:
            return self.database
        return f"sqlite:///{self.gallery / SERVICE_FOLDER / 'history.sqlite'}"

    @property
    def pictures_folder(self) -> Path:
        """Of the pictures."""
        if self.pictures is not None:
            return self.pictures
        kind, _, file = self.database_url.partition(":///")
        if kind.startswith("sqlite") and file and file != ":memory:":
            return Path(file.partition("?")[0]).parent / "pictures"
        return self.gallery / SERVICE_FOLDER / "pictures"

    @property
    def is_open(self) -> bool:
        """Whether anyone who reaches this machine may use it: not local, and without a key."""
        return self.host not in _LOCAL and self.key is None
