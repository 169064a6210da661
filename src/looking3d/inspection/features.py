"""What a detector computed of a reference, kept on disk; what is damaged or foreign is computed anew."""

from __future__ import annotations

import contextlib
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from looking3d.files import whole_by_one_of_many
from looking3d.model.detector import CacheableDetector, Detector
from looking3d.render.raycast import Raycaster

_KEY = "key"


@dataclass(frozen=True)
class FeatureCache:
    """The features of one mesh.

    Attributes:
        folder: Where they lie; made when the first are kept.
        mesh_sha256: Of the mesh.
    """

    folder: Path
    mesh_sha256: str

    def enrolled(self, detector: Detector, raycaster: Raycaster) -> Any:
        """What `detector.enrol` answers, from the cache if it is there.

        A file counts only if all of it can be read, it was made for this mesh and this state of the
        detector, and the detector takes it; else it is made again. A folder that cannot be written costs
        nothing but time.

        Args:
            detector: One that cannot be cached is asked each time.
            raycaster: Of the mesh.
        """
        if not isinstance(detector, CacheableDetector):
            return detector.enrol(raycaster)
        key = f"{self.mesh_sha256}-{detector.enrolment_key()}"
        path = self.path(detector.name, key)
        with contextlib.suppress(Exception):  # whatever a damaged file makes its reader raise
            return detector.unpack(_load(path, key), raycaster)
        enrolled = detector.enrol(raycaster)
        with contextlib.suppress(OSError):
            _save(path, key, detector.pack(enrolled))
        return enrolled

    def path(self, name: str, key: str) -> Path:
        """The file of a detector in one state."""
        return self.folder / f"features-{name}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npz"


def _load(path: Path, key: str) -> dict[str, np.ndarray]:
    """The arrays of a file whose checksums and key are right."""
    # NumPy reads lazily and zip checks a member's checksum only where it ends, so all is read at once.
    with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    if str(arrays.pop(_KEY)) != key:
        raise ValueError("made of another mesh or by another detector")
    return arrays


def _save(path: Path, key: str, arrays: dict[str, np.ndarray]) -> None:
    with whole_by_one_of_many(path) as file:
        np.savez(file, allow_pickle=False, **{_KEY: np.array(key)}, **arrays)
