"""Where a dataset is written: a local folder, or a folder of any file system that fsspec knows."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from looking3d.dataset.schema import RECORD, SHAPES
from looking3d.errors import DatasetError, MissingExtraError
from looking3d.files import PARTIAL, write_whole


@runtime_checkable
class Store(Protocol):
    """Where a dataset is written. It can be pickled; nothing half-written in it looks whole."""

    def is_empty(self) -> bool:
        """Whether nothing is there."""
        ...

    def read(self, name: str) -> bytes | None:
        """The bytes of a file, by its path from the dataset's root; None if there is none."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """Write a file whole or not at all."""
        ...

    def finished(self) -> set[str]:
        """Ids of the shapes whose folders are whole."""
        ...

    def add_shape(self, shape_id: str, build: Callable[[Path], None]) -> None:
        """Add the folder that `build` makes at the path it is given; nothing is left if it raises."""
        ...

    def clear_leftovers(self) -> None:
        """Remove what an earlier run that was killed had half done."""
        ...


def open_store(where: str | Path) -> Store:
    """The store of a path or of an fsspec URL such as `s3://bucket/dataset`.

    Raises:
        DatasetError: The path is a file, or no file system serves the URL.
        MissingExtraError: The URL needs packages that are not installed.
    """
    if "://" not in str(where):
        return LocalStore(Path(where))
    store = RemoteStore(str(where).rstrip("/"))
    store.connect()
    return store


@dataclass(frozen=True)
class LocalStore:
    """A folder of this machine, or one that is mounted.

    Attributes:
        root: The dataset.
    """

    root: Path

    def __str__(self) -> str:
        return str(self.root)

    def is_empty(self) -> bool:
        """Whether nothing is there."""
        if self.root.exists() and not self.root.is_dir():
            raise DatasetError(f"{self.root}: is a file; choose another --out")
        return not self.root.exists() or not any(self.root.iterdir())

    def read(self, name: str) -> bytes | None:
        """The bytes of a file; None if there is none."""
        path = self.root / name
        return path.read_bytes() if path.is_file() else None

    def write(self, name: str, data: bytes) -> None:
        """Write a file whole or not at all."""
        write_whole(self.root / name, data)

    def finished(self) -> set[str]:
        """Ids of the shapes whose folders are whole."""
        folders = (path.parent.name for path in (self.root / SHAPES).glob(f"*/{RECORD}"))
        return {name for name in folders if not name.endswith(PARTIAL)}

    def add_shape(self, shape_id: str, build: Callable[[Path], None]) -> None:
        """Add the folder that `build` makes at the path it is given."""
        folder = self.root / SHAPES / shape_id
        partial = folder.with_name(shape_id + PARTIAL)
        if partial.exists():
            shutil.rmtree(partial)
        partial.mkdir(parents=True)
        try:
            build(partial)
        except BaseException:
            shutil.rmtree(partial)
            raise
        os.replace(partial, folder)

    def clear_leftovers(self) -> None:
        """Remove what an earlier run that was killed had half done."""
        for leftover in (self.root / SHAPES).glob(f"*{PARTIAL}"):
            shutil.rmtree(leftover)


@dataclass(frozen=True)
class RemoteStore:
    """A folder of a file system that fsspec knows; a shape is there once its record is, which goes last.

    Attributes:
        url: The dataset, such as `s3://bucket/dataset`. Keys and end points come from the environment.
    """

    url: str

    def __str__(self) -> str:
        return self.url

    def connect(self) -> tuple[Any, str]:
        """The file system, and the dataset's path in it.

        Raises:
            MissingExtraError: fsspec, or what it needs for this kind of URL, is not installed.
            DatasetError: No file system serves the URL.
        """
        try:
            import fsspec
        except ImportError as error:
            raise MissingExtraError(f"writing to {self.url}", "cluster") from error
        try:
            # A listing that is kept would hide what workers have written since
            return fsspec.core.url_to_fs(self.url, use_listings_cache=False)
        except ImportError as error:
            raise MissingExtraError(f"writing to {self.url} ({error})", "cluster") from error
        except ValueError as error:
            raise DatasetError(
                f"{self.url}: no file system serves this ({error}); expected a path or a URL such as "
                "s3://bucket/dataset"
            ) from error

    def is_empty(self) -> bool:
        """Whether nothing is there."""
        fs, root = self.connect()
        return not fs.exists(root) or not fs.find(root, maxdepth=2)

    def read(self, name: str) -> bytes | None:
        """The bytes of a file; None if there is none."""
        fs, root = self.connect()
        try:
            return fs.cat_file(f"{root}/{name}")
        except FileNotFoundError:
            return None

    def write(self, name: str, data: bytes) -> None:
        """Write a file; object stores show it whole or not at all."""
        fs, root = self.connect()
        path = f"{root}/{name}"
        fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        fs.pipe_file(path, data)

    def finished(self) -> set[str]:
        """Ids of the shapes whose records are there."""
        fs, root = self.connect()
        return {path.split("/")[-2] for path in fs.glob(f"{root}/{SHAPES}/*/{RECORD}")}

    def add_shape(self, shape_id: str, build: Callable[[Path], None]) -> None:
        """Add the folder that `build` makes at the path it is given."""
        fs, root = self.connect()
        with tempfile.TemporaryDirectory(prefix="looking3d-") as scratch:
            folder = Path(scratch)
            build(folder)
            names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
            target = f"{root}/{SHAPES}/{shape_id}"
            for name in [name for name in names if name != RECORD] + [RECORD]:
                fs.makedirs(f"{target}/{name}".rpartition("/")[0], exist_ok=True)
                fs.put_file(str(folder / name), f"{target}/{name}")

    def clear_leftovers(self) -> None:
        """Nothing: what lacks its record is written over."""
