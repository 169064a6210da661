"""Read a `.npy` file that holds a pickled dict of arrays, without running what a stranger put into it."""

from __future__ import annotations

# The one place that reads pickles: the class below admits arrays and plain values alone.
import pickle  # noqa: TID251
from pathlib import Path
from typing import IO, Any

import numpy as np

from looking3d.errors import DatasetError


def _latin1(text: str, encoding: str) -> bytes:
    """What old pickles call to make bytes of text."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"text in {encoding!r}")
    return text.encode("latin1")


def _admitted() -> dict[tuple[str, str], Any]:
    """What pickles of arrays name; modules are called as numpy 1 and numpy 2 call them."""
    core = np._core  # pyright: ignore[reportAttributeAccessIssue]
    names: dict[tuple[str, str], Any] = {
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
        ("_codecs", "encode"): _latin1,
    }
    for package in ("numpy.core", "numpy._core"):
        names[f"{package}.multiarray", "_reconstruct"] = core.multiarray._reconstruct
        names[f"{package}.multiarray", "scalar"] = core.multiarray.scalar
        names[f"{package}.numeric", "_frombuffer"] = core.numeric._frombuffer
    return names


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        admitted = _admitted()
        if (module, name) not in admitted:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is no array")
        return admitted[module, name]

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("it refers to things outside the file")


def load_array_dict(path: Path, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The arrays of a `.npy` file that holds one pickled dict.

    Args:
        path: The file.
        names: Keys that it must hold.

    Raises:
        DatasetError: It cannot be read, holds anything but arrays and plain values, or lacks a key.
    """
    try:
        with path.open("rb") as file:
            held = _load(file)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror}); copy the dataset again") from error
    except pickle.UnpicklingError as error:
        raise DatasetError(f"{path}: refused, {error}; get the file from its authors again") from error
    # A damaged pickle fails in as many ways as there are opcodes.
    except Exception as error:
        raise DatasetError(
            f"{path}: not a dict of arrays in NumPy's format ({error}); copy the dataset again"
        ) from error
    for name in names:
        value = held.get(name) if isinstance(held, dict) else None
        if not isinstance(value, np.ndarray) or value.dtype.hasobject:
            raise DatasetError(f"{path}: expected a dict with an array {name!r}; copy the dataset again")
    return {name: held[name] for name in names}


def _load(file: IO[bytes]) -> Any:
    version = np.lib.format.read_magic(file)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read_header is None:
        raise ValueError(f"format version {version}")
    shape, _, dtype = read_header(file)
    if shape != () or not dtype.hasobject:
        raise ValueError(f"an array of {dtype} and shape {shape}, no dict")
    array = _ArraysOnly(file, encoding="latin1").load()
    return array.item() if isinstance(array, np.ndarray) and array.shape == () else array
