"""Read a generated dataset."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pyarrow.parquet as pq
from PIL import Image

from looking3d.dataset.recipe import Recipe
from looking3d.dataset.schema import (
    MANIFEST,
    SAMPLES,
    SHAPES,
    SPLITS,
    Masks,
    Sample,
    mask_name,
    read_manifest,
)
from looking3d.errors import DatasetError, unknown_name
from looking3d.render.raycast import Raycaster


@dataclass(frozen=True, eq=False)
class Dataset:
    """A finished dataset on disk; open it with `Dataset.open`.

    Attributes:
        path: Its folder.
        recipe: What made it.
        samples: All photos' labels, by shape.
        splits: Ids of the shapes of each split.
    """

    path: Path
    recipe: Recipe
    samples: tuple[Sample, ...]
    splits: dict[str, tuple[str, ...]]

    @staticmethod
    def open(path: Path | str) -> Dataset:
        """Open a dataset.

        Raises:
            DatasetError: There is none, it is unfinished, or of another version.
        """
        path = Path(path)
        manifest = path / MANIFEST
        if not manifest.is_file():
            raise DatasetError(
                f"{path}: no dataset here ({MANIFEST} is missing); make one: looking3d generate"
            )
        info = read_manifest(path, "generate the dataset again")
        if not info["complete"]:
            raise DatasetError(f"{path}: unfinished; run the same `looking3d generate` again to complete it")
        try:
            rows = pq.read_table(path / SAMPLES).to_pylist()
        except (OSError, ValueError) as error:
            raise DatasetError(
                f"{path / SAMPLES}: cannot be read ({error}); generate the dataset again"
            ) from error
        return Dataset(
            path,
            Recipe.from_json(info["recipe"]),
            tuple(Sample.from_json(row) for row in rows),
            {split: tuple(ids) for split, ids in info["splits"].items()},
        )

    @property
    def fingerprint(self) -> str:
        """The start of the SHA-256 of the manifest, which names recipe and shapes."""
        return hashlib.sha256((self.path / MANIFEST).read_bytes()).hexdigest()[:16]

    def split(self, name: str) -> list[Sample]:
        """The samples of a split: train, val, test, or all.

        Raises:
            ConfigError: There is no such split.
            DatasetError: It is empty.
        """
        if name not in (*SPLITS, "all"):
            raise unknown_name("split", name, (*SPLITS, "all"))
        chosen = [sample for sample in self.samples if name in ("all", sample.split)]
        if not chosen:
            counts = ", ".join(f"{split} {len(ids)}" for split, ids in self.splits.items())
            raise DatasetError(f"{self.path}: the split {name!r} is empty (shapes: {counts})")
        return chosen

    def by_shape(self, split: str) -> dict[str, list[Sample]]:
        """The samples of a split, by the id of their shape; raises as `split` does."""
        grouped: dict[str, list[Sample]] = {}
        for sample in self.split(split):
            grouped.setdefault(sample.shape_id, []).append(sample)
        return grouped

    def reference(self, shape_id: str) -> StoredReference:
        """The reference that the photos of a shape are judged against."""
        return StoredReference(self.path / SHAPES / shape_id)

    def photo(self, sample: Sample) -> np.ndarray:
        """(height, width, 3) uint8 RGB."""
        path = self.path / SHAPES / sample.shape_id / sample.photo
        try:
            return np.asarray(Image.open(path).convert("RGB"))
        except OSError as error:
            raise DatasetError(
                f"{path}: not a readable photo ({error}); generate the dataset again"
            ) from error

    def masks(self, sample: Sample) -> Masks:
        """Where the object and the anomaly are in the photo."""
        return Masks.load(self.path / SHAPES / sample.shape_id / mask_name(sample.photo))


@dataclass(frozen=True)
class StoredReference:
    """A reference in a dataset; its arrays are read when they are asked for.

    Attributes:
        path: The shape's folder.
    """

    path: Path

    @cached_property
    def _arrays(self) -> dict[str, np.ndarray]:
        names = ("vertices", "faces", "part_of_face")
        path = self.path / "reference.npz"
        try:
            # Opened here, because numpy leaves the file open when it is no archive.
            with path.open("rb") as file, np.load(file) as stored:
                return {name: stored[name] for name in names}
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            reason = str(error).splitlines()[0]
            raise DatasetError(
                f"{path}: not a readable reference ({reason}); generate the dataset again"
            ) from error

    @property
    def mesh_path(self) -> Path:
        """The reference as a GLB."""
        return self.path / "mesh.glb"

    def raycaster(self) -> Raycaster:
        """The mesh, made ready for rays."""
        return Raycaster.from_arrays(**self._arrays)
