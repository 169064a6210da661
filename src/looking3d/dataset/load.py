"""Read a dataset: one that `looking3d generate` made, or one in the published layout."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

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
from looking3d.dataset.stored_reference import GeneratedReference, StoredReference
from looking3d.errors import DatasetError, unknown_name


@dataclass(frozen=True, eq=False)
class Dataset(ABC):
    """A finished dataset on disk; open it with `Dataset.open`.

    Attributes:
        path: Its folder.
        samples: All photos' labels, by shape.
        splits: Ids of the shapes of each split.
    """

    path: Path
    samples: tuple[Sample, ...]
    splits: dict[str, tuple[str, ...]]

    @staticmethod
    def open(path: Path | str) -> Dataset:
        """Open a dataset of either layout.

        Raises:
            DatasetError: There is none, it is unfinished, or of another version.
        """
        path = Path(path)
        if (path / MANIFEST).is_file():
            return _open_generated(path)
        if (path / "images").is_dir() or (path / "split.json").is_file():
            # Imported here, because that module builds on this one.
            from looking3d.dataset.brokenchairs import open_brokenchairs

            return open_brokenchairs(path)
        raise DatasetError(
            f"{path}: no dataset here ({MANIFEST} is missing, and so are the images/ and split.json of the "
            "published layout); make one: looking3d generate"
        )

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """16 letters that change when the dataset does."""

    @property
    @abstractmethod
    def rejections(self) -> dict[str, int]:
        """Draws of anomalies that were refused when the dataset was made, by reason."""

    @abstractmethod
    def reference(self, shape_id: str) -> StoredReference:
        """The reference that the photos of a shape are judged against."""

    @abstractmethod
    def photo_path(self, sample: Sample) -> Path:
        """The file of a photo."""

    @abstractmethod
    def masks(self, sample: Sample) -> Masks:
        """Where the object and the anomaly are in the photo."""

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

    def photo(self, sample: Sample) -> np.ndarray:
        """(height, width, 3) uint8 RGB; what a photo leaves transparent is white."""
        path = self.photo_path(sample)
        try:
            with Image.open(path) as image:
                if image.mode != "RGBA":
                    return np.asarray(image.convert("RGB"))
                ground = Image.new("RGBA", image.size, "white")
                return np.asarray(Image.alpha_composite(ground, image).convert("RGB"))
        except (OSError, ValueError, SyntaxError) as error:
            raise DatasetError(
                f"{path}: not a readable photo ({error}); generate or copy the dataset again"
            ) from error


@dataclass(frozen=True, eq=False)
class GeneratedDataset(Dataset):
    """A dataset that `looking3d generate` made.

    Attributes:
        manifest: What dataset.json holds.
    """

    manifest: dict

    @property
    def recipe(self) -> Recipe:
        """What made it."""
        return Recipe.from_json(self.manifest["recipe"])

    @property
    def fingerprint(self) -> str:
        """The start of the SHA-256 of the manifest, which names recipe and shapes."""
        return hashlib.sha256((self.path / MANIFEST).read_bytes()).hexdigest()[:16]

    @property
    def rejections(self) -> dict[str, int]:
        """Draws of anomalies that were refused when the dataset was made, by reason."""
        return dict(self.manifest.get("rejections", {}))

    def reference(self, shape_id: str) -> GeneratedReference:
        """The reference that the photos of a shape are judged against."""
        return GeneratedReference(self.path / SHAPES / shape_id)

    def photo_path(self, sample: Sample) -> Path:
        """The file of a photo."""
        return self.path / SHAPES / sample.shape_id / sample.photo

    def masks(self, sample: Sample) -> Masks:
        """Where the object and the anomaly are in the photo."""
        return Masks.load(self.path / SHAPES / sample.shape_id / mask_name(sample.photo))


def _open_generated(path: Path) -> GeneratedDataset:
    manifest = read_manifest(path, "generate the dataset again")
    if not manifest.get("complete"):
        raise DatasetError(f"{path}: unfinished; run the same `looking3d generate` again to complete it")
    try:
        rows = pq.read_table(path / SAMPLES).to_pylist()
        samples = tuple(Sample.from_json(row) for row in rows)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f"{path / SAMPLES}: cannot be read ({error}); generate the dataset again"
        ) from error
    splits = {split: tuple(ids) for split, ids in manifest["splits"].items()}
    return GeneratedDataset(path, samples, splits, manifest)
