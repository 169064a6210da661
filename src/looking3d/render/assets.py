"""What photos are made of besides what is drawn from numbers: sets of maps and environment maps on disk."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from looking3d.errors import MapError
from looking3d.render.environment import find_environments
from looking3d.render.material_set import UNFIT, MaterialSet, find_material_sets

_READ_BYTES = 65536


@dataclass(frozen=True)
class PhotoAssets:
    """Files that photos may show.

    Attributes:
        material_sets: Sets of maps, by name; those that are `UNFIT` are never drawn.
        environments: (name, path) of environment maps, by name.
        share: How often one of them is drawn where one fits.
    """

    material_sets: tuple[MaterialSet, ...] = ()
    environments: tuple[tuple[str, str], ...] = ()
    share: float = 0.5

    def sets_of(self, kind: str) -> list[MaterialSet]:
        """The sets of a kind of material."""
        return [one for one in self.material_sets if one.kind == kind]

    def fingerprint(self) -> dict[str, dict[str, str]]:
        """A short hash of names, sizes, beginnings and ends of the files, by name of the set or the map."""
        return {
            "materials": {
                s.name: _fingerprint(f"{s.kind} {s.size_m}", dict(s.files).values())
                for s in self.material_sets
            },
            "environments": {name: _fingerprint("", [path]) for name, path in self.environments},
        }


NO_ASSETS = PhotoAssets()
"""Photos need no files."""


def find_assets(materials: tuple[str, ...], environments: tuple[str, ...], share: float = 0.5) -> PhotoAssets:
    """The sets and maps in and below folders.

    Raises:
        ConfigError: A folder is missing, or two sets have one name.
        MapError: There is nothing of use.
    """
    sets = find_material_sets(materials)
    for one in sets:
        for _, path in one.files:
            _require_end(Path(path))
    if sets and all(one.kind == UNFIT for one in sets):
        names = ", ".join(one.name for one in sets[:5])
        raise MapError(
            f"{materials[0]}: none of its {len(sets)} sets of maps ({names}) is known to be wood, fabric, "
            "leather, plastic, metal or painted; say so in the folder's name or in a metadata.json: "
            '{"category": "wood"}'
        )
    return PhotoAssets(sets, find_environments(environments), share)


def summary(assets: PhotoAssets) -> list[str]:
    """Lines that say what was found."""
    lines = []
    if assets.material_sets:
        counts = Counter(one.kind for one in assets.material_sets if one.kind != UNFIT)
        lines.append("materials: " + ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items())))
        unfit = [one.name for one in assets.sets_of(UNFIT)]
        if unfit:
            more = f" and {len(unfit) - 10} more" if len(unfit) > 10 else ""
            lines.append(f"not for furniture, left out: {', '.join(unfit[:10])}{more}")
    if assets.environments:
        lines.append("environments: " + ", ".join(name for name, _ in assets.environments[:10]))
    return lines


_ENDS = {".jpg": b"\xff\xd9", ".jpeg": b"\xff\xd9", ".png": b"IEND"}


def _require_end(path: Path) -> None:
    """Find a picture that was cut off before hours of work, without reading all of all pictures."""
    end = _ENDS.get(path.suffix.lower())
    if end is not None and end not in _last_bytes(path, 4096):
        raise MapError(f"{path}: not a whole picture, its end is missing; export or copy it again")


def _last_bytes(path: Path, count: int) -> bytes:
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - count, 0))
        return file.read()


def _fingerprint(text: str, paths: Iterable[str]) -> str:
    digest = hashlib.sha256(text.encode())
    for path in map(Path, paths):
        size = path.stat().st_size
        with path.open("rb") as file:
            digest.update(f"{path.name} {size} ".encode() + file.read(_READ_BYTES))
        digest.update(_last_bytes(path, _READ_BYTES))
    return digest.hexdigest()[:12]
