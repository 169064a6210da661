"""The settings of a study, apart from the server, whose packages are an extra."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from looking3d.errors import ConfigError

SPLIT = "test"
"""The split whose photos people judge: one that no detector was trained on."""

_CONSENT = (
    "I take part of my own free will and may stop at any time. My answers and how long they took are kept "
    "without my name, my address or anything else that tells who I am."
)


@dataclass(frozen=True)
class StudyConfig:
    """How a study runs."""

    data: Path
    """Dataset whose split `test` people judge."""

    database: Path = Path("study.sqlite")
    """SQLite file of the answers; made if need be. The subset is written beside it, as JSON."""

    subset: int = 200
    """Photos that the study is about."""

    pairs: int = 10
    """Photos that each participant judges."""

    seed: int = 0
    """Decides the subset, and which participant judges what."""

    host: str = "127.0.0.1"
    """Address to listen on; 0.0.0.0 for all."""

    port: int = 8000
    """Port to listen on; 0 for any that is free."""

    consent: str = _CONSENT
    """What participants agree to before they begin."""

    shared_device: bool = False
    """At the end, offer the next person to begin on the same device."""

    def __post_init__(self) -> None:
        for name, low, high in (
            ("subset", 2, 1_000_000),
            ("pairs", 1, 1000),
            ("seed", 0, 2**63 - 1),
            ("port", 0, 65535),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ConfigError(f"{name}: expected {low} to {high}, got {value}")
        if self.pairs > self.subset:
            raise ConfigError(
                f"pairs: expected at most the {self.subset} photos of the subset, got {self.pairs}; "
                "nobody judges a photo twice"
            )
        if not self.consent.strip():
            raise ConfigError("consent: is empty; say what participants agree to, or leave it away")

    @property
    def subset_path(self) -> Path:
        """The file of the subset."""
        return subset_beside(self.database)


def subset_beside(database: Path) -> Path:
    """Where the subset of a database is written."""
    return database.with_name(f"{database.stem}.subset.json")
